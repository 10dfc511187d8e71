"""Gradients for arrays that a function reaches through globals, closures and objects."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from dpy import Params, gradient, pullback, value_and_gradient
from dpy.implicit import implicit_gradient, implicit_pullback

WEIGHTS = np.array([1.0, 2.0])


def uses_a_global(x):
    return (WEIGHTS * x).sum() ** 2


class Model:
    def __init__(self):
        self.w = np.array([[1.0, 2.0], [3.0, 4.0]])
        self.b = np.zeros(2)
        self.tied = self.w

    def __call__(self, x):
        return np.tanh(self.w @ x + self.b) @ self.tied


def test_parameters_in_globals() -> None:
    grads = gradient(lambda: uses_a_global(2.0), Params([WEIGHTS]))
    assert grads[WEIGHTS].tolist() == [24.0, 24.0]


def test_parameters_in_closures_agree_with_explicit_arguments() -> None:
    W, b, x = np.arange(6.0).reshape(2, 3) / 5, np.array([0.1, 0.2]), np.array([1.0, -1.0, 0.5])

    def loss(W, b):
        return (np.tanh(W @ x + b) ** 2).sum()

    grads = gradient(lambda: loss(W, b), Params([W, b]))
    explicit = gradient(loss, W, b)
    assert grads[W].tolist() == explicit[0].tolist()
    assert grads[b].tolist() == explicit[1].tolist()


def test_parameters_in_objects() -> None:
    model, x = Model(), np.array([0.3, -0.2])
    grads = gradient(lambda: model(x).sum(), Params([model.w, model.b]))
    (explicit,) = gradient(lambda m: m(x).sum(), model)
    np.testing.assert_allclose(grads[model.w], explicit.w)
    np.testing.assert_allclose(grads[model.w], explicit.tied)
    np.testing.assert_allclose(grads[model.b], explicit.b)


def test_parameters_are_told_apart_by_identity() -> None:
    a, b = np.ones(2), np.ones(2)
    grads = gradient(lambda: (a * 2 + b * 3).sum(), Params([a, b]))
    assert grads[a].tolist() == [2.0, 2.0]
    assert grads[b].tolist() == [3.0, 3.0]
    with pytest.raises(KeyError):
        grads[np.ones(2)]


def test_parameter_that_is_not_reached_gets_zeros() -> None:
    a, b = np.ones(2), np.ones((2, 2))
    grads = gradient(lambda: a.sum(), Params([a, b]))
    assert grads[b].tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_implicit_value_and_pullback() -> None:
    a = np.array([1.0, 2.0])
    y, grads = value_and_gradient(lambda: (a * a).sum(), Params([a]))
    assert y == 5.0
    assert grads[a].tolist() == [2.0, 4.0]
    y, back = pullback(lambda: a * a, Params([a]))
    assert back(np.array([1.0, 10.0]))[a].tolist() == [2.0, 40.0]
    a[...] = 7.0
    assert back(np.array([1.0, 10.0]))[a].tolist() == [2.0, 40.0]


def test_parameter_updated_in_place_between_gradients() -> None:
    a = np.array([4.0])
    for _ in range(60):
        a -= 0.2 * gradient(lambda: ((a - 1.5) ** 2).sum(), Params([a]))[a]
    assert a[0] == pytest.approx(1.5)


def test_methods_and_other_callables() -> None:
    model, x = Model(), np.array([0.3, -0.2])

    class Total(Model):
        def total(self):
            return self(x).sum()

    total = Total()
    (explicit,) = gradient(lambda m: m(x).sum(), model)
    for f in (total.total, functools.partial(Total.total, total)):
        y, grads = implicit_gradient(f, Params([total.w]), {})
        assert y == model(x).sum()
        np.testing.assert_allclose(grads[total.w], explicit.w)


def test_keywords_are_passed_on() -> None:
    a = np.array([1.0, 2.0])
    y, back = implicit_pullback(lambda k: a * k, Params([a]), {"k": 3.0})
    assert y.tolist() == [3.0, 6.0]
    assert back(np.ones(2))[a].tolist() == [3.0, 3.0]
    assert back(np.zeros(2))[a].tolist() == [0.0, 0.0]
