"""Branches, loops, and assignments of what is not computed here."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from dpy.kinds import UNKNOWN, Kind, Number, Other
from dpy.specialise import clear_cache
from dpy.transform import ir
from tests.transform.infer.programs import FLOAT, INT, Pair, facts_of, form, forms


def alternatives(x, flag):
    if x > 0:
        same = x * 2
        mixed = x * 2
    else:
        same = math.sin(x)
        mixed = "negative"
    return same, mixed


def test_kinds_join_after_branches() -> None:
    kinds = facts_of(alternatives, 1.0, True, inactive="flag").exit_kinds
    assert kinds["same"] == FLOAT
    assert kinds["mixed"] is UNKNOWN


def test_branches_that_kinds_decide() -> None:
    def f(x, p):
        if isinstance(p, Pair):
            y = x * p.a
        else:
            y = "other"
        return y

    facts = facts_of(f, 1.0, Pair(1.0, 2.0))
    assert list(facts.decided.values()) == [True]
    assert facts.exit_kinds["y"] == FLOAT


def grows(x, n):
    y = 1
    for _ in range(n):
        y = y * x
    return y


def test_kinds_reach_a_fixpoint_over_loops() -> None:
    facts = facts_of(grows, 1.5, 3, inactive="n")
    assert facts.exit_kinds["y"] == FLOAT  # an int only before the first round
    (product,) = (
        s
        for s in ir.walk(facts.function.body)
        if getattr(facts.sites.get(id(s)), "form", "") == "elementwise"
    )
    assert facts.kinds[id(product)] == FLOAT


def test_kinds_that_grow_for_ever_are_unknown() -> None:
    def f(x, n):
        y = x
        while n > 0:
            y = (y, x)
            n -= 1
        return y

    assert facts_of(f, 1.5, 3, inactive="n").exit_kinds["y"] is UNKNOWN


@pytest.mark.parametrize(
    ("iterable", "item", "expected"),
    [
        (range(3), INT, "inert"),
        ([1.0], FLOAT, "iterate"),
        ((1, 2.0), FLOAT, "iterate"),
        (np.ones(3), Number(np.float64), "iterate"),
        ({"a": 1.0}, Other(str), "inert"),
        (object(), UNKNOWN, "iterate"),
    ],
)
def test_items_of_loops(iterable: Any, item: Kind, expected: str) -> None:
    def f(x, xs):
        last = x
        for i in xs:
            last = i
        return last

    clear_cache()  # with many signatures they are only outlined
    facts = facts_of(f, 1.0, iterable)
    (loop,) = (s for s in ir.walk(facts.function.body) if isinstance(s, ir.For))
    assert facts.kind(next(iter(loop.body)), ir.Var("i")) == item
    assert forms(facts)["i"] == [expected]


def test_loops_over_containers_share_their_class() -> None:
    def f(rows, x):
        for row in rows:
            row[0] = x
        return rows[0][0]

    facts = facts_of(f, [[1.0]], 2.0)
    assert {"rows", "row"} <= facts.written


def test_a_copy_is_an_alias_of_what_is_mutable() -> None:
    def f(x, xs):
        y = x
        ys = xs
        ys[0] = y
        return xs[0]

    facts = facts_of(f, 1.0, [1.0])
    assert form(facts, "y") == form(facts, "ys") == "copy"
    assert {"xs", "ys"} <= facts.written
    assert "y" not in facts.identity


SCALE = 2.0
table = [1.0]


def test_globals_are_of_the_heap_where_they_can_be_changed() -> None:
    def f(x):
        a = SCALE
        b = table
        b[0] = x
        return a * b[0]

    facts = facts_of(f, 1.0)
    assert form(facts, "a") == "inert"
    assert facts.summary.reads_heap
    assert facts.heap_written
    assert facts.heap_active
    assert form(facts, "b") == "generic"


def test_closures_share_what_they_capture() -> None:
    def f(x):
        xs = [x]

        def first(index=0):
            return xs[index]

        return first()

    facts = facts_of(f, 1.0)
    assert {"cell_xs", "first"} <= facts.identity


def test_defaults_of_nested_functions_that_are_active_are_for_the_runtime() -> None:
    def f(x):
        def g(y=x):
            return y * 2

        return g()

    assert form(facts_of(f, 1.0), "g") == "generic"

    def h(x, n):
        def g(y=n):
            return y * 2

        return x, g

    assert form(facts_of(h, 1.0, 3, inactive="n"), "g") == "inert"
