"""Errors show the user's own file and line, in forward and pullback alike."""

from __future__ import annotations

import ast
import linecache
import math
import re
import traceback

import numpy as np
import pytest
import scipy
from scipy import special

import dpy

HERE = __file__


class OwnError(Exception):
    """The user's own."""


def line_of(function, marker):
    """The number of the line of `function` that holds the comment ``# marker``."""
    start = function.__code__.co_firstlineno
    for number in range(start, start + 40):
        if linecache.getline(HERE, number).rstrip().endswith(f"# {marker}"):
            return number
    raise AssertionError(marker)


def places(error):
    """The frames of this file in the traceback, and the places named by notes, in order."""
    found = [
        (frame.filename, frame.lineno)
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == HERE
    ]
    for note in getattr(error, "__notes__", ()):
        match = re.search(r"(\S+\.py)[:\", ]+(?:line )?(\d+)", note)
        if match:
            found.append((match[1], int(match[2])))
    return found


def last_place(error, function):
    """The line of the last frame or note within `function`."""
    start = function.__code__.co_firstlineno
    inside = [line for name, line in places(error) if name == HERE and start <= line < start + 40]
    return inside[-1] if inside else None


def check(kind, f, *args, marker="here", inside=None):
    """`f` raises plainly and under every call of dpy, with the same type, text and line."""
    with pytest.raises(kind) as plain:
        f(*args)
    inside = inside or f
    for call in (dpy.gradient, dpy.value_and_gradient, dpy.pullback):
        with pytest.raises(kind) as caught:
            call(f, *args)
        assert type(caught.value) is type(plain.value)
        assert str(caught.value) == str(plain.value)
        assert last_place(caught.value, inside) == line_of(inside, marker)


# --- the forward pass ---------------------------------------------------------------------------


def raises_value_error(x):
    y = x * 2
    if y > 1:
        raise ValueError("too large")  # here
    return y


def divides_by_zero(x):
    y = x - x
    z = x * 3
    return z / y  # here


def math_domain(x):
    for i in range(3):
        x = x - i
        x = math.sqrt(x)  # here
    return x


def bad_index(x):
    xs = [x, x * x]
    total = 0.0
    for i in range(3):
        total += xs[i]  # here
    return total


def bad_key(x):
    d = {"a": x}
    return d["a"] * d["b"]  # here


def bad_attribute(x):
    y = x * 2

    return y.nothing  # here


def bad_shapes(x):
    a = np.array([x, x])
    b = np.ones(3)
    c = a * 2 + b  # here
    return c.sum()


def unbound(x):
    if x > 100:
        y = x
    z = x * y  # here
    return z


def undefined(x):
    z = x * 2
    return z * not_a_name  # noqa: F821 # here


def fails_assert(x):
    y = x * x
    if y > 0:
        raise AssertionError("never")  # here
    return y


def helper_that_fails(t):
    u = t * t
    return math.log(u - u)  # here


def fails_in_a_callee(x):
    y = x * 2
    return helper_that_fails(y) + 1


def fails_in_a_lambda(x):
    f = lambda t: t / 0  # here
    return f(x)


class Failing:
    def __init__(self, x):
        self.x = x

    def __add__(self, other):
        return self.missing(other)  # here

    @property
    def bad(self):
        raise OwnError("bad property")  # property


def fails_in_an_operator(x):
    return Failing(x) + Failing(x)


def fails_in_a_property(x):
    return Failing(x).bad


def fails_in_a_comprehension(x):
    ys = [
        x / (i - 1)  # here
        for i in range(3)
    ]
    return sum(ys)


def fails_in_a_while_loop(x):
    n = 0
    while n < 5:
        n += 1
        x = math.acos(x + n - 1)  # here
    return x


def multi_line(x):
    return (
        x * 2
        + math.log(
            x - 100.0,
        )  # any line of the call will do
    )


