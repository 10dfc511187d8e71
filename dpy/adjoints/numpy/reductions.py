"""Adjoints of reductions: sums, means, products, extrema, and their NaN twins; integrals."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.adjoints.numpy.arguments import no_out
from dpy.adjoints.numpy.axes import (
    NO_VALUE,
    at_least_one,
    functions,
    kept_shape,
    methods,
    present,
    reduced_size,
    restore_axes,
    rows_of,
    smooth_dtype,
    smooth_shape,
    spread,
    unrows,
)
from dpy.adjoints.registry import adjoint, nondifferentiable
from dpy.cotangent import conjugate, unbroadcast

# The extrema take no dtype, the means no initial value.
REDUCED = ("axis", "dtype", "out", "keepdims", "where")
EXTREMUM = ("axis", "out", "keepdims", "where")

nondifferentiable(
    *functions("all", "any", "argmax", "argmin", "nanargmax", "nanargmin", "count_nonzero"),
    *methods("all"),
    *methods("any"),
    *methods("argmax"),
    *methods("argmin"),
)


# --- sums and means ---------------------------------------------------------------------------


@adjoint(np.sum, *methods("sum"), static=REDUCED, fresh=True)
def sum_(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Any:
    """y = initial + sum of a. The reduction is called without np.sum's wrapper, which is slow."""
    shape = smooth_shape(a, dtype)
    smooth = smooth_dtype(a, dtype)

    def sum_pullback(d_y: Any) -> Any:
        return spread(d_y, shape, axis, keepdims, where, smooth), d_y

    return np.add.reduce(a, axis, dtype, no_out(out), keepdims, initial, where), sum_pullback


@adjoint(np.nansum, static=REDUCED, fresh=True)
def nansum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Any:
    """y = initial + sum of those a that are not NaN."""
    shape = smooth_shape(a, dtype)
    mask = present(a, where)

    def nansum_pullback(d_y: Any) -> Any:
        return spread(d_y, shape, axis, keepdims, mask), d_y

    y = np.nansum(a, axis, dtype, no_out(out), keepdims, initial, where)
    return y, nansum_pullback


@adjoint(np.mean, static=REDUCED, fresh=True)
def mean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    where: Any = True,
) -> Any:
    """y = sum of a / count."""
    shape = smooth_shape(a, dtype)
    smooth = smooth_dtype(a, dtype)

    def mean_pullback(d_y: Any) -> Any:
        return (spread_mean(d_y, shape, axis, keepdims, where, smooth),)

    y = np.mean(a, axis, dtype, no_out(out), keepdims, where=where)
    return y, mean_pullback


@adjoint(*methods("mean"), static=REDUCED, fresh=True)
def mean_method(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    where: Any = True,
) -> Any:
    """y = sum of a / count: the method, which is faster than the function."""
    shape = smooth_shape(a, dtype)
    smooth = smooth_dtype(a, dtype)

    def mean_pullback(d_y: Any) -> Any:
        return (spread_mean(d_y, shape, axis, keepdims, where, smooth),)

    return a.mean(axis, dtype, no_out(out), keepdims, where=where), mean_pullback


@adjoint(np.nanmean, static=REDUCED, fresh=True)
def nanmean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    where: Any = True,
) -> Any:
    """y = the mean of those a that are not NaN."""
    shape = smooth_shape(a, dtype)
    mask = present(a, where)

    def nanmean_pullback(d_y: Any) -> Any:
        return (spread_mean(d_y, shape, axis, keepdims, mask),)

    y = np.nanmean(a, axis, dtype, no_out(out), keepdims, where=where)
    return y, nanmean_pullback


def spread_mean(
    d_y: Any, shape: Any, axis: Any, keepdims: Any, where: Any, smooth: Any = None
) -> Any:
    """The adjoint of a mean. An empty mean (NaN) has no element to pass a cotangent to."""
    if shape is None:
        return None
    dtype = None if where is True else np.result_type(d_y)
    count = reduced_size(shape, axis, keepdims, where, dtype)
    return spread(d_y / at_least_one(count), shape, axis, keepdims, where, smooth)


