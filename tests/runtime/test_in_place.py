"""Operators in place, on whatever can be changed in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.cotangent import ZERO
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.in_place import IN_PLACE, builtin_in_place


def arrays_in_place(x: float) -> float:
    a = np.array([x, 2.0, 3.0])
    held = [a]
    b = held[0]
    b *= a
    b[1:] += b[:-1]
    b /= 2.0
    return float(a.sum())


class Total:
    def __init__(self, x: float) -> None:
        self.x = x

    def __iadd__(self, other: float) -> Any:
        self.x = self.x * other
        return self

    def __isub__(self, other: float) -> Any:
        return NotImplemented

    def __sub__(self, other: float) -> Any:
        return Total(self.x - other * other)


def objects(x: float) -> float:
    total = held = [Total(x)][0]
    total += x * x
    total -= x
    return total.x * held.x


def containers(x: float) -> float:
    xs, d, s = [x], {"a": x}, {x}
    xs += [x * x]
    xs *= 2
    d |= {"b": x**3}
    s |= {2.0 * x}
    return xs[2] * xs[3] + d["a"] * d["b"] + max(s)


PROGRAMS = [arrays_in_place, objects, containers]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    assert dpy.check_gradient(program, 0.8)


def test_what_was_there_before_is_kept_for_the_sweep() -> None:
    a, b, acc = np.array([2.0, 3.0]), np.array([5.0, 7.0]), Accumulators()
    y, pb = IN_PLACE["imul"](a, b)
    assert y is a
    assert a.tolist() == [10.0, 21.0]
    acc.add(a, np.ones(2))
    assert pb(ZERO, acc) == (ZERO, ZERO)
    assert acc.peek(a).tolist() == [5.0, 7.0]
    assert acc.peek(b).tolist() == [2.0, 3.0]


def test_operands_that_overlap() -> None:
    def f(x: Any) -> Any:
        a = [x * 1.0][0]
        a[1:] *= a[:-1]
        return a.sum()

    assert dpy.check_gradient(f, np.array([2.0, 3.0, 5.0]))


def test_arrays_of_integers_get_no_cotangent() -> None:
    a, acc = np.array([6, 3]), Accumulators()
    _, pb = IN_PLACE["ixor"](a, 1)
    assert a.tolist() == [7, 2]
    acc.add(a, np.ones(2))
    assert pb(ZERO, acc) == (ZERO, ZERO)


def test_what_builtin_types_do_not_know() -> None:
    assert builtin_in_place("isub", [1.0], [2.0]) is None
