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


# --- deques that drop items -----------------------------------------------------------------------


def pushed_at_both_ends(x, most):
    q = deque([x, 2 * x], maxlen=most)
    y = 0.0
    for k in range(5):
        q.append(x * k)
        y += q[0] * (k + 1)
        q.appendleft(x * x + k)
        y += q[-1] * x
    return y


def extended_at_both_ends(x, most):
    q = deque([x], maxlen=most)
    q.extend([x * x, 3 * x, x])
    y = q[0]
    q.extendleft((5 * x, x * x * x))
    y += q[0] * q[-1]
    q.extend(v * x for v in [x, 2.0, x * x])
    return y + q[0] * 2 + q[-1]


def written_between(x, most):
    q = deque(maxlen=most)
    for k in range(4):
        q.append(x + k)
        q[0] = q[0] * x
        q.rotate(1)
        q.appendleft(q.pop() * q[0] if len(q) > 1 else x)
    return sum(q) * q[0]


def inserted_where_there_is_room(x, most):
    q = deque([x], maxlen=most)
    if len(q) < most:
        q.insert(0, x * x)
    q.append(x)
    return q[0] * 2 + q[-1] * x


@pytest.mark.parametrize("most", [1, 2, 3, 20])
@pytest.mark.parametrize(
    "program",
    [
        pushed_at_both_ends, extended_at_both_ends, written_between, inserted_where_there_is_room,
    ],
)  # fmt: skip
def test_bounded_deques(program: Any, most: int) -> None:
    x, h = 1.3, 1e-6
    y, (d_x, _) = dpy.value_and_gradient(program, x, most)
    assert y == program(x, most)
    difference = (program(x + h, most) - program(x - h, most)) / (2 * h)
    assert d_x == pytest.approx(difference, rel=1e-6, abs=1e-7)
    (at_two, _) = dpy.gradient(program, 2.0, most)
    assert dpy.gradient(program, 2, most)[0] == pytest.approx(at_two)  # integers count as well


def test_a_deque_of_nothing() -> None:
    def f(x):
        q = deque([x], maxlen=0)
        q.append(x)
        q.appendleft(x)
        q.extend([x, x])
        q.extendleft([x])
        return x * len(q) + x

    assert dpy.gradient(f, 2.0) == (1.0,)


def test_a_full_deque_takes_no_insertion() -> None:
    def f(x):
        q = deque([x], maxlen=1)
        q.insert(0, x)
        return q[0]

    with pytest.raises(IndexError, match="maximum size"):
        dpy.gradient(f, 2.0)