# --- products ---------------------------------------------------------------------------------


@adjoint(np.prod, *methods("prod"), static=REDUCED, fresh=True)
def prod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Any:
    """y = initial * product of a; the partial is the product of the others, zeros or not."""
    shape = smooth_shape(a, dtype)

    def prod_pullback(d_y: Any) -> Any:
        return spread_product(d_y, a, shape, axis, keepdims, initial, where)

    y = np.multiply.reduce(a, axis, dtype, no_out(out), keepdims, initial, where)
    return y, prod_pullback


@adjoint(np.nanprod, static=REDUCED, fresh=True)
def nanprod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Any:
    """y = initial * product of those a that are not NaN."""
    shape = smooth_shape(a, dtype)
    mask = present(a, where)

    def nanprod_pullback(d_y: Any) -> Any:
        return spread_product(d_y, a, shape, axis, keepdims, initial, mask)

    y = np.nanprod(a, axis, dtype, no_out(out), keepdims, initial, where)
    return y, nanprod_pullback


def spread_product(
    d_y: Any, a: Any, shape: Any, axis: Any, keepdims: Any, initial: Any, where: Any
) -> tuple[Any, Any]:
    """The cotangents of the factors and of `initial`."""
    if shape is None:
        return None, None
    d_all = spread(d_y, shape, axis, keepdims, where)
    others = products_of_others(a, axis, where)
    if initial is NO_VALUE:
        return d_all * np.conj(others), None
    product = np.prod(a, axis=axis, keepdims=bool(keepdims), where=where)
    return d_all * np.conj(others * initial), d_y * np.conj(product)


def products_of_others(a: Any, axis: Any, where: Any = True) -> Any:
    """For each element the product of all other elements that it is reduced with.

    Products from the left times products from the right: no division, so zeros are no special
    case, and nothing is lost where the full product underflows.

    >>> products_of_others(np.array([2.0, 0.0, 5.0]), None)
    array([ 0., 10.,  0.])
    """
    a = np.asarray(a)
    if where is not True:
        a = np.where(where, a, 1)
    if a.dtype.kind in "biu":
        a = a * 1.0
    rows = rows_of(a, axis)
    ones = np.ones((*rows.shape[:-1], min(1, rows.shape[-1])), rows.dtype)
    before = np.cumprod(np.concatenate([ones, rows[..., :-1]], axis=-1), axis=-1)
    after = np.cumprod(np.concatenate([ones, rows[..., :0:-1]], axis=-1), axis=-1)
    return unrows(before * after[..., ::-1], a.shape, axis)


# --- extrema ----------------------------------------------------------------------------------


