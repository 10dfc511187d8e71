"""Settings, held in a context variable: safe with threads, restored when a ``with`` block ends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar, Token
from types import CodeType, TracebackType
from typing import Any

from dpy.records import record, replace, sealed

__all__ = ["Settings", "current", "settings", "stopping_in"]


@sealed
@record
class Settings:
    """The values in force."""

    strong_zero: bool = True
    check_rules: bool = False
    check_finite: bool = False
    listings: bool = False
    verify: bool = False
    stops_in: CodeType | None = None  # set by `stopping_in` only


_DEFAULT = Settings()
_current: ContextVar[Settings] = ContextVar("dpy_settings", default=_DEFAULT)


def current() -> Settings:
    """The settings in force here."""
    return _current.get()


class settings:  # noqa: N801 - used as a function: ``with settings(strong_zero=False):``
    """Change settings for a ``with`` block.

    - ``strong_zero`` (default True): a cotangent that is exactly zero stays zero through a
      singular partial derivative; False gives plain IEEE arithmetic.
    - ``check_rules``: validate structure, shape and dtype of what every rule returns.
    - ``check_finite``: stop with `NonFiniteError` at the first operation that makes a NaN or an
      infinity, in the forward or in the pullback.
    - ``listings``: generated code bears its own lines, not the user's: tracebacks and debuggers
      show it (see `dpy.debug`).
    - ``verify``: run the verifier after every compiler stage.

    >>> import dpy
    >>> with dpy.settings(strong_zero=False):
    ...     pass
    """

    def __init__(self, **changes: bool) -> None:
        known = set(Settings.__match_args__) - {"stops_in"}
        unknown = sorted(set(changes) - known)
        if unknown:
            raise TypeError(f"unknown setting {unknown[0]!r}; known: {', '.join(sorted(known))}")
        self._changes: dict[str, Any] = dict(changes)
        self._tokens: list[Token[Settings]] = []

    def __enter__(self) -> Settings:
        new = replace(_current.get(), **self._changes)
        self._tokens.append(_current.set(new))
        return new

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _current.reset(self._tokens.pop())


@contextlib.contextmanager
def adopted(chosen: Settings) -> Iterator[None]:
    """Inside, these settings are in force: in a thread that works for another one."""
    token = _current.set(chosen)
    try:
        yield
    finally:
        _current.reset(token)


def stopping_in(code: CodeType | None) -> settings:
    """Settings under which the generated code of one function calls the debugger."""
    found = settings(listings=True)
    found._changes["stops_in"] = code
    return found
