"""Mean 0 and variance 1 along some axes, and dropout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.adjoints.registry import adjoint, nondifferentiable
from dpy.kinds import UNKNOWN, Array, Kind, Tuple
from dpy.nn.functional._kinds import like_first
from dpy.nn.random import generator

__all__ = ["dropout", "dropout_mask", "normalise", "standardise"]

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


@adjoint(standardise, static=("axis", "eps"), fresh=True, kind=_three)
def standardise_rule(x: Any, axis: Axis, eps: float) -> tuple[Any, Callable[..., Any]]:
    """``dx = (dy - mean(dy) - y mean(y dy)) / sd``, and what mean and variance add."""
    y, mean, var = standardise(x, axis, eps)

    def standardise_pullback(d: Any) -> Any:
        d_y, d_mean, d_var = d
        sd = np.sqrt(var + eps)
        n = max(1, x.size // max(1, mean.size))
        total: Any = 0.0
        if _is_there(d_y):
            total = d_y - d_y.mean(axis, keepdims=True)
            total -= y * (y * d_y).mean(axis, keepdims=True)
            total /= sd
        if _is_there(d_mean):
            total = total + d_mean / n
        if _is_there(d_var):
            total = total + d_var * (2.0 / n) * y * sd
        return (np.broadcast_to(total, x.shape),)

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
