"""Loops and iterators over active values, in all the ways in which a program can consume them."""

# ruff: noqa: B905 - programs under test

from __future__ import annotations

import math

import numpy as np
import pytest

import dpy
from dpy.runtime import iteration
from dpy.runtime.accumulators import Accumulators
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


@case([0.7, 1.2, 2.0, 0.4])
def shared_iterator_in_pairs(xs):
    it = iter(xs)
    return sum([a * b * b for a, b in zip(it, it)])


@case([0.7, 1.2, 2.0, 0.4])
def iterator_advanced_inside_a_loop(xs):
    it = iter(xs)
    total = 0.0
    for v in it:
        total = total * v + v * next(it)
    return total


@case([0.7, 1.2, 2.0, 0.4])
def iterator_resumed_after_break(xs):
    it = iter(xs)
    total = 0.0
    for v in it:
        total += v * v
        if v > 1:
            break
    for v in it:
        total *= v
    return total


@case([0.7, 1.2], [2.0, 3.0, 4.0])
def zip_over_an_iterator_used_later(xs, ys):
    it = iter(ys)
    total = 0.0
    for a, b in zip(xs, it):
        total += a * b
    return total * next(it, 1.0)


@case([0.7, 1.2, 2.0])
def next_with_default(xs):
    it = iter(xs)
    a = next(it)
    b = next(it)
    c = next(it)
    return a * b + c * next(it, xs[0] * 2)


@case([0.7, 1.2, 2.0])
def map_over_zip_over_enumerate(xs):
    ys = map(lambda row: row[1][0] * row[1][1] * row[0], enumerate(zip(xs, reversed(xs)), 1))
    return sum(ys)


@case([0.7, 1.2, 2.0], 0.3)
def map_with_captured_value(xs, x):
    m = map(lambda v: v * x + x, xs)
    first = next(m)
    return first * sum(m)


@case([0.7, 1.2, 2.0], 0.3)
def map_consumed_after_a_write(xs, x):
    m = map(lambda v: v * x, xs)
    a = next(m)
    xs[1] = xs[1] * x
    return a + sum(m)


@case([0.7, 1.2, 2.0])
def map_with_a_side_effect(xs):
    seen = []
    ys = list(map(lambda v: seen.append(v * v) or v, xs))
    return sum(seen) * ys[0]


@case([0.7, 1.2, 2.0])
def filter_with_a_side_effect(xs):
    seen = []
    ys = list(filter(lambda v: seen.append(v * v) or v > 1, xs))
    return sum(seen) * ys[0]


@case([0.7, 1.2, 2.0])
def map_of_a_bound_method(xs):
    out = [1.0]
    list(map(out.append, xs))
    return out[1] * out[3]


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


@case({"a": 0.7, "b": 1.2})
def reversed_values(d):
    a, b = reversed(d.values())
    return a * b * b


@case([0.7, 1.2, 2.0])
def unpacking_an_iterator(xs):
    a, b, c = map(lambda v: v * v, xs)
    d, *rest = zip(xs, xs)
    return a * b * c + d[0] * rest[1][1]


@case([0.7, 1.2, 2.0])
def stars_of_iterators(xs):
    ys = [*map(lambda v: v * v, xs), *reversed(xs)]
    return max(*ys) * min(*map(lambda v: v, xs)) + ys[0]


@case([0.7, 1.2, 2.0])
def iter_with_sentinel(xs):
    ys = list(xs)
    return sum([v * v for v in iter(lambda: ys.pop() if ys else None, None)])


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


@case([0.7, 1.2, 2.0])
def same_list_several_times(xs):
    return sum([a * b * c for a, b, c in zip(xs, xs, reversed(xs))])


class Countdown:
    """Its own iterator, with state that carries derivatives."""

    def __init__(self, x, n):
        self.x = x
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if self.n == 0:
            raise StopIteration
        self.n -= 1
        self.x = self.x * 1.5
        return self.x


@case(0.7)
def object_as_iterator(x):
    total = 0.0
    for v in Countdown(x, 3):
        total += v * v
    return total


@case(0.7)
def object_as_iterator_by_next(x):
    it = iter(Countdown(x, 3))
    a = next(it)
    return a * next(it) + sum(it)


class Bag:
    def __init__(self, *items):
        self.items = list(items)

    def __iter__(self):
        return iter(self.items)

    def __reversed__(self):
        return reversed(self.items)


@case(0.7, 1.2)
def object_with_iter(x, y):
    bag = Bag(x, y, x * y)
    a, b, c = bag
    total = a * b
    for v in bag:
        total += v * c
    return total + sum(bag) + max(bag) + list(bag)[1] + sum(reversed(bag)) * sorted(bag)[0]


class Indexed:
    def __init__(self, x):
        self.x = x

    def __getitem__(self, i):
        if i >= 3:
            raise IndexError(i)
        return self.x ** (i + 1)

    def __len__(self):
        return 3


@case(0.7)
def object_with_getitem(x):
    return sum(Indexed(x)) + sum([v * v for v in reversed(Indexed(x))])


class Generating:
    def __init__(self, items):
        self.items = items

    def __iter__(self):
        for item in self.items:
            yield item * 2


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_programs(case: Case) -> None:
    case.check()


def test_generator_method_is_followed() -> None:
    def total(xs):
        return sum(Generating(xs))

    assert dpy.gradient(total, [1.0, 2.0]) == ([2.0, 2.0],)


def test_generator_method_that_only_counts_is_fine() -> None:
    def count(x):
        n = 0
        for _ in Generating([1, 2, 3]):
            n += 1
        return x * n

    assert dpy.gradient(count, 2.0) == (3.0,)


def test_sources_end_with_their_run() -> None:
    xs = [1.0, 2.0]
    outer = iteration.fresh_run()
    source = iteration._Same(iter(xs), [iteration.Part(xs)])
    iteration.keep(source)
    assert iteration.source_of(source.iterable) is source
    iteration.end_run(outer)
    assert iteration.source_of(source.iterable) is not source


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


def test_a_pullback_can_be_called_twice() -> None:
    def f(xs):
        return sum(map(lambda v: v * v, xs))

    _, back = dpy.pullback(f, [1.0, 3.0])
    assert back(1.0) == back(1.0) == ([2.0, 6.0],)
