"""Calls that are inlined: the value, the gradient, what goes stale, and what stays a call."""

from __future__ import annotations

import math
import types
from dataclasses import dataclass

import numpy as np
import pytest

import dpy
from dpy import inlining
from dpy.specialise.store import compiled


def difference(f, *args, h=1e-6):
    """Central differences for each argument."""
    found = []
    for i, x in enumerate(args):
        up, down = list(args), list(args)
        up[i], down[i] = x + h, x - h
        found.append((f(*up) - f(*down)) / (2 * h))
    return tuple(found)


def check(f, *args, calls=None):
    """Value and gradient agree with the plain call; `calls`: what is still called."""
    y, gradient = dpy.value_and_gradient(f, *args)
    assert y == f(*args)
    assert gradient == pytest.approx(difference(f, *args), rel=1e-6, abs=1e-7)
    listing = dpy.adjoint_source(f, *args)
    if calls is not None:
        assert [name for name in calls if f"{name}_forward" in listing] == list(calls)
        assert listing.count("_forward(") == 1 + len(calls)
    return listing


def square(x):
    return x * x


def clipped(x):
    if x > 1:
        return 1 + math.log(x)
    return x


def power(x, n):
    for _ in range(n):
        x = x * x
    return x


def with_default(x, scale=0.5):
    return scale * x


@dataclass
class Vector:
    x: float
    y: float

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __mul__(self, factor):
        return Vector(self.x * factor, self.y * factor)

    __rmul__ = __mul__

    def dot(self, other):
        return self.x * other.x + self.y * other.y

    @property
    def norm(self):
        return math.sqrt(self.dot(self))


class Complex:
    def __init__(self, re, im=0.0):
        self.re = re
        self.im = im

    def __mul__(self, other):
        if isinstance(other, Complex):
            return Complex(
                self.re * other.re - self.im * other.im, self.re * other.im + self.im * other.re
            )
        return Complex(self.re * other, self.im * other)

    def __add__(self, other):
        return Complex(self.re + other.re, self.im + other.im)

    def abs2(self):
        return self.re**2 + self.im**2


def scalars(x, y):
    return square(x) * clipped(y) + clipped(square(x) + with_default(y)) + with_default(x, scale=y)


def loops(x, y):
    total = 0.0
    for i in range(3):
        y = y + power(x, i) * 0.1
        total += clipped(y)
    return total


def vectors(x, y):
    p, v = Vector(x, y), Vector(y, 1.0)
    for _ in range(4):
        p = p + 0.1 * v
        v = v + p * -0.1
    return p.norm + p.dot(v)


def complex_numbers(x, y):
    z, c = Complex(0.1, 0.2), Complex(x, y)
    for _ in range(5):
        z = z * z + c * 0.3
    return z.abs2()


def fields_only(x, y):
    return (Complex(x, y) * Complex(y) + Complex(x)).abs2()


@pytest.mark.parametrize("f", [scalars, loops, vectors, complex_numbers, fields_only])
def test_value_and_gradient(f) -> None:
    for x, y in [(0.3, 0.7), (1.4, -0.2), (-0.6, 1.3)]:
        check(f, x, y, calls=())


def test_objects_that_do_not_escape_are_not_made() -> None:
    assert "new_" not in check(fields_only, 0.3, 0.7)


def step(x, h):
    def inner(t):
        return t * h

    return inner(x)


def has_a_nested_function(x, y):
    return step(x, y) + square(y)


def factorial_like(x, n):
    if n == 0:
        return 1.0
    return x * factorial_like(x + 1, n - 1)


def recursive(x):
    return factorial_like(x, 3) + square(x)


def test_what_stays_a_call() -> None:
    check(has_a_nested_function, 0.3, 0.7, calls=("step",))
    check(recursive, 0.3, calls=("factorial_like",))


def test_large_functions_stay_calls() -> None:
    names = {"__name__": __name__}
    lines = "\n".join(f"    x = x * {1 + i / 1000} + 0.001" for i in range(inlining.SMALL))
    source = f"def large(x):\n{lines}\n    return x\n"
    import linecache

    linecache.cache["<large>"] = (len(source), None, source.splitlines(True), "<large>")
    exec(compile(source, "<large>", "exec"), names)
    large = names["large"]

    def caller(x):
        return large(x) * 2

    check(caller, 0.3)
    assert dpy.gradient(caller, 0.3)[0] == pytest.approx(difference(caller, 0.3)[0], rel=1e-6)


# --- what goes stale --------------------------------------------------------------------------


def test_a_function_that_is_replaced(monkeypatch) -> None:
    assert dpy.gradient(scalars, 2.0, 3.0) == pytest.approx(difference(scalars, 2.0, 3.0))
    monkeypatch.setitem(globals(), "square", lambda x: x * 3)
    assert dpy.gradient(scalars, 2.0, 3.0) == pytest.approx(difference(scalars, 2.0, 3.0))


def test_a_function_whose_code_or_defaults_are_replaced(monkeypatch) -> None:
    def other(x, scale=2.0):
        return scale * x * x

    before = dpy.gradient(scalars, 2.0, 3.0)
    monkeypatch.setattr(with_default, "__defaults__", (0.75,))
    assert dpy.gradient(scalars, 2.0, 3.0) == pytest.approx(difference(scalars, 2.0, 3.0))
    assert dpy.gradient(scalars, 2.0, 3.0) != before
    monkeypatch.setattr(with_default, "__code__", other.__code__)
    assert dpy.gradient(scalars, 2.0, 3.0) == pytest.approx(difference(scalars, 2.0, 3.0))


