"""Adjoints of functions that make arrays of other values, change their type, or take them apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.adjoints.numpy.axes import functions, methods, rounds
from dpy.adjoints.registry import adjoint
from dpy.cotangent import is_zero
from dpy.structured import apart, gathered, has_fields

# --- making arrays ----------------------------------------------------------------------------


@adjoint(np.array, static=("dtype",))
def array(
    object: Any,
    dtype: Any = None,
    *,
    copy: Any = True,
    order: Any = "K",
    subok: Any = False,
    ndmin: Any = 0,
    like: Any = None,
) -> Any:
    """An array of a number, an array or nested lists; the cotangent has the same structure."""

    def array_pullback(d_y: Any) -> Any:
        return (unpacked(d_y, object, dtype, ndmin),)

    y = np.array(object, dtype, copy=copy, order=order, subok=subok, ndmin=ndmin, like=like)
    return y, array_pullback


@adjoint(np.asarray, static=("dtype", "order"))
def asarray(
    a: Any,
    dtype: Any = None,
    order: Any = None,
    *,
    device: Any = None,
    copy: Any = None,
    like: Any = None,
) -> Any:
    """The argument itself if it is an array, else an array of it."""

    def asarray_pullback(d_y: Any) -> Any:
        return (unpacked(d_y, a, dtype),)

    return np.asarray(a, dtype, order, device=device, copy=copy, like=like), asarray_pullback


@adjoint(np.asanyarray, static=("dtype", "order"))
def asanyarray(
    a: Any,
    dtype: Any = None,
    order: Any = None,
    *,
    device: Any = None,
    copy: Any = None,
    like: Any = None,
) -> Any:
    """As asarray; subclasses pass."""

    def asanyarray_pullback(d_y: Any) -> Any:
        return (unpacked(d_y, a, dtype),)

    return np.asanyarray(a, dtype, order, device=device, copy=copy, like=like), asanyarray_pullback


@adjoint(np.ascontiguousarray, static=("dtype",))
def ascontiguousarray(a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """An array whose rows lie one after the other."""

    def ascontiguousarray_pullback(d_y: Any) -> Any:
        return (unpacked(d_y, a, dtype),)

    return np.ascontiguousarray(a, dtype, like=like), ascontiguousarray_pullback


@adjoint(np.asfortranarray, static=("dtype",))
def asfortranarray(a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """An array whose columns lie one after the other."""

    def asfortranarray_pullback(d_y: Any) -> Any:
        return (unpacked(d_y, a, dtype),)

    return np.asfortranarray(a, dtype, like=like), asfortranarray_pullback


@adjoint(*functions("asarray_chkfinite"), static=("dtype", "order"))
def asarray_chkfinite(a: Any, dtype: Any = None, order: Any = None) -> Any:
    """As asarray; refuses NaN and infinity."""

    def asarray_chkfinite_pullback(d_y: Any) -> Any:
        return (unpacked(d_y, a, dtype),)

    return np.asarray_chkfinite(a, dtype, order), asarray_chkfinite_pullback


@adjoint(np.require, static=("dtype", "requirements"))
def require(a: Any, dtype: Any = None, requirements: Any = None, *, like: Any = None) -> Any:
    """As asanyarray, with requirements on the memory."""

    def require_pullback(d_y: Any) -> Any:
        return (unpacked(d_y, a, dtype),)

    return np.require(a, dtype, requirements, like=like), require_pullback


@adjoint(np.copy, static=("order", "subok"), fresh=True)
def copy(a: Any, order: Any = "K", subok: Any = False) -> Any:
    """A copy."""

    def copy_pullback(d_y: Any) -> Any:
        return (unpacked(d_y, a),)

    return np.copy(a, order, subok), copy_pullback


@adjoint(*methods("copy"), static=("order",), fresh=True)
def copy_method(a: Any, order: Any = "C") -> Any:
    """A copy."""

    def copy_pullback(d_y: Any) -> Any:
        return (d_y,)

    return a.copy(order), copy_pullback


@adjoint(*methods("__copy__"), fresh=True)
def copy_protocol(a: Any) -> Any:
    """The copy that copy.copy makes."""

    def copy_pullback(d_y: Any) -> Any:
        return (d_y,)

    return a.__copy__(), copy_pullback


@adjoint(*methods("__deepcopy__"), static=("memo",), fresh=True)
def deepcopy_protocol(a: Any, memo: Any) -> Any:
    """The copy that copy.deepcopy makes."""

    def copy_pullback(d_y: Any) -> Any:
        return (d_y,)

    return a.__deepcopy__(memo), copy_pullback


def unpacked(d_y: Any, x: Any, dtype: Any = None, ndmin: Any = 0) -> Any:
    """The cotangent of an array in the structure of what the array was made of.

    >>> unpacked(np.array([[1.0, 2.0], [3.0, 4.0]]), [[0.0, 0.0], np.zeros(2)])
    [[1.0, 2.0], array([3., 4.])]
    """
    if has_fields(d_y):
        return apart(d_y, x, np.asarray(x).dtype if dtype is None else np.dtype(dtype))
    if dtype is not None and rounds(x, dtype):
        return None
    if not isinstance(x, (list, tuple)):  # some functions add axes, to numbers even unasked
        return d_y if np.shape(d_y) == np.shape(x) else np.reshape(d_y, np.shape(x))
    return nested(np.reshape(d_y, np.shape(x)) if ndmin else d_y, x)


def nested(d_y: Any, x: Any) -> Any:
    """The items of an array as nested lists and tuples like those of `x`."""
    if not isinstance(x, (list, tuple)):
        return d_y
    items: Any = d_y.tolist() if d_y.ndim == 1 else map(nested, d_y, x)
    return list(items) if isinstance(x, list) else tuple(items)


# --- changing the type ------------------------------------------------------------------------


@adjoint(*methods("astype"), static=("dtype", "order", "casting", "subok", "copy"))
def astype_method(
    a: Any,
    dtype: Any,
    order: Any = "K",
    casting: Any = "unsafe",
    subok: Any = True,
    copy: Any = True,
) -> Any:
    """Another dtype; from floats to integers the value moves in steps, so no gradient."""
    cut = rounds(a, dtype)

    def astype_pullback(d_y: Any) -> Any:
        if has_fields(d_y):
            return (apart(d_y, a, np.dtype(dtype)),)
        return (None if cut else d_y,)

    return a.astype(dtype, order, casting, subok, copy), astype_pullback


@adjoint(*functions("astype"), static=("dtype",))
def astype(x: Any, dtype: Any, *, copy: Any = True, device: Any = None) -> Any:
    """Another dtype."""
    cut = rounds(x, dtype)

    def astype_pullback(d_y: Any) -> Any:
        if has_fields(d_y):
            return (apart(d_y, x, np.dtype(dtype)),)
        return (None if cut else d_y,)

    return np.astype(x, dtype, copy=copy, device=device), astype_pullback


# --- taking arrays apart ----------------------------------------------------------------------


@adjoint(*methods("item"), kind="unknown", fresh=True)
def item(a: Any, *args: Any) -> Any:
    """One element as a Python number: the only one, or that at a flat or a full index."""
    shape, dtype = np.shape(a), a.dtype
    nothing = (None,) * len(args)

    def item_pullback(d_y: Any) -> Any:
        if dtype.names is not None:
            flat = np.arange(a.size).reshape(shape)
            return (gathered({int(flat.item(*args)): d_y}, a.size, dtype).reshape(shape), *nothing)
        return (element(d_y, shape, args), *nothing)

    return a.item(*args), item_pullback


def element(d_y: Any, shape: tuple[int, ...], index: tuple[Any, ...]) -> Any:
    """Zeros but for `d_y` at the index that `item` was given."""
    d_x = np.zeros(shape, np.result_type(d_y))
    if not index:
        d_x[...] = d_y
    elif isinstance(index[0], tuple):
        d_x[index[0]] = d_y
    elif len(index) > 1:
        d_x[index] = d_y
    else:
        d_x.reshape(-1)[index[0]] = d_y
    return d_x


@adjoint(*methods("tolist"), kind="unknown", fresh=True)
def tolist(a: Any) -> Any:
    """Nested lists of Python numbers."""
    shape = np.shape(a)
    kind = a.dtype.kind

    def tolist_pullback(d_y: Any) -> Any:
        if a.dtype.names is not None:
            return (gathered(d_y, shape, a.dtype),)
        return (packed(d_y, shape, complex if kind == "c" else float),)

    return a.tolist(), tolist_pullback


def packed(d_y: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """One array of the nested cotangents of nested lists, in which missing slots are zero.

    >>> packed({1: {0: 2.0}}, (2, 2), float)
    array([[0., 0.],
           [2., 0.]])
    """
    d_x = np.zeros(shape, dtype)
    if isinstance(d_y, dict):
        for slot, d in d_y.items():
            d_x[slot] = packed(d, shape[1:], dtype)
    elif isinstance(d_y, (list, tuple)):
        for slot, d in enumerate(d_y):
            d_x[slot] = packed(d, shape[1:], dtype)
    elif not is_zero(d_y):
        d_x[...] = d_y
    return d_x
