"""Copies: what they hold goes back to the originals."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dpy


class Point:
    def __init__(self, x: float, trail: Any) -> None:
        self.x = x
        self.trail = trail


class Own(Point):
    def __copy__(self) -> Any:
        return Own(self.x * 2.0, self.trail)


def shallow(x: float) -> float:
    p = Point(x, [x * x])
    q = copy.copy(p)
    q.x = 3.0 * x
    q.trail.append(x)
    return p.x * q.x * p.trail[1] * q.trail[0]


def deep(x: float) -> float:
    inner = [x]
    p = Point(x, [inner, inner])
    q = copy.deepcopy(p)
    q.trail[0][0] = x * x
    return p.trail[0][0] * q.trail[1][0] * q.x


def by_a_method(x: float) -> float:
    return copy.copy(Own(x, [])).x


def arrays(x: float) -> float:
    a = [np.array([x, 2.0])]
    b = copy.deepcopy(a)
    c = copy.copy(a[0])
    b[0][0] = 5.0
    c[1] = x
    return (a[0] * b[0] * c).sum()


def tuples_and_numbers(x: float) -> float:
    t = copy.deepcopy((x, [x]))
    return copy.copy(x) * copy.copy(t)[0] * t[1][0]


PROGRAMS = [shallow, deep, by_a_method, arrays, tuples_and_numbers]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    assert dpy.check_gradient(program, 0.8)


def test_a_memo_is_used_and_filled() -> None:
    def f(x: float) -> float:
        xs, memo = [x], {}
        first = copy.deepcopy(xs, memo)
        second = copy.deepcopy([xs], memo)
        assert second[0] is first
        return first[0] * second[0][0]

    assert dpy.gradient(f, 3.0) == (6.0,)
