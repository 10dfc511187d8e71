"""Adjoints of functions that only rearrange, repeat or drop elements, and of array attributes."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.adjoints import registry
from dpy.adjoints.numpy.axes import functions, methods
from dpy.adjoints.registry import Rule, adjoint
from dpy.cotangent import is_zero, unbroadcast
from dpy.errors import UnsupportedSyntaxError
from dpy.kinds import Array, Tuple, number_type

# --- reshape and ravel ------------------------------------------------------------------------


def kind_of_reshaped(a: Any, *shape: Any, **settings: Any) -> Any:
    """As many axes as there are integers in the shape: small arrays would not show it."""
    if len(shape) == 1 and isinstance(shape[0], Tuple):
        shape = shape[0].items
    elif settings.get("shape") is not None or not shape:
        return NotImplemented
    if isinstance(a, Array) and all(number_type(n) is int for n in shape):
        return Array(a.dtype, len(shape))
    return NotImplemented


@adjoint(np.reshape, static=("shape", "order", "copy"), kind=kind_of_reshaped)
def reshape(a: Any, shape: Any, order: Any = "C", copy: Any = None) -> Any:
    """The same elements in another shape."""
    old = np.shape(a)
    places = reading_order(a, order)

    def reshape_pullback(d_y: Any) -> Any:
        return (put_back(d_y, old, places),)

    return np.reshape(a, shape, order, copy=copy), reshape_pullback


@adjoint(*methods("reshape"), kind=kind_of_reshaped)
def reshape_method(a: Any, *shape: Any, order: Any = "C", copy: Any = None) -> Any:
    """The same elements in another shape, given as a tuple or as several integers."""
    old = a.shape
    places = reading_order(a, order)
    nothing = (None,) * len(shape)

    def reshape_pullback(d_y: Any) -> Any:
        return (put_back(d_y, old, places), *nothing)

    return a.reshape(*shape, order=order, copy=copy), reshape_pullback


@adjoint(np.ravel, *methods("ravel"), static=("order",))
def ravel(a: Any, order: Any = "C") -> Any:
    """The elements in one row."""
    old = np.shape(a)
    places = reading_order(a, order)

    def ravel_pullback(d_y: Any) -> Any:
        return (put_back(d_y, old, places),)

    return np.ravel(a, order), ravel_pullback


@adjoint(*methods("flatten"), static=("order",), fresh=True)
def flatten(a: Any, order: Any = "C") -> Any:
    """A copy of the elements in one row."""
    old = np.shape(a)
    places = reading_order(a, order)

    def flatten_pullback(d_y: Any) -> Any:
        return (put_back(d_y, old, places),)

    return a.flatten(order), flatten_pullback


def permuted(d_y: Any, axes: Any) -> Any:
    """`np.transpose`, of which the method is the faster form."""
    return d_y.transpose(axes) if isinstance(d_y, np.ndarray) else np.transpose(d_y, axes)


def reading_order(a: Any, order: Any) -> Any:
    """How the elements are read: "C", "F", or (order "K") the flat place of each in turn.

    "A" and "K" depend on how `a` lies in memory, so this is settled before the pullback.
    """
    if order == "C" or order is None:
        return "C"
    order = order.upper()
    if order in "CF" or np.ndim(a) < 2:
        return "F" if order == "F" else "C"
    a = np.asarray(a)
    if order == "A":
        return "F" if a.flags.f_contiguous and not a.flags.c_contiguous else "C"
    if 0 in a.strides:  # NumPy's iterator then chooses an order that it tells nobody
        raise UnsupportedSyntaxError(
            "order='K' of a broadcast array cannot be differentiated",
            repair="use order='C', or copy the array first",
        )
    places = np.empty_like(a, dtype=np.intp)
    places[...] = np.arange(a.size).reshape(a.shape)
    return places.ravel("K")


def put_back(d_y: Any, shape: tuple[int, ...], places: Any) -> Any:
    """Undo a reshape that read the elements in the order that `reading_order` found."""
    if isinstance(places, str):
        if isinstance(d_y, np.ndarray):
            return d_y.reshape(shape) if places == "C" else d_y.reshape(shape, order=places)
        return np.reshape(d_y, shape)
    return np.reshape(np.ravel(d_y)[np.argsort(places)], shape)


# --- permutations of the axes -----------------------------------------------------------------


@adjoint(*functions("transpose", "permute_dims"), static=("axes",))
def transpose(a: Any, axes: Any = None) -> Any:
    """The axes in another order."""

    def transpose_pullback(d_y: Any) -> Any:
        return (permuted(d_y, inverse_axes(axes)),)

    return np.transpose(a, axes), transpose_pullback


@adjoint(*methods("transpose"))
def transpose_method(a: Any, *axes: Any) -> Any:
    """The axes in another order, given as a tuple or as several integers."""
    given = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None
    nothing = (None,) * len(axes)

    def transpose_pullback(d_y: Any) -> Any:
        return (permuted(d_y, inverse_axes(given)), *nothing)

    return a.transpose(*axes), transpose_pullback


@adjoint(*functions("matrix_transpose"))
def matrix_transpose(x: Any) -> Any:
    """The last two axes exchanged."""

    def matrix_transpose_pullback(d_y: Any) -> Any:
        return (np.swapaxes(d_y, -1, -2),)

    return np.swapaxes(x, -1, -2), matrix_transpose_pullback


@adjoint(np.swapaxes, np.ndarray.swapaxes, static=("axis1", "axis2"))
def swapaxes(a: Any, axis1: Any, axis2: Any) -> Any:
    """Two axes exchanged."""

    def swapaxes_pullback(d_y: Any) -> Any:
        return (np.swapaxes(d_y, axis1, axis2),)

    return np.swapaxes(a, axis1, axis2), swapaxes_pullback


@adjoint(np.moveaxis, static=("source", "destination"))
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """Some axes moved."""

    def moveaxis_pullback(d_y: Any) -> Any:
        return (np.moveaxis(d_y, destination, source),)

    return np.moveaxis(a, source, destination), moveaxis_pullback


@adjoint(np.rollaxis, static=("axis", "start"))
def rollaxis(a: Any, axis: Any, start: Any = 0) -> Any:
    """One axis moved to before another."""
    order = np.rollaxis(np.empty(tuple(range(np.ndim(a)))), axis, start).shape

    def rollaxis_pullback(d_y: Any) -> Any:
        return (np.transpose(d_y, inverse_axes(order)),)

    return np.rollaxis(a, axis, start), rollaxis_pullback


def inverse_axes(axes: Any) -> Any:
    """The permutation that undoes `axes`; None (all reversed) undoes itself.

    >>> inverse_axes((2, 0, -2))
    (1, 2, 0)
    """
    if axes is None:
        return None
    order = [i % len(axes) for i in axes]
    return tuple(sorted(range(len(order)), key=order.__getitem__))


# --- axes of length one, and broadcasting -----------------------------------------------------


@adjoint(np.squeeze, *methods("squeeze"), static=("axis",), kind="unknown")
def squeeze(a: Any, axis: Any = None) -> Any:
    """Axes of length one dropped."""
    old = np.shape(a)

    def squeeze_pullback(d_y: Any) -> Any:
        return (np.reshape(d_y, old),)

    return np.squeeze(a, axis), squeeze_pullback


@adjoint(np.expand_dims, static=("axis",))
def expand_dims(a: Any, axis: Any) -> Any:
    """Axes of length one added."""
    old = np.shape(a)

    def expand_dims_pullback(d_y: Any) -> Any:
        return (np.reshape(d_y, old),)

    return np.expand_dims(a, axis), expand_dims_pullback


@adjoint(np.atleast_1d)
def atleast_1d(*arys: Any) -> Any:
    """Arrays of one axis or more: one, or a tuple of several."""

    def atleast_1d_pullback(d_y: Any) -> Any:
        return reshape_each(d_y, arys)

    return np.atleast_1d(*arys), atleast_1d_pullback


@adjoint(np.atleast_2d)
def atleast_2d(*arys: Any) -> Any:
    """Arrays of two axes or more."""

    def atleast_2d_pullback(d_y: Any) -> Any:
        return reshape_each(d_y, arys)

    return np.atleast_2d(*arys), atleast_2d_pullback


@adjoint(np.atleast_3d)
def atleast_3d(*arys: Any) -> Any:
    """Arrays of three axes or more."""

    def atleast_3d_pullback(d_y: Any) -> Any:
        return reshape_each(d_y, arys)

    return np.atleast_3d(*arys), atleast_3d_pullback


def reshape_each(d_y: Any, arrays: tuple[Any, ...]) -> tuple[Any, ...]:
    """The cotangents of a call that gives one array for one, and a tuple for several."""
    each = (d_y,) if len(arrays) == 1 else d_y
    return tuple(
        None if is_zero(each[i]) else np.reshape(each[i], np.shape(x)) for i, x in enumerate(arrays)
    )


@adjoint(np.broadcast_to, static=("shape", "subok"))
def broadcast_to(array: Any, shape: Any, subok: Any = False) -> Any:
    """The array repeated along new axes and axes of length one."""
    old = np.shape(array)

    def broadcast_to_pullback(d_y: Any) -> Any:
        return (unbroadcast(d_y, old),)

    return np.broadcast_to(array, shape, subok), broadcast_to_pullback


@adjoint(np.broadcast_arrays)
def broadcast_arrays(*args: Any, subok: Any = False) -> Any:
    """Arrays brought to one shape."""
    shapes = [np.shape(x) for x in args]

    def broadcast_arrays_pullback(d_y: Any) -> Any:
        return tuple(
            None if is_zero(d_y[i]) else unbroadcast(d_y[i], shape)
            for i, shape in enumerate(shapes)
        )

    return np.broadcast_arrays(*args, subok=subok), broadcast_arrays_pullback


# --- repeating --------------------------------------------------------------------------------


@adjoint(np.tile, static=("reps",), fresh=True)
def tile(A: Any, reps: Any) -> Any:  # noqa: N803 - NumPy's own name
    """The array laid side by side."""
    old = np.shape(A)

    def tile_pullback(d_y: Any) -> Any:
        return (sum_tiles(d_y, old, reps),)

    return np.tile(A, reps), tile_pullback


def sum_tiles(d_y: Any, shape: tuple[int, ...], reps: Any) -> Any:
    """The sum of the cotangents of all tiles."""
    counts = (reps,) if np.ndim(reps) == 0 else tuple(reps)
    n = max(len(counts), len(shape))
    counts = (1,) * (n - len(counts)) + counts
    lengths = (1,) * (n - len(shape)) + shape
    pairs = [i for pair in zip(counts, lengths, strict=True) for i in pair]
    return np.reshape(np.sum(np.reshape(d_y, pairs), axis=tuple(range(0, 2 * n, 2))), shape)


@adjoint(np.repeat, *methods("repeat"), static=("repeats", "axis"), fresh=True)
def repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    """Every element (or slice along the axis) several times, one count for all or one for each."""
    old = np.shape(a)

    def repeat_pullback(d_y: Any) -> Any:
        return (sum_repeats(d_y, old, repeats, axis),)

    return np.repeat(a, repeats, axis), repeat_pullback


def sum_repeats(d_y: Any, shape: tuple[int, ...], repeats: Any, axis: Any) -> Any:
    """The sum of the cotangents of all copies of each element."""
    flat = (int(np.prod(shape)),) if axis is None or not shape else shape
    axis = 0 if axis is None or not shape else axis % len(shape)
    counts = np.broadcast_to(np.asarray(repeats, dtype=int).ravel(), (flat[axis],))
    d_y = np.moveaxis(d_y, axis, 0)
    d_x = np.zeros((flat[axis], *d_y.shape[1:]), d_y.dtype)
    some = counts > 0  # reduceat needs runs that are not empty
    if some.any():
        starts = np.cumsum(counts) - counts
        d_x[some] = np.add.reduceat(d_y, starts[some], axis=0)
    return np.reshape(np.moveaxis(d_x, 0, axis), shape)


@adjoint(np.resize, static=("new_shape",), fresh=True)
def resize(a: Any, new_shape: Any) -> Any:
    """The elements over and over until the new shape is full."""
    old = np.shape(a)

    def resize_pullback(d_y: Any) -> Any:
        return (sum_rounds(d_y, old),)

    return np.resize(a, new_shape), resize_pullback


def sum_rounds(d_y: Any, shape: tuple[int, ...]) -> Any:
    """The sum of the cotangents of all rounds, the last of which may be cut short."""
    d_y = np.ravel(d_y)
    size = int(np.prod(shape))
    if size == 0 or d_y.size == 0:
        return np.zeros(shape, d_y.dtype)
    rest = np.zeros(-d_y.size % size, d_y.dtype)
    return np.reshape(np.sum(np.reshape(np.concatenate([d_y, rest]), (-1, size)), axis=0), shape)


# --- moving elements along axes ---------------------------------------------------------------


@adjoint(np.roll, static=("shift", "axis"), fresh=True)
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """Elements shifted, those at the end to the front."""
    back = tuple(-i for i in shift) if isinstance(shift, (tuple, list)) else -shift

    def roll_pullback(d_y: Any) -> Any:
        return (np.roll(d_y, back, axis),)

    return np.roll(a, shift, axis), roll_pullback


@adjoint(np.flip, static=("axis",))
def flip(m: Any, axis: Any = None) -> Any:
    """Elements in reverse order."""

    def flip_pullback(d_y: Any) -> Any:
        return (np.flip(d_y, axis),)

    return np.flip(m, axis), flip_pullback


@adjoint(np.fliplr)
def fliplr(m: Any) -> Any:
    """Columns in reverse order."""

    def fliplr_pullback(d_y: Any) -> Any:
        return (np.fliplr(d_y),)

    return np.fliplr(m), fliplr_pullback


@adjoint(np.flipud)
def flipud(m: Any) -> Any:
    """Rows in reverse order."""

    def flipud_pullback(d_y: Any) -> Any:
        return (np.flipud(d_y),)

    return np.flipud(m), flipud_pullback


@adjoint(np.rot90, static=("k", "axes"))
def rot90(m: Any, k: Any = 1, axes: Any = (0, 1)) -> Any:
    """A quarter turn, k times."""

    def rot90_pullback(d_y: Any) -> Any:
        return (np.rot90(d_y, -k, axes),)

    return np.rot90(m, k, axes), rot90_pullback


# --- attributes -------------------------------------------------------------------------------


def attribute_rule(
    name: str,
    back: Callable[[Any, Any], Any] | None,
    *owners: type,
    forward: Callable[..., Any] | None = None,
) -> None:
    """Register the rule of an attribute of arrays and numbers under its descriptor.

    The compiler finds it as ``registry.lookup(np.ndarray.T)``. `back` takes the cotangent and the
    object; None for an attribute without gradient. `primal` is a function that reads the attribute.
    `forward` is the rule itself, where it is to be written in place.
    """

    def attribute(x: Any) -> Any:
        def attribute_pullback(d_y: Any) -> Any:
            return (back(d_y, x) if back is not None else None,)

        return getattr(x, name), attribute_pullback

    for owner in owners:
        descriptor = getattr(owner, name, None)
        if descriptor is None:
            continue
        rule = Rule(
            descriptor,
            None if back is None else forward or attribute,
            is_nondifferentiable=back is None,
        )
        registry.register(rule, replace=True)
        rule.primal = operator.attrgetter(name)  # what runs, since a descriptor cannot be called
        registry.register(rule, replace=True)


ARRAYS = (np.ndarray, np.generic)
NUMBERS = (np.ndarray, np.generic, float, complex, int)


def transposed(x: Any) -> Any:
    """``x.T``, without a closure, so that it is read and written in place."""

    def transposed_pullback(d_y: Any) -> Any:
        return (np.transpose(d_y),)

    return x.T, transposed_pullback


attribute_rule("T", lambda d_y, x: np.transpose(d_y), *ARRAYS, forward=transposed)
attribute_rule("mT", lambda d_y, x: np.swapaxes(d_y, -1, -2), np.ndarray)
attribute_rule("real", lambda d_y, x: d_y, *NUMBERS)
# d/dRe + i d/dIm: the imaginary part moves with the imaginary part only; a real x has none.
attribute_rule("imag", lambda d_y, x: d_y * 1j if np.iscomplexobj(x) else None, *NUMBERS)
# `base`, `data`, `flat` and `ctypes` have no rule: a cotangent that reaches one is an error.
for name in (
    "shape", "ndim", "size", "dtype", "itemsize", "nbytes", "strides", "flags", "device"
):  # fmt: skip
    attribute_rule(name, None, *ARRAYS)
