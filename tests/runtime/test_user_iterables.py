"""Objects that are iterated over by methods of their class."""

from __future__ import annotations

import pytest

import dpy
from dpy.cotangent import ZERO
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.attempts import Failed
from dpy.runtime.user_iterables import OfIndexed, OfObject, attempt_call
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


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


def test_each_item_is_reversed_by_its_own_call() -> None:
    obj, acc = Indexed(2.0), Accumulators()
    source = OfIndexed(obj, Indexed.__getitem__)
    assert list(source.iterable) == [2.0, 4.0, 8.0]
    for k, d in (2, 1.0), (1, ZERO), (0, 1.0):
        source.give(acc, k, d)
    source.give_end(acc)
    assert acc.peek(obj) == {"x": 13.0}  # 3 x**2 + 1
    assert source.remainder(acc) is ZERO


def test_the_end_is_part_of_the_iterator() -> None:
    obj, acc = Countdown(1.0, 1), Accumulators()
    source = OfObject(obj)
    assert list(source.iterable) == [1.5]
    assert source.last is not None
    source.give_end(acc)
    source.give(acc, 0, 2.0)
    source.remainder(acc)
    assert acc.peek(obj)["x"] == 3.0


def test_only_the_exception_that_means_the_end_is_caught() -> None:
    def fails(kind):
        raise kind

    assert type(attempt_call(StopIteration, fails, (StopIteration,))) is Failed
    with pytest.raises(KeyError):
        attempt_call(StopIteration, fails, (KeyError,))
