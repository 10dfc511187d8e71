"""The examples of Zygote's documentation, and of two articles about it, as Python.

Left out: what belongs to second order, forward mode, hooks, checkpoints and thrown exceptions.
"""

from __future__ import annotations

import cmath
import math
import operator
import time
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest

import dpy
from dpy import Params, gradient, jacobian, pullback, value_and_gradient


@dataclass
class Point:
    x: float
    y: float

    def __add__(self, other):
        return Point(self.x + other.x, self.y + other.y)


def dist(p):
    return math.sqrt(p.x**2 + p.y**2)


def polynomial(x):
    return 3 * x**2 + 2 * x + 1


def loop_power(x, n):
    r = 1
    while n > 0:
        n -= 1
        r *= x
    return r


def recursive_power(x, n):
    return 1 if n <= 0 else x * recursive_power(x, n - 1)


# --- the first page -----------------------------------------------------------------------------


def test_polynomial():
    assert gradient(polynomial, 5) == (32.0,)
    assert gradient(lambda x, y: 3 * x**2 + 2 * x + y, 2, 2) == (14.0, 1.0)


def test_two_arguments():
    assert gradient(lambda a, b: a * b, 2, 3) == (3.0, 2.0)


def test_fraction():
    result = gradient(polynomial, Fraction(1, 4))
    assert result == (Fraction(7, 2),)
    assert type(result[0]) is Fraction


def test_power_by_loop_and_by_recursion():
    assert gradient(lambda x: loop_power(x, 3), 5) == (75.0,)
    assert gradient(lambda x: recursive_power(x, 3), 5) == (75.0,)


_table: dict = {}


def through_a_global_dict(x):
    _table["x"] = x
    return _table["x"] * _table["x"]


def test_global_dict_holds_plain_values_afterwards():
    assert gradient(through_a_global_dict, 5) == (10.0,)
    assert _table == {"x": 5}
    assert type(_table["x"]) is int


def test_points():
    assert dist(Point(1, 2) + Point(3, 4)) == 7.211102550927978
    (g,) = gradient(lambda a: dist(a + Point(3, 4)), Point(1, 2))
    assert type(g) is Point
    assert g.x == pytest.approx(0.5547001962252291, rel=1e-15)
    assert g.y == pytest.approx(0.8320502943378437, rel=1e-15)


def test_parameters_in_a_dict():
    x = np.array([0.3, 0.1, 0.9, 0.2, 0.7])
    p = {"W": np.arange(10.0).reshape(2, 5), "b": np.ones(2)}
    (g,) = gradient(lambda p: np.sum(p["W"] @ x + p["b"]), p)
    assert g["b"].tolist() == [1.0, 1.0]
    np.testing.assert_allclose(g["W"], [x, x])


class Linear:
    def __init__(self, W, b):
        self.W = W
        self.b = b

    def __call__(self, x):
        return self.W @ x + self.b


def test_callable_struct():
    x = np.array([0.3, 0.1, 0.9, 0.2, 0.7])
    model = Linear(np.ones((2, 5)), np.zeros(2))
    (g,) = gradient(lambda m: np.sum(m(x)), model)
    np.testing.assert_allclose(g.W, [x, x])
    assert g.b.tolist() == [1.0, 1.0]


# --- rules --------------------------------------------------------------------------------------


def test_pullback_of_sine():
    y, back = pullback(math.sin, 0.5)
    assert y == 0.479425538604203
    assert back(1) == pytest.approx((0.8775825618903728,), rel=1e-15)


def test_user_rule():
    def mul(a, b):
        return a * b

    calls = []

    @dpy.adjoint(mul)
    def mul_rule(a, b):
        def mul_pullback(d_c):
            calls.append(d_c)
            return d_c * b, d_c * a

        return a * b, mul_pullback

    assert gradient(mul, 2, 3) == (3.0, 2.0)
    assert calls == [1.0]


def test_gradient_of_a_point():
    (g,) = gradient(dist, Point(1, 2))
    assert (g.x, g.y) == pytest.approx((0.4472135954999579, 0.8944271909999159), rel=1e-15)


