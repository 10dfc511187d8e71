"""Calls of functions that are compiled too: what they are given, and what they did."""

from __future__ import annotations

from typing import Any

from dpy.kinds import Const, Kind, List
from dpy.transform import ir
from dpy.transform.infer.callees import bind
from dpy.transform.infer.state import Arguments
from tests.transform.infer.programs import FLOAT, INT, Pair, facts_of, form, site_of

X, Y = ir.Var("x"), ir.Var("y")


def scaled(u, by=3.0, *, offset=0.0):
    return u * by + offset


def gathers(*us):
    return us[0]


def given(*args: Any, **kwargs: Any) -> Arguments:
    kinds: tuple[Kind, ...] = (FLOAT,) * len(args)
    return Arguments(args, kinds, tuple(kwargs.items()), (FLOAT,) * len(kwargs))


def test_operands_are_bound_to_parameters() -> None:
    assert bind(scaled, given(Y, by=X)) == {"u": Y, "by": X}
    assert bind(scaled, given()) is None
    assert bind(scaled, given(X, X, X)) is None
    assert bind(gathers, given(X)) is None  # not one-to-one
    assert bind(print, given(X)) is None


def test_a_site_of_a_callee_binds_its_parameters() -> None:
    def f(x, y):
        value = scaled(y, by=x)
        return value

    site = site_of(facts_of(f, 1.0, 2.0), "value")
    assert site.form == "callee"
    assert site.callee.name == "scaled"
    assert site.binding == {"u": Y, "by": X}


def test_constants_lose_their_value_and_defaults_have_kinds() -> None:
    def f(x):
        value = scaled(x, 2)
        return value

    params = site_of(facts_of(f, 1.0), "value").callee.facts.params
    assert params["by"] == INT
    assert params["offset"] in (FLOAT, Const(0.0, float))


def square(u):
    return u * u


def test_callees_given_only_inactive_arguments_are_inert() -> None:
    def f(x, n):
        k = square(n)
        return x * k

    assert form(facts_of(f, 1.0, 2.0, inactive="n"), "k") == "inert"


def put(xs, value):
    xs.append(value)


def first(xs):
    return xs[0]


def replaces(target, source):
    target[0] = source


def test_the_writes_of_a_callee_are_those_of_its_caller() -> None:
    def f(x):
        xs = [1]
        put(xs, x)
        return xs[0]

    facts = facts_of(f, 1.0)
    assert "xs" in facts.written
    assert "xs" in facts.active
    assert facts.summary.result == FLOAT  # the join of 1 and x


def test_a_callee_that_returns_what_it_was_given() -> None:
    def f(x):
        rows = [[1.0], [2.0]]
        row = first(rows)
        row[0] = x
        return rows[0][0]

    facts = facts_of(f, 1.0)
    assert {"rows", "row"} <= facts.written
    assert {"rows", "row"} <= facts.active


def test_what_a_callee_stores_shares_the_class() -> None:
    def f(x):
        inner = [1.0]
        outer = [[0.0]]
        replaces(outer, inner)
        inner[0] = x
        return outer[0][0]

    assert {"outer", "inner"} <= facts_of(f, 1.0).active


def test_operands_that_share_something_are_told_to_the_callee() -> None:
    def f(x):
        xs = [x]
        ys = [x]
        replaces(xs, xs)
        put(ys, x)
        return ys[0]

    sites = [s for s in facts_of(f, 1.0).sites.values() if s.form == "callee"]
    shared = {s.callee.name: s.callee.key.shared for s in sites}
    assert shared == {"replaces": frozenset({"target", "source"}), "put": frozenset()}


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1)


def test_recursive_functions_settle() -> None:
    facts = facts_of(power, 2.0, 5, inactive="n")
    assert facts.summary.result == FLOAT
    assert facts.summary.result_active
    assert not facts.summary.needs_acc


def odd(x, n):
    return x if n == 0 else even(x * 2, n - 1)


def even(x, n):
    return x * x if n == 0 else odd(x + 1, n - 1)


def test_mutual_recursion_settles() -> None:
    facts = facts_of(odd, 2.0, 5, inactive="n")
    assert facts.summary.result == FLOAT
    assert facts.summary.result_active


def test_kinds_in_containers_are_those_after_all_writes() -> None:
    def f(x):
        xs = [1]
        xs[0] = x
        y = first(xs)
        return y * Pair(x, x).a

    site = site_of(facts_of(f, 1.0), "y")
    assert site.callee.facts.params["xs"] == List(FLOAT)
