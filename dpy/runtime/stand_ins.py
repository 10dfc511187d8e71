"""What stands for an array without being one: ``array.flat`` and memoryviews of arrays.

They are read and written by positions, and look at no memory of their own: what is read or written
there is an item of their array, and so are the cotangents.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.cotangent import ZERO, is_zero, unbroadcast
from dpy.runtime.held import hold, sink
from dpy.runtime.helpers import project_written
from dpy.runtime.sources import CONTAINERS, SOURCES, Lazy, OfArray

__all__ = [
    "array_of", "assign_flat", "read_flat", "read_view", "stands_in", "view_of", "write_flat",
    "write_view",
]  # fmt: skip


# --- array.flat -----------------------------------------------------------------------------------


class _OfFlat(Lazy):
    """Its items are numbered from the beginning of the array, wherever it stands."""

    def __init__(self, iterable: Any) -> None:
        super().__init__(iterable, [])

    def mark(self) -> int:
        return int(self.iterable.index) - 1

    def give(self, acc: Any, k: int, d: Any) -> None:
        base = _base_of(self.iterable)
        if not is_zero(d):
            acc.add_region(base, np.unravel_index(k, base.shape), d)


SOURCES[np.flatiter] = _OfFlat


def _base_of(flat: Any) -> Any:
    """The array, or a view of it that has a dimension, in which items have places."""
    return flat.base if flat.base.ndim else flat.base.reshape(1)


def _places(base: Any, index: Any) -> Any:
    """What ``flat[index]`` is as an index of its array."""
    if isinstance(index, (int, np.integer)):
        return np.unravel_index(operator.index(index) % base.size, base.shape)
    if type(index) is tuple and not index:
        index = ...
    return np.unravel_index(np.arange(base.size)[index], base.shape)


def read_flat(flat: Any, index: Any) -> tuple[Any, Any]:
    """``flat[index]``, always a copy: ``(y, pb)``, with one cotangent for each of the two."""
    y = flat[index]
    base = _base_of(flat)
    places = _places(base, index)

    def flat_item_pullback(d: Any, acc: Any) -> Any:
        acc.add_region(base, places, acc.take(y, d) if isinstance(y, np.ndarray) else d)
        return ZERO, ZERO

    return y, flat_item_pullback


def write_flat(flat: Any, index: Any, value: Any) -> tuple[Any, Any]:
    """``flat[index] = value``, where the items of `value` are repeated: ``(None, pb)``."""
    base = _base_of(flat)
    if isinstance(value, np.ndarray) and np.may_share_memory(base, value):
        return None, _one_by_one(flat, base, index, value)
    before = _copied(value)
    flat[index] = value
    return None, _written(base, _places(base, index), before, hold(value))


def assign_flat(array: Any, value: Any) -> tuple[Any, Any]:
    """``array.flat = value``, which takes the value as it was: ``(None, pb)``."""
    before = _copied(value)
    array.flat = value
    base = _base_of(array.flat)
    return None, _written(base, _places(base, ...), before, hold(value))


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


def _written(base: Any, places: Any, before: Any, held: Any) -> Any:
    """The pullback of values that were written one after the other, and again if too few."""

    def flat_pullback(d: Any, acc: Any) -> Any:
        d_items = acc.take_region(base, places)
        if is_zero(d_items):
            return ZERO, ZERO, ZERO
        d_value = project_written(_folded(np.ravel(d_items), np.shape(before)), before, base)
        return ZERO, ZERO, sink(acc, held, d_value)

    return flat_pullback


def _one_by_one(flat: Any, base: Any, index: Any, value: Any) -> Any:
    """``flat[index] = value`` where they share memory.

    NumPy copies item by item: what it has just written may be what it reads next.
    """
    flat[index] = value
    written = np.arange(base.size)[... if type(index) is tuple and not index else index].ravel()

    def item_by_item_pullback(d: Any, acc: Any) -> Any:
        for k in range(written.size - 1, -1, -1):
            d_item = acc.take_region(base, np.unravel_index(written[k], base.shape))
            if not is_zero(d_item):
                acc.add_region(value, np.unravel_index(k % value.size, value.shape), d_item)
        return ZERO, ZERO, ZERO

    return item_by_item_pullback


def _folded(d: Any, shape: tuple[int, ...]) -> Any:
    """The cotangent of values that were written one after the other, again and again.

    >>> _folded(np.array([1.0, 2.0, 4.0]), (2,))
    array([5., 2.])
    """
    n = int(np.prod(shape))
    if n == 1:
        return unbroadcast(d, shape)
    total = np.zeros(n, d.dtype)
    np.add.at(total, np.arange(d.size) % max(n, 1), d)
    return total.reshape(shape)


def _array_of_flat(flat: Any) -> tuple[Any, Callable[[Any], None]]:
    """That is a view where the array lies in one piece; its cotangents are then the array's."""
    base = flat.base
    y = flat.__array__()

    def give(acc: Any) -> None:
        if not np.may_share_memory(y, base):
            d = acc.take(y)
            if not is_zero(d):
                acc.add(base, d.reshape(base.shape))

    return y, give


# --- memoryviews ----------------------------------------------------------------------------------


class _Place:
    """A place in the memory of an array. A memoryview that has an array made of it stays open."""

    def __init__(self, base: Any, interface: dict[str, Any]) -> None:
        self.base = base
        self.__array_interface__ = interface


def view_of(x: memoryview) -> Any:
    """The same view as an array, None if the memory belongs to no array."""
    base = x.obj
    if not isinstance(base, np.ndarray):
        return None
    return np.asarray(_Place(base, np.asarray(x).__array_interface__))


def read_view(x: memoryview, index: Any) -> tuple[Any, Any] | None:
    """``x[index]``: ``(y, pb)``, with one cotangent for each of the two."""
    array = view_of(x)
    if array is None:
        return None
    y = x[index]
    if isinstance(y, memoryview):
        return y, None

    def view_item_pullback(d: Any, acc: Any) -> Any:
        acc.add_region(array, index, d)
        return ZERO, ZERO

    return y, view_item_pullback


def write_view(x: memoryview, index: Any, value: Any) -> tuple[Any, Any] | None:
    """``x[index] = value``, a number or something that shows its memory: ``(None, pb)``."""
    array = view_of(x)
    if array is None:
        return None
    if isinstance(value, memoryview):
        value = view_of(value) if isinstance(value.obj, np.ndarray) else np.array(value)
    before = value.copy() if isinstance(value, np.ndarray) else value
    x[index] = value

    def view_pullback(d: Any, acc: Any) -> Any:
        d_value = acc.take_region(array, index)
        if is_zero(d_value):
            return ZERO, ZERO, ZERO
        return ZERO, ZERO, sink(acc, value, project_written(d_value, before, array))

    return None, view_pullback


def _items_of_view(x: memoryview) -> Any:
    array = view_of(x)
    return None if array is None else OfArray(x, array)


CONTAINERS[memoryview] = _items_of_view


# --- both -----------------------------------------------------------------------------------------


def stands_in(x: Any) -> bool:
    """Whether `x` is one of these."""
    t = type(x)
    return t is np.flatiter or (t is memoryview and isinstance(x.obj, np.ndarray))


def array_of(x: Any) -> tuple[Any, Callable[[Any], None]]:
    """The array that NumPy's functions make of it, and ``give(acc)`` for its cotangent."""
    if type(x) is np.flatiter:
        return _array_of_flat(x)
    return view_of(x), lambda acc: None  # in the same memory