def test_one_field():
    (g,) = gradient(lambda a: a.x, Point(1, 2))
    assert g == Point(1.0, 0.0)


def test_rules_that_hide_the_fields():
    @dataclass
    class Box:
        w: float
        h: float

    def width(b):
        return b.w

    def height(b):
        return b.h

    @dpy.adjoint(width)
    def width_rule(b):
        return b.w, lambda d: (Box(d, 0.0),)

    @dpy.adjoint(height)
    def height_rule(b):
        return b.h, lambda d: (Box(0.0, d),)

    def diagonal(b):
        return math.sqrt(width(b) ** 2 + height(b) ** 2)

    assert gradient(height, Box(1, 2)) == (Box(0.0, 1.0),)
    (g,) = gradient(diagonal, Box(1, 2))
    assert (g.w, g.h) == pytest.approx((0.4472135954999579, 0.8944271909999159), rel=1e-15)

    @dpy.adjoint(Box)
    def box_rule(w, h):
        return Box(w, h), lambda d: (d.w, d.h)

    (g,) = gradient(lambda x: diagonal(Box(x, 1)), 1)
    assert g == pytest.approx(0.7071067811865475, rel=1e-15)


def test_rule_for_a_c_function():
    seen = []

    @dpy.adjoint(time.perf_counter)
    def perf_counter_rule():
        return time.perf_counter(), lambda d: ()

    def f(x):
        now = time.perf_counter()
        seen.append(now)
        return now * x

    (g,) = gradient(f, 2.0)
    assert g == seen[-1]


def test_rule_for_the_square_root():
    def root(x):
        return x**0.5

    @dpy.adjoint(root)
    def root_rule(x):
        y = math.sqrt(x)

        def root_pullback(d_y):
            return (d_y / (2 * y),)

        return y, root_pullback

    assert gradient(root, 4.0) == (0.25,)
    assert gradient(lambda x: root(x) * x, 4.0) == (3.0,)


def test_rule_that_returns_no_tuple():
    def f(x):
        return x * 2

    @dpy.adjoint(f)
    def f_rule(x):
        return x * 2, lambda d: d * 2

    with pytest.raises(dpy.errors.AdjointError, match="f.*must return a tuple"):
        gradient(lambda x: f(x), 3.0)


def test_rule_restricted_to_types():
    def size(x):
        return abs(x)

    @dpy.adjoint(size, types=(float,))
    def size_of_a_float(x):
        return abs(x), lambda d: (100.0 * d,)

    assert gradient(lambda x: size(x), 2.0) == (100.0,)
    assert gradient(lambda z: size(z), 3 + 4j) == pytest.approx((0.6 + 0.8j,))


# --- complex numbers ----------------------------------------------------------------------------


def log_of_conjugate(z):
    return cmath.log(z.conjugate())


def test_complex():
    assert gradient(lambda z: abs(z) ** 2, 1 + 2j)[0] == pytest.approx(2 + 4j)
    for log, real, imaginary in (
        (cmath.log, 0.2 - 0.4j, 0.2 - 0.4j),
        (np.log, 0.2 - 0.4j, 0.2 - 0.4j),
        (log_of_conjugate, 0.2 - 0.4j, -0.2 + 0.4j),
    ):
        (g,) = gradient(lambda z: log(z).real, 1 + 2j)
        assert complex(g).conjugate() == pytest.approx(real)
        (g,) = gradient(lambda z: log(z).imag, 1 + 2j)
        assert (-1j * complex(g)).conjugate() == pytest.approx(imaginary)


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: 3 * x**2 + 2 * x + 1, (8 + 12j, 0)),
        (lambda x: x * x.conjugate(), (1 - 2j, 1 + 2j)),
    ],
)
def test_wirtinger_derivatives(f, expected):
    (du,) = gradient(lambda x: f(x).real, 1 + 2j)
    (dv,) = gradient(lambda x: f(x).imag, 1 + 2j)
    holomorphic = (du.conjugate() + 1j * dv.conjugate()) / 2
    other = (du + 1j * dv) / 2
    assert (holomorphic, other) == pytest.approx(expected)


