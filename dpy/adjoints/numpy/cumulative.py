"""Adjoints of running sums and products."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.adjoints.numpy.arguments import no_out
from dpy.adjoints.numpy.axes import functions, methods, smooth_shape
from dpy.adjoints.registry import adjoint

RUNNING = ("axis", "dtype", "out")


@adjoint(np.cumsum, *methods("cumsum"), static=RUNNING, fresh=True)
def cumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """y_i = a_0 + ... + a_i; the adjoint runs from the end."""
    shape = smooth_shape(a, dtype)

    def cumsum_pullback(d_y: Any) -> Any:
        return (running_from_end(d_y, shape, axis),)

    return np.cumsum(a, axis, dtype, no_out(out)), cumsum_pullback


@adjoint(np.nancumsum, static=RUNNING, fresh=True)
def nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """The running sum in which NaN counts as 0."""
    shape = smooth_shape(a, dtype)
    mask = np.isnan(a)

    def nancumsum_pullback(d_y: Any) -> Any:
        return (unless(mask, running_from_end(d_y, shape, axis)),)

    return np.nancumsum(a, axis, dtype, no_out(out)), nancumsum_pullback


@adjoint(*functions("cumulative_sum"), static=RUNNING + ("include_initial",), fresh=True)
def cumulative_sum(
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    include_initial: Any = False,
) -> Any:
    """The running sum, led by a zero with `include_initial`."""
    shape = smooth_shape(x, dtype)

    def cumulative_sum_pullback(d_y: Any) -> Any:
        return (running_from_end(drop_first(d_y, axis, include_initial), shape, axis),)

    y = np.cumulative_sum(
        x, axis=axis, dtype=dtype, out=no_out(out), include_initial=include_initial
    )
    return y, cumulative_sum_pullback


def running_from_end(d_y: Any, shape: Any, axis: Any) -> Any:
    """x_i = d_i + d_(i+1) + ... along the axis, in the shape of the argument."""
    if shape is None:
        return None
    along = 0 if axis is None else axis
    return np.reshape(np.flip(np.cumsum(np.flip(d_y, along), along), along), shape)


def unless(mask: Any, d_x: Any) -> Any:
    """The cotangent, zero where the element was skipped."""
    return None if d_x is None else np.where(mask, 0.0, d_x)


def drop_first(d_y: Any, axis: Any, include_initial: Any) -> Any:
    """The cotangent without that of the leading constant."""
    if not include_initial:
        return d_y
    axis = 0 if axis is None else axis % np.ndim(d_y)
    return d_y[(*(slice(None),) * axis, slice(1, None))]


@adjoint(np.cumprod, *methods("cumprod"), static=RUNNING, fresh=True)
def cumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """y_i = a_0 * ... * a_i, zeros or not."""
    shape = smooth_shape(a, dtype)

    def cumprod_pullback(d_y: Any) -> Any:
        return (factors_from_end(d_y, a, shape, axis),)

    return np.cumprod(a, axis, dtype, no_out(out)), cumprod_pullback


@adjoint(np.nancumprod, static=RUNNING, fresh=True)
def nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """The running product in which NaN counts as 1."""
    shape = smooth_shape(a, dtype)
    mask = np.isnan(a)

    def nancumprod_pullback(d_y: Any) -> Any:
        factors = np.where(mask, 1, a)
        return (unless(mask, factors_from_end(d_y, factors, shape, axis)),)

    return np.nancumprod(a, axis, dtype, no_out(out)), nancumprod_pullback


@adjoint(*functions("cumulative_prod"), static=RUNNING + ("include_initial",), fresh=True)
def cumulative_prod(
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    include_initial: Any = False,
) -> Any:
    """The running product, led by a one with `include_initial`."""
    shape = smooth_shape(x, dtype)

    def cumulative_prod_pullback(d_y: Any) -> Any:
        return (factors_from_end(drop_first(d_y, axis, include_initial), x, shape, axis),)

    y = np.cumulative_prod(
        x, axis=axis, dtype=dtype, out=no_out(out), include_initial=include_initial
    )
    return y, cumulative_prod_pullback


def factors_from_end(d_y: Any, a: Any, shape: Any, axis: Any) -> Any:
    """The adjoint of a running product.

    With s_i = d_i*y_i + d_(i+1)*y_(i+1) + ... the cotangent of x_i is s_i / x_i up to the first
    zero. At the first zero the same sum with that factor replaced by one; after it, nothing.
    """
    if shape is None:
        return None
    x, along = (np.reshape(a, -1), 0) if axis is None else (np.asarray(a), axis)
    if x.dtype.kind in "biu":
        x = x * 1.0
    zero = x == 0
    zeros = np.cumsum(zero, along)
    first = zero & (zeros == 1)
    filled = np.where(first, 1.0, x)
    before = running_from_end(d_y * np.conj(np.cumprod(x, along)), x.shape, along)
    at = running_from_end(d_y * np.conj(np.cumprod(filled, along)), x.shape, along)
    d_x = np.where(first, at, np.where(zeros == 0, before / np.conj(np.where(zero, 1.0, x)), 0.0))
    return np.reshape(d_x, shape)
