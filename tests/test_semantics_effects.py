"""What a function does besides computing: print, log, raise, write globals; each exactly once.

PYTEST_DONT_REWRITE: the message of a failing assert is the plain one.
"""

# ruff: noqa: UP031, UP032 - older ways to format are what is tested

from __future__ import annotations

import logging
import math

import numpy as np
import pytest

from tests.programs.corpus import Case, Corpus, log, state

corpus = Corpus()
case = corpus.case

CONSTANT = 1.5
WEIGHTS = np.array([0.5, -1.0])
TABLE = {"k": 2.0}


class WrongInputError(Exception):
    """An error of the user's own."""


def report(x, label="x"):
    print(f"{label} = {x:.3f}")
    return x


@case(0.7)
def print_in_a_loop(x):
    for i in range(3):
        x = x * 1.5
        print("step", i, x, sep=":", end=";\n")
    return x


@case(0.7)
def print_in_a_callee(x):
    return report(x) * report(x * x, label="square")


@case(0.7)
def fstrings(x):
    name = f"{x!r:>10}|{x:.2e}|{type(x).__name__}|{x + 1 > 0}"
    print(f"{name} and {'nested ' + f'{x * 2:.1f}'}", f"{{}} {x=}")
    return x * len(f"{x:8.3f}")


@case(0.7)
def percent_and_format(x):
    print("%.3f %s" % (x, "a"), "{:.2f} {k}".format(x, k=x > 0), str(x), repr(x))
    return x * 2


@case(0.7)
def logging_calls(x):
    log.warning("x is %s", x)
    logging.getLogger("corpus").error(f"twice is {x * 2}")
    return x * x


@case(0.7)
def types_seen_inside_are_plain(x):
    a = np.array([x, 1.0])
    print(type(x), type(a), type(a[0]), type(a.sum()), a.dtype)
    return x * a[0]


@case(0.7)
def assert_passes(x):
    assert x > 0, "must be positive"
    assert isinstance(x, float)
    return x * x


@case(-0.7)
def assert_fails(x):
    y = x * 2
    assert y > 0, f"must be positive, not {y}"
    return y


@case(-0.7)
def raise_value_error(x):
    print("before")
    if x < 0:
        raise ValueError(f"negative: {x}")
    return x


@case(0.7)
def raise_in_a_branch_not_taken(x):
    if x < 0:
        raise ValueError("negative")
    return math.sqrt(x)


@case(0.7)
def raise_own_error_in_a_callee(x):
    def check(t):
        if t < 1:
            raise WrongInputError("too small", t)
        return t

    return check(x + 1) * check(x)


@case(0.7)
def raise_from_a_cause(x):
    raise KeyError("k") from ValueError("v")


@case(-0.7)
def math_domain_error(x):
    return math.sqrt(x)


@case(800.0)
def overflow_error(x):
    return math.exp(x)


@case(0.7)
def type_error(x):
    return x + "a"


@case(0.7)
def name_error(x):
    return x * undefined_name  # noqa: F821


@case(0.7)
def wrong_argument_count(x):
    return report(x, "a", "b")


@case(0.7)
def attribute_error_of_a_float(x):
    return x.upper()


@case(np.array([0.7, 1.0]))
def ambiguous_truth_value(a):
    return a.sum() if a > 0 else 0.0


@case(np.array([0.7, 1.0]))
def broadcast_error(a):
    return (a + np.array([1.0, 2.0, 3.0])).sum()


@case(0.7)
def error_after_mutation_leaves_what_the_plain_call_leaves(x):
    state["xs"] = [x]
    state["xs"].append(x * x)
    state["a"] = np.array([x, 0.0])
    state["a"][1] = x
    return state["xs"][7]


@case(0.7)
def global_constant(x):
    return x * CONSTANT + TABLE["k"] * x * WEIGHTS[1]


@case(0.7)
def global_dict_written(x):
    state["x"] = x
    state["y"] = state["x"] * state["x"]
    state["n"] = state.get("n", 0) + 1
    return state["y"] * x


@case(0.7)
def global_statement(x):
    global _counter, _total
    _counter = 0
    _total = x
    for _ in range(3):
        _counter += 1
        _total = _total * x
    state["count"] = _counter
    return _total * _counter


@case(0.7)
def values_left_in_caches_are_plain(x):
    cache = state.setdefault("cache", {})

    def cached(t):
        if t not in cache:
            cache[t] = math.sin(t) * t
        return cache[t]

    return cached(x) + cached(x) * cached(2.0)


@case(0.7)
def argument_list_collects_values(x):
    state["trace"] = trace = []
    for i in range(3):
        x = math.sin(x * (i + 1))
        trace.append(x)
    return trace[0] * trace[-1]


@case(0.7)
def call_order_is_kept(x):
    order = state["order"] = []

    def note(name, value):
        order.append(name)
        return value

    y = note("a", x) * note("b", x) + note("c", 1.0)
    z = [note("d", x), note("e", y)]
    z[note("f", 0)] = note("g", z[note("h", 1)])
    return z[0] * note("i", x) if note("j", True) else note("k", x)


@case(0.7)
def subscripts_are_evaluated_once(x):
    calls = state["calls"] = []

    def place():
        calls.append("place")
        return xs

    def index():
        calls.append("index")
        return 0

    xs = [x, 1.0]
    place()[index()] += x * x
    place()[index()] *= 2
    return xs[0]


@case(0.7)
def random_numbers_are_drawn_once(x):
    rng = np.random.default_rng(3)
    noise = rng.normal(size=3)
    state["next"] = float(rng.normal())
    return (x * noise).sum() * x


@case(0.7)
def iterators_are_advanced_once(x):
    numbers = iter([x, 2.0, x * x])
    first = next(numbers)
    rest = list(numbers)
    return first * rest[0] + rest[1] + len(list(numbers)) + next(numbers, x)


@case(0.7, may_refuse=True)
def try_without_exception(x):
    try:
        y = x * x
    except ValueError:
        y = 0.0
    finally:
        state["done"] = True
    return y * x


@case(0.7)
def import_inside(x):
    import math as m
    from math import cos

    return m.sin(x) * cos(x)


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