# --- limits of Zygote that are none here --------------------------------------------------------


def test_mutation():
    def doubled(x):
        x[:] = 2 * x
        return sum(x)

    assert gradient(doubled, np.array([1.0, 2.0, 3.0]))[0].tolist() == [2.0, 2.0, 2.0]


# --- internals, README --------------------------------------------------------------------------


def compose(f, g):
    return lambda x: f(g(x))


def test_composition():
    (g,) = gradient(compose(math.cos, math.sin), 1)
    assert g == pytest.approx(-0.40286244305285346, rel=1e-14)


def test_line():
    def f(x):
        return 5 * x + 3

    assert value_and_gradient(f, 10) == (53, (5.0,))


def test_function_chosen_at_run_time():
    functions = {"sin": math.sin, "cos": math.cos, "tan": math.tan}
    name = "sin"
    (g,) = gradient(lambda x: functions[name](x), 1)
    assert g == pytest.approx(0.5403023058681398, rel=1e-15)
    name = "cos"
    assert gradient(lambda x: functions[name](x), 1)[0] == pytest.approx(-math.sin(1))


def test_implicit_parameters_of_the_readme():
    W, b = np.ones((2, 3)), np.zeros(2)
    x = np.array([1.0, 2.0, 3.0])
    grads = gradient(lambda: np.sum(W @ x + b), Params([W, b]))
    assert grads[W].tolist() == [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]
    assert grads[b].tolist() == [1.0, 1.0]


# --- docstrings ---------------------------------------------------------------------------------


def test_pullback_with_two_seeds():
    y, back = pullback(lambda a, b, c: a * b * c, 2.0, 3.0, 5.0)
    assert y == 30.0
    assert back(1.0) == (15.0, 10.0, 6.0)
    assert back(2.0) == (30.0, 20.0, 12.0)


def test_list_result_and_seeds_with_holes():
    _, back = pullback(lambda x: [x, x], 1.0)
    assert back([1.0, 1.0]) == (2.0,)
    assert back([2.0, None]) == (2.0,)


def test_sum_of_squares():
    (g,) = gradient(lambda x: sum([v * v for v in x]), [7, 11, 13])
    assert g == [14.0, 22.0, 26.0]
    (g,) = gradient(lambda x: (x**2).sum(), np.array([7, 11, 13]))
    assert g.tolist() == [14.0, 22.0, 26.0]


def test_power_taken_from_the_shape():
    def f(x, y, tag):
        p = x.shape[0]
        return np.sum(x**p + y)

    g = gradient(f, np.array([7.0, 11.0]), 0, "tag")
    assert g[0].tolist() == [14.0, 22.0]
    assert g[1:] == (2.0, None)


def test_withgradient():
    assert dpy.withgradient(operator.truediv, 1, 2) == (0.5, (0.5, -0.25))


def test_auxiliary_outputs():
    def f(x):
        z = 1 / x
        return np.sum(z), z

    (total, z), (g,) = dpy.withgradient(f, np.array([1.0, 2.0, 4.0]))
    assert total == 1.75
    assert z.tolist() == [1.0, 0.5, 0.25]
    assert g.tolist() == [-1.0, -0.25, -0.0625]


def test_named_auxiliary_outputs():
    value, g = dpy.withgradient(lambda x, y: {"div": x / y, "mul": x * y}, 3, 4)
    assert value == {"div": 0.75, "mul": 12}
    assert g == (0.25, -0.1875)


def test_implicit_value_and_gradient():
    w = np.array([3.0])
    value, grads = dpy.withgradient(lambda: sum(w * w), Params([w]))
    assert value == 9.0
    assert grads[w].tolist() == [6.0]


def test_implicit_gradient_leaves_out_what_was_not_asked_for():
    x = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    y, z = np.array([[7.0], [8.0]]), np.array([[1.0, 10.0, 100.0]])
    grads = gradient(lambda: np.sum(x * y * z), Params([x, y]))
    assert grads[x].tolist() == [[7.0, 70.0, 700.0], [8.0, 80.0, 800.0]]
    assert grads[y].tolist() == [[321.0], [654.0]]
    assert z not in grads


