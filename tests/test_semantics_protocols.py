"""Builtin functions on objects with special methods, and ``operator`` as functions."""

from __future__ import annotations

import copy
import functools
import math
import operator

import numpy as np
import pytest

import dpy
from dpy.runtime.special_methods import user_method
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


class Angle:
    """A number of its own, with every special method there is."""

    def __init__(self, v, k=1.0):
        self.v = v
        self.k = k
        self.calls = []

    def __abs__(self):
        self.calls.append(self.v * 2)
        return Angle(abs(self.v) * self.k)

    def __float__(self):
        return self.v * self.k

    def __int__(self):
        return 3

    def __complex__(self):
        return complex(self.v, self.k)

    def __round__(self, n=0):
        return self.v * 10**n

    def __floor__(self):
        return self.v * 2

    def __ceil__(self):
        return self.v * 3

    def __trunc__(self):
        return self.v * 4

    def __len__(self):
        return 2

    def __bool__(self):
        return self.v > 0

    def __neg__(self):
        return Angle(-self.v, self.k)

    def __pos__(self):
        return self.v * 5

    def __invert__(self):
        return self.v * self.k

    def __divmod__(self, other):
        return self.v * 2, other * self.k

    def __rdivmod__(self, other):
        return other, self.v

    def __pow__(self, p, mod=None):
        return self.v * p

    def __rpow__(self, base):
        return base * self.v * self.k

    def __getitem__(self, i):
        return self.v * i

    def __call__(self, a, *, b=1.0):
        return self.v * a * b + self.k

    def __lt__(self, other):
        return self.v < other.v

    def __eq__(self, other):
        return self.v == other.v

    def __hash__(self):
        return 7

    def __add__(self, other):
        return Angle(self.v + getattr(other, "v", other), self.k)

    __radd__ = __add__

    def __copy__(self):
        return Angle(self.v * 2, self.k)

    def __deepcopy__(self, memo):
        return Angle(self.v * 3, self.k)

    def __index__(self):
        return 1

    def __contains__(self, x):
        self.calls.append(x * self.v)
        return True


@case(0.7, 1.2)
def conversions(x, y):
    a = Angle(x, y)
    n = abs(a).v * float(a) + int(a) * x + a.calls[0]
    n += round(a, 1) * math.floor(a) + math.ceil(a) * math.trunc(a) + round(a)
    z = complex(a)
    return n * z.real + z.imag + len(a) + (x if a else y) + [x, y, 3.0][a]


@case(0.7, 1.2)
def unary_and_binary(x, y):
    a = Angle(x, y)
    p, q = divmod(a, y)
    r, s = divmod(x, a)
    return (-a).v * +a + ~a * pow(a, 2) + 3.0**a + p * q + r * s + a**x + a[2] * a(x, b=y)


@case(0.7, 1.2)
def comparisons(x, y):
    a, b = Angle(x), Angle(y, x)
    first = min(a, b)
    last = max([b, a])
    ordered = sorted([b, a])
    total = sum([a, b, a])
    return first.v * last.k + ordered[0].v + total.v * (a == a) + (a != b) * x + sum([a], y).v


@case(0.7, 1.2)
def copies(x, y):
    a = Angle(x, y)
    b = copy.copy(a)
    c = copy.deepcopy(a)
    a.v = 5.0
    d = copy.deepcopy({"p": [x, [y]], "q": np.array([x, y])})
    d["p"][1].append(d["p"][0] * 2)
    e = copy.copy(d["p"])
    e[0] = 3.0
    return b.v * c.v + c.k * d["q"][1] + sum(e[1]) * d["p"][0]


@case(0.7, 1.2)
def membership(x, y):
    a = Angle(x, y)
    w = a.v * a.k
    found = y in a
    return w * a.k + (a.calls[-1] if found else 0.0)


