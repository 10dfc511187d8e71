"""The rule book: registration, look-up, application, and malformed rules."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from dpy import config
from dpy.adjoints import registry
from dpy.adjoints.registry import adjoint, elementwise, key_of, lookup, nondifferentiable
from dpy.cotangent import ZERO, times
from dpy.errors import AdjointError


@pytest.fixture(autouse=True)
def keep_the_book() -> Iterator[None]:
    """Rules registered by a test are gone after it."""
    registry.load_library()
    before = dict(registry._book)
    yield
    registry._book.clear()
    registry._book.update(before)


def make() -> Any:
    """A new function of two numbers."""

    def product(a: Any, b: Any = 2.0, *, shift: float = 0.0) -> Any:
        return a * b + shift

    return product


def register_product(f: Any, **options: Any) -> Any:
    @adjoint(f, **options)
    def product_rule(a: Any, b: Any = 2.0, *, shift: float = 0.0) -> Any:
        def product_pullback(d_y: Any) -> Any:
            return d_y * b, d_y * a

        return a * b + shift, product_pullback

    return product_rule


# --- look-up ----------------------------------------------------------------------------------


def test_a_function_without_a_rule() -> None:
    assert lookup(make()) is None
    assert lookup([]) is None  # unhashable


def test_every_registration_changes_the_version() -> None:
    f, before = make(), registry.version()
    register_product(f)
    assert registry.version() == before + 1
    nondifferentiable(make())
    assert registry.version() == before + 2


def test_the_decorator_returns_the_rule_itself() -> None:
    f = make()
    rule = register_product(f)
    assert lookup(f).forward is rule  # type: ignore[union-attr]
    assert "product" in repr(lookup(f))


def test_one_rule_for_several_functions() -> None:
    f, g = make(), make()

    @adjoint(f, g)
    def both(a: Any, b: Any = 2.0, *, shift: float = 0.0) -> Any:
        return a * b, lambda d_y: (d_y * b, d_y * a)

    assert lookup(f).primal is f  # type: ignore[union-attr]
    assert lookup(g).primal is g  # type: ignore[union-attr]


class Box:
    """A class whose methods get rules."""

    def scaled(self, x: Any) -> Any:
        return 3.0 * x


def test_keys_of_methods() -> None:
    x = np.ones(2)
    assert key_of(x.sum) == np.ndarray.sum
    assert key_of(np.add.reduce) == np.ufunc.reduce
    assert key_of(Box().scaled) is Box.scaled
    assert key_of(math.sin) is math.sin
    assert key_of(np.sum) is np.sum
    assert key_of([1.0].append) == list.append
    assert key_of((1.0).__add__) == float.__add__
    assert key_of(dict.fromkeys) == dict.fromkeys  # a class method stays itself


def test_user_rules_replace_and_library_rules_do_not() -> None:
    f = make()
    register_product(f)
    register_product(f)  # a user may override

    with pytest.raises(AdjointError, match=r"product has a rule already"):
        register_product(f, replace=False)
    with pytest.raises(AdjointError, match="has a rule already"):
        elementwise(f, lambda a, b, y: b, lambda a, b, y: a)
    elementwise(f, lambda a, b, y: b, lambda a, b, y: a, replace=True)
    assert lookup(f).partials is not None  # type: ignore[union-attr]


def test_nondifferentiable_replaces_and_decorates() -> None:
    f = make()
    register_product(f)
    assert nondifferentiable(f) is f
    rule = lookup(f)
    assert rule is not None and rule.is_nondifferentiable
    assert rule.apply((2.0, 3.0), {"shift": 1.0}) == (7.0, None)


def test_rules_restricted_to_types_come_first() -> None:
    f = make()
    register_product(f)
    for_arrays = register_product(f, types=(np.ndarray,))
    for_ints = register_product(f, types=(int, int))

    def found(*args: Any) -> Any:
        rule = lookup(f, args)
        assert rule is not None
        return rule.forward

    assert found(np.ones(2), 1.0) is for_arrays
    assert found(1, 2) is for_ints
    assert found(1, 2.0) not in (for_arrays, for_ints)
    register_product(f, types=(np.ndarray,))  # replaces only the rule of the same types
    assert found(np.ones(2), 1.0) is not for_arrays
    assert found(1, 2) is for_ints


def test_only_restricted_rules() -> None:
    f = make()
    register_product(f, types=(np.ndarray,))
    assert lookup(f, (1.0, 2.0)) is None


# --- application ------------------------------------------------------------------------------


def test_positional_keyword_and_missing_arguments() -> None:
    f = make()
    register_product(f)
    rule = lookup(f)
    assert rule is not None
    y, pullback = rule.apply((3.0,), {})
    assert (y, pullback(1.0)) == (6.0, ((2.0,), {}))
    y, pullback = rule.apply((3.0,), {"b": 5.0, "shift": 1.0})
    assert (y, pullback(1.0)) == (16.0, ((5.0,), {"b": 3.0}))
    y, pullback = rule.apply((), {"b": 5.0, "a": 3.0})
    assert (y, pullback(1.0)) == (15.0, ((), {"a": 5.0, "b": 3.0}))


def test_static_parameters_have_no_slot() -> None:
    def f(a: Any, n: int, b: Any) -> Any:
        return a * n * b

    @adjoint(f, static=("n",))
    def f_rule(a: Any, n: int, b: Any) -> Any:
        return a * n * b, lambda d_y: (d_y * n * b, d_y * n * a)

    y, pullback = lookup(f).apply((2.0, 3, 4.0), {})  # type: ignore[union-attr]
    assert (y, pullback(1.0)) == (24.0, ((12.0, ZERO, 6.0), {}))


def test_variadic_parameters_have_one_slot_each() -> None:
    def f(*xs: float) -> float:
        return math.fsum(xs)

    @adjoint(f)
    def f_rule(*xs: float) -> Any:
        return math.fsum(xs), lambda d_y: tuple(d_y for _ in xs)

    _, pullback = lookup(f).apply((1.0, 2.0, 3.0), {})  # type: ignore[union-attr]
    assert pullback(2.0) == ((2.0, 2.0, 2.0), {})


def test_cotangents_are_projected() -> None:
    f = make()
    register_product(f)
    rule = lookup(f)
    assert rule is not None
    a, b = np.ones((2, 3), np.float32), np.ones(3)
    _, pullback = rule.apply((a, b), {})
    d_a, d_b = pullback(np.ones((2, 3)))[0]
    assert d_a.dtype == np.float32 and d_a.shape == (2, 3)
    np.testing.assert_array_equal(d_b, [2.0, 2.0, 2.0])
    _, pullback = rule.apply((1.5, 1j), {})
    d_a, d_b = pullback(2j)[0]
    assert not isinstance(d_a, complex)
    assert isinstance(d_b, complex)


def test_none_and_zero_mean_no_gradient() -> None:
    f = make()

    @adjoint(f)
    def f_rule(a: Any, b: Any = 2.0, *, shift: float = 0.0) -> Any:
        return a * b, lambda d_y: (None, ZERO)

    _, pullback = lookup(f).apply((1.0, 2.0), {})  # type: ignore[union-attr]
    assert pullback(1.0) == ((ZERO, ZERO), {})


def test_elementwise_partials_are_conjugated() -> None:
    def f(z: Any) -> Any:
        return 1j * z

    elementwise(f, lambda z, y: 1j)
    _, pullback = lookup(f).apply((2.0 + 1j,), {})  # type: ignore[union-attr]
    assert pullback(1.0 + 0j) == ((-1j,), {})


def test_a_singular_partial_keeps_a_zero_cotangent_zero() -> None:
    def f(x: Any) -> Any:
        return x

    elementwise(f, lambda x, y: math.inf, singular=True)
    _, pullback = lookup(f).apply((0.0,), {})  # type: ignore[union-attr]
    assert pullback(0.0) == ((0.0,), {})
    assert pullback(1.0) == ((math.inf,), {})
    with config.settings(strong_zero=False):
        assert math.isnan(pullback(0.0)[0][0])


def test_strong_zeros_beside_infinite_cotangents_are_silent() -> None:
    d = times(np.array([0.0, np.inf]), np.array([np.inf, 1.0]), True)
    np.testing.assert_array_equal(d, [0.0, np.inf])


# --- malformed rules --------------------------------------------------------------------------


def test_registration_refuses_what_is_no_rule() -> None:
    with pytest.raises(AdjointError, match="needs the function"):
        adjoint()
    with pytest.raises(AdjointError, match="needs the function"):
        adjoint("sin")  # type: ignore[arg-type]
    with pytest.raises(AdjointError, match="product must be a Python function"):
        adjoint(make())(len)


@pytest.mark.parametrize("result", [1.0, (1.0,), (1.0, 2.0), (1.0, None), [1.0, len], None])
def test_a_rule_without_a_pullback_is_refused_by_name(result: Any) -> None:
    f = make()
    adjoint(f)(lambda a, b=2.0: result)
    with pytest.raises(AdjointError, match=r"product must return \(value, pullback\)"):
        lookup(f).apply((1.0,), {})  # type: ignore[union-attr]


@pytest.mark.parametrize("cotangents", [1.0, (1.0,), (1.0, 2.0, 3.0), [1.0, 2.0], None])
def test_a_pullback_with_the_wrong_structure_is_refused_by_name(cotangents: Any) -> None:
    f = make()
    adjoint(f)(lambda a, b=2.0: (1.0, lambda d_y: cotangents))
    _, pullback = lookup(f).apply((1.0, 2.0), {})  # type: ignore[union-attr]
    with pytest.raises(AdjointError, match=r"product must return a tuple of 2 cotangent"):
        pullback(1.0)
