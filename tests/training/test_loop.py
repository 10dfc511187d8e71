"""The training loop: rows I1 to I13 of the feature table, and the examples of Flux."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.data import DataLoader
from dpy.losses import logitcrossentropy
from dpy.nn import BatchNorm, Chain, Dense, Dropout, relu
from dpy.optim import Adam, Descent, Momentum, OptimiserChain, setup, update, update_
from dpy.training import Progress, StopTraining, accuracy, epochs, stop, train, trainstep

W_TRUE, B_TRUE = np.random.default_rng(1).normal(size=(2, 5)), np.array([0.3, -0.7])
W, b = np.zeros((2, 5)), np.zeros(2)


@dataclass
class Affine:
    weight: Any
    bias: Any
    sigma: Any

    def __call__(self, x: Any) -> Any:
        return self.sigma(x @ self.weight.T + self.bias)


def leakyrelu(x: Any) -> Any:
    return np.maximum(0.01 * x, x)


def identity(x: Any) -> Any:
    return x


def regression(n: int = 10) -> tuple[Any, Any]:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(n, 5))
    return x, x @ W_TRUE.T + B_TRUE + 0.01 * rng.normal(size=(n, 2))


def global_loss(x: Any, y: Any) -> Any:
    """The parameters are globals, which are nowhere among the arguments."""
    return np.sum((W @ x + b - y) ** 2)


def test_implicit_training_equals_the_inner_loop_bit_for_bit() -> None:
    x, y = regression()
    results = []
    for use_train in (True, False):
        W[...], b[...] = 0.0, 0.0
        ps, rule = dpy.params(W, b), Descent(0.05)
        for _ in range(3):
            if use_train:
                train(global_loss, ps, zip(x, y, strict=True), rule)
            else:
                for x_i, y_i in zip(x, y, strict=True):
                    grads = dpy.gradient(lambda: global_loss(x_i, y_i), ps)
                    for p in ps:
                        p -= 0.05 * grads[p]
        results.append((W.copy(), b.copy()))
    assert all(np.array_equal(*pair) for pair in zip(*results, strict=True))
    assert np.any(W != 0)


@pytest.mark.parametrize("rule", [Descent(0.01), Adam(0.03)])
def test_learning_a_line_in_one_line(rule: Any) -> None:
    x, y = regression()
    W[...], b[...] = 0.0, 0.0

    def total() -> float:
        return sum(global_loss(*pair) for pair in zip(x, y, strict=True))

    before = total()
    epochs(50)(lambda: train(global_loss, dpy.params(W, b), zip(x, y, strict=True), rule))
    assert total() < before / 20


def squared(model: Any, x: Any, y: Any) -> Any:
    return np.mean((model(x) - y) ** 2)


def test_train_equals_a_loop_of_ones_own() -> None:
    x, y = regression(20)
    models = [Affine(np.zeros((2, 5)), np.zeros(2), np.tanh) for _ in range(2)]
    loaders = [DataLoader((x, y), batchsize=6, shuffle=True, rng=7) for _ in range(2)]
    train(squared, models[0], loaders[0], setup(Adam(), models[0]), epochs=5)
    state, model = setup(Adam(), models[1]), models[1]
    for _ in range(5):
        for batch in loaders[1]:
            grads = dpy.gradient(squared, model, *batch)[0]
            state, model = update(state, model, grads)
    assert np.array_equal(models[0].weight, model.weight)
    assert np.array_equal(models[0].bias, model.bias) and np.any(model.bias != 0)


def test_the_worked_example_of_flux() -> None:
    model = Affine(np.ones((1, 2)), np.zeros(1), leakyrelu)
    state = setup(Momentum(0.1), model)
    data = [(np.array([[0.2, -0.3]]), np.array([[0.4]]))] * 2
    state, model = train(lambda m, x, y: 100 * np.sum(np.abs(m(x) - y)), model, data, state)
    assert np.allclose(model.bias, 10.19, rtol=1e-12)
    assert np.allclose(state.weight.state, [[-2.018, 3.027]], rtol=1e-12)
    assert np.allclose(state.bias.state, [-10.09], rtol=1e-12)


def test_the_line_of_the_flux_overview() -> None:
    x = np.arange(6, dtype=np.float32)[:, None]
    y = 4 * x + 2
    model = Affine(np.array([[0.9066542]], np.float32), np.zeros(1, np.float32), identity)
    losses: list[float] = []
    data = [(x, y)]
    assert squared(model, x, y) == pytest.approx(122.64734, rel=1e-6)
    train(squared, model, data, Descent(0.1))
    assert model.weight.dtype == np.float32
    assert np.allclose([model.weight[0, 0], model.bias[0]], [7.577788, 1.9466728], rtol=2e-6)
    assert squared(model, x, y) == pytest.approx(116.38741, rel=1e-6)
    train(squared, model, data, Descent(0.1), epochs=200, cb=lambda p: losses.append(p.loss))
    assert len(losses) == 200 and losses[-1] < 0.01
    assert np.allclose([model.weight[0, 0], model.bias[0]], [4.0178537, 2.0050256], rtol=1e-3)


def test_a_curve() -> None:
    x = np.linspace(-2, 2, 41)[:, None]
    rng = np.random.default_rng(0)
    model = (
        Affine(rng.normal(size=(20, 1)), np.zeros(20), np.tanh),
        Affine(rng.normal(size=(1, 20)) * 0.3, np.zeros(1), identity),
    )

    def loss(m: Any, x: Any, y: Any) -> Any:
        return np.mean((m[1](m[0](x)) - y) ** 2)

    train(loss, model, [(x, 2 * x - x**3)], setup(Adam(0.05), model), epochs=500)
    assert loss(model, x, 2 * x - x**3) < 0.05


@pytest.mark.parametrize(
    "data",
    [
        [(1.0, 2.0), (3.0, 4.0)],
        zip([1.0, 3.0], [2.0, 4.0], strict=True),
        ((a, a + 1.0) for a in (1.0, 3.0)),
        DataLoader((np.array([1.0, 3.0]), np.array([2.0, 4.0])), batchsize=None),
    ],
)
def test_any_iterable_of_tuples(data: Any) -> None:
    model, seen = {"x": np.zeros(1)}, []
    train(lambda m, a, b: np.sum(m["x"]) * a * b, model, data, Descent(1.0),
          cb=lambda p: seen.append(p.batch))  # fmt: skip
    assert seen == [(1.0, 2.0), (3.0, 4.0)] and model["x"] == -14.0


def test_batches_that_are_no_tuples() -> None:
    model = {"x": np.zeros(1)}
    train(lambda m, d: np.sum(m["x"]) * d["a"], model, [{"a": 2.0}], Descent(1.0))
    train(lambda m: np.sum(m["x"]), model, [()] * 3, Descent(1.0))
    assert model["x"] == -5.0


def test_callbacks_with_and_without_an_argument() -> None:
    calls: list[Any] = []

    class Noted:
        def __call__(self, progress: Progress) -> None:
            calls.append((progress.epoch, progress.step, progress.total, progress.length))

    model = {"x": np.ones(1)}
    train(lambda m, k: (np.sum(m["x"]) * k, "more"), model, [1.0, 2.0], Descent(0.0), epochs=2,
          cb=[lambda: calls.append("none"), Noted(), None, lambda p: calls.append(p.output)],
          )  # fmt: skip
    assert calls[:3] == ["none", (1, 1, 1, 2), (1.0, "more")] and calls[-2] == (2, 2, 4, 2)
    assert len(calls) == 12
    with pytest.raises(dpy.DpyError, match="a str is no callback"):
        train(lambda m, k: 1.0, model, [1], Descent(), cb="print")


def test_stopping() -> None:
    for where in ("callback", "loss", "answer"):
        model, seen = {"x": np.ones(1)}, []

        def loss(m: Any, k: Any, where: str = where) -> Any:
            if where == "loss" and k == 3.0:
                stop()
            return np.sum(m["x"]) * k

        def note(p: Progress, where: str = where, seen: Any = seen) -> Any:
            seen.append(p.loss)
            if where == "callback" and len(seen) == 2:
                raise StopTraining
            return where == "answer" and len(seen) == 2

        train(loss, model, [1.0, 2.0, 3.0], Descent(0.0), epochs=2, cb=note)
        assert seen == [1.0, 2.0]


def test_an_iterator_is_used_up_after_one_epoch() -> None:
    model = {"x": np.ones(1)}
    with pytest.raises(dpy.DpyError, match="no batches in epoch 2"):
        train(lambda m, k: np.sum(m["x"]) * k, model, iter([1.0]), Descent(0.1), epochs=2)
    with pytest.raises(dpy.DpyError, match="no batches in epoch 1"):
        train(lambda m, k: np.sum(m["x"]) * k, model, [], Descent(0.1))


def test_epochs_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="dpy"):
        assert list(epochs(2)) == [1, 2] and len(epochs(2)) == 2
        assert epochs(2)(lambda: "last") == "last"
    assert caplog.messages == ["Epoch 1", "Epoch 2"] * 2


def test_freezing_and_thawing_a_layer() -> None:
    x, y = regression()
    model = [Affine(np.ones((5, 5)) / 5, np.zeros(5), np.tanh),
             Affine(np.zeros((2, 5)), np.zeros(2), identity)]  # fmt: skip
    loss = lambda m, x, y: np.mean((m[1](m[0](x)) - y) ** 2)
    state = setup(Adam(0.01), model)
    before = model[0].weight.tobytes()
    dpy.optim.freeze(state[0])
    train(loss, model, [(x, y)] * 10, state)
    assert model[0].weight.tobytes() == before and np.any(model[1].weight != 0)
    train(loss, model, [(x, y)] * 10, dpy.optim.thaw(state))
    assert model[0].weight.tobytes() != before


@pytest.mark.parametrize("rule", ["Descent", "Momentum", "Nesterov", "RMSProp", "Adam", "RAdam",
                                  "AdaMax", "OAdam", "AdaGrad", "AdaDelta", "AMSGrad", "NAdam",
                                  "AdamW", "AdaBelief", "Lion", "Rprop"])  # fmt: skip
def test_the_rule_is_swapped_in_one_line(rule: str) -> None:
    x, y = regression()
    model = Affine(np.zeros((2, 5)), np.zeros(2), identity)
    before = squared(model, x, y)
    train(squared, model, [(x, y)] * 20, OptimiserChain(getattr(dpy.optim, rule)()))
    assert squared(model, x, y) < before


def test_data_of_a_model_are_not_differentiated() -> None:
    """Whole numbers and texts can be arguments of the loss; read-only data are left alone."""
    x = np.arange(3)
    x.flags.writeable = False
    model = {"x": np.ones(3)}
    train(lambda m, i, name: np.sum(m["x"][i]) if name == "a" else 0.0, model, [(x, "a")],
          Descent(1.0))  # fmt: skip
    assert model["x"].tolist() == [0.0] * 3
    value, grads = dpy.value_and_grad(lambda m, k: (m * k, "more"))(2.0, 3.0)
    assert value == (6.0, "more") and grads == 3.0


def test_one_step() -> None:
    model = {"x": np.ones(2)}
    value, state, new = trainstep(
        lambda m, k: (np.sum(m["x"]) * k, "aux"), model, 2.0, setup(Momentum(0.5), model)
    )
    assert value == (4.0, "aux") and new is model and model["x"].tolist() == [0.0, 0.0]
    assert state["x"].state.tolist() == [1.0, 1.0]


def test_models_with_arrays_that_cannot_be_written_to() -> None:
    x = np.ones(1)
    x.flags.writeable = False
    _, model = train(lambda m, k: np.sum(m["x"]) * k, {"x": x}, [1.0, 2.0], Descent(1.0))
    assert model["x"] == -2.0 and x == 1.0
    state, model = update_(setup(Descent(1.0), x), x, x)
    assert model == 0.0


def test_logistic_regression_of_irises() -> None:
    """The tutorial of Flux: 500 steps at a rate of 0.1, from about a third to 98 % right."""
    sets = pytest.importorskip("sklearn.datasets")
    x, y = sets.load_iris(return_X_y=True)
    x = dpy.data.normalise(x, axis=0).astype(np.float32)
    target = dpy.data.onehotbatch(y, range(3))
    model = Chain(Dense(4, 3, rng=np.random.default_rng(0)))

    def loss(m: Any, x: Any, y: Any) -> Any:
        return logitcrossentropy(m(x), y)

    train(loss, model, [(x, target)], Descent(0.1), epochs=500)
    assert accuracy(model, [(x, y)]) > 0.95
    assert all(p.dtype == np.float32 for p in dpy.params(model))


def test_the_parts_of_a_chain() -> None:
    chain = Chain(Dense(3, 3), Dense(3, 3))
    ps = dpy.params(chain)
    assert [p.shape for p in ps] == [(3, 3), (3,), (3, 3), (3,)]
    rest = dpy.params(chain[1:])
    assert len(rest) == 2 and rest[0] is chain[1].weight and isinstance(chain[1:], Chain)
    assert len(dpy.destructure(Chain(Dense(2, 1), Dense(1, 1)))[0]) == 5
    moved = dpy.fmap(np.copy, chain)
    assert isinstance(moved, Chain) and moved[0].weight is not chain[0].weight
    dpy.loadmodel(moved, dpy.state(Chain(Dense(3, 3), Dense(3, 3))))
    assert not np.array_equal(moved[0].weight, chain[0].weight)
    assert dpy.f64(chain)[1].bias.dtype == np.float64


def test_both_ways_to_train_a_network_with_dropout() -> None:
    """From one seed, `train` and a loop of one's own draw the same masks and end alike."""
    x, y = dpy.data.digits()
    x, y = dpy.data.flatten(x)[:256], dpy.data.onehotbatch(y[:256], range(10))

    def loss(m: Any, x: Any, y: Any) -> Any:
        return logitcrossentropy(m(x), y)

    def make() -> tuple[Any, Any]:
        rng = np.random.default_rng(1)
        model = Chain(Dense(64, 16, relu, rng=rng), Dropout(0.2, rng=rng), Dense(16, 10, rng=rng))
        return model, DataLoader((x, y), batchsize=50, shuffle=True, rng=rng)

    model, loader = make()
    train(loss, model, loader, Adam(0.02), epochs=5)
    own, loader = make()
    state = setup(Adam(0.02), own)
    for _ in range(5):
        for batch in loader:
            _, (grads, *_) = dpy.value_and_gradient(loss, own, *batch)
            update_(state, own, grads)
    assert np.array_equal(dpy.destructure(model)[0], dpy.destructure(own)[0])
    assert accuracy(model, [(x, y)]) > 0.75


