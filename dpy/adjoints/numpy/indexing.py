"""Rules for reading parts of arrays: indexing, `take`, masks and selections.

The adjoint of reading is adding: `scatter` puts a cotangent of ``x[index]`` back in its place
among zeros. An element that is read twice gets both cotangents.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.adjoints.numpy.arguments import dtype_of, no_out
from dpy.adjoints.registry import adjoint, nondifferentiable
from dpy.cotangent import unbroadcast

__all__ = ["is_basic", "may_repeat", "scatter", "scatter_add_into"]

nondifferentiable(
    np.nonzero, np.argwhere, np.flatnonzero, np.searchsorted, np.digitize, np.ndarray.nonzero,
    np.ndarray.searchsorted, np.ix_,
    np.unravel_index, np.ravel_multi_index, np.einsum_path,
)  # fmt: skip

_BASIC = frozenset({int, slice, type(None), type(...)})
# From here on, the flat view of rows is worth computing.
_MANY = 1000


# --- the adjoint of reading -------------------------------------------------------------------


def is_basic(index: Any) -> bool:
    """Whether `index` is made of integers, slices, None and Ellipsis only.

    >>> is_basic((0, slice(2), None)), is_basic([0, 1]), is_basic(True)
    (True, False, False)
    """
    if type(index) is tuple:
        return all(type(i) in _BASIC or isinstance(i, np.integer) for i in index)
    return type(index) in _BASIC or isinstance(index, np.integer)


def may_repeat(index: Any) -> bool:
    """Whether `index` can name an element twice: only arrays of two or more integers can.

    >>> may_repeat([0, 0]), may_repeat(np.array([True, False])), may_repeat((slice(3), 1))
    (True, False, False)
    """
    if is_basic(index):
        return False
    parts = index if type(index) is tuple else (index,)
    return any(_is_integer_array(part) for part in parts)


def _is_integer_array(part: Any) -> bool:
    if type(part) in _BASIC:
        return False
    array = np.asarray(part)
    return array.dtype.kind != "b" and array.size > 1


def scatter(d_y: Any, index: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """The cotangent of `x` (of this shape and dtype) from the cotangent of ``x[index]``.

    >>> scatter(np.array([1.0, 2.0, 4.0]), [2, 0, 2], (3,), np.dtype(float))
    array([2., 0., 5.])
    """
    buffer = np.zeros(shape, dtype if dtype.kind in "fcO" else np.float64)
    if may_repeat(index):
        _add_repeated(buffer, index, d_y)
    else:
        buffer[index] = d_y
    return buffer


def scatter_add_into(buffer: Any, index: Any, d_y: Any) -> None:
    """``buffer[index] += d_y`` in place, where an element that is named twice gets both."""
    if may_repeat(index):
        _add_repeated(buffer, index, d_y)
    else:
        buffer[index] += d_y


def _add_repeated(buffer: Any, index: Any, d_y: Any) -> None:
    many = np.size(d_y) > _MANY and buffer.ndim > 1 and buffer.flags.c_contiguous
    if many and isinstance(index, np.ndarray):
        _add_rows(buffer, index, d_y)
    else:
        np.add.at(buffer, index, d_y)


def _add_rows(buffer: Any, rows: Any, d_y: Any) -> None:
    """Add to rows of `buffer` through its flat view: `np.add.at` is five times faster in 1-D."""
    n, *rest = buffer.shape
    width = int(np.prod(rest))
    first = np.where(rows < 0, rows + n, rows) * width
    flat = first[..., None] + np.arange(width)
    d_rows = np.broadcast_to(d_y, (*rows.shape, *rest)).reshape(flat.shape)
    np.add.at(buffer.reshape(-1), flat, d_rows)


@adjoint(np.ndarray.__getitem__, np.generic.__getitem__)  # type: ignore[misc]
def array_getitem(x: Any, index: Any, /) -> Any:
    """y = x[index], for every kind of index."""
    shape = x.shape
    dtype = x.dtype

    def array_getitem_pullback(d_y: Any) -> Any:
        return scatter(d_y, index, shape, dtype), None

    return x[index], array_getitem_pullback


# --- take -------------------------------------------------------------------------------------


@adjoint(np.take, np.ndarray.take, np.generic.take, static=("axis", "out", "mode"), fresh=True)
def take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Any:
    """y = a[..., indices, ...] along `axis`."""
    shape = np.shape(a)
    dtype = dtype_of(a)

    def take_pullback(d_y: Any) -> Any:
        return scatter_along(d_y, indices, axis, mode, shape, dtype), None

    return np.take(a, indices, axis, no_out(out), mode), take_pullback


def scatter_along(
    d_y: Any, indices: Any, axis: int | None, mode: str, shape: tuple[int, ...], dtype: Any
) -> Any:
    """The cotangent of `a` in ``np.take(a, indices, axis, mode=mode)``."""
    full = (int(np.prod(shape)),) if axis is None else shape or (1,)
    axis = 0 if axis is None else axis % len(full)
    wrapped = _in_range(indices, full[axis], mode)
    return scatter(d_y, (slice(None),) * axis + (wrapped,), full, dtype).reshape(shape)


def _in_range(indices: Any, n: int, mode: str) -> Any:
    """The indices that ``mode="wrap"`` and ``mode="clip"`` stand for."""
    if mode == "raise" or not np.size(indices):
        return np.asarray(indices, np.intp)
    return np.mod(indices, n) if mode == "wrap" else np.clip(indices, 0, n - 1)


@adjoint(np.take_along_axis, static=("axis",), fresh=True)
def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    """y[i, j] = arr[indices[i, j], j] (for axis 0)."""
    shape = np.shape(arr)
    dtype = dtype_of(arr)

    def take_along_axis_pullback(d_y: Any) -> Any:
        return scatter_along_axis(d_y, indices, axis, shape, dtype), None

    return np.take_along_axis(arr, indices, axis), take_along_axis_pullback


def scatter_along_axis(
    d_y: Any, indices: Any, axis: int | None, shape: tuple[int, ...], dtype: Any
) -> Any:
    """The cotangent of `arr` in ``np.take_along_axis(arr, indices, axis)``."""
    if axis is None:
        return scatter(d_y, indices, (int(np.prod(shape)),), dtype).reshape(shape)
    return scatter(d_y, along_axis(indices, axis, shape), shape, dtype)


def along_axis(indices: Any, axis: int, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """The index tuple that `indices` along `axis` of an array of `shape` stand for.

    >>> along_axis(np.array([[1, 0]]), 0, (2, 2))
    (array([[1, 0]]), array([[0, 1]]))
    """
    ndim = len(shape)
    grid: list[Any] = [
        np.arange(n).reshape((1,) * i + (n,) + (1,) * (ndim - i - 1)) for i, n in enumerate(shape)
    ]
    grid[axis % ndim] = indices
    return tuple(grid)


# --- masks and selections ---------------------------------------------------------------------

nondifferentiable(np.where)  # np.where(condition) alone: the indices


@adjoint(np.where, types=(object, object, object), fresh=True)
def where(condition: Any, x: Any, y: Any, /) -> Any:
    """Elements of `x` where the condition holds, else of `y`; exactly zero where not taken."""

    def where_pullback(d_y: Any) -> Any:
        return None, np.where(condition, d_y, 0.0), np.where(condition, 0.0, d_y)

    return np.where(condition, x, y), where_pullback


@adjoint(np.compress, static=("axis", "out"), fresh=True)
def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    """y = the parts of `a` along `axis` where the condition holds."""
    shape = np.shape(a)
    dtype = dtype_of(a)

    def compress_pullback(d_y: Any) -> Any:
        kept = np.flatnonzero(condition)
        return None, scatter_along(d_y, kept, axis, "raise", shape, dtype)

    return np.compress(condition, a, axis, no_out(out)), compress_pullback


@adjoint(np.ndarray.compress, static=("axis", "out"), fresh=True)
def array_compress(a: Any, condition: Any, axis: Any = None, out: Any = None) -> Any:
    """y = a.compress(condition, axis)."""
    shape = a.shape
    dtype = a.dtype

    def array_compress_pullback(d_y: Any) -> Any:
        kept = np.flatnonzero(condition)
        return scatter_along(d_y, kept, axis, "raise", shape, dtype), None

    return a.compress(condition, axis, no_out(out)), array_compress_pullback


@adjoint(np.extract, fresh=True)
def extract(condition: Any, arr: Any) -> Any:
    """y = the elements of `arr` where the condition holds, as one row."""
    shape = np.shape(arr)
    dtype = dtype_of(arr)

    def extract_pullback(d_y: Any) -> Any:
        kept = np.flatnonzero(condition)
        return None, scatter_along(d_y, kept, None, "raise", shape, dtype)

    return np.extract(condition, arr), extract_pullback


@adjoint(np.choose, static=("out", "mode"), fresh=True)
def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """y[i] = choices[a[i]][i]."""
    shapes = [np.shape(choice) for choice in choices]

    def choose_pullback(d_y: Any) -> Any:
        chosen = _in_range(a, len(shapes), mode)
        return None, [
            unbroadcast(np.where(chosen == i, d_y, 0.0), shape) for i, shape in enumerate(shapes)
        ]

    return np.choose(a, choices, no_out(out), mode), choose_pullback


@adjoint(np.ndarray.choose, static=("out", "mode"), fresh=True)
def array_choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """y = a.choose(choices)."""
    return choose(a, choices, out, mode)


@adjoint(np.select, fresh=True)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Elements of the first choice whose condition holds, else of `default`."""
    shapes = [np.shape(choice) for choice in choicelist]

    def select_pullback(d_y: Any) -> Any:
        d_choices = []
        is_free: Any = True
        for condition, shape in zip(condlist, shapes, strict=True):
            d_choice = np.where(np.logical_and(is_free, condition), d_y, 0.0)
            d_choices.append(unbroadcast(d_choice, shape))
            is_free = np.logical_and(is_free, np.logical_not(condition))
        return None, d_choices, np.where(is_free, d_y, 0.0)

    return np.select(condlist, choicelist, default), select_pullback
