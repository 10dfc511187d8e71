"""Which rules are read, and what is known of their cotangents."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from dpy.adjoints import registry
from dpy.kinds import Array, Kind, Number
from dpy.transform import ir
from dpy.transform.rule_reader.rules import read_expression, read_rule

MATRIX = Array(np.dtype(float), 2)
SCALAR = Number(np.float64)


def read(f: Any, *kinds: Kind, result: Kind) -> Any:
    places = tuple(ir.Var(f"<{i}>") for i in range(len(kinds)))
    return read_rule(registry.lookup(f), places, (), kinds, result)


def test_products_of_matrices_have_the_shape_of_their_operands() -> None:
    found = read(operator.matmul, MATRIX, MATRIX, result=MATRIX)
    assert [c.shape_of for c in found.cotangents] == [True, True]
    batch = Array(np.dtype(float), 3)
    found = read(operator.matmul, batch, batch, result=batch)
    assert [c.shape_of for c in found.cotangents] == [None, None]


def test_a_cotangent_that_a_helper_makes_may_be_none() -> None:
    certain = read(np.sum, MATRIX, result=SCALAR)
    assert certain.cotangents[0].is_certain


def test_lambdas_that_need_a_variable_stay_calls() -> None:
    scale = 2.0
    x = (ir.Var("x"),)
    assert read_expression(lambda x: x * 2.0, x, (SCALAR,)) is not None
    assert read_expression(lambda x: x * scale, x, (SCALAR,)) is None
    assert read_expression(lambda x, y=1: x, x, (SCALAR,)) is None
