"""Operators, attributes and items on values that the compiler knows nothing about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dpy


class Dual:
    def __init__(self, a: Any, b: Any) -> None:
        self.a, self.b = a, b

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Dual):
            return NotImplemented
        return Dual(self.a + other.a, self.b + other.b)

    def __rmul__(self, factor: Any) -> Any:
        return Dual(factor * self.a, factor * self.b)

    def __iadd__(self, other: Any) -> Any:
        self.a = self.a + other.a
        return self

    def __getitem__(self, i: int) -> Any:
        return (self.a, self.b)[i]

    @property
    def product(self) -> Any:
        return self.a * self.b

    @product.setter
    def product(self, value: Any) -> None:
        self.a = value


def operators(x: float) -> float:
    p = Dual(x, x * x)
    q = 2.0 * p + p
    q += p
    return q[0] * q[1] + q.product


def setters(x: float) -> float:
    p = Dual(x, 3.0)
    p.product = x * x
    return p.product * p.a


def sequences(x: float) -> float:
    xs = [x, 2.0] + [x * x] * 2
    t = (x, 3.0) + (x,) * 2
    return xs[0] * xs[2] + xs[3] * t[0] + t[2] * t[3]


def arrays_in_place(x: float) -> float:
    a = np.array([x, 2.0, 3.0])
    held = [a]
    b = held[0]
    b *= a
    b[1:] += b[:-1]
    b /= 2.0
    return float(a.sum())


def unpacked(x: float) -> float:
    first, *rest = [x, x * x, 3.0 * x]
    (a, b), c = (rest, first)
    return a * b * c


def mixed(x: float) -> Any:
    values = [x, np.array([x, 2.0]), 3]
    return (values[0] * values[1] ** values[2] - values[1] / values[0]).sum()


PROGRAMS = [operators, setters, sequences, arrays_in_place, unpacked, mixed]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    assert dpy.check_gradient(program, 0.8)


def test_operators_that_nobody_implements_fail_as_in_python() -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        dpy.gradient(lambda x: [x][0] + Dual(x, x), 1.0)
