"""Dicts and namespaces: each method with an adjoint of its own, through whole programs."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

import dpy


def of_dicts(x: float) -> float:
    d = {"a": x}
    d.update(b=x * x)
    d.setdefault("c", 3.0 * x)
    d.setdefault("a", 100.0)
    return d.pop("b") * d.get("a", 0.0) + d["c"] + d.get("z", x)


def made(x: float) -> float:
    d = dict([("a", x), ("b", x * x)], c=3.0 * x)
    e = dict(d, a=2.0)
    return d["a"] * e["b"] + e["a"] * e["c"]


def overwritten(x: float) -> float:
    d = {"a": x}
    d.update([("a", x * x)], b=x)
    d |= {"b": x**3}
    return d["a"] * d["b"]


def taken_out(x: float) -> float:
    d = {"a": x, "b": x * x}
    key, value = d.popitem()
    d[key] = 2.0 * x
    return value * d["a"] * d.pop("b") * d.pop("gone", x)


def cleared(x: float) -> float:
    d = {"a": x}
    y = d["a"]
    d.clear()
    d["a"] = x * x
    return y * d["a"]


def copied(x: float) -> float:
    d = {"a": x, "b": 2.0}
    e = d.copy()
    e["a"] = x**3
    return d["a"] * e["a"] + e["b"]


def from_keys(x: float) -> float:
    d = dict.fromkeys("abc", x)
    return d["a"] * d["b"] + d["c"]


def other_dicts(x: float) -> float:
    o = OrderedDict(a=x, b=x * x)
    o.move_to_end("a")
    d = defaultdict(float, o)
    d["c"] += x
    return o.popitem()[1] * d["b"] + d["c"]


def attributes_as_a_dict(x: float) -> float:
    n = SimpleNamespace(a=x, b=2.0)
    n.__dict__.update(b=x * x)
    return n.a * n.b


PROGRAMS = [
    of_dicts,
    made,
    overwritten,
    taken_out,
    cleared,
    copied,
    from_keys,
    other_dicts,
    attributes_as_a_dict,
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("x", [0.7, 1.9])
def test_program(program: Callable[[Any], Any], x: float) -> None:
    assert dpy.check_gradient(program, x)


def test_errors_are_those_of_python() -> None:
    def several(x: float) -> float:
        d = {}
        d.update({"a": x}, {"b": x})
        return d["a"]

    with pytest.raises(TypeError, match="expected at most 1 argument, got 2"):
        dpy.gradient(several, 1.0)
