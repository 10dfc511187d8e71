"""Which numbers of a value are not finite, and whether an operation is to blame for them.

An operation is to blame for a NaN where none of its operands has one, and for an infinity where
all of its operands are finite. What was infinite before (a mask of ``-inf``, a bound that starts
as ``inf``) is nobody's fault.
"""

from __future__ import annotations

import cmath
import math
import re
import types
from collections.abc import Iterable
from decimal import Decimal
from numbers import Rational
from typing import Any

import numpy as np

from dpy.cotangent import ZERO
from dpy.errors import Place
from dpy.records import record
from dpy.slots import contents

__all__ = ["UNKNOWN", "Doubt", "Operation", "blame", "describe", "doubt_of", "is_finite"]

_ATOMS = frozenset({
    int, bool, type(None), slice, range, type, type(ZERO), type(Ellipsis), types.FunctionType,
    types.BuiltinFunctionType, types.MethodType, types.ModuleType, np.ufunc, np.dtype, np.bool_,
})  # fmt: skip
_SPELLED = re.compile("nan|inf", re.IGNORECASE)
_DEPTH = 4


@record
class Operation:
    """An operation of the program.

    `by_position`: the numbers of its result come from those at the same position of its operands.
    """

    name: str
    place: Place | None = None
    by_position: bool = False


class Doubt:
    """Where a value is infinite and where it is NaN: booleans, or arrays of them."""

    __slots__ = ("infinite", "nan")

    def __init__(self, infinite: Any, nan: Any) -> None:
        self.infinite = infinite
        self.nan = nan


#: Of a value that may hold anything.
UNKNOWN = Doubt(True, True)


def is_finite(x: Any) -> bool:
    """Whether no number in a result is known to be infinite or NaN."""
    t = type(x)
    if t is float:
        return math.isfinite(x)
    if t is np.ndarray or isinstance(x, (np.ndarray, np.inexact)):
        return x.dtype.kind not in "fc" or bool(np.isfinite(x).all())
    if t is complex:
        return cmath.isfinite(x)
    if isinstance(x, (tuple, list)):
        return all(map(is_finite, x))
    return True


def doubt_of(x: Any, depth: int = _DEPTH) -> Doubt | None:
    """What is not finite in an operand; None if all of it is."""
    t = type(x)
    if t in _ATOMS:
        return None
    if isinstance(x, (float, complex)):
        return None if cmath.isfinite(x) else _of_number(x)
    if isinstance(x, (np.ndarray, np.generic)):
        return _of_array(x, depth)
    if isinstance(x, (str, bytes)):
        text = x if isinstance(x, str) else x.decode(errors="replace")
        return UNKNOWN if _SPELLED.search(text) else None
    if isinstance(x, Decimal):
        return None if x.is_finite() else UNKNOWN
    if isinstance(x, (set, frozenset)):
        return _of_all(x, depth)
    held = contents(x)
    if held is not None:
        return _of_all(held.values(), depth)
    return None if isinstance(x, (Rational, type)) else UNKNOWN


def _of_number(x: Any) -> Doubt:
    nan = cmath.isnan(x)
    return Doubt(not nan, nan)


def _of_array(x: Any, depth: int) -> Doubt | None:
    kind = x.dtype.kind
    if kind in "fc":
        finite = np.isfinite(x)
        if finite.all():
            return None
        nan = np.isnan(x)
        return Doubt(~finite & ~nan, nan)
    if kind == "O":
        return _of_all(np.ravel(x).tolist(), depth)
    return UNKNOWN if kind in "SUV" else None


def _of_all(items: Iterable[Any], depth: int) -> Doubt | None:
    if depth == 0:
        return UNKNOWN
    infinite = nan = False
    for item in items:
        found = doubt_of(item, depth - 1)
        if found is not None:
            infinite = infinite or bool(np.any(found.infinite))
            nan = nan or bool(np.any(found.nan))
    return Doubt(infinite, nan) if infinite or nan else None


def blame(y: Any, doubts: Iterable[Doubt | None], by_position: bool = False) -> str | None:
    """What is wrong with a result that is the operation's own fault, as text.

    `doubts` are those of its operands. With `by_position` a number of an array comes from the
    numbers at the same position of the operands only.

    >>> blame(math.inf, [None])
    'inf'
    >>> blame(math.inf, [doubt_of(math.inf)]) is None
    True
    >>> blame(math.nan, [doubt_of(math.inf)])
    'nan'
    >>> mask = doubt_of(np.array([-np.inf, 0.0]))
    >>> blame(np.array([-np.inf, -np.inf]), [mask], by_position=True)
    '-inf (1 of 2 values, of shape (2,), the first at [1])'
    """
    if isinstance(y, (tuple, list)):
        known = list(doubts)
        return next((text for item in y if (text := blame(item, known))), None)
    if not isinstance(y, (float, complex, np.inexact, np.ndarray)) or is_finite(y):
        return None
    value = np.asarray(y)
    nan = np.isnan(value)
    infinite = ~np.isfinite(value) & ~nan
    for doubt in doubts:
        if doubt is None:
            continue
        was_nan, was_infinite = _at_positions(doubt, value.shape, by_position)
        nan &= ~was_nan
        infinite &= ~(was_nan | was_infinite)
    bad = nan | infinite
    return _text(value, bad) if bad.any() else None


def _at_positions(doubt: Doubt, shape: tuple[int, ...], by_position: bool) -> tuple[Any, Any]:
    if by_position:
        try:
            return np.broadcast_to(doubt.nan, shape), np.broadcast_to(doubt.infinite, shape)
        except ValueError:
            pass  # the result is smaller than an operand: all of it matters
    return np.any(doubt.nan), np.any(doubt.infinite)


def _text(value: np.ndarray[Any, Any], bad: np.ndarray[Any, Any]) -> str:
    """Which values there are, how many, and where the first one is."""
    found = value[bad]
    if value.ndim == 0:
        return str(found[0])
    names = [
        name
        for name, there in (
            ("inf", np.any(found.real == np.inf)),
            ("-inf", np.any(found.real == -np.inf)),
            ("nan", np.any(np.isnan(found))),
        )
        if there
    ] or ["inf"]
    first = ", ".join(map(str, np.argwhere(bad)[0]))
    count = f"{bad.sum()} of {value.size} values"
    return f"{' and '.join(names)} ({count}, of shape {value.shape}, the first at [{first}])"


def describe(x: Any) -> str:
    """An operand in a few words.

    >>> describe(2.0), describe(np.array([1.0, -3.0, np.inf]))
    ('2.0', 'an array of shape (3,) from -3.0 to inf')
    """
    if isinstance(x, np.ndarray) and x.ndim:
        if x.dtype.kind in "fiu" and x.size:
            return f"an array of shape {x.shape} from {np.nanmin(x)} to {np.nanmax(x)}"
        return f"an array of shape {x.shape} and dtype {x.dtype}"
    if isinstance(x, (int, float, complex, np.ndarray)):
        return str(x)
    return f"a {type(x).__name__}"
