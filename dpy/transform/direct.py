"""Reductions of plain arrays, called without what NumPy wraps around them.

``np.sum`` of a small array spends two thirds of its time on finding out that its argument is an
array. Where the compiler knows that already, the forward calls what the wrapper would call in the
end: the value is the same to the last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.frames import reads_frames, seen_from_outside
from dpy.kinds import Array, Kind, KnownObject, Number, Tuple
from dpy.records import replace
from dpy.transform import ir

__all__ = ["call_from_outside", "direct_call", "mean_of"]

_REDUCE: dict[Any, Any] = {
    np.sum: ir.Known(np.add.reduce, "add_reduce"),
    np.prod: ir.Known(np.multiply.reduce, "multiply_reduce"),
    np.max: ir.Known(np.maximum.reduce, "maximum_reduce"),
    np.min: ir.Known(np.minimum.reduce, "minimum_reduce"),
}
_KEYWORDS = frozenset({"axis", "keepdims"})
_MEANS = frozenset({np.mean, np.ndarray.mean})


def mean_of(a: Any) -> Any:
    """``np.mean(a)`` for an array of float64 or float32.

    >>> mean_of(np.array([1.0, 2.0]))
    np.float64(1.5)
    """
    n = a.size
    return np.add.reduce(a, None) / n if n else np.mean(a)  # which warns of empty arrays


def direct_call(
    function: Any,
    operands: tuple[Any, ...],
    kwargs: tuple[tuple[str, Any], ...],
    kinds: tuple[Kind, ...],
) -> ir.Call | None:
    """The short form of a call, or None where there is none.

    Args:
        function: what is called, by the user's own name for it.
        operands: the atoms of its positional arguments, the array first.
        kwargs: names and atoms of its keyword arguments.
        kinds: of the positional arguments.
    """
    try:
        reduce = _REDUCE.get(function)
        is_mean = function in _MEANS
    except TypeError:  # something that has no hash
        return None
    if reduce is not None:
        return _reduction(reduce, operands, kwargs, kinds)
    if is_mean and len(operands) == 1 and not kwargs and _is_common_float(kinds[0]):
        return ir.Call(ir.Known(mean_of, "mean_of"), operands)
    return None


def call_from_outside(s: ir.Assign, facts: Any) -> ir.Call | None:
    """A call of a function that counts the frames of its callers: see `dpy.frames`."""
    if not isinstance(s.value, ir.Call):
        return None
    function = facts.kind(s, s.value.func)
    if not isinstance(function, KnownObject) or not reads_frames(function.value):
        return None
    known = ir.Known(seen_from_outside(function.value), function.value.__name__)
    return replace(s.value, func=known)


def _reduction(
    reduce: ir.Known,
    operands: tuple[Any, ...],
    kwargs: tuple[tuple[str, Any], ...],
    kinds: tuple[Kind, ...],
) -> ir.Call | None:
    if len(operands) not in (1, 2) or not _is_plain(kinds[0]):
        return None
    names = {name for name, _ in kwargs}
    if not names <= _KEYWORDS:
        return None
    if len(operands) == 1 and "axis" not in names:
        operands = (*operands, ir.Lit(None))  # all axes; a ufunc would take the first
    return ir.Call(reduce, operands, kwargs)


def _is_plain(kind: Kind) -> bool:
    if isinstance(kind, Tuple):
        return all(isinstance(item, Number) and item.type in (int, float) for item in kind.items)
    return isinstance(kind, Array) and kind.dtype.kind in "biufc"


def _is_common_float(kind: Kind) -> bool:
    """Of a type in which NumPy adds up what it takes the mean of."""
    return isinstance(kind, Array) and kind.dtype in (np.float64, np.float32)
