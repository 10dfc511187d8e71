"""Numerical differences against derivatives known in closed form."""

from __future__ import annotations

import functools
import math
import threading
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from dpy.errors import NotScalarOutputError
from dpy.numerical import Leaf, Line, all_leaves, copies, follow, numerical_gradient
from dpy.tangent import Tangent


def close(got, expected, rtol=1e-9):
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=1e-11)


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (np.sin, 1.3, np.cos(1.3)),
        (np.exp, 20.0, np.exp(20.0)),
        (np.log, 1e-6, 1e6),
        (lambda x: x**3, 0.0, 0.0),
        (lambda x: x**2, 1e8, 2e8),
        (np.sqrt, 1e-3, 0.5 / np.sqrt(1e-3)),
        (lambda x: 7.0, 2.0, 0.0),
        (lambda x: x * x, 3, 6.0),
        (lambda x: np.sin(50 * x), 0.2, 50 * np.cos(10.0)),
    ],
)
def test_derivatives_of_numbers(f, x, expected):
    close(numerical_gradient(f, x)[0], expected)


def test_the_error_estimate_covers_the_error():
    rng = np.random.default_rng(0)
    for x in rng.uniform(-2, 2, 20):
        leaf = Leaf((0,), float(x), "x")
        value, error = Line(lambda t: np.exp(np.sin(3 * t)), [float(x)], {}, leaf, 1.0).derivative()
        exact = np.exp(np.sin(3 * x)) * 3 * np.cos(3 * x)
        assert abs(value - exact) <= 10 * error + 1e-13
        assert error < 1e-8


def test_complex_arguments():
    g = numerical_gradient(lambda z: abs(z) ** 2 + z.real, 2 + 3j)[0]
    close(g, 5 + 6j)
    z = np.array([1 + 1j, 2j])
    close(numerical_gradient(lambda z: np.sum(np.abs(z) ** 2), z)[0], 2 * z)


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float32, 1e-3), (np.float16, 5e-2)])
def test_short_floats(dtype, rtol):
    x = np.array([0.5, 1.5, -1.0], dtype)
    g = numerical_gradient(lambda x: np.sum(x**3), x)[0]
    assert g.dtype == dtype
    close(g, 3 * x.astype(float) ** 2, rtol)
    g = numerical_gradient(lambda x: x * x * x, dtype(1.5))[0]
    assert type(g) is dtype
    close(g, 6.75, rtol)


def test_other_numbers():
    f = lambda x: 3 * x * x + 2 * x + 1  # noqa: E731
    g = numerical_gradient(f, Fraction(1, 4))[0]
    assert isinstance(g, Fraction)
    close(float(g), 3.5)
    g = numerical_gradient(f, Decimal("0.25"))[0]
    assert isinstance(g, Decimal)
    close(float(g), 3.5)


def test_structured_arguments():
    @dataclass(frozen=True)
    class Colour:
        r: float
        name: str

    @dataclass(slots=True)
    class Layer:
        w: np.ndarray
        k: int

    class Free:
        def __init__(self):
            self.a = [1.0, (2.0, {"b": 3.0})]

    def f(colour, layer, free):
        return colour.r**2 + np.sum(layer.w**2) * layer.k + free.a[1][0] * free.a[1][1]["b"]

    c, layer, free = numerical_gradient(f, Colour(2.0, "x"), Layer(np.array([1.0, 2.0]), 3), Free())
    assert type(c) is Colour
    assert c.name is None
    close(c.r, 4.0)
    close(layer.w, [6.0, 12.0])
    close(layer.k, 5.0)
    assert type(free) is Tangent
    close(free.a[0], 0.0)
    close(free.a[1][0], 3.0)
    close(free.a[1][1]["b"], 2.0)


def test_closures_methods_and_partials():
    w, u = np.array([1.0, 2.0]), 3.0

    def model(x, b=2.0, *, c=5.0):
        return float(w @ w) * x * u + b * b + c * c

    g = numerical_gradient(lambda m: m(1.0), model)[0]
    close(g.w, [6.0, 12.0])
    close(g.u, 5.0)
    close((g.b, g.c), (4.0, 10.0))
    assert (w.tolist(), u) == ([1.0, 2.0], 3.0)

    class Dense:
        def __init__(self):
            self.w = 3.0

        def apply(self, x):
            return self.w**2 * x

    close(numerical_gradient(lambda m: m(2.0), Dense().apply)[0].w, 12.0)
    g = numerical_gradient(lambda p: p(), functools.partial(pow, 3.0, 2.0))[0]
    close(g.args[0], 6.0)


