"""Steps of whole models: what moves, what stays, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

import dpy
from dpy import optim
from dpy.optim import Adam, Descent, Momentum, setup, update, update_


@dataclass
class Layer:
    weight: Any
    bias: Any
    sigma: Any = np.tanh

    def __call__(self, x: Any) -> Any:
        return self.sigma(x @ self.weight.T + self.bias)


class Slotted:
    __slots__ = ("w",)

    def __init__(self, w: Any) -> None:
        self.w = w

    def call(self, x: Any) -> Any:
        return self.w * x


class Pair(NamedTuple):
    x: Any
    y: Any


def chain(rng: np.random.Generator) -> Any:
    layers = [Layer(rng.normal(size=(3, 3)), rng.normal(size=3)) for _ in range(2)]
    return {"layers": layers, "end": (Slotted(rng.normal(size=3)).call, SimpleNamespace(a="x"))}


def loss(model: Any, x: Any) -> Any:
    for layer in model["layers"]:
        x = layer(x)
    return np.sum(model["end"][0](x) ** 2)


def test_the_old_model_stays_and_the_new_one_is_independent() -> None:
    model = {"x": np.array([1.0, 2.0, 3.0]), "mean": np.arange(2), "f": np.tanh}
    state = setup(Descent(0.1), model)
    new_state, new = update(state, model, {"x": 1.0})
    assert np.allclose(new["x"], [0.9, 1.9, 2.9]) and model["x"].tolist() == [1.0, 2.0, 3.0]
    assert new["mean"] is not model["mean"] and new_state is not state


def test_any_structure_of_any_class() -> None:
    rng = np.random.default_rng(0)
    model, x = chain(rng), rng.normal(size=(4, 3))
    state = setup(Adam(0.02), model)
    values = []
    for i in range(30):
        value, (grads, _) = dpy.value_and_gradient(loss, model, x)
        values.append(value)
        state, model = (update if i % 2 else update_)(state, model, grads)
    assert values[-1] < values[0] / 3 and type(model["end"][0].__self__) is Slotted


def test_in_place_and_pure_agree_to_the_last_bit() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4, 3))
    models = [chain(np.random.default_rng(2)) for _ in range(2)]
    states = [setup(Momentum(), model) for model in models]
    ids = list(map(id, dpy.trainables(models[0])))
    for _ in range(3):
        grads = [dpy.gradient(loss, model, x)[0] for model in models]
        states[0], models[0] = update_(states[0], models[0], grads[0])
        states[1], models[1] = update(states[1], models[1], grads[1])
    assert list(map(id, dpy.trainables(models[0]))) == ids
    assert states[0] == states[1]
    flat = [dpy.destructure(model)[0] for model in models]
    assert np.array_equal(*flat)


def test_arrays_that_cannot_be_written_to_are_replaced() -> None:
    y = np.array([4.0, 5.0])
    y.flags.writeable = False
    model = Pair(np.array([1.0, 2.0]), y)
    x = model.x
    state = setup(Momentum(1 / 30), model)
    grads = dpy.gradient(lambda m: np.sum((m.x + m.y) ** 2), model)[0]
    assert grads.x.tolist() == [10.0, 14.0]
    state, new = update_(state, model, grads)
    assert np.allclose(new.x, [2 / 3, 46 / 30]) and np.allclose(new.y, [11 / 3, 136 / 30])
    assert new.x is x and y.tolist() == [4.0, 5.0]
    mixed = setup(optim.MixedPrecision(Descent(0.5)), y)
    assert update_(mixed, y, np.ones(2))[1].tolist() == [3.5, 4.5]


def test_no_gradient_is_not_a_gradient_of_zero() -> None:
    x = np.array([1.0])
    for second, wanted in ((0.0, (0.09, 0.000999, 0.729, 0.997002999)),
                           (None, (0.1, 0.001, 0.81, 0.998001))):  # fmt: skip
        state = setup(Adam(0.1), x)
        state, new = update(state, x, np.array([1.0]))
        state, new = update(state, new, None if second is None else np.array([second]))
        m, v, (p1, p2) = state.state
        assert np.allclose((m[0], v[0], p1, p2), wanted, rtol=1e-6)


def test_a_tied_array_moves_once() -> None:
    w = np.array([2.0, 3.0])
    model = [Layer(w, np.zeros(2)), {"again": w}]
    state = setup(Momentum(0.5), model)
    grads = dpy.gradient(lambda m: np.sum(m[0].weight * m[1]["again"]), model)[0]
    state, new = update(state, model, grads)
    assert new[0].weight is new[1]["again"] and np.allclose(new[0].weight, w - 0.5 * 2 * w)
    update_(setup(Descent(0.5), model), model, grads)
    assert np.allclose(w, [0.0, 0.0])
    grads[0].weight = None
    update_(state, new, grads)
    with pytest.raises(dpy.DpyError, match="two different gradients"):
        grads[0].weight = grads[1]["again"] + 1
        update_(state, new, grads)
    with pytest.raises(dpy.DpyError, match="stood at two places is another one"):
        update_(state, [Layer(w, np.zeros(2)), {"again": w.copy()}],
                [Layer(np.ones(2), None), {"again": np.ones(2)}])  # fmt: skip


def test_layers_that_are_not_trained_stay() -> None:
    class Norm:
        __trainable__ = ("gamma",)

        def __init__(self) -> None:
            self.mean, self.gamma = np.zeros(1), np.ones(1)

    model = [Norm()]
    state = setup(Descent(), model)
    grads = dpy.gradient(lambda m: np.sum(m[0].mean * 3 + m[0].gamma), model)[0]
    state, new = update(state, model, grads)
    assert new[0].mean == 0.0 and new[0].gamma == 0.9 and state[0].mean == ()


@pytest.mark.parametrize(
    ("model", "grads", "message"),
    [
        ([np.ones(2)], [np.ones(3)], r"shape \(2,\) got a gradient of shape \(3,\)"),
        ([np.ones(2)], ([np.ones(2)],), r"shape \(2,\) got a list for its gradient"),
        (Layer(np.ones(2), 0), (Layer(np.ones(2), 0),), "the gradient of a Layer is a tuple"),
        ({"a": np.ones(1)}, {"b": np.ones(1)}, "with none of its parts"),
    ],
)
@pytest.mark.parametrize("step", [update, update_])
def test_gradients_of_something_else(model: Any, grads: Any, message: str, step: Any) -> None:
    with pytest.raises(dpy.DpyError, match=message):
        step(setup(Descent(), model), model, grads)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ([Layer(np.ones((2, 2)), np.ones(1))], r"shape \(1, 1\) is of shape \(2, 2\) now"),
        ([Layer(None, np.ones(1))], r"shape \(1, 1\) is a NoneType now"),
        ([Layer(np.ones((1, 1)), np.ones(1))] * 2, "a list has 2 parts, and had 1"),
        ([SimpleNamespace(weight=np.ones((1, 1)))], "no part 'bias' in its SimpleNamespace"),
        (np.ones(1), "no part 0 in its ndarray|has 0 parts"),
    ],
)
def test_models_of_another_structure(changed: Any, message: str) -> None:
    model = [Layer(np.ones((1, 1)), np.ones(1))]
    grads = [Layer(np.ones((1, 1)), np.ones(1))]
    with pytest.raises(dpy.DpyError, match=message):
        update_(setup(Descent(), model), changed, grads)


def test_a_gradient_in_another_type_is_brought_to_that_of_the_array() -> None:
    x = np.ones(2, np.float32)
    update_(setup(Momentum(0.5), x), x, np.ones(2))
    assert x.dtype == np.float32 and x.tolist() == [0.5, 0.5]
    update_(setup(Momentum(0.5), x), x, np.array([1 + 2j, 1j]))
    assert x.tolist() == [0.0, 0.5]


def test_a_rule_of_ones_own() -> None:
    class Signs:
        """No base class, no registration."""

        def init(self, x: Any) -> int:
            return 0

        def apply(self, count: int, x: Any, dx: Any) -> Any:
            return count + 1, None if count % 2 else 0.1 * np.sign(dx)

    model = {"x": np.array([1.0, -1.0])}
    state = setup(optim.OptimiserChain(optim.ClipGrad(1.0), Signs()), model)
    for wanted in ([0.9, -1.1], [0.9, -1.1], [0.8, -1.2]):
        state, model = update(state, model, {"x": np.array([3.0, 0.5])})
        assert np.allclose(model["x"], wanted)
    assert state["x"].state == (None, 3)


def test_a_hundred_tied_or_nested_parts_in_linear_time() -> None:
    layers = [Layer(np.ones(1), np.ones(1)) for _ in range(50)]
    model = [layers, layers, {i: layer for i, layer in enumerate(layers)}]
    state = setup(Descent(), model)
    one = [Layer(np.ones(1), np.ones(1)) for _ in range(50)]
    update_(state, model, [one, one, dict(enumerate(one))])
    assert all(layer.weight == 0.9 for layer in layers)


@pytest.mark.parametrize("step", [update, update_])
def test_some_fields_only(step: Any) -> None:
    layer = Layer(np.ones((2, 3)), np.ones(2))
    grads = dpy.gradient(lambda m: np.sum(m(np.ones(3))), layer)[0]
    _, new = step(setup(Momentum(), layer), layer, grads, fields=("bias",))
    assert new.weight.tobytes() == np.ones((2, 3)).tobytes() and new.sigma is np.tanh
    assert np.all(new.bias < 1)
    pair = Pair(np.ones(2), np.ones(2))
    state, new = step(setup(Momentum(), pair), pair, Pair(np.ones(2), np.ones(2)), fields=["x"])
    state, new = step(state, new, Pair(np.ones(2), np.ones(2)))
    assert np.allclose(new.x, 1 - 0.01 - 0.019) and np.allclose(
        new.y, 0.99
    )  # y has no momentum yet
    with pytest.raises(dpy.DpyError, match=r"a Pair has no field 'z' to be updated"):
        step(state, new, Pair(np.ones(2), np.ones(2)), fields=["z"])
