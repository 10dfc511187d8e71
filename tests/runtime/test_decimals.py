"""Arithmetic of decimals: exact values, cotangents that are floats."""

from __future__ import annotations

import decimal
import math
import operator
from decimal import Decimal
from typing import Any

import pytest

import dpy
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.decimals import has_decimals, of_decimals
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


def test_which_operators_are_of_decimals() -> None:
    assert has_decimals((1, Decimal(2)))
    assert not has_decimals((1, 2.0))


@pytest.mark.parametrize(
    ("function", "operands", "expected"),
    [
        (operator.add, (Decimal(3), 2), (1.0, 1.0)),
        (operator.sub, (3, Decimal(2)), (1.0, -1.0)),
        (operator.mul, (Decimal(3), Decimal(2)), (2.0, 3.0)),
        (operator.truediv, (Decimal(3), Decimal(2)), (0.5, -0.75)),
        (operator.pow, (Decimal(3), 2), (6.0, 9 * math.log(3))),
        (operator.mod, (Decimal(-7), Decimal(2)), (1.0, 3.0)),
        (operator.neg, (Decimal(3),), (-1.0,)),
        (operator.abs, (Decimal(-3),), (-1.0,)),
    ],
)
def test_operators(function: Any, operands: Any, expected: Any) -> None:
    y, pb = of_decimals(function, operands)
    assert y == function(*operands)
    assert type(y) is Decimal
    assert pb(1.0, Accumulators()) == pytest.approx(expected)
    assert pb(Decimal(2), Accumulators()) == pytest.approx([2 * p for p in expected])


@case(0.7, 1.3)
def arithmetic(x, y):
    a, b = Decimal(x), Decimal(y)
    total = a * b + a / b - b**2 + 2 * a - (1 - b) / 4 + (-a) + abs(-b)
    total += a % b + b % a + b // a
    return float(total)


@case(0.7)
def functions(x):
    a = Decimal(x)
    total = a.sqrt() + a.exp() * a.ln() + (a + 2).log10() + a.fma(a, 3) + a.max(Decimal(0))
    return float(total + a.min(Decimal("0.5")) + a.copy_negate() * a.copy_abs() + a.normalize())


@case(0.72)
def steps(x):
    a = Decimal(x)
    return float(a.quantize(Decimal("0.01")) * a + round(a, 1) * a) + x * int(a * 10)


@case(0.7)
def comparisons(x):
    a = Decimal(x)
    if a > Decimal("0.5") and a != 1:
        return float(a * a)
    return 0.0


@case(0.7)
def containers(x):
    xs = [Decimal(x), Decimal(2), Decimal(x) * 3]
    return float(sum(xs) * max(xs) + sorted(xs)[0] + sum(xs, Decimal(1)))


@case(0.7)
def in_a_context(x):
    with decimal.localcontext() as context:
        context.prec = 12
        a = Decimal(x) * Decimal(x) + Decimal(1) / Decimal(3)
    return float(a)


@case(0.7)
def in_a_loop(x):
    a = Decimal.from_float(x)
    for i in range(1, 4):
        a = a * a / i + 1
    return float(a) * float(f"{2.5}")


@case(Decimal("0.7"))
def a_decimal_argument(x):
    return float(x * x + x / 3)


@case(Decimal("0.7"))
def a_decimal_and_floats(x):
    return float(x) * float(x * 2) + math.sin(x)


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_programs(case: Case) -> None:
    case.check()


def test_errors_are_pythons() -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        dpy.gradient(lambda x: float(Decimal(x) * x), 0.7)
    with pytest.raises(decimal.InvalidOperation):
        dpy.gradient(lambda x: float(Decimal(-x).sqrt()), 0.7)
