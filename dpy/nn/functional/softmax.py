"""Softmax and its logarithm, along the last axis unless told otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.adjoints.registry import adjoint
from dpy.nn.functional._kinds import like_first

__all__ = ["logsoftmax", "logsumexp", "softmax"]

Axis = int | tuple[int, ...]


def _floating(x: Any) -> Any:
    x = np.asarray(x)
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def softmax(x: Any, axis: Axis = -1) -> Any:
    """``exp(x) / sum(exp(x))`` along `axis`, for logits of any size.

    >>> softmax(np.array([0.0, 1e4, 1e4])).tolist()
    [0.0, 0.5, 0.5]
    """
    x = _floating(x)
    e = np.exp(x - x.max(axis, keepdims=True))
    e /= e.sum(axis, keepdims=True)
    return e


def logsoftmax(x: Any, axis: Axis = -1) -> Any:
    """``log(softmax(x))``, exact where the softmax itself would be 0.

    >>> logsoftmax(np.array([-1e4, 1e4])).tolist()
    [-20000.0, 0.0]
    """
    x = _floating(x)
    y = x - x.max(axis, keepdims=True)
    y -= np.log(np.exp(y).sum(axis, keepdims=True))
    return y


def logsumexp(x: Any, axis: Axis | None = -1, keepdims: bool = False) -> Any:
    """``log(sum(exp(x)))`` along `axis` (None: of all items); minus infinity of none but those.

    >>> float(logsumexp(np.array([1e4, 0.0])))
    10000.0
    """
    x = _floating(x)
    top = x.max(axis, keepdims=True)
    top = np.where(np.isfinite(top), top, np.zeros_like(top))
    with np.errstate(divide="ignore"):
        total = np.log(np.exp(x - top).sum(axis, keepdims=True)) + top
    return total if keepdims else np.squeeze(total, axis)[()]


@adjoint(softmax, static=("axis",), fresh=True, kind=like_first)
def softmax_rule(x: Any, axis: Axis = -1) -> tuple[Any, Callable[..., Any]]:
    """``dx = y (dy - sum(y dy))``."""
    y = softmax(x, axis)

    def softmax_pullback(d_y: Any) -> Any:
        d_x = y * d_y
        d_x -= y * d_x.sum(axis, keepdims=True)
        return (d_x,)

    return y, softmax_pullback


@adjoint(logsoftmax, static=("axis",), fresh=True, kind=like_first)
def logsoftmax_rule(x: Any, axis: Axis = -1) -> tuple[Any, Callable[..., Any]]:
    """``dx = dy - softmax(x) sum(dy)``."""
    y = logsoftmax(x, axis)

    def logsoftmax_pullback(d_y: Any) -> Any:
        return (d_y - np.exp(y) * np.sum(d_y, axis, keepdims=True),)

    return y, logsoftmax_pullback


@adjoint(logsumexp, static=("axis", "keepdims"), fresh=True)
def logsumexp_rule(
    x: Any, axis: Axis | None = -1, keepdims: bool = False
) -> tuple[Any, Callable[..., Any]]:
    """``dx = exp(x - y) dy``; nothing flows where all of `x` is minus infinity."""
    x = _floating(x)
    total = logsumexp(x, axis, keepdims=True)

    def logsumexp_pullback(d_y: Any) -> Any:
        d = np.reshape(d_y, np.shape(total))
        share = np.exp(x - np.where(np.isfinite(total), total, np.zeros_like(total)))
        return (share * d,)

    return (total if keepdims else np.squeeze(total, axis)[()]), logsumexp_pullback
