"""Dense, Scale, Bilinear, flatten: shapes, values of Flux's documentation, gradients."""

from __future__ import annotations

import numpy as np
import pytest

import dpy
from dpy import nn
from dpy.functors import f64, params


def loss(model, *xs):
    return (model(*xs) ** 2).sum()


def test_dense_as_flux_makes_it() -> None:
    layer = nn.Dense(3, 2, nn.relu)
    assert layer.weight.shape == (2, 3)
    assert layer.weight.dtype == layer.bias.dtype == np.float32
    assert not layer.bias.any()
    assert len(params(layer)) == 2
    ones = nn.Dense(np.ones((2, 5)), False, np.tanh)
    assert ones(np.ones(5)).tolist() == [0.9999092042625951] * 2
    assert ones.bias is None
    mine = nn.Dense(np.ones((2, 5)), np.ones(2))
    assert mine(np.ones(5)).tolist() == [6.0, 6.0]
    pair = nn.Dense((3, 2), np.tanh)
    assert (pair.weight.shape, pair.sigma) == ((2, 3), np.tanh)
    assert nn.Dense((3, 2)).sigma is nn.identity
    assert nn.Dense(3, 2, bias=False).bias is None
    assert nn.Dense(2, 1, init=nn.ones32).weight.tolist() == [[1.0, 1.0]]
    a, b = (nn.Dense(3, 2, rng=np.random.default_rng(0)).weight for _ in range(2))
    assert (a == b).all()
    with pytest.raises(ValueError, match="bias"):
        nn.Dense(3, 2, bias=np.ones(3))


def test_dense_batches() -> None:
    layer = nn.Dense(5, 2)
    for lead in ((), (64,), (64, 4, 6), (0,), (3, 0)):
        assert layer(np.ones((*lead, 5), np.float32)).shape == (*lead, 2)
    x = np.ones((0, 5), np.float32)
    g = dpy.gradient(loss, layer, x)
    assert g[0].weight.shape == (2, 5)
    assert not g[0].weight.any()


def test_activation_inside_or_behind(rng) -> None:
    inside = nn.Dense(3, 3, nn.relu)
    behind = nn.Chain(nn.Dense(inside.weight, inside.bias), nn.relu)
    x = rng.normal(size=(4, 3)).astype(np.float32)
    assert (inside(x) == behind(x)).all()
    shifted = nn.Dense(inside.weight, inside.bias, lambda x: x + np.ones_like(x))
    np.testing.assert_allclose(shifted(x), x @ inside.weight.T + 1, rtol=1e-6)
    plain = nn.Dense(inside.weight, inside.bias)
    g, h = (dpy.gradient(lambda m: m(x).sum(), m)[0].weight for m in (shifted, plain))
    np.testing.assert_array_equal(g, h)


def test_gradients_of_dense(rng) -> None:
    model = f64(nn.Chain(nn.Dense(3, 4, np.tanh), nn.Dense(4, 2, nn.softplus, bias=False)))
    for lead in ((), (5,), (2, 3)):
        x = rng.normal(size=(*lead, 3))
        dpy.check_gradient(loss, model, x)
    single = nn.Chain(nn.Dense(3, 4, nn.relu), nn.Dense(4, 2))
    for _ in range(3):
        g, d_x = dpy.gradient(loss, single, np.ones((5, 3), np.float32))
    assert type(g) is nn.Chain
    assert type(g.layers[0]) is nn.Dense
    assert g.layers[0].sigma is None
    assert {a.dtype for a in params(g)} == {np.dtype(np.float32)} == {d_x.dtype}


def test_scale() -> None:
    row = np.array([[1.0, 2.0, 3.0, 4.0]])
    layer = nn.Scale(row, False, lambda x: x**2)
    assert layer(np.array([[1.0], [10.0]])).tolist() == [[1, 4, 9, 16], [100, 400, 900, 1600]]
    layer = nn.Scale(3, 2)
    assert layer.scale.shape == layer.bias.shape == (3, 2)
    assert layer.scale.dtype == np.float32
    assert (layer(np.ones((5, 3, 2), np.float32)) == 1).all()
    assert nn.Scale(2, bias=False).bias is None
    assert nn.Scale(2, nn.relu).sigma is nn.relu
    model = f64(nn.Scale(3, np.tanh, init=nn.randn32))
    dpy.check_gradient(loss, model, np.arange(6.0).reshape(2, 3) / 5)


def test_bilinear(rng) -> None:
    assert sum(p.size for p in params(nn.Bilinear((5, 5), 7))) == 182
    assert sum(p.size for p in params(nn.Bilinear(rng.normal(size=(4, 8, 16)), False))) == 512
    layer = f64(nn.Bilinear((3, 4), 2, np.tanh, init=nn.randn32))
    x, y = rng.normal(size=(6, 5, 3)), rng.normal(size=(6, 5, 4))
    expected = np.tanh(np.einsum("abi,oij,abj->abo", x, layer.weight, y) + layer.bias)
    np.testing.assert_allclose(layer(x, y), expected, rtol=1e-12)
    np.testing.assert_allclose(layer((x, y)), expected, rtol=1e-12)
    dpy.check_gradient(loss, layer, x[0], y[0])
    same = f64(nn.Bilinear(3, 2, bias=False))
    np.testing.assert_allclose(same(x), same(x, x))
    assert same.bias is None
    dpy.check_gradient(loss, same, x[0, 0])
    with pytest.raises(dpy.ShapeError, match=r"Bilinear\(\(3, 4\), 2, tanh\)"):
        layer(x, x)
    assert nn.Bilinear((3, 4), 2)(x.astype("f4"), y.astype("f4")).dtype == np.float32


def test_flatten() -> None:
    assert nn.flatten(np.ones((64, 1, 28, 28))).shape == (64, 784)
    assert nn.flatten(np.ones((0, 2, 3))).shape == (0, 6)
    assert nn.flatten(np.ones(5)).shape == (5, 1)
    model = nn.Chain(nn.flatten, nn.Dense(784, 10))
    x = np.ones((4, 28, 28), np.float32)
    assert model(x).shape == (4, 10)
    assert dpy.gradient(loss, model, x)[1].shape == x.shape


def test_a_layer_from_a_closure() -> None:
    def linear(n, m):
        w, b = nn.randn32(m, n), nn.zeros32(m)
        return lambda x: x @ w.T + b

    layer = linear(3, 2)
    model = nn.Chain(layer, nn.sigmoid)
    x = np.ones((4, 3), np.float32)
    held = [cell.cell_contents for cell in layer.__closure__]
    implicit = dpy.gradient(lambda: (model(x) ** 2).sum(), dpy.Params(held))
    explicit = dpy.gradient(lambda f: (nn.sigmoid(f(x)) ** 2).sum(), layer)[0]
    for name, array in zip(layer.__code__.co_freevars, held, strict=True):
        assert implicit[array].any()
        np.testing.assert_allclose(implicit[array], getattr(explicit, name), rtol=1e-6)
