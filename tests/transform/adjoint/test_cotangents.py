"""Cotangent variables and their states."""

from __future__ import annotations

import numpy as np

from dpy.kinds import Array, Number
from dpy.transform import ir
from dpy.transform.adjoint.expressions import ZERO_NODE
from tests.transform.adjoint.listing import Listing, statement, sweep_of, written
from tests.transform.adjoint.programs import straight, unpacked, weighted


def test_the_first_contribution_is_an_assignment() -> None:
    reverse = Listing(straight, 1.0, 2.0).reverse
    assert "d_x = 0.0" not in reverse
    assert "d_y = 0.0" not in reverse


def test_the_state_says_how_the_next_contribution_is_added() -> None:
    sweep = sweep_of(weighted, np.ones(3), np.ones(3))
    d, kind = ir.Var("d"), Array(np.dtype(float), 1)
    sweep.accumulate("xs", d, kind, scalar=False, maybe=True)
    assert sweep.states["xs"] == "maybe"
    sweep.accumulate("xs", d, kind, scalar=False)
    assert sweep.states["xs"] == "value"
    sweep.accumulate("xs", d, kind, scalar=False)
    assert written(sweep).split("\n") == ["d_xs = d", "d_xs = add(d_xs, d)", "d_xs = d_xs + d"]


def test_numbers_are_added_in_place() -> None:
    sweep = sweep_of(straight, 1.0, 2.0)
    for value in (ir.Var("d"), ir.Op("neg", (ir.Var("d"),))):
        sweep.accumulate("x", value, Number(float), scalar=True)
        sweep.accumulate("x", value, Number(float), scalar=True)
    assert written(sweep).split("\n") == ["d_x = d", "d_x += d", "d_x -= d", "d_x -= d"]


def test_slots_are_put_together_when_the_whole_is_taken() -> None:
    sweep = sweep_of(unpacked, (1.0, 2.0))
    sweep.accumulate(("p", 1), ir.Var("d"), Number(float), scalar=True)
    assert sweep.has_cotangent("p")
    assert sweep.consume("p") == ir.Op("tuple", (ZERO_NODE, ir.Var("d_p_1")))
    assert not sweep.has_cotangent("p")
    assert sweep.consume("p") == ZERO_NODE


def test_ways_meet_in_the_weaker_state_and_zeros_are_added() -> None:
    sweep = sweep_of(straight, 1.0, 2.0)
    a: list[ir.Stmt] = []
    b: list[ir.Stmt] = []
    merged = sweep.merge(a, {"x": "value", "u": "owned"}, b, {"u": "maybe", "v": "value"})
    assert merged == {"x": "value", "u": "maybe", "v": "maybe"}
    assert a == [ir.Assign("d_v", ZERO_NODE)]
    assert b == [ir.Assign("d_x", ir.Lit(0.0))]


def test_what_is_written_apart_waits_to_be_placed() -> None:
    sweep = sweep_of(straight, 1.0, 2.0)
    out, states = sweep.apart(
        {}, lambda: sweep.accumulate("x", ir.Var("d"), Number(float), scalar=True)
    )
    assert len(out) == 1 and states == {"x": "value"}
    assert sweep.out == [] and sweep.states == {}


def test_a_guard_leaves_zero_where_there_was_none() -> None:
    sweep = sweep_of(straight, 1.0, 2.0)
    s = statement(sweep.facts, str(sweep.facts.function.result.name))
    sweep.guarded(
        s, ir.Var("d"), lambda: sweep.accumulate("x", ir.Var("d"), Number(float), scalar=True)
    )
    assert written(sweep).split("\n") == [
        "if d is not ZERO:",
        "    d_x = d",
        "else:",
        "    d_x = 0.0",
    ]
    assert sweep.states == {"x": "value"}


def test_an_array_is_owned_before_it_is_added_to() -> None:
    sweep = sweep_of(weighted, np.ones(3), np.ones(3))
    s = sweep.facts.function.body[0]
    sweep.own(s, "xs")
    sweep.own(s, "xs")
    sweep.states["w"] = "value"
    sweep.own(s, "w")
    assert written(sweep).split("\n") == ["d_xs = zeros_for(xs)", "d_w = owned(d_w, w)"]
    assert sweep.states == {"xs": "owned", "w": "owned"}
