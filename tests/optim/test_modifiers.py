"""Modifiers: what they make of a gradient, alone and in chains."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import dpy
from dpy import optim


def step(rule: Any, x: Any, dx: Any) -> Any:
    return optim.update(optim.setup(rule, x), x, dx)[1]


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        (optim.WeightDecay(0.1), [-0.1, 7, 87]),
        (optim.SignDecay(0.1), [-0.1, 7.9, 96.9]),
        (optim.ClipGrad(2), [0, 8, 98]),
        (optim.ClipNorm(1), np.array([1.0, 10, 100]) - np.array([1, 2, 3]) / np.sqrt(14)),
        (optim.ClipNorm(10), [0, 8, 97]),
        (optim.ClipNorm(2, p=np.inf), np.array([1.0, 10, 100]) - np.array([1, 2, 3]) * 2 / 3),
    ],
)  # fmt: skip
def test_alone(rule: Any, wanted: Any) -> None:
    found = step(rule, np.array([1.0, 10.0, 100.0]), np.array([1.0, 2.0, 3.0]))
    assert np.allclose(found, wanted, rtol=1e-14, atol=1e-14)


def test_a_chain() -> None:
    chain = optim.OptimiserChain(optim.ClipGrad(1.0), optim.Descent(0.1))
    found = step(chain, np.zeros(3), np.array([0.3, 1, 7]))
    assert np.allclose(found, [-0.03, -0.1, -0.1], rtol=1e-15)
    assert pickle.loads(pickle.dumps(chain)) == chain
    assert chain != optim.OptimiserChain(optim.ClipGrad(1.0))
    state = optim.adjust(optim.setup(chain, np.zeros(1)), eta=0.5, delta=3.0)
    assert state.rule == optim.OptimiserChain(optim.ClipGrad(3.0), optim.Descent(0.5))


def test_accumulated_gradients() -> None:
    chain = optim.OptimiserChain(optim.AccumGrad(2), optim.WeightDecay(0.01), optim.Descent(0.1))
    model = {"x": np.array([1.0]), "y": np.array([2.0])}
    state = optim.setup(chain, model)
    for _ in range(2):  # the second round begins anew
        before = {name: array.copy() for name, array in model.items()}
        state, same = optim.update(state, model, {"x": np.array([33.0]), "y": np.zeros(1)})
        assert same == before
        state, model = optim.update(state, same, {"x": np.zeros(1), "y": np.array([444.0])})
        x, y = before["x"], before["y"]
        assert np.allclose(model["x"], x - 0.1 * (16.5 + 0.01 * x), rtol=1e-14)
        assert np.allclose(model["y"], y - 0.1 * (222 + 0.01 * y), rtol=1e-14)
        if x == 1.0:
            assert np.allclose([model["x"][0], model["y"][0]], [-0.651, -20.202], rtol=1e-14)


def test_clipping_complex_numbers_keeps_their_direction() -> None:
    found = step(optim.ClipGrad(1.0), np.zeros(2, complex), np.array([3 + 4j, 0.1j]))
    assert np.allclose(found, [-0.6 - 0.8j, -0.1j])


def test_clipping_what_has_no_finite_length() -> None:
    with pytest.raises(dpy.NonFiniteError, match="has the norm nan"):
        step(optim.ClipNorm(), np.zeros(2), np.array([1.0, np.nan]))
    found = step(optim.ClipNorm(throw=False), np.zeros(2), np.array([1.0, np.nan]))
    assert np.isnan(found).any()


def test_mixed_precision() -> None:
    rule = optim.MixedPrecision(optim.OptimiserChain(optim.WeightDecay(0.0), optim.Descent(1e-4)))
    x = np.ones(2, np.float16)
    state = optim.setup(rule, x)
    for _ in range(10):
        optim.update_(state, x, np.ones(2, np.float16))
    # in float16 alone, 1 - 1e-4 is 1
    assert x.dtype == np.float16 and np.allclose(x, 1 - 1e-3, atol=5e-4)
    assert state.state[0].dtype == np.float32
    assert np.allclose(state.state[0], 1 - 1e-3, rtol=1e-6)
    assert (x == state.state[0].astype(np.float16)).all()
    plain = np.ones(2, np.float16)
    optim.update_(optim.setup(optim.Descent(1e-4), plain), plain, np.ones(2, np.float16))
    assert (plain == 1).all()
    assert optim.adjust(state, 0.5).rule.rule.rules[1].eta == 0.5
    pure = optim.update(optim.setup(rule, plain), plain, np.ones(2, np.float16))[1]
    assert pure.dtype == np.float16 and pure is not plain
    assert rule == pickle.loads(pickle.dumps(rule)) != optim.MixedPrecision(optim.Descent())


def test_mixed_precision_of_complex_numbers_and_with_pauses() -> None:
    rule = optim.MixedPrecision(
        np.float64, optim.OptimiserChain(optim.AccumGrad(2), optim.Descent(1.0))
    )
    z = np.ones(1, np.complex64)
    state = optim.setup(rule, z)
    assert state.state[0].dtype == np.complex128
    optim.update_(state, z, np.array([1j], np.complex64))
    assert z[0] == 1
    optim.update_(state, z, np.array([1j], np.complex64))
    assert z[0] == 1 - 1j and z.dtype == np.complex64


def test_mixed_precision_is_outermost() -> None:
    mixed = optim.MixedPrecision(optim.Descent())
    with pytest.raises(dpy.DpyError, match="MixedPrecision stands inside another rule"):
        optim.OptimiserChain(optim.ClipGrad(), mixed)
    with pytest.raises(dpy.DpyError, match="MixedPrecision stands inside another rule"):
        optim.MixedPrecision(mixed)


def test_decay_is_not_the_derivative_of_a_frozen_or_absent_gradient() -> None:
    x = [np.ones(1), np.ones(1)]
    rule = optim.OptimiserChain(optim.WeightDecay(0.5), optim.Descent(1.0))
    _, new = optim.update(optim.setup(rule, x), x, [np.zeros(1), None])
    assert new[0] == 0.5 and new[1] == 1.0
