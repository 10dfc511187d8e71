"""activations and outputsize."""

from __future__ import annotations

import numpy as np
import pytest

import dpy
from dpy import nn


def test_activations() -> None:
    model = nn.Chain(lambda x: x + 1, lambda x: 2 * x, lambda x: x**3)
    assert nn.activations(model, 1) == (2, 4, 64)
    assert nn.activations(np.sqrt, 4.0) == (2.0,)
    assert nn.activations(nn.Chain(), 1) == ()
    assert dpy.gradient(lambda x: nn.activations(model, x)[1], 1.0) == (2.0,)


def test_outputsize() -> None:
    assert nn.outputsize(nn.Chain(nn.Dense(10, 4)), (10,), padbatch=True) == (1, 4)
    assert nn.outputsize(nn.Dense(10, 4), (64, 10)) == (64, 4)
    convolutions = nn.Chain(nn.Conv((3, 3), (3, 16)), nn.Conv((3, 3), (16, 32)))
    assert nn.outputsize(convolutions, (3, 10, 10), padbatch=True) == (1, 32, 6, 6)
    both = nn.Parallel(np.add, nn.Dense(5, 20), nn.Dense(7, 20))
    assert nn.outputsize(both, (64, 5), (64, 7)) == (64, 20)
    assert nn.outputsize(nn.Embedding(5, 3), (4,), dtype=int) == (4, 3)
    assert nn.outputsize(nn.MultiHeadAttention(8, nheads=2), (3, 8)) == ((3, 8), (2, 3, 3))


def test_outputsize_names_what_does_not_fit() -> None:
    model = nn.Chain(nn.Dense(10, 4), nn.Chain(nn.Dense(5, 2)))
    with pytest.raises(dpy.ShapeError, match=r"Dense\(5, 2\) got"):
        nn.outputsize(model, (1, 10))

    def fussy(x):
        return x.reshape(7, 7)

    with pytest.raises(dpy.ShapeError, match=r"fussy refused an input of shape \(2, 4\): cannot"):
        nn.outputsize(nn.Chain(nn.Dense(10, 4), fussy), (2, 10))


def test_outputsize_changes_nothing() -> None:
    model = nn.Chain(nn.BatchNorm(3), nn.Dropout(0.5))
    nn.trainmode(model)
    assert nn.outputsize(model, (3,), padbatch=True) == (1, 3)
    assert [layer.active for layer in model] == [True, True]
    assert not model[0].mean.any()


def test_counts_and_shapes_of_fluxs_guide() -> None:
    model = nn.Chain(nn.Dense((1, 20), nn.sigmoid), nn.Dense((20, 1)), np.ravel)
    assert repr(model).endswith("# Total: 4 arrays, 61 parameters, 500 bytes.")
    x = np.ones((10, 4, 5, 5), np.float32)
    joined = nn.SkipConnection(
        nn.Conv((3, 3), (4, 7), padding="same"), lambda y, x: np.concatenate([y, x], axis=1)
    )
    assert joined(x).shape == (10, 11, 5, 5)
    assert dpy.gradient(lambda m, x: m(x).sum(), joined, x)[1].shape == x.shape
    builder = nn.Chain(nn.flatten, nn.Dense(784, 128, nn.relu), nn.Dropout(0.2), nn.Dense(128, 10))
    assert sum(p.size for p in dpy.params(builder)) == 101_770
    assert nn.outputsize(builder, (28, 28), padbatch=True) == (1, 10)
