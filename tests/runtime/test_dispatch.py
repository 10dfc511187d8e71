"""Calls that the runtime decides: whatever can be called, on whatever it is given."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import pytest

import dpy
from dpy.cotangent import ZERO
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.dispatch import call_, dispatch, has_own_way


class Scale:
    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, x: float) -> float:
        return self.factor * x

    def squared(self, x: float) -> float:
        return self(x) ** 2

    @classmethod
    def of(cls, factor: float) -> Scale:
        return cls(2.0 * factor)

    @staticmethod
    def cubed(x: float) -> float:
        return x**3


def chosen(x: float) -> float:
    functions = {"sin": math.sin, "cube": Scale.cubed, "scale": Scale(3.0)}
    return sum([functions[name](x) for name in ("sin", "cube", "scale")])


def methods(x: float) -> float:
    scale = Scale.of(x)
    bound = [scale.squared, scale.cubed, scale]
    return bound[0](x) * bound[1](x) + bound[2](3.0)


@functools.lru_cache
def cached(x: float) -> float:
    return x * x


def through_a_cache(x: float) -> float:
    return [cached][0](x) * cached(2.0)


PROGRAMS = [chosen, methods, through_a_cache]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    assert dpy.check_gradient(program, 0.8)


def test_one_cotangent_per_operand() -> None:
    acc = Accumulators()
    y, pb = call_((False, True, True), pow, 3.0, 2.0)
    assert (y, pb(1.0, acc)[:2]) == (9.0, (ZERO, 6.0))
    y, pb = call_((False, True, True), sorted, [2.0, 1.0], reverse=True)
    assert y == [2.0, 1.0]
    assert len(pb(ZERO, acc)) == 3
    y, pb = call_((False, True), len, [1.0])
    assert (y, pb(ZERO, acc)) == (1, (ZERO, ZERO))


def test_a_bound_method_has_its_owner_in_a_slot() -> None:
    scale, acc = Scale(3.0), Accumulators()
    y, pb = dispatch(scale.__call__, (2.0,), {})
    assert y == 6.0
    assert pb(1.0, acc)[1] == (3.0,)
    assert acc.peek(scale) == {"factor": 2.0}


def test_a_class_may_take_its_call_method_away() -> None:
    class Silent(Scale):
        __call__ = None  # type: ignore[assignment]

    with pytest.raises(TypeError, match="not callable"):
        dpy.gradient(lambda x: [Silent(x)][0](x), 1.0)


def test_library_functions_with_a_way_of_their_own() -> None:
    import copy

    assert has_own_way(copy.copy)
    assert not has_own_way(test_library_functions_with_a_way_of_their_own)


def test_wrong_calls_fail_as_in_python() -> None:
    with pytest.raises(TypeError, match="not callable"):
        dpy.gradient(lambda x: x(2.0), 1.0)
    with pytest.raises(TypeError, match="positional argument"):
        dpy.gradient(lambda x: [Scale.cubed][0](x, x), 1.0)
