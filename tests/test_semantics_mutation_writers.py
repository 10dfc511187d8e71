"""NumPy's functions that write to arrays, and those that call functions of the user's."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case

V = np.array([0.5, -1.2, 2.0, 0.3])
M = np.array([[0.5, -1.2, 2.0], [0.3, 0.7, -0.4]])
T = (np.arange(24.0).reshape(2, 3, 4) - 11.3) / 7
K = np.arange(24.0)


@case(V)
def ufunc_at(a):
    b = a.copy()
    np.multiply.at(b, [0, 0, 1], [2.0, 3.0, 4.0])
    np.maximum.at(b, [1, 2], a[:2])
    np.subtract.at(b, [3, 3], a[0])
    np.power.at(b, [2], 3)
    np.divide.at(b, [3, 1], a[2])
    np.negative.at(b, [0, 0, 0])
    np.exp.at(b, [1])
    np.sin.at(b, slice(0, 2))
    np.arctan2.at(b, [0, 3], a[1:3])
    np.hypot.at(b, [2, 2], [1.0, 2.0])
    np.logaddexp.at(b, np.array([True, False, True, False]), 0.3)
    return (b * b * K[:4]).sum()


@case(M)
def ufunc_at_of_a_matrix(a):
    b = a.copy()
    np.add.at(b, (slice(None), [0, 0]), a[:, :2])
    np.multiply.at(b, ([0, 0, 1], [1, 1, 2]), a[1])
    np.minimum.at(b, 0, a[1])
    np.add.at(b, (1,), 2 * a[0])
    np.add.at(b.T, [1, 1], a[:, 0])
    return (b * b * K[:6].reshape(2, 3)).sum()


@case(V)
def ufunc_at_with_its_own_items(a):
    b = a.copy()
    np.add.at(b, [0, 1, 2], b[1:])
    np.multiply.at(b, [3, 3], b[:2])
    return (b * b * K[:4]).sum()


@case(V)
def put(a):
    b = np.zeros(6)
    np.put(b, [0, 7], a[:2], mode="wrap")
    np.put(b, [-1, 9], a[2:], mode="clip")
    b.put([2, 2], [a[0], a[1]])
    np.put(b, [3, 4], a[3])
    return (b * b * K[:6]).sum()


@case(M)
def put_place_and_mask(a):
    b = a.copy()
    b.put([1, 4], a[0, :2] * a[1, 0])
    np.put_along_axis(b, np.array([[2], [0]]), a[:, 1:2], 1)
    np.putmask(b, K[:6].reshape(2, 3) % 2 == 0, a[0, :2])
    np.place(b, K[:6].reshape(2, 3) > 3, [a[1, 2], a[0, 0]])
    return (b * b * K[:6].reshape(2, 3)).sum()


@case(V)
def copyto(a):
    b = np.zeros((2, 4))
    np.copyto(b, a)
    np.copyto(b[1], a[::-1], where=np.array([1, 0, 1, 0], bool))
    np.copyto(b[:, 1:], b[:, :-1])
    i = np.zeros(4, int)
    np.copyto(i, a * 9.7, casting="unsafe")
    np.copyto(b, a[0], where=b > 1.5)
    np.copyto(dst=b[0], src=a * 3, where=[True, False, False, True])
    return (b * b * K[:8].reshape(2, 4)).sum() + (i * a).sum()


@case(V)
def fill(a):
    b = np.empty((2, 2))
    b.fill(a[0] * a[1])
    b.T[0].fill(a[2])
    c = np.empty(3, int)
    c.fill(7)
    return (b * b).sum() * a[3] + c.sum()


@case(M)
def sort(a):
    b = a.copy()
    b.sort(axis=0)
    c = b.T.copy()
    c.sort(kind="stable")
    d = a.copy()
    d[1].sort()
    e = a.copy().ravel()
    e[::-1].sort()
    s = (b * c.T * K[:6].reshape(2, 3)).sum()
    s += (d * K[:6].reshape(2, 3)).sum()
    return s + (e * K[:6]).sum()


@case(V)
def partition(a):
    b = a.copy()
    b.partition(1)
    c = np.partition(a, [0, 2])
    d = a.reshape(2, 2).copy()
    d.partition(0, axis=0)
    return b[1] * c[0] * c[2] + d[0, 1]


@case(M)
def fill_diagonal(a):
    b = np.zeros((4, 4))
    np.fill_diagonal(b, a[0, 0])
    np.fill_diagonal(b[1:], a[0])
    c = np.zeros((5, 2))
    np.fill_diagonal(c, a[1, :2], wrap=True)
    return (b @ b * K[:16].reshape(4, 4)).sum() + (c * c * K[:10].reshape(5, 2)).sum()


@case(V)
def select_choose_where(a):
    s = np.select([a > 1, a < 0], [a * a, a * 3], a[0]).sum()
    s += np.choose([0, 1, 1, 0], [a, a * a]).sum()
    return s + np.where([1, 0, 1, 0], a, a * 2).sum()


@case(V)
def take_and_its_like(a):
    s = (np.take_along_axis(a, np.argsort(a), 0) * K[:4]).sum()
    s += np.extract(a > 0, a * a).sum()
    s += np.compress([1, 0, 1], a).sum()
    s += np.trim_zeros(a * a).sum()
    s += a.repeat(2).sum()
    return s + np.tile(a, 2)[5] * np.roll(a, 1)[0]


@case(V)
def vectorize(a):
    f = np.vectorize(lambda v, w: v * w if v > 0 else v * v)
    g = np.vectorize(lambda v: (v, v * v))
    p, q = g(a)
    return f(a, a[::-1]).sum() + (p * q).sum()


@case(M)
def vectorize_with_a_signature(a):
    f = np.vectorize(lambda v: v.sum() * v, signature="(n)->(n)")
    return (f(a) * K[:6].reshape(2, 3)).sum()


@case(V)
def vectorize_as_a_decorator(a):

    @np.vectorize
    def f(v):
        return math.sin(v) * a[0]

    return float(f(a).sum() + f(a[1]))


@case(M)
def apply_along_axis(a):
    s = np.sum(np.apply_along_axis(lambda r: r * r.sum(), 1, a) * K[:6].reshape(2, 3))
    s += np.apply_along_axis(np.prod, 0, a).sum()
    return s + np.apply_over_axes(np.sum, a * a, [0, 1]).sum()


@case(V)
def piecewise(a):
    s = np.piecewise(a, [a < 0, a >= 0.4], [lambda x: x * x, lambda x: x**3, 5.0]).sum()
    return s + np.piecewise(a, [a < 0], [lambda x, k: x * k, a[0]], a[1]).sum()


@case(V)
def fromfunction(a):
    s = (np.fromfunction(lambda i, j: a[0] * i + a[1] * j * j, (2, 3)) * K[:6].reshape(2, 3)).sum()
    return s + np.fromfunction(lambda i: a[i] * i, (4,), dtype=int).sum()


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
