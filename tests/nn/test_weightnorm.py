"""WeightNorm: the same layer, other parameters."""

from __future__ import annotations

import numpy as np
import pytest

import dpy
from dpy import nn
from dpy.functors import f64, params


def check(f, model, *xs):
    """The gradient of the parameters, as one vector, and of the inputs."""
    vector, back = dpy.destructure(model)
    dpy.check_gradient(lambda v, *xs: f(back(v), *xs), vector, *xs)


def loss(model, x):
    return (model(x) ** 2).sum()


def count(model):
    return sum(p.size for p in params(model))


def test_counts_of_flux() -> None:
    first = nn.WeightNorm(nn.Conv((3,), (1, 2)))
    both = nn.Chain(first, nn.WeightNorm(nn.Conv((3,), (2, 2))))
    assert count(first) == 11
    assert count(both) == 31
    plain = nn.remove_weight_norms(both)
    assert [type(layer) for layer in plain.layers] == [nn.Conv, nn.Conv]
    assert count(plain) == 8 + 14
    x = np.linspace(-1, 1, 20, dtype=np.float32).reshape(2, 1, 10)
    np.testing.assert_allclose(plain(x), both(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("axis", [0, 1, (0, 1)])
def test_values_and_gradients(axis, rng) -> None:
    layer = nn.Dense(3, 2, np.tanh, rng=rng)
    model = f64(nn.Chain(nn.WeightNorm(layer, axis=axis), nn.Dense(2, 2)))
    x = rng.normal(size=(5, 3))
    np.testing.assert_allclose(model[0](x), f64(layer)(x), rtol=1e-6)
    model[0].g *= 2
    doubled = model[0].plain()
    np.testing.assert_allclose(doubled.weight, 2 * layer.weight, rtol=1e-6)
    check(loss, model, x)
    g = dpy.gradient(loss, model, x)[0]
    along = (g.layers[0].layer.weight * model[0].layer.weight).sum(axis)
    np.testing.assert_allclose(along, 0, atol=1e-10)  # the length of v does not matter


def test_of_the_bias_and_of_nothing() -> None:
    layer = nn.Dense(3, 2)
    layer.bias[:] = 2.0
    assert nn.WeightNorm(layer, "bias").plain().bias.tolist() == [2.0, 2.0]
    with pytest.raises(ValueError, match="no array"):
        nn.WeightNorm(nn.Dense(3, 2, bias=False), "bias")
    assert repr(nn.WeightNorm(layer)).startswith("WeightNorm(Dense(3, 2), 'weight')  # 11 param")
