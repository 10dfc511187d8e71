"""Who answers for a call."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from dpy.kinds import UNKNOWN, Const, Number, Other
from dpy.transform import ir
from tests.transform.infer.programs import FLOAT, Pair, facts_of, form, site_of


@dataclasses.dataclass
class Scale:
    by: float

    def __call__(self, x):
        return self.by * x

    def twice(self, x):
        return self(self(x))

    @property
    def half(self):
        return self.by / 2


class Delegate:
    def __init__(self, to):
        self.to = to

    def __getattr__(self, name):
        return getattr(self.to, name)


def test_methods_and_callable_objects_are_functions_of_their_object() -> None:
    def f(x, s):
        a = s.twice(x)
        b = s(x)
        return a, b

    facts = facts_of(f, 1.0, Scale(2.0))
    for name in "ab":
        site = site_of(facts, name)
        assert site.form == "callee"
        assert site.binding == {"self": ir.Var("s"), "x": ir.Var("x")}


def test_calls_with_stars_are_for_the_runtime() -> None:
    def f(x, xs, options):
        a = np.sin(*xs)
        b = np.sin(x, **options)
        c = np.argmax(*xs)
        return a, b, c

    facts = facts_of(f, 1.0, [2.0], {})
    assert form(facts, "a") == form(facts, "b") == "generic"
    assert form(facts, "c") == "inert"  # it has no derivative, whatever it is given


def test_isinstance_is_decided_or_left() -> None:
    def f(x, p):
        a = isinstance(p, Pair)
        b = isinstance(x, float)
        return x if a and b else 0.0

    kinds = facts_of(f, 1.0, Pair(1.0, 2.0)).exit_kinds
    assert kinds["a"] == Const(True, bool)
    assert kinds["b"] == Number(bool)


@pytest.mark.parametrize(
    ("argument", "expected"),
    [(Pair(1.0, 2.0), "inert"), (Scale(1.0), "generic"), (Delegate(1.0), "generic")],
)
def test_hasattr_may_run_a_property(argument: Any, expected: str) -> None:
    def f(x, p):
        a = hasattr(p, "half")
        return x if a else p.no_such_name

    assert form(facts_of(f, 1.0, argument), "a") == expected


def test_ranges_and_functions_in_c_of_plain_values() -> None:
    def f(x, n):
        a = range(n)  # noqa: F841
        b = divmod(n, 2)  # noqa: F841
        c = np.spacing(n)
        return x * c

    facts = facts_of(f, 1.0, 3, inactive="n")
    assert facts.exit_kinds["a"] == Other(range)
    assert form(facts, "b") == "inert"
    assert not facts.summary.writes
    assert form(facts, "c") == "inert"
    assert facts.exit_kinds["c"] == Number(np.float64)


def test_functions_in_c_that_meet_what_is_active() -> None:
    def f(x, xs):
        a = map(len, xs)
        b = divmod(x, 2)
        return a, b

    facts = facts_of(f, 1.0, [[1.0]])
    assert form(facts, "a") == "generic"
    assert facts.exit_kinds["a"] is UNKNOWN
    assert form(facts, "b") == "rule"


def test_a_rule_comes_before_the_function_itself() -> None:
    def f(v):
        total = np.mean(v)
        return total

    facts = facts_of(f, np.ones(3))
    assert form(facts, "total") == "rule"
    assert facts.exit_kinds["total"] == Number(np.float64)
    assert facts.summary.result != FLOAT
