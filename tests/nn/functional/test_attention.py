"""Attention by scaled products: values, masks, gradients."""

from __future__ import annotations

import numpy as np
import pytest

import dpy
from dpy.errors import ShapeError
from dpy.nn import functional as F
from dpy.nn.functional.attention import join_heads, split_heads


def by_loops(q, k, v, heads, bias=None, mask=None):
    n, lq, size = q.shape
    lk, wide = v.shape[1:]
    y, weights = np.zeros((n, lq, wide)), np.zeros((n, heads, lq, lk))
    for b in range(n):
        for h in range(heads):
            own = slice(h * size // heads, (h + 1) * size // heads)
            out = slice(h * wide // heads, (h + 1) * wide // heads)
            logits = q[b, :, own] @ k[b, :, own].T / np.sqrt(size / heads)
            logits = logits + (0 if bias is None else bias)
            if mask is not None:
                logits = np.where(mask, logits, -np.inf)
            weights[b, h] = F.softmax(logits)
            y[b, :, out] = weights[b, h] @ v[b, :, out]
    return y, weights


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_values_and_gradients(heads, rng) -> None:
    q, k, v = rng.normal(size=(2, 3, 8)), rng.normal(size=(2, 5, 8)), rng.normal(size=(2, 5, 4))
    bias = rng.normal(size=(3, 5))
    mask = rng.random((3, 5)) < 0.7
    mask[:, 0] = True
    for options in ({}, {"bias": bias}, {"mask": mask}):
        y, weights = F.dot_product_attention(q, k, v, heads=heads, **options)
        expected = by_loops(q, k, v, heads, **options)
        np.testing.assert_allclose(y, expected[0])
        np.testing.assert_allclose(weights, expected[1])
        np.testing.assert_allclose(weights.sum(-1), 1)

    def f(q, k, v, bias):
        y, weights = F.dot_product_attention(q, k, v, bias, mask=mask, heads=heads)
        return (y**2).sum() + (weights**3).sum()

    dpy.check_gradient(f, q, k, v, bias)
    one, _ = F.dot_product_attention(q[0], k[0], v[0], heads=heads)
    np.testing.assert_allclose(one, by_loops(q, k, v, heads)[0][0])


def test_heads_and_masks() -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    assert split_heads(x, 2).shape == (2, 2, 3, 2)
    assert (join_heads(split_heads(x, 2)) == x).all()
    assert F.causal_mask(3).tolist() == [[True, False, False], [True, True, False], [True] * 3]
    _, weights = F.dot_product_attention(x, x, x, mask=F.causal_mask(3))
    assert not np.triu(weights[0, 0], 1).any()
    with pytest.raises(ShapeError, match="3 heads"):
        F.dot_product_attention(x, x, x, heads=3)


def test_the_weights_can_be_dropped() -> None:
    x = np.ones((2, 3, 4))
    _, weights = F.dot_product_attention(x, x, x, fdrop=lambda w: 0 * w)
    assert not weights.any()
