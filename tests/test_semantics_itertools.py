"""The functions of `itertools`, over lists, iterators and calls."""

from __future__ import annotations

import itertools
import operator

import pytest

from dpy.runtime.accumulators import Accumulators
from dpy.runtime.itertools_ import Box
from dpy.runtime.sources import Part
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


@case([0.7, 1.2, 2.0])
def rearranging(xs):
    total = 0.0
    for a, b in itertools.combinations(xs, 2):
        total += a * b * b
    for a, b in itertools.product(xs, [1.0, xs[0]]):
        total += a * a * b
    for a, b, c in itertools.permutations(xs):
        total += a * b * b * c
    for a, b in itertools.combinations_with_replacement(xs, 2):
        total += a * b
    for a, b in itertools.pairwise(xs):
        total *= 1 + a / b
    return total


@case([0.7, 1.2, 2.0])
def chaining(xs):
    ys = list(itertools.chain(xs, (xs[0], 3.0), map(lambda v: v * v, xs)))
    zs = list(itertools.chain.from_iterable([xs, (xs[1],), reversed(xs)]))
    return sum([a * b for a, b in zip(ys, itertools.islice(zs, 1, None, 2), strict=False)])


@case([0.7, 1.2, 2.0], 0.4)
def longest_and_repeated(xs, x):
    total = 0.0
    for a, b in itertools.zip_longest(xs, xs[:1], fillvalue=x):
        total = total * a + b
    for a, b in zip(itertools.repeat(x), xs, strict=False):
        total += a * b * b
    for a, _ in zip(itertools.cycle(xs), range(7), strict=False):
        total = total * 0.5 + a
    return total * sum(itertools.repeat(x, 3))


@case([0.7, 1.2, 2.0])
def selecting(xs):
    a = list(itertools.takewhile(lambda v: v < 1.5, xs))
    b = list(itertools.dropwhile(lambda v: v < 1, xs))
    c = list(itertools.filterfalse(lambda v: v > 1, xs))
    d = list(itertools.compress(xs, [1, 0, 1]))
    return a[1] * b[0] + c[0] * d[1] + len(a)


@case([0.7, 1.2, 2.0])
def accumulating(xs):
    a = list(itertools.accumulate(xs))
    b = list(itertools.accumulate(xs, operator.mul, initial=xs[1]))
    c = list(itertools.accumulate(xs, lambda p, q: p * q + p))
    d = list(itertools.accumulate(reversed(xs), func=max))
    return a[1] * a[2] + b[0] * b[3] + c[1] * c[2] + d[0] * d[2]


@case([0.7, 1.2, 2.0])
def star_map(xs):
    ys = itertools.starmap(pow, zip(xs, [2, 3, 1], strict=True))
    zs = itertools.starmap(lambda a, b: a * b, [(xs[0], xs[1]), [xs[2], 2.0]])
    return sum(ys) * sum(zs)


@case([0.7, 1.2, 2.0])
def consumed_in_pieces(xs):
    it = itertools.chain(xs, map(lambda v: v * v, xs))
    a = next(it)
    b = list(itertools.islice(it, 2))
    xs[1] = xs[0] * 3
    return a * b[1] + sum(it) * b[0]


@case([0.7, 1.2, 2.0])
def counted(xs):
    ys = zip(xs, itertools.count(1), itertools.count(xs[0], step=xs[1]), strict=False)
    return sum([v * i * c for v, i, c in ys])


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_programs(case: Case) -> None:
    case.check()


def test_a_box_gives_its_cotangent_back() -> None:
    xs = [1.0, 2.0]
    box = Box(2.0, Part(xs), 1)
    acc = Accumulators()
    box.part.give(acc, box.k, 5.0)
    assert acc.peek(xs) == {1: 5.0}
