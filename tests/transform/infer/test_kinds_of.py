"""Kinds of results agree with what NumPy and Python give."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

from dpy.kinds import (
    BOTTOM,
    UNKNOWN,
    Array,
    Const,
    Kind,
    KnownObject,
    List,
    Method,
    Number,
    Object,
    Other,
    Tuple,
    kind_of,
)
from dpy.transform.infer.facts import literal_kind
from dpy.transform.infer.kinds_of import (
    calls_back,
    element,
    indexed,
    is_basic,
    joined,
    kind_by_dummy,
    kind_by_rule,
    numeric,
    storable,
)
from tests.transform.infer.programs import FLOAT, INT, VECTOR, Pair


def index_kind(index: Any) -> Kind:
    if isinstance(index, tuple):
        return Tuple(tuple(map(index_kind, index)))
    return literal_kind(index) if index is None or index is Ellipsis else kind_of(index)


INDICES = [
    0, np.int64(1), slice(1), None, ..., (0, 1), (0, 1, 2), (..., 0, 1, 2), (None, 0),
    (slice(1), 0), [0, 1], np.array([0, 1]), np.array([[0, 1], [1, 0]]),
    (np.array([0]), np.array([[0], [1]])),
    np.ones(2, bool), np.ones((2, 3), bool), (slice(None), [0, 1], None), np.array(1),
]  # fmt: skip


@pytest.mark.parametrize("index", INDICES, ids=repr)
def test_indexed(index: Any) -> None:
    array = np.ones((2, 3, 4))
    found = array[index]
    assert indexed(kind_of(array), index_kind(index)) == kind_of(found)  # type: ignore[arg-type]
    if is_basic(index_kind(index)):
        assert not isinstance(found, np.ndarray) or np.shares_memory(found, array)


def test_indices_of_which_too_little_is_known() -> None:
    for index in (UNKNOWN, FLOAT, Number(bool), List(FLOAT), Other(str), Tuple((UNKNOWN, INT))):
        assert indexed(VECTOR, index) is UNKNOWN
    assert indexed(VECTOR, Tuple((INT, INT))) is UNKNOWN  # an error when it runs
    assert indexed(Array(np.dtype(object), 1), INT) is UNKNOWN


def test_elements() -> None:
    matrix = Array(np.dtype(np.float32), 2)
    assert element(matrix, 1) == Array(np.dtype(np.float32), 1)
    assert element(matrix, 2) == Number(np.float32)
    assert element(matrix, 3) is UNKNOWN
    assert element(Array(np.dtype(object), 1), 1) is UNKNOWN


@pytest.mark.parametrize(
    ("base", "exponent", "expected"),
    [
        (INT, Const(2, int), INT),
        (INT, Const(-2, int), FLOAT),
        (INT, INT, FLOAT),
        (FLOAT, Const(2, int), FLOAT),
        (Number(np.float32), Const(2, int), Number(np.float32)),
        (VECTOR, Const(2, int), VECTOR),
        (Number(complex), FLOAT, Number(complex)),
    ],
)
def test_powers(base: Kind, exponent: Kind, expected: Kind) -> None:
    assert kind_by_rule(operator.pow, None, (base, exponent), ()) == expected


class Rule:
    def __init__(self, kind: Any) -> None:
        self.kind = kind


def test_a_rule_may_say_what_the_kind_is() -> None:
    assert kind_by_rule(np.sum, Rule("unknown"), (VECTOR,), ()) is UNKNOWN
    assert kind_by_rule(np.sum, Rule("dummy"), (VECTOR,), ()) == Number(np.float64)

    def told(x: Kind, axis: Kind = INT) -> Kind:
        return Tuple((x, axis))

    assert kind_by_rule(np.sum, Rule(told), (VECTOR,), (("axis", FLOAT),)) == Tuple((VECTOR, FLOAT))
    unsure = Rule(lambda *kinds: NotImplemented)
    assert kind_by_rule(np.sum, unsure, (VECTOR,), ()) == Number(np.float64)


def test_running_a_primitive_tells_its_kind() -> None:
    named = (("keepdims", Const(True, bool)),)
    assert kind_by_dummy(np.sum, (VECTOR,), named) == VECTOR
    assert kind_by_dummy(np.linalg.inv, (VECTOR,), ()) is UNKNOWN  # it fails
    assert kind_by_dummy(np.sum, (UNKNOWN,), ()) is UNKNOWN  # no value to run it on
    assert kind_by_dummy(type, (FLOAT,), ()) is UNKNOWN  # not of one kind for all floats


def test_small_questions() -> None:
    assert numeric((FLOAT, VECTOR, Const(1, int)))
    assert not numeric((FLOAT, Other(str)))
    assert joined(()) is BOTTOM
    assert joined((INT, FLOAT)) == FLOAT
    assert storable(Const(1.5, float)) == FLOAT
    assert storable(Method(KnownObject(len), None)) is UNKNOWN
    assert calls_back((Tuple((FLOAT, List(KnownObject(len)))),))
    assert calls_back((Object(Pair, ()),))
    assert not calls_back((FLOAT, Tuple((VECTOR,))))


def test_an_axis_that_is_not_known_yet() -> None:
    assert kind_by_dummy(np.sum, (Array(np.dtype(float), 2),), (("axis", Number(int)),)) == Array(
        np.dtype(float), 1
    )
