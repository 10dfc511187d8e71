"""The rules: three steps of each by the published figures, and what all have in common."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import dpy
from dpy import optim

# Rule, and x after steps with the gradients 0.5, 0.25, -1.0 from x = 1.
FIGURES: list[tuple[Any, float, float, float]] = [
    (optim.Descent(), 0.95, 0.925, 1.025),
    (optim.Momentum(), 0.995, 0.988, 0.9917),
    (optim.Nesterov(), 0.99905, 0.99817, 0.999503),
    (optim.RMSProp(), 0.996837722539832, 0.995363303065239, 0.998181882286627),
    (optim.RMSProp(centred=True), 0.996666666888889, 0.995047857223115, 0.997881889860001),
    (optim.Rprop(), 0.999, 0.9978, 0.9978),
    (optim.Adam(), 0.99900000002, 0.998067820404775, 0.998274177428854),
    (optim.AdaMax(), 0.99900000002, 0.998262420349818, 0.998398951713767),
    (optim.OAdam(), 0.99800000004, 0.997286174498946, 0.999400761331436),
    (optim.RAdam(), 0.9995, 0.999131578947368, 0.999268110312682),
    (optim.NAdam(), 0.998525578423779, 0.997603994327905, 0.99830842038951),
    (optim.AdaBelief(), 0.998888888888889, 0.997813670695384, 0.99803295333332),
    (optim.AdamW(lam=0.01), 0.99899000002, 0.998047830504775, 0.998244207050549),
    (optim.AdamW(lam=0.01, couple=False), 0.98900000002, 0.978177820404575, 0.968602399224608),
    (optim.Lion(), 0.999, 0.998, 0.999),
    (optim.AdaGrad(), 0.900000004, 0.855278645965546, 0.942565800965515),
    (optim.AdaDelta(), 0.999683772297229, 0.999475257940286, 0.999905936656853),
    (optim.AMSGrad(), 0.996837786950966, 0.992876469194038, 0.993897980679513),
]  # fmt: skip
RULES = [rule for rule, *_ in FIGURES]
GRADIENTS = (0.5, 0.25, -1.0)


def named(value: Any) -> str:
    return repr(value)[:30] if hasattr(value, "apply") else ""


@pytest.mark.parametrize(("rule", "x1", "x2", "x3"), FIGURES, ids=named)
@pytest.mark.parametrize("shape", [(), (2, 1)])
def test_three_steps(rule: Any, x1: float, x2: float, x3: float, shape: Any) -> None:
    x = np.ones(shape)
    pure, pure_state = x, optim.setup(rule, x)
    state = optim.setup(rule, x.copy())
    moved = x.copy()
    for g, wanted in zip(GRADIENTS, (x1, x2, x3), strict=True):
        dx = np.full(shape, g)
        before, before_state = pure, pure_state
        held, held_state = before.copy(), copy.copy(before_state)
        pure_state, pure = optim.update(pure_state, pure, dx)
        assert np.array_equal(before, held) and before_state == held_state
        optim.update_(state, moved, dx)
        assert np.allclose(pure, wanted, rtol=0, atol=1e-12)
        assert np.array_equal(moved, pure) and state == pure_state
        assert dx.flat[0] == g and type(pure) is np.ndarray


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_float32_stays(rule: Any) -> None:
    x = np.ones(3, np.float32)
    state = optim.setup(rule, x)
    exact = np.ones(3)
    exact_state = optim.setup(rule, exact)
    for g in GRADIENTS:
        state, x = optim.update(state, x, np.full(3, g, np.float32))
        exact_state, exact = optim.update(exact_state, exact, np.full(3, g))
    assert x.dtype == np.float32 and np.allclose(x, exact, rtol=3e-6)
    assert all(a.dtype == np.float32 for a in arrays(state.state))


def arrays(x: Any) -> list[Any]:
    if isinstance(x, tuple):
        return [a for part in x for a in arrays(part)]
    return [x] if isinstance(x, np.ndarray) else []


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_empty_arrays_and_zero_gradients(rule: Any) -> None:
    state, x = optim.update(optim.setup(rule, np.ones((0, 2))), np.ones((0, 2)), np.ones((0, 2)))
    assert x.shape == (0, 2)
    state, x = optim.update(optim.setup(rule, np.ones(2)), np.ones(2), np.zeros(2))
    assert np.isfinite(x).all()


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_learning(rule: Any) -> None:
    """The mean square of a matrix equation, and a product of two parameters, are brought down."""
    rng = np.random.default_rng(0)
    fast = optim.adjust(optim.setup(rule, np.ones(1)), eta=0.02).rule
    wanted = rng.normal(size=(10, 10))
    x = rng.normal(size=(10, 10))
    state = optim.setup(fast, x)
    for _ in range(20_000):
        d = x - wanted
        if np.mean(d * d) < 0.01:
            break
        optim.update_(state, x, 2 * d / 10)
    assert np.mean((x - wanted) ** 2) < 0.01
    pair = [np.array([1.5]), np.array([-0.5])]
    state = optim.setup(fast, pair)
    for _ in range(10_000):
        d = pair[0] * pair[1] - 1.0
        if d[0] ** 2 < 0.001:
            break
        optim.update_(state, pair, [2 * d * pair[1], 2 * d * pair[0]])
    assert (pair[0] * pair[1] - 1.0) ** 2 < 0.001


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_complex_parameters(rule: Any) -> None:
    """The loss ``abs(z - w)**2`` has the gradient ``2 * (z - w)``."""
    if isinstance(rule, optim.Rprop):
        with pytest.raises(dpy.DpyError, match="complex numbers have none"):
            optim.setup(rule, np.ones(1, complex))
        return
    z, wanted = np.array([1j, -1j]), np.array([1.0, 1.0])
    state = optim.adjust(optim.setup(rule, z), eta=0.01)
    losses: list[float] = []
    fast = isinstance(rule, (optim.Adam, optim.RMSProp, optim.Descent, optim.NAdam, optim.Lion))
    for _ in range(10):
        losses.append(np.mean(np.abs(z - wanted) ** 2))
        state, z = optim.update(state, z, 2 * (z - wanted))
    assert np.isclose(losses[0], 2.0)
    assert losses == sorted(losses, reverse=True) and losses[-1] < (1.9 if fast else 2.0)
    assert z.dtype == np.complex128
    squares = [a for a in arrays(state.state) if a.dtype.kind == "f"]
    assert all(np.isfinite(a).all() for a in squares)


def test_complex_steps_are_those_of_the_plane() -> None:
    """A gradient that is turned by an angle gives a step that is turned by it."""
    turn = np.exp(0.7j)
    for rule in RULES:
        if isinstance(rule, (optim.Rprop, optim.AMSGrad)):  # the state of AMSGrad begins real
            continue
        plain, turned = np.ones(1), np.ones(1, complex) * turn
        states = optim.setup(rule, plain), optim.setup(rule, turned)
        for g in GRADIENTS:
            optim.update_(states[0], plain, np.array([g]))
            optim.update_(states[1], turned, np.array([g * turn]))
        assert np.allclose(turned, plain * turn, rtol=1e-12), rule


def test_float16_has_a_floor_below_the_root() -> None:
    x = np.array([0.579, -0.729, 0.5493], np.float16)
    g = np.array([-0.001497, 0.0001875, -0.013176], np.float16)
    state, x = optim.update(optim.setup(optim.Adam(1e-4), x), x, g)
    assert x.dtype == np.float16
    assert np.allclose(x, [1.835, -0.886, 0.5493], rtol=1e-3)


@pytest.mark.parametrize("rule", [r for r in RULES if hasattr(r, "eta")], ids=named)
def test_negative_rates_are_refused(rule: Any) -> None:
    with pytest.raises(dpy.DpyError, match=f"{type(rule).__name__}: the learning rate is -0.1"):
        type(rule)(-0.1)
    with pytest.raises(dpy.DpyError, match="the learning rate is nan"):
        type(rule)(eta=float("nan"))
    with pytest.raises(dpy.DpyError, match="the learning rate is -1"):
        optim.adjust(optim.setup(rule, np.ones(1)), -1.0)


def test_names_of_fields_and_older_names() -> None:
    assert optim.ADAM(0.05) == optim.ADAM(η=0.05) == optim.Adam(eta=0.05)
    assert optim.Momentum(0.1, ρ=0.8) == optim.Momentum(rho=0.8, eta=0.1)
    assert optim.AdamW(0.1, (0.8, 0.9), 0.01) == optim.AdamW(0.1, β=(0.8, 0.9), λ=0.01)
    assert (
        optim.ADADelta(0.8) == optim.AdaDelta(rho=0.8) and optim.Optimiser is optim.OptimiserChain
    )
    assert repr(optim.Adam()) == "Adam(eta=0.001, beta=(0.9, 0.999), epsilon=1e-08)"
    with pytest.raises(TypeError, match="unexpected keyword argument 'gamma'"):
        optim.Adam(gamma=1)


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_copies_of_rules(rule: Any) -> None:
    assert pickle.loads(pickle.dumps(rule)) == rule == copy.deepcopy(rule)
    assert eval(repr(rule), vars(optim).copy()) == rule
