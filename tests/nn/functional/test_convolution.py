"""Convolutions: values, gradients against differences, shapes, errors; PyTorch where it is."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.adjoints import registry
from dpy.errors import ShapeError
from dpy.nn.functional.convolution import conv, conv_transpose, crosscor, depthwise_conv

RNG = np.random.default_rng(0)


def mirror(weight: Any) -> Any:
    return weight[(..., *(slice(None, None, -1),) * (weight.ndim - 2))]


def test_a_convolution_mirrors_the_kernel() -> None:
    x, weight = RNG.standard_normal((1, 1, 8)), RNG.standard_normal((1, 1, 3))
    assert np.allclose(conv(x, weight)[0, 0], np.convolve(x[0, 0], weight[0, 0], "valid"))
    assert np.allclose(crosscor(x, weight)[0, 0], np.correlate(x[0, 0], weight[0, 0], "valid"))
    image, kernel = RNG.standard_normal((2, 3, 6, 5)), RNG.standard_normal((4, 3, 2, 3))
    assert np.allclose(conv(image, kernel), crosscor(image, mirror(kernel)))


def bilinear_loss(f: Any, settings: dict[str, Any]) -> Any:
    def loss(x, weight, bias):
        y = f(x, weight, bias, **settings)
        return np.sum(y * np.cos(np.arange(y.size)).reshape(y.shape))

    return loss


@pytest.mark.parametrize("f", [conv, crosscor])
@pytest.mark.parametrize(
    ("axes", "settings"),
    [
        (1, {"stride": 2, "padding": (2, 1)}),
        (2, {"stride": (1, 2), "padding": "same", "dilation": (2, 1), "groups": 2}),
        (3, {"padding": ((1, 0), (0, 1), (2, 2))}),
    ],
)
def test_gradients_against_differences(f: Any, axes: int, settings: dict[str, Any]) -> None:
    groups = settings.get("groups", 1)
    x = RNG.standard_normal((2, 4, *(5, 4, 3)[:axes]))
    weight = RNG.standard_normal((2, 4 // groups, *(3, 2, 2)[:axes]))
    loss = bilinear_loss(f, settings)
    dpy.check_gradient(loss, x, weight, RNG.standard_normal(2))
    with dpy.settings(check_rules=True):
        dpy.gradient(loss, x, weight, RNG.standard_normal(2))


@pytest.mark.parametrize(
    ("axes", "settings"),
    [
        (1, {"stride": 3, "output_padding": 1}),
        (2, {"stride": 2, "padding": "same", "groups": 2}),
        (3, {"padding": 1, "dilation": 2}),
    ],
)
def test_gradients_of_the_transpose(axes: int, settings: dict[str, Any]) -> None:
    groups = settings.get("groups", 1)
    x = RNG.standard_normal((2, 4, *(3, 2, 3)[:axes]))
    weight = RNG.standard_normal((4, 6 // groups, *(3, 2, 2)[:axes]))
    dpy.check_gradient(bilinear_loss(conv_transpose, settings), x, weight, RNG.standard_normal(6))


def test_the_transpose_is_the_adjoint() -> None:
    """``<d_y, conv(x, w)> == <conv_transpose(d_y, w), x>`` for all settings."""
    for k, s, p, d, groups in itertools.product((1, 2, 3), (1, 2), (0, 1), (1, 2), (1, 2)):
        settings: Any = {"stride": s, "padding": p, "dilation": d, "groups": groups}
        x, weight = RNG.standard_normal((2, 4, 9, 8)), RNG.standard_normal((6, 4 // groups, k, k))
        if p > 0 and k == 1:
            continue
        y = conv(x, weight, **settings)
        d_y = RNG.standard_normal(y.shape)
        reach = (k - 1) * d + 1
        missing = [(n + 2 * p - reach) % s for n in (9, 8)]
        back = conv_transpose(d_y, weight, output_padding=missing, **settings)
        assert back.shape == x.shape
        assert np.isclose(np.sum(d_y * y), np.sum(back * x))


def test_depthwise_convolutions_keep_channels_apart() -> None:
    x, weight = RNG.standard_normal((2, 3, 6)), RNG.standard_normal((6, 1, 2))
    y = depthwise_conv(x, weight)
    for channel in range(6):
        part = conv(x[:, channel // 2, None], weight[channel : channel + 1])
        assert np.allclose(y[:, channel], part[:, 0])
    dpy.check_gradient(lambda x, w: np.sum(depthwise_conv(x, w, stride=2) ** 2), x, weight)


def test_frozen_weights_and_data_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The adjoint in the data of a first layer is not computed."""
    from dpy.nn.functional import convolution

    def refuse(*args: Any) -> Any:
        raise AssertionError("computed for nothing")

    x, weight = RNG.standard_normal((2, 1, 5, 5)), RNG.standard_normal((2, 1, 3, 3))
    expected = dpy.gradient(lambda x, w: np.sum(conv(x, w) ** 2), x, weight)
    monkeypatch.setattr(convolution, "spread", refuse)
    assert np.allclose(dpy.gradient(of_weight, weight, x)[0], 0 * weight)
    found = dpy.gradient(lambda w: np.sum(conv(DATA, w) ** 2), weight)
    monkeypatch.undo()
    assert found[0].shape == expected[1].shape


