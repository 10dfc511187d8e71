"""Lists, tuples and dicts are joined, repeated and merged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import dpy
from dpy.cotangent import ZERO
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.sequence_operators import repeat_in_place, sequence_operator


def sequences(x: float) -> float:
    xs = [x, 2.0] + [x * x] * 2
    t = (x, 3.0) + (x,) * 2
    return xs[0] * xs[2] + xs[3] * t[0] + t[2] * t[3]


def merged(x: float) -> float:
    d = [{"a": x, "b": x}][0] | {"b": x * x}
    return d["a"] * d["b"]


def swapped(x: float) -> float:
    t = [2][0] * (x, x * x)
    return t[2] * t[1]


PROGRAMS = [sequences, merged, swapped]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    assert dpy.check_gradient(program, 0.8)


def test_each_item_goes_back_to_its_operand() -> None:
    xs, ys, acc = [1.0, 2.0], [3.0], Accumulators()
    y, pb = sequence_operator("add", xs, ys)  # type: ignore[misc]
    acc.add_slot(y, 1, 5.0)
    acc.add_slot(y, 2, 7.0)
    assert pb(ZERO, acc) == (ZERO, ZERO)
    assert (acc.peek(xs), acc.peek(ys)) == ({1: 5.0}, {0: 7.0})
    y, pb = sequence_operator("mul", (1.0, 2.0), 2)  # type: ignore[misc]
    assert pb((1.0, 2.0, 3.0, ZERO), acc) == ((4.0, 2.0), ZERO)


def test_repeated_in_place() -> None:
    xs, acc = [1.0, 2.0], Accumulators()
    y, pb = repeat_in_place(xs, 2)
    assert y is xs
    assert xs == [1.0, 2.0, 1.0, 2.0]
    acc.add_slot(xs, 0, 1.0)
    acc.add_slot(xs, 2, 2.0)
    assert pb(ZERO, acc) == (ZERO, ZERO)
    assert acc.peek(xs) == {0: 3.0}


def test_other_operands_are_left_alone() -> None:
    assert sequence_operator("add", [1.0], (2.0,)) is None
    assert sequence_operator("sub", [1.0], [2.0]) is None
    assert sequence_operator("mul", [1.0], 2.0) is None