def test_an_integer_that_is_an_index_has_no_slope():
    g = numerical_gradient(lambda xs, i, n: xs[i] ** 2 + sum(range(n)), [2.0, 3.0], 1, 4)
    close(g[0], [0.0, 6.0])
    assert g[1:] == (0.0, 0.0)


def test_the_function_may_change_its_arguments():
    def f(xs, a, obj):
        a *= 2.0
        xs.append(a[0])
        obj.count += 1
        return sum(xs) * a[1]

    xs, a, obj = [1.0], np.array([3.0, 5.0]), SimpleNamespace(count=0)
    g = numerical_gradient(f, xs, a, obj)
    close(g[0], [10.0])
    close(g[1], [20.0, 14.0])
    assert xs == [1.0]
    assert a.tolist() == [3.0, 5.0]
    assert obj.count == 0


def test_one_object_at_two_places_moves_at_both():
    w = np.array([1.0, 2.0])
    f = lambda a, b: float(a @ b)  # noqa: E731
    for g in numerical_gradient(f, w, w):
        close(g, 2 * w)
    close(numerical_gradient(lambda a, v: a.sum() * v[0], w, w[1:])[0], [2.0, 5.0])
    k = np.array([2, 3])
    close(numerical_gradient(lambda a, v: float(a.sum() * v[0]), k, k[1:])[0], [3.0, 8.0])
    box = SimpleNamespace(w=2.0)
    assert [round(g.w, 9) for g in numerical_gradient(lambda a, b: a.w * b.w, box, box)] == [4, 4]


def test_numbers_are_by_place():
    @dataclass(frozen=True)
    class Colour:
        r: float

    c = Colour(3.0)
    pair = (2.0, 2.0)
    g = numerical_gradient(lambda a, b, p, q: a.r * b.r**2 + p[0] * q[1] ** 2, c, c, pair, pair)
    close((g[0].r, g[1].r), (9.0, 18.0))
    close(g[2] + g[3], (4.0, 0.0, 0.0, 8.0))


def test_cycles_and_what_cannot_be_copied():
    node = SimpleNamespace(w=2.0, lock=threading.Lock(), numbers=(i for i in range(3)))
    node.self = node
    g = numerical_gradient(lambda n: n.self.w**2, node)[0]
    close(g.w, 4.0)
    assert g.self is None


def test_copies_keep_what_is_shared():
    w = np.arange(4.0)
    inner = [w]
    args = (inner, inner, w[1:], w.reshape(2, 2).T)
    a, b, v, m = copies(args, {})
    assert a is b
    assert a is not inner
    v[0] = 9.0
    assert a[0][1] == 9.0
    assert m[1, 0] == 9.0
    assert w[1] == 1.0


def test_leaves_have_readable_names():
    arg = {"k": [1.0, SimpleNamespace(w=np.ones(2), s="a", b=True)], 3: (4,)}
    leaves = all_leaves([arg, 2.0], [0, 1])
    assert [leaf.where for leaf in leaves] == [
        "argument 0['k'][0]", "argument 0['k'][1].w", "argument 0[3][0]", "argument 1",
    ]  # fmt: skip
    g = ({"k": [5.0, Tangent(w=np.zeros(2), s=None, b=None)], 3: (6.0,)}, 7.0)
    found = [follow(g, [arg, 2.0], leaf.path) for leaf in leaves]
    assert (found[0], found[2:]) == (5.0, [6.0, 7.0])
    assert follow((None, 7.0), [arg, 2.0], leaves[1].path) is None


def test_keyword_arguments_are_passed_on():
    close(numerical_gradient(lambda x, *, k: k[0] * x, 2.0, k=[3.0])[0], 3.0)


def test_fast_oscillations_need_short_steps():
    close(numerical_gradient(lambda x: math.sin(300.0 * x), 0.73)[0], 300.0 * math.cos(219.0))


def test_points_where_the_function_refuses_are_left_out():
    def root(x):
        assert x < 0.71
        return math.sqrt(1 - x * x) if (1 - 2 * x * x) ** 0.5 > 0 else 0.0

    close(numerical_gradient(root, 0.7069)[0], -0.7069 / math.sqrt(1 - 0.7069**2))


@pytest.mark.parametrize("y", [np.ones(2), 1j, "a"])
def test_only_real_scalars(y):
    with pytest.raises(NotScalarOutputError):
        numerical_gradient(lambda x: y, 1.0)
