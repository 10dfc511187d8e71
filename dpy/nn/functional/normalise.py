"""Mean 0 and variance 1 along some axes, and dropout."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.adjoints.registry import adjoint, nondifferentiable
from dpy.kinds import UNKNOWN, Array, Kind, Tuple
from dpy.nn.functional._kinds import like_first
from dpy.nn.random import generator

__all__ = ["along", "dropout", "dropout_mask", "drawn", "grouped", "normalise", "standardise"]

Axis = int | tuple[int, ...]


def normalise(x: Any, axis: Axis = -1, eps: float = 1e-5) -> Any:
    """``(x - mean) / sqrt(var + eps)`` along `axis`.

    >>> normalise(np.array([1.0, 3.0])).round(4).tolist()
    [-1.0, 1.0]
    """
    return standardise(x, axis, eps)[0]


def standardise(x: Any, axis: Axis, eps: float) -> tuple[Any, Any, Any]:
    """What `normalise` gives, with the mean and the variance, of size 1 along `axis`."""
    mean = x.mean(axis, keepdims=True)
    y = x - mean
    var = np.square(y).mean(axis, keepdims=True)
    y /= np.sqrt(var + eps)
    return y, mean, var


def _three(x: Kind, *others: Any, **named: Any) -> Kind:
    return Tuple((x, x, x)) if isinstance(x, Array) and x.dtype.kind == "f" else UNKNOWN


@adjoint(standardise, static=("axis",), fresh=True, kind=_three)
def standardise_rule(x: Any, axis: Axis, eps: float) -> tuple[Any, Callable[..., Any]]:
    """``dx = (dy - mean(dy) - y mean(y dy)) / sd``, and what mean and variance add.

    That of `eps` is minus the sum of ``y dy / 2 (var + eps)``.
    """
    y, mean, var = standardise(x, axis, eps)

    def standardise_pullback(d: Any) -> Any:
        d_y, d_mean, d_var = d
        sd = np.sqrt(var + eps)
        n = max(1, x.size // max(1, mean.size))
        total: Any = 0.0
        d_eps: Any = 0.0
        if _is_there(d_y):
            product = (y * d_y).mean(axis, keepdims=True)
            total = d_y - d_y.mean(axis, keepdims=True)
            total -= y * product
            total /= sd
            d_eps = -0.5 * n * float((product / (var + eps)).sum())
        if _is_there(d_mean):
            total = total + d_mean / n
        if _is_there(d_var):
            total = total + d_var * (2.0 / n) * y * sd
        return np.broadcast_to(total, x.shape), d_eps

    return (y, mean, var), standardise_pullback


def _is_there(d: Any) -> bool:
    return isinstance(d, (np.ndarray, np.generic))


def dropout(
    x: Any, p: float, *, axis: Axis | None = None, rng: np.random.Generator | None = None
) -> Any:
    """`x` with each item zero with probability `p`, and what stays divided by ``1 - p``.

    Args:
        x: an array.
        p: the share that is dropped.
        axis: the axes along which items are dropped one by one; what lies along the others is
            dropped together. By default all.
        rng: the generator, by default that of `dpy.nn`.
    """
    if p == 0:
        return x
    return x * dropout_mask(x, p, axis, rng)


def dropout_mask(
    x: Any, p: float, axis: Axis | None = None, rng: np.random.Generator | None = None
) -> Any:
    """What `dropout` multiplies `x` with: 0 or ``1 / (1 - p)``, in the dtype of `x`."""
    x = np.asarray(x)
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(float)
    kept = drawn(x, axis, rng) >= p
    scale = dtype.type(1 / (1 - p) if p < 1 else 0)
    mask: Any = kept.astype(dtype)
    mask *= scale
    return mask


def drawn(x: Any, axis: Axis | None, rng: np.random.Generator | None) -> Any:
    """Uniform numbers in the shape of `x`, of size 1 along all but `axis`."""
    shape = x.shape
    if axis is not None:
        chosen = {a % x.ndim for a in ((axis,) if isinstance(axis, int) else axis)}
        shape = tuple(n if i in chosen else 1 for i, n in enumerate(shape))
    single = x.dtype == np.float32
    return generator(rng).random(shape, np.float32 if single else np.float64)


nondifferentiable(dropout_mask, kind=like_first)


# --- groups of channels, and parameters for each channel ------------------------------------------


def grouped(x: Any, groups: int, eps: float) -> Any:
    """`normalise` of each group of channels: shape ``(N, C, ...)``, mean and variance of each row.

    >>> grouped(np.array([[[1.0, 3.0], [10.0, 30.0]]]), 2, 0.0).tolist()
    [[[-1.0, 1.0], [-1.0, 1.0]]]
    """
    return standardise(_rows(x, groups), -1, eps)[0].reshape(x.shape)


def _rows(x: Any, groups: int) -> Any:
    return x.reshape(x.shape[0], groups, math.prod(x.shape[1:]) // groups)


@adjoint(grouped, static=("groups",), fresh=True, kind=like_first)
def grouped_rule(x: Any, groups: int, eps: float) -> tuple[Any, Callable[..., Any]]:
    """As of `standardise`, on the rows."""
    (y, _, _), back = standardise_rule(_rows(x, groups), -1, eps)

    def grouped_pullback(d: Any) -> Any:
        d_x, d_eps = back((_rows(d, groups), None, None))
        return d_x.reshape(x.shape), d_eps

    return y.reshape(x.shape), grouped_pullback


def along(p: Any, x: Any, axis: int) -> Any:
    """A vector, in the shape in which it is broadcast along one axis of `x`.

    >>> along(np.ones(3), np.ones((2, 3, 5)), 1).shape
    (1, 3, 1)
    """
    shape = [1] * x.ndim
    shape[axis] = p.size
    return p.reshape(shape)


def _along_kind(p: Kind, x: Kind, *others: Any, **named: Any) -> Kind:
    if isinstance(p, Array) and isinstance(x, Array):
        return Array(p.dtype, x.ndim)
    return UNKNOWN


@adjoint(along, static=("x", "axis"), kind=_along_kind)
def along_rule(p: Any, x: Any, axis: int) -> tuple[Any, Callable[..., Any]]:
    """The shape goes back."""
    shape = p.shape
    return along(p, x, axis), lambda d: (d.reshape(shape),)
