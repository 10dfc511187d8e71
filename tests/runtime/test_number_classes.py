"""Instances of subclasses of numbers are numbers: what they are made of gets their cotangent."""

from __future__ import annotations

from typing import Any

import pytest

import dpy
from dpy.runtime.number_classes import makes_number


class Plain(float):
    pass


class Named(float):
    def __init__(self, x: float) -> None:
        self.half = x * 0.5


class Scaled(float):
    def __new__(cls, x: float, k: float) -> Any:
        made: Any = super().__new__(cls, x * k)
        made.k = k
        return made


class Diagonal(complex):
    def __new__(cls, x: float) -> Any:
        return complex.__new__(cls, x, 2 * x)


class Whole(int):
    pass


def test_which_classes_are_made_by_the_builtin_type() -> None:
    assert list(map(makes_number, [float, Plain, Named, complex, Whole])) == [True] * 5
    assert not any(map(makes_number, [Scaled, Diagonal, bool, str]))


def argument_and_attribute(x: float) -> Any:
    a = Named(x * x)
    return a * a.half + Plain(x)


def with_new(x: float) -> Any:
    return Scaled(x, x) * Scaled(x, 3.0).k + Scaled(x, x).k + Diagonal(x).imag * Diagonal(x).real


def in_containers(x: float) -> Any:
    items = [Plain(x * k) for k in range(4)]
    return sum(items) * max(items) + Plain("2.5") * x + Plain() + Whole(x) * x


def by_name(x: float) -> Any:
    return float.__new__(Plain, x) * complex.__new__(Diagonal, x, x).imag


@pytest.mark.parametrize(
    "f", [argument_and_attribute, with_new, in_containers, by_name], ids=lambda f: f.__name__
)
def test_gradients(f: Any) -> None:
    assert dpy.check_gradient(f, 1.3)
