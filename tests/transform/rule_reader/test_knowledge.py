"""What kinds answer while a rule is read."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from dpy import cotangent
from dpy.kinds import UNKNOWN, Array, Kind, Number, Tuple
from dpy.transform import ir
from dpy.transform.rule_reader.knowledge import (
    attribute_kind,
    binary_kind,
    call_kind,
    cotangent_kind,
    is_never_singleton,
    known_attribute,
    known_call,
    method_kind,
)
from dpy.transform.rule_reader.values import Dynamic, Static

X = ir.Var("x")
SHAPE = ir.Op("getattr", (X, ir.Lit("shape")))


def array(ndim: int, dtype: Any = float) -> Array:
    return Array(np.dtype(dtype), ndim)


def of(kind: Kind, expr: Any = X) -> Dynamic:
    return Dynamic(expr, kind)


def test_attributes_that_follow_from_the_kind() -> None:
    assert known_attribute(of(array(2)), "ndim") == Static(2)
    assert known_attribute(of(array(1, np.float32)), "dtype") == Static(np.dtype(np.float32))
    assert known_attribute(of(array(0)), "shape") == Static(())
    assert known_attribute(of(array(2)), "shape") is None
    assert known_attribute(of(Number(np.float64)), "shape") == Static(())
    assert known_attribute(of(Number(float)), "ndim") is None  # a float has none


def test_a_vector_is_its_own_transpose() -> None:
    vector = of(array(1))
    assert known_attribute(vector, "T") is vector
    assert known_attribute(of(array(2)), "T") is None


def test_kinds_of_attributes_and_methods() -> None:
    assert attribute_kind(of(array(2)), "shape") == Tuple((Number(int), Number(int)))
    assert attribute_kind(of(array(2)), "T") == array(2)
    method = of(attribute_kind(of(array(1)), "reshape"), ir.Op("getattr", (X, ir.Lit("reshape"))))
    shape = of(Tuple((Number(int),) * 2), ir.Op("getattr", (ir.Var("y"), ir.Lit("shape"))))
    assert method_kind(method, [shape]) == (array(2), ir.Var("y"))
    assert method_kind(method, [Static(3)]) == (UNKNOWN, None)


@pytest.mark.parametrize(
    ("function", "args", "expected"),
    [
        (np.ndim, [of(array(2))], Static(2)),
        (np.ndim, [of(Number(float))], Static(0)),
        (len, [of(Tuple((Number(int),)))], Static(1)),
        (len, [[of(UNKNOWN), Static(1)]], Static(2)),
        (type, [of(array(1))], Static(np.ndarray)),
        (isinstance, [of(array(1)), Static(np.ndarray)], Static(True)),
        (isinstance, [of(Number(float)), Static(np.ndarray)], Static(False)),
        (isinstance, [of(UNKNOWN), Static(np.ndarray)], None),
        (hasattr, [of(array(1)), Static("dtype")], Static(True)),
        (len, [of(array(1))], None),
    ],
)
def test_questions(function: Any, args: Any, expected: Any) -> None:
    assert known_call(function, args) == expected


def test_the_product_of_a_shape_is_the_size() -> None:
    found = known_call(math.prod, [of(Tuple((Number(int),) * 2), SHAPE)])
    assert found == Dynamic(ir.Op("getattr", (X, ir.Lit("size"))), Number(int))


def test_a_filled_array_has_the_shape_that_it_was_asked_for() -> None:
    shape = of(Tuple((Number(int),) * 2), SHAPE)
    args = [shape, of(Number(float)), Static(np.dtype(np.float32))]
    assert call_kind(cotangent.filled, args) == (array(2, np.float32), X)


@pytest.mark.parametrize(
    ("name", "a", "b", "expected"),
    [
        ("mul", of(array(1)), of(array(2)), array(2)),
        ("mul", of(array(1)), of(array(1, np.float32)), UNKNOWN),
        ("matmul", of(array(2)), of(array(1)), array(1)),
        ("matmul", of(array(1)), of(array(1)), UNKNOWN),  # a number
        ("add", of(array(1, np.float32)), Static(2.0), array(1, np.float32)),
        ("add", of(array(1, np.float32)), of(Number(np.float64)), UNKNOWN),
        ("mul", of(Number(np.float64)), Static(2), Number(np.float64)),
        ("lt", of(array(1)), of(array(1)), UNKNOWN),
    ],
)
def test_kinds_of_operations(name: str, a: Any, b: Any, expected: Kind) -> None:
    assert binary_kind(name, a, b) == expected


def test_arrays_and_numbers_are_no_singletons() -> None:
    assert is_never_singleton(of(array(1)), Static(None))
    assert is_never_singleton(Static(None), of(Number(float)))
    assert not is_never_singleton(of(Number(bool)), Static(True))
    assert not is_never_singleton(of(UNKNOWN), Static(None))


def test_kinds_of_cotangents() -> None:
    assert cotangent_kind(Number(int)) == Number(float)
    assert cotangent_kind(array(2, int)) == array(2)
    assert cotangent_kind(array(1, complex)) == array(1, complex)
    assert cotangent_kind(UNKNOWN) == UNKNOWN