def test_a_method_that_is_replaced(monkeypatch) -> None:
    check(vectors, 0.3, 0.7)
    monkeypatch.setattr(Vector, "dot", lambda self, other: 9 + self.x * other.y)
    check(vectors, 0.3, 0.7)
    monkeypatch.setattr(Vector, "__add__", lambda self, other: Vector(self.x, other.y))
    check(vectors, 0.3, 0.7)


def test_a_constructor_that_is_replaced(monkeypatch) -> None:
    check(complex_numbers, 0.3, 0.7)

    def init(self, re, im=0.0):
        self.re = re * 2
        self.im = im

    monkeypatch.setattr(Complex, "__init__", init)
    check(complex_numbers, 0.3, 0.7)


def test_a_global_that_only_the_callee_reads(monkeypatch) -> None:
    other = types.ModuleType("other_module")
    exec("rate = 2.0\noffset = [1.0]\n", other.__dict__)
    source = "def scaled(x):\n    return rate * x + offset[0] * x * x\n"
    import linecache

    linecache.cache["<other>"] = (len(source), None, source.splitlines(True), "<other>")
    exec(compile(source, "<other>", "exec"), other.__dict__)
    scaled = other.scaled

    def caller(x):
        rate = 5.0
        return scaled(x) * rate

    for value in (2.0, 3.0, np.float64(4.0), 7):
        other.rate = value
        assert dpy.gradient(caller, 0.5)[0] == pytest.approx(difference(caller, 0.5)[0])
    other.offset[0] = 10.0
    assert dpy.gradient(caller, 0.5)[0] == pytest.approx(difference(caller, 0.5)[0])
    del other.rate
    with pytest.raises(NameError, match="rate"):
        dpy.gradient(caller, 0.5)


rate_here = 2.0


def reads_a_global(x):
    return rate_here * x


def test_a_global_hidden_by_a_local_of_the_caller() -> None:
    def caller(x):
        rate_here = x * 10
        return reads_a_global(x) * rate_here

    def other(x):
        return reads_a_global(x) + rate_here

    assert dpy.gradient(caller, 0.5)[0] == pytest.approx(difference(caller, 0.5)[0])
    assert dpy.gradient(other, 0.5)[0] == pytest.approx(2.0)


def test_a_cell_of_the_callee() -> None:
    def make(factor):
        def scaled(x):
            return factor * x

        def change(value):
            nonlocal factor
            factor = value

        return scaled, change

    scaled, change = make(2.0)
    names = globals()
    names["scaled_"] = scaled

    def caller(x):
        factor = 100.0
        return scaled_(x) + factor  # noqa: F821

    try:
        assert dpy.gradient(caller, 0.5) == (2.0,)
        change(3.0)
        assert dpy.gradient(caller, 0.5) == (3.0,)
        change(np.float64(4.0))
        assert dpy.gradient(caller, 0.5) == (4.0,)
        change(np.array(5.0))
        assert dpy.gradient(caller, 0.5) == (5.0,)
    finally:
        del names["scaled_"]


def test_a_rule_that_is_declared_later() -> None:
    def cube(x):
        return x * x * x

    globals()["cube_"] = cube

    def caller(x):
        return cube_(x)  # noqa: F821

    try:
        assert dpy.gradient(caller, 2.0) == (12.0,)

        @dpy.adjoint(cube)
        def cube_rule(x):
            return x**3, lambda d_y: (100 * d_y,)

        assert dpy.gradient(caller, 2.0) == (100.0,)
    finally:
        del globals()["cube_"]


# --- errors -----------------------------------------------------------------------------------


def ignores(x, y):
    return x * 2


def passes_something_unbound(x):
    if x > 10:
        y = x
    return ignores(x, y)


def test_an_unbound_argument_is_an_error_though_nobody_reads_it() -> None:
    with pytest.raises(UnboundLocalError):
        dpy.gradient(passes_something_unbound, 1.0)


def sometimes(x, n):
    if n > 0:
        y = x * n
    return y


def loops_over_sometimes(x):
    return sometimes(x, 1) + sometimes(x, 0)


def test_a_variable_of_an_earlier_call_is_not_seen() -> None:
    with pytest.raises(UnboundLocalError):
        dpy.gradient(loops_over_sometimes, 1.0)


def writes_in_place(a, i):
    a[i] = a[i] * a[i + 1]
    return a[i]


def mutates(x):
    a = np.array([x, 2 * x, 3 * x])
    total = 0.0
    for i in range(2):
        total += writes_in_place(a, i)
    return total + a[0] * a[2]


def test_a_callee_that_writes_to_its_argument() -> None:
    assert dpy.gradient(mutates, 0.7)[0] == pytest.approx(difference(mutates, 0.7)[0], rel=1e-6)


def test_what_is_inlined_is_known() -> None:
    dpy.gradient(scalars, 0.3, 0.7)
    groups = compiled[scalars.__code__]
    assert all(not found.callees for found in groups.values())
