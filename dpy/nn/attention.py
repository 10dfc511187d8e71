"""Attention layers: batches first, then places, then features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dpy.nn.basic import Dense, identity
from dpy.nn.chains import Chain
from dpy.nn.dropout import Dropout
from dpy.nn.functional.attention import dot_product_attention
from dpy.nn.functional.softmax import softmax
from dpy.nn.initialisers import glorot_uniform
from dpy.nn.show import layer_repr

__all__ = ["Attention", "MultiHeadAttention"]


@dataclass(init=False, repr=False, eq=False)
class MultiHeadAttention:
    """Attention with several heads (Vaswani et al., 2017).

    Called with queries, and keys and values if they are others: shapes ``(..., places, features)``.
    It gives the pair of the output, ``(..., queries, out)``, and the weights,
    ``(..., heads, queries, keys)``.

    Args:
        dims: one size for all; or ``(inputs, inner, out)``, where `inputs` may be a tuple of those
            of queries, keys and values, and `inner` one of that of queries and keys, and of values.
        nheads: how many parts attend on their own.
        bias: whether the projections have one.
        init: makes the weights.
        dropout: the share of weights that is dropped in training.
        rng: the generator for `init`.

    Raises:
        ShapeError: (when called) sizes do not fit; (at once) the inner size is no multiple of
            `nheads`.

    >>> attend = MultiHeadAttention(64, nheads=8)
    >>> y, weights = attend(np.ones((32, 10, 64), np.float32), np.ones((32, 20, 64), np.float32))
    >>> y.shape, weights.shape
    ((32, 10, 64), (32, 8, 10, 20))
    """

    nheads: int
    q_proj: Dense
    k_proj: Dense
    v_proj: Dense
    out_proj: Dense
    attn_drop: Dropout

    def __init__(
        self,
        dims: Any,
        *,
        nheads: int = 8,
        bias: bool = False,
        init: Callable[..., Any] = glorot_uniform,
        dropout: float = 0.0,
        rng: np.random.Generator | None = None,
    ) -> None:
        inputs, inner, out = dims if isinstance(dims, tuple) else (dims, dims, dims)
        q_in, k_in, v_in = inputs if isinstance(inputs, tuple) else (inputs,) * 3
        qk, v = inner if isinstance(inner, tuple) else (inner, inner)
        if qk % nheads or v % nheads:
            from dpy.errors import ShapeError

            raise ShapeError(f"{nheads} heads cannot share features of sizes {(qk, v)} evenly")
        self.nheads = nheads
        self.q_proj = Dense(q_in, qk, bias=bias, init=init, rng=rng)
        self.k_proj = Dense(k_in, qk, bias=bias, init=init, rng=rng)
        self.v_proj = Dense(v_in, v, bias=bias, init=init, rng=rng)
        self.out_proj = Dense(v, out, bias=bias, init=init, rng=rng)
        self.attn_drop = Dropout(dropout)

    def __call__(
        self, q: Any, k: Any = None, v: Any = None, bias: Any = None, *, mask: Any = None
    ) -> tuple[Any, Any]:
        """The output and the weights."""
        if k is None:
            k = q
        if v is None:
            v = k
        x, weights = dot_product_attention(
            self.q_proj(q),
            self.k_proj(k),
            self.v_proj(v),
            bias,
            mask=mask,
            heads=self.nheads,
            fdrop=self.attn_drop,
        )
        return self.out_proj(x), weights

    def _shown(self) -> str:
        (qk, q_in), (_, k_in) = self.q_proj.weight.shape, self.k_proj.weight.shape
        (v, v_in), (out, _) = self.v_proj.weight.shape, self.out_proj.weight.shape
        inputs = str(q_in) if q_in == k_in == v_in else f"({q_in}, {k_in}, {v_in})"
        inner = str(qk) if qk == v else f"({qk}, {v})"
        dims = str(q_in) if inputs == inner == str(out) else f"({inputs}, {inner}, {out})"
        bias = [] if self.q_proj.bias is None else ["bias=True"]
        drop = [f"dropout={self.attn_drop.p}"] if self.attn_drop.p else []
        return f"MultiHeadAttention({', '.join([dims, f'nheads={self.nheads}', *bias, *drop])})"

    __repr__ = layer_repr


@dataclass(init=False, repr=False, eq=False)
class Attention:
    """The attention of a vision transformer (Dosovitskiy et al., 2021): ``(N, places, dim)``.

    Args:
        dim: the number of features.
        heads: how many parts attend on their own.
        dim_head: the size of each.
        dropout: the share of outputs that is dropped in training.

    >>> Attention(64)
    Attention(64, heads=8, dim_head=64)  # 131_136 parameters
    """

    heads: int
    scale: float
    attend: Callable[..., Any]
    to_qkv: Dense
    to_out: Any

    __children__ = ("to_qkv", "to_out")

    def __init__(
        self, dim: int, *, heads: int = 8, dim_head: int = 64, dropout: float = 0.0
    ) -> None:
        inner = heads * dim_head
        self.heads = heads
        self.scale = dim_head**-0.5
        self.attend = softmax
        self.to_qkv = Dense(dim, 3 * inner, bias=False)
        is_plain = heads == 1 and dim_head == dim
        self.to_out = identity if is_plain else Chain(Dense(inner, dim), Dropout(dropout))

    def __call__(self, x: Any) -> Any:
        """What each place makes of what it attends to."""
        qkv = self.to_qkv(x)
        n = qkv.shape[-1] // 3
        q = _heads(qkv[..., :n], self.heads)
        k = _heads(qkv[..., n : 2 * n], self.heads)
        v = _heads(qkv[..., 2 * n :], self.heads)
        weights = self.attend((q @ k.swapaxes(-1, -2)) * self.scale)
        return self.to_out(_joined(weights @ v))

    def _shown(self) -> str:
        inner, dim = self.to_qkv.weight.shape
        size = inner // 3 // self.heads
        return f"Attention({dim}, heads={self.heads}, dim_head={size})"

    __repr__ = layer_repr


def _heads(x: Any, heads: int) -> Any:
    """``b n (h d) -> b h n d``, in plain NumPy."""
    b, n, size = x.shape
    return x.reshape(b, n, heads, size // heads).transpose(0, 2, 1, 3)


def _joined(x: Any) -> Any:
    """``b h n d -> b n (h d)``."""
    b, h, n, d = x.shape
    return x.transpose(0, 2, 1, 3).reshape(b, n, h * d)
