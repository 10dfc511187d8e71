"""The rule book: registration, look-up, and what is done to every rule's cotangents."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

from dpy.adjoints import registry
from dpy.adjoints.registry import adjoint, elementwise, key_of, lookup, nondifferentiable
from dpy.cotangent import ZERO
from dpy.errors import AdjointError


def product(a: Any, b: Any, *, shift: float = 0.0) -> Any:
    return a * b + shift


def register_product(**options: Any) -> Any:
    """A function of its own at each call, with a rule."""

    def primal(a: Any, b: Any, *, shift: float = 0.0) -> Any:
        return product(a, b, shift=shift)

    @adjoint(primal, **options)
    def rule(a: Any, b: Any, *, shift: float = 0.0) -> Any:
        def product_pullback(d_y: Any) -> Any:
            return d_y * b, d_y * a

        return product(a, b, shift=shift), product_pullback

    return primal


def apply(f: Any, *args: Any, **kwargs: Any) -> Any:
    rule = lookup(key_of(f), args)
    assert rule is not None
    return rule.apply(args, kwargs)


# --- the three ways to register ---------------------------------------------------------------


def test_a_general_rule() -> None:
    y, pullback = apply(register_product(), 2.0, 3.0, shift=1.0)
    assert y == 7.0
    assert pullback(10.0) == ((30.0, 20.0), {})


def test_an_elementwise_rule() -> None:
    def quotient(a: Any, b: Any) -> Any:
        return a / b

    elementwise(quotient, lambda a, b, y: 1 / b, lambda a, b, y: -y / b)
    y, pullback = apply(quotient, 6.0, 2.0)
    assert y == 3.0
    assert pullback(4.0) == ((2.0, -6.0), {})


def test_an_input_without_partial_gets_zero() -> None:
    def shifted(a: Any, by: Any) -> Any:
        return a + int(by)

    elementwise(shifted, lambda a, by, y: 1.0, None)
    _, pullback = apply(shifted, 2.0, 1.5)
    assert pullback(3.0) == ((3.0, ZERO), {})


def test_a_nondifferentiable_function_has_no_pullback() -> None:
    @nondifferentiable
    def bucket(x: float) -> int:
        return int(x // 10)

    assert apply(bucket, 25.0) == (2, None)


# --- what the registry does for every rule ----------------------------------------------------


def test_cotangents_are_projected_to_their_arguments() -> None:
    f = register_product()
    a, b = np.ones((3, 1), np.float32), np.arange(2)
    _, pullback = apply(f, a, b)
    (d_a, d_b), _ = pullback(np.full((3, 2), 1 + 1j))
    assert (d_a.shape, d_a.dtype) == ((3, 1), np.float32)
    np.testing.assert_array_equal(d_a, np.ones((3, 1)))
    assert (d_b.shape, d_b.dtype) == ((2,), np.float64)
    np.testing.assert_array_equal(d_b, [3.0, 3.0])


def test_partials_are_conjugated() -> None:
    def square(z: Any) -> Any:
        return z * z

    elementwise(square, lambda z, y: 2 * z)
    _, pullback = apply(square, 1 + 2j)
    assert pullback(1.0) == ((2 - 4j,), {})


def test_an_argument_given_by_name_gets_its_cotangent_by_name() -> None:
    rule = lookup(register_product())
    assert rule is not None
    _, pullback = rule.apply((2.0,), {"b": 3.0})
    assert pullback(1.0) == ((3.0,), {"b": 2.0})


def test_static_parameters_have_no_place_in_the_tuple() -> None:
    def scaled(x: Any, mode: str, factor: Any = 2.0) -> Any:
        return x * factor

    @adjoint(scaled, static=("mode",))
    def rule(x: Any, mode: str, factor: Any = 2.0) -> Any:
        def scaled_pullback(d_y: Any) -> Any:
            return d_y * factor, d_y * x

        return x * factor, scaled_pullback

    _, pullback = apply(scaled, 3.0, "fast")
    assert pullback(1.0) == ((2.0, ZERO), {})
    _, pullback = apply(scaled, 3.0, "fast", 5.0)
    assert pullback(1.0) == ((5.0, ZERO, 3.0), {})


def test_variable_arguments() -> None:
    def total(*xs: Any) -> Any:
        return sum(xs)

    @adjoint(total)
    def rule(*xs: Any) -> Any:
        def total_pullback(d_y: Any) -> Any:
            return (d_y,) * len(xs)

        return sum(xs), total_pullback

    _, pullback = apply(total, 1.0, np.ones(2), True)
    (d_1, d_2, d_3), _ = pullback(np.ones(2))
    assert (d_1, d_3) == (2.0, ZERO)
    np.testing.assert_array_equal(d_2, [1.0, 1.0])


def test_none_and_zero_both_stand_for_no_gradient() -> None:
    def first(a: Any, b: Any) -> Any:
        return a

    @adjoint(first)
    def rule(a: Any, b: Any) -> Any:
        def first_pullback(d_y: Any) -> Any:
            return d_y, None

        return a, first_pullback

    _, pullback = apply(first, 1.0, 2.0)
    assert pullback(5.0) == ((5.0, ZERO), {})
    assert pullback(ZERO) == ((ZERO, ZERO), {})


# --- malformed rules --------------------------------------------------------------------------


@pytest.mark.parametrize("returned", [1.0, (1.0, 2.0), (1.0, 2.0, 3.0), [1.0], None])
def test_a_rule_without_pullback_is_refused_by_name(returned: Any) -> None:
    def lonely(x: Any) -> Any:
        return x

    adjoint(lonely)(lambda x: returned)
    with pytest.raises(AdjointError, match=r"lonely must return \(value, pullback\)"):
        apply(lonely, 1.0)


@pytest.mark.parametrize("d", [1.0, (), (1.0, 2.0), [1.0], None])
def test_a_pullback_without_the_right_tuple_is_refused_by_name(d: Any) -> None:
    def lonely(x: Any) -> Any:
        return x

    adjoint(lonely)(lambda x: (x, lambda d_y: d))
    _, pullback = apply(lonely, 1.0)
    with pytest.raises(AdjointError, match=r"lonely must return a tuple of 1 cotangent"):
        pullback(1.0)


def test_a_rule_is_for_something_callable_and_is_a_function() -> None:
    with pytest.raises(AdjointError, match="needs the function"):
        adjoint()
    with pytest.raises(AdjointError, match="needs the function"):
        adjoint("sin")  # type: ignore[arg-type]
    with pytest.raises(AdjointError, match="must be a Python function"):
        adjoint(product)(print)


# --- the book ---------------------------------------------------------------------------------


def test_dpys_own_rules_are_registered_once() -> None:
    f = register_product()
    with pytest.raises(AdjointError, match="has a rule already"):
        elementwise(f, lambda a, b, y: b, lambda a, b, y: a)


def test_a_user_may_override_a_rule() -> None:
    f = register_product()
    before = registry.version()

    @adjoint(f)
    def rule(a: Any, b: Any) -> Any:
        return 0.0, lambda d_y: (d_y, d_y)

    assert registry.version() > before
    assert apply(f, 2.0, 3.0)[0] == 0.0
    with pytest.raises(AdjointError, match="has a rule already"):
        adjoint(f, replace=False)(rule)


def test_a_rule_for_types_goes_before_the_general_one_and_newer_before_older() -> None:
    f = register_product()
    adjoint(f, types=(complex,))(lambda a, b: ("complex", None))
    adjoint(f, types=(int, int))(lambda a, b: ("ints", None))
    expected = [
        ((1.0, 1.0), None),
        ((1j, 1.0), (complex,)),
        ((1, 1), (int, int)),
        ((1, 1.0), None),
        ((1,), None),
    ]
    for args, types in expected:
        rule = lookup(f, args)
        assert rule is not None
        assert rule.types == types, args


def test_methods_are_found_under_the_descriptor_of_their_type() -> None:
    x = np.ones(2)
    assert key_of(x.sum) is np.ndarray.sum
    assert key_of(np.add.reduce) is np.ufunc.reduce
    assert key_of(np.add) is np.add
    assert key_of([].append) is list.append

    class Model:
        def energy(self) -> float:
            return 0.0

    assert key_of(Model().energy) is Model.energy


def test_what_cannot_be_hashed_has_no_rule() -> None:
    class Callable(list[float]):
        def __call__(self) -> None: ...

    assert lookup(Callable()) is None
    assert lookup(product) is None


def test_names_in_messages() -> None:
    assert repr(registry.Rule(np.sin)) == "<rule for numpy.sin>"
    assert registry.Rule(len).name == "len"
    assert registry.Rule(operator.add).name.endswith("operator.add")
    assert registry.Rule(np.ndarray.sum).name.endswith("ndarray.sum")
    assert registry.Rule(product).name.endswith("test_registry.product")
