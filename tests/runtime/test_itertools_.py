"""The iterators of `itertools`."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

import dpy


def chained(x: float) -> float:
    return sum(itertools.chain([x, x * x], (3.0 * x,))) * 2.0


def accumulated(x: float) -> float:
    a, b, c = itertools.accumulate([x, x * x, 2.0])
    return a * b * c


def products(x: float) -> float:
    total = 0.0
    for a, b in itertools.product([x, 2.0], [x * x, 3.0]):
        total += a * b
    return total


def pairs(x: float) -> float:
    return sum([b - a * b for a, b in itertools.pairwise([x, x**2, x**3])])


def sliced(x: float) -> float:
    return sum([v * v for v in itertools.islice([x, 2.0 * x, 3.0 * x], 2)])


def repeated(x: float) -> float:
    return sum(itertools.repeat(x * x, 3))


def starmapped(x: float) -> float:
    return sum(itertools.starmap(lambda a, b: a * b, [(x, x), (2.0, x)]))


def grouped(x: float) -> float:
    total = 0.0
    for key, group in itertools.groupby([x, x * x, 2.0 * x, 1.5], key=lambda v: v > 1.0):
        for i, item in enumerate(group):
            total += (i + 1.0 + key) * item * item
    return total


def counted(x: float) -> float:
    return sum([a * b for a, b in zip(itertools.count(x, x * x), (x, 2.0, x), strict=False)])


def permuted(x: float) -> float:
    return sum(
        [a - b * a * a for a, b in itertools.permutations((v * x for v in (1.0, x, 3.0)), 2)]
    )


def combined(x: float) -> float:
    pairs = itertools.combinations_with_replacement((x, x * x), 2)
    return sum([a * b for a, b in pairs])


PROGRAMS = [chained, accumulated, products, pairs, sliced, repeated, starmapped]
PROGRAMS += [grouped, counted, permuted, combined]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    assert dpy.check_gradient(program, 0.8)
