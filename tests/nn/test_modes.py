"""Training and test mode, automatic and by hand."""

from __future__ import annotations

import numpy as np
import pytest

import dpy
from dpy import nn

X = np.ones((50, 40), np.float32)


def total(model, x):
    return model(x).sum()


def test_automatic() -> None:
    model = nn.Chain(nn.Dropout(0.5))
    for _ in range(6):
        assert (model(X) == X).all()
        value, (_, d_x) = dpy.value_and_gradient(total, model, X)
        assert set(np.unique(d_x)) == {0.0, 2.0}
        assert value == d_x.sum()
        assert dpy.value_and_gradient(model[0], X[0, 0:0].sum())[0] == 0.0


def test_by_hand() -> None:
    model = nn.Chain(nn.Dropout(0.5), [nn.Dropout(0.1)][0], {"a": 1}.get)
    assert nn.testmode(model) is model
    assert [layer.active for layer in model[:2]] == [False, False]
    g = dpy.gradient(total, model[:2], X)[1]
    assert (g == 1).all()
    nn.trainmode(model)
    assert (model[:2](X) == 0).any()
    nn.testmode(model, False)
    assert model[0].active is True
    nn.trainmode(model, False)
    assert model[0].active is False
    for mode in ("auto", None):
        model[0].active = True
        nn.testmode(model, mode)
        assert model[0].active is None
        nn.trainmode(model, mode)
        assert model[0].active is None
    with pytest.raises(ValueError, match="mode"):
        nn.testmode(model, "train")


def test_a_class_of_ones_own() -> None:
    class Noisy:
        def __init__(self):
            self.active = None

        def __call__(self, x):
            return x + 1 if nn.is_training(self) else x

    model = nn.Chain(Noisy())
    assert model(0.5) == 0.5
    for _ in range(5):
        assert dpy.value_and_gradient(model, 0.5) == (1.5, (1.0,))
    nn.testmode(model)
    assert dpy.value_and_gradient(model, 0.5) == (0.5, (1.0,))


def test_modules() -> None:
    tied = nn.Dense(2, 2)
    model = nn.Chain(tied, nn.Chain(tied, np.tanh), nn.Dropout(0.5))
    kinds = [type(m).__name__ for m in nn.modules(model)]
    assert kinds == ["Chain", "tuple", "Dense", "Chain", "tuple", "Dropout"]
    model.again = model
    assert len(list(nn.modules(model))) == len(kinds)
    assert list(nn.modules(np.ones(2))) == []
