"""``in``: of containers, of iterators, and by methods."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import dpy
from dpy.runtime.membership import contains


class Interval:
    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def __contains__(self, x: float) -> int:
        self.low = self.low * 2.0
        return 7


class Bag:
    def __init__(self, *items: float) -> None:
        self.items = items

    def __iter__(self) -> Iterator[float]:
        return iter(self.items)


def by_method(x: float) -> float:
    interval = Interval(x, 2.0)
    return interval.low * interval.high if x in interval else x


def of_an_iterator(x: float) -> float:
    it = iter([x, 2.0 * x, 3.0 * x])
    return next(it) * x if 2.0 * x in it else x


def of_an_object(x: float) -> float:
    return x * x if x in Bag(1.0, x) else x


PROGRAMS = [by_method, of_an_iterator, of_an_object]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    assert dpy.check_gradient(program, 0.8)


def test_the_answer_is_a_truth_value() -> None:
    assert contains(Interval(1.0, 2.0), 1.5)[0] is True
    assert contains([1.0], 1.0) == (True, None)
    assert contains("abc", "b") == (True, None)
    assert contains(Bag(1.0), 2.0)[0] is False


def test_an_iterator_is_read_up_to_the_item() -> None:
    it = iter([1.0, 2.0, 3.0])
    assert contains(it, 2.0)[0]
    assert list(it) == [3.0]


def test_nan_is_in_a_list_that_holds_it() -> None:
    nan = float("nan")
    assert contains(Bag(nan), nan)[0]
    assert not contains(Bag(float("nan")), nan)[0]


def test_errors_are_those_of_python() -> None:
    with pytest.raises(TypeError, match="not iterable"):
        contains(1.0, 1.0)
