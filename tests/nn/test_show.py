"""Printed summaries, byte for byte as the tutorials have them."""

from __future__ import annotations

import numpy as np
import pytest

import dpy
from dpy import nn
from dpy.functors import f16

SMALL = """\
Chain(
  Dense(3, 3),                          # 12 parameters
  Dense(3, 3),                          # 12 parameters
)                   # Total: 4 arrays, 24 parameters, 352 bytes."""

LARGE = """\
Chain(
  Dense(784, 2048, relu),               # 1_607_680 parameters
  Dense(2048, 10),                      # 20_490 parameters
)                   # Total: 4 arrays, 1_628_170 parameters, 6.211 MiB."""

NESTED = """\
Chain(
  encoder = Chain(
    Dense(2, 3, tanh),                  # 9 parameters
    tanh,
  ),
  Dense(3, 1),                          # 4 parameters
  <lambda>,
  softmax,
)                   # Total: 4 arrays, 13 parameters, 308 bytes."""


def test_two_layers() -> None:
    model = nn.Chain(nn.Dense(3, 3), nn.Dense(3, 3))
    assert repr(model) == SMALL
    assert str(nn.summary(model)) == str(dpy.summary(model)) == SMALL


def test_activations_are_named() -> None:
    lines = repr(nn.Chain(nn.Dense(3, 3, nn.relu), nn.Dense(3, 3, nn.relu))).split("\n")
    assert lines[1] == "  Dense(3, 3, relu),                    # 12 parameters"
    assert repr(nn.Dense(1, 1, lambda x: x)).startswith("Dense(1, 1, <lambda>)")
    assert repr(nn.Dense(1, 1, bias=False)) == "Dense(1, 1, bias=False)  # 1 parameters"


def test_a_layer_alone() -> None:
    assert repr(nn.Dense(1000, 100, np.tanh)) == "Dense(1000, 100, tanh)  # 100_100 parameters"
    assert repr(nn.Dense(3, 3)) == "Dense(3, 3)         # 12 parameters"
    assert repr(nn.Dropout(0.5)) == "Dropout(0.5)"


def test_megabytes_and_half_precision() -> None:
    model = nn.Chain(nn.Dense(784, 2048, nn.relu), nn.Dense(2048, 10))
    assert repr(model) == LARGE
    assert repr(f16(model)).endswith("1_628_170 parameters, 3.106 MiB.")
    assert repr(nn.Chain(nn.Dense(10, 5, nn.sigmoid), nn.Dense(5, 2), nn.softmax)).endswith(
        "  softmax,\n)                   # Total: 4 arrays, 67 parameters, 524 bytes."
    )


def test_names_and_nested_models() -> None:
    part = nn.Chain(nn.Dense(2, 3, np.tanh), np.tanh)
    model = nn.Chain(part, nn.Dense(3, 1), lambda x: x, nn.softmax)
    assert repr(model) == NESTED.replace("encoder = ", "")
    named = nn.Chain(encoder=part, decoder=nn.Dense(3, 1))
    assert "\n  encoder = Chain(\n" in repr(named)
    assert "\n  decoder = Dense(3, 1),                # 4 parameters\n" in repr(named)
    as_list = nn.Chain([nn.Dense(3, 3), np.tanh])
    assert repr(as_list).startswith("Chain([\n")
    assert repr(as_list).endswith("])")
    joined = nn.Parallel(np.add, nn.Dense(3, 3), nn.SkipConnection(nn.Dense(3, 3), np.add))
    assert [line.strip() for line in repr(joined).split("\n")[1:6]] == [
        "add,", "Dense(3, 3),                          # 12 parameters", "SkipConnection(",
        "Dense(3, 3),                        # 12 parameters", "add,",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "remark"), [(0, "  (all zero)"), (np.nan, "  (some NaN)"), (np.inf, "  (some Inf)")]
)
def test_notable_values(value: float, remark: str) -> None:
    layer = nn.Dense(2, 1)
    layer.weight[:] = value
    assert repr(layer) == "Dense(2, 1)         # 3 parameters" + remark
    assert f"# 3 parameters{remark}\n" in repr(nn.Chain(layer, layer))


def test_tied_layers_count_once() -> None:
    layer = nn.Dense(3, 3)
    assert "Total" not in repr(nn.Chain(layer, layer, np.tanh))
    assert repr(nn.Chain(layer, layer, nn.Dense(3, 1))).endswith(
        "4 arrays, 16 parameters, 320 bytes."
    )


def test_models_of_ones_own() -> None:
    class Affine:
        def __init__(self):
            self.W, self.b = np.ones((2, 3), np.float32), np.zeros(2, np.float32)

    class Model:
        def __init__(self):
            self.first, self.name, self.second = Affine(), "net", [nn.Dense(2, 2), np.tanh]

    assert str(dpy.summary(Affine())) == "Affine(...)         # 8 parameters"
    assert str(dpy.summary(Model())) == (
        "Model(\n"
        "  first = Affine(...),                  # 8 parameters\n"
        "  second = [\n"
        "    Dense(2, 2),                        # 6 parameters\n"
        "  ],\n"
        ")                   # Total: 4 arrays, 14 parameters, 312 bytes."
    )
    assert str(dpy.summary(np.tanh)) == "tanh"


def test_gradients_are_short() -> None:
    layer = nn.Dense(1000, 100, np.tanh)
    x = np.ones((2, 1000), np.float32)
    g = dpy.gradient(lambda m: m(x).sum(), layer)[0]
    assert repr(g).startswith("Dense(weight=array([[")
    assert len(repr(g)) < 2000
    model = nn.Chain(layer, np.tanh)
    g = dpy.gradient(lambda m: m(x).sum(), model)[0]
    assert repr(g).startswith("Chain(layers=(Dense(weight=")
    assert len(repr(g)) < 2000


def test_a_model_that_contains_itself() -> None:
    class Model:
        def __init__(self):
            self.layer, self.me = nn.Dense(2, 2), self

    assert "\n  me = Model(...),\n" in dpy.summary(Model())
