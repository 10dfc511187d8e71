"""Pools as layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dpy
from dpy.nn import (
    AdaptiveMaxPool,
    AdaptiveMeanPool,
    Chain,
    GlobalMaxPool,
    GlobalMeanPool,
    MaxPool,
    MeanPool,
)
from dpy.nn import functional as F

X = np.random.default_rng(0).permutation(np.arange(2 * 3 * 100 * 100.0)).reshape(2, 3, 100, 100)


@pytest.mark.parametrize(
    ("layer", "text", "expected"),
    [
        (MaxPool((4, 4)), "MaxPool((4, 4))", F.maxpool(X, 4)),
        (MaxPool(3, stride=2, padding=1), "MaxPool(3, stride=2, padding=1)",
         F.maxpool(X, 3, stride=2, padding=1)),
        (MeanPool(4, 4), "MeanPool(4)", F.meanpool(X, 4)),
        (AdaptiveMaxPool((25, 25)), "AdaptiveMaxPool((25, 25))", F.maxpool(X, 4)),
        (AdaptiveMeanPool(25), "AdaptiveMeanPool(25)", F.meanpool(X, 4)),
        (GlobalMaxPool(), "GlobalMaxPool()", F.maxpool(X, 100)),
        (GlobalMeanPool(), "GlobalMeanPool()", F.meanpool(X, 100)),
    ],
)  # fmt: skip
def test_layers_are_their_functions(layer: Any, text: str, expected: Any) -> None:
    assert np.allclose(layer(X), expected)
    assert repr(layer) == text


def test_one_dimension_and_gradients() -> None:
    x = X[:1, :2, :2, :6].reshape(1, 2, 12)
    assert AdaptiveMeanPool(5)(x).shape == (1, 2, 5) and GlobalMaxPool()(x).shape == (1, 2, 1)
    model = Chain(MaxPool(3, stride=1, padding="same"), MeanPool(2), AdaptiveMaxPool(3),
                  AdaptiveMeanPool(2), GlobalMeanPool())  # fmt: skip
    dpy.check_gradient(lambda x: np.sum(model(x) ** 2) * 1e-6, x)
    assert dpy.gradient(lambda m, x: np.sum(m(x)), model, x.astype(np.float32))[1].dtype == (
        np.float32
    )
