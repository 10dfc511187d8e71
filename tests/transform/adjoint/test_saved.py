"""What the forward keeps: objects, copies of values, shapes, and nothing twice."""

from __future__ import annotations

from typing import Any

import numpy as np

import dpy
from dpy.transform import ir
from tests.transform.adjoint.listing import Listing, statement, sweep_of


def product(x: Any, y: Any) -> Any:
    z = x * y
    return np.sum(z)


def overwritten(x: Any, i: Any) -> Any:
    x[0] = 0.0
    y = x * x
    x[i] = 2.0
    return np.sum(y) + x[0]


def in_a_loop(x: Any, n: Any) -> Any:
    for _ in range(n):
        y = x * x
        x = y
    return np.sum(x)


def test_values_that_nobody_writes_to_are_kept_as_they_are() -> None:
    sweep = sweep_of(product, np.ones(2), np.ones(2))
    z = statement(sweep.facts, "z")
    assert sweep.saved.value_at(z, "x") == sweep.saved.object_at(z, "x") == ir.Var("x")
    assert not sweep.saved.before


def test_values_that_may_be_written_over_are_copied_once() -> None:
    sweep = sweep_of(overwritten, np.ones(2), 1, inactive="i")
    y = statement(sweep.facts, "y")
    copy = sweep.saved.value_at(y, "x")
    assert copy != ir.Var("x")
    assert sweep.saved.value_at(y, "x") == copy
    (kept,) = sweep.saved.before[id(y)]
    assert isinstance(kept, ir.Assign)
    assert (kept.target, kept.value) == (
        copy.name,
        ir.Call(ir.Op("getattr", (ir.Var("x"), ir.Lit("copy")))),
    )
    assert sweep.saved.object_at(y, "x") == ir.Var("x")  # the object is still the same


def test_gradients_do_not_see_what_is_written_later() -> None:
    x = np.array([3.0, 4.0])
    assert dpy.gradient(overwritten, x, 1)[0].tolist() == [0.0, 8.0]


def test_shapes_are_asked_for_later_or_kept_in_loops() -> None:
    sweep = sweep_of(product, np.ones(2), np.ones(2))
    z = statement(sweep.facts, "z")
    assert sweep.saved.shape_at(z, "x") == ir.Op("getattr", (ir.Var("x"), ir.Lit("shape")))
    sweep = sweep_of(in_a_loop, np.ones(2), 3, inactive="n")
    y = statement(sweep.facts, "y")
    kept = sweep.saved.shape_at(y, "x")
    assert isinstance(kept, ir.Var)
    assert len(sweep.saved.before[id(y)]) == 1


def test_placeholders_are_filled_with_what_is_kept() -> None:
    sweep = sweep_of(product, np.ones(2), np.ones(2))
    z = statement(sweep.facts, "z")
    operands = sweep.facts.sites[id(z)].operands
    value = ir.Call(
        ir.Known(max, "f"),
        (ir.Var("<1>"), ir.Op("getattr", (ir.Var("<y>"), ir.Lit("size")))),
        (("k", ir.Var("d")),),
    )
    assert sweep.saved.fill(z, value, operands) == ir.Call(
        ir.Known(max, "f"),
        (ir.Var("y"), ir.Op("getattr", (ir.Var("z"), ir.Lit("size")))),
        (("k", ir.Var("d")),),
    )


def test_indices_are_written_in_place_of_the_slices_they_were() -> None:
    def part(x: Any, i: Any) -> Any:
        y = x[i + 1 : 3]
        return np.sum(y)

    sweep = sweep_of(part, np.ones(4), 0, inactive="i")
    y = statement(sweep.facts, "y")
    assert isinstance(y.value, ir.Op)
    found = sweep.saved.index_at(y, y.value.args[1])
    start = ir.Op("add", (ir.Var("i"), ir.Lit(1)))
    assert found == ir.Op("slice", (start, ir.Lit(3), ir.Lit(None)))


def test_the_test_of_a_container_is_kept_as_a_truth() -> None:
    def drained(x: float, xs: list[float]) -> float:
        if xs:
            x = x * 2.0
        xs.clear()
        return x

    assert "holds" in Listing(drained, 1.0, [1.0], inactive="xs").forward
    assert dpy.gradient(lambda x: drained(x, [1.0]), 1.0) == (2.0,)
