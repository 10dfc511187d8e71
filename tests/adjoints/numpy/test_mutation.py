"""The rules in mutation.py.

The oracle calls the primal on copies of the arguments and looks at the array afterwards.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import dpy.adjoints.numpy.mutation  # noqa: F401 - registers
import dpy.adjoints.numpy.ufuncs  # noqa: F401 - the partials that ufunc.at needs
from dpy.adjoints import registry
from dpy.cotangent import ZERO, is_zero
from dpy.errors import MutationError, UnsupportedSyntaxError
from tests.adjoints.cases_mutation import CASES
from tests.adjoints.harness import (
    Case,
    check_gradient_of,
    check_mirrors,
    flatten_cotangent,
    inner,
    parametrize,
    random_like,
    to_float32,
)


def run(f: Any, case: Case, args: tuple[Any, ...]) -> Any:
    """The rule applied to `args`: (rule, array written to, pullback)."""
    rule = registry.lookup(registry.key_of(f), args)
    assert rule is not None
    assert rule.mutates is not None
    result, pullback = rule.apply(args, copy.deepcopy(case.kwargs))
    assert result is None
    assert pullback is not None
    return rule, args[rule.mutates], pullback


@pytest.mark.parametrize(("f", "case"), parametrize(CASES))
def test_rule(f: Any, case: Case) -> None:
    args = case.make()
    rule, after, pullback = run(f, case, args)
    want = case.make()
    f(*want, **copy.deepcopy(case.kwargs))
    np.testing.assert_array_equal(after, want[rule.mutates])
    assert after.dtype == want[rule.mutates].dtype

    d_after = random_like(after, np.random.default_rng(1))
    kept = d_after.copy()
    d_args, _ = pullback(ZERO, d_after)
    again, _ = pullback(ZERO, d_after)
    np.testing.assert_array_equal(d_after, kept)
    for i, x in enumerate(case.make()):
        check_mirrors(d_args[i], x, f"argument {i}")
        if is_zero(d_args[i]):
            assert is_zero(again[i])
        elif not isinstance(d_args[i], dict):
            np.testing.assert_array_equal(d_args[i], again[i])
    if case.expected is not None:
        for d, x, exact in zip(d_args, case.make(), case.expected, strict=True):
            if exact is not None:
                np.testing.assert_array_equal(flatten_cotangent(d, x), np.ravel(exact))
    if case.numeric:
        check_numerically(f, case, rule.mutates, d_after, d_args)


def check_numerically(f: Any, case: Case, written: int, d_after: Any, d_args: Any) -> None:
    for i in range(len(d_args)):
        if i in case.fixed:
            continue

        def along(x: Any, i: int = i) -> float:
            args = list(case.make())
            args[i] = x
            f(*args, **copy.deepcopy(case.kwargs))
            return inner(d_after, args[written])

        check_gradient_of(along, case.make()[i], d_args[i], case, f"argument {i}")


@pytest.mark.parametrize(("f", "case"), parametrize(CASES))
def test_float32_stays(f: Any, case: Case) -> None:
    args = to_float32(case.make())
    _, after, pullback = run(f, case, args)
    d_args, _ = pullback(ZERO, random_like(after, np.random.default_rng(1)))
    for d, x in zip(d_args, args, strict=True):
        check_mirrors(d, x, "float32")


def test_no_cotangent_gives_none() -> None:
    a = np.zeros(3)
    _, pullback = registry.lookup(np.ndarray.__setitem__, (a, 0, 1.0)).apply((a, 0, 1.0), {})
    d_args, _ = pullback(ZERO, ZERO)
    assert all(map(is_zero, d_args))


def test_resize_is_refused_before_anything_is_written() -> None:
    a = np.zeros(3)
    with pytest.raises(UnsupportedSyntaxError, match="np.resize"):
        registry.lookup(np.ndarray.resize, (a, 2)).apply((a, 2), {})
    assert a.shape == (3,)


def test_ufunc_without_a_rule_is_an_error_only_in_the_pullback() -> None:
    a = np.array([1.0, 2.0])
    own = np.frompyfunc(lambda x, y: x + y, 2, 1)
    args = (own, a.astype(object), [0], 1.0)
    _, pullback = registry.lookup(np.ufunc.at, args).apply(args, {})
    with pytest.raises(MutationError, match="elementwise rule"):
        pullback(ZERO, np.ones(2))


def test_ufunc_at_with_a_view_of_the_array_it_writes() -> None:
    start = np.array([2.0, 3.0, 5.0])
    a = start.copy()
    args = (np.multiply, a, [0, 1], a[1:])
    _, pullback = registry.lookup(np.ufunc.at, args).apply(args, {})
    after = start.copy()
    np.multiply.at(after, [0, 1], after[1:])
    np.testing.assert_array_equal(a, after)
    d_args, _ = pullback(ZERO, np.array([1.0, 10.0, 100.0]))
    # a[0] * a[1] and a[1] * a[2], as if the operand had been a copy
    np.testing.assert_array_equal(d_args[1], [3.0, 50.0, 100.0])
    np.testing.assert_array_equal(d_args[3], [2.0, 30.0])
