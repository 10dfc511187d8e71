"""Expressions of the reverse sweep."""

from __future__ import annotations

from dpy.transform import ir
from dpy.transform.adjoint.expressions import adds_to


def test_a_negative_contribution_is_subtracted() -> None:
    part, value = ir.Var("d_u"), ir.Var("d")
    assert adds_to(part, value).func.name == "add_to"
    negative = adds_to(part, ir.Op("neg", (value,)))
    assert negative.func.name == "subtract_from" and negative.args == (part, value)