@case(0.7, 1.2)
def operators_as_functions(x, y):
    xs = [x, y]
    operator.setitem(xs, 0, operator.mul(x, y))
    operator.iadd(xs, [x])
    operator.delitem(xs, 1)
    a = operator.add(Angle(x), Angle(y))
    b = operator.concat(xs, [y])
    ops = [operator.add, operator.sub, operator.truediv, operator.pow]
    total = sum([op(x, y) for op in ops])
    return total * operator.getitem(b, -1) + a.v * operator.neg(xs[0]) + operator.abs(-y)


@case(0.7, 1.2)
def getters(x, y):
    a = Angle(x, y)
    a.inner = Angle(y, x)
    get = operator.attrgetter("v", "inner.k")
    p, q = get(a)
    u, v = operator.itemgetter(1, 0)([x, y * 2])
    w = operator.itemgetter("k")({"k": x * y})
    call = operator.methodcaller("__call__", x, b=y)
    total = sum(map(operator.attrgetter("v"), [a, a.inner]))
    return p * q + u * v * w + call(a) + total * max([a, a.inner], key=operator.attrgetter("v")).k


@case([0.7, 1.2, 2.0])
def reductions(xs):
    a = functools.reduce(operator.mul, xs)
    b = functools.reduce(lambda p, q: p * q + p, map(lambda v: v * v, xs), xs[1])
    c = functools.reduce(lambda p, q: p + [q * p[-1]], xs, [1.0])
    return a * b + c[-1] * c[1]


@case([0.7, 1.2], 0.4)
def sums(xs, x):
    a = sum(xs, x)
    b = sum([xs, [x], xs], [])
    c = sum([(v, v * x) for v in xs], ())
    d = sum([np.array([x, v]) for v in xs])
    e = sum({"p": x, "q": xs[0]}.values(), start=xs[1])
    return a * b[2] + b[4] + c[1] * c[2] + d[0] * d[1] + e * sum([]) + e


class Special(float):
    def __mul__(self, other):
        return float.__mul__(self, other) * 2


class Table(dict):
    def __getitem__(self, key):
        return dict.__getitem__(self, key) * 2

    def raw(self, key):
        return super().__getitem__(key)


@case(0.7)
def special_methods_by_name(x):
    t = Table(a=x)
    y = x.__mul__(3.0).__add__(x)
    xs = [x]
    xs.__setitem__(0, y)
    list.append(xs, x)
    xs.__iadd__([y])
    return t["a"] * t.raw("a") + xs.__getitem__(0) * xs[1] + float.__neg__(y) + (2.0).__rsub__(x)


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_programs(case: Case) -> None:
    case.check()


def test_user_method_is_that_of_the_first_class_that_has_it() -> None:
    class Child(Angle):
        __abs__ = None

    assert user_method(Angle, "__abs__") is Angle.__dict__["__abs__"]
    assert user_method(Child, "__abs__") is None
    assert user_method(Child, "__neg__") is Angle.__dict__["__neg__"]
    assert user_method(float, "__neg__") is None


def test_wrong_types_raise_as_in_python() -> None:
    class Odd:
        def __bool__(self):
            return 1.0

        def __float__(self):
            return "no"

    for f in (lambda x: bool(Odd()) * x, lambda x: float(Odd()) * x):
        with pytest.raises(TypeError):
            f(1.0)
        with pytest.raises(TypeError):
            dpy.gradient(f, 1.0)
    with pytest.raises(TypeError, match="empty"):
        dpy.gradient(lambda xs: functools.reduce(operator.add, xs[1:]), [1.0])


def test_code_in_strings_is_refused_when_a_cotangent_reaches_it() -> None:
    def executed(x):
        scope = {"x": x}
        exec("y = x * x", scope)
        return scope["y"]

    with pytest.raises(dpy.errors.UnsupportedSyntaxError, match="exec"):
        dpy.gradient(executed, 2.0)
    assert dpy.gradient(lambda x: x * eval("1 + 2", {}), 2.0) == (3.0,)
