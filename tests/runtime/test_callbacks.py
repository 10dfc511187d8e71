"""Functions that a builtin calls for each item: what they write counts."""

from __future__ import annotations

import bisect
import functools
import heapq
import re

import numpy as np
import pytest

import dpy
from dpy.errors import MutationError, NoAdjointError

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


class Noting:
    """Its comparisons are noted."""

    def __init__(self, v, log):
        self.v = v
        self.log = log

    def __lt__(self, other):
        self.log.append(self.v * other.v)
        return self.v < other.v

    def __bool__(self):
        self.log.append(self.v * self.v)
        return True

    def __radd__(self, other):
        self.log.append(self.v * self.v)
        return other


REFUSED = {
    "sub": lambda xs, key: re.sub("a", lambda m: "b" if key(xs[0]) else "c", "aa"),
    "bisect": lambda xs, key: bisect.bisect([1.0], 1.0, key=lambda v: key(xs[0])),
    "cmp_to_key": lambda xs, key: sorted(xs, key=functools.cmp_to_key(lambda a, b: key(a * b))),
    "vectorize": lambda xs, key: np.vectorize(key, otypes=[float])(xs),
    "frompyfunc": lambda xs, key: np.frompyfunc(key, 1, 1)(np.array(xs)),
    "along": lambda xs, key: np.apply_along_axis(lambda r: key(r[0]), 1, np.array([xs])),
    "nsmallest": lambda xs, key: min(xs, key=lambda v: key(key(v))),
}
OBJECTS = {
    "sorted": sorted,
    "sort": lambda xs: xs.sort(),
    "min": min,
    "max": lambda xs: max(*xs),
    "any": any,
    "all": all,
    "sum": sum,
    "heapify": heapq.heapify,
}


def right_or_refused(f):
    """The gradient is that of differences, or an error says that it is not known."""
    step = 1e-6
    try:
        (gradient,) = dpy.gradient(f, XS)
    except (NoAdjointError, MutationError):
        return
    for i in range(len(XS)):
        high, low = list(XS), list(XS)
        high[i] += step
        low[i] -= step
        assert gradient[i] == pytest.approx((f(high) - f(low)) / (2.0 * step), rel=1e-6)


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_what_native_code_calls(body) -> None:
    right_or_refused(noting(body))


@pytest.mark.parametrize("body", OBJECTS.values(), ids=OBJECTS)
def test_methods_that_native_code_calls(body) -> None:
    def f(xs):
        log = []
        body([Noting(x, log) for x in xs])
        return sum(log)

    right_or_refused(f)


def test_any_leaves_the_rest_alone() -> None:
    calls = []

    def f(xs):
        found = any(map(lambda v: calls.append(v) or v > 0.0, xs))
        return xs[0] * xs[1] * found

    assert dpy.gradient(f, XS) == ([1.2, 0.7],)
    assert calls == [0.7]
