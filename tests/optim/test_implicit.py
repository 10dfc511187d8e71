"""The implicit form: ``update_(rule, params, grads)``."""

from __future__ import annotations

import copy
import gc
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import dpy
from dpy import optim
from dpy.optim import Adam, Descent, Momentum, update_


def test_parameters_are_written_to_and_each_has_its_state() -> None:
    W, b = np.ones((2, 2)), np.zeros(2)
    x, y = np.array([1.0, 2.0]), np.array([0.5, 0.0])
    ps = dpy.params(W, b)
    model = {"W": W.copy(), "b": b.copy()}
    rule, state = Momentum(0.02), optim.setup(Momentum(0.02), model)
    ids = [id(p) for p in ps]
    for _ in range(3):
        gs = dpy.gradient(lambda: np.sum((W @ x + b - y) ** 2), ps)
        update_(rule, ps, gs)
        d = dpy.gradient(lambda m: np.sum((m["W"] @ x + m["b"] - y) ** 2), model)[0]
        state, model = optim.update(state, model, d)
    assert [id(p) for p in ps] == ids
    assert np.array_equal(W, model["W"]) and np.array_equal(b, model["b"])


def test_one_array() -> None:
    rule, x, y = Adam(0.1), np.ones(2), np.ones(2)
    for _ in range(2):
        update_(rule, x, np.ones(2))
    update_(rule, y, np.ones(2))
    assert np.allclose(x, 0.8) and np.allclose(y, 0.9)


def test_the_rate_of_the_rule_counts() -> None:
    rule, x = Momentum(1.0, 0.5), np.ones(1)
    update_(rule, x, np.ones(1))
    rule.eta = 0.1
    update_(rule, x, np.ones(1))
    assert np.allclose(x, 1 - 1 - 0.6)


def test_objects_among_the_parameters() -> None:
    layer = SimpleNamespace(w=np.ones(2), name="a")
    ps = dpy.Params([layer])
    gs = dpy.gradient(lambda: np.sum(layer.w * 3), ps)
    update_(Descent(0.1), ps, gs)
    assert np.allclose(layer.w, 0.7)


def test_states_go_with_their_arrays_and_not_with_copies() -> None:
    rule = Momentum(1.0)
    for _ in range(3):
        update_(rule, np.ones(1), np.ones(1))
    gc.collect()
    assert not rule._states.found  # type: ignore[attr-defined]
    x = np.zeros(1)
    update_(rule, x, np.ones(1))
    other = copy.deepcopy(rule)
    assert other == rule == Momentum(1.0)
    update_(other, x, np.ones(1))
    assert x == -2.0


@pytest.mark.parametrize(
    ("params", "grads", "message"),
    [
        (np.arange(2), np.ones(2), "an array of dtype int64 cannot be trained"),
        (np.broadcast_to(np.ones(1), 2), np.ones(2), "cannot be written to"),
        (np.ones(2), np.ones(3), r"got a gradient of shape \(3,\)"),
        (dpy.Params([np.ones(2)]), [np.ones(2)], "the gradients of Params are Grads, not a list"),
    ],
)
def test_what_is_refused(params: Any, grads: Any, message: str) -> None:
    with pytest.raises(dpy.DpyError, match=message):
        update_(Descent(), params, grads)


def test_overlaps_are_refused() -> None:
    w = np.ones((2, 2))
    ps = dpy.Params([w, w.T])
    with pytest.raises(dpy.DpyError, match="views of the same memory"):
        update_(Descent(), ps, dpy.gradient(lambda: np.sum(w), ps))


def test_a_rule_without_attributes() -> None:
    class Fixed:
        __slots__ = ()

        def init(self, x: Any) -> None:
            return None

        def apply(self, state: Any, x: Any, dx: Any) -> Any:
            return state, dx

    with pytest.raises(dpy.DpyError, match="cannot keep states"):
        update_(Fixed(), np.ones(1), np.ones(1))


def test_parameters_without_a_gradient_stay() -> None:
    x = np.ones(1)
    update_(Descent(), x, None)
    assert x == 1.0
