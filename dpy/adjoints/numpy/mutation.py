"""Rules for functions that write into an array.

The pullback of such a rule gets the cotangent of the array *after* the write, which it must not
change, and returns the cotangent of the array *before* the write: the same, but zero where it
was overwritten. What was written gets the rest. Where several values were written to one place,
the last one stayed, and it alone gets the gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.adjoints import registry
from dpy.adjoints.numpy.arguments import dtype_of
from dpy.adjoints.numpy.indexing import along_axis, may_repeat
from dpy.adjoints.numpy.sorting import moved_back, origin
from dpy.adjoints.registry import adjoint
from dpy.cotangent import ZERO, is_zero, times
from dpy.errors import MutationError, UnsupportedSyntaxError

__all__ = ["cleared", "last_written", "written"]


# --- what was written, and what was lost ------------------------------------------------------


def cleared(d_after: Any, index: Any) -> Any:
    """A copy of `d_after` with zeros at `index`.

    >>> cleared(np.array([1.0, 2.0, 3.0]), slice(0, 2))
    array([0., 0., 3.])
    """
    if is_zero(d_after):
        return d_after
    d_before = d_after.copy()
    d_before[index] = 0
    return d_before


def last_written(index: Any, shape: tuple[int, ...]) -> Any:
    """For each element that `index` names: whether no later one names the same place.

    >>> last_written([0, 1, 0], (2,))
    array([False,  True,  True])
    """
    owner = np.empty(shape, np.intp)
    numbers = np.arange(owner[index].size).reshape(owner[index].shape)
    owner[index] = numbers
    return owner[index] == numbers


def written(d_after: Any, index: Any, truncates: bool = False) -> Any:
    """The cotangent of the values written to `index`, before it is summed to their shape.

    `truncates` says that the array keeps less than the value: no gradient then.
    """
    if is_zero(d_after) or truncates:
        return None
    d_value = d_after[index]
    if not may_repeat(index):
        return d_value.copy() if isinstance(d_value, np.ndarray) else d_value
    return np.where(last_written(index, d_after.shape), d_value, 0.0)


def rounds(array: Any, value: Any) -> bool:
    """Whether writing `value` into `array` rounds it (a float into an array of integers).

    >>> rounds(np.zeros(2, int), 0.5), rounds(np.zeros(2, int), 3)
    (True, False)
    """
    return array.dtype.kind not in "fcO" and dtype_of(value).kind not in "biu"


@adjoint(np.ndarray.__setitem__, mutates=0)
def array_setitem(a: Any, index: Any, value: Any, /) -> Any:
    """a[index] = value."""
    truncates = rounds(a, value)
    a[index] = value

    def array_setitem_pullback(d_result: Any, d_after: Any) -> Any:
        return cleared(d_after, index), None, written(d_after, index, truncates)

    return None, array_setitem_pullback


# --- writing everywhere, or where a mask says -------------------------------------------------


@adjoint(np.ndarray.fill, mutates=0)
def fill(a: Any, value: Any, /) -> Any:
    """Every element becomes `value`."""
    truncates = rounds(a, value)
    a.fill(value)

    def fill_pullback(d_result: Any, d_after: Any) -> Any:
        return cleared(d_after, ...), written(d_after, ..., truncates)

    return None, fill_pullback


@adjoint(np.copyto, mutates=0, static=("casting",))
def copyto(dst: Any, src: Any, casting: Any = "same_kind", where: Any = True) -> Any:
    """Elements of `src` replace those of `dst` where the mask holds."""
    truncates = rounds(dst, src)
    np.copyto(dst, src, casting, where)

    def copyto_pullback(d_result: Any, d_after: Any) -> Any:
        d_dst, d_src = _by_mask(d_after, where)
        return d_dst, None if truncates else d_src, None

    return None, copyto_pullback


def _by_mask(d_after: Any, mask: Any) -> tuple[Any, Any]:
    """The cotangents of the array before, and of what was written where `mask` holds."""
    if is_zero(d_after):
        return ZERO, ZERO
    return np.where(mask, 0.0, d_after), np.where(mask, d_after, 0.0)


@adjoint(np.putmask, mutates=0)
def putmask(a: Any, /, mask: Any, values: Any) -> Any:
    """a.flat[i] = values[i] where the mask holds; `values` is repeated."""
    truncates = rounds(a, values)
    np.putmask(a, mask, values)

    def putmask_pullback(d_result: Any, d_after: Any) -> Any:
        if not np.size(values):
            return d_after, None, None
        d_a, d_written = _by_mask(d_after, np.reshape(mask, np.shape(d_after)))
        if truncates or is_zero(d_written):
            return d_a, None, None
        return d_a, None, _folded(d_written.ravel(), np.shape(values))

    return None, putmask_pullback


@adjoint(np.place, mutates=0)
def place(arr: Any, mask: Any, vals: Any) -> Any:
    """The elements where the mask holds become `vals`, one after the other, repeated."""
    truncates = rounds(arr, vals)
    np.place(arr, mask, vals)

    def place_pullback(d_result: Any, d_after: Any) -> Any:
        chosen = np.asarray(mask, bool).reshape(np.shape(d_after))
        d_arr, _ = _by_mask(d_after, chosen)
        if truncates or is_zero(d_after):
            return d_arr, None, None
        return d_arr, None, _folded(d_after[chosen], np.shape(vals))

    return None, place_pullback


def _folded(d: Any, shape: tuple[int, ...]) -> Any:
    """The cotangent of values that were repeated, one after the other, to the length of `d`.

    >>> _folded(np.array([1.0, 2.0, 4.0]), (2,))
    array([5., 2.])
    """
    n = int(np.prod(shape))
    total = np.zeros(n, d.dtype)
    if n:
        np.add.at(total, np.arange(d.size) % n, d)
    return total.reshape(shape)


# --- writing to places ------------------------------------------------------------------------


def _put(a: Any, ind: Any, v: Any, mode: Any) -> Any:
    truncates = rounds(a, v)
    np.put(a, ind, v, mode)

    def put_pullback(d_result: Any, d_after: Any) -> Any:
        if is_zero(d_after):
            return None, None, None
        n = d_after.size
        if not np.size(v):
            return d_after, None, None
        places = np.ravel(np.asarray(ind, np.intp))
        if mode != "raise" and places.size:
            places = places % n if mode == "wrap" else np.clip(places, 0, n - 1)
        flat = d_after.ravel()
        d_a = cleared(flat, places).reshape(d_after.shape)
        d_v = written(flat, places, truncates)
        return d_a, None, None if d_v is None else _folded(d_v, np.shape(v))

    return None, put_pullback


@adjoint(np.put, mutates=0, static=("mode",))
def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> Any:
    """a.flat[ind] = v; `v` is repeated."""
    return _put(a, ind, v, mode)


@adjoint(np.ndarray.put, mutates=0, static=("mode",))
def array_put(a: Any, indices: Any, values: Any, /, mode: str = "raise") -> Any:
    """a.flat[indices] = values; `values` are repeated."""
    return _put(a, indices, values, mode)


@adjoint(np.put_along_axis, mutates=0, static=("axis",))
def put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> Any:
    """arr[indices[i, j], j] = values[i, j] (for axis 0)."""
    truncates = rounds(arr, values)
    np.put_along_axis(arr, indices, values, axis)

    def put_along_axis_pullback(d_result: Any, d_after: Any) -> Any:
        if is_zero(d_after):
            return None, None, None
        shape = d_after.shape
        flat = d_after.ravel() if axis is None else d_after
        index = indices if axis is None else along_axis(indices, axis, shape)
        return cleared(flat, index).reshape(shape), None, written(flat, index, truncates)

    return None, put_along_axis_pullback


@adjoint(np.fill_diagonal, mutates=0, static=("wrap",))
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> Any:
    """The main diagonal becomes `val`, which is repeated."""
    truncates = rounds(a, val)
    np.fill_diagonal(a, val, wrap)

    def fill_diagonal_pullback(d_result: Any, d_after: Any) -> Any:
        if is_zero(d_after):
            return None, None
        numbers = np.arange(d_after.size)
        on = np.zeros(d_after.shape, bool)
        np.fill_diagonal(on, True, wrap)
        places = numbers[on.ravel()]
        d_val = _folded(d_after.ravel()[places], np.shape(val))
        return np.where(on, 0.0, d_after), None if truncates else d_val

    return None, fill_diagonal_pullback


# --- rearranging ------------------------------------------------------------------------------


@adjoint(np.ndarray.sort, mutates=0, static=("axis", "kind", "order"))
def array_sort(
    a: Any, /, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> Any:
    """`a` is sorted in place."""
    places = np.argsort(a, axis, kind="stable", order=order)
    a.sort(axis, kind, order, stable=stable)

    def array_sort_pullback(d_result: Any, d_after: Any) -> Any:
        if is_zero(d_after):
            return (None,)
        return (moved_back(d_after, places, axis, d_after.shape),)

    return None, array_sort_pullback


@adjoint(np.ndarray.partition, mutates=0, static=("kth", "axis", "kind", "order"))
def array_partition(
    a: Any, kth: Any, /, axis: Any = -1, kind: Any = "introselect", order: Any = None
) -> Any:
    """`a` is partitioned in place."""
    before = a.copy()
    a.partition(kth, axis, kind, order)
    places = origin(before, a, axis)

    def array_partition_pullback(d_result: Any, d_after: Any) -> Any:
        if is_zero(d_after):
            return (None,)
        return (moved_back(d_after, places, axis, d_after.shape),)

    return None, array_partition_pullback


@adjoint(np.ndarray.resize, mutates=0, static=("new_shape",))
def array_resize(a: Any, /, *new_shape: Any, refcheck: bool = True) -> Any:
    """Refused: it changes the array's memory, which saved views share."""
    raise UnsupportedSyntaxError(
        "`array.resize(...)` cannot be differentiated",
        why="it replaces the memory of the array in place",
        repair="assign a new array: `a = np.resize(a, shape)`, or use np.pad or a slice",
    )


