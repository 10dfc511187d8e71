"""Operators: every case, and what is particular to them."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

from dpy.adjoints import operators, registry
from dpy.config import settings
from tests.adjoints.cases_operators import CASES
from tests.adjoints.harness import Case, check_case, parametrize

assert operators


@pytest.mark.parametrize("f, case", parametrize(CASES))
def test_rule(f: Any, case: Case) -> None:
    check_case(f, case)


def pull(f: Any, *args: Any, d_y: Any = 1.0) -> tuple[Any, ...]:
    rule = registry.lookup(f, args)
    assert rule is not None
    with np.errstate(all="ignore"):
        _, pullback = rule.apply(args, {})
    assert pullback is not None
    return pullback(d_y)[0]


@pytest.mark.parametrize(
    "base, exponent", [(1e-300, -1.02), (5e-324, 0.5), (1e308, 1.0), (-1e-300, -1.0), (1e200, 1.5)]
)
def test_power_of_floats_never_raises(base: float, exponent: float) -> None:
    assert all(isinstance(d, float) for d in pull(operator.pow, base, exponent))


def test_negative_power_of_an_integer() -> None:
    assert pull(operator.pow, 2, -1) == pytest.approx((-0.25, 0.5 * np.log(2)))


def test_complex_power_of_a_negative_float() -> None:
    d_base, d_exponent = pull(operator.pow, -8.0, 1 / 3, d_y=1 + 0j)
    y = (-8.0) ** (1 / 3)
    assert d_base == pytest.approx((y / 3 / -8.0).real)
    assert d_exponent == pytest.approx((y * np.log(-8 + 0j)).real)


def test_strong_zero_can_be_switched_off() -> None:
    x, zero = np.array([0.0]), np.array([0.0])
    assert pull(operator.truediv, 1.0, x, d_y=zero)[1] == 0.0
    with settings(strong_zero=False):
        assert np.isnan(pull(operator.truediv, 1.0, x, d_y=zero)[1]).all()


def test_remainder_agrees_with_the_value_when_the_quotient_rounds() -> None:
    a, b = 1.0 - 2.0**-53, 2.0**-60  # the exact quotient is not a float
    y = a % b
    assert pull(operator.mod, a, b)[1] == pytest.approx((y - a) / b)


def test_gradients_of_integers_are_real() -> None:
    assert pull(operator.mul, 3, 4, d_y=0.5) == (2.0, 1.5)
    d = pull(operator.mul, np.array([3, 4]), 2.0, d_y=np.array([0.25, 0.5]))
    assert d[0].dtype == np.float64
    assert d[1] == 0.75 + 2.0