def test_the_quick_start_of_flux() -> None:
    """Noisy XOR by a chain with BatchNorm: about 94 % right."""
    rng = np.random.default_rng(1)
    x = rng.random((1000, 2), dtype=np.float32)
    truth = (x[:, 0] > 0.5) ^ (x[:, 1] > 0.5)
    target = dpy.data.onehotbatch(truth, [True, False])
    model = Chain(Dense(2, 3, np.tanh, rng=rng), BatchNorm(3), Dense(3, 2, rng=rng))
    assert len(dpy.trainables(model)) == 6
    norm = model[1]
    before = norm.mean.copy(), norm.gamma.copy()

    def loss(m: Any, x: Any, y: Any) -> Any:
        return logitcrossentropy(m(x), y)

    loader = DataLoader((x, target), batchsize=64, shuffle=True, rng=rng)
    state, trained = train(loss, model, loader, setup(Adam(0.01), model), epochs=60)
    assert trained is model and state.layers[1].mean == ()
    assert np.any(norm.mean != before[0]) and np.any(norm.gamma != before[1])
    assert accuracy(model, DataLoader((x, target), batchsize=300)) > 0.9


def test_running_means_are_part_of_the_state(tmp_path: Any) -> None:
    model = Chain(Dense(2, 3), BatchNorm(3))
    found = dpy.state(BatchNorm(1))
    assert (found["beta"], found["gamma"], found["mean"], found["var"]) == (0, 1, 0, 1)
    assert (found["eps"], found["momentum"]) == (1e-5, 0.1)
    x = np.random.default_rng(0).normal(size=(8, 2)).astype(np.float32)
    other = dpy.fmap(np.copy, model)
    train(lambda m, x: np.sum(m(x) ** 2), model, [x], Adam())
    assert not np.array_equal(other[1].mean, model[1].mean)
    dpy.loadmodel(other, dpy.state(model))
    assert np.array_equal(other[1].mean, model[1].mean) and np.array_equal(other(x), model(x))


def test_a_model_that_is_one_array() -> None:
    x, y = regression()
    w = np.zeros((2, 5))
    state, model = train(lambda w, x, y: np.mean((x @ w.T - y) ** 2), w, [(x, y)] * 300, Adam(0.1))
    assert model is w and state.shape == (2, 5)
    assert np.allclose(w, np.linalg.lstsq(x, y)[0].T, atol=1e-3)
