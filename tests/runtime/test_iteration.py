"""Loops over active values, and what reads all items at once."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dpy.cotangent import ZERO
from dpy.runtime import iteration
from dpy.runtime.accumulators import Accumulators
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


@case([0.7, 1.2, 2.0])
def for_loop_writes_ahead(xs):
    for i, v in enumerate(xs):
        if i + 1 < len(xs):
            xs[i + 1] = xs[i + 1] * v
    return xs[-1] + xs[0]


@case(np.array([0.7, 1.2, 2.0]))
def loop_over_an_array_that_it_writes_to(a):
    for i, v in enumerate(a):
        a[(i + 1) % 3] += v * v
    return a[0] * a[1] + a[2]


@case(np.array([[0.7, 1.2], [2.0, 0.1]]))
def rows_written_in_place(a):
    for row in a:
        row *= row[0]
    return (a * a).sum()


@case({"a": 0.7, "b": 1.2})
def values_of_a_dict_after_a_write(d):
    values = d.values()
    d["a"] = d["b"] * 2
    return sum(values) + sum([v * v for v in values])


@case({"a": 0.7, "b": 1.2})
def items_of_a_dict(d):
    total = 0.0
    for k, v in d.items():
        total += v * v if k == "a" else math.sin(v)
    return total


@case([0.7, 1.2, 2.0])
def stars_of_iterators(xs):
    ys = [*map(lambda v: v * v, xs), *reversed(xs)]
    return max(*ys) * min(*map(lambda v: v, xs)) + ys[0]


@case([[0.7, 1.2], [2.0, 0.1]])
def nested_lists(rows):
    total = 0.0
    for row in rows:
        for v in row:
            total += v * row[0]
        row[0] = total
    return total * rows[0][0] + rows[1][0]


@case((0.7, (1.2, 2.0)))
def nested_tuples(t):
    total = 0.0
    for part in t:
        for v in part if isinstance(part, tuple) else (part,):
            total = total * v + v
    return total


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_programs(case: Case) -> None:
    case.check()


def test_giver_gives_from_the_last_item_to_the_first() -> None:
    xs = [1.0, 2.0, 3.0]
    walked, pb = iteration.iterate(xs, True)
    assert list(walked) == xs
    acc = Accumulators()
    giver = pb(2, acc)
    giver.give(10.0)
    giver.give(20.0)
    giver.finish()
    assert acc.peek(xs) == {0: 20.0, 1: 10.0}


def test_collector_returns_what_goes_by_value() -> None:
    a = np.array([1.0, 2.0])
    acc = Accumulators()
    for iterable, expected in ([1.0, 2.0], {0: 3.0}), ((1.0, 2.0), (3.0, ZERO)), (a, [3.0, 0.0]):
        _, pb = iteration.iterate(iterable, False)
        giver = pb(2, acc)
        giver.give(ZERO)
        giver.give(3.0)
        found = giver.finish()
        assert (found.tolist() if isinstance(found, np.ndarray) else found) == expected
    assert pb(2, acc).finish() is ZERO


def test_collected_items_give_back_in_order() -> None:
    xs = [1.0, 2.0]
    items, give = iteration.collect(zip(xs, xs))
    assert items == [(1.0, 1.0), (2.0, 2.0)]
    xs = (1.0, 2.0)
    items, give = iteration.collect(xs)
    assert give(Accumulators(), [3.0, 4.0]) == (3.0, 4.0)


def test_items_that_are_given_without_having_been_collected() -> None:
    acc, xs = Accumulators(), [1.0, 2.0]
    assert iteration.give_items(acc, xs, [ZERO, 5.0]) is ZERO
    assert acc.peek(xs) == {1: 5.0}
    assert iteration.give_items(acc, (1.0, 2.0), [ZERO, 5.0]) == (ZERO, 5.0)
