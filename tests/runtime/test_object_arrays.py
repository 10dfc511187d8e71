"""Arrays of objects: numbers in them, objects with operators, views, copies, in place."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import dpy
from dpy.errors import MutationError, NoAdjointError, NotDifferentiableError
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


class V:
    """A number with operators of its own."""

    def __init__(self, value):
        self.value = value

    def _with(self, other):
        return other.value if isinstance(other, V) else other

    def __add__(self, other):
        return V(self.value + self._with(other))

    def __mul__(self, other):
        return V(self.value * self._with(other))

    def __neg__(self):
        return V(-self.value)

    __radd__ = __add__
    __rmul__ = __mul__

    def sin(self):
        return V(math.sin(self.value))


@case(0.7)
def elements(x):
    a = np.empty(3, dtype=object)
    for i in range(2):
        a[i] = x ** (i + 1)
    a[2] = 2
    return a[0] * a[1] * a[-1]


@case(0.7)
def loops(x):
    a = np.array([x, 2.0 * x, 3], dtype=object)
    total = 0.0
    for k, v in enumerate(a):
        total = total + v * x * k
    u, *rest = a
    return total * u * rest[0] + sum(a) + list(a)[1]


@case(0.7)
def arithmetic(x):
    a = np.array([x, x * x, 3.0], dtype=object)
    b = a * 2.0 + a[::-1] / x - a**2
    return b[0] * b[1] + b[2] * (2.0 - a)[0]


@case(0.7)
def reductions(x):
    a = np.array([[x, 2 * x], [3 * x, 4.0]], dtype=object)
    total = a.sum() * np.sum(a, axis=0)[0] * a.sum(axis=1)[1] + np.prod(a)
    return total + np.cumsum(a[0])[1] + a.mean() + a.max() * (a @ a)[0, 1] + a.dot(a)[1, 0]


@case(0.7)
def views(x):
    a = np.empty((2, 2), dtype=object)
    a[0] = [x, x * 2]
    a[1, :] = a[0] * x
    b = a.T[::-1]
    b[0, 0] = x * x
    c = a.reshape(-1)
    c[2] += x
    return a[:, 0][1] * a[0, 1] * a.ravel()[3]


@case(0.7)
def copies(x):
    a = np.array([x, 2 * x], dtype=object)
    c, d = a.copy(), np.concatenate([a, [x * x], a[::-1]])
    a[0] = 0.0
    return c.tolist()[0] * a[1] * d[2] * d[4] + a.item(1)


@case(0.7)
def in_place(x):
    a = np.array([x, 2 * x], dtype=object)
    other = a
    a += x
    a *= other
    a[[0, 1]] = a[[1, 0]]
    np.multiply(a, x, out=a)
    b = np.full(2, x, dtype=object)
    b.fill(x * x)
    a -= b[::-1]
    return other[0] * a[1] * b[1]


@case(0.7)
def to_numbers_and_back(x):
    b = np.array([1.0, 2.0]).astype(object)
    b[0] = x
    c = b.astype(float)
    return (c * c).sum() + np.where(np.array([True, False]), b, b * 3.0).sum()


@case(0.7)
def chosen_by_a_mask(x):
    a = np.array([x, x * x, 3.0], dtype=object)
    return sum(a[a > 0.6]) * x


@case(0.7)
def integers_and_truth_values(x):
    a = np.array([x, True, 2], dtype=object)
    return (a * x)[1] * a[0] * a[2]


@case(0.7)
def fractions(x):
    a = np.array([Fraction(1, 2), Fraction(3, 4)], dtype=object)
    return float((a * 2)[0]) * x


@case(0.7)
def objects(x):
    a = np.array([V(x), V(x * x)], dtype=object)
    b = -(a + a * 2.0) + np.sin(a)
    total = b.sum() + np.prod(a)
    return b[0].value * b[1].value + total.value + (3.0 * a)[1].value


@case(0.7)
def objects_in_place(x):
    a = np.array([V(x), V(2 * x)], dtype=object)
    other = a
    a += 1.0
    a *= other
    np.multiply(a, x, out=a)
    a[0].value = a[0].value * x
    return other[0].value * a[1].value


@case(0.7)
def objects_are_moved(x):
    a = np.array([V(x), V(2 * x), V(3.0)], dtype=object)
    b = np.concatenate([a[1:], a[::-1]]).reshape(5, 1).copy()
    b[0, 0].value = x * x * x
    total = 0.0
    for (o,) in b:
        total = total + o.value * x
    return total * a[1].value


@case(0.7)
def numbers_among_objects(x):
    a = np.array([x, V(x), 2, None], dtype=object)
    c = a.copy()
    a[1] = V(0.0)
    b = a[:2] * x
    return c[1].value * c[0] * c[2] + b[0] * b[1].value


@case(0.7)
def lists_and_arrays_within(x):
    a = np.empty(3, dtype=object)
    a[0] = [x, 2 * x]
    a[1:] = [np.array([x, 3.0]), np.array([x])]
    a[0].append(x * x)
    a[1][0] *= x
    return sum(a[0]) * a[1].sum() * a[2][0]


@case(0.7)
def an_attribute(x):
    class Holder:
        pass

    h = Holder()
    h.items = np.empty(3, dtype=object)
    for i in range(3):
        h.items[i] = V(x * i)
    h.items[1].value = h.items[2].value * x
    return sum(o.value for o in h.items) * max(h.items, key=lambda o: o.value).value


@case(0.7)
def under_a_try(x):
    a = np.array([x, 2 * x], dtype=object)
    try:
        a[0] = x * x
        a[5] = x
    except IndexError:
        a[1] = a[0] * x
    return a[1] * a[0] + (a + a).sum()


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_programs(case: Case) -> None:
    case.check()


def test_an_argument_of_numbers() -> None:
    def f(a, x):
        a[0] = x * a[1]
        return a[0] * a[2]

    a = np.array([0.7, 2.0, 5], dtype=object)
    d_a, d_x = dpy.gradient(f, a, 3.0)
    assert d_a.tolist() == [0.0, 15.0, 6.0]
    assert d_x == 10.0
    assert a.tolist() == [6.0, 2.0, 5]


def test_an_argument_of_objects() -> None:
    def f(a):
        return a[0].value * a[1].value

    with pytest.raises(NotDifferentiableError, match="a V in an argument that is an array"):
        dpy.gradient(f, np.array([V(0.7), V(2.0)], dtype=object))
    (d,) = dpy.gradient(lambda items: f(np.array(items, dtype=object)), [V(0.7), V(2.0)])
    assert [part.value for part in d] == [2.0, 0.7]


def sum_of_two_axes(x):
    return np.array([[V(x), V(2 * x)]], dtype=object).sum().value


def product(x):
    a = np.array([V(x), V(2 * x)], dtype=object)
    return (a @ a).value


def sorted_in_place(x):
    a = np.array([3 * x, x], dtype=object)
    a.sort()
    return a[0]


def made_in_c(x):
    return np.frompyfunc(lambda p, q: p * q + x, 2, 1)(np.array([x, 2 * x], dtype=object), x)[1]


def complex_numbers(x):
    a = np.array([x + 1j * x], dtype=object)
    return abs(a[0])


@pytest.mark.parametrize(
    "f",
    [sum_of_two_axes, product, sorted_in_place, made_in_c, complex_numbers],
    ids=lambda f: f.__name__,
)
def test_what_is_not_followed_is_an_error(f) -> None:
    y, back = dpy.pullback(f, 0.7)
    assert y == f(0.7)
    with pytest.raises((NoAdjointError, MutationError)):
        back(1.0)
