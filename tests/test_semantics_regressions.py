"""The smallest programs of mistakes that were found: each of them gave a wrong gradient once."""

# ruff: noqa: B023 - functions that see a variable change are among the traps

from __future__ import annotations

import importlib
import json
import math
import sys
from dataclasses import dataclass

import numpy as np
import pytest

import dpy
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


# --- some arguments of a call share with the heap or with one another, others do not ------------


class Shared:
    def __init__(self):
        self.gain = 3.0
        self.items = [1.0, 2.0]


SHARED = Shared()
KEPT = [1.0, 5.0]


def _fill(owner, c, x):
    for i in range(len(c)):
        c[i] = x * owner.gain + c[i]


@case(0.7)
def list_filled_beside_a_global_object(x):
    c = [1.0, 2.0, x]
    _fill(SHARED, c, x)
    d = [c[0]]
    _fill(SHARED, d, x * x)
    return c[0] * c[2] + d[0]


def _swap_first(owner, a, b, x):
    a[0] = x * b[0]
    owner.items[0] = a[0] * a[0]
    return b[0] + owner.items[0]


@case(0.7)
def two_aliases_beside_a_fresh_list(x):
    own, a = Shared(), [x, 2.0]
    first = _swap_first(own, a, a, x)
    b = [x * x]
    return first * _swap_first(own, a, b, x) + own.items[0] * a[0]


@case(0.7)
def the_heap_given_beside_a_fresh_list(x):
    KEPT[1] = x * x
    c = [x, 1.0]
    y = _swap_first(SHARED, KEPT, c, x)
    z = _swap_first(SHARED, c, KEPT, x)
    KEPT[:] = [1.0, 5.0]
    SHARED.items[:] = [1.0, 2.0]
    return y * z + c[0]


@case(0.7)
def an_attribute_of_the_object_given_beside_it(x):
    own = Shared()
    y = _swap_first(own, own.items, [x], x)
    return y * own.items[0]


# --- tuples with names, made in C ---------------------------------------------------------------


@case(0.7)
def versions_are_constants(x):
    items = [x, 2.0]
    if (3, 8) <= sys.version_info < (99,) and sys.version_info[0] >= 3:
        items[0] = items[0] * x
    if sys.version_info[:2] < (3, 0) or sys.version_info.major == 2:
        items[1] = x
    y = items[0] * items[1] + sys.float_info.epsilon * sys.float_info[8]
    return y * (sys.version_info[-1] + sys.version_info.major)


def first_if_alone(*items):
    if len(items) == 1:
        items = items[0]
    return items


@case(0.7)
def a_tuple_replaced_by_a_longer_item(x):
    several = [first_if_alone]
    return several[0]((x, x * 2, x * 3))[1] * several[0](x, x * x)[1]


# --- numbers of NumPy, which can be indexed -----------------------------------------------------


@case(1.5)
def the_index_of_a_number(x):
    y = np.sum(np.asarray([x, 2.0]) ** 2)
    return (3 * y[..., np.newaxis]).sum() + y[()] * 2


# --- a result that is written to, of a callee that the runtime meets ------------------------------


class Filter:
    def __init__(self):
        self.points = None

    def spread(self, points):
        total = np.zeros(2)
        total += points[1]
        return total


@case(0.3)
def a_sum_made_by_a_method(x):
    f = Filter()
    f.points = np.array([[x, 1.0], [2.0, x * x]])
    total = f.spread(f.points)
    total[0] *= x
    return total.sum() + (total[:1] ** 2).sum()


def doubled(a):
    y = np.zeros(2)
    y += 2.0 * a
    return y


def same(a):
    return a


@case(0.3, 2)
def a_sum_made_by_a_function_that_is_chosen(x, k):
    y = (doubled if k > 1 else same)(np.array([x, x * x]))
    v = y[1:]
    y[0] *= 3.0
    return y.sum() + (v**2).sum()


@case(0.3)
def complex_numbers_times_arrays(x):
    several = [complex(x, 2.0 * x)]
    w = several[0] * (np.array([1.0, x]) + 1j)
    return abs(w).sum()


@case(0.3)
def powers_of_what_is_not_finite(x):
    with np.errstate(divide="ignore"):
        y = np.array([x, 0.0, 2.0 * x, np.inf]) ** (-1.0 / np.arange(1, 5))
    return y[0] + y[2]


@case(0.3)
def settings_read_while_it_runs(x):
    table = json.loads('{"scale": 2.0, "more": [1, 3.5]}')
    module = importlib.import_module("math")
    return module.sin(x) * table["scale"] + x * json.JSONDecoder().decode("[1.0, 2.5]")[1]


def through_text(x):
    return json.loads(json.dumps({"x": x}))["x"] * x


def through_a_hook(x):
    return json.loads("2.5", parse_float=lambda text: float(text) * x) * x


@pytest.mark.parametrize("function", [through_text, through_a_hook])
def test_numbers_do_not_pass_through_json(function) -> None:
    with pytest.raises(dpy.NoAdjointError):
        dpy.gradient(function, 0.3)


WHITE = (0.9, 1.1)


def weighted(x, *weights, power=1):
    return x * weights[0] + weights[1] * x ** (power + 1)


@case(0.3)
def a_generator_over_constants_is_spread(x):
    items = iter(WHITE)
    y = weighted(x, *(0.2 * w for w in WHITE), power=2)
    return y + weighted(x, *(w * w for w in items))


def parsed(line):
    try:
        return float(line[2:5]) + float(line[5:].strip())
    except ValueError:
        return 0.0


@case(0.3)
def parts_of_a_constant_text(x):
    return parsed("1 2.5 3.25 ") * x


@case(0.3)
def nothing_to_clean_up(x):
    try:
        x = 2.0 * x
    finally:
        pass
    return x * x


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_regressions(case: Case) -> None:
    case.check()
