"""BatchNorm, LayerNorm, InstanceNorm, GroupNorm: values, gradients, running statistics, modes."""

from __future__ import annotations

import numpy as np
import pytest

import dpy
from dpy import nn
from dpy.functors import f64, params, state, trainables


def check(f, model, *xs):
    """The gradient of the parameters, as one vector, and of the inputs."""
    vector, back = dpy.destructure(model)
    dpy.check_gradient(lambda v, *xs: f(back(v), *xs), vector, *xs)


def weighted(model, x, w):
    return (w * model(x)).sum()


def by_hand(x, axes, gamma=1.0, beta=0.0, eps=1e-5):
    mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


def column(p, ndim):
    return p.reshape(1, -1, *(1,) * (ndim - 2))


@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 5), (2, 3, 4, 2)])
def test_batchnorm_in_training(shape, rng) -> None:
    layer = f64(nn.BatchNorm(3, init_beta=nn.randn32, init_gamma=nn.randn32))
    x, w = rng.normal(size=(2, *shape)) * 2 + 3
    axes = tuple({0, 1, 2, 3} & set(range(len(shape))) - {1})
    gamma, beta = column(layer.gamma, len(shape)), column(layer.beta, len(shape))
    value, (g, d_x, _) = dpy.value_and_gradient(weighted, layer, x, w)
    expected = by_hand(x, axes, gamma, beta)
    assert value == pytest.approx((w * expected).sum())
    np.testing.assert_allclose(g.beta, w.sum(axes))
    np.testing.assert_allclose(g.gamma, (w * by_hand(x, axes)).sum(axes))
    n = x.size // 3
    np.testing.assert_allclose(layer.mean, 0.1 * x.mean(axes))
    np.testing.assert_allclose(layer.var, 0.9 + 0.1 * x.var(axes) * n / (n - 1))
    nn.trainmode(layer)
    check(weighted, layer, x, w)


def test_batchnorm_in_test_mode(rng) -> None:
    layer = f64(nn.BatchNorm(3, np.tanh))
    layer.mean[:], layer.var[:] = [0.5, -1.0, 2.0], [1.0, 2.0, 0.5]
    x = rng.normal(size=(4, 3, 5))
    plain = np.tanh((x - column(layer.mean, 3)) / np.sqrt(column(layer.var, 3) + 1e-5))
    np.testing.assert_allclose(layer(x), plain)
    assert layer.mean.tolist() == [0.5, -1.0, 2.0]
    nn.testmode(layer)
    for _ in range(4):
        assert dpy.value_and_gradient(lambda m, x: m(x).sum(), layer, x)[0] == plain.sum()
    check(weighted, layer, x, rng.normal(size=x.shape))
    assert layer.mean.tolist() == [0.5, -1.0, 2.0]


def test_batchnorm_options(rng) -> None:
    layer = nn.BatchNorm(1)
    names = ("beta", "gamma", "mean", "var", "eps", "momentum")
    assert [np.ravel(state(layer)[name])[0] for name in names] == [0, 1, 0, 1, 1e-5, 0.1]
    assert [a is b for a, b in zip(params(nn.BatchNorm(3)), [], strict=False)] == []
    assert len(params(nn.BatchNorm(3))) == 2
    assert len(params(nn.BatchNorm(3, affine=False))) == 0
    x = rng.normal(size=(8, 3)).astype(np.float32)
    untracked = nn.BatchNorm(3, track_stats=False)
    np.testing.assert_allclose(untracked(x), by_hand(x, 0), rtol=1e-5)
    assert untracked(x).dtype == np.float32
    last = nn.trainmode(nn.BatchNorm(5, axis=-1))
    y = last(rng.normal(size=(4, 6, 5)).astype(np.float32))
    np.testing.assert_allclose(y.mean((0, 1)), 0, atol=1e-6)
    assert repr(layer) == "BatchNorm(1)        # 2 parameters, plus 2 non-trainable"
    assert repr(nn.BatchNorm(64, nn.relu, affine=False)).startswith(
        "BatchNorm(64, relu, affine=False)"
    )


def test_batchnorm_refuses() -> None:
    layer = nn.BatchNorm(3)
    one = np.ones((1, 3), np.float32)
    layer(one)
    for _ in range(4):
        with pytest.raises(dpy.ShapeError, match="one value for each channel"):
            dpy.gradient(lambda m, x: m(x).sum(), layer, one)
    for wrong in (np.ones((2, 4), np.float32), np.ones(3, np.float32)):
        with pytest.raises(dpy.ShapeError, match=r"BatchNorm\(3\) got an input of shape"):
            layer(wrong)
    assert layer(np.ones((0, 3), np.float32)).shape == (0, 3)


def test_a_model_with_batchnorm_learns_and_counts(rng) -> None:
    model = nn.Chain(nn.Dense(2, 3, np.tanh), nn.BatchNorm(3), nn.Dense(3, 2))
    assert len(trainables(model)) == 6
    x = rng.normal(size=(16, 2)).astype(np.float32)

    def loss(m, x):
        return (m(x) ** 2).sum()

    for step in range(1, 6):
        g = dpy.gradient(loss, model, x)[0]
        mean = np.tanh(x @ model[0].weight.T).mean(0)
        np.testing.assert_allclose(model[1].mean, (1 - 0.9**step) * mean, rtol=1e-4, atol=1e-6)
        assert {a.dtype for a in params(g)} == {np.dtype(np.float32)}
    text = repr(nn.Chain(nn.Dense(784, 64, nn.relu), nn.BatchNorm(64), nn.Dense(64, 10)))
    assert text == (
        "Chain(\n"
        "  Dense(784, 64, relu),                 # 50_240 parameters\n"
        "  BatchNorm(64),                        # 128 parameters, plus 128\n"
        "  Dense(64, 10),                        # 650 parameters\n"
        ")         # Total: 6 trainable arrays, 51_018 parameters,\n"
        "          # plus 2 non-trainable, 128 parameters, summarysize 200.289 KiB."
    )


