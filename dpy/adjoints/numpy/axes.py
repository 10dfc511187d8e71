"""What the array rules share: names of primals, reduced axes, and the way back from them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.cotangent import filled

__all__ = [
    "NO_VALUE",
    "at_least_one",
    "functions",
    "kept_shape",
    "methods",
    "present",
    "reduced_index",
    "reduced_size",
    "restore_axes",
    "rounds",
    "rows_of",
    "smooth_dtype",
    "smooth_shape",
    "spread",
    "unrows",
]

# NumPy's own mark for "not given", which its functions take as a value too.
NO_VALUE: Any = np._NoValue  # type: ignore[attr-defined, unused-ignore]


def functions(*names: str) -> tuple[Callable[..., Any], ...]:
    """The functions of these names that the installed NumPy has, each once."""
    found = (getattr(np, name, None) for name in names)
    return tuple(dict.fromkeys(f for f in found if f is not None))


def methods(name: str) -> tuple[Any, ...]:
    """The method of arrays and that of NumPy scalars, which are two objects."""
    return tuple(getattr(owner, name) for owner in (np.ndarray, np.generic) if hasattr(owner, name))


def rounds(x: Any, dtype: Any) -> bool:
    """Whether a conversion of `x` to `dtype` cuts the derivative (a float becomes an integer)."""
    if dtype is None:
        return False
    kind = np.dtype(dtype).kind
    return kind not in "fcO" and (kind == "b" or np.asarray(x).dtype.kind not in "biu")


def smooth_shape(x: Any, dtype: Any) -> Any:
    """The shape of `x`, or None if a conversion to `dtype` leaves it no gradient."""
    if dtype is not None and rounds(x, dtype):
        return None
    return x.shape if type(x) is np.ndarray else np.shape(x)


def kept_shape(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    """`shape` with length 1 along the reduced axes.

    >>> kept_shape((2, 3, 4), (0, -1))
    (1, 3, 1)
    """
    n = len(shape)
    if axis is None or n == 0:
        return (1,) * n
    if type(axis) is int:
        axis %= n
        return (*shape[:axis], 1, *shape[axis + 1 :])
    axes = axis if isinstance(axis, tuple) else (axis,)
    reduced = {int(i) % n for i in axes}
    return tuple(1 if i in reduced else length for i, length in enumerate(shape))


def reduced_index(n: int, axis: Any) -> tuple[Any, ...]:
    """The index that brings the lost axes of a reduction of `n` axes back with length 1.

    >>> np.zeros(2)[reduced_index(3, (0, -1))].shape
    (1, 2, 1)
    """
    axes = {int(i) % n for i in (axis if isinstance(axis, tuple) else (axis,))}
    return tuple(None if i in axes else slice(None) for i in range(n))


def restore_axes(d_y: Any, shape: tuple[int, ...], axis: Any, keepdims: Any) -> Any:
    """A reduced value with its lost axes back as axes of length 1, ready to broadcast.

    >>> restore_axes(np.zeros(2), (2, 3), 1, False).shape
    (2, 1)
    """
    if axis is None or keepdims or not isinstance(d_y, np.ndarray):
        return d_y
    return d_y[reduced_index(len(shape), axis)]


def smooth_dtype(x: Any, dtype: Any) -> Any:
    """The dtype of a cotangent of `x`, where that is known before it comes; else None."""
    if dtype is not None or type(x) is not np.ndarray:
        return None
    return x.dtype if x.dtype.kind in "fc" else None


def spread(
    d_y: Any,
    shape: Any,
    axis: Any = None,
    keepdims: Any = False,
    where: Any = True,
    dtype: Any = None,
) -> Any:
    """The adjoint of a sum: `d_y` repeated along the reduced axes, zero where the mask is False.

    >>> spread(np.array([1.0, 2.0]), (2, 3), 1)
    array([[1., 1., 1.],
           [2., 2., 2.]])
    """
    if shape is None:
        return None
    d_x = filled(shape, restore_axes(d_y, shape, axis, keepdims), dtype)
    return d_x if where is True else np.where(where, d_x, 0.0)


def reduced_size(
    shape: tuple[int, ...],
    axis: Any,
    keepdims: Any = False,
    where: Any = True,
    dtype: Any = float,
) -> Any:
    """How many elements go into each element of a reduction: an int, or an array with a mask.

    >>> reduced_size((2, 3, 4), (0, -1))
    8
    """
    if where is not True:
        mask = np.broadcast_to(where, shape)
        return np.sum(mask, axis=axis, keepdims=bool(keepdims), dtype=dtype)
    if axis is None or not shape:
        return math.prod(shape)
    if type(axis) is int:
        return shape[axis]
    return math.prod(shape[i] for i in (axis if isinstance(axis, tuple) else (axis,)))


def at_least_one(count: Any) -> Any:
    """A count to divide by, where a sum of nothing is zero already."""
    return max(count, 1) if isinstance(count, int) else np.maximum(count, 1)


def present(a: Any, where: Any) -> Any:
    """The mask of the elements that the NaN-skipping functions look at."""
    mask = ~np.isnan(a)
    return mask if where is True or where is NO_VALUE else mask & where


def rows_of(x: Any, axis: Any) -> Any:
    """`x` with its reduced axes moved last and flattened to one.

    >>> rows_of(np.zeros((2, 3, 4)), (0, 2)).shape
    (3, 8)
    """
    x = np.asarray(x)
    axes, kept, size = _split_axes(x.shape, axis)
    moved = np.moveaxis(x, axes, tuple(range(len(kept), x.ndim)))
    return np.reshape(moved, (*(x.shape[i] for i in kept), size))


def unrows(rows: Any, shape: tuple[int, ...], axis: Any) -> Any:
    """The inverse of `rows_of`.

    >>> x = np.arange(24).reshape(2, 3, 4)
    >>> np.array_equal(unrows(rows_of(x, (0, 2)), x.shape, (0, 2)), x)
    True
    """
    axes, kept, _ = _split_axes(shape, axis)
    moved = np.reshape(rows, tuple(shape[i] for i in (*kept, *axes)))
    return np.moveaxis(moved, tuple(range(len(kept), len(shape))), axes)


def _split_axes(shape: tuple[int, ...], axis: Any) -> tuple[tuple[int, ...], list[int], int]:
    """The reduced axes, the kept ones, and the number of elements along the reduced ones."""
    n = len(shape)
    if axis is None:
        axes: tuple[int, ...] = tuple(range(n))
    else:
        axes = tuple(int(i) % n for i in (axis if isinstance(axis, tuple) else (axis,)) if n)
    size = 1
    for i in axes:
        size *= shape[i]
    return axes, [i for i in range(n) if i not in axes], size