@adjoint(*functions("max", "amax"), *methods("max"), static=EXTREMUM, fresh=True)
def max_(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Any:
    """y = the largest element; ties share the cotangent evenly."""
    y = np.maximum.reduce(a, axis, None, no_out(out), keepdims, initial, where)

    def max_pullback(d_y: Any) -> Any:
        return share(d_y, a, y, axis, keepdims, initial, where)

    return y, max_pullback


@adjoint(*functions("min", "amin"), *methods("min"), static=EXTREMUM, fresh=True)
def min_(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Any:
    """y = the smallest element; ties share the cotangent evenly."""
    y = np.minimum.reduce(a, axis, None, no_out(out), keepdims, initial, where)

    def min_pullback(d_y: Any) -> Any:
        return share(d_y, a, y, axis, keepdims, initial, where)

    return y, min_pullback


def _add_nan_extremum(primal: Any) -> None:
    """y = the largest or smallest of those a that are not NaN."""

    @adjoint(primal, static=EXTREMUM, fresh=True)
    def extremum(
        a: Any,
        axis: Any = None,
        out: Any = None,
        keepdims: Any = False,
        initial: Any = NO_VALUE,
        where: Any = True,
    ) -> Any:
        y = primal(a, axis, no_out(out), keepdims, initial, where)
        mask = present(a, where)

        def extremum_pullback(d_y: Any) -> Any:
            return share(d_y, a, y, axis, keepdims, initial, mask)

        return y, extremum_pullback


_add_nan_extremum(np.nanmax)
_add_nan_extremum(np.nanmin)


@adjoint(np.ptp, static=EXTREMUM, fresh=True)
def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    """y = max - min."""
    largest = np.max(a, axis, keepdims=keepdims)
    smallest = np.min(a, axis, keepdims=keepdims)

    def ptp_pullback(d_y: Any) -> Any:
        d_largest, _ = share(d_y, a, largest, axis, keepdims)
        d_smallest, _ = share(d_y, a, smallest, axis, keepdims)
        return (d_largest - d_smallest,)

    return np.ptp(a, axis, no_out(out), keepdims), ptp_pullback


def share(
    d_y: Any,
    a: Any,
    y: Any,
    axis: Any,
    keepdims: Any,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> tuple[Any, Any]:
    """Divide `d_y` among the elements equal to the extremum y (NaN counts as equal to NaN).

    >>> share(1.0, np.array([2.0, 5.0, 5.0]), 5.0, None, False)[0]
    array([0. , 0.5, 0.5])
    """
    a = np.asarray(a)
    peak = restore_axes(y, a.shape, axis, keepdims)
    d_y = restore_axes(d_y, a.shape, axis, keepdims)
    dtype = d_y.dtype if hasattr(d_y, "dtype") else np.result_type(d_y)
    mask = a == peak if where is True else (a == peak) & where
    count = np.add.reduce(mask, axis, dtype, None, True)
    if not count.all():  # NaN, or a slice without elements, where the result is `initial`
        mask |= (a != a) & where
        count = np.add.reduce(mask, axis, dtype, None, True)
        count = np.maximum(count, 1.0) if initial is NO_VALUE else count
    if initial is NO_VALUE:
        return np.where(mask, d_y / count, 0.0), None
    tied = np.equal(initial, peak)
    part = d_y / np.maximum(count + tied, 1.0)
    return np.where(mask, part, 0.0), np.where(tied, part, 0.0)


# --- integrals --------------------------------------------------------------------------------


@adjoint(*functions("trapezoid", "trapz"), static=("axis",), fresh=True)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: Any = -1) -> Any:
    """The integral of y over x (or over steps dx) by the trapezoidal rule."""

    def trapezoid_pullback(d: Any) -> Any:
        return spread_trapezoid(d, y, x, dx, axis)

    return np.trapezoid(y, x, dx, axis), trapezoid_pullback


def spread_trapezoid(d: Any, y: Any, x: Any, dx: Any, axis: Any) -> tuple[Any, Any, Any]:
    """The cotangents of the ordinates, the abscissae and the step."""
    y = np.asarray(y)
    d = restore_axes(d, y.shape, axis, False)
    last = (slice(None),) * (axis % y.ndim)
    middle = (y[(*last, slice(1, None))] + y[(*last, slice(None, -1))]) / 2.0
    step = dx if x is None else steps_along(x, y.ndim, axis)
    half = np.broadcast_to(d * conjugate(step) / 2.0, middle.shape)
    zero = np.zeros(kept_shape(y.shape, axis), half.dtype)
    before, after = (
        np.concatenate([half, zero], axis),
        np.concatenate([zero, half], axis),
    )
    d_step = unbroadcast(d * np.conj(middle), np.shape(step))
    if x is None:
        return before + after, None, d_step
    if np.ndim(x) == 1:
        axis, d_step = 0, np.reshape(d_step, -1)
    d_zero = np.zeros(kept_shape(np.shape(x), axis), d_step.dtype)
    return (
        before + after,
        -np.diff(np.concatenate([d_zero, d_step, d_zero], axis), axis=axis),
        None,
    )


def steps_along(x: Any, ndim: int, axis: Any) -> Any:
    """The differences of the abscissae, ready to broadcast against the ordinates."""
    if np.ndim(x) != 1:
        return np.diff(x, axis=axis)
    return np.reshape(np.diff(x), [-1 if i == axis % ndim else 1 for i in range(ndim)])
