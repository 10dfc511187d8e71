"""What a cache finds again is the value that was made, with its derivatives."""

from __future__ import annotations

import functools
import math
import threading
import warnings
from typing import Any

import pytest

import dpy
from dpy.errors import DpyWarning
from tests.programs.corpus import Case, Corpus, state

corpus = Corpus()
case = corpus.case


@functools.cache
def square_of_float(x):
    return x * x


@functools.lru_cache(maxsize=2)
def scaled(x, *, by=2.0):
    return [x * by]


@functools.cache
def table(n):
    return [math.sin(i) for i in range(n)]


class Owner:
    def __init__(self, x):
        self.x = x

    @functools.lru_cache  # noqa: B019
    def power(self, n):
        return self.x**n


# --- programs -------------------------------------------------------------------------------------


@case(0.7)
def made_inside(x):
    @functools.cache
    def f(n):
        state["calls"] = state.get("calls", 0) + 1
        return x if n == 0 else math.sin(f(n - 1) * x)

    return f(4) + f(2) * f(2) + f.cache_info().hits


@case(0.7, 1.1)
def of_active_arguments(x, y):
    calls = []

    @functools.lru_cache(maxsize=2)
    def f(t, scale=1.0):
        calls.append(t)
        return t * t * scale * y

    total = f(x) + f(x) + f(y, scale=x) + f(x * y) + f(x)
    return total * len(calls)


@case(0.7)
def one_list_is_found_twice(x):
    @functools.cache
    def f(n):
        return [x * n]

    f(2).append(x * x)
    f(2)[0] *= 3.0
    return sum(f(2)) + len(f(2))


@case(0.7)
def after_clearing(x):
    scale = x

    @functools.cache
    def f(n):
        return scale * n

    a = f(3)
    scale = x * x
    b = f(3)
    f.cache_clear()
    return a * b * f(3)


@case(0.7)
def errors_are_not_cached(x):
    @functools.cache
    def f(n):
        state["tried"] = state.get("tried", 0) + 1
        if state["tried"] < 3:
            raise ValueError("again")
        return x * n

    for _ in range(2):
        try:
            f(2)
        except ValueError:
            x = x * 2.0
    return f(2) * f(2)


@case(0.7, 1.2)
def of_the_module(x, y):
    return square_of_float(x) * scaled(y)[0] + scaled(y, by=x)[0] + square_of_float(x)


@case(0.7)
def constants_of_the_module(x):
    return x * sum(table(3)) + table(3)[1]


@case(0.7)
def of_a_method(x):
    a, b = Owner(x), Owner(x * x)
    return a.power(2) + a.power(3) * b.power(2) + a.power(2)


@case(0.7)
def unwrapped(x):
    return square_of_float.__wrapped__(x) * square_of_float(x)


@case(1.5)
def arguments_that_cannot_be_hashed(x):
    @functools.cache
    def f(xs):
        return xs[0]

    return f([x])


@case(0.7)
def in_a_loop(x):
    @functools.lru_cache(maxsize=1)
    def f(t):
        return math.cos(t) * x

    total = 0.0
    for i in range(6):
        total += f(x * (i // 2)) * (i + 1)
    return total


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_programs(case: Case) -> None:
    case.check()


# --- caches that were filled before ---------------------------------------------------------------


def sums(x: float) -> Any:
    return filled(1) * x


@functools.cache
def filled(n: int) -> Any:
    return n + 0.5


def test_a_cache_of_the_module_is_left_as_it_was() -> None:
    square_of_float.cache_clear()
    square_of_float(0.5)
    assert dpy.gradient(lambda x: square_of_float(x) * square_of_float(x), 0.5)[0] == 0.5
    assert square_of_float.cache_info().currsize == 1


def test_constants_are_cached_as_ever() -> None:
    filled.cache_clear()
    assert dpy.gradient(sums, 2.0)[0] == 1.5
    assert dpy.gradient(sums, 2.0)[0] == 1.5
    assert filled.cache_info()[:2] == (1, 1)


def test_what_was_cached_before_the_run_is_a_constant() -> None:
    made: list[Any] = []

    def first(x: float) -> float:
        @functools.cache
        def f(n: int) -> float:
            return x * n

        made.append(f)
        return f(2)

    assert dpy.gradient(first, 3.0)[0] == 2.0
    with pytest.warns(DpyWarning, match="before this run"):
        assert dpy.gradient(lambda x: made[0](2) * x, 3.0)[0] == 6.0


def test_no_warning_without_need() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for one in corpus.cases:
            if one.function is not arguments_that_cannot_be_hashed:
                dpy.gradient(one.function, *one.args)


def test_threads_have_calls_of_their_own() -> None:
    results: dict[int, float] = {}

    def work(i: int) -> None:
        results[i] = dpy.gradient(made_inside, 0.5 + 0.01 * i)[0]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [results[i] for i in range(4)] == [
        dpy.gradient(made_inside, 0.5 + 0.01 * i)[0] for i in range(4)
    ]
