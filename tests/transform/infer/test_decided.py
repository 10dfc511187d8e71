"""Tests that kinds decide, and those that they leave open."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dpy.kinds import UNKNOWN, Const, Kind, KnownObject, List, Number, Object, Other, kind_of
from dpy.transform.infer.decided import decided_equal, decided_isinstance, decided_test
from tests.transform.infer.programs import FLOAT, INT, VECTOR, Pair, facts_of, forms

NONE = Other(type(None))


@pytest.mark.parametrize(
    ("kind", "wanted", "expected"),
    [
        (VECTOR, np.ndarray, True),
        (VECTOR, (float, np.ndarray), True),
        (VECTOR, (float, list), False),
        (List(FLOAT), list, True),
        (Object(Pair, ()), Pair, True),
        (Number(complex), complex, True),
        (Number(bool), int, True),
        (FLOAT, float, None),  # a float that may be an int
        (FLOAT, str, False),
        (FLOAT, object, True),
        (UNKNOWN, float, None),
    ],
)
def test_isinstance(kind: Kind, wanted: Any, expected: bool | None) -> None:
    assert decided_isinstance(kind, kind_of(wanted)) is expected


class Liar:
    @property
    def __class__(self) -> type:
        return Pair


class Meta(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return True


class Anything(metaclass=Meta):
    pass


def test_classes_that_answer_themselves_are_asked_when_it_runs() -> None:
    assert decided_isinstance(Object(Liar, ()), kind_of(Pair)) is None
    assert decided_isinstance(VECTOR, KnownObject(Anything)) is None


@pytest.mark.parametrize("kind", [FLOAT, VECTOR, List(FLOAT), Const("a", str), Object(Pair, ())])
def test_what_is_not_none(kind: Kind) -> None:
    assert decided_test("is_", (kind, NONE)) is False
    assert decided_test("is_not", (NONE, kind)) is True


def test_none_and_flags() -> None:
    assert decided_test("is_", (NONE, Const(None, type(None)))) is True
    assert decided_test("is_", (UNKNOWN, NONE)) is None
    assert decided_test("is_", (INT, INT)) is None
    assert decided_test("not_", (Const(True, bool),)) is False
    assert decided_test("not_", (Number(bool),)) is None
    assert decided_test("slice", (NONE, NONE)) is None


def test_the_branch_that_is_not_taken_has_no_sites() -> None:
    def f(x, scale=None):
        if scale is not None:
            x = missing(x, scale)  # noqa: F821
        return x * 2

    assert "x" not in forms(facts_of(f, 1.5))


def test_dtypes_are_known() -> None:
    def f(x, y):
        if x.dtype != y.dtype or x.dtype == np.float64:
            x = missing(x)  # noqa: F821
        return x * 2

    single, double = np.ones(2, np.float32), np.ones(2)
    assert "x" not in forms(facts_of(f, single, single))
    assert "x" in forms(facts_of(f, single, double))
    float32 = Const(single.dtype, type(single.dtype))
    assert decided_equal((float32, KnownObject(np.float32))) is True
    assert decided_equal((float32, UNKNOWN)) is None
    assert decided_equal((KnownObject(np.float32), KnownObject(np.float32))) is None
