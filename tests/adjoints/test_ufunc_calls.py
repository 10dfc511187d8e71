"""Keyword arguments and methods of ufuncs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dpy.adjoints import registry, ufunc_calls
from dpy.adjoints.numpy import cumulative, reductions, ufuncs
from dpy.cotangent import ZERO
from dpy.errors import MutationError, NoAdjointError
from tests.adjoints.cases_ufunc_calls import CASES
from tests.adjoints.harness import Case, check_case, parametrize

assert ufuncs and reductions and cumulative and ufunc_calls


@pytest.mark.parametrize("f, case", parametrize(CASES))
def test_rule(f: Any, case: Case) -> None:
    check_case(f, case)


def apply(f: Any, *args: Any, **kwargs: Any) -> Any:
    rule = registry.lookup(registry.key_of(f), args)
    assert rule is not None
    return rule.apply(args, kwargs)


A, B, D = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]), np.array([1.0, 10.0, 100.0])
MASK = np.array([True, False, True])

# --- out= -------------------------------------------------------------------------------------


def test_out_is_the_value_and_loses_what_it_held() -> None:
    out = np.zeros(3)
    y, pullback = apply(np.multiply, A, B, out=out)
    assert y is out
    (d_a, d_b), d_kwargs = pullback(D)
    np.testing.assert_array_equal(d_a, D * B)
    np.testing.assert_array_equal(d_b, D * A)
    assert d_kwargs.get("out", ZERO) is ZERO


def test_positional_out() -> None:
    out = np.zeros(3)
    y, pullback = apply(np.multiply, A, B, out)
    assert y is out
    d_a, d_b, d_out = pullback(D)[0]
    np.testing.assert_array_equal(d_a, D * B)
    assert d_out is ZERO


def test_out_that_is_an_input() -> None:
    a = A.copy()
    y, pullback = apply(np.multiply, a, B, out=a)
    np.testing.assert_array_equal(y, A * B)
    d_a, d_b = pullback(D)[0]
    np.testing.assert_array_equal(d_a, D * B)
    np.testing.assert_array_equal(d_b, D * A)  # the value on entry, not the overwritten one


def test_a_later_write_to_out_does_not_reach_the_pullback() -> None:
    out = np.zeros(3)
    _, pullback = apply(np.exp, A, out=out)
    out[:] = 0.0
    np.testing.assert_allclose(pullback(D)[0][0], D * np.exp(A))


def test_out_with_where_keeps_the_rest() -> None:
    out = np.full(3, 7.0)
    y, pullback = apply(np.sqrt, A, out=out, where=MASK)
    assert y[1] == 7.0
    (d_a,), d_kwargs = pullback(D)
    np.testing.assert_allclose(d_a, [0.5, 0.0, 50 / np.sqrt(3.0)])
    np.testing.assert_array_equal(d_kwargs["out"], [0.0, 10.0, 0.0])


def test_out_of_two_results() -> None:
    outs = (np.zeros(3), np.zeros(3))
    y, pullback = apply(np.modf, A + 0.25, out=outs)
    assert y[0] is outs[0]
    np.testing.assert_array_equal(pullback((D, ZERO))[0][0], D)


# --- where=, dtype= ---------------------------------------------------------------------------


def test_where_hides_singular_points() -> None:
    x = np.array([-1.0, 0.0, 4.0])
    _, pullback = apply(np.log, x, where=x > 0, out=np.zeros(3))
    np.testing.assert_array_equal(pullback(np.ones(3))[0][0], [0.0, 0.0, 0.25])


def test_where_broadcasts_the_input() -> None:
    _, pullback = apply(np.multiply, 2.0, B, where=MASK, out=np.zeros(3))
    d_a, d_b = pullback(D)[0]
    assert d_a == 4.0 + 600.0
    np.testing.assert_array_equal(d_b, [2.0, 0.0, 200.0])


def test_where_for_a_rule_with_its_own_pullback() -> None:
    _, pullback = apply(np.absolute, -A, where=MASK, out=np.zeros(3))
    np.testing.assert_array_equal(pullback(D)[0][0], [-1.0, 0.0, -100.0])


def test_dtype_of_the_computation() -> None:
    y, pullback = apply(np.multiply, A, B, dtype=np.float32)
    assert y.dtype == np.float32
    d_a, _ = pullback(D.astype(np.float32))[0]
    assert d_a.dtype == np.float64
    np.testing.assert_allclose(d_a, D * B)


def test_truncation_to_integers_has_slope_0() -> None:
    y, pullback = apply(np.add, A, B, dtype=np.int64, casting="unsafe")
    assert y.dtype == np.int64
    assert pullback(D)[0] == (ZERO, ZERO)


def test_an_unknown_keyword_is_numpys_error() -> None:
    with pytest.raises(TypeError):
        apply(np.sin, A, nonsense=1)


# --- methods ----------------------------------------------------------------------------------


def test_methods_refuse_out() -> None:
    for call in (
        lambda: apply(np.ufunc.reduce, np.add, A, out=np.zeros(())),
        lambda: apply(np.ufunc.accumulate, np.add, A, out=np.zeros(3)),
        lambda: apply(np.ufunc.reduceat, np.add, A, [0, 1], out=np.zeros(2)),
    ):
        with pytest.raises(MutationError, match="out="):
            call()


def test_a_method_without_a_rule_says_so() -> None:
    y, pullback = apply(np.ufunc.reduce, np.hypot, A, initial=1.0)
    assert y == np.hypot.reduce(A, initial=1.0)
    with pytest.raises(NoAdjointError, match=r"numpy\.hypot\.reduce"):
        pullback(1.0)


def test_logical_folds_carry_no_gradient() -> None:
    y, pullback = apply(np.ufunc.reduce, np.logical_and, A)
    assert y
    assert pullback(1.0)[0] == (ZERO, ZERO)


def test_ties_of_a_fold_of_maxima() -> None:
    _, pullback = apply(np.ufunc.reduce, np.maximum, np.array([1.0, 3.0, 3.0]))
    np.testing.assert_array_equal(pullback(2.0)[0][1], [0.0, 1.0, 1.0])


def test_the_key_of_a_bound_method() -> None:
    assert registry.lookup(registry.key_of(np.add.reduce)) is registry.lookup(np.ufunc.reduce)
