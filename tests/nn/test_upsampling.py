"""Upsampling as layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dpy
from dpy.nn import Chain, PixelShuffle, Upsample
from dpy.nn import functional as F

X = np.random.default_rng(0).standard_normal((2, 4, 3, 2))


@pytest.mark.parametrize(
    ("layer", "text", "expected"),
    [
        (Upsample((2, 3)), "Upsample((2, 3))", F.upsample_nearest(X, (2, 3))),
        (Upsample("bilinear", size=(4, 5)), 'Upsample(mode="bilinear", size=(4, 5))',
         F.upsample_bilinear(X, size=(4, 5))),
        (Upsample(2, "linear", align_corners=False),
         'Upsample(2, mode="linear", align_corners=False)',
         F.upsample_linear(X, 2, align_corners=False)),
        (PixelShuffle(2), "PixelShuffle(2)", F.pixel_shuffle(X, 2)),
    ],
)  # fmt: skip
def test_layers_are_their_functions(layer: Any, text: str, expected: Any) -> None:
    assert np.array_equal(layer(X), expected)
    assert repr(layer) == text


def test_volumes_gradients_and_errors() -> None:
    volume = np.ones((1, 1, 2, 2, 2), np.float32)
    assert Upsample(2, mode="trilinear")(volume).shape == (1, 1, 4, 4, 4)
    model = Chain(Upsample(2, "bilinear"), PixelShuffle(2), Upsample(3))
    dpy.check_gradient(lambda x: np.sum(model(x) ** 2), X[:1, :, :2])
    with pytest.raises(ValueError, match="none of nearest"):
        Upsample(2, mode="cubic")
