"""Values while a rule is read, and the expressions that stand for them."""

from __future__ import annotations

import numpy as np
import pytest

from dpy.kinds import UNKNOWN, Array, Number
from dpy.transform import ir
from dpy.transform.rule_reader.values import (
    Closure,
    Dynamic,
    Frame,
    Static,
    Stuck,
    expr_of,
    is_cheap,
    kind_of_value,
)


def test_known_values_are_written_as_literals_where_python_can() -> None:
    assert expr_of(Static((1, None))) == ir.Op("tuple", (ir.Lit(1), ir.Lit(None)))
    nothing = ir.Lit(None)
    assert expr_of(Static(slice(None, 2))) == ir.Op("slice", (nothing, ir.Lit(2), nothing))
    dtype = expr_of(Static(np.dtype(np.float32)))
    assert (dtype.value, dtype.name) == (np.dtype(np.float32), "float32")
    assert expr_of(Static(len)) == ir.Known(len, "len")
    assert expr_of(Static(np, ir.Var("np"))) == ir.Var("np")


def test_tuples_may_be_known_in_part() -> None:
    x = Dynamic(ir.Var("x"))
    assert expr_of([x, Static(2)]) == ir.Op("tuple", (ir.Var("x"), ir.Lit(2)))


def test_a_function_is_no_expression() -> None:
    with pytest.raises(Stuck):
        expr_of(Closure(None, Frame({}, {})))


def test_what_is_cheap_needs_no_variable() -> None:
    x = ir.Var("x")
    assert all(map(is_cheap, (x, ir.Lit(1), ir.Op("getattr", (x, ir.Lit("shape"))))))
    assert not is_cheap(ir.Op("getattr", (x, ir.Lit("real"))))
    assert not is_cheap(ir.Op("mul", (x, x)))


def test_kinds() -> None:
    vector = Array(np.dtype(float), 1)
    assert kind_of_value(Static(2)) == Number(int)
    assert kind_of_value(Static("a")) == UNKNOWN
    assert kind_of_value(Dynamic(ir.Var("x"), vector)) == vector
