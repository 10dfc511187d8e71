"""An interrupt may come at any point; it leaves nothing behind, and the next call is right."""

from __future__ import annotations

import contextlib
import functools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dpy
from dpy import specialise
from tests.programs import corpus, interrupts


def with_try(x, a):
    y = x
    for k in range(3):
        try:
            y = y * x
            if k == 1:
                raise ValueError(y)
            a[k] = y
        except ValueError as error:
            y = y + error.args[0] * 0.5
        finally:
            y = y + 0.1
    return y + a.sum()


def with_shapes(x, a):
    b = a * x
    b.shape = (2, 2)
    a.shape = (4, 1)
    c = (b @ b).sum()
    b.shape = (4,)
    return c * b[1] + a[0, 0]


def with_generators(x, a):
    def items(n):
        with contextlib.suppress(ValueError):
            for k in range(n):
                yield x * k + a[k]

    return sum(items(3)) + sum(v * x for v in items(2))


class Doubled:
    def __init__(self, s):
        self.s = s

    def __enter__(self):
        self.s += 1.0
        return self

    def __exit__(self, *raised):
        self.s = self.s * 2
        return True

    def __call__(self, k):
        return self.s * k


def with_callbacks(x, a):
    m = Doubled(x)
    with m as n:
        n.s = n.s * a[1]
        raise KeyError
    best = max([m, Doubled(x * 2)], key=lambda one: one.s)
    return m.s * best(x) + sorted(a, key=lambda v: -v)[0]


def power(n, x):
    return x if n <= 0 else power(n - 1, x * 1.1) + x


def with_writes(x, a):
    b = a.copy()
    b[1:] += b[:-1] * x
    return power(3, x) * (b * b).sum() + functools.reduce(lambda p, q: p * q, b)


PROGRAMS = [with_try, with_shapes, with_generators, with_callbacks, with_writes]
programs = pytest.mark.parametrize("f", PROGRAMS)
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning",  # where a generator was being closed
    "ignore:Setting the shape:DeprecationWarning",  # of NumPy 2.5
)


def arguments() -> tuple[float, Any]:
    return 0.7, np.array([0.5, 1.5, -0.3, 2.0])


def chosen(total: int, most: int) -> list[int]:
    """All points, or as many as are tried."""
    numbers = range(1, total + 1)
    return list(numbers) if total <= most else random.Random(total).sample(numbers, most)


def check(run: Callable[[], Any], at: int) -> None:
    before = interrupts.left_behind()
    interrupts.interrupted(run, at)
    after = interrupts.left_behind()
    assert after == before, f"point {at}"


@programs
def test_of_a_call(f: Callable[..., Any]) -> None:
    def run() -> Any:
        return dpy.gradient(f, *arguments())

    want = repr([run() for _ in range(3)][-1])
    for at in chosen(interrupts.points(run), 150):
        check(run, at)
        assert repr(run()) == want, f"point {at}"


@programs
def test_of_a_first_call(f: Callable[..., Any]) -> None:
    def run() -> Any:
        return dpy.gradient(f, *arguments())

    want = repr(run())
    specialise.clear_cache()
    for at in chosen(interrupts.points(run), 12):
        specialise.clear_cache()
        check(run, at)
        assert repr(run()) == want, f"point {at}"


@programs
def test_of_a_sweep(f: Callable[..., Any]) -> None:
    args = arguments()
    _, back = dpy.pullback(f, *args)
    left = corpus.copy_arguments(args)
    want = repr(back(1.0))
    for at in chosen(interrupts.points(lambda: back(1.0)), 150):
        check(lambda: back(1.0), at)
        assert corpus.same(args, left), f"point {at}"
        assert repr(back(1.0)) == want, f"point {at}"


def test_of_a_first_sweep() -> None:
    """The pullback of what could not be compiled as one piece runs for the first time."""
    for at in range(1, 60, 3):
        args = arguments()
        _, back = dpy.pullback(with_generators, *args)
        check(lambda back=back: back(1.0), at)
        assert repr(back(1.0)) == repr(dpy.gradient(with_generators, *arguments()))


class Stopped(BaseException):
    pass


@pytest.mark.parametrize("error", [KeyboardInterrupt, Stopped, SystemExit])
def test_of_rules(error: type[BaseException]) -> None:
    is_stopped = [True, True]

    def double(x):
        return 2.0 * x

    @dpy.adjoint(double)
    def double_rule(x):
        if is_stopped[0]:
            raise error
        y = 2.0 * x

        def double_pullback(d_y):
            if is_stopped[1]:
                raise error
            return (2.0 * d_y,)

        return y, double_pullback

    def f(x, a):
        try:
            a[0] = double(x)
        except ValueError:
            a[1] = 0.0
        return double(a.sum()) * x

    before = interrupts.left_behind()
    for stage in range(2):
        with pytest.raises(error):
            dpy.gradient(f, *arguments())
        assert interrupts.left_behind() == before
        is_stopped[stage] = False
    x, a = arguments()
    assert dpy.gradient(f, x, a)[0] == pytest.approx(2 * (2 * x + a[1:].sum()) + 4 * x)
