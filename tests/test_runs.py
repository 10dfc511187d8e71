"""Runs: of whatever can be called, once, and without a link to what comes later."""

from __future__ import annotations

import functools
import math
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from dpy import gradient, pullback, value_and_gradient
from dpy.entry import PLAIN
from dpy.runs import KnownRun, Run, compiled, is_compiled, start, sweep_of
from dpy.runtime.accumulators import Accumulators


@dataclass
class Point:
    x: float
    y: float = 2.0


def test_callable_object_and_bound_method_as_function() -> None:
    class Line:
        def __init__(self, k):
            self.k = k

        def __call__(self, x):
            return self.k * x

        def square(self, x):
            return self.k * x * x

    line = Line(3.0)
    assert gradient(line, 2.0) == (3.0,)
    assert gradient(line.square, 2.0) == (12.0,)
    assert gradient(functools.partial(line.square), 2.0) == (12.0,)
    assert gradient(Line.square, line, 2.0)[0].k == 4.0


def test_builtin_and_numpy_function_as_function() -> None:
    assert gradient(math.sin, 0.0) == (1.0,)
    assert gradient(np.sin, 0.0) == (1.0,)
    assert gradient(np.sum, np.ones(2))[0].tolist() == [1.0, 1.0]
    assert gradient(abs, -2.0) == (-1.0,)
    assert gradient(max, 1.0, 2.0) == (0.0, 1.0)


def test_function_runs_once() -> None:
    calls = []

    def f(x):
        calls.append(x)
        return x * x

    gradient(f, 3.0)
    value_and_gradient(f, 3.0)
    _, back = pullback(f, 3.0)
    back(1.0)
    back(1.0)
    assert calls == [3.0, 3.0, 3.0]
    assert all(type(x) is float for x in calls)


def test_pullback_may_be_called_often() -> None:
    def f(xs, a):
        for i in range(3):
            xs[0] = xs[0] * a[i]
            a[i] = xs[0]
            xs.append(a[i])
        return a * xs[-1]

    y, back = pullback(f, [1.5, 2.0], np.array([1.0, 2.0, 3.0]))
    first = back(np.ones(3))
    for k in (1.0, 2.0, 1.0):
        again = back(np.full(3, k))
        assert again[0] == [k * v for v in first[0]]
        assert again[1].tolist() == (k * first[1]).tolist()
    assert y.tolist() == (np.array([1.5, 3.0, 9.0]) * 9.0).tolist()


@pytest.mark.parametrize(
    "f",
    [
        lambda w, x: w * x,
        lambda w, x: np.dot(w, x),
        lambda w, x: w @ x,
        lambda w, x: np.sin(w) * x**2,
        lambda w, x: (w / x).sum(),
        lambda w, x: np.outer(w, x),
        lambda w, x: w[0] * x[1] + w[1] * x[0],
        lambda w, x: np.where(w > 0, w * x, x),
        lambda w, x: np.exp(w[:2]) * x[:2],
        lambda w, x: np.stack([w, x]).prod(axis=0),
    ],
)
def test_later_updates_of_the_arguments_do_not_reach_the_pullback(f: Any) -> None:
    w, x = np.array([1.0, 2.0]), np.array([3.0, -1.0])
    y, back = pullback(f, w, x)
    seed = np.ones(np.shape(y))
    before = [part.copy() for part in back(seed)]
    w -= 10.0
    x[...] = 0.0
    after = back(seed)
    assert [part.tolist() for part in after] == [part.tolist() for part in before]


def test_later_updates_of_structures_do_not_reach_the_pullback() -> None:
    p = {"w": np.array([1.0, 2.0]), "k": [3.0, 4.0], "p": Point(2.0)}

    def f(p):
        return (p["w"] * p["w"]).sum() * p["k"][0] * p["p"].x

    _, back = pullback(f, p)
    before = repr(back(1.0))
    p["w"][0] = 100.0
    p["k"][0] = 100.0
    p["k"].append(1.0)
    p["p"].x = 100.0
    del p["w"]
    assert repr(back(1.0)) == before


def test_later_updates_of_the_result_do_not_reach_the_pullback() -> None:
    y, back = pullback(lambda a: np.exp(a), np.array([0.0, 1.0]))
    before = back(np.ones(2))[0].tolist()
    y[...] = 0.0
    assert back(np.ones(2))[0].tolist() == before


def test_threads_give_the_serial_result() -> None:
    def f(x, a):
        total = 0.0
        for i in range(len(a)):
            a[i] = a[i] * x
            total += math.sin(a[i]) if a[i] > 0 else a[i] ** 2
        return total

    arguments = [(0.1 * k, [0.3, -1.0, float(k)]) for k in range(20)]
    expected: list[Any] = []
    results: dict[int, list[Any]] = {}
    barrier = threading.Barrier(8)

    def work(name: int) -> None:
        barrier.wait()  # all threads meet in the first compilation
        results[name] = [gradient(f, x, list(a)) for x, a in arguments]

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = [gradient(f, x, list(a)) for x, a in arguments]
    assert all(results[name] == expected for name in range(8))


def growing(x):
    yield x


def test_what_is_compiled_as_one_piece() -> None:
    async def later(x):
        return x

    def handles(x):
        try:
            return x
        except ValueError:
            return 2.0 * x

    assert is_compiled(lambda x: x)
    assert not any(map(is_compiled, [growing, later, handles, math.sin, np.mean, Point]))


def test_runs_of_known_code_and_others() -> None:
    def f(x):
        return x * x

    first, second = start(f, (3.0,), {}), start(f, (4.0,), {})
    assert (first.y, second.y) == (9.0, 16.0)
    assert first.gradients(1.0) == first.gradients(1.0) == (6.0,)
    assert type(second) is KnownRun
    other = start(functools.partial(f), (3.0,), {})
    assert type(other) is Run
    assert other.gradients(2.0) == (12.0,)


def test_a_sweep_gives_cotangents_of_positional_arguments() -> None:
    def f(x, *rest, k=1.0):
        return x * rest[1] * k

    args, kwargs = (2.0, 3.0, 5.0), {"k": 7.0}
    found = compiled(f, args, kwargs, PLAIN)
    y, pb = found.forward(f)(*args, **kwargs)
    assert y == 70.0
    d_x, _, d_last = sweep_of(found, pb, 3, kwargs)(1.0, Accumulators())
    assert (d_x, d_last) == (35.0, 14.0)
