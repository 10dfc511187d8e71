"""Rules for norms of vectors and matrices, and for the condition number.

Norms have kinks. At a zero vector, and at a zero entry, the gradient is zero; where a maximum or
a minimum is attained several times it is split evenly.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dpy.adjoints.numpy.axes import restore_axes
from dpy.adjoints.numpy.products import hermitian
from dpy.adjoints.registry import adjoint
from dpy.adjoints.safe import divide_or_zero

__all__ = ["ratio"]


def ratio(a: Any, b: Any) -> Any:
    """``a / b``, zero where `b` is zero."""
    is_zero = b == 0
    with np.errstate(all="ignore"):
        return np.where(is_zero, 0.0, a / np.where(is_zero, 1.0, b))


def _even(sizes: Any, extreme: Any, axes: tuple[int, ...]) -> Any:
    """Weights that split one evenly along `axes` over the sizes that are the extreme."""
    hits = np.where(sizes == extreme, np.ones_like(sizes), 0.0)
    return ratio(hits, np.sum(hits, axis=axes, keepdims=True))


# --- vectors ----------------------------------------------------------------------------------


def vector_partial(x: Any, y: Any, order: Any, axes: tuple[int, ...]) -> Any:
    """The partials of the vector norm `y` (its axes kept) over `axes` of `x`."""
    if order is None or order == 2:
        return ratio(x, y)
    if order == 0:
        return np.zeros_like(x) * 1.0
    if order == 1:
        return np.sign(x)
    size = np.abs(x)
    if math.isinf(order):
        return _even(size, y, axes) * np.sign(x)
    # Divided by y before the power, so that no power overflows.
    flat = np.logical_or(size == 0, y == 0)
    power = np.where(flat, 1.0, ratio(size, y)) ** (order - 1.0)
    return np.where(flat, 0.0, power) * np.sign(x)


# --- matrices ---------------------------------------------------------------------------------


def matrix_partial(x: Any, order: Any) -> Any:
    """The partials of the norm of the matrices in the last two axes of `x`."""
    if order in (1, -1, math.inf, -math.inf):
        return _sum_norm_partial(x, order)
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    if order == "nuc":
        return (u * (s > _rank_limit(x, s))[..., None, :]) @ vh
    extreme = s.max(-1, keepdims=True) if order == 2 else s.min(-1, keepdims=True)
    weights = _even(s, extreme, (-1,)) * (extreme > 0)
    return (u * weights[..., None, :]) @ vh


def _rank_limit(x: Any, s: Any) -> Any:
    """Singular values up to here count as zero: there the nuclear norm has its kink."""
    return s[..., :1] * max(x.shape[-2:]) * float(np.finfo(s.dtype).eps)


def _sum_norm_partial(x: Any, order: Any) -> Any:
    """The norms with order 1, -1 (over column sums) and inf, -inf (over row sums)."""
    along, across = (-2, -1) if abs(order) == 1 else (-1, -2)
    sums = np.abs(x).sum(along, keepdims=True)
    find = np.max if order > 0 else np.min
    extreme = find(sums, axis=across, keepdims=True)
    return _even(sums, extreme, (across,)) * np.sign(x)


# --- the rules --------------------------------------------------------------------------------


@adjoint(np.linalg.norm, static=("ord", "axis", "keepdims"), fresh=True)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """y = the vector or matrix norm of `x`."""
    y = np.linalg.norm(x, ord, axis, keepdims)

    def norm_pullback(d_y: Any) -> Any:
        return (norm_cotangent(d_y, np.asarray(x), y, ord, axis, keepdims),)

    return y, norm_pullback


def norm_cotangent(d_y: Any, x: Any, y: Any, order: Any, axis: Any, keepdims: bool) -> Any:
    """The cotangent of `x` in ``y = np.linalg.norm(x, order, axis, keepdims)``."""
    if axis is None and order is None and not keepdims:
        return d_y * (x / y if 0.0 < y < math.inf else divide_or_zero(x, y))
    if axis is None:
        axes = tuple(range(x.ndim))
    else:
        axes = tuple(i % x.ndim for i in (axis if isinstance(axis, tuple) else (int(axis),)))
    d_y = restore_axes(d_y, x.shape, axes, keepdims)
    y = restore_axes(y, x.shape, axes, keepdims)
    if order is None or len(axes) == 1 or order in ("fro", "f"):
        return d_y * vector_partial(x, y, None if isinstance(order, str) else order, axes)
    partial = matrix_partial(np.moveaxis(x, axes, (-2, -1)), order)
    return d_y * np.moveaxis(partial, (-2, -1), axes)


@adjoint(np.linalg.matrix_norm, fresh=True)
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """y = the norms of the matrices in the last two axes."""
    y = np.linalg.matrix_norm(x, keepdims=keepdims, ord=ord)

    def matrix_norm_pullback(d_y: Any) -> Any:
        return (norm_cotangent(d_y, np.asarray(x), y, ord, (-2, -1), keepdims),)

    return y, matrix_norm_pullback


@adjoint(np.linalg.vector_norm, fresh=True)
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """y = the norm over all elements along one or several axes."""
    y = np.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)

    def vector_norm_pullback(d_y: Any) -> Any:
        values = np.asarray(x)
        axes = tuple(range(values.ndim)) if axis is None else axis
        axes = axes if isinstance(axes, tuple) else (axes,)
        d_full = restore_axes(d_y, values.shape, axes, keepdims)
        peak = restore_axes(y, values.shape, axes, keepdims)
        return (d_full * vector_partial(values, peak, ord, axes),)

    return y, vector_norm_pullback


@adjoint(np.linalg.cond, static=("p",), fresh=True)
def cond(x: Any, p: Any = None) -> Any:
    """y = the condition number in the norm `p`."""

    def cond_pullback(d_y: Any) -> Any:
        if p is None or p in (2, -2):
            return (np.asarray(d_y)[..., None, None] * _spectral_cond_partial(np.asarray(x), p),)
        return (_cond_cotangent(d_y, np.asarray(x), p),)

    return np.linalg.cond(x, p), cond_pullback


def _spectral_cond_partial(x: Any, p: Any) -> Any:
    """The partials of the ratio of the extreme singular values."""
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    top, bottom = (-1, 0) if p == -2 else (0, -1)
    weights = np.zeros_like(s)
    with np.errstate(all="ignore"):
        weights[..., bottom] = -s[..., top] / s[..., bottom] ** 2
        weights[..., top] += 1.0 / s[..., bottom]
        return (u * weights[..., None, :]) @ vh


def _cond_cotangent(d_y: Any, x: Any, p: Any) -> Any:
    """From ``norm(x, p) * norm(inv(x), p)``."""
    inverse = np.linalg.inv(x)
    size, inverse_size = (np.linalg.norm(m, p, (-2, -1), True) for m in (x, inverse))
    d_y = np.asarray(d_y)[..., None, None]
    d_x = norm_cotangent(d_y * inverse_size, x, size, p, (-2, -1), True)
    d_inverse = norm_cotangent(d_y * size, inverse, inverse_size, p, (-2, -1), True)
    return d_x - hermitian(inverse) @ d_inverse @ hermitian(inverse)
