"""Built-in functions and `math`, called the way people call them."""

# ruff: noqa: B905 - plain zip is what is tested

from __future__ import annotations

import builtins
import math
import operator

import numpy as np
import pytest

from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


@case(0.7, -1.2)
def abs_of_floats(x, y):
    return abs(x) * abs(y) + abs(x * y)


@case([0.7, -1.2, 2.0])
def sum_of_a_list(xs):
    return sum(xs) * sum(xs, 3.0) + sum(xs[1:], start=xs[0])


@case(0.7, -1.2)
def min_max_of_arguments(x, y):
    return max(x, y, 0.1) * 2 + min(x, y) + max(x * y, -5)


@case([0.7, -1.2, 2.0])
def min_max_of_a_list(xs):
    return max(xs) * min(xs) + max(xs, key=abs) + min(xs, key=lambda v: (v - 1) ** 2)


@case(0.7, 0.7, leaves=[1.0, 0.0])
def max_takes_the_first_of_equals(x, y):
    return max(x, y)


@case([])
def max_of_an_empty_list(xs):
    return max(xs)


@case([], 0.7)
def max_with_default(xs, x):
    return max(xs, default=x) * x


@case([0.7, -1.2, 2.0])
def sorted_lists(xs):
    a, b = sorted(xs), sorted(xs, reverse=True)
    c = sorted(xs, key=lambda v: -abs(v))
    return a[0] + 10 * a[1] + 100 * b[0] + 1000 * c[0] * c[2]


@case([0.7, 1.2, 2.0])
def map_and_filter(xs):
    ys = list(map(lambda v: v * v, xs))
    zs = list(filter(lambda v: v > 1, xs))
    ws = list(map(lambda a, b: a * b, xs, ys))
    return sum(ys) * zs[0] + sum(map(math.sin, xs)) + ws[2]


@case([0.7, 1.2], [2.0, 3.0])
def zip_enumerate_as_lists(xs, ys):
    pairs = list(zip(xs, ys))
    numbered = list(enumerate(xs))
    back = dict(zip("ab", xs))
    columns = list(zip(*pairs))
    return pairs[0][0] * pairs[1][1] + numbered[1][1] * numbered[1][0] + back["a"] + columns[0][1]


@case([0.7, 1.2, -0.1])
def reversed_as_a_list(xs):
    ys = list(reversed(xs))
    return ys[0] * ys[2] + ys[1]


@case([0.7, 1.2, -0.1])
def any_all(xs):
    k = 2.0 if any([v < 0 for v in xs]) else 3.0
    return k * xs[0] if all([v > -1 for v in xs]) else xs[1]


@case(0.73, 3)
def float_int_round(x, n):
    return float(x) * int(3.9) + float(n) * x + round(x) * x + float("1.5") * x + int(x * 10)


@case(0.7)
def round_is_flat(x):
    return round(x, 1) + round(x) + math.floor(x) + math.ceil(x) + math.trunc(x) + x


@case(1.7, 0.6)
def pow_and_divmod(x, y):
    q, r = divmod(x, y)
    return pow(x, y) + pow(x, 2) * q + r * x + pow(2, 3) * x


@case(-1.7)
def powers_of_a_negative(x):
    return x**2 + x**3 + x**-1 + x**0 + math.pow(x, 3)


@case(0.0, leaves=[1.0])
def powers_of_zero(x):
    return x**1 + x**2 + x**3


@case(0.7)
def list_tuple_set_dict_calls(x):
    xs = list((x, x * x))
    t = tuple(xs)
    d = dict(a=x, b=t[1])
    e = dict([("c", x), ("d", 2.0)])
    return xs[0] * t[1] + d["b"] * e["c"] + len(set([1, 2, 2])) + list(range(3))[2] * x


@case((0.7, 1.2))
def isinstance_and_type(t):
    if isinstance(t, tuple) and type(t[0]) is float and issubclass(bool, int):
        return t[0] * t[1]
    return 0.0


@case(0.7)
def callable_id_hash(x):
    f = math.sin if callable(math.sin) else None
    a = b = [x]
    same = id(a) == id(b) and hash("a") == hash("a")
    return f(x) if same else x


@case(0.7)
def operator_module(x):
    y = operator.add(x, operator.mul(x, x))
    return operator.truediv(y, 2.0) - operator.neg(x) + operator.getitem([x, y], 1)


@case(0.7)
def operator_getters(x):
    second = operator.itemgetter(1)
    return second([x, x * x]) * operator.sub(3.0, x)


@case(0.7, 1.3)
def math_functions(x, y):
    return (
        math.sin(x) + math.cos(x) * math.tan(x) + math.asin(x) + math.acos(x) + math.atan(y)
        + math.atan2(x, y) + math.sinh(x) + math.cosh(x) + math.tanh(y) + math.asinh(y)
        + math.acosh(y) + math.atanh(x) + math.exp(x) + math.expm1(x) + math.log(x)
        + math.log(x, 3.0) + math.log10(y) + math.log2(y) + math.log1p(x) + math.sqrt(x)
        + math.cbrt(y) + math.hypot(x, y) + math.pow(x, y) + math.fabs(-x) + math.erf(x)
        + math.erfc(y) + math.gamma(y) + math.lgamma(y) + math.degrees(x) + math.radians(y)
        + math.copysign(x, -y) + math.fmod(y, x) + math.exp2(x)
    )  # fmt: skip


@case(2.3, 0.7)
def math_remainders(x, y):
    return math.fmod(x, y) + math.remainder(x, y) * 2 + math.modf(x)[0] * x + math.dist([x], [y])


@case([0.7, 1.3, -2.0])
def math_over_sequences(xs):
    return math.fsum(xs) + math.prod(xs) * 2 + math.prod(xs, start=3.0) + math.hypot(*xs)


@case(0.7)
def math_constants_and_tests(x):
    ok = math.isfinite(x) and not math.isnan(x) and math.isclose(x, x)
    return x * math.pi * math.e if ok else math.inf


@case(0.7)
def complex_numbers_inside(x):
    z = complex(x, 2.0) * 1j + x
    w = z * z.conjugate()
    return w.real + abs(z) + (z**2).imag


@case([0.7, 1.2])
def builtins_module(xs):
    return builtins.sum(xs) * builtins.max(xs)


@case([0.7, 1.2, -3.0])
def count_index_join(xs):
    names = ",".join(["a", "b"]).upper().split(",")
    return xs[xs.index(1.2)] * xs.count(0.7) * len(names) if False else xs[0] * len(names)


@case(0.7)
def next_and_iter(x):
    it = iter([x, x * x, 3.0])
    a = next(it)
    total = 0.0
    for v in it:
        total += v * a
    return total


@case(0.7, np.array([1.0, -2.0]))
def builtins_on_arrays(x, a):
    return sum(a * x) + max(a) * abs(a)[1] + float(a[0]) * len(a) + min(a.tolist()) + (x + a)[0]


@case(0.7)
def print_returns_none(x):
    return x if print(end="") is None else -x


@case(0.7)
def slice_objects(x):
    xs = [x, x * x, 3.0, x + 1]
    part = xs[slice(1, None, 2)]
    return part[0] * part[1]


@case(0.7)
def float_methods(x):
    return x.real * x.conjugate() + x.imag + (2 if x.is_integer() else 3) * x


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
