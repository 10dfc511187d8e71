"""The rule book: registration and look-up."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from dpy.adjoints import registry
from dpy.adjoints.registry import adjoint, elementwise, key_of, lookup, nondifferentiable
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


def test_registration_refuses_what_is_no_rule() -> None:
    with pytest.raises(AdjointError, match="needs the function"):
        adjoint()
    with pytest.raises(AdjointError, match="needs the function"):
        adjoint("sin")  # type: ignore[arg-type]
    with pytest.raises(AdjointError, match="product must be a Python function"):
        adjoint(make())(len)
