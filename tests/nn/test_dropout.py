"""Dropout and AlphaDropout: what is kept, statistics, generators, axes."""

from __future__ import annotations

import numpy as np
import pytest

import dpy
from dpy import nn
from dpy.nn import functional as F


def total(model, x):
    return model(x).sum()


def test_kept_items_are_scaled() -> None:
    x = np.ones((100, 1000), np.float32)
    value, (_, d_x) = dpy.value_and_gradient(total, nn.Dropout(0.4), x)
    assert value / x.size == pytest.approx(1, abs=0.02)
    assert set(np.unique(d_x)) == {np.float32(0), np.float32(1 / 0.6)}
    assert (d_x == 0).mean() == pytest.approx(0.4, abs=0.01)
    assert d_x.dtype == np.float32


def test_after_a_dense_layer_as_in_fluxs_documentation() -> None:
    ones = nn.Dense(np.ones((1000, 2), np.float32), False)
    model = nn.trainmode(nn.Chain(ones, nn.Dropout(0.4)))
    y = model(np.ones((20, 2), np.float32))
    assert set(np.unique(y).round(5).tolist()) == {0.0, np.float32(3.33333).round(5)}
    assert y.mean() == pytest.approx(2, abs=0.05)
    assert (y == 0).mean() == pytest.approx(0.4, abs=0.02)


def test_the_same_generator_gives_the_same_mask() -> None:
    x = np.ones((5, 6))
    first, second = (
        dpy.gradient(total, nn.Dropout(0.5, rng=np.random.default_rng(3)), x)[1] for _ in range(2)
    )
    assert (first == second).all()
    nn.seed(1)
    first = F.dropout(x, 0.5)
    nn.seed(1)
    assert (F.dropout(x, 0.5) == first).all()
    assert (F.dropout(x, 0.5) != first).any()


def test_each_run_draws_once_and_a_pullback_can_be_repeated() -> None:
    x = np.ones(1000)
    layer = nn.Dropout(0.5)
    y, back = dpy.pullback(layer, x)
    assert (back(np.ones(1000))[0] == y).all()
    assert (back(np.ones(1000))[0] == y).all()


@pytest.mark.parametrize("axis", [0, 1, -1, (0, 2)])
def test_axes(axis) -> None:
    y = F.dropout(np.ones((4, 5, 6)), 0.5, axis=axis)
    others = tuple(set(range(3)) - {a % 3 for a in (axis if isinstance(axis, tuple) else (axis,))})
    assert (np.ptp(y, axis=others) == 0).all()
    assert repr(nn.Dropout(0.5, axis=1)) == "Dropout(0.5, axis=1)"


def test_limits() -> None:
    x = np.ones((3, 4))
    assert (nn.trainmode(nn.Dropout(0))(x) == x).all()
    assert (nn.trainmode(nn.Dropout(1))(x) == 0).all()
    assert (nn.trainmode(nn.AlphaDropout(0))(x) == x).all()
    assert (nn.trainmode(nn.AlphaDropout(1))(x) == 0).all()
    assert dpy.gradient(total, nn.Dropout(1), x)[1].tolist() == np.zeros((3, 4)).tolist()
    for wrong in (-0.1, 1.1):
        with pytest.raises(ValueError, match="0 <= p <= 1"):
            nn.Dropout(wrong)
        with pytest.raises(ValueError, match="0 <= p <= 1"):
            nn.AlphaDropout(wrong)
    assert nn.trainmode(nn.Dropout(0.5))(np.ones((0, 3))).shape == (0, 3)


def test_alpha_dropout_keeps_mean_and_deviation(rng) -> None:
    x = rng.normal(size=(1000, 100)).astype(np.float32)
    for p in (0.1, 0.4, 0.8):
        y = nn.trainmode(nn.AlphaDropout(p))(x)
        assert y.dtype == np.float32
        assert y.mean() == pytest.approx(0, abs=0.02)
        assert y.std() == pytest.approx(1, abs=0.02)
    layer = nn.AlphaDropout(0.4)
    assert (layer(x) == x).all()
    value, (_, d_x) = dpy.value_and_gradient(total, layer, x)
    assert len(np.unique(d_x)) == 2
    assert (d_x == 0).mean() == pytest.approx(0.4, abs=0.01)
    assert repr(layer) == "AlphaDropout(0.4)"
    assert repr(nn.testmode(layer)) == "AlphaDropout(0.4, active=False)"
