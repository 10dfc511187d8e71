"""Built-in functions: every case, and what must fail."""

from __future__ import annotations

import builtins as python
from typing import Any

import numpy as np
import pytest

from dpy.adjoints import builtins, registry
from dpy.errors import NoAdjointError
from dpy.kinds import UNKNOWN, List, Number
from tests.adjoints.cases_builtins import CASES
from tests.adjoints.harness import Case, check_case, parametrize

assert builtins


@pytest.mark.parametrize("f, case", parametrize(CASES))
def test_rule(f: Any, case: Case) -> None:
    check_case(f, case)


class Money:
    """An object whose addition is its own."""

    def __init__(self, amount: float) -> None:
        self.amount = amount

    def __radd__(self, other: Any) -> Money:
        return self

    def __add__(self, other: Money) -> Money:
        return Money(self.amount - other.amount)


def test_sum_of_objects_refuses_a_cotangent() -> None:
    rule = registry.lookup(sum)
    assert rule is not None
    y, pullback = rule.apply(([Money(1.0), Money(2.0)],), {})
    assert y.amount == -1.0
    assert pullback is not None
    with pytest.raises(NoAdjointError, match="addition of their own"):
        pullback({"amount": 1.0})


def test_sum_of_an_iterator_consumes_it_once() -> None:
    rule = registry.lookup(sum)
    assert rule is not None
    y, pullback = rule.apply((iter([1.0, 2.0]),), {})
    assert y == 3.0
    assert pullback is not None
    assert pullback(2.0)[0][0] == [2.0, 2.0]


def test_max_of_nothing_is_pythons_error() -> None:
    rule = registry.lookup(max)
    assert rule is not None
    with pytest.raises(ValueError, match="empty"):
        rule.apply(([],), {})
    with pytest.raises(TypeError):
        rule.apply((), {})


def test_the_kind_of_a_pick_does_not_depend_on_values() -> None:
    kind = registry.lookup(max).kind  # type: ignore[union-attr]
    assert kind(Number(float), Number(float)) == Number(float)
    assert kind(Number(int), Number(float)) == Number(float)
    assert kind(List(Number(float))) == Number(float)
    assert kind(UNKNOWN) is UNKNOWN
    assert kind(List(Number(float)), default=Number(float)) is UNKNOWN


def test_kinds_that_need_no_dummy() -> None:
    assert registry.lookup(len).kind(UNKNOWN) == Number(int)  # type: ignore[union-attr]
    assert registry.lookup(isinstance).kind(UNKNOWN, UNKNOWN) == Number(bool)  # type: ignore[union-attr]


@pytest.mark.parametrize("f", [python.print, python.input, python.type])
def test_functions_with_effects_are_not_called_by_the_compiler(f: Any) -> None:
    rule = registry.lookup(f)
    assert rule is not None
    assert rule.kind == "unknown"
    assert rule.is_nondifferentiable


def test_an_array_item_keeps_its_dtype() -> None:
    rule = registry.lookup(max)
    assert rule is not None
    x = np.array([1.0, 3.0, 2.0], np.float32)
    y, pullback = rule.apply((x,), {})
    assert y.dtype == np.float32
    assert pullback is not None
    d = pullback(np.float32(2.0))[0][0]
    assert d.dtype == np.float32
    np.testing.assert_array_equal(d, [0.0, 2.0, 0.0])
