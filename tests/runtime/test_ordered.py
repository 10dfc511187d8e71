"""Heaps, sorted lists and key makers do what those of the standard library do."""

from __future__ import annotations

import bisect
import functools
import heapq
import random
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.runtime import ordered


def test_heaps_end_up_as_those_of_heapq() -> None:
    rng = random.Random(1)
    for _ in range(50):
        xs = [rng.randrange(12) for _ in range(rng.randrange(1, 20))]
        mine, theirs = list(xs), list(xs)
        ordered.heapify(mine)
        heapq.heapify(theirs)
        assert mine == theirs
        for name in ("heappush", "heappushpop", "heapreplace", "heappop"):
            args = () if name == "heappop" else (rng.randrange(12),)
            assert getattr(ordered, name)(mine, *args) == getattr(heapq, name)(theirs, *args)
            assert mine == theirs
        mine, theirs = list(xs), list(xs)
        ordered.heapify_max(mine)
        assert mine[0] == max(xs)
        assert ordered.heapreplace_max(mine, -1) == max(xs)
        popped = [ordered.heappop_max(mine) for _ in xs]
        assert popped == sorted(popped, reverse=True)


def test_places_are_those_of_bisect() -> None:
    rng = random.Random(2)
    for _ in range(50):
        xs = sorted(rng.randrange(9) for _ in range(rng.randrange(12)))
        x, lo = rng.randrange(9), rng.randrange(3)
        for name in ("bisect_left", "bisect_right"):
            mine, theirs = getattr(ordered, name), getattr(bisect, name)
            assert mine(xs, x) == theirs(xs, x)
            assert mine(xs, x, lo, key=abs) == theirs(xs, x, lo, key=abs)
    with pytest.raises(ValueError, match="lo must be non-negative"):
        ordered.bisect_left([], 1, -1)


def compare(a: Any, b: Any) -> Any:
    return (a > b) - (a < b)


@pytest.mark.parametrize("op", ["__lt__", "__gt__", "__le__", "__ge__", "__eq__"])
def test_keys(op: str) -> None:
    theirs = functools.cmp_to_key(compare)
    for a in range(3):
        mine = getattr(ordered.Key(compare, a), op)(ordered.Key(compare, 1))
        assert mine == getattr(theirs(a), op)(theirs(1))


def test_heaps_that_are_no_lists_raise_as_in_python() -> None:
    for heap in ((1.0, 2.0), np.ones(2)):
        with pytest.raises(TypeError, match="list"):
            dpy.gradient(lambda x, heap=heap: heapq.heappushpop(heap, x), 1.5)
