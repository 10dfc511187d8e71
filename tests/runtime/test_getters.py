"""itemgetter, attrgetter, methodcaller and weak references."""

from __future__ import annotations

import operator
import weakref
from collections.abc import Callable
from typing import Any

import pytest

import dpy


class Point:
    def __init__(self, x: float, inner: Any = None) -> None:
        self.x = x
        self.inner = inner

    def scaled(self, factor: float, power: int = 1) -> float:
        return self.x**power * factor


def attributes(x: float) -> float:
    p = Point(x, Point(x * x))
    one = operator.attrgetter("inner.x")(p)
    a, b = operator.attrgetter("x", "inner.x")(p)
    return one * a * b


def items(x: float) -> float:
    a, b = operator.itemgetter(2, 0)([x, 1.0, x * x])
    return a * b * operator.itemgetter("k")({"k": x})


def methods(x: float) -> float:
    call = operator.methodcaller("scaled", x, power=2)
    return call(Point(x)) * operator.methodcaller("pop")([1.0, x])


def sorted_by_attribute(x: float) -> float:
    first, second = sorted([Point(x), Point(x * x)], key=operator.attrgetter("x"))
    return first.x * 2.0 + second.x


def weak(x: float) -> float:
    p = Point(x)
    reference = weakref.ref(p)
    return reference().x * p.x


PROGRAMS = [attributes, items, methods, sorted_by_attribute, weak]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    assert dpy.check_gradient(program, 0.8)


def test_errors_are_those_of_python() -> None:
    with pytest.raises(AttributeError, match="no attribute 'gone'"):
        dpy.gradient(lambda x: operator.attrgetter("gone")(Point(x)), 1.0)
    with pytest.raises(IndexError):
        dpy.gradient(lambda x: operator.itemgetter(3)([x]), 1.0)
