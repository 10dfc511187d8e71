"""Exceptions that somebody catches: what ran before them must not be lost.

While `state.depth` is not zero, calls that write to anything run on tapes, and the tape of a call
that ends by an exception waits in `state.orphans` for whoever catches the exception: a ``try`` of
the user's (`dpy.runtime.tape`), or the runtime itself, in `attempt`.
"""

from __future__ import annotations

import dis
import functools
import threading
import types
from collections.abc import Callable
from typing import Any

from dpy.cotangent import ZERO

__all__ = [
    "Failed", "Thrown", "attempt", "callback", "interrupted", "is_guarded", "may_lose", "state",
]  # fmt: skip

Orphan = Callable[[Any, Any], Any]


class _State(threading.local):
    """What the calls in progress in this thread know of each other."""

    def __init__(self) -> None:
        self.depth = 0  # of `try` bodies that run
        self.orphans: list[Orphan] = []
        self.callee: Any = None  # what a taped function calls now


state = _State()


class Thrown:
    """Stands for the result of a call that ended by an exception, on its way to `Tape.note`."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


class Failed:
    """What `attempt` returns for a call that ended by an exception."""

    __slots__ = ("error", "orphans")

    def __init__(self, error: BaseException, orphans: list[Orphan]) -> None:
        self.error = error
        self.orphans = orphans

    def back(self, acc: Any) -> None:
        """Go back over what the call had done."""
        for pb in reversed(self.orphans):
            pb(ZERO, acc)


def is_guarded() -> bool:
    """Whether an exception that is thrown now may be caught by a differentiated function."""
    return state.depth > 0


def attempt(kinds: Any, run: Callable[..., Any], *args: Any) -> Any:
    """``run(*args)``; an exception of these kinds is caught, and comes as `Failed`."""
    orphans = state.orphans
    base = len(orphans)
    state.callee = None
    state.depth += 1
    try:
        found = run(*args)
    except kinds as error:
        left = orphans[base:]
        del orphans[base:]
        return Failed(error, left)
    finally:
        state.depth -= 1
        if not state.depth:
            del orphans[base:]
    del orphans[base:]
    return found


# Instructions after which something may have changed, and those that may raise.
_WRITES = frozenset({
    "STORE_ATTR", "DELETE_ATTR", "STORE_SUBSCR", "DELETE_SUBSCR", "STORE_GLOBAL", "DELETE_GLOBAL",
    "STORE_DEREF", "DELETE_DEREF", "BINARY_OP", "LIST_APPEND", "STORE_SLICE",
})  # fmt: skip
_CALLS = frozenset({"CALL", "CALL_FUNCTION_EX", "CALL_KW", "FOR_ITER", "SEND", "UNPACK_SEQUENCE"})


@functools.lru_cache(maxsize=4096)
def may_lose(code: types.CodeType) -> bool:
    """Whether a function may have written to anything before it raises.

    >>> def stop(self):
    ...     if self.i >= len(self.xs):
    ...         raise StopIteration
    ...     self.i += 1
    >>> may_lose(stop.__code__)
    False
    """
    harmless = 0
    changed = False
    for step in dis.get_instructions(code):
        name = step.opname
        if name == "LOAD_GLOBAL" and step.argval == "len":
            harmless += 1
        elif name in _CALLS:
            if name == "CALL" and harmless:
                harmless -= 1
                continue
            return True
        elif name == "RAISE_VARARGS":
            if changed:
                return True
        elif name in _WRITES:
            changed = True
        elif "JUMP_BACKWARD" in name and changed:
            return True
    return False


def callback(dispatch: Any, function: Any, args: tuple[Any, ...], back: Any) -> tuple[Any, Any]:
    """A call that a builtin makes of what the user gave it; ``back(acc, pb)`` if it throws.

    For the calls that were made before, the builtin has to care (see `interrupted`).
    """
    if not state.depth:
        found: tuple[Any, Any] = dispatch(function, args, {})
        return found
    base = len(state.orphans)
    state.callee = function
    y, pb = dispatch(function, args, {})
    del state.orphans[base:]
    if type(y) is Thrown:
        state.orphans.append(lambda d, acc: back(acc, pb) or ())
        raise y.error
    return y, pb


def interrupted(base: int, back: Callable[[Any], Any]) -> None:
    """An operation ends by an exception: ``back(acc)`` goes back over its part before that.

    `base` is the number of orphans when the operation began.
    """
    if state.depth:
        state.orphans.insert(base, lambda d, acc: back(acc) or ())
