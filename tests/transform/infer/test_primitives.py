"""Calls of functions with rules."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from dpy.kinds import UNKNOWN, Number
from dpy.transform import ir
from tests.transform.infer.programs import INT, VECTOR, facts_of, form, site_of


def test_elementwise_rules_and_others() -> None:
    def f(x, v):
        a = math.sin(x)
        b = np.sum(v)
        c = np.sum(v, axis=0)
        d = np.exp(v)
        return a, b, c, d

    facts = facts_of(f, 1.0, np.ones(3))
    assert [form(facts, name) for name in "abcd"] == ["elementwise", "rule", "rule", "elementwise"]
    assert facts.exit_kinds["b"] == Number(np.float64)
    assert facts.exit_kinds["d"] == VECTOR
    assert dict(site_of(facts, "c").kwargs).keys() == {"axis"}


def test_what_is_called_is_known_where_nothing_is_active() -> None:
    def f(x, v):
        n = np.sum(v, axis=0)
        return x * n

    site = site_of(facts_of(f, 1.0, np.ones(3), inactive="v"), "n")
    assert site.form == "inert"
    assert site.function is np.sum
    assert site.operands == (ir.Var("v"),)
    assert dict(site.kwargs).keys() == {"axis"}


def test_functions_without_a_derivative() -> None:
    def f(x, v):
        a = math.floor(x)
        b = np.argmax(v)
        return x * a + b

    facts = facts_of(f, 1.5, np.ones(3))
    assert form(facts, "a") == form(facts, "b") == "inert"
    assert facts.exit_kinds["a"] == INT


def test_functions_without_a_derivative_that_call_methods_of_the_user() -> None:
    class Level:
        def __init__(self, height):
            self.height = height

        def __floor__(self):
            return self.height * 2

    def f(x):
        a = math.floor(Level(x))
        return a

    facts = facts_of(f, 1.5)
    assert form(facts, "a") == "generic"
    assert facts.exit_kinds["a"] is UNKNOWN


def views(v):
    w = np.reshape(v, (3, 1))
    w[0] = 2.0
    return v[0]


def copies(v):
    w = np.array(v)
    w[0] = 2.0
    return v[0]


def may_not_copy(v):
    w = np.array(v, copy=False)
    w[0] = 2.0
    return v[0]


@pytest.mark.parametrize(
    ("function", "expected"),
    [(views, {"v", "w"}), (copies, {"w"}), (may_not_copy, {"v", "w"})],
)
def test_results_that_may_be_views(function: Any, expected: set[str]) -> None:
    assert {"v", "w"} & facts_of(function, np.ones(3)).written == expected


def test_an_output_array_is_for_the_runtime() -> None:
    def f(v):
        out = np.zeros(3)
        w = np.exp(v, out=out)
        return w[0]

    facts = facts_of(f, np.ones(3))
    assert form(facts, "w") == "generic"
    assert {"out", "w"} <= facts.written


def test_rules_that_write() -> None:
    def f(v, x):
        np.add.at(v, [0], x)
        return v[0]

    facts = facts_of(f, np.ones(3), 2.0)
    assert form(facts, None) == "generic"
    assert "v" in facts.written


def test_operands_of_uncertain_kinds_are_for_the_runtime() -> None:
    def f(v):
        w = np.stack([v, v])
        return np.sum(w)

    assert form(facts_of(f, np.ones(3)), "w") == "generic"
