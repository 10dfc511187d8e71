"""Softmax, its logarithm and logsumexp: values, gradients, extreme logits."""

from __future__ import annotations

import numpy as np
import pytest

import dpy
from dpy import nn
from dpy.nn import functional as F


@pytest.mark.parametrize("axis", [-1, 0, (0, 2)])
def test_values_and_gradients(rng: np.random.Generator, axis) -> None:
    x = rng.normal(size=(2, 3, 4))
    w = rng.normal(size=(2, 3, 4))
    e = np.exp(x)
    p = e / e.sum(axis, keepdims=True)
    np.testing.assert_allclose(F.softmax(x, axis), p)
    np.testing.assert_allclose(F.softmax(x, axis=axis).sum(axis), 1.0)
    np.testing.assert_allclose(F.logsoftmax(x, axis), np.log(p))
    np.testing.assert_allclose(F.logsumexp(x, axis), np.log(e.sum(axis)))
    np.testing.assert_allclose(
        F.logsumexp(x, axis, keepdims=True).shape, p.sum(axis, keepdims=True).shape
    )

    def all_of_them(x, w):
        y = (w * F.softmax(x, axis)).sum() + (w * F.logsoftmax(x, axis=axis)).sum()
        return y + (w * F.logsumexp(x, axis, True)).sum() + F.logsumexp(x, axis).sum()

    dpy.check_gradient(all_of_them, x, w)


def test_all_items_and_scalars_of_logsumexp() -> None:
    x = np.array([[1.0, 2.0], [3.0, -4.0]])
    dpy.check_gradient(lambda x: F.logsumexp(x, None) ** 2, x)
    assert F.logsumexp(x, None) == pytest.approx(np.log(np.exp(x).sum()))
    assert F.logsumexp([-np.inf, -np.inf]) == -np.inf
    g = dpy.gradient(lambda x: F.logsumexp(x), np.array([-np.inf, 2.0]))[0]
    assert g.tolist() == [0.0, 1.0]


def test_extreme_logits_and_float32() -> None:
    x = np.array([[1e4, -1e4, 0.0], [1e38, 1e38, -1e38]], np.float32)

    def f(x):
        return F.softmax(x)[:, 0].sum() + np.maximum(F.logsoftmax(x), -10.0).sum()

    with np.errstate(over="raise", invalid="raise"):
        y = F.softmax(x)
        logs = F.logsoftmax(x)
    with np.errstate(over="ignore"):
        g = dpy.gradient(f, x)[0]
    assert y.dtype == logs.dtype == g.dtype == np.float32
    np.testing.assert_allclose(y, [[1, 0, 0], [0.5, 0.5, 0]])
    assert logs[0].tolist() == [0.0, -2e4, -1e4]
    assert np.isfinite(g).all()
    assert F.softmax(np.zeros((0, 3), np.float32)).shape == (0, 3)
    assert F.softmax([0, 0]).tolist() == [0.5, 0.5]
    assert F.logsoftmax([0, 0])[0] == -np.log(2.0)
    assert nn.softmax is F.softmax


def test_against_torch(rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    x = rng.normal(size=(5, 7))
    t = torch.tensor(x)
    np.testing.assert_allclose(F.softmax(x, 0), torch.softmax(t, 0), rtol=1e-12)
    np.testing.assert_allclose(F.logsoftmax(x), torch.log_softmax(t, -1), rtol=1e-12)
    np.testing.assert_allclose(F.logsumexp(x), torch.logsumexp(t, -1), rtol=1e-12)
