"""States of models: what they hold, and loading them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

import dpy
from dpy.functors import loadmodel, state


class Pair(NamedTuple):
    left: Any
    right: Any


@dataclass
class Layer:
    weight: Any
    bias: Any
    sigma: Any = np.tanh
    rate: float = 0.1


def layer(value: float, bias: Any = None) -> Layer:
    return Layer(np.full((2, 3), value), np.full(2, value) if bias is None else bias)


def test_state_is_made_of_plain_containers_and_copies() -> None:
    model = [layer(1.0), Pair(np.ones(1), "text"), {"k": (np.float32(2.0), np.tanh)}]
    found = state(model)
    assert found[0].keys() == {"weight", "bias", "sigma", "rate"}
    assert found[0]["rate"] == 0.1 and found[0]["sigma"] is None
    assert found[1] == {"left": np.ones(1), "right": "text"}
    assert found[2] == {"k": (2.0, None)}
    model[0].weight[...] = 5.0
    assert found[0]["weight"][0, 0] == 1.0


def test_state_of_what_refers_back() -> None:
    model = layer(1.0)
    model.sigma = [model]
    assert state(model)["sigma"] == [None]


@pytest.mark.parametrize("as_state", [True, False])
def test_round_trip_in_place(as_state: bool) -> None:
    old, new = (
        [layer(k), Pair(np.full(1, k), "a"), (Layer(np.full(2, k), None, rate=k),)]
        for k in (0.0, 3.0)
    )
    weight = old[0].weight
    assert loadmodel(old, state(new) if as_state else new) is old
    assert old[0].weight is weight and weight[0, 0] == 3.0
    assert old[1].left[0] == 3.0 and old[2][0].weight[0] == 3.0 and old[2][0].rate == 0.0


def test_a_missing_bias_is_one_of_zeros() -> None:
    model = loadmodel(layer(1.0, bias=np.zeros(2)), layer(2.0, bias=False))
    assert model.bias.tolist() == [0.0, 0.0] and model.weight[0, 0] == 2.0
    assert loadmodel(layer(1.0, bias=False), layer(2.0, np.zeros(2))).bias is False
    with pytest.raises(dpy.DpyError, match=r"model\.bias has an array of shape \(2,\)"):
        loadmodel(layer(1.0), layer(2.0, bias=False))
    with pytest.raises(dpy.DpyError, match="model.bias has False, the source an array"):
        loadmodel(layer(1.0, bias=False), layer(2.0))


@pytest.mark.parametrize(
    ("model", "source", "message"),
    [
        ([np.ones(2)], [np.ones(3)], r"model\[0\] has shape \(2,\), the source \(3,\)"),
        ({"a": np.ones(2)}, {"b": np.ones(2)}, r"1 parts \(a\), the source 1 parts \(b\)"),
        ([np.ones(2)], [np.ones(2), np.ones(2)], "the source 2 parts"),
        (layer(1.0), {"weight": np.ones((2, 3))}, "the source 1 parts"),
        ([np.ones(2)], 3.0, "no parts"),
    ],
)
def test_what_does_not_fit_is_refused(model: Any, source: Any, message: str) -> None:
    with pytest.raises(dpy.DpyError, match=message):
        loadmodel(model, source)


def test_nothing_is_copied_when_something_does_not_fit() -> None:
    model = [np.zeros(1), np.zeros(2)]
    with pytest.raises(dpy.DpyError):
        loadmodel(model, [np.ones(1), np.ones(3)])
    assert model[0].tolist() == [0.0]


def test_activations_need_not_match() -> None:
    old = Layer(np.zeros(1), None, sigma=np.tanh)
    loadmodel(old, Layer(np.ones(1), None, sigma=(1, "other")))
    assert old.weight.tolist() == [1.0] and old.sigma is np.tanh
