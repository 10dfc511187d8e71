"""Comparisons that C code makes: in containers, sorts, heaps and sorted lists.

What the ``__eq__`` or ``__lt__`` of an object writes counts, in the order in which Python asks.
"""

# Odd ways to ask a thing are the point here.
# ruff: noqa: SIM202, SIM300

from __future__ import annotations

import bisect
import collections
import copy
import functools
import heapq
import itertools
import operator
from dataclasses import dataclass

import pytest

import dpy
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


class Mark:
    """Writes what it is compared with to a log."""

    def __init__(self, x, log):
        self.x = x
        self.log = log

    def __eq__(self, other):
        self.log.append(self.x * other.x * 3)
        return self.x == other.x

    def __lt__(self, other):
        self.log.append(self.x * other.x)
        return self.x < other.x

    __hash__ = None


class OnlyGreater:
    """``a < b`` asks `b`."""

    def __init__(self, x, log):
        self.x = x
        self.log = log

    def __gt__(self, other):
        self.log.append(self.x)
        return self.x > other.x


@case(1.5)
def searches(x):
    log = []
    a = Mark(x, log)
    xs = [Mark(2 * x, log), Mark(x, log), a, Mark(x, log)]
    n = xs.count(a) + xs.index(a) + (a in xs) + (a in tuple(xs)) + (a not in collections.deque(xs))
    n += operator.countOf(xs, a) + operator.indexOf(xs, a) + tuple(xs).index(a, 1)
    xs.remove(a)
    return sum(log) * n * xs[1].x


@case(1.5)
def searches_that_fail(x):
    log = []
    xs = [Mark(2 * x, log), Mark(x, log)]
    for find in (xs.index, xs.remove, tuple(xs).index):
        try:
            find(Mark(x + 1, log))
        except ValueError as error:
            log.append(len(str(error)) * x)
    return sum(log)


@case(1.5, 2.5)
def numbers_among_objects(x, y):
    class Near:
        def __init__(self):
            self.log = []

        def __eq__(self, other):
            self.log.append(other * other)
            return False

        __hash__ = None

    near = Near()
    xs = [x, y, near, x * y]
    n = xs.count(near) + (near in (y, y))
    return sum(near.log) * n


@case(1.5)
def comparisons_of_sequences(x):
    log = []
    a, b = [Mark(x, log), Mark(x, log)], [Mark(x, log), Mark(2 * x, log)]
    n = (a == b) + (a != b) + (a < b) + (tuple(a) >= tuple(b)) + ((1, a) < (1, b))
    n += (a[:1] == b) + (tuple(a[:1]) == tuple(b)) + (a == a)
    return sum(log) * n


@case(1.5)
def sorts(x):
    log = []
    xs = [Mark(x, log), Mark(2 * x, log), Mark(0.5 * x, log)]
    ys = sorted(xs)
    xs.sort(reverse=True)
    zs = sorted([x, 2 * x, 0.5 * x], key=lambda v: Mark(v, log))
    pairs = sorted([(x, Mark(x, log)), (x, Mark(0.1, log))])
    return sum(log) * ys[0].x * xs[0].x * zs[1] * pairs[0][1].x


@case(1.5)
def least_and_greatest(x):
    log = []
    xs = [OnlyGreater(x, log), OnlyGreater(2 * x, log), OnlyGreater(0.5 * x, log)]
    y = max(xs).x * min(xs[0], xs[1]).x * sorted(xs)[0].x
    return y * sum(log)


@case(1.5)
def sort_within_try(x):
    log = []

    class Fragile(Mark):
        def __lt__(self, other):
            log.append(self.x * 2)
            if len(log) > 2:
                raise ValueError
            return True

    xs = [Fragile(x, log), Fragile(2 * x, log), Fragile(3 * x, log), Fragile(x, log)]
    try:
        xs.sort()
    except ValueError:
        log.append(x)
    return sum(log)


compare_outside = functools.cmp_to_key(lambda a, b: (a > b) - (a < b))


@case(1.5)
def keys_by_comparisons(x):
    log = []

    def compare(a, b):
        log.append(a * b)
        return -1 if a < b else 1

    xs = sorted([x, 2 * x, 0.5 * x], key=functools.cmp_to_key(compare))
    ys = sorted([x, 2 * x, 0.5 * x], key=compare_outside)
    return sum(log) * xs[0] * ys[1] * max([x, 2.0], key=compare_outside)


# --- heaps and sorted lists -----------------------------------------------------------------------


