"""Operators and comparisons on values that the compiler knows nothing about."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.cotangent import ZERO
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.operators import OPERATORS, builtin_binary, dunders


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


def mixed(x: float) -> Any:
    values = [x, np.array([x, 2.0]), 3]
    return (values[0] * values[1] ** values[2] - values[1] / values[0]).sum()


class Ordered:
    def __init__(self, x: float) -> None:
        self.x = x

    def __lt__(self, other: Any) -> bool:
        return self.x < other.x

    def __eq__(self, other: Any) -> bool:
        return self.x == other.x


def comparisons(x: float) -> float:
    a, b = [Ordered(x), Ordered(x * x)]
    return a.x if (a < b) == (b > a) and a == a else b.x * 2.0


class Sub(Dual):
    def __radd__(self, other: Any) -> Any:
        return Dual(other.a * self.a, self.b)


def a_subclass_is_asked_first(x: float) -> float:
    total = [Dual(x, x)][0] + [Sub(3.0 * x, x)][0]
    return total.a


def arrays_leave_it_to_objects(x: float) -> float:
    class Scale:
        __array_ufunc__ = None

        def __rmul__(self, other: Any) -> Any:
            return (other * x).sum()

    return np.array([1.0, x]) * [Scale()][0]


PROGRAMS = [
    operators,
    mixed,
    comparisons,
    a_subclass_is_asked_first,
    arrays_leave_it_to_objects,
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    assert dpy.check_gradient(program, 0.8)


def test_operators_that_nobody_implements_fail_as_in_python() -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        dpy.gradient(lambda x: [x][0] + Dual(x, x), 1.0)


@pytest.mark.parametrize(
    ("name", "a", "b", "expected"),
    [
        ("add", 2.0, 3.0, (1.0, 1.0)),
        ("sub", 2.0, 3.0, (1.0, -1.0)),
        ("mul", 2.0, 3.0, (3.0, 2.0)),
        ("truediv", 3.0, 2.0, (0.5, -0.75)),
        ("pow", 3.0, 2, (6.0, ZERO)),
        ("mul", Fraction(1, 2), Fraction(1, 3), (1 / 3, 0.5)),
        ("add", Decimal(1), 2, (1.0, 1.0)),
    ],
)
def test_scalars(name: str, a: Any, b: Any, expected: Any) -> None:
    y, pb = OPERATORS[name](a, b)
    assert y == getattr(__import__("operator"), name)(a, b)
    assert pb(1.0, Accumulators()) == expected


def test_what_builtin_types_do_not_know() -> None:
    assert builtin_binary("add", Dual(1.0, 2.0), 1.0) is None
    assert builtin_binary("add", "a", "b") == ("ab", None)


def test_reflected_operands_get_their_cotangents_in_order() -> None:
    p, acc = Dual(1.0, 2.0), Accumulators()
    y, pb = dunders(None, "__mul__", "__rmul__", 3.0, p)
    assert (y.a, y.b) == (3.0, 6.0)
    acc.add_slot(y, "b", 1.0)
    d_factor, _ = pb(ZERO, acc)
    assert d_factor == 2.0
    assert acc.peek(p)["b"] == 3.0
