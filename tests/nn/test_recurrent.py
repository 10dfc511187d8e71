"""Recurrent layers: a layer is its cell, step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dpy
from dpy.errors import ShapeError
from dpy.functors import fmap, trainables
from dpy.nn import (
    GRU,
    LSTM,
    RNN,
    GRUCell,
    GRUv3,
    GRUv3Cell,
    LSTMCell,
    Recurrence,
    RNNCell,
    initialstates,
    relu,
)

LAYERS = [RNN, LSTM, GRU, GRUv3]


@pytest.mark.parametrize(
    ("layer", "count", "text"),
    [
        (RNN(4, 6), 66, "RNN(4, 6)"),
        (RNNCell((2, 3)), 18, "RNNCell(2, 3)"),
        (RNNCell(2, 3, relu, bias=False), 15, "RNNCell(2, 3, relu, bias=False)"),
        (LSTMCell(3, 5), 180, "LSTMCell(3, 5)"),
        (GRUCell(3, 5), 135, "GRUCell(3, 5)"),
        (GRUv3Cell(3, 5), 135, "GRUv3Cell(3, 5)"),
        (GRU(3, 5, return_state=True, axis=0), 135, "GRU(3, 5, return_state=True, axis=0)"),
    ],
)
def test_counts_and_text(layer: Any, count: int, text: str) -> None:
    assert sum(p.size for p in trainables(layer)) == count
    assert repr(layer).partition("  ")[0] == text


def doubled(layer: Any) -> Any:
    return fmap(lambda p: p.astype(np.float64), layer)


def plain(layer: Any, x: Any, state: Any = None) -> Any:
    """The cell applied to each step of ``(T, features)``, in plain NumPy."""
    outputs = []
    for step in x:
        y, state = layer.cell(step, state)
        outputs.append(y)
    return np.stack(outputs), state


@pytest.mark.parametrize("make", LAYERS)
def test_layers_are_their_cells(make: Any) -> None:
    rng = np.random.default_rng(0)
    layer = doubled(make(3, 2, rng=rng, return_state=True))
    alone = make(layer.cell)
    x = rng.standard_normal((2, 4, 5, 3))
    outputs, state = layer(x)
    assert outputs.shape == (2, 4, 5, 2)
    assert layer.return_state and not alone.return_state
    assert np.array_equal(alone(x), outputs)
    last = state[0] if make is LSTM else state
    assert np.array_equal(last, outputs[:, :, -1])
    expected, end = plain(layer, x[1, 2])
    assert np.allclose(outputs[1, 2], expected)
    assert np.allclose(layer(x[1, 2])[0], expected)
    assert np.allclose(Recurrence(layer.cell)(x), outputs)
    first = np.moveaxis(x, -2, 0)
    assert np.allclose(make(layer.cell, axis=0)(first), np.moveaxis(outputs, -2, 0))
    # The state of one half is the start of the other.
    begun, middle = layer(x[:, :, :2])
    ended, state_2 = layer(x[:, :, 2:], middle)
    assert np.allclose(np.concatenate([begun, ended], axis=2), outputs)
    assert np.allclose(np.asarray(state_2), np.asarray(state))
    start = initialstates(layer)
    assert np.allclose(layer(x, start)[0], outputs)
    again, end_2 = Recurrence(layer.cell, return_state=True)(x[1, 2], start)
    assert np.allclose(again, expected) and np.allclose(np.asarray(end_2), np.asarray(end))


@pytest.mark.parametrize("make", LAYERS)
def test_gradients(make: Any) -> None:
    rng = np.random.default_rng(1)
    layer = doubled(make(2, 2, rng=rng, return_state=True))
    x = rng.standard_normal((2, 3, 2))
    h = rng.standard_normal((2, 2))
    state = (h, 2 * h) if make is LSTM else h

    def loss(layer, x, state):
        outputs, end = layer(x, state)
        return np.sum(np.sin(outputs)) + np.sum(np.asarray(end[0]) ** 2)

    dpy.check_gradient(loss, layer, x, state)


def total(layer, x):
    y = layer(x)
    return np.sum(y * y)


@pytest.mark.parametrize("make", LAYERS)
def test_float32_and_straight_code(make: Any) -> None:
    layer = make(3, 4)
    x = np.ones((2, 5, 3), np.float32)
    value, (d_layer, d_x) = dpy.value_and_gradient(total, layer, x)
    assert value.dtype == d_x.dtype == np.float32 and d_x.shape == x.shape
    assert all(p.dtype == np.float32 and p.any() for p in trainables(d_layer))
    source = dpy.adjoint_source(total, layer, x)
    assert "operate(" not in source and "call_(" not in source
    empty = dpy.gradient(total, layer, x[:0])
    assert empty[1].shape == (0, 5, 3)


def test_inputs_that_do_not_fit() -> None:
    for make in LAYERS:
        with pytest.raises(ShapeError, match="5 features"):
            make(3, 2)(np.ones((2, 4, 5), np.float32))