def test_jacobian_of_a_slice():
    (j,) = jacobian(lambda a: 100 * a[:3] ** 2, np.arange(1.0, 8.0))
    expected = np.zeros((3, 7))
    expected[[0, 1, 2], [0, 1, 2]] = [200.0, 400.0, 600.0]
    np.testing.assert_allclose(j, expected)


def test_jacobian_of_two_arguments():
    a, x = np.array([1.0, 2.0, 3.0]), 1.0
    j_a, j_x = jacobian(lambda a, x: a**2 * x, a, x)
    np.testing.assert_allclose(j_a, np.diag([2.0, 4.0, 6.0]))
    np.testing.assert_allclose(j_x, [1.0, 4.0, 9.0])


def test_jacobian_of_a_matrix_argument():
    m = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    (j,) = jacobian(lambda m: np.prod(m, axis=1), m)
    expected = [[2, 1, 0, 0, 0, 0], [0, 0, 4, 3, 0, 0], [0, 0, 0, 0, 6, 5]]
    np.testing.assert_allclose(np.reshape(j, (3, 6)), expected)


def test_jacobian_with_a_string_argument():
    a = np.array([1.0, 2.0, 3.0])
    j_a, j_s = jacobian(lambda a, s: a ** len(s), a, "abc")
    np.testing.assert_allclose(j_a, np.diag([3.0, 12.0, 27.0]))
    assert j_s is None


def test_jacobian_with_a_tuple_argument():
    def f(a, t):
        return np.sum(a * t[0]) + t[1]

    a, t = np.array([1.0, 2.0, 3.0]), (4.0, 5.0)
    j_a, j_t = jacobian(f, a, t)
    np.testing.assert_allclose(np.reshape(j_a, (1, 3)), [[4.0, 4.0, 4.0]])
    assert j_t is None
    assert gradient(f, a, t)[1] == (6.0, 1.0)


