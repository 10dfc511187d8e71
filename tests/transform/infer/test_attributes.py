"""Attributes of modules, classes, objects and arrays."""

from __future__ import annotations

import dataclasses
import math
import sys
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from dpy.kinds import UNKNOWN, Const, Kind, Number, Tuple
from tests.transform.infer.programs import FLOAT, INT, VECTOR, Box, Pair, facts_of, form


class Slotted:
    __slots__ = ("width",)

    def __init__(self, width):
        self.width = width


class Point(NamedTuple):
    width: float


class Square:
    sides = 4
    names: list = []

    def __init__(self, width):
        self.width = width

    @property
    def area(self):
        return self.width * self.width

    @staticmethod
    def unit():
        return 1.0

    @classmethod
    def make(cls, x):
        return x


class Watched(Square):
    def __getattribute__(self, name):
        return object.__getattribute__(self, name)


class Fallback(Square):
    def __getattr__(self, name):
        return 1.0


class Checked(Box):
    def __setattr__(self, name, value):
        object.__setattr__(self, name, value + 0.0)


def width_of(p):
    y = p.width
    return y


@pytest.mark.parametrize("p", [Slotted(1.0), Point(1.0), Square(1.0)])
def test_fields_are_read_by_value(p: Any) -> None:
    facts = facts_of(width_of, p)
    assert form(facts, "y") == "field"
    assert facts.exit_kinds["y"] == FLOAT


def test_a_class_that_watches_its_attributes_is_asked() -> None:
    assert form(facts_of(width_of, Watched(1.0)), "y") == "generic"


def test_properties_are_calls_unless_getattr_may_follow() -> None:
    def f(p):
        y = p.area
        return y

    assert form(facts_of(f, Square(2.0)), "y") == "callee"
    assert form(facts_of(f, Fallback(2.0)), "y") == "generic"


def test_what_the_class_holds() -> None:
    def f(x, p):
        a = p.sides
        b = p.unit()
        c = p.make(x)
        return x * a * b, c

    facts = facts_of(f, 1.0, Square(1.0))
    assert facts.exit_kinds["a"] == INT
    assert facts.exit_kinds["b"] == FLOAT
    assert form(facts, "c") == "callee"

    def g(p):
        names = p.names
        return names

    assert form(facts_of(g, Square(1.0)), "names") == "generic"  # anybody may have changed it


def test_an_attribute_that_the_program_sets_hides_that_of_the_class() -> None:
    def f(x, p):
        p.sides = x
        a = p.sides
        return a

    assert form(facts_of(f, 1.0, Square(1.0)), "a") == "generic"


def test_fields_that_are_written_are_read_by_identity() -> None:
    def f(box, x):
        box.content = x
        value = box.content
        return value

    facts = facts_of(f, Box(1), 2.0)
    assert form(facts, None) == form(facts, "value") == "generic"
    assert facts.exit_kinds["value"] == FLOAT  # the join of an int and the float
    assert "box" in facts.identity
    assert facts.summary.needs_acc
    assert facts.summary.stores == {("box", "content", FLOAT)}
    assert not facts.summary.unknown_stores


def test_a_class_with_a_setattr_of_its_own_may_do_anything() -> None:
    def f(box, x):
        box.content = x
        return box.content

    assert facts_of(f, Checked(1.0), 2.0).summary.unknown_stores


def test_modules_and_constants() -> None:
    def f(x):
        a = math.pi
        b = sys.version_info.major
        c = sys.float_info.max
        d = np.float32
        return x * a * b, c, d

    kinds = facts_of(f, 1.0).exit_kinds
    assert kinds["a"] == Const(math.pi, float) or kinds["a"] == FLOAT
    assert kinds["b"] in (INT, Const(sys.version_info.major, int))
    assert kinds["c"] in (FLOAT, Const(sys.float_info.max, float))


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda v: v.ndim, Const(1, int)),
        (lambda v: v.shape, Tuple((INT,))),
        (lambda v: v.size, INT),
        (lambda v: v.T, VECTOR),
        (lambda v: v.sum(), Number(np.float64)),
        (lambda v: v.flat, UNKNOWN),
    ],
)
def test_attributes_of_arrays(function: Any, expected: Kind) -> None:
    found = facts_of(function, np.ones(3)).summary.result
    assert found == expected or isinstance(expected, Const) and found == INT


def test_views_of_arrays_share_the_class() -> None:
    def f(m, x):
        t = m.T
        t[0, 0] = x
        return m[0, 0]

    assert {"m", "t"} <= facts_of(f, np.ones((2, 2)), 1.0).active


def test_methods_that_are_only_called_need_no_bound_method() -> None:
    def f(v):
        y = v.sum()
        return y

    def g(v):
        m = v.sum
        v = v * 2
        return m() * v[0]

    assert "generic" not in [site.form for site in facts_of(f, np.ones(3)).sites.values()]
    assert form(facts_of(g, np.ones(3)), "m") == "generic"


def test_attributes_of_what_is_not_known() -> None:
    def f(x, p):
        a = p.b
        return a * x

    facts = facts_of(f, 1.0, SimpleNamespace)
    assert form(facts, "a") == "generic"
    assert facts.exit_kinds["a"] is UNKNOWN


def test_frozen_fields_stay_by_value() -> None:
    @dataclasses.dataclass(frozen=True)
    class Frozen:
        width: float

    assert form(facts_of(width_of, Frozen(1.0)), "y") == "field"
    assert form(facts_of(width_of, Frozen(1.0), protect=True), "y") == "generic"
    assert facts_of(lambda p: p.a, Pair(1.0, 2.0)).summary.result == FLOAT
