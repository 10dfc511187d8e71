"""Rules applied to arguments, and malformed rules."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import dpy
from dpy import config
from dpy.adjoints import registry
from dpy.adjoints.rule import Rule, name_of, parameters
from dpy.cotangent import ZERO, times
from dpy.errors import AdjointError


def product(a: Any, b: Any = 2.0, *, shift: float = 0.0) -> Any:
    return a * b + shift


def product_rule(a: Any, b: Any = 2.0, *, shift: float = 0.0) -> Any:
    def product_pullback(d_y: Any) -> Any:
        return d_y * b, d_y * a

    return a * b + shift, product_pullback


RULE = Rule(product, product_rule)


def test_positional_keyword_and_missing_arguments() -> None:
    y, pullback = RULE.apply((3.0,), {})
    assert (y, pullback(1.0)) == (6.0, ((2.0,), {}))
    y, pullback = RULE.apply((3.0,), {"b": 5.0, "shift": 1.0})
    assert (y, pullback(1.0)) == (16.0, ((5.0,), {"b": 3.0}))
    y, pullback = RULE.apply((), {"b": 5.0, "a": 3.0})
    assert (y, pullback(1.0)) == (15.0, ((), {"a": 5.0, "b": 3.0}))


def test_static_parameters_have_no_slot() -> None:
    def f_rule(a: Any, n: int, b: Any) -> Any:
        return a * n * b, lambda d_y: (d_y * n * b, d_y * n * a)

    y, pullback = Rule(product, f_rule, static=("n",)).apply((2.0, 3, 4.0), {})
    assert (y, pullback(1.0)) == (24.0, ((12.0, ZERO, 6.0), {}))


def test_variadic_parameters_have_one_slot_each() -> None:
    def f_rule(*xs: float) -> Any:
        return math.fsum(xs), lambda d_y: tuple(d_y for _ in xs)

    _, pullback = Rule(math.fsum, f_rule).apply((1.0, 2.0, 3.0), {})
    assert pullback(2.0) == ((2.0, 2.0, 2.0), {})


def test_cotangents_are_projected() -> None:
    a, b = np.ones((2, 3), np.float32), np.ones(3)
    _, pullback = RULE.apply((a, b), {})
    d_a, d_b = pullback(np.ones((2, 3)))[0]
    assert d_a.dtype == np.float32 and d_a.shape == (2, 3)
    np.testing.assert_array_equal(d_b, [2.0, 2.0, 2.0])
    _, pullback = RULE.apply((1.5, 1j), {})
    d_a, d_b = pullback(2j)[0]
    assert not isinstance(d_a, complex)
    assert isinstance(d_b, complex)


def test_none_and_zero_mean_no_gradient() -> None:
    def f_rule(a: Any, b: Any = 2.0, *, shift: float = 0.0) -> Any:
        return a * b, lambda d_y: (None, ZERO)

    _, pullback = Rule(product, f_rule).apply((1.0, 2.0), {})
    assert pullback(1.0) == ((ZERO, ZERO), {})


def test_elementwise_partials_are_conjugated() -> None:
    rule = Rule(lambda z: 1j * z, partials=(lambda z, y: 1j,))
    _, pullback = rule.apply((2.0 + 1j,), {})
    assert pullback(1.0 + 0j) == ((-1j,), {})


def test_a_singular_partial_keeps_a_zero_cotangent_zero() -> None:
    rule = Rule(lambda x: x, partials=(lambda x, y: math.inf,), singular=True)
    _, pullback = rule.apply((0.0,), {})
    assert pullback(0.0) == ((0.0,), {})
    assert pullback(1.0) == ((math.inf,), {})
    with config.settings(strong_zero=False):
        assert math.isnan(pullback(0.0)[0][0])


def test_strong_zeros_beside_infinite_cotangents_are_silent() -> None:
    d = times(np.array([0.0, np.inf]), np.array([np.inf, 1.0]), True)
    np.testing.assert_array_equal(d, [0.0, np.inf])


@pytest.mark.parametrize("result", [1.0, (1.0,), (1.0, 2.0), (1.0, None), [1.0, len], None])
def test_a_rule_without_a_pullback_is_refused_by_name(result: Any) -> None:
    rule = Rule(product, lambda a, b=2.0: result)
    with pytest.raises(AdjointError, match=r"product must return \(value, pullback\)"):
        rule.apply((1.0,), {})


@pytest.mark.parametrize("cotangents", [1.0, (1.0,), (1.0, 2.0, 3.0), [1.0, 2.0], None])
def test_a_pullback_with_the_wrong_structure_is_refused_by_name(cotangents: Any) -> None:
    rule = Rule(product, lambda a, b=2.0: (1.0, lambda d_y: cotangents))
    _, pullback = rule.apply((1.0, 2.0), {})
    with pytest.raises(AdjointError, match=r"product must return a tuple of 2 cotangent"):
        pullback(1.0)


def test_a_list_is_kept_as_it_was() -> None:
    xs = [1.0, np.ones(2)]
    rule = Rule(sum, lambda xs: (0.0, lambda d_y: ([d_y, d_y * np.ones((3, 2))],)))
    _, pullback = rule.apply((xs,), {})
    xs.clear()
    ((d_xs,), _) = pullback(1.0)
    assert {slot: np.shape(d) for slot, d in d_xs.items()} == {0: (), 1: (2,)}


def test_names_and_parameters() -> None:
    assert name_of(math.sin) == "math.sin"
    assert name_of(np.sin) == "numpy.sin"
    assert name_of(len) == "len"
    assert repr(RULE).startswith("<rule for ")
    assert [p.name for p in parameters(RULE)] == ["a", "b", "shift"]


def test_users_rules_are_never_run_by_the_compiler() -> None:
    assert RULE.primal_is_user
    assert RULE.kind == "unknown"
    assert Rule(product, partials=(None, None)).kind == "dummy"


def test_type_restrictions() -> None:
    rule = Rule(product, product_rule, types=(np.ndarray, float))
    assert rule.applies((np.ones(2), 1.0))
    assert not rule.applies((np.ones(2),))
    assert not rule.applies((1.0, 1.0))
    assert RULE.applies(())


def weigh(x: Any, w: Any) -> Any:
    return x * w


CALLS: list[str] = []
DATA = np.array([1.0, 2.0])


@pytest.fixture
def weigh_rule() -> Any:
    def of_x(d_y: Any, w: Any) -> Any:
        CALLS.append("x")
        return d_y * w

    @dpy.adjoint(weigh, kind=lambda x, w: w)
    def rule(x: Any, w: Any) -> Any:
        def weigh_pullback(d_y: Any) -> Any:
            return lambda: of_x(d_y, w), lambda: None if w is x else d_y * x

        return x * w, weigh_pullback

    CALLS.clear()


def weight_only(w: Any) -> Any:
    return np.sum(weigh(DATA, w))


def both(x: Any, w: Any) -> Any:
    return np.sum(weigh(x, w))


def test_cotangents_that_are_put_off(weigh_rule: Any) -> None:
    """A function in place of a cotangent is called where the gradient is wanted."""
    w = np.array([3.0, 5.0])
    assert list(dpy.gradient(weight_only, w)[0]) == [1.0, 2.0]
    assert not CALLS
    d_x, d_w = dpy.gradient(both, DATA, w)
    assert (list(d_x), list(d_w), CALLS) == ([3.0, 5.0], [1.0, 2.0], ["x"])
    assert list(dpy.gradient(lambda x: np.sum(weigh(x, x)), w)[0]) == [3.0, 5.0]
    for setting in ("check_rules", "check_finite", "verify"):
        with dpy.settings(**{setting: True}):
            d_x, d_w = dpy.gradient(both, DATA, w)
        assert (list(d_x), list(d_w)) == ([3.0, 5.0], [1.0, 2.0])
    found = registry.lookup(weigh)
    assert found is not None
    y, pullback = found.apply((2.0, 3.0), {})
    assert pullback is not None
    assert (y, pullback(1.0)) == (6.0, ((3.0, 2.0), {}))
