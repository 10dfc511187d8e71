"""The algebra of cotangents: zeros vanish, sums go slot by slot, projection meets the primal."""

from __future__ import annotations

import copy
import itertools
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import broadcastable_shapes

from dpy.config import settings
from dpy.cotangent import (
    ZERO,
    add,
    conjugate,
    filled,
    fit,
    is_zero,
    project,
    quotient,
    quotient_below,
    quotient_of_numbers,
    quotient_of_numbers_below,
    times,
    unbroadcast,
)

# --- ZERO -------------------------------------------------------------------------------------


@pytest.mark.parametrize("d", [2.0, 1 + 1j, np.ones(2), np.float32(3)], ids=repr)
def test_zero_vanishes_in_sums_and_absorbs_products(d: Any) -> None:
    assert ZERO + d is d
    assert d + ZERO is d
    assert d - ZERO is d
    np.testing.assert_array_equal(ZERO - d, -d)
    for product in (ZERO * d, d * ZERO, ZERO / d, ZERO @ d, d @ ZERO, -ZERO, ZERO[0]):
        assert product is ZERO


def test_there_is_one_zero() -> None:
    assert pickle.loads(pickle.dumps(ZERO)) is ZERO
    assert copy.deepcopy(ZERO) is ZERO
    assert not ZERO
    assert repr(ZERO) == "ZERO"


def test_a_rule_may_say_none() -> None:
    assert is_zero(ZERO)
    assert is_zero(None)
    assert not is_zero(0.0)
    assert not is_zero(np.zeros(2))


# --- add --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (1.0, 2.0, 3.0),
        (ZERO, 2.0, 2.0),
        (2.0, ZERO, 2.0),
        (None, 2.0, 2.0),
        (2.0, None, 2.0),
        (ZERO, None, ZERO),
        (None, None, ZERO),
        (ZERO, ZERO, ZERO),
        ((1.0, ZERO), (2.0, 3.0), (3.0, 3.0)),
        ({"a": 1.0}, {"b": 2.0}, {"a": 1.0, "b": 2.0}),
        ({0: 1.0, 1: ZERO}, {0: 2.0, 1: 5.0}, {0: 3.0, 1: 5.0}),
        ({"a": {"b": (1.0, 2.0)}}, {"a": {"b": (10.0, ZERO)}}, {"a": {"b": (11.0, 2.0)}}),
    ],
)
def test_add(a: Any, b: Any, expected: Any) -> None:
    before = copy.deepcopy((a, b))
    total = add(a, b)
    assert total == expected if expected is not ZERO else total is ZERO
    assert (a, b) == before


def test_add_writes_to_neither_array() -> None:
    a, b = np.ones(2), np.ones(2)
    np.testing.assert_array_equal(add(a, b), [2, 2])
    np.testing.assert_array_equal((a, b), np.ones((2, 2)))


# --- unbroadcast and project ------------------------------------------------------------------


@given(st.data())
def test_unbroadcast_is_the_adjoint_of_broadcasting(data: st.DataObject) -> None:
    shape = data.draw(st.lists(st.integers(0, 3), max_size=3).map(tuple))
    other = data.draw(broadcastable_shapes(shape, max_dims=4, min_side=0))
    wide = np.broadcast_shapes(shape, other)
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    x, d = rng.normal(size=shape), rng.normal(size=wide)
    d_x = unbroadcast(d, shape)
    assert np.shape(d_x) == shape
    left = np.sum(np.broadcast_to(x, wide) * d)
    np.testing.assert_allclose(np.sum(x * d_x), left, rtol=1e-12, atol=1e-12)


def test_unbroadcast_widens_what_a_rule_left_narrow() -> None:
    np.testing.assert_array_equal(unbroadcast(np.ones(1), (2, 3)), np.ones((2, 3)))
    np.testing.assert_array_equal(unbroadcast(np.float64(2), (2,)), [2, 2])
    assert unbroadcast(ZERO, (2,)) is ZERO


@pytest.mark.parametrize(
    ("d", "x", "expected"),
    [
        (2.0, 1.0, 2.0),
        (2.0, 3, 2.0),
        (2 + 3j, 1.0, 2.0),
        (np.complex128(2 + 3j), 1.0, 2.0),
        (np.ones(3), 1.0, 3.0),
        (np.array(2.0), 1.0, 2.0),
        (2.0, 1j, 2 + 0j),
        (2.0, np.float32(1), np.float32(2)),
        (np.ones(2), np.float32(1), np.float32(2)),
        (2 + 1j, np.float64(1), np.float64(2)),
        (2.0, np.float64(1), np.float64(2)),
        (2, np.complex64(1), np.complex64(2)),
        (2.0, np.int64(1), 2.0),
        (np.ones(2), np.ones(2, np.float32), np.ones(2, np.float32)),
        (1j * np.ones(2) + 2, np.ones(2), np.full(2, 2.0)),
        (np.ones(2), np.ones(2, complex), np.ones(2, complex)),
        (np.ones((4, 2)), np.ones(2), np.full(2, 4.0)),
        (np.ones(2), np.array([1, 2]), np.ones(2)),
        (1.0, np.ones(()), np.ones(())),
        ((1.0, 2 + 1j), (1.0, 1.0), (1.0, 2.0)),
        ({1: 2.0}, (1.0, 1.0), (ZERO, 2.0)),
        ([1.0, None], [1.0, 1.0], {0: 1.0}),
    ],
    ids=repr,
)
def test_project(d: Any, x: Any, expected: Any) -> None:
    got = project(d, x)
    if isinstance(expected, (np.ndarray, np.generic)):
        assert isinstance(got, type(expected))
        assert got.dtype == expected.dtype
        assert got.shape == expected.shape
        np.testing.assert_array_equal(got, expected)
    else:
        assert got == expected
        assert not isinstance(got, complex) or isinstance(x, complex)


