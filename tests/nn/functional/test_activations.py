"""Activations: values, derivatives, extreme arguments, dtypes, scalars."""

from __future__ import annotations

import math

import numpy as np
import pytest

import dpy
from dpy import nn
from dpy.nn import functional as F
from dpy.nn.functional import activations

NAMES = [name for name in activations.__all__ if name != "rrelu"]
XS = np.array([-9.0, -3.5, -2.9, -1.2, -0.7, -0.3, 0.2, 0.6, 1.3, 2.8, 3.3, 7.0])


def sigma(x):
    return 1 / (1 + math.exp(-x))


def softplus(x):
    return math.log(1 + math.exp(x))


# By the formulas of NNlib's documentation, for one number.
FORMULAS = {
    "celu": lambda x: x if x >= 0 else math.exp(x) - 1,
    "elu": lambda x: x if x > 0 else math.exp(x) - 1,
    "gelu": lambda x: x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "hardsigmoid": lambda x: max(0, min(1, (x + 3) / 6)),
    "hardswish": lambda x: x * max(0, min(1, (x + 3) / 6)),
    "hardtanh": lambda x: max(-1, min(1, x)),
    "leakyrelu": lambda x: max(0.01 * x, x),
    "lisht": lambda x: x * math.tanh(x),
    "logcosh": lambda x: math.log(math.cosh(x)),
    "logsigmoid": lambda x: math.log(sigma(x)),
    "mish": lambda x: x * math.tanh(softplus(x)),
    "relu": lambda x: max(0, x),
    "relu6": lambda x: min(max(0, x), 6),
    "selu": lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543773 * math.expm1(x)),
    "sigmoid": sigma,
    "sigmoid_fast": sigma,
    "softplus": softplus,
    "softshrink": lambda x: x - 0.5 if x > 0.5 else x + 0.5 if x < -0.5 else 0,
    "softsign": lambda x: x / (1 + abs(x)),
    "swish": lambda x: x * sigma(x),
    "tanh": math.tanh,
    "tanh_fast": math.tanh,
    "tanhshrink": lambda x: x - math.tanh(x),
    "trelu": lambda x: x if x > 1 else 0,
}

# Derivatives at 0 and where the pieces meet, as NNlib has them.
KINKS = [
    ("relu", 0.0, 0.0), ("relu6", 0.0, 0.0), ("relu6", 6.0, 0.0), ("leakyrelu", 0.0, 0.01),
    ("elu", 0.0, 1.0), ("celu", 0.0, 1.0), ("trelu", 1.0, 0.0), ("hardtanh", 1.0, 0.0),
    ("hardsigmoid", 3.0, 0.0), ("softshrink", 0.5, 0.0),
]  # fmt: skip


def total(x, f):
    return f(x).sum()


def test_there_are_24_and_tanh() -> None:
    assert len(set(activations.__all__)) == 25
    assert set(FORMULAS) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_value_and_derivative(name: str) -> None:
    f = getattr(nn, name)
    expected = [FORMULAS[name](x) for x in XS.tolist()]
    np.testing.assert_allclose(f(XS), expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(f(XS.reshape(3, 4)).ravel(), f(XS), rtol=0)
    y, (g, _) = dpy.value_and_gradient(total, XS, f)
    assert y == f(XS).sum()
    numerical = (f(XS + 1e-6) - f(XS - 1e-6)) / 2e-6
    np.testing.assert_allclose(g, numerical, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_float32_extremes_and_scalars(name: str) -> None:
    f = getattr(F, name)
    x = np.array([-1e30, -1e4, -100, -1, 0, 1, 100, 1e4], np.float32)
    if name in ("gelu",):
        x = x[1:]  # the formula has a cube
    with np.errstate(all="raise", under="ignore"):
        y, (g, _) = dpy.value_and_gradient(total, x, f)
    assert f(x).dtype == g.dtype == np.float32
    assert np.isfinite(g).all()
    wide = f(x.astype(np.float64))
    np.testing.assert_allclose(f(x), wide, rtol=2e-6, atol=1e-7)
    assert np.isnan(f(np.array([np.nan]))).all() or name == "trelu"
    assert np.ndim(f(0.3)) == 0
    assert isinstance(f(0.3), (float, np.floating))
    assert f(np.float32(0.3)).dtype == np.float32
    assert f(np.zeros((0, 3), np.float32)).shape == (0, 3)
    assert dpy.gradient(f, 0.3)[0] == pytest.approx((f(0.3 + 1e-6) - f(0.3 - 1e-6)) / 2e-6)


@pytest.mark.parametrize(("name", "x", "slope"), KINKS)
def test_kinks(name: str, x: float, slope: float) -> None:
    f = getattr(F, name)
    assert dpy.gradient(f, np.float64(x))[0] == slope
    assert dpy.gradient(total, np.array([x]), f)[0] == [slope]


@pytest.mark.parametrize("name", ["leakyrelu", "elu", "celu", "softshrink"])
def test_parameters_of_activations(name: str) -> None:
    def f(x, a):
        return getattr(F, name)(x, a).sum()

    dpy.check_gradient(f, XS, 0.7)
    dpy.check_gradient(f, np.array([XS, XS]), np.full((2, 1), 0.3))
    assert F.leakyrelu(-2.0, a=0.5) == -1.0
    assert F.trelu(np.array([1.0, 3.0]), 2.0).tolist() == [0.0, 3.0]


def test_rrelu_draws_its_slopes() -> None:
    x = -np.ones(10_000)
    y = F.rrelu(x, rng=np.random.default_rng(0))
    assert -1 / 3 <= y.min() < -0.33
    assert -0.126 < y.max() <= -1 / 8
    assert (F.rrelu(x, rng=np.random.default_rng(0)) == y).all()
    assert (F.rrelu(-x, 0.1, 0.2) == -x).all()
    assert F.rrelu(x.astype(np.float32)).dtype == np.float32

    def f(x, seed):
        return F.rrelu(x, rng=np.random.default_rng(seed)).sum()

    value, (g, _) = dpy.value_and_gradient(f, x, 0)
    assert value == y.sum()
    np.testing.assert_array_equal(g, -y)
