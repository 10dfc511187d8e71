"""What is held of a value, and how cotangents are routed to and from it."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from dpy.cotangent import ZERO
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.held import Held, hold, hold_whole, protect, sink, take


class Pair(NamedTuple):
    left: Any
    right: Any


def test_numbers_and_arrays_hold_themselves() -> None:
    a = np.ones(2)
    assert hold(1.5) == 1.5
    assert hold(a) is a


def test_a_list_is_held_with_its_contents_of_the_moment() -> None:
    xs = [1.0, np.ones(2)]
    held = hold(xs)
    assert isinstance(held, Held)
    inner = xs[1]
    xs.clear()
    assert held.contents[1] is inner


def test_a_list_that_holds_itself() -> None:
    xs: list[object] = [1.0]
    xs.append(xs)
    held = hold(xs)
    assert held.contents[1] is held


def test_sink_and_take_are_inverse() -> None:
    a, xs = np.zeros(3), [1.0, 2.0]
    acc = Accumulators()
    value = (a, hold(xs), 4.0)
    rest = sink(acc, value, (np.arange(3.0), {1: 5.0}, 2.0))
    assert rest == (ZERO, ZERO, 2.0)
    total = take(acc, value, rest)
    assert total[0].tolist() == [0.0, 1.0, 2.0]
    assert total[1] == {1: 5.0}
    assert total[2] == 2.0
    assert take(acc, value) is ZERO


def test_sink_of_nothing_is_nothing() -> None:
    acc = Accumulators()
    assert sink(acc, [1.0], ZERO) is ZERO
    assert sink(acc, 1.0, None) is ZERO


def test_protected_pullbacks_do_not_see_later_writes() -> None:
    a = np.array([1.0, 2.0])

    def make(x: np.ndarray) -> object:
        def pullback(d: float) -> np.ndarray:
            return d * x

        return pullback

    pullback = protect(make(a))
    a[:] = 9.0
    assert pullback(2.0).tolist() == [2.0, 4.0]


def test_what_a_rule_made_is_held_down_to_the_arrays_in_its_objects() -> None:
    inner = SimpleNamespace(a=np.ones(2))
    value = [inner, (inner,)]
    held = hold_whole(value)
    array = inner.a
    inner.a = None
    acc = Accumulators()
    acc.add(array, np.array([3.0, 4.0]))
    total = take(acc, held)
    assert total[0]["a"].tolist() == [3.0, 4.0]
    assert take(acc, held) is ZERO


def test_what_is_left_by_value_goes_down_to_its_place() -> None:
    """A named tuple in an attribute of an object: its cotangent is a remainder, with slots."""
    method = SimpleNamespace(a=np.ones(2)).__format__
    inner = Pair(functools.partial(max, 1, key=np.ones(2)), 2)
    value = SimpleNamespace(p=Pair(None, Pair((), inner)), m=method)
    held = hold_whole(value)
    acc = Accumulators()
    part = {"keywords": {"key": np.array([1.0, 2.0])}}
    acc.add(value, {"p": {1: {1: {0: part}}}})
    total = take(acc, held)
    assert total["p"][1][1][0]["keywords"]["key"].tolist() == [1.0, 2.0]
    assert take(acc, (np.ones(1), 2.0), {1: 3.0}) == (ZERO, 3.0)
