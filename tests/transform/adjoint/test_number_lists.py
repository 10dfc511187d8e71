"""Gradients through local lists of numbers."""

from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np
import pytest

import dpy
from tests.programs.number_lists import derivative, program
from tests.transform.adjoint.listing import facts_of


def appended(x: Any, n: int) -> Any:
    xs = []
    xs.append(1.0)
    for k in range(n):
        xs.append(x * xs[-1] + k)
    return sum(xs) * xs[2]


def popped(x: Any, n: int) -> Any:
    stack = [x, 2 * x, x * x]
    y = 0.0
    while len(stack) > 1:
        a = stack.pop()
        b = stack.pop()
        y += a * b
        if y < 40.0:
            stack.append(a + b)
            stack.append(x)
    stack.pop()
    return y


def swapped(x: Any, n: int) -> Any:
    xs = [x, x * x, 3.0, np.sin(x)]
    for k in range(n):
        i = k % 4
        xs[i], xs[-1] = xs[-1], xs[i] * x
        xs[i] += xs[0]
    return xs[0] + 2 * xs[1] + 3 * xs[2] + 4 * xs[3]


def overwritten(x: Any, n: int) -> Any:
    xs = [x] * 3
    y = xs[1]
    xs[1] = 5.0
    xs[2] = y * y
    return xs[0] * xs[1] + xs[2]


def read_while_changed(x: Any, n: int) -> Any:
    xs = [x, 2 * x]
    y = 0.0
    for v in xs:
        y += v * v
        if len(xs) < 6:
            xs.append(v + x)
        xs[0] = y
    return y * xs[0]


def broken_off(x: Any, n: int) -> Any:
    y = x
    xs = [x * k for k in range(10)]
    for v in xs:
        if v > 6.0:
            break
        y = y * 0.5 + v * v
    else:
        y = 0.0
    return y + xs[-1]


def returned_early(x: Any, n: int) -> Any:
    xs = [x, x * x, x * x * x]
    for v in xs:
        if v > 3.0:
            return v * xs[0]
    return sum(xs)


def made_in_a_loop(x: Any, n: int) -> Any:
    y = x
    for k in range(n):
        xs = [y, y * k]
        for _ in range(k):
            xs.append(xs[-1] * x)
        y = sum(xs) / (1 + len(xs))
    return y


def made_in_a_branch(x: Any, n: int) -> Any:
    y = x
    for k in range(n):
        if k % 2:
            xs = [y, x]
            xs.append(xs[0] * xs[1])
            y = xs[2]
        else:
            y = y + 1
    return y


def under_two_names(x: Any, n: int) -> Any:
    xs = [x * k for k in range(4)]
    ys = xs
    ys.append(x * x)
    xs[0] = ys[4]
    return xs[0] * ys[1] + sum(ys)


def repeated(x: Any, n: int) -> Any:
    base = [x, x * x]
    xs = base * n
    ys = 2 * xs
    xs[0] = 2.0
    base[1] = 7.0
    return sum(xs) * ys[0] + base[0] + base[1]


def of_integers_first(x: Any, n: int) -> Any:
    xs = [0] * n
    for k in range(n):
        xs[k] = xs[k - 1] + x * k
    return sum(xs)


def twice_the_same(x: Any, n: int) -> Any:
    xs = [x, x]
    y = xs[0] * xs[0] + xs[1]
    xs[0] = y
    xs[0] = xs[0] * y
    return xs[0]


def sorted_by_hand(x: Any, n: int) -> Any:
    xs = [np.sin(x * k) for k in range(6)]
    for i in range(len(xs)):
        for j in range(len(xs) - 1 - i):
            if xs[j] > xs[j + 1]:
                xs[j], xs[j + 1] = xs[j + 1], xs[j]
    y = 0.0
    for k in range(6):
        y += (k + 1) * xs[k]
    return y


def with_items_not_used(x: Any, n: int) -> Any:
    xs = [x * k for k in range(n)]
    ys = [x]
    for _ in xs:
        ys.append(ys[-1] * 2)
    return ys[-1]


def polynomial(x: Any, n: int) -> Any:
    """Clenshaw's recurrence, with a list as it is often written."""
    b = [0.0, 0.0]
    for k in range(n, 0, -1):
        b.append(k + 2 * x * b[-1] - b[-2])
    return x * b[-1] - b[-2]


PROGRAMS = [
    appended, popped, swapped, overwritten, read_while_changed, broken_off, returned_early,
    made_in_a_loop, made_in_a_branch, under_two_names, repeated, of_integers_first, twice_the_same,
    sorted_by_hand, with_items_not_used, polynomial,
]  # fmt: skip


@pytest.mark.parametrize("f", PROGRAMS)
@pytest.mark.parametrize("x", [0.7, 1.3, 2.1])
def test_gradients(f: Any, x: float) -> None:
    assert facts_of(f, x, 5, inactive="n").number_lists
    y, (d_x, _) = dpy.value_and_gradient(f, x, 5)
    assert y == f(x, 5)
    h = 1e-6
    expected = (f(x + h, 5) - f(x - h, 5)) / (2 * h)
    assert d_x == pytest.approx(expected, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("f", PROGRAMS)
def test_pullbacks_are_repeatable(f: Any) -> None:
    _, back = dpy.pullback(f, 1.3, 5)
    first = back(1.0)
    assert back(2.0)[0] == pytest.approx(2 * first[0])
    assert back(1.0) == first


@pytest.mark.parametrize("f", PROGRAMS)
def test_checked_for_finite_values(f: Any) -> None:
    with dpy.settings(check_finite=True):
        assert dpy.gradient(f, 1.3, 5) == dpy.gradient(f, 1.3, 5)
    assert dpy.gradient(f, 1.3, 5)[0] == pytest.approx(dpy.gradient(f, np.float64(1.3), 5)[0])


def test_the_listing_is_plain_python() -> None:
    listing = dpy.adjoint_source(appended, 1.3, 5)
    assert "xs.append(1.0)" in listing
    assert "d_xs = [0.0] * " in listing
    assert "d_xs.pop()" in listing
    assert "call_(" not in listing and "operate(" not in listing


def test_an_error_is_python_s() -> None:
    def f(x: Any) -> Any:
        xs = [x]
        return xs[3]

    with pytest.raises(IndexError, match="list index out of range"):
        dpy.gradient(f, 1.0)


def test_second_pullbacks_of_a_loop_do_not_meet() -> None:
    def f(x: Any) -> Any:
        xs = [x]
        for _ in range(3):
            xs.append(xs[-1] * x)
        return xs[-1]

    _, one = dpy.pullback(f, 2.0)
    _, two = dpy.pullback(f, 3.0)
    assert (one(1.0), two(1.0), one(1.0)) == ((32.0,), (108.0,), (32.0,))


@pytest.mark.parametrize("first", range(0, 120, 20))
def test_random_programs(first: int) -> None:
    found = 0
    for seed in range(first, first + 20):
        text = program(seed)
        plain, real = {"math_sin": cmath.sin}, {"math_sin": math.sin}
        exec(text, plain)
        try:
            expected = derivative(plain["f"], 0.8)
        except (IndexError, OverflowError):  # a list was too short
            continue
        f = dpy.from_source(text, real)
        y, (d_x,) = dpy.value_and_gradient(f, 0.8)
        assert y == f(0.8), text
        assert d_x == pytest.approx(expected, rel=1e-9, abs=1e-9), text
        found += bool(facts_of(f, 0.8).number_lists)
    assert found > 10
