"""Loops over tuples that are written out: what they compute, and which stay loops."""

from __future__ import annotations

import math

import pytest

import dpy


def check(f, *args, loops=0):
    """Value and gradient agree with the plain call; `loops`: how many are left."""
    y, gradient = dpy.value_and_gradient(f, *args)
    assert y == f(*args)
    h = 1e-6
    for i, x in enumerate(args):
        if type(x) is float:
            up, down = ([*args[:i], x + e, *args[i + 1 :]] for e in (h, -h))
            assert gradient[i] == pytest.approx((f(*up) - f(*down)) / (2 * h), rel=1e-6, abs=1e-8)
    forward = dpy.adjoint_source(f, *args).partition("_pullback(")[0]
    assert sum(line.strip().startswith("for ") for line in forward.splitlines()) == loops


def axpy(a, x, y):
    return tuple([a * p + q for p, q in zip(x, y, strict=False)])


def axpy_generator(a, x, y):
    return tuple(a * p + q for p, q in zip(x, y))  # noqa: B905


def sum_of_products(a, b):
    x = axpy_generator(a, (1.0, b, 2.0), (b, a, 0.5))
    y = axpy_generator(b, x, x)
    total = 0.0
    for i, v in enumerate(y):
        total += v * (i + 1)
    return total


def rows(a, b):
    x, y = [row[0] * a + row[1] * b for row in ((1.0, 2.0), (a, 4.0))]
    return x * y


def last_item_is_left(a, b):
    total = 0.0
    for v in (a, b, a * b):
        total = total * v + math.sin(v)
    return total * v


def assigns_its_target(a, b):
    total = 1.0
    for v in (a, b):
        v = v * 2
        total = total + v * total
    return total + v


def carries_a_variable(a, b):
    before = 1.0
    total = 0.0
    for v in (a, b, 3.0):
        total += v * before
        before = v
    return total


def uneven(a, b):
    total = 0.0
    for p, q in zip((a, b, a), (b, a)):  # noqa: B905
        total += p * p * q
    return total


def with_a_condition(a, b):
    xs = [v * v for v in (a, b, -1.0) if v > 0]
    return sum(xs)


def list_that_is_kept(a, b):
    xs = [v * v for v in (a, b)]
    ys = xs
    ys.append(a)
    return xs[0] + xs[1] * xs[2]


def squares(a, b):
    xs = [a * i + b for i in range(3)]
    return xs[0] * xs[1] * xs[2]


def nested(a, b):
    m = ((a, b), (b, 2.0))
    rows = [[v * w for w in row] for row, v in zip(m, (a, b))]  # noqa: B905
    return rows[0][0] * rows[0][1] + rows[1][0] * rows[1][1]


@pytest.mark.parametrize(
    "f",
    [
        sum_of_products, rows, last_item_is_left, assigns_its_target, carries_a_variable, uneven,
        list_that_is_kept, squares,
    ],
)  # fmt: skip
def test_value_and_gradient(f) -> None:
    check(f, 0.4, 1.3)
    check(f, 2.0, 0.25)


def test_a_loop_around_is_kept() -> None:
    check(nested, 0.4, 1.3, loops=1)


def breaks(a, b):
    total = 0.0
    for v in (a, b, a):
        total += v * v
        if total > 1:
            break
    return total


def many(a, b):
    total = 0.0
    for v in (a, b) * 20:
        total += v * v
    return total


def plain_range(a, b):
    for _ in range(3):
        a = a * b
    return a


@pytest.mark.parametrize("f", [breaks, plain_range, with_a_condition])
def test_these_stay_loops(f) -> None:
    check(f, 0.4, 1.3, loops=1)


def test_long_tuples_stay_loops() -> None:
    check(many, 0.4, 1.3, loops=1)


def empty(a):
    for v in ():
        a = a * v
    return a


def test_an_empty_tuple_leaves_the_variable_unbound() -> None:
    assert dpy.gradient(empty, 2.0) == (1.0,)


def test_functions_made_in_a_loop_keep_what_they_were_given() -> None:
    def f(a, b):
        made = [lambda t, v=v: t * v for v in (a, b)]
        return made[0](a) + made[1](2.0)

    check(f, 0.4, 1.3, loops=1)


def test_a_tuple_of_a_tuple() -> None:
    def f(a, b):
        x = tuple((a * b, a))
        return x[0] * x[1]

    check(f, 0.4, 1.3)


def test_zip_that_is_strict_is_left_to_python() -> None:
    def f(a, b):
        return sum(p * q for p, q in zip((a, b), (b, a, a), strict=True))

    with pytest.raises(ValueError, match="zip"):
        dpy.gradient(f, 0.4, 1.3)


class Scale:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, x):
        return x * self.factor


class Shift:
    def __init__(self, offset):
        self.offset = offset

    def __call__(self, x):
        return x + self.offset


class Model:
    def __init__(self, *layers):
        self.layers = layers

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


def test_layers_of_different_classes_are_called_one_by_one() -> None:
    def f(a, b):
        return Model(Scale(a), Shift(b), math.sin, Scale(b))(a)

    def g(m, a):
        return m(a) * a

    check(f, 0.4, 1.3)
    model = Model(Scale(0.4), Shift(1.3), math.sin, Scale(1.3))
    check(g, model, 0.7)
    assert "call_(" not in dpy.adjoint_source(g, model, 0.7)
    d = dpy.gradient(g, model, 0.7)[0]
    assert d.layers[2] is None
    assert d.layers[3].factor == pytest.approx(0.7 * math.sin(0.7 * 0.4 + 1.3))


class Growing:
    """A layer that changes the model which calls it."""

    def __init__(self, model):
        self.model = model

    def __call__(self, x):
        self.model.layers = (*self.model.layers[1:], Scale(3.0), Shift(0.5))
        return x * 2.0


def twice(model, x):
    for _ in range(2):
        for layer in model.layers:
            x = layer(x)
    return x


def growing():
    model = Model()
    model.layers = (Growing(model), Scale(3.0))
    return model


def test_a_layer_that_changes_the_model_is_seen() -> None:
    def made_inside(a):
        model = Model()
        model.layers = (Growing(model), Scale(3.0))
        return twice(model, a)

    for _ in range(5):
        assert dpy.value_and_gradient(made_inside, 0.4) == (made_inside(0.4), (54.0,))
        y, (_, d) = dpy.value_and_gradient(twice, growing(), 0.4)
        assert (y, d) == (twice(growing(), 0.4), 54.0)
