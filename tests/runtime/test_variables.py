"""Cells, globals and closures that hold active values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import dpy
from dpy.cotangent import ZERO
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.variables import closure, new_cell, read_cell, read_global, write_global

level = 0.0


def through_a_cell(x: float) -> float:
    y = x

    def step() -> None:
        nonlocal y
        y = y * x

    for f in [step, step]:
        f()
    return y


def through_a_global(x: float) -> float:
    global level
    level = x * x
    return level * x


def through_defaults(x: float) -> float:
    functions = [lambda k=x, *, j=x * x: k * j]
    return functions[0]() + functions[0](2.0)


PROGRAMS = [through_a_cell, through_a_global, through_defaults]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    assert dpy.check_gradient(program, 0.8)


def test_a_cell_has_one_slot() -> None:
    acc = Accumulators()
    cell, pb = new_cell(1.5)
    assert cell.cell_contents == 1.5
    value, read_pb = read_cell(cell, cell.cell_contents)
    assert read_pb(2.0, acc) == ()
    assert read_pb(3.0, acc) == ()
    assert pb(ZERO, acc) == (5.0,)
    empty, pb = new_cell()
    assert pb(ZERO, acc) == ()
    with pytest.raises(ValueError):
        empty.cell_contents


def test_a_global_is_a_slot_of_its_module() -> None:
    names: dict[str, Any] = {}
    acc = Accumulators()
    _, write_pb = write_global(names, "a", 1.5)
    assert names == {"a": 1.5}
    _, read_pb = read_global("a", names, 1.5)
    read_pb(2.0, acc)
    assert acc.peek(names) == {"a": 2.0}
    assert write_pb(ZERO, acc) == (ZERO, 2.0)
    assert write_pb(ZERO, acc) == (ZERO, ZERO)


def test_defaults_are_slots_of_the_function() -> None:
    def f(a: float, b: float = 1.0, *, c: float = 2.0) -> float:
        return a

    acc = Accumulators()
    same, pb = closure(f)
    assert same is f
    acc.add_slot(f, ("default", "c"), 3.0)
    assert pb(ZERO, acc) == (ZERO, 3.0, ZERO, ZERO, ZERO, ZERO)  # then the annotations
