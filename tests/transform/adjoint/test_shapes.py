"""Which shapes are certain to be equal."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.transform import ir
from tests.transform.adjoint.listing import statement, sweep_of


def chained(x: Any, w: Any) -> Any:
    a = np.tanh(x)
    b = a * x
    c = b * w
    d = c * a
    return np.sum(d)


def test_elementwise_results_have_the_shape_of_their_only_array() -> None:
    sweep = sweep_of(chained, np.ones(3), np.ones(3))
    facts, shapes = sweep.facts, sweep.shapes
    assert shapes.has_shape_of_result(statement(facts, "a"), ir.Var("x"))
    assert shapes.has_shape_of_result(statement(facts, "b"), ir.Var("a"))  # both like x


def test_two_arrays_may_have_been_broadcast() -> None:
    sweep = sweep_of(chained, np.ones(3), np.ones(3))
    facts, shapes = sweep.facts, sweep.shapes
    assert not shapes.has_shape_of_result(statement(facts, "c"), ir.Var("b"))
    assert not shapes.has_shape_of_result(statement(facts, "d"), ir.Var("a"))


def test_a_shape_may_change_with_the_next_assignment() -> None:
    def grown(x: Any, w: Any) -> Any:
        y = x * 2.0
        x = x * w
        z = y * x
        return np.sum(z)

    sweep = sweep_of(grown, np.ones(3), np.ones((2, 3)))
    assert not sweep.shapes.has_shape_of_result(statement(sweep.facts, "z"), ir.Var("y"))
