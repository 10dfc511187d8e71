"""Pools against their definition, differences and PyTorch."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.adjoints import registry
from dpy.errors import ShapeError
from dpy.nn.functional import pooling
from dpy.nn.functional.pooling import (
    adaptive_maxpool,
    adaptive_meanpool,
    global_maxpool,
    global_meanpool,
    maxpool,
    meanpool,
)

RNG = np.random.default_rng(0)


def naive(reduce: Any, fill: float, x: Any, k: int, s: int, low: int, high: int) -> Any:
    """The pool of images, one window after the other."""
    sides = [(0, 0), (0, 0), (low, high), (low, high)]
    padded = np.pad(x, sides, constant_values=fill)
    out = [(n - k) // s + 1 for n in padded.shape[2:]]
    y = np.empty((*x.shape[:2], *out))
    for i, j in np.ndindex(*out):
        y[:, :, i, j] = reduce(padded[:, :, i * s : i * s + k, j * s : j * s + k], (2, 3))
    return y


SETTINGS = [(2, None, 0), (3, 2, 1), (3, 1, (1, 0, 1, 0)), (2, 3, 0), (1, 1, 0)]


@pytest.mark.parametrize(("k", "s", "p"), SETTINGS)
def test_values(k: int, s: int | None, p: Any) -> None:
    x = RNG.standard_normal((2, 3, 7, 8))
    low, high = (p, p) if isinstance(p, int) else p[:2]
    step = k if s is None else s
    expected = naive(np.max, -np.inf, x, k, step, low, high)
    assert np.array_equal(maxpool(x, k, stride=s, padding=p), expected)
    expected = naive(np.mean, 0.0, x, k, step, low, high)
    assert np.allclose(meanpool(x, k, stride=s, padding=p), expected)


@pytest.mark.parametrize("f", [maxpool, meanpool])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_gradients_against_differences(f: Any, axes: int) -> None:
    shape = (2, 2, *(5, 6, 4)[:axes])
    x = RNG.permutation(np.arange(float(np.prod(shape)))).reshape(shape)  # nothing nearly equal

    def loss(x):
        y = f(x, 2, stride=1, padding=1)
        z = f(x, 2)
        return np.sum(y * np.cos(np.arange(y.size)).reshape(y.shape)) + np.sum(z * z)

    dpy.check_gradient(loss, x)
    with dpy.settings(check_rules=True):
        dpy.gradient(loss, x)


def test_equal_elements_and_undefined_ones() -> None:
    x = np.array([[[2.0, 2.0, 1.0, 3.0, 3.0]]])
    y, pullback = dpy.pullback(lambda x: maxpool(x, 3, stride=2), x)
    assert y.tolist() == [[[2.0, 3.0]]]
    assert pullback(np.array([[[1.0, 10.0]]]))[0].tolist() == [[[1.0, 0.0, 0.0, 10.0, 0.0]]]
    x[0, 0, 1] = np.nan
    y, pullback = dpy.pullback(lambda x: maxpool(x, 2), x)
    assert np.isnan(y[0, 0, 0]) and y[0, 0, 1] == 3
    assert pullback(np.ones((1, 1, 2)))[0].tolist() == [[[0.0, 1.0, 0.0, 1.0, 0.0]]]
    assert maxpool(np.array([[[-5, -7]]]), 2, padding=(1, 1)).tolist() == [[[-5, -7]]]


def test_adaptive_and_global_pools() -> None:
    x = RNG.standard_normal((2, 3, 100, 7))
    assert np.array_equal(adaptive_maxpool(x[:, :, :, :4], (25, 1)), maxpool(x[:, :, :, :4], 4))
    assert adaptive_meanpool(x, (33, 3)).shape == (2, 3, 33, 3)
    assert global_maxpool(x).shape == global_meanpool(x).shape == (2, 3, 1, 1)
    assert np.array_equal(global_maxpool(x)[..., 0, 0], x.max(axis=(2, 3)))
    assert np.allclose(global_meanpool(x)[..., 0, 0], x.mean(axis=(2, 3)))
    small = RNG.permutation(np.arange(10.0)).reshape(1, 2, 5)

    def loss(x):
        parts = adaptive_maxpool(x, 2) * adaptive_meanpool(x, 2)
        return np.sum(parts) + np.sum(global_maxpool(x) * global_meanpool(x))

    dpy.check_gradient(loss, small)


def test_float32_integers_and_empty_batches() -> None:
    x = np.ones((2, 1, 4), np.float32)
    for f in (maxpool, meanpool):
        value, (d_x,) = dpy.value_and_gradient(lambda x, f=f: np.sum(f(x, 2)), x)
        assert value.dtype == d_x.dtype == np.float32
        assert f(x[:0], 2).shape == (0, 1, 2)
        assert dpy.gradient(lambda x, f=f: np.sum(f(x, 2)), x[:0])[0].shape == (0, 1, 4)
    assert meanpool(np.array([[[1, 2]]]), 2).tolist() == [[[1.5]]]
    assert pooling.adaptive((1, 1, 7), 7) == ((1,), (1,))


def test_rules_write_to_nothing_and_repeat() -> None:
    x = RNG.standard_normal((2, 2, 6))
    before = x.copy()
    for f in (maxpool, meanpool):
        rule = registry.lookup(f)
        assert rule is not None
        y, pullback = rule.apply((x, 2), {"stride": 1})
        assert pullback is not None
        d_y = np.ones(y.shape)
        assert np.array_equal(pullback(d_y)[0][0], pullback(d_y)[0][0])
        assert np.array_equal(x, before) and (d_y == 1).all()
        y = f(x, 1)
        y += 1  # it is no view
        assert np.array_equal(x, before)


@pytest.mark.parametrize(
    "call",
    [
        lambda: maxpool(np.ones((1, 3)), 2),
        lambda: maxpool(np.ones((1, 3, 4)), 5),
        lambda: meanpool(np.ones((1, 3, 4, 4)), (2, 2, 2)),
        lambda: adaptive_maxpool(np.ones((1, 3, 4)), 5),
        lambda: adaptive_meanpool(np.ones((1, 3, 4)), 0),
    ],
)
def test_errors(call: Any) -> None:
    with pytest.raises(ShapeError):
        call()


def test_against_pytorch() -> None:
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    both = ((maxpool, functional.max_pool2d), (meanpool, functional.avg_pool2d))
    for (k, s, p), (f, theirs) in itertools.product(((2, 2, 0), (3, 2, 1), (3, 1, 0)), both):
        x = np.round(RNG.standard_normal((2, 3, 8, 9)))
        leaf = torch.tensor(x, requires_grad=True)
        expected = theirs(leaf, k, stride=s, padding=p)
        d_y = RNG.standard_normal(expected.shape)
        rule = registry.lookup(f)
        assert rule is not None
        y, pullback = rule.apply((x, k), {"stride": s, "padding": p})
        assert pullback is not None
        (wanted,) = torch.autograd.grad(expected, leaf, torch.tensor(d_y))
        assert np.allclose(y, expected.detach().numpy())
        assert np.allclose(pullback(d_y)[0][0], wanted.numpy())