@pytest.mark.parametrize(
    ("kind", "f", "x"),
    [
        (ValueError, raises_value_error, 1.0),
        (ZeroDivisionError, divides_by_zero, 1.0),
        (ValueError, math_domain, 0.5),
        (IndexError, bad_index, 1.0),
        (KeyError, bad_key, 1.0),
        (AttributeError, bad_attribute, 1.0),
        (ValueError, bad_shapes, 1.0),
        (UnboundLocalError, unbound, 1.0),
        (NameError, undefined, 1.0),
        (AssertionError, fails_assert, 1.0),
        (ZeroDivisionError, fails_in_a_lambda, 1.0),
        (ZeroDivisionError, fails_in_a_comprehension, 1.0),
        (ValueError, fails_in_a_while_loop, 0.5),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_forward_error(kind, f, x):
    check(kind, f, x)


def test_forward_error_in_a_callee():
    check(ValueError, fails_in_a_callee, 1.0, inside=helper_that_fails)


def test_forward_error_in_an_operator():
    check(AttributeError, fails_in_an_operator, 1.0, inside=Failing.__add__)


def test_forward_error_in_a_property():
    check(OwnError, fails_in_a_property, 1.0, inside=Failing.bad.fget, marker="property")


def test_callers_of_the_failing_function_are_shown():
    with pytest.raises(ValueError) as caught:
        dpy.gradient(fails_in_a_callee, 1.0)
    lines = [line for _, line in places(caught.value)]
    assert fails_in_a_callee.__code__.co_firstlineno + 2 in lines


def test_multi_line_statement():
    with pytest.raises(ValueError) as caught:
        dpy.gradient(multi_line, 1.0)
    start = multi_line.__code__.co_firstlineno
    assert start < last_place(caught.value, multi_line) <= start + 5


def test_user_code_can_catch_the_error():
    def outer(x):
        try:
            return dpy.gradient(divides_by_zero, x)
        except ZeroDivisionError:
            return "caught"

    assert outer(1.0) == "caught"


def test_nothing_is_left_behind_after_an_error():
    a = np.array([1.0, 2.0])

    def f(a, fail):
        a[0] = a[1] * 3
        if fail:
            raise OwnError
        return a.sum()

    with pytest.raises(OwnError):
        dpy.gradient(f, a, True)
    assert a.tolist() == [6.0, 2.0]
    assert dpy.gradient(lambda a: f(a, False), a)[0].tolist() == [0.0, 4.0]


# --- the pullback -------------------------------------------------------------------------------


def triple(x):
    return 3 * x


@dpy.adjoint(triple)
def triple_rule(x):
    def triple_pullback(d_y):
        raise OwnError("in the rule")

    return 3 * x, triple_pullback


def uses_triple(x):
    y = x * x
    z = triple(y)  # here
    return z + 1


def loops_over_triple(x):
    for _ in range(2):
        x = x * 1.5
        x = triple(x)  # here
    return x


def calls_user_of_triple(x):
    return uses_triple(x) * x


@pytest.mark.parametrize("f", [uses_triple, loops_over_triple])
def test_error_in_the_pullback_of_a_rule(f):
    with pytest.raises(OwnError, match="in the rule") as caught:
        dpy.gradient(f, 2.0)
    assert last_place(caught.value, f) == line_of(f, "here")
    _, back = dpy.pullback(f, 2.0)
    with pytest.raises(OwnError) as caught:
        back(1.0)
    assert last_place(caught.value, f) == line_of(f, "here")


def test_error_in_the_pullback_of_a_callee():
    with pytest.raises(OwnError) as caught:
        dpy.gradient(calls_user_of_triple, 2.0)
    assert last_place(caught.value, uses_triple) == line_of(uses_triple, "here")


def test_seed_of_the_wrong_shape():
    _, back = dpy.pullback(lambda a: a * 2, np.ones(3))
    with pytest.raises(Exception, match="shape|seed"):
        back(np.ones(4))


# --- no rule ------------------------------------------------------------------------------------


def without_rule(a):
    b = a * 2
    c = special.mathieu_a(1, b)  # here
    return (b + c).sum()


def constant_use(a):
    edges = special.mathieu_a(1, np.array([0.5]))
    return (a * edges).sum()


def no_cotangent_arrives(a):
    unused = special.mathieu_a(1, a)
    return a.sum() if unused is not None else 0.0


def test_no_adjoint_error_names_function_and_line():
    with pytest.raises(dpy.errors.NoAdjointError) as caught:
        dpy.gradient(without_rule, np.array([0.2, 0.7]))
    text = str(caught.value)
    assert "mathieu_a" in text
    assert f"{HERE}:{line_of(without_rule, 'here')}" in text
    assert "@dpy.adjoint(" in text


def test_forward_of_a_function_without_rule_is_no_error():
    y, back = dpy.pullback(without_rule, np.array([0.2, 0.7]))
    assert y == without_rule(np.array([0.2, 0.7]))
    with pytest.raises(dpy.errors.NoAdjointError):
        back(1.0)


def test_constant_use_of_a_function_without_rule():
    assert dpy.gradient(constant_use, np.array([2.0]))[0] == special.mathieu_a(1, 0.5)
    assert dpy.gradient(no_cotangent_arrives, np.array([2.0]))[0].tolist() == [1.0]


def test_stub_can_be_pasted():
    with pytest.raises(dpy.errors.NoAdjointError) as caught:
        dpy.gradient(without_rule, np.array([0.2, 0.7]))
    stub = stub_of(str(caught.value))
    tree = ast.parse(stub)
    rule = tree.body[-1]
    assert isinstance(rule, ast.FunctionDef)
    assert any(isinstance(node, ast.FunctionDef) for node in rule.body)
    assert len(rule.args.args) == 2
    names = re.findall(r"@dpy\.adjoint\((\S+?)[,)]", stub)
    assert eval(names[0], {"scipy": scipy, "special": special}) is special.mathieu_a


def stub_of(text):
    """The indented block from the decorator to the return of the rule."""
    lines = text.splitlines()
    first = next(i for i, line in enumerate(lines) if "@dpy.adjoint(" in line)
    indent = lines[first].index("@dpy.adjoint(")
    body = [lines[first][indent:]]
    for line in lines[first + 1 :]:
        if line.strip() and not line.startswith(" " * indent):
            break
        body.append(line[indent:])
    return "\n".join(body)


# --- results that are no scalar -----------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [np.ones(3), [1.0, 2.0], (1.0,), 1 + 2j, True, None, "text", {"a": 1.0}],
    ids=["array", "list", "tuple", "complex", "bool", "None", "str", "dict"],
)
def test_result_that_is_no_scalar(value):
    def f(x):
        y = x * 2
        return value if y > 0 else y

    with pytest.raises(dpy.errors.NotScalarOutputError) as caught:
        dpy.gradient(f, 1.0)
    text = str(caught.value)
    assert "pullback" in text
    assert "jacobian" in text
    assert isinstance(caught.value, TypeError)


def test_array_result_shows_its_shape():
    with pytest.raises(dpy.errors.NotScalarOutputError) as caught:
        dpy.gradient(lambda a: a * 2, np.ones((2, 3)))
    assert "(2, 3)" in str(caught.value)
    assert ".sum()" in str(caught.value)
