"""Calls with starred operands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import dpy
from dpy.cotangent import ZERO
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.starred_calls import call_spread


def spread(x: float, *rest: float, power: int = 2, **named: float) -> float:
    return x**power * sum(rest) + sum(named.values())


def starred(x: float) -> float:
    args, kwargs = (x, 2.0 * x), {"power": 3, "extra": x}
    return spread(x, *args, **kwargs)


def of_iterators(x: float) -> float:
    return spread(*map(abs, [x, 2.0 * x]), **dict(zip(["a"], [x], strict=True)))


PROGRAMS = [starred, of_iterators]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    assert dpy.check_gradient(program, 0.8)


def test_each_operand_gets_what_its_arguments_got() -> None:
    xs, named, acc = [2.0, 3.0], {"a": 5.0}, Accumulators()
    y, pb = call_spread(
        (False, True, True, True, True), ("", "*", "power", "**"), spread, 7.0, xs, 2, named
    )
    assert y == 250.0
    d_f, d_x, d_xs, d_power, d_named = pb(1.0, acc)
    assert (d_f, d_x, d_xs, d_named) == (ZERO, 70.0, ZERO, ZERO)
    assert acc.peek(xs) == {0: 49.0, 1: 49.0}
    assert acc.peek(named) == {"a": 1.0}


def test_errors_are_those_of_python() -> None:
    with pytest.raises(TypeError, match="multiple values"):
        dpy.gradient(lambda x: spread(x, **{"x": 2.0}), 1.0)
    with pytest.raises(TypeError, match="multiple values for keyword argument 'power'"):
        dpy.gradient(lambda x: spread(x, power=2, **{"power": 3}), 1.0)
    with pytest.raises(TypeError, match="keywords must be strings"):
        dpy.gradient(lambda x: spread(x, **{1: 2.0}), 1.0)
