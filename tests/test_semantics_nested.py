"""dpy within differentiated functions: inner gradients of constants; second order is refused."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import dpy
from dpy.errors import UnsupportedSyntaxError
from tests.programs.corpus import Case, Corpus, state

corpus = Corpus()
case = corpus.case

SCALE = np.array([1.0, 2.0])


def cube(z):
    return z**3


def total(a, k=1.0):
    return (a * a).sum() * k


cube_gradient = dpy.grad(cube)


# --- inner gradients of what is constant ----------------------------------------------------------


@case(0.7)
def of_a_constant(x):
    return dpy.gradient(cube, 2.0)[0] * x


@case(0.7)
def of_a_nested_function(x):
    def f(z):
        state["ran"] = state.get("ran", 0) + 1
        return z * z

    y, (g,) = dpy.value_and_gradient(f, 1.5)
    return (y + g) * x


@case(0.7)
def by_grad(x):
    return dpy.grad(cube)(2.0) * x + cube_gradient(1.5) * x * x


@case(0.7)
def by_pullback(x):
    y, back = dpy.pullback(total, SCALE)
    return float(back(1.0)[0].sum()) * x + float(y) * x


@case(0.7)
def by_other_functions(x):
    rows = dpy.jacobian(lambda a: a * a, SCALE)[0]
    y, g = dpy.value_and_grad(total, argnums=(0,))(SCALE, k=2.0)
    assert dpy.check_gradient(cube, 1.5)
    return float(rows.sum()) * x + float(g[0][1]) * float(y) * x


@case(0.7)
def descent_of_a_constant(x):
    w = 1.0
    for _ in range(3):
        w -= 0.1 * dpy.gradient(lambda z: (z - 2.0) ** 2, w)[0]
    return w * x


@case(0.7)
def stopped(x):
    g = dpy.stop_gradient(dpy.gradient(cube, dpy.stop_gradient(x))[0])
    return g * 0.0 + x * x


@case(0.7)
def on_a_tape(x):
    try:
        return dpy.gradient(cube, 2.0)[0] * x
    except ValueError:
        return x


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()


# --- second order ---------------------------------------------------------------------------------


def second(x):
    return dpy.gradient(cube, x)[0] * x


def captured(x):
    return dpy.gradient(lambda z: z * z * x, 2.0)[0] * x


def by_grad_of_x(x):
    return dpy.grad(cube)(x)


def learned(x):
    w = 1.0
    for _ in range(2):
        w -= 0.1 * dpy.grad(lambda z: (z - x) ** 2)(w)
    return w


@pytest.mark.parametrize("f", [second, captured, by_grad_of_x, learned], ids=lambda f: f.__name__)
def test_second_order_is_refused_at_its_line(f) -> None:
    y, back = dpy.pullback(f, 0.7)
    assert y == f(0.7)
    with pytest.raises(UnsupportedSyntaxError, match="a cotangent reached dpy") as info:
        back(1.0)
    code = f.__code__
    assert info.value.place.filename == code.co_filename
    assert code.co_firstlineno < info.value.place.line <= code.co_firstlineno + 3
    assert "gradients of gradients" in info.value.why


def test_the_gradient_of_a_gradient_is_refused() -> None:
    with pytest.raises(UnsupportedSyntaxError, match="a cotangent reached dpy"):
        dpy.gradient(dpy.grad(cube), 2.0)


# --- pickles --------------------------------------------------------------------------------------


def test_functions_that_give_gradients_are_pickled() -> None:
    for make in (dpy.grad, dpy.value_and_grad):
        f = pickle.loads(pickle.dumps(make(total, argnums=0)))
        assert np.array_equal(np.asarray(f(SCALE)[-1]), np.asarray(make(total)(SCALE)[-1]))
        assert f.__name__ == "total"
        assert "total" in repr(f)


def test_parameters_and_their_gradients_are_pickled_and_copied() -> None:
    w, b = np.array([1.0, 2.0]), np.array([3.0])
    grads = dpy.gradient(lambda: (w * w).sum() * b[0], dpy.Params([w, b]))
    for twin in (pickle.loads(pickle.dumps(grads)), copy.deepcopy(grads)):
        new_w, new_b = twin.keys()
        assert np.array_equal(new_w, w)
        assert np.array_equal(twin[new_w], grads[w])
        assert np.array_equal(twin[new_b], grads[b])
        assert w not in twin


def test_a_gradient_is_a_method_of_a_class() -> None:
    class Model:
        def __init__(self, k):
            self.k = k

        def loss(self, x):
            return self.k * x * x

        slope = dpy.grad(loss, argnums=1)

    assert Model(2.0).slope(3.0) == 12.0
