"""The compiled helpers act as Python does, within 64 bits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dpy.adjoints import safe
from dpy.cotangent import quotient_of_numbers, quotient_of_numbers_below
from dpy.runtime.compiled import make_helpers

FUNCTIONS = ("sin", "exp", "log", "sqrt", "acos", "cosh")
HELPERS = make_helpers(True, FUNCTIONS, ("hypot",), ("log",))
BIG = 2**62


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("checked_add", lambda a, b: a + b),
        ("checked_sub", lambda a, b: a - b),
        ("checked_mul", lambda a, b: a * b),
        ("checked_floordiv", lambda a, b: a // b),
    ],
)
def test_integers_are_exact_or_refused(name, operation) -> None:
    numbers = [0, 1, -1, 3, -7, 2**31, BIG, -BIG, 2**63 - 1, -(2**63)]
    for a in numbers:
        for b in numbers:
            if name == "checked_floordiv" and b == 0:
                with pytest.raises(ZeroDivisionError):
                    HELPERS[name](a, b)
                continue
            exact = operation(a, b)
            if -(2**63) <= exact < 2**63:
                assert HELPERS[name](a, b) == exact
            else:
                with pytest.raises(OverflowError, match="64 bits"):
                    HELPERS[name](a, b)
    assert HELPERS["checked_abs"](-5) == 5


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_math_raise_as_pythons_do(name) -> None:
    function = getattr(math, name)
    for x in (0.0, -0.0, 0.5, -0.5, 2.0, -2.0, 800.0, math.inf, -math.inf, math.nan):
        try:
            expected = function(x)
        except (ValueError, OverflowError) as error:
            with pytest.raises(type(error)):
                HELPERS[f"math_{name}"](x)
        else:
            assert HELPERS[f"math_{name}"](x) == pytest.approx(expected, rel=1e-15, nan_ok=True)


def test_powers_raise_as_pythons_do() -> None:
    power = HELPERS["checked_power"]
    for a in (0.0, 2.0, -2.0, 0.3, 1e200, math.inf):
        for p in (0, 1, 2, -1, 3.0, -2.5, 0.5, 2):
            try:
                expected = a**p
            except (ZeroDivisionError, OverflowError) as error:
                with pytest.raises(type(error)):
                    power(a, p)
                continue
            if isinstance(expected, complex):
                with pytest.raises(ValueError, match="complex"):
                    power(a, p)
            else:
                assert power(a, p) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("name", ["divide", "power", "divide_or_zero", "atan2_partial"])
def test_partials_of_two_numbers_are_those_of_the_rules(name) -> None:
    for a in (0.0, 1.5, -2.0, 0.3):
        for b in (0.0, 2.0, -1.0, 3.0, -0.0):
            expected = getattr(safe, name)(a, b)
            assert HELPERS[f"safe_{name}"](a, b) == pytest.approx(expected, rel=1e-15, nan_ok=True)


@pytest.mark.parametrize("name", ["rsqrt", "sign", "square", "less_one"])
def test_partials_of_one_number_are_those_of_the_rules(name) -> None:
    for x in (0.0, -0.0, 1.0, 2.5, -3.0, math.nan):
        expected = getattr(safe, name)(x)
        assert HELPERS[f"safe_{name}"](x) == pytest.approx(expected, rel=1e-15, nan_ok=True)


def test_the_factor_of_a_power_in_its_exponent() -> None:
    for a in (0.0, -2.0, 1.0, 3.0):
        assert HELPERS["safe_base_log"](a, a**2) == safe.base_log(a, a**2)


def test_strong_zero_is_a_setting_of_the_helpers() -> None:
    weak = make_helpers(False, (), (), ())
    assert HELPERS["times"](0.0, math.inf) == 0.0
    assert math.isnan(weak["times"](0.0, math.inf))
    assert HELPERS["times"](2.0, 3.0) == 6.0


def test_quotients() -> None:
    for d in (0.0, 2.0):
        for b in (0.0, -4.0, math.inf):
            with np.errstate(all="ignore"):
                y = np.float64(3.0) / b
            found = HELPERS["quotient"](d, b), HELPERS["quotient_below"](d, b, y)
            expected = quotient_of_numbers(d, b), quotient_of_numbers_below(d, b, y)
            assert found == pytest.approx(expected, nan_ok=True)


def test_numpy_flavoured_arithmetic_does_not_raise() -> None:
    assert HELPERS["numpy_divide"](1.0, 0.0) == math.inf
    assert HELPERS["numpy_power"](0.0, -1.0) == math.inf
    assert HELPERS["np_log"](0.0) == -math.inf


def test_minimum_and_maximum_keep_pythons_order() -> None:
    assert math.isnan(HELPERS["python_min"](math.nan, 1.0))
    assert HELPERS["python_max"](1.0, math.nan) == max(1.0, math.nan)
