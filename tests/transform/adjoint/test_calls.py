"""Calls of compiled functions, constructors, and what is left to the runtime."""

from __future__ import annotations

import re
from typing import Any

import dpy
from tests.transform.adjoint.listing import Listing


def power(x: float, n: int) -> float:
    return x if n == 1 else x * power(x, n - 1)


def twice(x: float, n: int) -> float:
    y = power(x, n)
    return y * power(y, k_of(n))


def k_of(n: int) -> int:
    return n - 1


def test_the_forward_of_a_callee_gives_its_pullback() -> None:
    listing = Listing(twice, 2.0, 3, inactive="n")
    pullbacks = re.findall(r"(\w+), (pb_\d+) = power_forward\(", listing.forward)
    assert len(pullbacks) == 2
    for _, pb in pullbacks:
        assert f"{pb}(d_" in listing.reverse
    assert dpy.gradient(twice, 2.0, 3) == (9 * 2.0**8, 0.0)


class Chain:
    """A class of its own constructor: not a plain dataclass, and too large for one line."""

    def __init__(self, x: float, *, depth: int) -> None:
        self.x = power(x, depth)
        self.depth = depth


def chained(x: float) -> float:
    c = Chain(x, depth=3)
    return c.x * c.x


def test_constructors_hand_back_cotangents_of_fields() -> None:
    assert dpy.gradient(chained, 2.0) == (6 * 2.0**5,)


class Odd:
    def __getattr__(self, name: str) -> Any:
        return lambda x: x * 3.0


def test_what_the_runtime_decides_gets_the_accumulators() -> None:
    def f(odd: Any, x: float) -> float:
        return odd.triple(x) * x

    listing = Listing(f, Odd(), 2.0, inactive="odd")
    assert re.search(r"pb_\d+\(\w+, acc\)", listing.reverse)
    assert dpy.gradient(lambda x: f(Odd(), x), 2.0) == (12.0,)


def test_a_callee_that_writes_is_reversed_without_a_cotangent_too() -> None:
    def store(xs: list[float], x: float) -> None:
        xs.append(power(x, 2))

    def f(x: float) -> float:
        xs: list[float] = []
        store(xs, x)
        return xs[0]

    assert dpy.gradient(f, 3.0) == (6.0,)
