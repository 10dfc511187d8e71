"""Where cotangents live in the end, and what callers are told."""

from __future__ import annotations

import numpy as np

from dpy.transform.infer.facts import HEAP, RESULT
from tests.transform.infer.programs import FLOAT, facts_of, forms, site_of


def test_numbers_are_never_kept_by_identity() -> None:
    def f(x, n):
        x += 1
        for _ in range(n):
            x *= 2
        return x

    facts = facts_of(f, 1.0, 3, inactive="n")
    assert not facts.identity
    assert not facts.summary.needs_acc


def test_protected_arguments_are_kept_by_identity() -> None:
    def f(xs):
        return xs * 2

    assert "xs" in facts_of(f, np.ones(3), protect=True).identity
    assert "xs" not in facts_of(f, np.ones(3)).identity


def first(xs):
    return xs[0]


def test_callees_that_are_given_something_written_work_by_identity() -> None:
    def f(x):
        xs = [x]
        y = first(xs)
        xs[0] = 2.0
        return y

    def g(x):
        xs = [x]
        y = first(xs)
        return y

    assert site_of(facts_of(f, 1.0), "y").protect
    assert not site_of(facts_of(g, 1.0), "y").protect


def test_views_that_are_read_at_once_travel_by_value() -> None:
    def f(u):
        u[0] = 2.0
        w = u[1:] - u[:-1]
        return w

    def g(u):
        v = u[1:]
        u[0] = 2.0
        w = v * 2
        return w

    def h(u):
        u[0] = 2.0
        v = u[1:]
        w = v * v
        return w * v

    assert facts_of(f, np.ones(3)).identity == {"u"}
    assert facts_of(g, np.ones(3)).identity == {"u", "v"}  # the write comes between
    assert facts_of(h, np.ones(3)).identity == {"u", "v"}  # it is read again


def test_arrays_that_nothing_else_reaches_have_buffers() -> None:
    def f(x, n):
        u = np.zeros(n)
        u[0] = x
        u[1:] += x
        return np.sum(u[1:])

    facts = facts_of(f, 1.0, 3, inactive="n")
    assert "u" in facts.buffers
    assert not facts.identity
    found = sum(forms(facts).values(), [])
    assert {"buffer_read", "buffer_write", "buffer_update"} <= set(found)
    assert not facts.summary.needs_acc


def returns_argument(xs, ys, x):
    xs[0] = x
    return xs


def test_the_summary_says_what_shares_a_class_and_what_is_written() -> None:
    summary = facts_of(returns_argument, [1], [1.0], 2.0).summary
    assert {"xs", RESULT} in [group & {"xs", RESULT} for group in summary.groups]
    assert not any({"xs", "ys"} <= group for group in summary.groups)
    assert summary.written == {"xs"}
    assert summary.stored_active == {"xs"}
    assert summary.stores == {("xs", "[]", FLOAT)}
    assert summary.result_active


def test_the_summary_of_a_function_that_lets_anything_happen() -> None:
    def f(g, xs):
        return g(xs)

    summary = facts_of(f, len, [1.0], inactive="g").summary
    assert not summary.writes  # a known function

    def h(g, xs):
        g.run(xs)
        return xs[0]

    summary = facts_of(h, object(), [1.0], inactive="g").summary
    assert {HEAP, "xs"} <= summary.written
    assert {HEAP, "xs"} <= summary.unknown_stores
    assert summary.needs_acc
