"""Attention by scaled products (Vaswani et al., 2017): shapes ``(..., length, features)``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.adjoints.registry import adjoint, nondifferentiable
from dpy.errors import ShapeError
from dpy.kinds import UNKNOWN, Array, Kind
from dpy.nn.functional._kinds import gives
from dpy.nn.functional.softmax import softmax

__all__ = [
    "causal_mask", "dot_product_attention", "dot_product_attention_scores", "join_heads",
    "split_heads",
]  # fmt: skip


def split_heads(x: Any, heads: int) -> Any:
    """``(..., length, heads * size)`` to ``(..., heads, length, size)``.

    >>> split_heads(np.ones((2, 5, 12)), 3).shape
    (2, 3, 5, 4)
    """
    return x.reshape(*x.shape[:-1], heads, x.shape[-1] // heads).swapaxes(-3, -2)


def join_heads(x: Any) -> Any:
    """``(..., heads, length, size)`` to ``(..., length, heads * size)``.

    >>> join_heads(np.ones((2, 3, 5, 4))).shape
    (2, 5, 12)
    """
    x = x.swapaxes(-3, -2)
    return x.reshape(*x.shape[:-2], x.shape[-2] * x.shape[-1])


def _more(by: int) -> Callable[..., Kind]:
    def kind(x: Kind, *others: Any, **named: Any) -> Kind:
        return Array(x.dtype, x.ndim + by) if isinstance(x, Array) else UNKNOWN

    return kind


@adjoint(split_heads, static=("heads",), kind=_more(1))
def split_rule(x: Any, heads: int) -> tuple[Any, Callable[..., Any]]:
    """The heads are joined again."""
    return split_heads(x, heads), lambda d: (join_heads(d),)


@adjoint(join_heads, kind=_more(-1))
def join_rule(x: Any) -> tuple[Any, Callable[..., Any]]:
    """The heads are split again."""
    heads = x.shape[-3]
    return join_heads(x), lambda d: (split_heads(d, heads),)


def _check_heads(heads: int, *sizes: int) -> None:
    if any(size % heads for size in sizes):
        raise ShapeError(f"{heads} heads cannot share features of sizes {sizes} evenly")


nondifferentiable(_check_heads, kind=gives(type(None)))


def dot_product_attention_scores(
    q: Any, k: Any, bias: Any = None, *, mask: Any = None, fdrop: Any = None
) -> Any:
    """``softmax(q k^T / sqrt(size) + bias)``: how much each query attends to each key.

    Args:
        q: queries, shape ``(..., queries, size)``.
        k: keys, shape ``(..., keys, size)``.
        bias: added to the logits; any shape that broadcasts to ``(..., queries, keys)``.
        mask: False where a query must not attend to a key.
        fdrop: applied to the result, such as a `Dropout`.
    """
    logits = (q * (1.0 / math.sqrt(q.shape[-1]))) @ k.swapaxes(-1, -2)
    if bias is not None:
        logits = logits + bias
    if mask is not None:
        logits = np.where(mask, logits, -np.inf)
    scores = softmax(logits)
    return scores if fdrop is None else fdrop(scores)


def dot_product_attention(
    q: Any, k: Any, v: Any, bias: Any = None, *, mask: Any = None, heads: int = 1, fdrop: Any = None
) -> tuple[Any, Any]:
    """The values, weighed by how much each query attends to their keys; and these weights.

    Args:
        q: shape ``(..., queries, heads * size)``.
        k: shape ``(..., keys, heads * size)``.
        v: shape ``(..., keys, heads * size of values)``.
        bias: as of `dot_product_attention_scores`, for shape ``(..., heads, queries, keys)``.
        mask: the same.
        heads: how many parts of the features attend on their own.
        fdrop: applied to the weights.

    Returns:
        Shapes ``(..., queries, heads * size of values)`` and ``(..., heads, queries, keys)``.

    >>> q, kv = np.ones((32, 10, 64)), np.ones((32, 20, 64))
    >>> [a.shape for a in dot_product_attention(q, kv, kv, heads=8)]
    [(32, 10, 64), (32, 8, 10, 20)]
    """
    _check_heads(heads, q.shape[-1], k.shape[-1], v.shape[-1])
    scores = dot_product_attention_scores(
        split_heads(q, heads), split_heads(k, heads), bias, mask=mask, fdrop=fdrop
    )
    return join_heads(scores @ split_heads(v, heads)), scores


def causal_mask(length: int) -> Any:
    """The mask under which nothing attends to what comes later.

    >>> causal_mask(3).astype(int).tolist()
    [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    """
    return np.tri(length, dtype=bool)
