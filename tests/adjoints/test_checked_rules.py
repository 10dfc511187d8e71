"""``dpy.settings(check_rules=True)``: a malformed cotangent is refused before it is made to fit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.adjoints import registry
from dpy.cotangent import ZERO
from dpy.errors import AdjointError

MATRIX = np.arange(6.0).reshape(2, 3) + 1


def make(d_x: Any) -> Callable[..., Any]:
    """A function of `x`, 2 x, whose rule returns ``d_x(d, x)`` as the cotangent of `x`."""

    def double(x):
        return 2 * x

    @dpy.adjoint(double)
    def double_rule(x):
        return 2 * x, lambda d: (d_x(d, x),)

    return double


@pytest.mark.parametrize(
    ("d_x", "x"),
    [
        (lambda d, x: 2 * d, MATRIX),
        (lambda d, x: 2 * d, 3.0),
        (lambda d, x: 2.0, MATRIX),  # broadcast to the argument
        (lambda d, x: np.array(2.0), 3.0),
        (lambda d, x: np.full(3, 2), MATRIX),
        (lambda d, x: (2 * d).astype(np.float32), MATRIX),
        (lambda d, x: 2 * d + 0j, MATRIX),  # projected on the reals
        (lambda d, x: None, MATRIX),
        (lambda d, x: ZERO, 3.0),
    ],
)
def test_good_cotangents_pass(d_x: Any, x: Any) -> None:
    f = make(d_x)
    loss = lambda x: np.sum(f(x) * 3.0)  # noqa: E731
    expected = dpy.gradient(loss, x)
    with dpy.settings(check_rules=True):
        found = dpy.gradient(loss, x)
    np.testing.assert_array_equal(found[0], expected[0], strict=isinstance(x, np.ndarray))


@pytest.mark.parametrize(
    ("d_x", "x", "message"),
    [
        (lambda d, x: np.ones(7), MATRIX, r"shape \(7,\).*shape \(2, 3\)"),
        (lambda d, x: np.ones((2, 2, 3)), MATRIX, r"shape \(2, 2, 3\)"),  # would be summed
        (lambda d, x: d.T, MATRIX, r"shape \(3, 2\)"),
        (lambda d, x: np.ones(4), 3.0, "array of shape"),  # would be summed
        (lambda d, x: d > 0, MATRIX, "dtype bool"),
        (lambda d, x: np.full(x.shape, "a"), MATRIX, "dtype <U1"),
        (lambda d, x: "one", 3.0, "a str"),
        (lambda d, x: True, 3.0, "a bool"),
        (lambda d, x: (d,), 3.0, "a tuple of length 1"),
        (lambda d, x: {"x": d}, MATRIX, "a dict"),
    ],
)
def test_malformed_cotangents_are_refused(d_x: Any, x: Any, message: str) -> None:
    f = make(d_x)
    with dpy.settings(check_rules=True):
        for loss in (lambda x: np.sum(f(x)), lambda x: sum([np.sum(item) for item in [f(x)]])):
            with pytest.raises(AdjointError, match=message) as caught:
                dpy.gradient(loss, x)
            assert "double" in str(caught.value)
        _, pullback = registry.lookup(f).apply((x,), {})
        with pytest.raises(AdjointError, match=message):
            pullback(np.ones_like(x) if isinstance(x, np.ndarray) else 1.0)


def test_cotangents_of_sequences() -> None:
    results: dict[str, Any] = {
        "good tuple": lambda d: (d, None, d),
        "good dict": lambda d: {0: d, 2: d},
        "good array": lambda d: np.full(3, d),
        "too few": lambda d: (d, d),
        "not a position": lambda d: {3: d},
        "an array too long": lambda d: np.full(4, d),
        "an item with a shape": lambda d: [d, np.ones(2), d],
        "a number": lambda d: d,
    }
    for name, result in results.items():

        def total(xs):
            return math.fsum(xs)

        @dpy.adjoint(total)
        def total_rule(xs, *, result=result):
            return math.fsum(xs), lambda d: (result(d),)

        rule = registry.lookup(total)
        assert rule is not None
        with dpy.settings(check_rules=True):
            _, pullback = rule.apply(([1.0, 2.0, 3.0],), {})
            if name.startswith("good"):
                pullback(1.0)
                continue
            with pytest.raises(AdjointError, match="total"):
                pullback(1.0)


def test_no_cotangent_for_a_string() -> None:
    def scale(x, unit):
        return x * len(unit)

    @dpy.adjoint(scale)
    def scale_rule(x, unit):
        return x * len(unit), lambda d: (d * len(unit), 1.0)

    with dpy.settings(check_rules=True), pytest.raises(AdjointError, match="str has no gradient"):
        dpy.gradient(lambda x: scale(x, "mm"), 3.0)


def test_partials_must_have_the_form_of_the_value() -> None:
    def plus_one(x: Any) -> Any:
        return x + 1

    rule = registry.Rule(plus_one, partials=(lambda x, y: np.ones(5),), fresh=True)
    _, pullback = rule.apply((1.0,), {})
    assert pullback(1.0) == ((5.0,), {})  # summed in the open
    with dpy.settings(check_rules=True):
        _, pullback = rule.apply((1.0,), {})
        with pytest.raises(AdjointError, match=r"plus_one.*array of shape \(5,\)"):
            pullback(1.0)


def test_compiled_code_is_not_shared_between_settings() -> None:
    f = make(lambda d, x: np.ones(7))
    loss = lambda x: f(x) + 1.0  # noqa: E731
    for _ in range(2):
        assert dpy.gradient(loss, 3.0) == (7.0,)
        with dpy.settings(check_rules=True), pytest.raises(AdjointError):
            dpy.gradient(loss, 3.0)


def test_library_rules_pass() -> None:
    def f(a, b, s):
        c = np.tanh(a @ b + s) * np.exp(-b.sum(axis=0))
        d = np.where(c > 0, c, np.log1p(c * c)).reshape(-1)[1:]
        return math.sin(s) * np.mean(np.concatenate([d, d[::-1]]) ** 2) + max(s, 0.0)

    rng = np.random.default_rng(0)
    args = rng.normal(size=(2, 3)), rng.normal(size=(3, 4)), 0.7
    expected = dpy.gradient(f, *args)
    with dpy.settings(check_rules=True):
        found = dpy.gradient(f, *args)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-14)


def test_rules_of_functions_with_several_results() -> None:
    def both(x):
        return 2 * x, 3 * x[0]

    @dpy.adjoint(both)
    def both_rule(x):
        def both_pullback(d):
            d_x = 2 * d[0]
            d_x[0] += 3 * d[1]
            return (d_x,)

        return both(x), both_pullback

    def loss(x):
        y, z = both(x)
        return np.sum(y) + z

    with dpy.settings(check_rules=True):
        assert dpy.gradient(loss, np.ones(2))[0].tolist() == [5.0, 2.0]
