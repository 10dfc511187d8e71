"""Functions with neither rule nor source: run, watched, and refused where a cotangent comes."""

from __future__ import annotations

import bisect
import heapq
import random
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special

import dpy


def sorted_in(x: float) -> float:
    xs = [0.1, 2.0]
    bisect.insort(xs, x)
    return xs[0] * xs[1] * xs[2]


def drawn(x: float) -> float:
    random.seed(3)
    return x * random.random()


@pytest.mark.parametrize("program", [sorted_in, drawn], ids=lambda f: f.__name__)
def test_program(program: Callable[[Any], Any]) -> None:
    assert dpy.check_gradient(program, 0.8)


def test_a_cotangent_that_arrives_is_an_error() -> None:
    with pytest.raises(dpy.NoAdjointError, match="mathieu_a"):
        dpy.gradient(lambda a: special.mathieu_a(1, a).sum(), np.array([1.0, 2.0]))


def test_a_write_by_c_code_is_seen() -> None:
    def f(x: float) -> Any:
        a = np.array([x, 2.0])
        a.byteswap(inplace=True)
        a.byteswap(inplace=True)
        b = np.array([x, 3.0])
        memoryview(b)[0] = 5.0
        return (a * b).sum()

    with pytest.raises(dpy.DpyError):
        dpy.gradient(f, 1.5)


def test_exec_that_would_carry_a_derivative_is_refused() -> None:
    def f(x: float) -> Any:
        scope = {"x": x}
        exec("y = x * x", scope)
        return scope["y"]

    with pytest.raises(dpy.DpyError):
        dpy.gradient(f, 1.5)


def test_what_c_code_stores_in_new_containers_is_followed() -> None:
    def f(x: float) -> Any:
        stored: dict[str, Any] = {}
        re.sub("a", lambda m: stored.update(a={"w": [x], "u": (x, [x])}) or "b", "a")
        return stored["a"]["w"][0] ** 2 + stored["a"]["u"][1][0]

    assert dpy.gradient(f, 0.75) == (2.5,)


def test_what_c_code_stores_twice_is_followed() -> None:
    def f(x: float) -> Any:
        found: list[float] = []
        re.sub("a", lambda m: found.append(x) or "b", "aa")
        return found[1] * x

    assert dpy.gradient(f, 0.75) == (1.5,)


def test_what_c_code_computes_and_stores_in_new_containers_is_refused() -> None:
    def number(x: float) -> Any:
        stored: dict[str, Any] = {}
        re.sub("a", lambda m: stored.update(a={"w": x * x}) or "b", "a")
        return stored["a"]["w"]

    def array(x: float) -> Any:
        stored: dict[str, Any] = {}
        re.sub("a", lambda m: stored.update(a=[np.full(2, x)]) or "b", "a")
        return stored["a"][0].sum()

    def at_depth(x: float) -> Any:
        stored = {"a": {"b": {"c": {"d": {"e": {"f": x}}}}}}

        def replacement(match: Any) -> str:
            stored["a"]["b"]["c"]["d"]["e"]["f"] *= 2.0
            return "b"

        re.sub("a", replacement, "a")
        return stored["a"]["b"]["c"]["d"]["e"]["f"]

    for f in (number, array, at_depth):
        with pytest.raises(dpy.DpyError, match="sub"):
            dpy.gradient(f, 0.75)


def test_tuples_that_c_code_moves_are_followed() -> None:
    def f(x: float, y: float) -> Any:
        heap: list[Any] = []
        for item in ((x, 1, "a"), (y, 2, "b"), (x * y, 3, "c")):
            heapq.heappush(heap, item)
        first, _, _ = heapq.heappop(heap)
        return first * heap[0][0]

    assert dpy.check_gradient(f, 1.3, 0.6)
