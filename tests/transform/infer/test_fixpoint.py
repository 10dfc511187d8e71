"""The stage as a whole: what it starts from, that it ends, and that it changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dpy
from dpy.kinds import UNKNOWN, List, Number
from dpy.specialise import forward_of
from dpy.transform.infer import fixpoint, infer
from dpy.transform.infer.statements import block
from dpy.transform.lower import lower
from dpy.transform.source import read_source
from tests.transform.infer.programs import FLOAT, INT, NoBook, Pair, facts_of, forms


def square(u):
    return u * u


def every_form(x, xs, p):
    product = x * 2
    copy = product
    item = xs[0]
    field = p.a
    pair = (x, field)
    first = pair[0]
    made = Pair(x, field)
    called = square(x)
    total = np.sum(xs)
    squares = [v * v for v in (1, 2)]
    return copy, item, first, made, called, total, squares


def test_the_form_of_each_site() -> None:
    found = forms(facts_of(every_form, 1.0, np.ones(3), Pair(1.0, 2.0)))
    wanted = {
        "product": "elementwise",
        "copy": "copy",
        "item": "array_read",
        "field": "field",
        "pair": "build",
        "first": "item",
        "made": "construct",
        "called": "callee",
        "total": "rule",
    }
    assert {name: found[name] for name in wanted} == {n: [form] for n, form in wanted.items()}


def test_without_any_knowledge_all_is_left_to_the_runtime() -> None:
    def f(x, g):
        y = g(x)
        return y * x

    lowered = lower(read_source(f))
    facts = infer(lowered, {"x": UNKNOWN, "g": UNKNOWN}, frozenset({"x"}), NoBook())
    assert set(sum(forms(facts).values(), [])) == {"generic"}
    assert facts.exit_kinds["y"] is UNKNOWN
    assert {"x", "y"} <= facts.active
    assert {"x", "y"} <= facts.identity
    assert facts.summary.needs_acc


def test_inference_leaves_the_function_alone() -> None:
    def f(x):
        while x < 10.0:
            x = x * x
        return x

    lowered = lower(read_source(f))
    before = repr(lowered)
    infer(lowered, {"x": FLOAT}, frozenset({"x"}), NoBook())
    assert repr(lowered) == before


def test_activity_goes_round_loops() -> None:
    def f(x, n):
        a = b = c = 0.0
        for _ in range(n):
            c = b
            b = a
            a = x
        return c

    assert {"a", "b", "c", "x"} <= facts_of(f, 1.0, 5, inactive="n").active


def test_a_write_that_comes_later_in_the_text_counts_before() -> None:
    def f(x, n):
        xs = [1]
        y = 0.0
        for _ in range(n):
            y = xs[0]
            zs = xs
            zs[0] = x
        return y

    facts = facts_of(f, 1.0, 5, inactive="n")
    assert facts.exit_kinds["y"] == FLOAT
    assert {"xs", "zs", "y"} <= facts.active


def test_what_cannot_carry_a_derivative_is_inactive() -> None:
    def f(x, name, flag):
        return x * len(name) if flag else x

    assert facts_of(f, 1.0, "abc", True).active >= {"x"}
    assert not facts_of(f, 1.0, "abc", True).active & {"name", "flag"}


def test_protect_takes_everything_from_outside_as_written() -> None:
    def f(xs):
        ys = xs * 2
        return ys

    lowered = lower(read_source(f))
    kinds = {"xs": List(FLOAT)}
    active: frozenset[str] = frozenset()
    assert {"xs", "ys"} <= infer(lowered, kinds, active, NoBook(), protect=True).written

    def g(n):
        return n

    assert not infer(lower(read_source(g)), {"n": INT}, active, NoBook(), protect=True).written


@pytest.mark.parametrize("shared", [None, frozenset({"xs"}), frozenset()])
def test_parameters_that_may_share_something_are_of_the_heap(shared: frozenset[str] | None) -> None:
    def f(xs):
        return xs

    kinds = {"xs": List(FLOAT)}
    found = infer(lower(read_source(f)), kinds, frozenset(), NoBook(), shared=shared)
    assert ("<heap>" in set().union(*found.summary.groups)) is (shared != frozenset())


def test_an_active_heap_from_the_start() -> None:
    def f(x):
        return x

    found = infer(lower(read_source(f)), {"x": FLOAT}, frozenset(), NoBook(), heap_active=True)
    assert found.heap_active
    assert found.summary.reads_heap
    assert found.summary.needs_acc
    assert found.summary.result == Number(float)


def passes(monkeypatch: pytest.MonkeyPatch, f: Any, *args: Any) -> int:
    """How often the analysis of `f` goes through its statements."""
    found: list[Any] = []

    def counted(state: Any, statements: Any, env: Any) -> None:
        found.extend([None] * (statements is state.function.body))
        block(state, statements, env)

    monkeypatch.setattr(fixpoint, "block", counted)
    dpy.clear_cache()
    forward_of(f, args, {}, (True, False), (), protect=False)
    return len(found)


def numbers(x, c):
    y = x * c
    z = (y, 2.0)
    if y > 1.0:
        return z[0]
    return y + z[1]


def varied_after_it_was_read(x, c):
    y = c
    z = 0.0
    for _ in range(3):
        z = z + y
        y = y * x
    return z


def writes(x, c):
    xs = [c, c]
    y = xs[0]
    xs[0] = x
    return y + xs[0]


def test_once_is_enough_where_nothing_was_asked_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    assert passes(monkeypatch, numbers, 1.5, 2.5) == 1
    assert passes(monkeypatch, varied_after_it_was_read, 1.5, 2.5) == 2
    assert passes(monkeypatch, writes, 1.5, 2.5) > 1


C = 2.5


def test_what_is_varied_later_in_the_loop() -> None:
    def f(x):
        y = C
        z = 0.0
        for _ in range(3):
            z = z + y
            y = y * x
        return z

    assert dpy.gradient(f, 2.0)[0] == 2.5 * (1.0 + 2.0 * 2.0)
