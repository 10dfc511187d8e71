"""The smallest programs of mistakes that were found: each of them gave a wrong gradient once."""

# ruff: noqa: B023 - functions that see a variable change are among the traps

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case

V = np.array([0.5, -1.2, 2.0])
M = np.array([[0.5, -1.2, 2.0], [0.3, 0.7, -0.4]])


@dataclass
class Pair:
    u: float

    def at(self, t):
        return math.sin(self.u) * t


# --- bound methods that outlive what they are bound to ------------------------------------------


@case(V)
def method_of_rebound_array(x):
    m = x.sum
    x = 3 * x
    return m()


@case(V)
def method_owner_rebound_by_argument(x):
    return x.dot((x := 3 * x))  # noqa: UP034


@case(V)
def method_owner_rebound_in_loop(x):
    m = x.sum
    while x[2] < 10:
        x = x * 2
    return m()


@case(V)
def method_rebound_in_loop(x):
    y = 2 * x
    m = y.sum
    t = 0.0
    for _ in range(3):
        t = t + m()
        y = y * y
        m = y.mean
    return t


@case(V)
def methods_in_list(x):
    ms = [x.sum, x.mean]
    x = 2 * x
    return ms[0]() * ms[1]()


@case(V)
def methods_in_tuple(x):
    ms = (x.sum, x.mean)
    return ms[0]() * ms[1]()


@case(V)
def method_in_dict(x):
    d = {"s": x.sum}
    x = 2 * x
    return d["s"]()


def twice(m):
    return m() * 2.0


@case(V)
def method_as_argument(x):
    return twice(x.sum) * x[0]


@case(V)
def method_of_either_branch(x):
    m = x.sum if x[0] > 0 else x.mean
    return m() * m()


@case(V)
def method_in_closure(x):
    m = x.sum

    def total():
        return m()

    x = 5 * x
    return total() * x[0]


@case(1.5)
def method_of_rebound_object(x):
    p = Pair(x)
    m = p.at
    p = Pair(2 * x)
    return m(3.0) * p.at(x)


@case(1.5)
def append_of_rebound_list(x):
    out = []
    add = out.append
    first = out
    out = [x * 7.0]
    add(x * 2.0)
    return first[0] * out[0]


# --- what rules create and read -----------------------------------------------------------------


@case(M)
def nested_list_of_array(x):
    rows = x.tolist()
    return rows[0][1] * rows[1][0]


@case(M)
def loops_over_nested_list_of_array(x):
    total = 0.0
    for row in x.tolist():
        for value in row:
            total += value * value
    return total


@case(1.7)
def sum_of_list(x):
    return sum([x, 2 * x, x * x])


@case(V)
def closure_used_in_test_only(a):
    def total(t):
        return np.sum(a)

    if total(0.85):
        return 0.5 * a[0]
    return 0.5


# --- writes --------------------------------------------------------------------------------------


@case(V)
def in_place_with_list(a):
    a[::1] -= [1.0, 2.0, 3.0]
    return (a * a).sum()


@case(V)
def loop_writes_to_what_it_zips(a):
    for x, y in zip(a, a[1:]):  # noqa: B905
        a[0] = a[0] * y + x
    a[a > 0] *= 3.0
    return a.sum()


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_regressions(case: Case) -> None:
    case.check()
