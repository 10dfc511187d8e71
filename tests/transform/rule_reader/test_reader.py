"""Evaluation on values some of which are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dpy.kinds import Array, Kind, Number
from dpy.transform import ir
from dpy.transform.rule_reader.functions import definition_of
from dpy.transform.rule_reader.plans import show_expression
from dpy.transform.rule_reader.reader import Reader
from dpy.transform.rule_reader.values import Dynamic, Static, Stuck, expr_of

MATRIX = Array(np.dtype(float), 2)
VECTOR = Array(np.dtype(float), 1)


def read(function: Any, *kinds: Kind, **known: Any) -> tuple[list[str], str]:
    """The local variables and the value of a call, as text."""
    reader = Reader()
    args = [Dynamic(ir.Var(f"<{i}>"), k, ir.Var(f"<{i}>")) for i, k in enumerate(kinds)]
    named = {name: Static(value) for name, value in known.items()}
    value = reader.enter(definition_of(function), function, list(args), named)
    lets = [f"{var.name} = {show_expression(e)}" for var, e in reader.lets]
    return lets, show_expression(expr_of(value))


def decided(x: Any, axis: Any = None) -> Any:
    if x.ndim == 2 and axis is not None:
        return x.T
    return -x if axis is None else x[axis]


def test_branches_are_decided() -> None:
    assert read(decided, MATRIX) == ([], "-<0>")
    assert read(decided, MATRIX, axis=0) == ([], "<0>.T")
    assert read(decided, VECTOR, axis=1) == ([], "<0>[1]")


def kept(x: Any, y: Any) -> Any:
    product = x * y
    shape = x.shape
    return product + product, shape


def test_what_costs_something_goes_into_a_variable() -> None:
    lets, value = read(kept, MATRIX, MATRIX)
    assert lets == ["<product:0> = <0> * <1>"]
    assert value == "(<product:0> + <product:0>, <0>.shape)"


def test_tuples_are_taken_apart() -> None:
    def first(x: Any, y: Any) -> Any:
        a, b = (x, *(y, 3))[0], 2
        return a * b

    assert read(first, VECTOR, VECTOR) == ([], "<0> * 2")


def test_negations_of_negations() -> None:
    def twice(x: Any) -> Any:
        y = -x
        return x - (-y)

    assert read(twice, VECTOR) == (["<y:0> = -<0>"], "<0> - -<y:0>")
    assert read(lambda x: -(-x), VECTOR)[1] == "<0>"  # noqa: B002


def looped(x: Any) -> Any:
    for _ in range(3):
        x = x * x
    return x


def branching(x: Any) -> Any:
    return x if x > 0 else -x


def compared(x: Any) -> Any:
    return 0 < x < 1


@pytest.mark.parametrize("function", [looped, branching, compared])
def test_what_does_not_become_straight_line(function: Any) -> None:
    with pytest.raises(Stuck):
        read(function, Number(float))


def endless(x: Any) -> Any:
    return endless(x)


def test_helpers_of_others_are_called() -> None:
    assert read(endless, VECTOR) == ([], "endless(<0>)")


def test_known_functions_are_called_now() -> None:
    assert read(lambda x: x * max(2, 3), VECTOR)[1] == "<0> * 3"
    assert read(lambda x: x * len((x, x)), VECTOR)[1] == "<0> * 2"