def test_jacobian_of_a_cumulative_sum():
    (j,) = jacobian(np.cumsum, np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(j, np.tril(np.ones((3, 3))))


def test_dropped_gradients():
    assert gradient(lambda a, b: dpy.stop_gradient(a) * b, 2, 3) == (0.0, 2.0)


# --- the articles -------------------------------------------------------------------------------


class GG:
    """Two fields, one-argument constructor, operators made in a loop."""

    def __init__(self, a, b=None):
        self.a = a
        self.b = a if b is None else b

    def __len__(self):
        return 1

    def mean(self):
        return np.mean(self.a) + np.mean(self.b)


def _add_operators():
    for name, op in (
        ("add", operator.add),
        ("sub", operator.sub),
        ("mul", operator.mul),
        ("truediv", operator.truediv),
    ):

        def method(self, other, op=op):
            if isinstance(other, GG):
                return GG(op(self.a, other.a), op(self.b, other.b))
            return GG(op(self.a, other), op(self.b, other))

        def reflected(self, other, op=op):
            return GG(op(other, self.a), op(other, self.b))

        setattr(GG, f"__{name}__", method)
        setattr(GG, f"__r{name}__", reflected)


_add_operators()


def total(g):
    return np.sum(g.a) + np.sum(g.b)


def test_struct_gradient():
    (g,) = gradient(total, GG(np.ones((3, 3))))
    assert (g.a == 2.0).all()  # one array at two places shows its total at each
    (g,) = gradient(total, GG(np.ones((3, 3)), np.zeros((3, 3))))
    assert (g.a == 1.0).all()
    assert (g.b == 1.0).all()


def test_struct_loss():
    rng = np.random.default_rng(0)
    x, b = (GG(rng.random((3, 3)), rng.random((3, 3))) for _ in range(2))

    def loss(x):
        d = (x - b) * (x - b)
        return total(d) / 9

    (g,) = gradient(loss, x)
    np.testing.assert_allclose(g.a, 2 * (x.a - b.a) / 9, rtol=1e-14)
    np.testing.assert_allclose(g.b, 2 * (x.b - b.b) / 9, rtol=1e-14)


def test_struct_constructor_accumulates_both_fields():
    x = np.array([1.0, 2.0, 3.0])
    assert gradient(lambda x: np.sum(GG(x).a * GG(x).b), x)[0].tolist() == [2.0, 4.0, 6.0]


def test_struct_and_scalar():
    g = GG(np.ones(2), np.full(2, 3.0))
    (d,) = gradient(lambda s: total(2 * s), g)
    assert d.a.tolist() == d.b.tolist() == [2.0, 2.0]
    d, k = gradient(lambda s, k: total(k / s) + total(k - s), g, 6.0)
    np.testing.assert_allclose(d.a, -7.0)
    np.testing.assert_allclose(d.b, -6.0 / 9.0 - 1.0)
    assert k == pytest.approx(2 + 2 / 3 + 4)


def test_struct_mean():
    (g,) = gradient(lambda s: s.mean() * len(s), GG(np.ones((3, 3)), np.ones((3, 3)) * 2))
    np.testing.assert_allclose(g.a, 1 / 9)
    np.testing.assert_allclose(g.b, 1 / 9)


@dataclass(frozen=True)
class FrozenPair:
    a: np.ndarray
    b: np.ndarray


@dataclass
class MutablePair:
    a: np.ndarray
    b: np.ndarray


def test_frozen_and_mutable_structs_give_the_same_gradient():
    a, b = np.array([1.0, 2.0]), np.array([3.0, -1.0])
    (frozen,) = gradient(lambda p: np.sum(p.a * p.b * p.a), FrozenPair(a, b))
    (mutable,) = gradient(lambda p: np.sum(p.a * p.b * p.a), MutablePair(a, b))
    assert type(frozen) is FrozenPair
    assert type(mutable) is MutablePair
    assert frozen.a.tolist() == mutable.a.tolist() == (2 * a * b).tolist()
    assert frozen.b.tolist() == mutable.b.tolist() == (a * a).tolist()


def test_colour_step_without_conversion():
    @dataclass
    class RGB:
        r: float
        g: float
        b: float

    colour, eta = RGB(0.2, 0.4, 1), 0.1
    (d,) = gradient(lambda c: (c.r - 1) ** 2 + c.g * c.b, colour)
    new = RGB(colour.r - eta * d.r, colour.g - eta * d.g, colour.b - eta * d.b)
    assert (new.r, new.g, new.b) == pytest.approx((0.36, 0.3, 0.96))


class Dense:
    def __init__(self, weight, bias, sigma):
        self.weight, self.bias, self.sigma = weight, bias, sigma

    def __call__(self, x):
        return self.sigma(self.weight @ x + self.bias)


def test_layer_gradient_has_no_gradient_for_the_activation():
    d = Dense(np.ones((2, 3)) * 0.1, np.zeros(2), np.tanh)
    x = np.array([1.0, 2.0, 3.0])
    g, d_x = gradient(lambda m, x: np.sum(m(x)), d, x)
    slope = 1 - np.tanh(0.6) ** 2
    np.testing.assert_allclose(g.weight, slope * np.array([x, x]))
    np.testing.assert_allclose(g.bias, [slope, slope])
    np.testing.assert_allclose(d_x, np.full(3, 2 * 0.1 * slope))
    assert g.sigma is None


def test_random_compositions():
    rng = np.random.default_rng(1)
    parts = [
        (math.sin, math.cos),
        (math.exp, math.exp),
        (math.tanh, lambda x: 1 - math.tanh(x) ** 2),
        (lambda x: x * x + 1, lambda x: 2 * x),
        (lambda x: 1 / (2 + x * x), lambda x: -2 * x / (2 + x * x) ** 2),
    ]
    for _ in range(50):
        f, df = parts[rng.integers(5)]
        g, dg = parts[rng.integers(5)]
        x = float(rng.normal())
        (got,) = gradient(lambda x: f(g(x)), x)
        assert got == pytest.approx(df(g(x)) * dg(x), rel=1e-12, abs=1e-300)
