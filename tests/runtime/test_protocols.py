"""Special methods that builtins call on the user's objects."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
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


def unary(x: float) -> float:
    return abs(-Length(x)) * float(Length(x * x))


def truth(x: float) -> float:
    return x * len(Length(x)) if Length(x) else -x


class Sized:
    def __init__(self, x: float) -> None:
        self.x = x

    def __divmod__(self, other: float) -> Any:
        return self.x * other, self.x

    def __rpow__(self, other: float) -> Any:
        return other * self.x

    def __floor__(self) -> float:
        return self.x * 3.0

    def __round__(self, digits: int = 0) -> float:
        return self.x * digits


def binary(x: float) -> float:
    a, b = divmod(Sized(x), x)
    return a * b + pow(2.0, Sized(x)) + math.floor(Sized(x)) * round(Sized(x), 2)


def operators_as_functions(x: float) -> float:
    xs = operator.concat([x], [x * x])
    xs = operator.iadd(xs, [3.0 * x])
    operator.setitem(xs, 0, operator.mul(x, xs[1]))
    return operator.getitem(xs, 0) * operator.neg(xs[2]) + operator.abs(-x)


def methods_by_name(x: float) -> float:
    a = [np.array([x, 2.0])][0]
    return x.__mul__(x) + x.__rsub__(1.0) + a.__getitem__(0) * [x].__add__([2.0])[1]


PROGRAMS = [unary, truth, binary, operators_as_functions, methods_by_name]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    assert dpy.check_gradient(program, 0.8)


class Steps:
    def __init__(self, x: float) -> None:
        self.x = x

    def __iter__(self) -> Iterator[float]:
        return iter([self.x, self.x**2])


def test_iterables_of_the_user() -> None:
    def f(x: float) -> float:
        a, b = Steps(x)
        return a * b + sum(Steps(x))

    assert dpy.check_gradient(f, 0.8)


def test_numbers_decline_what_they_do_not_know() -> None:
    assert dpy.gradient(lambda x: x if x.__add__("a") is NotImplemented else 0.0, 1.0) == (1.0,)


def test_text_that_is_run_refuses_cotangents() -> None:
    assert dpy.gradient(lambda x: x * eval("2.0", {}), 1.0) == (2.0,)
    with pytest.raises(dpy.UnsupportedSyntaxError, match="a cotangent reached what eval"):
        dpy.gradient(lambda x: eval("x * x", {"x": x}), 1.0)


def test_results_must_be_of_the_type_that_the_builtin_promises() -> None:
    class Odd:
        def __init__(self, x: float) -> None:
            self.x = x

        def __bool__(self) -> Any:
            return self.x

    with pytest.raises(TypeError, match="__bool__ should return bool"):
        dpy.gradient(lambda x: x if bool([Odd(x)][0]) else 2.0 * x, 1.0)


def test_strided_views_overlap() -> None:
    def f(x: Any) -> Any:
        windows = np.lib.stride_tricks.as_strided(x, (2, 2), (8, 8))
        return (windows * windows).sum()

    (d,) = dpy.gradient(f, np.array([1.0, 2.0, 3.0]))
    assert d.tolist() == [2.0, 8.0, 6.0]
