"""Roots that SciPy's C code finds: derivatives by the implicit function theorem."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import dpy
from dpy import check_gradient
from dpy.errors import NotDifferentiableError

optimize = pytest.importorskip("scipy.optimize")


def cubic(x: Any, a: Any, b: Any) -> Any:
    return x**3 + a * x - b


def closure(a: float, b: float) -> Any:
    return optimize.brentq(lambda x: math.cos(x) * a - b * x, 0.0, 2.0, xtol=1e-14)


def bracketed(a: float, b: float) -> Any:
    total = 0.0
    for solve in (optimize.bisect, optimize.ridder, optimize.brenth, optimize.brentq):
        total = total + solve(cubic, 0.0, 3.0 + 0.1 * a, args=(a, b), xtol=1e-13)
    return total


def with_result(a: float, b: float) -> Any:
    root, result = optimize.brentq(cubic, 0.0, 3.0, args=(a, b), xtol=1e-13, full_output=True)
    return root * result.root


def guarded(a: float, b: float) -> Any:
    def f(x: float) -> Any:
        try:
            return math.log(x) * a
        except ValueError:
            return -5.0 * b
        finally:
            pass

    try:
        return optimize.brentq(lambda x: f(x) + b * x - 1.0, -1.0, 4.0, xtol=1e-14) + b
    except ValueError:
        return a


def fails(a: float, b: float) -> Any:
    seen = []
    try:
        return optimize.brentq(lambda x: seen.append(a * b) or x * x + 1.0, 0.0, 2.0)
    except ValueError:
        return seen[0] * len(seen)


def listed(a: float, b: float) -> Any:
    x = optimize.fsolve(lambda v: [v[0] ** 2 + a * v[1] - b, v[0] - v[1] ** 3 * b], [1.0, 1.0])
    return x[0] + 2 * x[1]


def with_jacobian(a: float, b: float) -> Any:
    def f(v: Any, p: Any, q: Any) -> Any:
        return np.array([v[0] ** 2 + p * v[1] - q, v[0] - v[1] ** 3 * q])

    def jacobian(v: Any, p: Any, q: Any) -> Any:
        return np.array([[2 * v[0], p], [1.0, -3 * q * v[1] ** 2]])

    x = optimize.fsolve(f, np.array([1.0, a]), args=(a, b), fprime=jacobian, xtol=1e-13)
    return (x * x).sum()


def rooted(a: float, b: float) -> Any:
    def f(v: Any) -> Any:
        return np.array([v[0] ** 2 + a * v[1] - b, v[0] - v[1] ** 3 * b])

    return optimize.root(f, np.array([1.0, 1.0]), tol=1e-13).x.sum()


PROGRAMS = [
    closure, bracketed, with_result, guarded, fails, listed, with_jacobian, rooted,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS)
def test_against_differences(program: Any) -> None:
    check_gradient(program, 1.3, 2.1)


def test_the_function_runs_as_often_as_without_dpy() -> None:
    calls: list[float] = []

    def program(a: float) -> Any:
        def f(x: float) -> float:
            calls.append(x)
            return x * x - a

        return optimize.brentq(f, 0.0, 3.0)

    y = program(2.0)
    plain = list(calls)
    calls.clear()
    value, (d_a,) = dpy.value_and_gradient(program, 2.0)
    assert value == y
    assert calls == plain
    assert d_a == pytest.approx(0.5 / math.sqrt(2.0))


def test_the_pullback_can_be_repeated() -> None:
    _, back = dpy.pullback(rooted, 1.3, 2.1)
    assert back(1.0) == back(1.0)
    np.testing.assert_allclose(back(2.0), 2 * np.array(back(1.0)))


def test_what_a_solver_passed_on_its_way_has_no_derivative() -> None:
    def program(a: float) -> Any:
        passed = []

        def f(x: float) -> float:
            passed.append(x)
            return x * x - a

        return optimize.brentq(f, 0.0, 3.0) + passed[4]

    with pytest.raises(NotDifferentiableError, match="on its way"):
        dpy.gradient(program, 2.0)


def test_how_it_was_found_has_no_derivative() -> None:
    def program(a: float) -> Any:
        _, info, _, _ = optimize.fsolve(lambda x: x * x - a, 1.0, full_output=True)
        return info["fjac"][0, 0]

    with pytest.raises(NotDifferentiableError, match="'fjac'"):
        dpy.gradient(program, 2.0)
