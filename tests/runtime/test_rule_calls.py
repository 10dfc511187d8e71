"""Calls by rules, on numbers, arrays, views and iterables."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.adjoints import registry
from dpy.cotangent import ZERO
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.rule_calls import by_rule, call_by_rule


def through_numpy(x: float) -> float:
    f = getattr(np, "sin" if x > 0 else "cos")
    return f(np.array([x, 2.0 * x])).sum()


def over_items(x: float) -> float:
    functions = [math.fsum, max, math.prod]
    values = [f(v * x for v in [1.0, 2.0]) for f in functions]
    return values[0] * values[1] * values[2]


def of_views(x: float) -> float:
    a = [np.array([[x, 2.0], [x * x, 1.0]])][0]
    row = np.ravel(a)
    row[0] = 3.0 * x
    return (a * a.T).sum() * np.transpose(a)[0, 1]


def written_by_a_rule(x: float) -> float:
    a = [np.zeros(3)][0]
    np.put(a, [0, 2], [x, x * x])
    return (a * a).sum()


PROGRAMS = [through_numpy, over_items, of_views, written_by_a_rule]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    assert dpy.check_gradient(program, 0.8)


def test_of_one_number() -> None:
    y, pb = by_rule(registry.lookup(math.sin), (0.5,), {})
    assert y == math.sin(0.5)
    assert pb(2.0, Accumulators()) == (ZERO, (2.0 * math.cos(0.5),), {})
    assert pb(ZERO, Accumulators()) == (ZERO, (ZERO,), {})


def test_a_view_shares_the_accumulator() -> None:
    a, acc = np.arange(4.0), Accumulators()
    y, pb = by_rule(registry.lookup(np.reshape), (a, (2, 2)), {})
    assert y.base is a
    acc.add(y, np.ones((2, 2)))
    assert acc.peek(a).tolist() == [1.0] * 4
    assert pb(ZERO, acc) == (ZERO, (ZERO, ZERO), {})


def test_the_value_of_an_array_is_taken_where_it_was_made() -> None:
    a, acc = np.ones(2), Accumulators()
    y, pb = by_rule(registry.lookup(np.exp), (a,), {})
    acc.add(y, np.array([1.0, 2.0]))
    pb(ZERO, acc)
    assert acc.peek(y) is ZERO
    assert acc.peek(a) == pytest.approx(math.e * np.array([1.0, 2.0]))


def test_rules_do_not_know_objects_of_the_user() -> None:
    class Own:
        x = 1.0

        def __init__(self) -> None:
            self.x = 2.0

    assert call_by_rule(registry.lookup(math.sin), (Own(),), {}) is None
    assert call_by_rule(registry.lookup(math.sin), (0.5,), {}) is not None


def test_a_users_rule_gets_the_cotangents_in_the_objects_that_it_made() -> None:
    def pair(x: Any) -> Any:
        return [SimpleNamespace(a=2 * x, b=(3 * x,))]

    @dpy.adjoint(pair)
    def pair_rule(x: Any) -> Any:
        return pair(x), lambda d: (2 * d[0].a + 3 * d[0].b[0],)

    def read(x: Any) -> Any:
        made = pair(x)[0]
        return np.sum(made.a * made.b[0])

    def written(x: Any) -> Any:
        found = pair(x)
        made = found[0]
        made.a = np.sum(made.a**2)  # of another shape than what the rule made
        value = np.sum(made.a * made.b[0])
        found.clear()
        made.b = None
        return value

    x = np.array([1.0, 2.0])
    assert dpy.gradient(read, x)[0].tolist() == [12.0, 24.0]
    dpy.check_gradient(written, x)
