"""MultiHeadAttention and the attention of a vision transformer."""

from __future__ import annotations

import numpy as np
import pytest

import dpy
from dpy import nn
from dpy.functors import f64, params
from dpy.nn import functional as F


def check(f, model, *xs):
    """The gradient of the parameters, as one vector, and of the inputs."""
    vector, back = dpy.destructure(model)
    dpy.check_gradient(lambda v, *xs: f(back(v), *xs), vector, *xs)


def count(model):
    return sum(p.size for p in params(model))


def test_shapes_of_fluxs_documentation(rng) -> None:
    q, kv = rng.random((32, 10, 64), np.float32), rng.random((32, 20, 64), np.float32)
    y, weights = nn.MultiHeadAttention(64, nheads=8)(q, kv, kv)
    assert y.shape == (32, 10, 64)
    assert weights.shape == (32, 8, 10, 20)
    assert y.dtype == weights.dtype == np.float32
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-5)
    wide = nn.MultiHeadAttention((64, 1024, 1024), nheads=8)
    y, weights = wide(q)
    assert y.shape == (32, 10, 1024)
    assert weights.shape == (32, 8, 10, 10)
    mixed = nn.MultiHeadAttention(((64, 32, 16), (24, 48), 12), nheads=4, bias=True)
    y, _ = mixed(q, kv[..., :32], kv[..., :16])
    assert y.shape == (32, 10, 12)
    shown = "MultiHeadAttention(((64, 32, 16), (24, 48), 12), nheads=4, bias="
    assert repr(mixed).startswith(shown)
    assert repr(nn.MultiHeadAttention(64)).startswith("MultiHeadAttention(64, nheads=8)  # 16_384")
    with pytest.raises(dpy.ShapeError, match="3 heads"):
        nn.MultiHeadAttention(64, nheads=3)


def test_gradients_masks_and_no_batch(rng) -> None:
    model = f64(nn.MultiHeadAttention((6, 8, 5), nheads=2, bias=True, rng=rng))
    x, kv = rng.normal(size=(2, 3, 6)), rng.normal(size=(2, 4, 6))

    def loss(m, x, kv):
        y, weights = m(x, kv)
        return (y**2).sum() + (weights**2).sum()

    check(loss, model, x, kv)
    mask = F.causal_mask(3)
    check(lambda m, x: (m(x, mask=mask)[0] ** 2).sum(), model, x[0])
    y, _ = model(x, mask=mask)
    changed = x.copy()
    changed[:, 2] += 1
    np.testing.assert_array_equal(model(changed, mask=mask)[0][:, :2], y[:, :2])
    np.testing.assert_allclose(model(x[0])[0], model(x)[0][0])


def test_dropout_of_weights_in_training(rng) -> None:
    model = nn.MultiHeadAttention(8, nheads=2, dropout=0.5)
    x = rng.random((2, 6, 8), np.float32)
    assert (model(x)[1] > 0).all()
    nn.trainmode(model)
    assert (model(x)[1] == 0).any()
    assert "dropout=0.5" in repr(model)


def plain_attention(x, w_qkv, w_out, b_out, heads):
    """As PyTorch users write it, with einops, in loops over the batch."""
    n = w_qkv.shape[0] // 3
    size = n // heads
    out = []
    for row in x:
        q, k, v = (row @ w_qkv[i * n : (i + 1) * n].T for i in range(3))
        parts = []
        for h in range(heads):
            own = slice(h * size, (h + 1) * size)
            parts.append(F.softmax(q[:, own] @ k[:, own].T * size**-0.5) @ v[:, own])
        out.append(np.concatenate(parts, -1) @ w_out.T + b_out)
    return np.stack(out)


def test_attention_of_a_vision_transformer(rng) -> None:
    assert count(nn.Attention(64)) == 98_304 + 32_832 == 131_136
    assert nn.Attention(64).scale == 0.125
    model = f64(nn.Attention(6, heads=2, dim_head=3))
    x = rng.normal(size=(2, 4, 6))
    dense = model.to_out[0]
    expected = plain_attention(x, model.to_qkv.weight, dense.weight, dense.bias, 2)
    np.testing.assert_allclose(model(x), expected)
    assert model(x).shape == x.shape
    check(lambda m, x: (m(x) ** 2).sum(), model, x)
    found, _ = dpy.gradient(lambda m, x: (nn.testmode(m)(x) ** 2).sum(), model, x)

    def by_hand(w_qkv, w_out):
        return (plain_attention(x, w_qkv, w_out, dense.bias, 2) ** 2).sum()

    g_qkv, g_out = dpy.gradient(by_hand, model.to_qkv.weight, dense.weight)
    np.testing.assert_allclose(found.to_qkv.weight, g_qkv, rtol=1e-6)
    np.testing.assert_allclose(found.to_out.layers[0].weight, g_out, rtol=1e-6)


def test_small_and_dropped() -> None:
    alone = nn.Attention(8, heads=1, dim_head=8)
    assert alone.to_out is nn.identity
    assert count(alone) == 8 * 24
    x = np.ones((2, 3, 64), np.float32)
    model = nn.Attention(64, dropout=0.5)
    assert (dpy.gradient(lambda m, x: m(x).sum(), model, x)[0].to_out.layers[0].bias >= 0).all()
    assert (nn.trainmode(model)(x) == 0).any()
