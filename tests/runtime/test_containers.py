"""Lists and dicts: each method with an adjoint of its own, through whole programs."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import pytest

import dpy
from dpy.runtime import containers


def appended(x: float) -> float:
    xs = [x]
    xs.append(x * x)
    xs.insert(0, 3.0 * x)
    xs.extend([x, 2.0 * x])
    return xs[0] * xs[1] + xs[2] * xs[-1]


def popped(x: float) -> float:
    xs = [x, x * x, x**3]
    first = xs.pop(0)
    last = xs.pop()
    return first * last * xs[0]


def reordered(x: float) -> float:
    xs = [x * x, 2.0 * x, -x]
    xs.reverse()
    a = xs[0] * 2.0 + xs[1]
    xs.sort()
    return a * xs[0] + xs[2]


def removed(x: float) -> float:
    xs = [x, 2.0 * x, 3.0 * x]
    del xs[0]
    xs.remove(xs[1])
    return xs[0] ** 2


def sliced(x: float) -> float:
    xs = [x, x, x, x]
    xs[1:3] = [x * x]
    return xs[0] * xs[1] + xs[2] * 2.0


def of_dicts(x: float) -> float:
    d = {"a": x}
    d.update(b=x * x)
    d.setdefault("c", 3.0 * x)
    d.setdefault("a", 100.0)
    return d.pop("b") * d.get("a", 0.0) + d["c"] + d.get("z", x)


def copied(x: float) -> float:
    xs = [x, 2.0 * x]
    ys = xs.copy()
    ys[0] = x**3
    return xs[0] * ys[0] + ys[1]


def sorted_by_key(x: float) -> float:
    xs = sorted([x, -2.0 * x, 0.5 * x], key=abs, reverse=True)
    return xs[0] * xs[1] + 3.0 * xs[2]


PROGRAMS = [appended, popped, reordered, removed, sliced, of_dicts, copied, sorted_by_key]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("x", [0.7, 1.9])
def test_program(program: Callable[[Any], Any], x: float) -> None:
    assert dpy.check_gradient(program, x)


def test_python_functions_with_entries_are_of_known_libraries() -> None:
    containers.load_entries()
    functions = [f for f in containers._entries if isinstance(f, types.FunctionType)]
    assert functions and all(map(containers.may_have_entry, functions))
    assert not containers.may_have_entry(test_python_functions_with_entries_are_of_known_libraries)
