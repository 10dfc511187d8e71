"""Expressions of the reverse sweep."""

from __future__ import annotations

from dpy.transform import ir
from dpy.transform.adjoint.expressions import (
    adds_to,
    identifier,
    is_everything,
    is_new,
    overwrite,
    part,
    places_of,
)


def test_a_negative_contribution_is_subtracted() -> None:
    part, value = ir.Var("d_u"), ir.Var("d")
    assert adds_to(part, value).func.name == "add_to"
    negative = adds_to(part, ir.Op("neg", (value,)))
    assert negative.func.name == "subtract_from" and negative.args == (part, value)


def test_a_region_is_overwritten_as_a_whole() -> None:
    u, i, v = ir.Var("u"), ir.Var("i"), ir.Var("v")
    assert overwrite(part(u, i), v) == ir.Op("setitem", (u, i, v))
    assert overwrite(u, v) == ir.Op("setitem", (u, ir.Lit(...), v))


def test_indices_that_name_everything() -> None:
    nothing = ir.Lit(None)
    assert is_everything(ir.Lit(...))
    assert is_everything(ir.Op("slice", (nothing, nothing, nothing)))
    assert not is_everything(ir.Op("slice", (ir.Lit(1), nothing, nothing)))


def test_arrays_that_nobody_else_holds() -> None:
    d, x = ir.Var("d"), ir.Var("x")
    assert is_new(ir.Op("mul", (d, x)))
    assert is_new(ir.Call(ir.Known(max, "unbroadcast"), (ir.Op("mul", (d, x)), x)))
    assert not is_new(ir.Call(ir.Known(max, "unbroadcast"), (d, x)))  # it may give back `d`
    assert not is_new(d)
    assert not is_new(ir.Op("getitem", (d, x)))


def test_operands_have_places_and_literals_stand_for_themselves() -> None:
    atoms = (ir.Var("x"), ir.Lit(2), ir.Var("x"))
    assert places_of(atoms) == (ir.Var("<0>"), ir.Lit(2), ir.Var("<2>"))


def test_names_of_functions_become_identifiers() -> None:
    assert [identifier(name) for name in ("f", "<lambda>", "a.b", "1st", "<>")] == [
        "f", "_lambda_", "a_b", "1st", "__",
    ]  # fmt: skip
