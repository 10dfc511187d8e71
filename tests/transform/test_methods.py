"""Which bound methods are only called, with the owner that they were bound to."""

from __future__ import annotations

from typing import Any

import pytest

from dpy.transform import ir
from dpy.transform.lower import lower
from dpy.transform.methods import direct_methods
from dpy.transform.source import read_source


def called_at_once(x):
    return x.sum()


def kept_owner(x, flag):
    m = x.sum
    if flag:
        return m()
    return m() + 1.0


def append_in_loop(x):
    out = []
    add = out.append
    for i in range(3):
        add(x * i)
    return out[1]


def own_target(x):
    for _ in range(3):
        x = x.sort()
    return x


def rebound_owner(x):
    m = x.sum
    x = 2 * x
    return m()


def rebound_by_argument(x):
    return x.dot((x := 2 * x))  # noqa: UP034


def rebound_in_loop(x):
    m = x.sum
    for _ in range(3):
        x = x * m()
    return x


def stored(x):
    return [x.sum]


def returned(x):
    return x.sum


def two_bindings(x, flag):
    m = x.sum if flag else x.mean
    return m()


def from_earlier_iteration(x):
    m = x.sum
    for _ in range(3):
        y = x * m()
        m = y.sum
    return m()


def bound(function: Any) -> tuple[int, int]:
    """How many methods are bound, and how many of these are direct."""
    lowered = lower(read_source(function))
    names = {"sum", "mean", "dot", "sort", "append"}
    found = [
        s
        for s in ir.walk(lowered.body)
        if isinstance(s, ir.Assign)
        and isinstance(s.value, ir.Op)
        and s.value.name == "getattr"
        and s.value.args[1].value in names
    ]
    direct = direct_methods(lowered)
    return len(found), sum(id(s) in direct for s in found)


@pytest.mark.parametrize("function", [called_at_once, kept_owner, append_in_loop, own_target])
def test_direct(function: Any) -> None:
    assert bound(function) == (1, 1)


@pytest.mark.parametrize(
    "function", [rebound_owner, rebound_by_argument, rebound_in_loop, stored, returned]
)
def test_carries_its_owner(function: Any) -> None:
    assert bound(function) == (1, 0)


@pytest.mark.parametrize("function", [two_bindings, from_earlier_iteration])
def test_several_bindings(function: Any) -> None:
    assert bound(function) == (2, 0)
