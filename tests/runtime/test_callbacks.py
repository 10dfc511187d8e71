"""Functions that a builtin calls for each item: what they write counts."""

from __future__ import annotations

import pytest

import dpy
from dpy.errors import NoAdjointError

XS = [0.7, 1.2]


def noting(body):
    def f(xs):
        found = []

        def key(v):
            found.append(v * v)
            return v

        body(xs, key)
        return sum(found)

    return f


@pytest.mark.parametrize(
    "body",
    [
        lambda xs, key: sorted(xs, key=key, reverse=True),
        lambda xs, key: list(xs).sort(key=key),
        lambda xs, key: max(xs, key=key),
        lambda xs, key: min(*xs, key=key),
        lambda xs, key: max(iter(xs), default=None, key=key),
    ],
    ids=["sorted", "sort", "max", "min", "default"],
)
def test_what_a_key_function_writes(body) -> None:
    assert dpy.gradient(noting(body), XS) == ([1.4, 2.4],)


def test_the_chosen_item_gets_the_cotangent() -> None:
    def f(xs):
        return max(xs, key=lambda v: -v) * 3.0 + min(xs[0], 5.0, key=abs)

    assert dpy.gradient(f, [2.0, 1.0]) == ([1.0, 3.0],)


def test_the_default_of_no_items() -> None:
    def f(x):
        return max([], key=abs, default=x * x)

    assert dpy.gradient(f, 3.0) == (6.0,)
    with pytest.raises(ValueError, match="empty"):
        dpy.gradient(lambda x: max([], key=abs) * x, 3.0)


def test_sorting_by_a_key() -> None:
    def f(xs):
        a, b = sorted(xs, key=lambda v: -v)
        return a * a + 10.0 * b

    assert dpy.gradient(f, [1.0, 2.0]) == ([10.0, 4.0],)


def test_calls_that_nobody_saw_are_refused() -> None:
    def f(xs):
        found = []
        str.join("", map(lambda v: found.append(v * v) or "", xs))
        return sum(found)

    with pytest.raises(NoAdjointError, match="out of sight"):
        dpy.gradient(f, XS)
