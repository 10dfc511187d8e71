"""Walks over structures: sinking cotangents into them and reading the totals."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from dpy.cotangent import ZERO
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.walk import Walk, by_value, remainder
from dpy.structs import snapshot


@pytest.mark.parametrize(
    ("xs", "expected"),
    [
        (lambda a: (1.0, 1.0, "a"), True),
        (lambda a: (a, np.zeros(3)), True),
        (lambda a: (a, a), False),
        (lambda a: (a, a[1:]), False),
        (lambda a: ([a], {"k": a.T}), False),
        (lambda a: ((a,), (1.0,)), True),
        (lambda a: (SimpleNamespace(w=a, v=1.0), [1.0]), True),
        (lambda a: 2 * ([1.0],), False),
        (lambda a: 2 * ((1.0, 2.0),), True),
        (lambda a: 2 * ((a,),), False),
    ],
)
def test_plain_means_that_nothing_is_shared(xs, expected):
    assert Walk(Accumulators(), None).is_plain(xs(np.zeros(3))) is expected


def test_a_cycle_is_not_plain():
    loop = []
    loop.append(loop)
    assert not Walk(Accumulators(), None).is_plain([loop])


def test_plain_is_judged_by_the_contents_on_entry():
    a = np.zeros(2)
    x = [a]
    entry = snapshot((x,))
    x[0] = None
    assert not Walk(Accumulators(), entry).is_plain([x, a])
    assert Walk(Accumulators(), None).is_plain([x, a])


def test_sinking_reaches_the_innermost_arrays():
    acc = Accumulators()
    w = np.zeros(2)
    x = {"layers": [SimpleNamespace(w=w, b=1.0)]}
    rest = Walk(acc, None).sink(x, {"layers": {0: {"w": np.ones(2), "b": 3.0}}})
    assert rest is ZERO
    np.testing.assert_array_equal(acc.peek(w), [1.0, 1.0])
    assert acc.peek(x["layers"][0]) == {"b": 3.0}


def test_by_value_and_remainder():
    assert by_value((1.0, 2.0), {0: ZERO, 1: ZERO}) is ZERO
    assert by_value((1.0, 2.0), {1: 3.0}) == (ZERO, 3.0)
    assert by_value([1.0], {0: 3.0}) == {0: 3.0}
    assert remainder((1.0, "a"), (2.0, ZERO), {0: 1.0, 1: "a"}, lambda x, d: d) == (2.0, ZERO)
