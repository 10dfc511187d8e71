"""Rules for joining arrays and for taking them apart.

The adjoint of joining is splitting and the reverse. Where a function rearranges elements in an
involved way (`np.block`, `np.insert`), the rule lets it rearrange element numbers instead and
reads off where each one went.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.adjoints.numpy.arguments import dtype_of, no_out
from dpy.adjoints.numpy.indexing import scatter_along
from dpy.adjoints.registry import adjoint
from dpy.cotangent import ZERO, add, is_zero

__all__ = ["pieces"]

Shape = tuple[int, ...]


# --- joining ----------------------------------------------------------------------------------


def shapes_of(arrays: Any) -> list[Shape]:
    """The shapes of a sequence of arrays or numbers."""
    return [a.shape if type(a) is np.ndarray else np.shape(a) for a in arrays]


def pieces(d_y: Any, shapes: list[Shape], axis: int | None) -> list[Any]:
    """Cut `d_y` along `axis` into parts of these shapes.

    >>> pieces(np.arange(3.0), [(1,), (2,)], 0)
    [array([0.]), array([1., 2.])]
    """
    parts = []
    start = 0
    before = () if axis is None else (slice(None),) * (axis % d_y.ndim)
    for shape in shapes:
        size = int(np.prod(shape)) if axis is None else shape[axis]
        parts.append(d_y[(*before, slice(start, start + size))].reshape(shape))
        start += size
    return parts


@adjoint(np.concatenate, static=("axis", "out"), fresh=True)
def concatenate(
    arrays: Any,
    /,
    axis: Any = 0,
    out: Any = None,
    *,
    dtype: Any = None,
    casting: Any = "same_kind",
) -> Any:
    """y = the arrays one after the other along `axis`."""
    shapes = shapes_of(arrays)

    def concatenate_pullback(d_y: Any) -> Any:
        return (pieces(d_y, shapes, axis),)

    y = np.concatenate(arrays, axis, no_out(out), dtype=dtype, casting=casting)
    return y, concatenate_pullback


@adjoint(np.stack, static=("axis", "out"), fresh=True)
def stack(
    arrays: Any, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: Any = "same_kind"
) -> Any:
    """y = the arrays side by side along a new axis."""

    def stack_pullback(d_y: Any) -> Any:
        return (list(d_y if axis == 0 else np.moveaxis(d_y, axis, 0)),)

    return np.stack(arrays, axis, no_out(out), dtype=dtype, casting=casting), stack_pullback


@adjoint(np.vstack, fresh=True)
def vstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """y = the arrays below each other."""
    shapes = shapes_of(tup)

    def vstack_pullback(d_y: Any) -> Any:
        return (joined_pieces(d_y, shapes, np.atleast_2d, 0),)

    return np.vstack(tup, dtype=dtype, casting=casting), vstack_pullback


@adjoint(np.hstack, fresh=True)
def hstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """y = the arrays beside each other."""
    shapes = shapes_of(tup)

    def hstack_pullback(d_y: Any) -> Any:
        axis = 0 if d_y.ndim == 1 else 1
        return (joined_pieces(d_y, shapes, np.atleast_1d, axis),)

    return np.hstack(tup, dtype=dtype, casting=casting), hstack_pullback


@adjoint(np.dstack, fresh=True)
def dstack(tup: Any) -> Any:
    """y = the arrays behind each other."""
    shapes = shapes_of(tup)

    def dstack_pullback(d_y: Any) -> Any:
        return (joined_pieces(d_y, shapes, np.atleast_3d, 2),)

    return np.dstack(tup), dstack_pullback


@adjoint(np.column_stack, fresh=True)
def column_stack(tup: Any) -> Any:
    """y = the arrays beside each other, 1-D arrays as columns."""
    shapes = shapes_of(tup)

    def column_stack_pullback(d_y: Any) -> Any:
        return (joined_pieces(d_y, shapes, _columns, 1),)

    return np.column_stack(tup), column_stack_pullback


def _columns(array: Any) -> Any:
    return array if array.ndim > 1 else np.atleast_2d(array).T


def joined_pieces(d_y: Any, shapes: list[Shape], expand: Any, axis: int) -> list[Any]:
    """Cut `d_y` into parts for arrays that were expanded before they were joined along `axis`."""
    expanded = [expand(np.empty(shape)).shape for shape in shapes]
    parts = pieces(d_y, expanded, axis)
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


@adjoint(np.block, fresh=True)
def block(arrays: Any) -> Any:
    """y = an array put together from nested lists of blocks."""
    shapes = _nested_shapes(arrays)

    def block_pullback(d_y: Any) -> Any:
        leaves = _leaves(shapes)
        numbers = _numbers(leaves)
        place = np.block(_like_nested(shapes, iter(numbers)))
        d_flat = np.zeros(sum(part.size for part in numbers), d_y.dtype)
        d_flat[place] = d_y
        return (_like_nested(shapes, iter(pieces(d_flat, leaves, None))),)

    return np.block(arrays), block_pullback


def _nested_shapes(arrays: Any) -> Any:
    """The nested lists with each block replaced by its shape."""
    if not isinstance(arrays, list):
        return np.shape(arrays)
    return [_nested_shapes(item) for item in arrays]


def _leaves(nested: Any) -> list[Any]:
    """What stands in nested lists, in order."""
    if not isinstance(nested, list):
        return [nested]
    return [leaf for item in nested for leaf in _leaves(item)]


def _like_nested(nested: Any, leaves: Any) -> Any:
    """The next items of `leaves` in the nesting of `nested`."""
    if not isinstance(nested, list):
        return next(leaves)
    return [_like_nested(item, leaves) for item in nested]


def _numbers(shapes: list[Shape]) -> list[Any]:
    """Arrays of these shapes, their elements numbered consecutively."""
    sizes = [int(np.prod(shape)) for shape in shapes]
    starts = np.cumsum([0, *sizes])
    return [
        np.arange(start, start + size).reshape(shape)
        for start, size, shape in zip(starts, sizes, shapes, strict=False)
    ]


@adjoint(np.append, static=("axis",), fresh=True)
def append(arr: Any, values: Any, axis: Any = None) -> Any:
    """y = `arr`, then `values`."""
    shapes = [np.shape(arr), np.shape(values)]

    def append_pullback(d_y: Any) -> Any:
        d_arr, d_values = pieces(d_y, shapes, axis)
        return d_arr, d_values

    return np.append(arr, values, axis), append_pullback


@adjoint(np.insert, static=("obj", "axis"), fresh=True)
def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """y = `arr` with `values` put in before the positions `obj`."""
    shape = np.shape(arr)
    y = np.insert(arr, obj, values, axis)
    along = 0 if axis is None else axis

    def insert_pullback(d_y: Any) -> Any:
        n = int(np.prod(shape)) if axis is None else shape[axis]
        numbers = np.insert(np.arange(n), obj, np.arange(n, d_y.shape[along]))
        place = np.argsort(numbers, kind="stable")
        d_values = np.take(d_y, place[n:], along)
        if np.ndim(obj) == 0 and not isinstance(obj, slice):
            d_values = np.moveaxis(d_values, along, 0)
        return np.take(d_y, place[:n], along).reshape(shape), d_values

    return y, insert_pullback


@adjoint(np.delete, static=("obj", "axis"), fresh=True)
def delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    """y = `arr` without the parts at `obj`."""
    shape = np.shape(arr)
    dtype = dtype_of(arr)

    def delete_pullback(d_y: Any) -> Any:
        n = int(np.prod(shape)) if axis is None else shape[axis]
        kept = np.delete(np.arange(n), obj)
        return (scatter_along(d_y, kept, axis, "raise", shape, dtype),)

    return np.delete(arr, obj, axis), delete_pullback


# --- taking apart -----------------------------------------------------------------------------


def slots(d_parts: Any, n: int, names: tuple[str, ...] = ()) -> list[Any]:
    """The cotangents of the `n` items of a list or tuple, ZERO where nothing arrived.

    The items of a named tuple may have been reached by index, by name, or both.

    >>> slots({0: 2.0, "s": 3.0}, 2, ("u", "s"))
    [2.0, 3.0]
    """
    if not isinstance(d_parts, dict):
        return list(d_parts)
    items = [d_parts.get(i, ZERO) for i in range(n)]
    for i, name in enumerate(names):
        items[i] = add(items[i], d_parts.get(name, ZERO))
    return items


def joined(d_parts: Any, shapes: list[Shape], axis: int, dtype: Any) -> Any:
    """The parts joined along `axis`; zeros stand for parts that got no cotangent."""
    dtype = dtype if dtype.kind in "fcO" else np.dtype(np.float64)
    parts = [
        np.zeros(shape, dtype) if is_zero(d) else d
        for d, shape in zip(slots(d_parts, len(shapes)), shapes, strict=True)
    ]
    return np.concatenate(parts, axis)


@adjoint(np.split, static=("indices_or_sections", "axis"))
def split(ary: Any, indices_or_sections: Any, axis: Any = 0) -> Any:
    """parts = `ary` cut along `axis`."""
    parts = np.split(ary, indices_or_sections, axis)
    return parts, _split_pullback(ary, indices_or_sections, parts, axis)


@adjoint(np.array_split, static=("indices_or_sections", "axis"))
def array_split(ary: Any, indices_or_sections: Any, axis: Any = 0) -> Any:
    """parts = `ary` cut along `axis` into nearly equal parts."""
    parts = np.array_split(ary, indices_or_sections, axis)
    return parts, _split_pullback(ary, indices_or_sections, parts, axis)


@adjoint(np.vsplit, static=("indices_or_sections",))
def vsplit(ary: Any, indices_or_sections: Any) -> Any:
    """parts = `ary` cut along the first axis."""
    parts = np.vsplit(ary, indices_or_sections)
    return parts, _split_pullback(ary, indices_or_sections, parts, 0)


@adjoint(np.hsplit, static=("indices_or_sections",))
def hsplit(ary: Any, indices_or_sections: Any) -> Any:
    """parts = `ary` cut along the second axis (the first of a 1-D array)."""
    parts = np.hsplit(ary, indices_or_sections)
    return parts, _split_pullback(ary, indices_or_sections, parts, min(1, np.ndim(ary) - 1))


@adjoint(np.dsplit, static=("indices_or_sections",))
def dsplit(ary: Any, indices_or_sections: Any) -> Any:
    """parts = `ary` cut along the third axis."""
    parts = np.dsplit(ary, indices_or_sections)
    return parts, _split_pullback(ary, indices_or_sections, parts, 2)


def _split_pullback(ary: Any, indices_or_sections: Any, parts: Any, axis: int) -> Any:
    shape = np.shape(ary)
    dtype = dtype_of(ary)
    shapes = shapes_of(parts)
    cuts = None if np.ndim(indices_or_sections) == 0 else list(indices_or_sections)

    def split_pullback(d_parts: Any) -> Any:
        if cuts is None:
            return (joined(d_parts, shapes, axis, dtype),)
        return (_added_back(d_parts, cuts, shape, axis, dtype),)

    return split_pullback


def _added_back(d_parts: Any, cuts: list[int], shape: Shape, axis: int, dtype: Any) -> Any:
    """Add the parts back where they were cut: cuts in no order overlap or leave elements out."""
    d_ary = np.zeros(shape, dtype if dtype.kind in "fcO" else np.float64)
    before = (slice(None),) * (axis % len(shape))
    starts = [0, *cuts]
    ends = [*cuts, shape[axis]]
    for start, end, d in zip(starts, ends, slots(d_parts, len(starts)), strict=True):
        if not is_zero(d):
            d_ary[(*before, slice(start, end))] += d
    return d_ary


if hasattr(np, "unstack"):

    @adjoint(np.unstack, kind="unknown")  # the length of the tuple depends on the shape
    def unstack(x: Any, /, *, axis: Any = 0) -> Any:
        """parts = the slices of `x` along `axis`."""
        shape = np.shape(x)
        dtype = dtype_of(x)

        def unstack_pullback(d_parts: Any) -> Any:
            one = np.delete(shape, axis)
            shapes = [tuple(one)] * shape[axis]
            flat = [
                np.zeros(part, dtype if dtype.kind in "fcO" else np.float64) if is_zero(d) else d
                for d, part in zip(slots(d_parts, len(shapes)), shapes, strict=True)
            ]
            return (np.stack(flat, axis),) if flat else (None,)

        return np.unstack(x, axis=axis), unstack_pullback
