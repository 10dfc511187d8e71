"""The checks that generated code calls, and rules with checks."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.adjoints import registry
from dpy.errors import NonFiniteError, Place
from dpy.finite import Operation
from dpy.runtime import finiteness
from dpy.runtime.finiteness import (
    apply,
    checked_rule,
    doubts_before,
    expect_finite,
    expect_finite_after,
    expect_finite_call,
    finite,
    name_of,
)

INF = math.inf
AT = Operation("/", Place("model.py", 7))


def test_a_result() -> None:
    expect_finite(AT, 1.0, 2.0)
    expect_finite(AT, INF, INF)
    with pytest.raises(NonFiniteError, match="`/` gives inf") as caught:
        expect_finite(AT, INF, 1.0, 0.0)
    error = caught.value
    assert (error.operation, error.direction, error.place) == ("/", "forward", AT.place)
    assert "from 1.0 and 0.0" in error.why


def test_what_was_written_to_is_judged_by_what_it_was() -> None:
    a = np.array([INF, 1.0])
    before = doubts_before(a, 0.0)
    a /= 0.5
    expect_finite_after(AT, a, before)
    a[1] = INF
    with pytest.raises(NonFiniteError):
        expect_finite_after(Operation("/", None, by_position=True), a, before)


@pytest.mark.parametrize(
    ("f", "args", "kwargs", "is_judged"),
    [
        (np.log, (0.0,), {}, True),
        (np.float32, (1e300,), {}, True),
        (float, ("inf",), {}, False),
        (np.empty, (3,), {}, False),
        (np.full, (3, INF), {}, False),
        (max, (1.0, 2.0), {}, True),
        (dict.get, ({}, "a", INF), {}, False),
        ([INF].pop, (), {}, False),
        (next, (iter([INF]),), {}, False),
        (lambda x: INF, (1.0,), {}, False),
        (np.zeros(3).mean, (), {}, True),
        (np.array([INF]).mean, (), {}, False),
        (np.divide, (1.0, np.zeros(3)), {"where": np.zeros(3, bool)}, False),
        (np.divide, (1.0, np.zeros(3)), {"where": np.ones(3, bool)}, True),
        (np.load, ("file.npy",), {}, False),
        (np.random.default_rng(0).normal, (0.0, 1.0), {}, False),
    ],
)
def test_which_calls_are_judged(f: Any, args: Any, kwargs: Any, is_judged: bool) -> None:
    y = np.full(3, INF)
    if is_judged:
        with pytest.raises(NonFiniteError):
            expect_finite_call(None, y, f, *args, **kwargs)
    else:
        expect_finite_call(None, y, f, *args, **kwargs)
    expect_finite_call(None, 1.0, f, *args, **kwargs)


def test_a_cotangent() -> None:
    d = np.ones(2)
    assert finite(AT, d, 1.0) is d
    assert finite(AT, dpy.cotangent.ZERO, INF) is dpy.cotangent.ZERO
    assert finite(AT, INF, INF) == INF
    with pytest.raises(NonFiniteError, match="the derivative of `/` gives inf") as caught:
        finite(AT, INF, 1.0, 0.0)
    assert caught.value.direction == "pullback"


@pytest.mark.parametrize(
    ("f", "name"),
    [
        (np.log, "numpy.log"),
        (math.sqrt, "math.sqrt"),
        (operator.truediv, "/"),
        (operator.matmul, "@"),
        (max, "max"),
        (np.zeros(3).sum, "numpy.ndarray.sum"),
    ],
)
def test_names(f: Any, name: str) -> None:
    assert name_of(f) == name


@pytest.mark.parametrize(
    ("f", "args", "direction"),
    [
        (np.log, (np.zeros(2),), "forward"),
        (np.sqrt, (np.zeros(2),), "pullback"),
        (np.linalg.det, (np.diag([1e200, 1e200]),), "forward"),
    ],
)
def test_rules_that_are_applied(f: Any, args: Any, direction: str) -> None:
    rule = registry.lookup(f)
    assert rule is not None
    with np.errstate(all="ignore"), pytest.raises(NonFiniteError) as caught:
        y, pullback = apply(rule, args, {})
        pullback(np.ones_like(y))
    assert caught.value.direction == direction


def test_rules_that_write_to_an_argument() -> None:
    rule = registry.lookup(np.ndarray.fill)
    assert rule is not None
    a = np.ones(2)
    apply(rule, (a, INF), {})
    assert np.isinf(a).all()


def test_a_rule_for_compiled_code() -> None:
    rule = registry.lookup(np.linalg.inv)
    assert rule is not None
    new = checked_rule(rule)
    assert new is checked_rule(rule)
    assert new.signature == rule.signature
    assert new.name == rule.name
    y, pullback = new.forward(np.eye(2))
    assert y.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert pullback(np.ones((2, 2)))[0].tolist() == [[-1.0, -1.0], [-1.0, -1.0]]
    with np.errstate(all="ignore"), pytest.raises(NonFiniteError, match="numpy.linalg.inv"):
        new.forward(np.array([[1e-320, 0.0], [0.0, 1.0]]))
    assert checked_rule(registry.lookup(np.exp)) is registry.lookup(np.exp)


def test_a_rule_that_returns_nonsense_is_left_to_others() -> None:
    rule = finiteness.checked_rule(registry.Rule(len, lambda x: 3))
    assert rule.forward([]) == 3
