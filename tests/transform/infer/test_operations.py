"""Operators, in place or not, and the other operations of the IR."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from dpy.kinds import UNKNOWN, Array, Const, Kind, Number, Other, Slice
from dpy.transform.infer.operations import operation
from dpy.transform.ir import Assign, Lit, Loc, Op
from tests.transform.infer.programs import FLOAT, INT, VECTOR, facts_of, form, forms, state_of


def arithmetic(x, n):
    product = x * 2
    whole = n + 1
    ratio = whole / 2
    root = math.sqrt(product)
    test = root > 1
    return root * ratio if test else product


def test_kinds_of_numbers() -> None:
    kinds = facts_of(arithmetic, 1.0, 2).exit_kinds
    wanted = {"product": FLOAT, "whole": INT, "ratio": FLOAT, "root": FLOAT, "test": Number(bool)}
    assert {name: kinds[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (1.0, FLOAT),
        (np.float32(1), Number(np.float32)),
        (1j, Number(complex)),
        (np.ones(3), VECTOR),
        (np.ones((2, 3), np.float32), Array(np.dtype(np.float32), 2)),
        (np.ones((2, 3), int), Array(np.dtype(np.int64), 2)),
    ],
)
def test_arithmetic_keeps_type_and_dtype(x: Any, expected: Kind) -> None:
    def f(x):
        y = x * 2
        return y

    assert facts_of(f, x).exit_kinds["y"] == expected


class Length:
    def __init__(self, value):
        self.value = value

    def __add__(self, other):
        return Length(self.value + other.value)

    def __rmul__(self, factor):
        return Length(factor * self.value)

    def __sub__(self, other):
        if not isinstance(other, Length):
            return NotImplemented
        return Length(self.value - other.value)


class Signed(Length):
    def __radd__(self, other):
        return self


def test_operators_of_the_users_classes_are_calls() -> None:
    def f(a, x):
        b = a + a
        c = x * a
        return b.value * c.value

    facts = facts_of(f, Length(1.0), 2.0)
    assert form(facts, "b") == form(facts, "c") == "callee"


def test_operators_that_may_decline_or_are_overridden_are_dispatched() -> None:
    def f(a, b):
        c = a - a
        d = a + b
        return c, d

    facts = facts_of(f, Length(1.0), Signed(2.0))
    assert form(facts, "c") == form(facts, "d") == "generic"


def test_operators_of_strings_carry_nothing() -> None:
    def f(x, name):
        label = "a" + name
        longer = name > label
        return x if longer else 2 * x

    facts = facts_of(f, 1.0, "b")
    assert facts.exit_kinds["label"] == Other(str)
    assert facts.exit_kinds["longer"] == Number(bool)
    assert form(facts, "label") == "inert"


# --- in place -----------------------------------------------------------------------------------


def test_in_place_operators_write_to_arrays_only() -> None:
    def f(x):
        y = x * 1
        y += 2
        return y

    assert not facts_of(f, 1.0).written
    assert "y" in facts_of(f, np.ones(2)).written


class Counter:
    def __init__(self, value):
        self.value = value

    def __iadd__(self, other):
        self.value += other
        return self

    def __mul__(self, other):
        return Counter(self.value * other)


def test_in_place_operators_of_objects() -> None:
    def adds(c, x):
        c += x
        return c.value

    def multiplies(c, x):
        c *= x
        return c.value

    assert form(facts_of(adds, Counter(1.0), 2.0), "c") == "generic"
    facts = facts_of(multiplies, Counter(1.0), 2.0)
    assert form(facts, "c") == "callee"  # there is no __imul__
    assert not facts.summary.writes


def test_in_place_operators_on_arrays_without_an_elementwise_rule() -> None:
    def f(m):
        m @= m
        return m

    facts = facts_of(f, np.ones((2, 2)))
    assert form(facts, "m") == "generic"
    assert facts.exit_kinds["m"] == Array(np.dtype(np.float64), 2)


def test_in_place_operators_on_lists() -> None:
    def f(xs, x):
        xs += [x]
        return xs[0]

    assert form(facts_of(f, [1.0], 2.0), "xs") == "generic"
    assert form(facts_of(f, [1.0], 2.0, inactive="xs x"), "xs") == "inert"


# --- others -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "args", "kind", "form"),
    [
        ("not_", (Lit(True),), Const(False, bool), "inert"),
        ("is_", (Lit(None), Lit(None)), Const(True, bool), "inert"),
        ("format", (Lit(1.5), Lit("")), Other(str), "inert"),
        ("slice", (Lit(0), Lit(1), Lit(2)), Slice(tuple(Const(i, int) for i in range(3))), "inert"),
        ("import", (Lit("math"),), UNKNOWN, "inert"),
        ("contains", (Lit("abc"), Lit("a")), Number(bool), "inert"),
        ("new_cell", (Lit(1.0),), UNKNOWN, "generic"),
        ("no_such_operation", (Lit(1.0),), UNKNOWN, "inert"),  # nothing is varied
    ],
)
def test_operations(name: str, args: tuple[Lit, ...], kind: Kind, form: str) -> None:
    def f(x):
        return x

    value = Op(name, args)
    found = operation(state_of(f, x=FLOAT), Assign("y", value, Loc(1, 0)), value, {})
    assert found[0] == kind
    assert found[2].form == form


def test_membership_may_call_eq() -> None:
    def f(x, p):
        y = x in p
        return x if y else -x

    assert form(facts_of(f, 1.0, Length(1.0)), "y") == "generic"


stored = 0.0


def stores(x):
    global stored
    stored = x
    y = stored
    return y


def test_stored_globals_are_of_the_heap() -> None:
    facts = facts_of(stores, 1.0)
    assert facts.heap_active
    assert facts.heap_written
    assert forms(facts)[None] == ["generic"]
    assert form(facts, "y") == "generic"
    assert facts.exit_kinds["y"] is UNKNOWN


def test_cells_are_written_to() -> None:
    def f(x):
        def set_to(v):
            nonlocal x
            x = v

        set_to(2 * x)
        return x

    facts = facts_of(f, 1.0)
    assert facts.written
    assert facts.summary.needs_acc


def shapes(x, y):
    joined = x.shape[:-1] + (2,) + y.shape
    strange = (x,) + (y,)
    return joined, strange


def test_tuples_of_numbers_one_after_the_other() -> None:
    kinds = facts_of(shapes, np.ones((2, 3)), np.ones(3)).exit_kinds
    assert [type(k) for k in kinds["joined"].items] == [Number, Const, Number]
    assert kinds["strange"] is UNKNOWN  # they share what they hold
