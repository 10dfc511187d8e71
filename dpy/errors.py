"""Every error that dpy raises on its own account. The docstring of each class is its help page."""

from __future__ import annotations

import linecache
from typing import Any

from dpy.records import record

__all__ = [
    "AdjointError",
    "DpyError",
    "DpyWarning",
    "MutationError",
    "NoAdjointError",
    "NonFiniteError",
    "NotDifferentiableError",
    "NotScalarOutputError",
    "Place",
    "ShapeError",
    "SourceUnavailableError",
    "StaleSourceError",
    "UnsupportedSyntaxError",
    "VerificationError",
]


@record
class Place:
    """A range of the user's source: lines count from 1, columns (of characters) from 0."""

    filename: str
    line: int
    column: int = 0
    end_line: int | None = None
    end_column: int | None = None
    function: str = ""

    def render(self) -> str:
        """``file:line:col in function``, the source line, and a caret under the range."""
        where = f" in {self.function}" if self.function else ""
        text = linecache.getline(self.filename, self.line).rstrip("\n")
        column = self.column
        if not column and self.end_column is None:  # the whole line
            column = len(text) - len(text.lstrip())
        head = f"  {self.filename}:{self.line}:{column + 1}{where}"
        if not text.strip():
            return head
        end = self.end_column if self.end_line in (None, self.line) else None
        width = max(1, (len(text) if end is None else end) - column)
        number = f"{self.line:>7} | "
        return f"{head}\n{number}{text}\n{' ' * (len(number) + column)}{'^' * width}"


class DpyError(Exception):
    """Base class of all errors of dpy: what is wrong, where, why, and what to do about it."""

    def __init__(
        self, message: str, *, place: Place | None = None, why: str = "", repair: str = ""
    ) -> None:
        parts = [message]
        if place is not None:
            parts.append(place.render())
        if why:
            parts.append(f"  why:    {why}")
        if repair:
            parts.append(f"  repair: {repair}")
        super().__init__("\n".join(parts))
        self.place = place
        self.why = why
        self.repair = repair


class DpyWarning(UserWarning):
    """Something that is right as it stands, and may not be what was meant."""


class UnsupportedSyntaxError(DpyError):
    """The function contains a construct that dpy cannot differentiate.

    Wrong: an ``await`` inside the differentiated function. Why: the reverse sweep cannot resume
    an event loop. Repair: call a synchronous version, or compute the value outside.
    """


class SourceUnavailableError(DpyError):
    """The source text of a function cannot be found, so there is nothing to transform.

    Short functions without loops or handlers are read back from their code.

    Wrong: ``exec("def f(x): return sum([x for _ in 'ab'])")`` and then ``gradient(f, 2.0)``.
    Repair: define it with ``dpy.from_source("def f(x): ...")``, save it to a file, or register an
    ``@adjoint`` rule for it.
    """


class StaleSourceError(DpyError):
    """The file was edited after it was imported: its text is not the code that runs.

    Repair: reload the module (``importlib.reload``) or restart.
    """


class NoAdjointError(DpyError):
    """A cotangent reached a function that has neither a rule nor Python source.

    Repair: write a rule with ``@dpy.adjoint(function)``; the message holds one to complete.
    """


class NonFiniteError(DpyError):
    """An operation made a NaN of what was none, or an infinity of finite numbers.

    Raised under ``dpy.settings(check_finite=True)`` only, at the first such operation. `operation`
    names it, `direction` is "forward" or "pullback", and `place` is its line.

    Wrong: ``np.sqrt(x)`` at ``x = 0``, whose derivative is infinite. Repair: keep the operands away
    from the point (``np.sqrt(x + 1e-12)``), or choose them before, not after, the operation:
    ``np.where(x > 0, np.log(np.where(x > 0, x, 1.0)), 0.0)``.
    """

    def __init__(
        self, message: str, *, operation: str = "", direction: str = "", **parts: Any
    ) -> None:
        super().__init__(message, **parts)
        self.operation = operation
        self.direction = direction


class NotScalarOutputError(DpyError, TypeError):
    """``gradient`` was given a function whose result is not a real scalar.

    Repair: reduce the result (``.sum()``), use ``pullback`` with a seed, or use ``jacobian``.
    """


class NotDifferentiableError(DpyError, TypeError):
    """An argument was named for differentiation that can have no gradient (a bool, a string)."""


class AdjointError(DpyError, TypeError):
    """A rule is malformed: it gives no pullback, or its pullback no tuple of the right length."""


class MutationError(DpyError):
    """A cotangent would have to cross a write that dpy does not know how to reverse."""


class ShapeError(DpyError, ValueError):
    """An array does not fit the layer, loss or function of `dpy.nn` that it was given to.

    Wrong: an input with 5 features for ``Dense(3, 2)``. Repair: look at the shape that the message
    names; batches come first, features last, and channels after the batch.
    """


class VerificationError(DpyError):
    """A compiler stage produced an ill-formed program: a defect of dpy, please report it."""
