"""Calls that the runtime decides: whatever can be called, on whatever it is given."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dpy


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


def spread(x: float, *rest: float, power: int = 2, **named: float) -> float:
    return x**power * sum(rest) + sum(named.values())


def chosen(x: float) -> float:
    functions = {"sin": math.sin, "cube": Scale.cubed, "scale": Scale(3.0)}
    return sum([functions[name](x) for name in ("sin", "cube", "scale")])


def starred(x: float) -> float:
    args, kwargs = (x, 2.0 * x), {"power": 3, "extra": x}
    return spread(x, *args, **kwargs)


def partial(x: float) -> float:
    f = functools.partial(spread, x, power=3)
    return f(x, 2.0) * functools.partial(Scale.cubed)(x)


def methods(x: float) -> float:
    scale = Scale.of(x)
    bound = [scale.squared, scale.cubed, scale]
    return bound[0](x) * bound[1](x) + bound[2](3.0)


def through_numpy(x: float) -> float:
    f = getattr(np, "sin" if x > 0 else "cos")
    return f(np.array([x, 2.0 * x])).sum()


PROGRAMS = [chosen, starred, partial, methods, through_numpy]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    assert dpy.check_gradient(program, 0.8)


def test_wrong_calls_fail_as_in_python() -> None:
    with pytest.raises(TypeError, match="multiple values"):
        dpy.gradient(lambda x: spread(x, **{"x": 2.0}), 1.0)
    with pytest.raises(TypeError, match="not callable"):
        dpy.gradient(lambda x: x(2.0), 1.0)