@case(1.5)
def heaps(x):
    h = []
    for i, v in enumerate((x, x * x, 0.5 * x, 3 * x, 1.7)):
        heapq.heappush(h, (v, i))
    a = heapq.heappop(h)[0]
    b = heapq.heappushpop(h, (x, 9))[0] * heapq.heapreplace(h, (4 * x, 7))[0]
    c = [v for v, _ in heapq.nlargest(2, h)] + [v for v, _ in heapq.nsmallest(2, h)]
    d = [5 * x, x, x * x]
    heapq.heapify(d)
    return a * b * sum(v * i for i, v in enumerate(c)) + d[0] * heapq.heappop(d) + sum(d)


@case(1.5, 1.5)
def heaps_of_equal_numbers(x, y):
    h = []
    for v in (x, y, x, y):
        heapq.heappush(h, v)
    return heapq.heappop(h) * 2 + heapq.heappop(h) * 3 + h[0] * 5 + heapq.heappushpop(h, x) * 7


@case(1.5)
def heaps_with_keys(x):
    xs = [x, -2 * x, x * x, 0.3]
    a = heapq.nlargest(2, xs, key=abs)
    b = heapq.nsmallest(2, xs, key=lambda v: v * v)
    c = list(heapq.merge([0.1, x], [x * x, 9.0], key=lambda v: 2 * v))
    d = list(heapq.merge([x, 0.1], [9.0, x * x], reverse=True))
    return a[0] * a[1] + b[0] * b[1] + sum(v * i for i, v in enumerate(c)) + d[0] * d[1] + d[2]


@case(1.5)
def heaps_of_objects(x):
    log = []
    h = []
    for v in (x, x * x, 0.5 * x, 2.0, x):
        heapq.heappush(h, Mark(v, log))
    y = heapq.heappop(h).x * heapq.heapreplace(h, Mark(1.0, log)).x
    return y * sum(log) * heapq.nlargest(1, h)[0].x


@case(1.5)
def empty_heaps(x):
    h = []
    for take in (heapq.heappop, lambda heap: heapq.heapreplace(heap, x)):
        try:
            take(h)
        except IndexError as error:
            h.append(x * len(str(error)))
            h = [v * x for v in h]
    return sum(h)


@case(1.5)
def sorted_lists(x):
    xs = [0.0, 1.0, 2.0]
    bisect.insort(xs, x)
    bisect.insort_left(xs, x * 0.1, 1, 2)
    bisect.insort(xs, -x * x, key=lambda v: -v)
    i = bisect.bisect(xs, x) + bisect.bisect_left(xs, 1.0, key=abs)
    return sum(v * k for k, v in enumerate(xs)) + i * x


@case(1.5)
def sorted_lists_of_objects(x):
    log = []
    xs = [Mark(x, log), Mark(2 * x, log), Mark(3 * x, log)]
    bisect.insort(xs, Mark(2.5 * x, log))
    i = bisect.bisect_left(xs, Mark(2.6 * x, log))
    return sum(log) * i * xs[2].x


@case(1.5)
def counts_of_groups(x):
    log = []
    xs = [Mark(x, log), Mark(x, log), Mark(2 * x, log)]
    groups = [(k.x, len(list(g))) for k, g in itertools.groupby(xs)]
    return sum(a * n for a, n in groups) * sum(log)


# --- keys -----------------------------------------------------------------------------------------


class Key:
    """Keeps its hash."""

    def __init__(self, name):
        self.name = name
        self.kept = None

    def __hash__(self):
        if self.kept is None:
            self.kept = hash(self.name)
        return self.kept

    def __eq__(self, other):
        return self.name == other.name


@dataclass(frozen=True)
class Place:
    row: int
    name: str


@case(1.5)
def keys_of_the_users(x):
    d = {Key("a"): x, Place(1, "b"): x * x}
    d[Key("a")] = d[Key("a")] * d[Place(1, "b")]
    n = (Key("a") in d) + len({Key("a"), Key("a")}) + len({Place(1, "a"), Place(1, "a")})
    return d[Key("a")] * n + d.get(Place(1, "b")) + d.pop(Key("a")) + copy.copy(d)[Place(1, "b")]


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()


class Writing:
    def __init__(self, x, log):
        self.x = x
        self.log = log

    def __hash__(self):
        self.log.append(self.x)
        return 3

    def __eq__(self, other):
        return self.x == other.x


class Comparing(Writing):
    __hash__ = object.__hash__

    def __eq__(self, other):
        self.log.append(self.x)
        return self.x == other.x


@pytest.mark.parametrize("cls", [Writing, Comparing])
def test_keys_that_write_are_refused(cls) -> None:
    def stored(x):
        log = []
        d = {cls(x, log): x}
        return sum(log) + sum(d.values())

    def in_set(x):
        log = []
        xs = {1.0}
        xs.add(cls(x, log))
        return sum(log) * x

    for f in (stored, in_set):
        with pytest.raises(dpy.MutationError, match="looked up in a dict or set"):
            dpy.gradient(f, 1.5)
