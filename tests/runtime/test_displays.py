"""Displays of containers, and unpacking."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import dpy
from dpy.cotangent import ZERO
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.displays import DISPLAYS, display_spread


def unpacked(x: float) -> float:
    first, *rest = [x, x * x, 3.0 * x]
    (a, b), c = (rest, first)
    return a * b * c


def spread(x: float) -> float:
    xs = [x, *(x * x, 2.0), *map(abs, [x])]
    t = (*xs, x)
    d = {"a": x, **{"b": x * x, "a": 3.0 * x}}
    return xs[0] * xs[1] * xs[3] + t[-1] * d["a"] * d["b"] + max({*xs})


def built_up(x: float) -> float:
    return sum([v * x for v in [x, 2.0]]) + sum({v * x for v in [x, 3.0]})


PROGRAMS = [unpacked, spread, built_up]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    assert dpy.check_gradient(program, 0.8)


def test_items_are_taken_back_to_the_operands() -> None:
    acc = Accumulators()
    y, pb = DISPLAYS["list"](1.0, 2.0)
    acc.add_slot(y, 1, 5.0)
    assert pb(ZERO, acc) == (ZERO, 5.0)
    y, pb = DISPLAYS["tuple"](1.0, 2.0)
    assert pb((3.0, ZERO), acc) == (3.0, ZERO)
    y, pb = DISPLAYS["dict"]("a", 1.0, "a", 2.0)  # the first is overwritten
    acc.add_slot(y, "a", 5.0)
    assert pb(ZERO, acc) == (ZERO, ZERO, ZERO, 5.0)


def test_a_spread_mapping_gets_its_own_slots() -> None:
    inner, acc = {"a": 1.0, "b": 2.0}, Accumulators()
    y, pb = DISPLAYS["dict"](..., inner, "b", 3.0)
    acc.add_slot(y, "a", 5.0)
    acc.add_slot(y, "b", 7.0)
    assert pb(ZERO, acc) == (ZERO, ZERO, ZERO, 7.0)
    assert acc.peek(inner) == {"a": 5.0}


def test_starred_operands() -> None:
    xs, acc = [1.0, 2.0], Accumulators()
    y, pb = display_spread("list", (True, True), ("*", ""), xs, 3.0)
    assert y == [1.0, 2.0, 3.0]
    acc.add_slot(y, 1, 5.0)
    acc.add_slot(y, 2, 7.0)
    assert tuple(pb(ZERO, acc)) == (ZERO, 7.0)
    assert acc.peek(xs) == {1: 5.0}


def test_the_rest_of_an_unpacking_is_a_list_of_its_own() -> None:
    xs, acc = [1.0, 2.0, 3.0, 4.0], Accumulators()
    (first, rest, last), pb = DISPLAYS["unpack_star"](xs, 1, 1)
    assert (first, rest, last) == (1.0, [2.0, 3.0], 4.0)
    acc.add_slot(rest, 1, 5.0)
    pb((7.0, ZERO, ZERO), acc)
    assert acc.peek(xs) == {0: 7.0, 2: 5.0}


@pytest.mark.parametrize(("items", "message"), [([1.0], "not enough"), ([1.0] * 3, "too many")])
def test_errors_are_those_of_python(items: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DISPLAYS["unpack"](items, 2)