@pytest.mark.parametrize("x", [True, None, "text", np.array([True]), np.bool_(True)], ids=repr)
def test_what_can_have_no_gradient_gets_zero(x: Any) -> None:
    assert project(1.0, x) is ZERO


def test_project_leaves_the_cotangent_alone() -> None:
    d = np.ones((3, 2))
    project(d, np.ones(2))
    np.testing.assert_array_equal(d, np.ones((3, 2)))


# --- partials ---------------------------------------------------------------------------------


@pytest.mark.parametrize("partial", [2.0, 3, np.float32(2), np.ones(2)], ids=repr)
def test_the_conjugate_of_a_real_partial_is_itself(partial: Any) -> None:
    assert conjugate(partial) is partial


def test_the_conjugate_of_a_complex_partial() -> None:
    assert conjugate(1 + 2j) == 1 - 2j
    np.testing.assert_array_equal(conjugate(np.array([1j])), [-1j])


@pytest.mark.parametrize("d_y", [0.0, np.float64(0), np.zeros(()), 0j, 0], ids=repr)
@pytest.mark.parametrize("partial", [math.inf, math.nan, np.float64("inf")], ids=repr)
def test_strong_zero(d_y: Any, partial: Any) -> None:
    assert times(d_y, partial, True) == 0
    with settings(strong_zero=False):
        assert np.isnan(times(d_y, partial, True))


def test_strong_zero_of_arrays_keeps_what_is_not_zero() -> None:
    d_y, partial = np.array([0.0, 1.0, 2.0]), np.array([np.inf, np.inf, 3.0])
    np.testing.assert_array_equal(times(d_y, partial, True), [0.0, np.inf, 6.0])
    assert times(d_y.astype(np.float32), partial.astype(np.float32), True).dtype == np.float32


def test_a_regular_partial_is_only_multiplied() -> None:
    assert times(2.0, 3.0) == 6.0
    assert math.isnan(times(0.0, math.inf))
    assert times(ZERO, math.inf, True) is ZERO


# --- what generated code calls for arrays -------------------------------------------------------


def test_filled_arrays_belong_to_the_caller() -> None:
    row = np.arange(3, dtype=np.float32)
    whole = filled((2, 3), row)
    assert whole.dtype == np.float32
    assert whole.tolist() == [[0, 1, 2]] * 2
    whole[0] = 5
    assert row.tolist() == [0, 1, 2]
    assert filled((2,), 1.5, np.dtype(np.float32)).dtype == np.float32
    assert filled((2,), 2).dtype.kind == "i"


def test_fit_is_the_projection_on_an_array() -> None:
    x = np.ones((2, 1), np.float32)
    for d in (np.ones((2, 3)), np.ones((2, 1), complex) * 1j, 2.0, np.ones((2, 1), np.float32)):
        found = fit(d, x.shape, x.dtype)
        np.testing.assert_array_equal(found, project(d, x))
        assert found.dtype == np.float32
        assert found.shape == (2, 1)
    assert fit(None, (2,), np.dtype(float)) is ZERO
    assert fit(ZERO, (2,), np.dtype(float)) is ZERO


def test_quotients_have_strong_zeros_and_no_warnings() -> None:
    d, b = np.array([0.0, 1.0, 3.0]), np.array([0.0, 0.0, 2.0])
    y = np.array([math.inf, math.inf, 5.0])
    with np.errstate(all="raise"):
        assert quotient(d, b).tolist() == [0.0, math.inf, 1.5]
        below = quotient_below(d, b, y)
        assert below.tolist()[0] == 0.0
        assert below.tolist()[2] == -7.5
        with settings(strong_zero=False):
            assert math.isnan(quotient(d, b)[0])
    large = np.array([1e200, 0.0])  # finite, though the sum of squares is not
    assert quotient(large, np.ones(2)).tolist() == [1e200, 0.0]
    assert quotient(1.0, np.array([2.0, 4.0])).tolist() == [0.5, 0.25]


@pytest.mark.parametrize("number", [float, np.float64, np.float32])
def test_quotients_of_numbers(number: Any) -> None:
    """In all of IEEE's cases: what the formula gives, but zero where the cotangent is."""
    values = [number(v) for v in (0.0, -2.0, 1e-30, math.inf, math.nan)]
    for d, a, b in itertools.product(values, values, [*values, np.int64(0), np.int64(3)]):
        with np.errstate(all="ignore"):
            y = np.divide(a, b)
            above, below = np.divide(d, b), -d * np.divide(y, b)
        found = quotient_of_numbers(d, b), quotient_of_numbers_below(d, b, y)
        expected = (0.0, 0.0) if d == 0 else (above, below)
        np.testing.assert_allclose(found, expected, rtol=1e-6)
