"""Iterators over active values, in all the ways in which a program can consume them."""

# ruff: noqa: B905 - programs under test

from __future__ import annotations

import numpy as np
import pytest

import dpy
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
def iter_with_sentinel(xs):
    ys = list(xs)
    return sum([v * v for v in iter(lambda: ys.pop() if ys else None, None)])


@case([0.7, 1.2, 2.0])
def same_list_several_times(xs):
    return sum([a * b * c for a, b, c in zip(xs, xs, reversed(xs))])


@case([0.7, 1.2, 2.0])
def array_from_an_iterator(xs):
    a = np.fromiter((v * v for v in xs), float, 2)
    return a[0] * a[1]


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_programs(case: Case) -> None:
    case.check()


def test_a_pullback_can_be_called_twice() -> None:
    def f(xs):
        return sum(map(lambda v: v * v, xs))

    _, back = dpy.pullback(f, [1.0, 3.0])
    assert back(1.0) == back(1.0) == ([2.0, 6.0],)


def test_errors_are_those_of_python() -> None:
    with pytest.raises(StopIteration):
        dpy.gradient(lambda xs: next(iter(xs)), [])
    with pytest.raises(TypeError, match="at least two arguments"):
        dpy.gradient(lambda xs: sum(map(abs)) + xs[0], [1.0])
    with pytest.raises(ValueError, match="zip\\(\\) argument 2 is longer"):
        dpy.gradient(lambda xs: sum(a * b for a, b in zip(xs[:1], xs, strict=True)), [1.0, 2.0])
