"""States of optimisers: their trees, freezing, and changed rates."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

import dpy
from dpy import optim
from dpy.optim import Adam, Descent, Momentum, Nesterov, adjust, freeze, setup, thaw, update


@dataclass
class Layer:
    weight: Any
    bias: Any
    sigma: Any = np.tanh
    flag: bool = True


class Pair(NamedTuple):
    left: Any
    right: Any


def layer(n: int = 2) -> Layer:
    return Layer(np.ones((n, n)), np.zeros(n))


def test_the_tree_has_the_names_of_the_model() -> None:
    state = setup(Momentum(), {"l": layer(1), "p": Pair(np.zeros(1), (np.zeros(1), 3, None))})
    assert repr(state["l"]) == (
        "Layer(weight=Leaf(Momentum(eta=0.01, rho=0.9), array([[0.]])), "
        "bias=Leaf(Momentum(eta=0.01, rho=0.9), array([0.])), sigma=(), flag=())"
    )
    assert state["l"].sigma == () and state["p"][1][0].state == 0.0 and state["p"][1][2] == ()
    assert len(state["p"]) == 2 and list(state) == ["l", "p"]
    assert [type(part).__name__ for part in state["p"]] == ["Leaf", "State"]
    assert repr(state["p"][-1]) == "State((Leaf(Momentum(eta=0.01, rho=0.9), array([0.])), (), ()))"
    assert state["p"].left is state["p"][0]


def test_unknown_parts() -> None:
    state = setup(Descent(), [layer()])
    with pytest.raises(AttributeError, match="no part 'wight'; it has \\['weight', 'bias'"):
        state[0].wight
    with pytest.raises(dpy.DpyError, match="a Descent is not the state of an optimiser"):
        freeze(Descent())


def test_comparing_copying_and_pickling() -> None:
    model = [layer(), {"x": np.ones(1)}]
    state, other = setup(Adam(), model), setup(Adam(), model)
    assert state == other and state != setup(Adam(0.1), model)
    grads = [Layer(np.ones((2, 2)), None), {"x": np.ones(1)}]
    after, _ = update(state, model, grads)
    assert after != state == other
    assert pickle.loads(pickle.dumps(after)) == after == copy.copy(after)
    assert after[1]["x"] != freeze(copy.copy(after))[1]["x"]


def test_a_class_is_taken_for_its_rule_with_defaults() -> None:
    assert setup(Adam, np.ones(1)) == setup(Adam(), np.ones(1))


def test_nothing_to_train() -> None:
    with pytest.warns(dpy.DpyWarning, match="no parameters"):
        state = setup(Descent(), [np.arange(2), "text", np.tanh])
    assert state == ()
    model = [np.arange(2)]
    assert update(state, model, [None])[1][0] is not model[0]
    assert optim.update_(state, model, [None])[1] is model


def test_tied_arrays_have_one_leaf() -> None:
    w = np.ones(2)
    shared = Layer(w, np.zeros(2))
    state = setup(Momentum(), [shared, shared, Pair(w, 1)])
    assert state[0].weight is state[1].weight is state[2].left and state[0].weight.is_tied
    assert state[0].bias is state[1].bias and state[1].bias.is_tied
    assert len(optim.leaves_of(state)) == 2
    copied = copy.copy(state)
    assert copied[0].weight is copied[2].left and copied[0].weight is not state[0].weight


def test_views_of_one_memory_are_refused() -> None:
    w = np.ones((2, 2))
    with pytest.raises(dpy.DpyError, match="views of the same memory"):
        setup(Descent(), [w, w.T])
    with pytest.raises(dpy.DpyError, match="views of the same memory"):
        whole = np.ones(30)
        setup(Descent(), [whole[::3], whole[1:8:3], whole[10], whole[4:5]])
    setup(Descent(), [whole[::3], whole[1::3], whole[2:30:3]])


def test_freezing_and_thawing() -> None:
    model = Pair(np.array([1.0]), {"y": np.array([0.0])})
    state = setup(Descent(), model)
    freeze(state.left)
    assert "frozen=True" in repr(state) and state.left.frozen
    grads = Pair(np.array([np.pi]), {"y": np.array([10 * np.pi])})
    state, model = update(state, model, grads)
    assert model.left == 1.0 and np.isclose(model.right["y"][0], -np.pi)
    for _ in range(9):
        state, model = optim.update_(state, model, grads)
    assert model.left == 1.0
    state, model = update(thaw(state), model, grads)
    assert np.isclose(model.left, 1.0 - 0.1 * np.pi)


def test_adjusting_keeps_momenta() -> None:
    model = {"a": np.array([1.0]), "b": np.array([2.0])}
    state = setup(Nesterov(), model)
    state, _ = update(state, model, {"a": np.array([16.0]), "b": np.array([88.0])})
    assert adjust(state, 0.123) is state
    assert np.isclose(state["a"].state, -0.016) and np.isclose(state["b"].state, -0.088)
    assert state["a"].rule is state["b"].rule and state["a"].rule == Nesterov(0.123)
    adjust(state["b"], rho=0.5, delta=3, eta=0.1)
    assert state["a"].rule == Nesterov(0.123) and state["b"].rule == Nesterov(0.1, 0.5)
    assert optim.rate_of(state) == 0.123 and optim.rate_of(freeze(state)) is None
    assert optim.rate_of(setup(optim.ClipGrad(), np.ones(1))) is None
    assert optim.rate_of(setup(optim.MixedPrecision(Descent(0.3)), np.ones(1))) == 0.3


def test_rules_of_other_classes_can_be_adjusted() -> None:
    class Own:
        def __init__(self) -> None:
            self.eta = 0.1

        def init(self, x: Any) -> None:
            return None

        def apply(self, state: None, x: Any, dx: Any) -> Any:
            return state, self.eta * dx

    rule = Own()
    state = adjust(setup(rule, np.ones(1)), 0.5, other=1)
    assert state.rule.eta == 0.5 and rule.eta == 0.1
    assert update(state, np.ones(1), np.ones(1))[1] == 0.5


def test_parts_that_refer_back() -> None:
    model = SimpleNamespace(w=np.ones(1))
    model.me = [model]
    state = setup(Descent(1.0), model)
    optim.update_(state, model, SimpleNamespace(w=np.ones(1), me=[None]))
    assert model.w == 0.0


def test_fields_of_any_name() -> None:
    names = ["names", "keys", "copy", "live", "form", "state", "rule", "_slots", "_live"]
    model = SimpleNamespace(**{name: np.ones(k + 1) for k, name in enumerate(names)})
    state = setup(Momentum(1.0), model)
    for k, name in enumerate(names):
        assert getattr(state, name).state.shape == (k + 1,)
    _, new = update(state, model, model)
    assert all(np.all(getattr(new, name) == 0.0) for name in names)
