"""Lists, tuples, dicts and iterators."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dpy.kinds import UNKNOWN, Const, Dict, Iterator, Kind, List, Number, Other, Tuple
from tests.transform.infer.programs import FLOAT, INT, VECTOR, Pair, facts_of, form, forms


def displays(x, p):
    t = (x, 2)
    first, second = t
    xs = [x, 3.0]
    d = {"a": x, "b": 1}
    s = {x, 1.0}
    q = Pair(x, p.b)
    return first, second, xs, d, s, q


def test_kinds_and_forms_of_displays() -> None:
    facts = facts_of(displays, 1.0, Pair(1.0, 2.0))
    kinds = facts.exit_kinds
    assert kinds["t"] == Tuple((FLOAT, Const(2, int)))
    assert kinds["first"] == FLOAT
    assert kinds["second"] == Const(2, int)
    assert kinds["xs"] == List(FLOAT)
    assert kinds["d"] == Dict((("a", FLOAT), ("b", INT)))
    assert kinds["s"] is UNKNOWN
    assert [form(facts, name) for name in ("t", "xs", "d")] == ["build"] * 3
    assert form(facts, "s") == "generic"


def test_displays_with_stars_and_other_keys() -> None:
    def f(x, xs):
        t = (x, *xs)
        d = {1: x}
        return t, d

    facts = facts_of(f, 1.0, [2.0])
    assert facts.exit_kinds["t"] is UNKNOWN
    assert facts.exit_kinds["d"] is UNKNOWN
    assert form(facts, "t") == form(facts, "d") == "generic"


def test_unpacking() -> None:
    def f(v, xs):
        a, b = v
        c, d = xs
        return a, b, c, d

    facts = facts_of(f, np.ones(2), [1.0, 2.0])
    assert facts.exit_kinds["a"] == Number(np.float64)
    assert facts.exit_kinds["c"] == FLOAT
    assert [found for found in sum(forms(facts).values(), []) if found == "generic"] == [
        "generic"
    ] * 2


def test_comprehensions_append() -> None:
    def f(x, n):
        xs = [x * i for i in range(n)]
        ns = [i for i in range(n)]
        return xs, ns

    facts = facts_of(f, 1.0, 3, inactive="n")
    assert facts.exit_kinds["xs"] == List(FLOAT)
    assert facts.exit_kinds["ns"] == List(INT)
    assert "append" in sum(forms(facts).values(), [])
    assert not facts.written  # nobody else has seen the list


ITERATORS: list[tuple[Any, Kind]] = [
    (lambda v, xs: zip(v, xs), Iterator(Tuple((Number(np.float64), FLOAT)))),
    (lambda v, xs: enumerate(xs), Iterator(Tuple((INT, FLOAT)))),
    (lambda v, xs: reversed(xs), Iterator(FLOAT)),
    (lambda v, xs: list(v), List(Number(np.float64))),
    (lambda v, xs: list((1, 2)), List(INT)),
    (lambda v, xs: list(range(3)), List(INT)),
    (lambda v, xs: list(enumerate(v)), List(Tuple((INT, Number(np.float64))))),
    (lambda v, xs: tuple(xs), UNKNOWN),
    (lambda v, xs: tuple((v, xs)), Tuple((VECTOR, List(FLOAT)))),
    (lambda v, xs: list("ab"), UNKNOWN),
    (lambda v, xs: enumerate(xs, 1), UNKNOWN),
]


@pytest.mark.parametrize(("function", "expected"), ITERATORS)
def test_what_iterates(function: Any, expected: Kind) -> None:
    assert facts_of(function, np.ones(2), [1.0]).summary.result == expected


METHODS: list[tuple[Any, Kind, bool]] = [
    (lambda xs, x: xs.append(x), Other(type(None)), True),
    (lambda xs, x: xs.insert(0, x), Other(type(None)), True),
    (lambda xs, x: xs.extend([x]), Other(type(None)), True),
    (lambda xs, x: xs.reverse(), Other(type(None)), True),
    (lambda xs, x: xs.pop(), FLOAT, True),
    (lambda xs, x: xs.index(x), INT, False),
]


@pytest.mark.parametrize(("function", "result", "writes"), METHODS)
def test_methods_of_lists(function: Any, result: Kind, writes: bool) -> None:
    summary = facts_of(function, [1.0], 2.0).summary
    assert summary.result == result
    assert ("xs" in summary.written) is writes
    assert not summary.unknown_stores


def test_what_is_stored_has_a_kind() -> None:
    def f(x):
        xs = [1]
        xs.append(x)
        xs.extend((2, x))
        y = xs[0]
        return y

    assert facts_of(f, 1.0).exit_kinds["y"] == FLOAT

    def g(x, others):
        xs = [1.0]
        xs.extend(others)
        y = xs[0]
        return y * x

    assert facts_of(g, 1.0, object()).exit_kinds["y"] is UNKNOWN


def test_writes_make_the_container_active() -> None:
    def f(x):
        xs = [0.0, 0.0]
        xs[0] = x
        return xs[0]

    def g(x):
        xs = [0.0, 0.0]
        xs[0] = 1.0
        return xs[0] * x

    assert "xs" in facts_of(f, 1.0).active
    assert "xs" not in facts_of(g, 1.0).active
