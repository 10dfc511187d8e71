"""Partials: made, called, nested, and with keywords that are replaced."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

import dpy
from dpy.cotangent import ZERO
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.dispatch import dispatch


def spread(x: float, *rest: float, power: int = 2, **named: float) -> float:
    return x**power * sum(rest) + sum(named.values())


def partial(x: float) -> float:
    f = functools.partial(spread, x, power=3)
    return f(x, 2.0) * functools.partial(abs)(x)


def nested(x: float) -> float:
    inner = functools.partial(spread, x, power=3, extra=x)
    outer = functools.partial(inner, 2.0 * x, extra=x * x)
    return outer(x) + outer(power=2) + inner(1.0, extra=3.0)


class Scale:
    def __init__(self, factor: float) -> None:
        self.factor = factor

    def times(self, x: float) -> float:
        return self.factor * x


def of_a_method(x: float) -> float:
    return functools.partial(Scale(x).times, x)() * functools.partial(Scale)(x).factor


PROGRAMS = [partial, nested, of_a_method]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    assert dpy.check_gradient(program, 0.8)


def test_what_is_bound_has_slots() -> None:
    f = functools.partial(spread, 2.0, a=3.0)
    acc = Accumulators()
    y, pb = dispatch(f, (5.0,), {})
    assert y == 23.0
    d_f, d_args, d_kwargs = pb(1.0, acc)
    assert (d_f["args"], d_args, d_kwargs) == ((20.0,), (4.0,), {})
    assert acc.peek(f.keywords) == {"a": 1.0}
    assert pb(ZERO, Accumulators())[0] is ZERO
