"""What layers do with inputs of another dtype or size."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import dpy
from dpy import nn
from dpy.nn import inputs


@pytest.fixture
def not_warned(monkeypatch):
    monkeypatch.setattr(inputs._Warned, "once", False)


def test_float64_is_converted_with_one_warning(not_warned) -> None:
    layer = nn.Dense(3, 2)
    x = np.ones((4, 3))
    with pytest.warns(dpy.DpyWarning, match=r"float64 input of shape \(4, 3\)") as caught:
        y = layer(x)
    assert caught[0].filename == __file__
    assert y.dtype == np.float32
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer(x)
    g = dpy.gradient(lambda m, x: m(x).sum(), layer, x)
    assert g[0].weight.dtype == np.float32
    assert g[1].dtype == np.float64
    np.testing.assert_allclose(g[1], np.tile(layer.weight.sum(0), (4, 1)), rtol=1e-6)


def test_the_warning_inside_a_gradient_names_the_program(not_warned) -> None:
    layer = nn.Dense(3, 2)
    with pytest.warns(dpy.DpyWarning, match="float64"):
        dpy.gradient(lambda m, x: m(x).sum(), layer, np.ones((4, 3)))


def test_other_dtypes() -> None:
    layer = nn.Dense(3, 2)
    for x in (np.ones((4, 3), int), np.ones((4, 3), bool), [[1, 2, 3]], np.ones((4, 3), np.int8)):
        assert layer(x).dtype == np.float32
    wide = nn.Dense(np.ones((2, 3)))
    assert wide(np.ones((4, 3), np.float32)).dtype == np.float64
    assert layer(np.ones((4, 3), complex)).dtype == np.complex128


@pytest.mark.parametrize("shape", [(5,), (7, 5), (3, 1), ()])
def test_sizes_are_explained(shape) -> None:
    layer = nn.Chain(nn.Dense(3, 2, np.tanh))
    x = np.ones(shape, np.float32)
    for call in (lambda: layer(x), lambda: dpy.gradient(lambda m, x: m(x).sum(), layer, x)):
        with pytest.raises(dpy.ShapeError, match=r"Dense\(3, 2, tanh\) got") as caught:
            call()
        assert isinstance(caught.value, ValueError)
        assert str(shape) in str(caught.value) or not shape
