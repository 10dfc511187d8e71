"""Convolutional layers: shapes and counts of Flux, gradients, text, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dpy
from dpy.errors import ShapeError
from dpy.functors import trainables
from dpy.nn import Chain, Conv, ConvTranspose, CrossCor, DepthwiseConv, SamePad, flatten, relu
from dpy.nn import functional as F
from dpy.nn.pooling import MaxPool

IMAGES = np.ones((2, 3, 100, 100), np.float32)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Conv((5, 5), 3, 7), (2, 7, 96, 96)),
        (Conv((5, 5), 3, 7, stride=2), (2, 7, 48, 48)),
        (Conv((5, 5), 3, 7, stride=2, padding=SamePad()), (2, 7, 50, 50)),
        (Conv((1, 1), 3, 7, padding=(20, 10, 0, 0)), (2, 7, 130, 100)),
        (Conv((5, 5), 3, 7, stride=2, dilation=4), (2, 7, 42, 42)),
        (ConvTranspose((5, 5), 3, 7), (2, 7, 104, 104)),
        (ConvTranspose((5, 5), 3, 7, stride=2), (2, 7, 203, 203)),
        (ConvTranspose((5, 5), 3, 7, stride=2, output_padding=1), (2, 7, 204, 204)),
        (ConvTranspose((5, 5), 3, 7, stride=3, padding="same"), (2, 7, 300, 300)),
        (CrossCor((5, 5), 3, 7, stride=3, padding=(2, 0)), (2, 7, 34, 32)),
        (DepthwiseConv((5, 5), 3, 9, stride=2, padding=2), (2, 9, 50, 50)),
    ],
)
def test_shapes_of_flux(layer: Any, shape: tuple[int, ...]) -> None:
    assert layer(IMAGES).shape == shape


def test_one_dimension() -> None:
    sequences = np.ones((2, 4, 100), np.float32)
    assert Conv(3, 4, 5)(sequences).shape == (2, 5, 98)
    assert ConvTranspose((3,), 4, 5)(sequences).shape == (2, 5, 102)
    assert Conv((2, 3, 3), 1, 2)(np.ones((1, 1, 4, 5, 6), np.float32)).shape == (1, 2, 3, 3, 4)


@pytest.mark.parametrize(
    ("layer", "count"),
    [
        (Conv((2, 2), 3, 7), 91),
        (Conv((5, 5), 3, 7), 532),
        (Conv((5, 5), (3, 7), bias=False), 525),
        (Conv((3, 3), 3, 2), 56),
        (DepthwiseConv((5, 5), 3, 6, bias=False), 150),
        (CrossCor((5, 5), (3, 6), relu, bias=False), 450),
        (ConvTranspose((5, 5), 3, 7), 532),
    ],
)
def test_counts_of_flux(layer: Any, count: int) -> None:
    assert sum(p.size for p in trainables(layer)) == count
    assert all(p.dtype == np.float32 for p in trainables(layer))


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (Conv((5, 5), 3, 7, relu), "Conv((5, 5), 3, 7, relu)"),
        (
            CrossCor((3, 3), 2, 4, np.tanh, stride=2, padding=(1, 0), bias=False),
            "CrossCor((3, 3), 2, 4, tanh, stride=2, padding=(1, 0), bias=False)",
        ),
        (
            Conv((2, 2), 2, 4, padding=((1, 0), (0, 1)), dilation=(1, 2), groups=2),
            "Conv((2, 2), 2, 4, dilation=(1, 2), padding=((1, 0), (0, 1)), groups=2)",
        ),
        (
            ConvTranspose(3, 2, 4, stride=2, padding="same", output_padding=1),
            'ConvTranspose((3,), 2, 4, stride=2, output_padding=1, padding="same")',
        ),
    ],
)
def test_text(layer: Any, text: str) -> None:
    assert repr(layer).partition("  #")[0].rstrip() == text


def test_layers_are_their_functions() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 4, 9, 8)).astype(np.float32)
    settings: Any = {"stride": 2, "padding": 1, "dilation": 1, "groups": 2}
    layer = Conv((3, 2), 4, 6, np.tanh, rng=rng, **settings)
    expected = np.tanh(F.conv(x, layer.weight, layer.bias, **settings))
    assert np.array_equal(layer(x), expected)
    layer = CrossCor((3, 2), 4, 6, rng=rng, **settings)
    assert np.array_equal(layer(x), F.crosscor(x, layer.weight, layer.bias, **settings))
    layer = ConvTranspose((3, 2), 4, 6, rng=rng, **settings)
    assert np.array_equal(layer(x), F.conv_transpose(x, layer.weight, layer.bias, **settings))
    layer = DepthwiseConv((3, 2), 4, 8, rng=rng)
    assert np.array_equal(layer(x), F.depthwise_conv(x, layer.weight, layer.bias))
    own = Conv(layer.weight, relu, groups=4, bias=False)
    assert np.array_equal(own(x), relu(F.depthwise_conv(x, layer.weight)))


def net(x: Any) -> Any:
    """A small model in double precision."""
    rng = np.random.default_rng(1)
    model = Chain(
        Conv((3, 3), 2, 4, np.tanh, padding="same", stride=2, rng=rng),
        ConvTranspose((2, 2), 4, 2, stride=2, rng=rng),
        CrossCor((2, 2), 2, 2, np.tanh, groups=2, bias=False, rng=rng),
        flatten,
    )
    for layer in model.layers[:3]:
        layer.weight = layer.weight.astype(x.dtype)
        layer.bias = None if layer.bias is None else layer.bias.astype(x.dtype) + 0.1
    return model


def loss(model, x):
    y = model(x)
    return np.sum(y * y) + np.sum(y)


def test_gradients_of_a_model_against_differences() -> None:
    x = np.random.default_rng(0).standard_normal((2, 2, 4, 4))
    model = net(x)
    d_model, d_x = dpy.gradient(loss, model, x)
    rng = np.random.default_rng(2)
    for p, d_p in zip([x, *trainables(model)], [d_x, *trainables(d_model)]):
        step = 1e-6 * rng.standard_normal(p.shape)
        start = p.copy()
        sides = []
        for sign in (1, -1):
            p[...] = start + sign * step
            sides.append(loss(model, x))
        p[...] = start
        assert np.isclose(np.sum(d_p * step), (sides[0] - sides[1]) / 2, rtol=1e-6)
    assert type(d_model.layers[0]) is Conv and d_x.shape == x.shape
    again = dpy.gradient(loss, model, x)
    assert np.array_equal(again[0].layers[1].weight, d_model.layers[1].weight)


def test_float32_and_empty_batches() -> None:
    x = np.ones((3, 2, 4, 4), np.float32)
    model = net(x)
    value, (d_model, d_x) = dpy.value_and_gradient(loss, model, x)
    assert value.dtype == d_x.dtype == np.float32
    assert all(p.dtype == np.float32 for p in trainables(d_model))
    d_model, d_x = dpy.gradient(loss, model, x[:0])
    assert d_x.shape == (0, 2, 4, 4) and not any(p.any() for p in trainables(d_model))


@pytest.mark.parametrize("x", [np.ones((2, 4, 9, 9)), np.ones((3, 9, 9)), np.ones((2, 9, 9, 3))])
def test_inputs_that_do_not_fit(x: Any) -> None:
    layer = Conv((3, 3), 3, 4, relu)
    message = r"Conv\(\(3, 3\), 3, 4, relu\) got an input of shape"
    with pytest.raises(ShapeError, match=message):
        layer(x.astype(np.float32))
    with pytest.raises(ShapeError, match=message):
        dpy.gradient(loss, layer, x.astype(np.float32))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Conv((3, 3), 3),
        lambda: Conv((3, 3), 3, 4, groups=2),
        lambda: DepthwiseConv((3, 3), 3, 4),
        lambda: Conv((3, 3), 3, 4, stride=(1, 2, 3)),
    ],
)
def test_layers_that_make_no_sense(make: Any) -> None:
    with pytest.raises(ShapeError):
        make()


def test_lenet_counts_and_compiles() -> None:
    model = Chain(
        Conv((5, 5), 1, 6, relu),
        MaxPool((2, 2)),
        Conv((5, 5), 6, 16, relu),
        MaxPool((2, 2)),
        flatten,
    )
    x = np.ones((2, 1, 28, 28), np.float32)
    assert model(x).shape == (2, 256)
    assert sum(p.size for p in trainables(model)) == 156 + 2416
    source = dpy.adjoint_source(loss, model, x)
    assert "operate(" not in source and "call_(" not in source
