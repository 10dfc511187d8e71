"""Sets of values that carry derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import dpy


def display(x: float) -> float:
    return sum({x, 2.0 * x, 3.0})


def merged(x: float) -> float:
    return sum({x, 2.0} | {x * x, 2.0}) * sum(frozenset([x, 5.0]) - {5.0})


def changed(x: float) -> float:
    s = {x}
    s.add(x**3)
    s.update([2.0 * x])
    return max(s) * min(s)


@pytest.mark.parametrize("program", [display, merged, changed], ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    try:
        assert dpy.check_gradient(program, 0.8)
    except (dpy.NoAdjointError, dpy.MutationError) as error:
        pytest.fail(f"sets are supported: {error}")
