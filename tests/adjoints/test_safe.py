"""The arithmetic of partials: IEEE values without exceptions, warnings or wider dtypes."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from scipy import special

from dpy.adjoints import safe

POINTS = [0.0, -0.0, 1.0, -1.0, 5e-324, 1e308, -1e308, math.inf, -math.inf, math.nan, 2, 0, -3]


@pytest.fixture(autouse=True)
def no_warnings() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def same(a: Any, b: Any) -> bool:
    return bool(np.array_equal(a, b, equal_nan=True))


@pytest.mark.parametrize("a", POINTS)
@pytest.mark.parametrize("b", POINTS)
def test_divide_and_power_of_floats_equal_those_of_arrays(a: float, b: float) -> None:
    assert same(safe.divide(a, b), safe.divide(np.array([float(a)]), np.array([float(b)]))[0])
    got = safe.power(a, b)
    if not isinstance(got, complex):
        assert same(got, safe.power(np.array([float(a)]), np.array([float(b)]))[0])


def test_divide_of_large_integers() -> None:
    assert safe.divide(1.0, 10**400) == 0.0
    assert safe.divide(-(10**400), 2.0) == -math.inf


def test_divide_of_complex_by_zero_does_not_raise() -> None:
    assert not math.isfinite(abs(safe.divide(1j, 0j)))
    assert math.isnan(abs(safe.divide(0j, 0)))


@pytest.mark.parametrize(
    "f, n",
    [
        (safe.divide, 2), (safe.divide_or_zero, 2), (safe.power, 2), (safe.base_log, 2),
        (safe.larger_share, 2), (safe.smaller_share, 2), (safe.fmax_share, 2),
        (safe.logistic_difference, 2), (safe.atan2_partial, 2), (safe.less_one, 1),
        (safe.square, 1), (safe.rsqrt, 1), (safe.sign, 1), (safe.sinc_partial, 1),
    ],
)  # fmt: skip
@pytest.mark.parametrize("other", [0.0, 1.0])
def test_float32_is_not_widened(f: Any, n: int, other: float) -> None:
    x = np.array([-1.0, 0.0, 1.0, 2.0], np.float32)
    calls = [(x,)] if n == 1 else [(x, x), (x, other), (other, x)]
    for args in calls:
        result = f(*args)  # a Python float widens nothing either
        assert type(result) is float or result.dtype in (np.float32, np.bool_), args


def test_shares_of_ties_add_up() -> None:
    a, b = np.array([1.0, 2.0, 3.0, np.nan]), np.array([2.0, 2.0, 2.0, 2.0])
    np.testing.assert_array_equal(safe.larger_share(a, b) + safe.larger_share(b, a), np.ones(4))
    np.testing.assert_array_equal(safe.larger_share(a, b)[:3], [0.0, 0.5, 1.0])


def test_integer_bases_and_exponents() -> None:
    np.testing.assert_array_equal(safe.power(np.array([2, 4]), -1), [0.5, 0.25])
    np.testing.assert_array_equal(safe.power(np.array([2, 4]), np.array([-1, 0])), [0.5, 1.0])
    assert safe.power(np.array([100], np.int8), 3)[0] == 1e6  # no wrap-around


def test_digamma_and_polygamma_agree_with_scipy() -> None:
    x = np.concatenate([np.linspace(0.01, 30, 200), [1e3, 1e8], np.linspace(-20.3, -0.1, 37)])
    got = np.array([safe.digamma(t) for t in x])
    np.testing.assert_allclose(got, special.digamma(x), rtol=2e-13, atol=2e-13)
    for n in (1, 2, 3):
        got = np.array([safe.polygamma(n, t) for t in x[:200]])
        np.testing.assert_allclose(got, special.polygamma(n, x[:200]), rtol=1e-13)


def test_digamma_at_the_ends() -> None:
    assert safe.digamma(math.inf) == math.inf
    assert math.isnan(safe.digamma(0.0))
    assert math.isnan(safe.digamma(-3.0))
    assert math.isnan(safe.digamma(-math.inf))
    assert safe.polygamma(1, -2.0) == math.inf


@pytest.mark.parametrize("n", [0, 1, 2])
def test_bessel_i_agrees_with_scipy(n: int) -> None:
    x = np.array([-3.0, 0.0, 1e-6, 0.1, 1.0, 10.0, 100.0, 700.0])
    np.testing.assert_allclose(safe.bessel_i(n, x), special.iv(n, x), rtol=1e-13, atol=1e-15)


def test_the_derivative_of_sinc_is_smooth_where_the_formulas_meet() -> None:
    x = np.array([0.5 / math.pi - 1e-9, 0.5 / math.pi + 1e-9])
    low, high = safe.sinc_partial(x)
    assert abs(high - low) < 1e-8
    assert safe.sinc_partial(0.0) == 0.0
    assert safe.sinc_curvature(0.0, 0.0) == pytest.approx(-(math.pi**2) / 3)


def test_ldexp_overflows_to_infinity() -> None:
    assert safe.ldexp(-1.0, 5000) == -math.inf
    np.testing.assert_array_equal(safe.ldexp(1.0, np.array([1, 2])), [2.0, 4.0])


def test_sign_of_complex_numbers() -> None:
    z = np.array([3 + 4j, 0j, -2.0])
    np.testing.assert_allclose(safe.sign(z), [0.6 + 0.8j, 0.0, -1.0])
    assert safe.sign(0j) == 0.0
    assert math.isnan(safe.sign(math.nan))


def test_limits_of_the_factor_of_a_power() -> None:
    a = np.array([0.0, np.inf, 0.0, 2.0])
    y = np.array([np.inf, 0.0, 0.0, 4.0])
    assert (y * safe.base_log(a, y)).tolist() == [-math.inf, 0.0, 0.0, 4.0 * math.log(2.0)]
