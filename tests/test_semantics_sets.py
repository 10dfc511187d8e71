"""Sets of active numbers: an item's cotangent is kept under the item."""

from __future__ import annotations

import pytest

import dpy
from dpy.cotangent import ZERO
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.sets import merged_set, set_items, update_set
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


@case(0.7, 1.2)
def displays_and_constructors(x, y):
    s = {x, x * y, 3.0}
    t = set([y, x * x])
    u = frozenset(map(lambda v: v * 2, [x, y]))
    v = {w * w for w in s}
    return sum(s) * max(t) + min(u) * sum(sorted(v)[:2])


@case(0.7, 1.2)
def operators(x, y):
    s, t = {x, y, 5.0}, {y, x * y}
    a = sum(s | t) * 2 + sum(s & t) * 3 + sum(s - t) * 5 + sum(s ^ t) * 7
    b = sum(s.union([x * 9], t)) + sum(s.intersection(t)) + sum(s.difference([x]))
    return a * b + sum(s.symmetric_difference(t)) + sum(s.copy())


@case(0.7, 1.2)
def changes(x, y):
    s = set()
    s.add(x)
    s.add(x * y)
    s.add(3.0)
    s.discard(3.0)
    s.update([y, y * 2])
    s.remove(y)
    s |= {x * 9}
    s -= {x}
    t = set(s)
    t.clear()
    t.add(x * x)
    total = sum(s)
    a = t.pop()
    s &= {y * 2, x * y}
    return total * a + sum(s) * 2 + len(t)


@case(0.7, 1.2)
def sets_of_tuples(x, y):
    s = {(0, x), (1, y)}
    s.add((2, x * y))
    total = 0.0
    for i, v in s:
        total += i * v * v
    return total


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_programs(case: Case) -> None:
    case.check()


def test_items_of_a_set_display() -> None:
    y = {1.0, 2.0}
    acc = Accumulators()
    acc.add_slot(y, 1.0, 10.0)
    assert set_items(acc, y, (1.0, 2.0, 1.0)) == [10.0, ZERO, ZERO]


def test_merge_gives_to_the_first_that_has_it() -> None:
    a, b = [1.0, 2.0], [2.0, 3.0]
    y, pb = merged_set(lambda p, q: set(p) | set(q), a, b)
    acc = Accumulators()
    for item in y:
        acc.add_slot(y, item, item * 10)
    pb(ZERO, acc)
    assert acc.peek(a) == {0: 10.0, 1: 20.0}
    assert acc.peek(b) == {1: 30.0}


def test_update_keeps_old_items() -> None:
    a, b = {1.0}, [1.0, 3.0]
    _, pb = update_set(set.update, a, b)
    acc = Accumulators()
    acc.add_slot(a, 1.0, 10.0)
    acc.add_slot(a, 3.0, 30.0)
    pb(ZERO, acc)
    assert acc.peek(a) == {1.0: 10.0}
    assert acc.peek(b) == {1: 30.0}


def test_a_missing_item_raises() -> None:
    with pytest.raises(KeyError):
        dpy.gradient(lambda x: {x}.remove(99.0), 1.0)
