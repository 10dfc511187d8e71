"""What is not supported yet is refused with place, reason and repair, or is right. Never wrong."""

from __future__ import annotations

import contextlib
import math

import numpy as np
import pytest

import dpy
from tests.programs.corpus import Case, Corpus, state

corpus = Corpus()


case = corpus.case


@contextlib.contextmanager
def noted(name):
    state[name] = "entered"
    yield 2.0
    state[name] = "left"


@case(-0.7)
def except_runs(x):
    try:
        y = math.sqrt(x)
    except ValueError:
        y = x * x
    return y * x


@case(0.7)
def except_after_work(x):
    total = x
    try:
        for i in range(5):
            total = total * x
            if i == 2:
                raise StopIteration(total)
    except StopIteration as stop:
        total = total + 1.0 if stop.args else 0.0
    return total


@case(0.7)
def except_of_a_callee(x):
    def risky(xs):
        xs.append(x * x)
        return [][0]

    xs = [x]
    try:
        y = risky(xs)
    except IndexError:
        y = xs[-1]
    return y * xs[0]


@case(0.7)
def try_else_finally(x):
    y = 1.0
    try:
        y = y * x
    except ValueError:
        y = 0.0
    else:
        y = y * x
    finally:
        y = y * x
        state["finally"] = True
    return y


@case(0.7)
def with_block(x):
    with noted("a") as k:
        y = x * k
    return y * x


@case(0.7)
def with_suppressed_error(x):
    y = x
    with contextlib.suppress(ZeroDivisionError):
        y = x * x
        y = y / 0
    return y * 3.0


@case(0.7)
def with_errstate(x):
    with np.errstate(all="ignore"):
        return np.sqrt(x) * x


@case(0.7)
def generator_function(x):
    def powers(t):
        p = 1.0
        for _ in range(4):
            yield p
            p = p * t

    return sum(powers(x)) * x


@case(0.7)
def generator_with_state(x):
    def count(t):
        n = 0
        while True:
            n += 1
            yield t * n

    g = count(x)
    return next(g) * next(g) + next(g)


@case(0.7)
def yield_from(x):
    def inner(t):
        yield t
        yield t * t

    def outer(t):
        yield from inner(t)
        yield t * 3

    a, b, c = outer(x)
    return a * b * c


@case([0.7, 1.2])
def generator_expression_as_argument(xs):
    return math.prod(x * x for x in xs)


@case((0.7, 1.2))
def match_statement(t):
    match t:
        case (x, 0.0):
            return x
        case (x, y) if y > 1:
            return x * y * y
        case _:
            return 0.0


@case("square", 0.7)
def match_on_a_string(how, x):
    match how:
        case "sin":
            return math.sin(x)
        case "square" | "sq":
            return x * x
    return x


@case(0.7, may_refuse=True)
def class_inside(x):
    class Box:
        k = x

        def area(self):
            return self.k * x

    return Box().area()


@case(0.7, may_refuse=True)
def eval_inside(x):
    return eval("x * x")


@case(0.7, may_refuse=True)
def exec_inside(x):
    scope = {"x": x}
    exec("y = x * x", scope)
    return scope["y"]


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()


def test_async_function_is_refused() -> None:
    async def f(x: float) -> float:
        return x * x

    with pytest.raises(dpy.errors.DpyError) as caught:
        dpy.gradient(f, 2.0)
    assert "async" in str(caught.value) or "coroutine" in str(caught.value)


def test_generator_function_has_no_scalar_result() -> None:
    def f(x):
        yield x

    with pytest.raises(dpy.errors.DpyError):
        dpy.gradient(f, 2.0)


def test_refusal_inside_a_callee_names_the_callee() -> None:
    def callee(t):
        return eval("t * t")

    def f(x):
        return callee(x) * x

    try:
        assert dpy.gradient(f, 2.0) == (12.0,)
    except dpy.errors.UnsupportedSyntaxError as error:
        assert error.place is not None
        assert error.place.line == callee.__code__.co_firstlineno + 1
