"""What results take and operands are given."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.transform import ir
from tests.transform.adjoint.listing import statement, sweep_of, written
from tests.transform.adjoint.programs import partly_inactive, straight


def stored(xs: Any, x: Any) -> Any:
    y = x * 2.0
    xs[0] = y
    return xs[0] * xs[1]


def test_inactive_operands_are_given_nothing() -> None:
    sweep = sweep_of(partly_inactive, 1.0, 2.0, inactive="k")
    s = statement(sweep.facts, "t")
    sweep.give(s, ir.Var("k"), ir.Var("d"))
    sweep.give(s, ir.Lit(2.0), ir.Var("d"))
    assert sweep.out == []


def test_numbers_travel_by_value() -> None:
    sweep = sweep_of(straight, 1.0, 2.0)
    s = sweep.facts.function.body[0]
    sweep.give(s, ir.Var("x"), ir.Var("d"))
    assert written(sweep) == "d_x = d"


def test_what_is_written_to_gets_its_cotangents_by_identity() -> None:
    sweep = sweep_of(stored, [1.0, 2.0], 3.0)
    s = next(
        s
        for s in ir.walk(sweep.facts.function.body)
        if isinstance(s, ir.Assign) and isinstance(s.value, ir.Op) and s.value.name == "setitem"
    )
    sweep.give(s, ir.Var("xs"), ir.Var("d"))
    assert written(sweep) == "d_xs = sink(acc, xs, d)"
    assert sweep.states["xs"] == "maybe"


def test_the_cotangent_of_a_result_is_taken_once() -> None:
    sweep = sweep_of(straight, 1.0, 2.0)
    s = sweep.facts.function.body[0]
    assert isinstance(s, ir.Assign)
    assert sweep.result_cotangent(s) is None
    sweep.states[str(s.target)] = "value"
    d = sweep.result_cotangent(s)
    assert d == sweep.d(s.target)
    assert sweep.result_cotangent(s) is None


def test_a_cotangent_that_may_be_zero_is_guarded() -> None:
    for state, guarded in (("value", False), ("maybe", True)):
        sweep = sweep_of(lambda x, y: np.sum(x * y), np.ones(2), np.ones(2))
        s = sweep.facts.function.body[-1]
        assert isinstance(s, ir.Assign)
        sweep.states[str(s.target)] = state
        sweep.with_cotangent(s, lambda d: sweep.emit(ir.Var("seen"), d))
        assert isinstance(sweep.out[0], ir.If) is guarded