DATA = np.ones((1, 1, 5, 5))


def of_weight(weight, x):
    return 0.0 * np.sum(conv(DATA, weight))


def test_float32_stays_float32_and_empty_batches() -> None:
    x, weight = np.ones((2, 1, 4, 4), np.float32), np.ones((3, 1, 2, 2), np.float32)
    bias = np.ones(3, np.float32)

    def loss(x, weight, bias):
        return np.sum(conv(x, weight, bias, padding=1)) + np.sum(conv_transpose(x, weight[:1]))

    value, gradients = dpy.value_and_gradient(loss, x, weight, bias)
    assert value.dtype == np.float32
    assert [d.dtype for d in gradients] == [np.float32] * 3
    _, gradients = dpy.value_and_gradient(loss, x[:0], weight, bias)
    assert gradients[0].shape == (0, 1, 4, 4) and not gradients[1].any() and not gradients[2].any()


def test_complex_weights() -> None:
    x = RNG.standard_normal((2, 2, 5)) + 1j * RNG.standard_normal((2, 2, 5))
    weight = RNG.standard_normal((3, 2, 2)) + 1j * RNG.standard_normal((3, 2, 2))
    for f in (conv, crosscor, lambda x, w: conv_transpose(x, w.transpose(1, 0, 2))):
        dpy.check_gradient(lambda x, w: np.sum(np.abs(f(x, w)) ** 2), x, weight)


def test_rules_write_to_nothing_and_repeat() -> None:
    x, weight, bias = np.ones((2, 2, 6)), np.ones((2, 2, 3)), np.ones(2)
    for f in (conv, crosscor, conv_transpose):
        rule = registry.lookup(f)
        assert rule is not None
        y, pullback = rule.apply((x, weight, bias), {})
        assert pullback is not None
        d_y = np.ones(y.shape)
        first, second = pullback(d_y)[0], pullback(d_y)[0]
        assert all(np.array_equal(a, b) for a, b in zip(first, second))
        assert (x == 1).all() and (weight == 1).all() and (bias == 1).all() and (d_y == 1).all()
    y, pullback = dpy.pullback(lambda w: conv(x, w), weight)
    assert np.array_equal(pullback(np.ones(y.shape))[0], pullback(np.ones(y.shape))[0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: conv(np.ones((1, 3, 5, 5)), np.ones((2, 4, 3, 3))), "an input with 3 channels"),
        (lambda: conv(np.ones((1, 3, 5)), np.ones((2, 3, 3, 3))), "an input of shape"),
        (lambda: conv(np.ones((3, 5)), np.ones((2, 3))), "an input of shape"),
        (lambda: crosscor(np.ones((1, 3, 5)), np.ones((2, 3, 6))), "does not fit"),
        (lambda: conv(np.ones((1, 3, 5)), np.ones((2, 3, 2)), np.ones(3)), "2 output channels"),
        (lambda: conv(np.ones((1, 4, 5)), np.ones((3, 2, 2)), groups=2), "groups=2"),
        (lambda: conv_transpose(np.ones((1, 3, 5)), np.ones((2, 3, 2))), "with 3 channels"),
        (
            lambda: conv_transpose(np.ones((1, 2, 5)), np.ones((2, 3, 2)), output_padding=1),
            "output_padding=1",
        ),
    ],
)
def test_errors_name_shapes(call: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        call()


def test_an_error_inside_a_gradient() -> None:
    with pytest.raises(ShapeError, match="an input with 3 channels"):
        dpy.gradient(lambda w: np.sum(conv(np.ones((1, 3, 5)), w)), np.ones((2, 4, 3)))


def test_against_pytorch() -> None:
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    for k, s, p, d, groups in itertools.product((1, 3), (1, 2), (0, 1), (1, 2), (1, 2)):
        settings: Any = {"stride": s, "padding": p, "dilation": d, "groups": groups}
        x, weight = RNG.standard_normal((2, 4, 18, 17)), RNG.standard_normal((6, 4 // groups, k, k))
        leaves = [torch.tensor(a, requires_grad=True) for a in (x, weight)]
        expected = functional.conv2d(*leaves, **settings)
        d_y = RNG.standard_normal(expected.shape)
        rule = registry.lookup(crosscor)
        assert rule is not None
        y, pullback = rule.apply((x, weight), settings)
        assert pullback is not None
        assert np.allclose(y, expected.detach().numpy())
        gradients = torch.autograd.grad(expected, leaves, torch.tensor(d_y))
        for found, wanted in zip(pullback(d_y)[0], gradients):
            assert np.allclose(found, wanted.numpy())
