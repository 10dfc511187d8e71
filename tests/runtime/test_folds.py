"""``reduce`` and ``sum``."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import Any

import pytest

import dpy


class Length:
    def __init__(self, metres: float) -> None:
        self.metres = metres

    def __abs__(self) -> Any:
        return abs(self.metres)

    def __float__(self) -> float:
        return self.metres * 1.0

    def __add__(self, other: Any) -> Any:
        return Length(self.metres + other.metres)

    def __neg__(self) -> Any:
        return Length(-self.metres)

    def __len__(self) -> int:
        return 2

    def __bool__(self) -> bool:
        return self.metres > 0


def summed(x: float) -> float:
    total = sum([Length(x), Length(x * x)], Length(1.0))
    return total.metres**2


def reduced(x: float) -> float:
    return functools.reduce(operator.mul, [x, x * x, 2.0 * x]) + functools.reduce(
        lambda a, b: a * b + x, [1.0, x, 3.0]
    )


def of_lists(x: float) -> float:
    return sum([[x], [x * x]], [2.0])[2]


def with_start(x: float) -> float:
    return sum([x, x * x], start=x) + sum((x, 2.0), x)


PROGRAMS = [summed, reduced, of_lists, with_start]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    assert dpy.check_gradient(program, 0.8)


class Added:
    def __init__(self, value: float) -> None:
        self.value = value

    def __radd__(self, other: float) -> float:
        return self.value + other


def test_a_sum_of_numbers_is_rounded_as_python_does_it() -> None:
    weights = [1e9, 0.1, 0.3, -1e9]

    def of_map(x: float) -> Any:
        return sum(map(lambda w: w * x, weights), x)

    def of_view(x: float) -> Any:
        return sum({w: w * x for w in weights}.values())

    def of_objects(x: float) -> Any:
        return sum([*[w * x for w in weights], Added(x), x])

    slope = math.fsum(weights)
    for f, more in ((of_map, 1.0), (of_view, 0.0), (of_objects, 2.0)):
        y, (g,) = dpy.value_and_gradient(f, 0.7)
        assert y == f(0.7)
        assert g == pytest.approx(slope + more, abs=1e-6)


def test_errors_are_those_of_python() -> None:
    with pytest.raises(TypeError, match="empty iterable with no initial value"):
        dpy.gradient(lambda x: functools.reduce(operator.mul, []) * x, 1.0)
    with pytest.raises(TypeError, match="unsupported operand"):
        dpy.gradient(lambda x: sum([x, "a"]), 1.0)
