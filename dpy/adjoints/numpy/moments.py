"""Adjoints of variances, standard deviations and weighted averages."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.adjoints.numpy.arguments import no_out
from dpy.adjoints.numpy.axes import (
    NO_VALUE,
    at_least_one,
    methods,
    present,
    reduced_size,
    restore_axes,
    smooth_shape,
    spread,
)
from dpy.adjoints.registry import adjoint
from dpy.cotangent import is_zero, unbroadcast

SPREAD = ("axis", "dtype", "out", "ddof", "keepdims", "where", "correction")


# --- variances --------------------------------------------------------------------------------


def _add_variance(*primals: Any, is_root: bool, skip_nan: bool) -> None:
    """y = sum |a - m|^2 / (n - ddof), or its root; of all elements, or those that are not NaN.

    a also moves m, which has no effect to first order. Where all elements are equal the gradient of
    the root is 0.
    """
    primal = primals[0]

    @adjoint(*primals, static=SPREAD, fresh=True)
    def variance(
        a: Any,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        ddof: Any = 0,
        keepdims: Any = False,
        where: Any = True,
        mean: Any = NO_VALUE,
        correction: Any = NO_VALUE,
    ) -> Any:
        given = {"where": where, "mean": mean, "correction": correction}
        shape = smooth_shape(a, dtype)
        mask = present(a, where) if skip_nan else where
        y = primal(a, axis, dtype, no_out(out), ddof, keepdims, **given)
        root = y if is_root else None

        def variance_pullback(d_y: Any) -> Any:
            d = 2.0 * d_y if root is None else over(d_y, root)
            return spread_variance(d, a, shape, axis, ddof, keepdims, mask, mean, correction)

        return y, variance_pullback


_add_variance(np.var, *methods("var"), is_root=False, skip_nan=False)
_add_variance(np.std, *methods("std"), is_root=True, skip_nan=False)
_add_variance(np.nanvar, is_root=False, skip_nan=True)
_add_variance(np.nanstd, is_root=True, skip_nan=True)


def over(d_y: Any, y: Any) -> Any:
    """``d_y / y``, and zero where y is zero (the kink of the square root)."""
    flat = np.equal(y, 0)
    return np.where(flat, 0.0, d_y) / np.where(flat, 1.0, y).astype(np.result_type(y))


def spread_variance(
    d: Any,
    a: Any,
    shape: Any,
    axis: Any,
    ddof: Any,
    keepdims: Any,
    where: Any,
    mean: Any,
    correction: Any,
) -> tuple[Any, Any]:
    """``d * (a - mean) / (n - ddof)`` for a, and minus its sum for a mean that was given."""
    if shape is None:
        return None, None
    dtype = np.result_type(d)
    count = reduced_size(shape, axis, True, where, dtype)
    deviation = np.subtract(a, masked_mean(a, axis, where, count) if mean is NO_VALUE else mean)
    degrees = count - (ddof if correction is NO_VALUE else correction)
    # Without degrees of freedom the value is NaN or infinite, and so is the gradient.
    scale = np.where(np.greater(degrees, 0), degrees, np.nan).astype(dtype)
    weight = restore_axes(np.asarray(d), shape, axis, keepdims) / scale
    d_a = weight * deviation
    if where is not True:
        d_a = np.where(where, d_a, 0.0)
    return d_a, None if mean is NO_VALUE else -unbroadcast(d_a, np.shape(mean))


def masked_mean(a: Any, axis: Any, where: Any, count: Any) -> Any:
    """The mean over the mask with its axes kept; no warning where the mask is empty."""
    return np.sum(a, axis=axis, keepdims=True, where=where) / at_least_one(count)


@adjoint(np.average, static=("axis", "returned", "keepdims"), fresh=True)
def average(
    a: Any,
    axis: Any = None,
    weights: Any = None,
    returned: Any = False,
    keepdims: Any = False,
) -> Any:
    """y = sum(a * w) / sum(w), and the sum of the weights if `returned`."""
    y = np.average(a, axis, weights, returned, keepdims=keepdims)

    def average_pullback(d_y: Any) -> Any:
        d_average, d_total = (d_y[0], d_y[1]) if returned else (d_y, None)
        return spread_average(
            d_average, d_total, y[0] if returned else y, a, weights, axis, keepdims
        )

    return y, average_pullback


def spread_average(
    d_y: Any, d_total: Any, y: Any, a: Any, weights: Any, axis: Any, keepdims: Any
) -> tuple[Any, Any]:
    """The cotangents of the values and of their weights."""
    a = np.asarray(a)
    d_y = 0.0 if is_zero(d_y) else restore_axes(d_y, a.shape, axis, keepdims)
    d_total = 0.0 if is_zero(d_total) else restore_axes(d_total, a.shape, axis, keepdims)
    if weights is None:
        return spread(d_y / reduced_size(a.shape, axis), a.shape), None
    w = aligned_weights(np.asarray(weights), a, axis)
    total = np.sum(np.broadcast_to(w, a.shape), axis=axis, keepdims=True)
    centre = restore_axes(y, a.shape, axis, keepdims)
    d_w = d_y * np.conj((a - centre) / total) + d_total
    d_w = unbroadcast(np.broadcast_to(d_w, a.shape), w.shape)
    return d_y * np.conj(w / total), unaligned_weights(d_w, np.shape(weights), a, axis)


def aligned_weights(w: Any, a: Any, axis: Any) -> Any:
    """Weights given along the reduced axes only, as an array that broadcasts against `a`."""
    if w.shape == a.shape:
        return w
    axes = [i % a.ndim for i in (axis if isinstance(axis, tuple) else (axis,))]
    order = sorted(range(len(axes)), key=axes.__getitem__)
    lengths = [a.shape[i] if i in axes else 1 for i in range(a.ndim)]
    return np.reshape(np.transpose(w, order), lengths)


def unaligned_weights(d_w: Any, shape: tuple[int, ...], a: Any, axis: Any) -> Any:
    """The inverse of `aligned_weights`."""
    if shape == a.shape:
        return d_w
    axes = [i % a.ndim for i in (axis if isinstance(axis, tuple) else (axis,))]
    order = sorted(range(len(axes)), key=axes.__getitem__)
    lengths = [shape[i] for i in order]
    inverse = sorted(range(len(order)), key=order.__getitem__)
    return np.transpose(np.reshape(d_w, lengths), inverse)