# --- ufunc.at ---------------------------------------------------------------------------------


@adjoint(np.ufunc.at, mutates=1)
def ufunc_at(ufunc: Any, a: Any, indices: Any, b: Any = None, /) -> Any:
    """``a[indices] = ufunc(a[indices], b)``, one index after the other."""
    is_sum = ufunc in (np.add, np.subtract)
    before = None if is_sum else a.copy()
    # A copy: b may be a view of a, which is about to change.
    kept = b.copy() if isinstance(b, np.ndarray) else b
    operands = () if is_sum or ufunc.nin == 1 else (kept,)
    if ufunc.nin == 1:
        ufunc.at(a, indices)
    else:
        ufunc.at(a, indices, b)

    def ufunc_at_pullback(d_result: Any, d_after: Any) -> Any:
        if is_zero(d_after):
            return None, None, None, None
        if is_sum:
            d_b = d_after[indices]
            return None, d_after, None, d_b * 1.0 if ufunc is np.add else -d_b
        d_a, d_b = _reversed_steps(ufunc, before, indices, operands, d_after)
        return None, d_a, None, d_b if operands else None

    return None, ufunc_at_pullback


def _reversed_steps(
    ufunc: Any, before: Any, indices: Any, operands: tuple[Any, ...], d_after: Any
) -> tuple[Any, Any]:
    """Run ``ufunc.at`` again in rounds in which every place occurs once, then back."""
    rule = registry.lookup(ufunc)
    if rule is None or rule.partials is None:
        raise MutationError(
            f"np.{ufunc.__name__}.at cannot be differentiated",
            why=f"np.{ufunc.__name__} has no elementwise rule",
            repair="compute the values, then write them with `a[indices] = values`",
        )
    numbers = np.arange(before.size).reshape(before.shape)[indices]
    places = np.ravel(numbers)
    values = [np.broadcast_to(operand, np.shape(numbers)).ravel() for operand in operands]
    flat = before.flatten()
    steps = []
    for chosen in _occurrences(places):
        at = places[chosen]
        inputs = (flat[at], *(value[chosen] for value in values))
        flat[at] = ufunc(*inputs)
        steps.append((chosen, at, inputs, flat[at]))
    d_flat = d_after.flatten()
    d_b = np.zeros(places.shape, d_after.dtype)
    for chosen, at, inputs, y in reversed(steps):
        d_inputs = [
            np.zeros_like(y)
            if partial is None
            else times(d_flat[at], np.conjugate(partial(*inputs, y)), rule.singular)
            for partial in rule.partials
        ]
        d_flat[at] = d_inputs[0]
        if operands:
            d_b[chosen] = d_inputs[1]
    return d_flat.reshape(d_after.shape), d_b.reshape(np.shape(numbers))


def _occurrences(places: Any) -> list[Any]:
    """Index arrays: the first occurrence of every place, then the second, and so on.

    >>> _occurrences(np.array([5, 7, 5]))
    [array([0, 1]), array([2])]
    """
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    starts = np.searchsorted(ordered, ordered, "left")
    rank = np.empty(len(places), np.intp)
    rank[order] = np.arange(len(places)) - starts
    return [np.flatnonzero(rank == k) for k in range(rank.max() + 1)] if len(places) else []
