"""Objects in place of numbers."""

from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.runtime.number_arguments import with_numbers


class Number:
    def __init__(self, x: Any) -> None:
        self.x = x

    def __float__(self) -> Any:
        return self.x * 2


class Angle:
    def __init__(self, x: Any) -> None:
        self.x = x

    def __complex__(self) -> Any:
        return complex(self.x, 1.0)


class Counted:
    def __init__(self, x: Any) -> None:
        self.x = x
        self.log: list[Any] = []

    def __index__(self) -> int:
        self.log.append(self.x)
        return 2


def test_what_needs_no_conversion() -> None:
    assert with_numbers(math.sin, (1.5,)) is None
    assert with_numbers(math.fsum, ([1.5, 2],)) is None
    assert with_numbers(math.fsum, (iter([Number(1.0)]),)) is None
    assert with_numbers(len, (Number(1.0),)) is None


def by_index(x: float) -> Any:
    n = Counted(x)
    return math.sqrt(n) * sum(n.log) + math.factorial(n) * n.log[1]


@pytest.mark.parametrize(
    "f",
    [
        lambda x: math.sin(Number(x)) + math.fsum([Number(x), x]) + math.atan2(x, Number(x)),
        lambda x: math.dist((x, Number(x)), [1.0, 2.0]) + math.hypot(Number(x), 2.0),
        lambda x: (cmath.exp(Angle(x)) * cmath.sqrt(Number(x))).real,
        by_index,
    ],
)
def test_gradients(f: Any) -> None:
    assert dpy.check_gradient(f, 1.5)


def test_items_of_arrays() -> None:
    def f(x: float) -> Any:
        a = np.zeros(3)
        a[1] = Number(x)
        a[2] = a[1] * x
        return a.sum()

    assert dpy.check_gradient(f, 1.5)
