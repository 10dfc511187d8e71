"""Lists, tuples and deques: each method with an adjoint of its own, through whole programs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

import dpy


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


def copied(x: float) -> float:
    xs = [x, 2.0 * x]
    ys = xs.copy()
    ys[0] = x**3
    return xs[0] * ys[0] + ys[1]


def sorted_by_key(x: float) -> float:
    xs = sorted([x, -2.0 * x, 0.5 * x], key=abs, reverse=True)
    return xs[0] * xs[1] + 3.0 * xs[2]


def of_deques(x: float) -> float:
    q = deque([x, x * x])
    q.appendleft(3.0 * x)
    q.extendleft([x, 2.0])
    q.rotate(2)
    return q.popleft() * q.pop() + q[0] * q[-1]


def bounded_deque(x: float) -> float:
    q = deque([1.0, x, x * x], maxlen=2)
    return q[0] * q[1]


def cleared(x: float) -> float:
    xs = [x, x * x]
    y = xs[1]
    xs.clear()
    xs.append(x)
    return xs[0] * y


def of_tuples(x: float) -> float:
    t = tuple([x, x * x])
    return t[0] * tuple(t)[1] + t.index(x)


class Stack(list):
    def __init__(self, *items: float) -> None:
        super().__init__(items)


def of_a_subclass(x: float) -> float:
    s = Stack(x, 2.0 * x)
    s.append(x * x)
    return s[0] * s.pop() + s[-1]


PROGRAMS = [
    appended,
    popped,
    reordered,
    removed,
    sliced,
    copied,
    sorted_by_key,
    of_deques,
    bounded_deque,
    cleared,
    of_tuples,
    of_a_subclass,
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("x", [0.7, 1.9])
def test_program(program: Callable[[Any], Any], x: float) -> None:
    assert dpy.check_gradient(program, x)


def test_what_grows_a_list_sees_what_is_there() -> None:
    def f(x: float) -> float:
        xs = [x]
        xs.extend(xs[-1] * x for _ in range(3))
        return xs[-1]

    assert dpy.gradient(f, 2.0) == (32.0,)  # x**4


def test_errors_are_those_of_python() -> None:
    def missing(x: float) -> float:
        xs = [x]
        xs.remove(x + 1.0)
        return xs[0]

    with pytest.raises(ValueError, match="not in list"):
        dpy.gradient(missing, 1.0)
