"""The table of operations, and attributes through it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import dpy
from dpy.cotangent import ZERO
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.operations import OPERATIONS, operate, operate_raw


class Dual:
    def __init__(self, a: Any, b: Any) -> None:
        self.a, self.b = a, b

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Dual):
            return NotImplemented
        return Dual(self.a + other.a, self.b + other.b)

    def __rmul__(self, factor: Any) -> Any:
        return Dual(factor * self.a, factor * self.b)

    def __iadd__(self, other: Any) -> Any:
        self.a = self.a + other.a
        return self

    def __getitem__(self, i: int) -> Any:
        return (self.a, self.b)[i]

    @property
    def product(self) -> Any:
        return self.a * self.b

    @product.setter
    def product(self, value: Any) -> None:
        self.a = value


def setters(x: float) -> float:
    p = Dual(x, 3.0)
    p.product = x * x
    return p.product * p.a


def deleted(x: float) -> float:
    p = [Dual(x, x * x)][0]
    del p.a
    p.a = 2.0 * x
    return p.a * p.b


PROGRAMS = [setters, deleted]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    assert dpy.check_gradient(program, 0.8)


def test_one_cotangent_per_operand_even_where_there_is_none() -> None:
    acc = Accumulators()
    y, pb = operate("lt", (True, True), 1.0, 2.0)
    assert (y, pb(ZERO, acc)) == (True, (ZERO, ZERO))
    y, pb = operate("floordiv", (True, True), 7, 2)
    assert (y, pb(1.0, acc)) == (3, (ZERO, ZERO))
    y, pb = operate("invert", (True,), 1)
    assert (y, pb(ZERO, acc)) == (-2, (ZERO,))


def test_attributes() -> None:
    p, acc = Dual(1.0, 2.0), Accumulators()
    _, pb = operate("setattr", (True, False, True), p, "a", 5.0)
    y, read_pb = operate("getattr", (True, False), p, "a")
    assert y == 5.0
    read_pb(3.0, acc)
    assert acc.peek(p) == {"a": 3.0}
    assert pb(ZERO, acc) == (ZERO, ZERO, 3.0)


class Loud(list):
    def __getitem__(self, i: Any) -> Any:
        raise AssertionError("not asked")

    def __iadd__(self, other: Any) -> Any:
        raise AssertionError("not asked")

    __contains__ = __add__ = __iadd__  # type: ignore[assignment]


def test_raw_operations_are_those_of_the_builtin_type() -> None:
    xs, acc = Loud([1.0, 2.0]), Accumulators()
    y, pb = operate_raw("getitem", xs, 1)
    assert y == 2.0
    pb(3.0, acc)
    assert acc.peek(xs) == {1: 3.0}
    assert operate_raw("contains", xs, 2.0) == (True, None)
    y, _ = operate_raw("iadd", xs, [3.0])
    assert y is xs
    assert len(xs) == 3


def test_every_operation_of_the_ir_is_there() -> None:
    names = (
        "add matmul rshift neg abs lt eq iadd ior getattr setattr delattr getitem setitem delitem "
        "contains tuple list set dict unpack unpack_star new_cell append add_to_set put"
    )
    assert not set(names.split()) - set(OPERATIONS)
