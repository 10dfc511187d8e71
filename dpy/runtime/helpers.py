"""Small functions that generated pullbacks call."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.cotangent import ZERO, is_zero, project
from dpy.runtime.item_cotangents import as_tuple
from dpy.slots import contents
from dpy.structured import apart, has_fields

__all__ = [
    "add_at", "add_region", "checked", "copy_value", "owned", "project_written", "slot",
    "take_deep", "take_region", "zeros_for",
]  # fmt: skip


def zeros_for(x: Any) -> Any:
    """A zero cotangent of array `x`, writable."""
    dtype = x.dtype
    return np.zeros(x.shape, dtype if dtype.kind in "fc" else np.float64)


def owned(d: Any, x: Any) -> Any:
    """A copy of the cotangent `d` of `x` that may be added to in place."""
    return zeros_for(x) if is_zero(d) else np.array(d)


def add_at(d: Any, index: Any, d_item: Any) -> None:
    """``d[index] += d_item``, also where an index array names a position twice."""
    if d_item is ZERO:
        return
    if type(index) is not int and _is_advanced(index):
        np.add.at(d, index, d_item)
    else:
        d[index] += d_item


def _is_advanced(index: Any) -> bool:
    if type(index) is tuple:
        return any(map(_is_advanced, index))
    return isinstance(index, (list, np.ndarray)) and np.ndim(index) > 0


def add_region(acc: Any, array: Any, index: Any, d: Any) -> None:
    """The same in the accumulator of an array kept by identity."""
    acc.add_region(array, index, d)


def take_region(acc: Any, array: Any, index: Any) -> Any:
    """The cotangent of what ``array[index] = value`` wrote; zero is left in its place."""
    return acc.take_region(array, index)


def project_written(d: Any, value: Any, array: Any) -> Any:
    """The cotangent of a value written into an array, which may have truncated it."""
    if has_fields(d):
        return project(apart(d, value, array.dtype), value)
    if array.dtype.kind in "iu" and not _is_integral(value):
        return ZERO  # the write rounded: piecewise constant
    if array.dtype.kind == "b":
        return ZERO
    return project(d, value)


def _is_integral(value: Any) -> bool:
    dtype = getattr(value, "dtype", None)
    if dtype is not None:
        return bool(dtype.kind in "iub")
    if isinstance(value, (list, tuple)):
        return all(map(_is_integral, value))
    return isinstance(value, int)


def copy_value(x: Any) -> Any:
    """A copy of an array that may be written to later; other values are themselves."""
    if isinstance(x, np.ndarray):
        return x.copy()
    if isinstance(x, (list, dict)):
        return x.copy()
    return x


def slot(d: Any, name: Any) -> Any:
    """One slot of the cotangent of a container."""
    if d is ZERO:
        return ZERO
    if type(d) is dict:
        return d.get(name, ZERO)
    return d[name]


def checked(rule: Any, d: Any, n: int) -> Any:
    """Refuse what a malformed rule's pullback returns."""
    return rule.check_cotangents(d, n)


def take_deep(acc: Any, x: Any, d: Any) -> Any:
    """All that is accumulated for `x` and its contents, by value; each thing at one place only."""
    return _take_once(acc, x, d, set())


def _take_once(acc: Any, x: Any, d: Any, seen: set[int]) -> Any:
    if isinstance(x, np.ndarray):
        return acc.take(x, d)
    held = contents(x)
    if held is None:
        return d
    if id(x) in seen:
        return d
    seen.add(id(x))
    if isinstance(x, tuple):
        parts = as_tuple(d, len(x))
        total = tuple(
            _take_once(acc, item, part, seen) for item, part in zip(x, parts, strict=True)
        )
        return ZERO if all(part is ZERO for part in total) else total
    own = acc.take(x, d)
    slots = dict(own) if type(own) is dict else {}
    for slot, item in held.items():
        part = _take_once(acc, item, slots.get(slot, ZERO), seen)
        if part is not ZERO:
            slots[slot] = part
    return slots or ZERO