@pytest.mark.parametrize("size", [(5,), (4, 5)])
def test_layernorm(size, rng) -> None:
    layer = f64(nn.LayerNorm(*size, np.tanh))
    layer.diag.scale[...] = rng.normal(size=size)
    layer.diag.bias[...] = rng.normal(size=size)
    axes = tuple(range(-len(size), 0))
    x, w = rng.normal(size=(2, 3, 2, *size)) * 3 + 1
    expected = np.tanh(by_hand(x, axes, layer.diag.scale, layer.diag.bias))
    np.testing.assert_allclose(layer(x), expected)
    check(weighted, layer, x, w)
    with pytest.raises(dpy.ShapeError, match="its last axes need the sizes"):
        layer(np.ones((2, 7)))
    plain = nn.LayerNorm(size, affine=False)
    y = plain(rng.random((20, *size)).astype(np.float32))
    assert y.dtype == np.float32
    np.testing.assert_allclose(y.std(axes), 1, atol=0.1)
    assert len(params(plain)) == 0
    shown = ", ".join(map(str, size))
    assert repr(plain) == f"LayerNorm({shown}, affine=False)"


def test_instancenorm(rng) -> None:
    x, w = rng.normal(size=(2, 3, 4, 5, 2)) * 3 + 1
    layer = f64(nn.InstanceNorm(4, affine=True, init_gamma=nn.randn32, init_beta=nn.randn32))
    gamma, beta = column(layer.gamma, 4), column(layer.beta, 4)
    np.testing.assert_allclose(layer(x), by_hand(x, (2, 3), gamma, beta))
    check(weighted, layer, x, w)
    plain = nn.InstanceNorm(4)
    assert len(params(plain)) == 0
    assert plain(x.astype(np.float32)).std((2, 3)) == pytest.approx(1, abs=0.2)
    assert repr(nn.InstanceNorm(4, track_stats=True)).startswith(
        "InstanceNorm(4, track_stats=True)"
    )


def test_instancenorm_that_tracks(rng) -> None:
    x = rng.normal(size=(3, 4, 50)) * 3 + 1
    layer = f64(nn.InstanceNorm(4, affine=True, track_stats=True))
    for _ in range(3):
        dpy.gradient(lambda m, x: m(x).sum(), layer, x)
    np.testing.assert_allclose(layer.mean, (1 - 0.9**3) * x.mean((0, 2)))
    var = x.var(2).mean(0) * 50 / 49
    np.testing.assert_allclose(layer.var, 0.9**3 + (1 - 0.9**3) * var)
    before = layer.mean.copy()
    expected = (x - column(layer.mean, 3)) / np.sqrt(column(layer.var, 3) + 1e-5)
    np.testing.assert_allclose(layer(x), expected)
    assert (layer.mean == before).all()


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_groupnorm(groups, rng) -> None:
    x, w = rng.normal(size=(2, 3, 4, 5, 2)) * 3 + 1
    layer = f64(nn.GroupNorm(4, groups, init_gamma=nn.randn32, init_beta=nn.randn32))
    rows = by_hand(x.reshape(3, groups, -1), -1).reshape(x.shape)
    expected = column(layer.gamma, 4) * rows + column(layer.beta, 4)
    np.testing.assert_allclose(layer(x), expected)
    check(weighted, layer, x, w)
    assert layer(np.ones((0, 4, 5))).shape == (0, 4, 5)
    with pytest.raises(dpy.ShapeError, match="groups of one size"):
        nn.GroupNorm(4, 3)
    single = nn.GroupNorm(4, groups, nn.relu, affine=False)
    assert repr(single) == f"GroupNorm(4, {groups}, relu, affine=False)"
    assert single(x.astype(np.float32)).dtype == np.float32


def test_against_torch(rng) -> None:
    torch = pytest.importorskip("torch")
    x = rng.normal(size=(4, 6, 5)).astype(np.float32)
    t = torch.tensor(x)
    pairs = [
        (nn.trainmode(nn.BatchNorm(6)), torch.nn.BatchNorm1d(6)),
        (nn.InstanceNorm(6), torch.nn.InstanceNorm1d(6)),
        (nn.GroupNorm(6, 3), torch.nn.GroupNorm(3, 6)),
        (nn.LayerNorm(5), torch.nn.LayerNorm(5)),
    ]
    for mine, theirs in pairs:
        np.testing.assert_allclose(mine(x), theirs(t).detach().numpy(), atol=1e-5)
    mine, theirs = pairs[0]
    np.testing.assert_allclose(mine.var, theirs.running_var.numpy(), rtol=1e-5)
    np.testing.assert_allclose(mine.mean, theirs.running_mean.numpy(), rtol=1e-5, atol=1e-7)
