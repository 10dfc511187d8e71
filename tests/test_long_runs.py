"""Long loops, many calls, many threads, other processes."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dpy

ROOT = Path(__file__).parents[1]


# --- a million iterations -----------------------------------------------------------------------

MILLION = 1_000_000


def counted(x: float, n: int) -> float:
    y = x
    for _ in range(n):
        y = y * (1.0 - 1e-6) + x * 1e-6
    return y


def as_long_as(x: float, n: int) -> float:
    k = 0
    y = x
    while k < n:
        if k % 2:
            y = y - x * 1e-6
        k += 1
    return y


def into_a_list(x: float, n: int) -> float:
    xs = []
    for k in range(n):
        xs.append(x * k)
    return sum(xs)


@pytest.mark.parametrize(
    ("f", "slope"),
    [(counted, 1.0), (as_long_as, 0.5), (into_a_list, MILLION * (MILLION - 1) / 2)],
)
def test_a_million_iterations(f: Callable[..., float], slope: float) -> None:
    (d_x, _) = dpy.gradient(f, 1.5, MILLION)
    assert d_x == pytest.approx(slope, rel=1e-6)


def test_a_hundred_thousand_iterations_on_a_tape() -> None:
    def caught(x: float) -> float:
        for _ in range(100_000):
            try:
                x = x * (1.0 - 1e-5)
            except ValueError:
                pass
        return x

    assert dpy.gradient(caught, 2.0)[0] == pytest.approx((1.0 - 1e-5) ** 100_000, rel=1e-9)


# --- a hundred thousand calls -------------------------------------------------------------------


@dataclass
class Layer:
    w: np.ndarray
    b: float


def squared(x: float) -> float:
    return x * x


def layered(layer: Layer, x: float) -> Any:
    return np.sum(np.tanh(layer.w * x)) * layer.b


def under_try(x: float) -> float:
    try:
        return x * x
    finally:
        x = 1.0


def in_containers(x: float) -> float:
    xs = [x, x * 2]
    d = {"a": xs[0]}
    d["b"] = xs[1] * d["a"]
    return d["b"]


def in_place(a: np.ndarray) -> Any:
    a = a.copy()
    a[1:] += a[:-1]
    return np.sum(a)


def with_closures(x: float) -> float:
    def times_x(y: float) -> float:
        return y * x

    return times_x(x) + sum(times_x(t) for t in (x, 2.0))


def caught_error(x: float) -> float:
    try:
        return {}["missing"] * x
    except KeyError:
        return 3.0 * x


CALLS = [
    (squared, (2.0,), 100_000), (layered, (Layer(np.ones(3), 2.0), 0.3), 2000),
    (under_try, (2.0,), 1000), (in_containers, (2.0,), 1000), (in_place, (np.ones(4),), 1000),
    (with_closures, (2.0,), 300), (caught_error, (2.0,), 1000),
]  # fmt: skip


@pytest.mark.parametrize(("f", "args", "calls"), CALLS, ids=[f.__name__ for f, *_ in CALLS])
def test_memory_does_not_grow_with_calls(f: Any, args: Any, calls: int) -> None:
    def run(times: int) -> None:
        for _ in range(times):
            dpy.gradient(f, *args)
            if f is in_place:
                dpy.pullback(f, *args)  # kept by nobody, and never called

    run(30)
    counts = [sys.getrefcount(x) for x in args]
    gc.collect()
    tracemalloc.start()
    try:
        run(30)
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        objects = len(gc.get_objects())
        run(calls)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
        more = len(gc.get_objects()) - objects
    finally:
        tracemalloc.stop()
    assert after - before < 2 * calls + 4000  # what a call leaves is at most two bytes
    assert more < 20
    assert [sys.getrefcount(x) for x in args] == counts


def test_what_a_pullback_holds_goes_with_it() -> None:
    a = np.ones(1000)
    held: list[Any] = []

    def f(a: np.ndarray) -> Any:
        b = a * 2
        held.append(b)
        return np.sum(b * b)

    _, back = dpy.pullback(f, a)
    b = held.pop()
    assert back(1.0)[0][0] == 8.0
    with_pullback = sys.getrefcount(b)
    del back
    assert sys.getrefcount(b) < with_pullback


# --- threads ------------------------------------------------------------------------------------


@pytest.mark.parametrize("f", [layered, in_containers, in_place, with_closures, caught_error])
def test_sixteen_threads_in_their_first_call(f: Any) -> None:
    args = next(a for g, a, _ in CALLS if g is f)
    expected = repr(dpy.gradient(f, *args))
    dpy.clear_cache()
    barrier = threading.Barrier(16)

    def work(_: int) -> str:
        barrier.wait()
        return repr(dpy.gradient(f, *args))

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(work, range(16))) == {expected}


def test_sixteen_threads_with_shared_parameters() -> None:
    layers = [Layer(np.full(3, 1.0 + k), 0.5) for k in range(16)]
    barrier = threading.Barrier(16)

    def work(k: int) -> Any:
        barrier.wait()
        for _ in range(20):
            (d, _) = dpy.gradient(layered, layers[k], 0.3)
        return d

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(work, range(16)))
    for layer, d in zip(layers, found, strict=True):
        t = np.tanh(layer.w * 0.3)
        assert np.allclose(d.w, 0.5 * 0.3 * (1 - t * t))
        assert d.b == pytest.approx(np.sum(t))


def test_a_gradient_within_a_rule_within_a_gradient() -> None:
    def inner(z: float) -> float:
        return z**3

    def slope(z: float) -> float:
        return dpy.gradient(inner, z)[0]

    @dpy.adjoint(slope)
    def slope_rule(z: float) -> Any:
        return slope(z), lambda d: (d * 6.0 * z,)

    assert dpy.gradient(lambda z: slope(z) * z, 2.0) == (36.0,)


# --- other processes ----------------------------------------------------------------------------

SPAWNED = """
import multiprocessing, pickle
import numpy as np
import dpy

def loss(w):
    return np.sum(np.sin(w) ** 2)

def slope(k):
    return dpy.gradient(loss, np.full(2, k))[0]

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        found = pool.map(slope, [0.0, 0.5, 1.0])
    expected = [np.sin(2 * np.full(2, k)) for k in (0.0, 0.5, 1.0)]
    print(np.allclose(found, expected))
    d = pickle.loads(pickle.dumps(dpy.gradient(loss, np.ones(2))))
    print(np.array_equal(d[0], slope(1.0)))
"""


def test_processes_that_are_spawned(tmp_path: Path) -> None:
    program = tmp_path / "spawned.py"
    program.write_text(SPAWNED, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = subprocess.run(
        [sys.executable, str(program)], env=environment, capture_output=True, text=True, check=False
    )
    assert found.stdout.split() == ["True", "True"], found.stderr
