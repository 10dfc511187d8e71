"""Subclasses of ndarray: their own operators, methods and protocols, matrices, masks, files."""

from __future__ import annotations

import tempfile

import numpy as np
import pytest

import dpy
from dpy.errors import NoAdjointError
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case

VECTOR = np.array([0.5, -1.2, 2.0, 0.3])
MATRIX = np.array([[0.5, -1.2, 2.0], [0.3, 0.7, -0.4]])


class Plain(np.ndarray):
    """Nothing of its own."""


class Odd(np.ndarray):
    """Operators and methods that do something else."""

    def __add__(self, other):
        return np.ndarray.__mul__(self, other)

    def __getitem__(self, i):
        return np.ndarray.__getitem__(self, i) * 2

    def __iadd__(self, other):
        self[...] = np.asarray(self) * other
        return self

    def __neg__(self):
        return self * 5

    def __abs__(self):
        return 3 * np.asarray(self)

    def sum(self, *args, **kwargs):
        return 10 * np.ndarray.sum(self, *args, **kwargs)


class Labelled(np.ndarray):
    """Hands an attribute on to all arrays that are made from it."""

    def __new__(cls, a, info=None):
        made = np.asarray(a).view(cls)
        made.info = info
        return made

    def __array_finalize__(self, obj):
        if obj is not None:
            self.info = getattr(obj, "info", None)


class Doubling(np.ndarray):
    """Ufuncs give twice the value."""

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        plain = [x.view(np.ndarray) if isinstance(x, Doubling) else x for x in inputs]
        kwargs.pop("out", None)
        found = getattr(ufunc, method)(*plain, **kwargs)
        return (found * 2).view(Doubling) if isinstance(found, np.ndarray) else found * 2


class Tripling(np.ndarray):
    """Functions of NumPy give three times the value."""

    def __array_function__(self, function, classes, args, kwargs):
        return super().__array_function__(function, classes, args, kwargs) * 3


class Wrapped(np.ndarray):
    """Changes the results of ufuncs out of sight."""

    def __array_wrap__(self, array, context=None, return_scalar=False):
        return (np.asarray(array) * 2).view(Wrapped)


@case(VECTOR)
def plain_subclass(a):
    s = (a * 1).view(Plain)
    s[1:] = s[:-1] * 2
    s += a
    s[s > 0] = a[0]
    np.add.at(s, [0, 0], a[1])
    t = s * s + np.sin(s) - 2 * s
    r = sum([v * v for v in t[1:]])
    return float(r + t.sum() + (s @ t) + np.mean(t) + max(s))


@case(VECTOR)
def attributes_of_arrays(a):
    s = a.view(Plain)
    s.k = a[0] * 2
    s.b = a * 2
    s.b[0] = 7.0
    return float((s * s.k * s.b).sum())


@case(VECTOR)
def own_operators(a):
    s = a.view(Odd)
    first = np.asarray(s + s)[1] + s[0] + s.sum() + np.asarray(-s)[2] + abs(s)[1]
    return float(first + np.sum(s) + sum([v for v in s]))


@case(VECTOR)
def own_operator_in_place(a):
    s = a.copy().view(Odd)
    t = s
    s += a[0] + 3.0
    return float(np.asarray(t).sum())


@case(VECTOR)
def attributes_handed_on(a):
    s = Labelled(a, info=a[0] * 2)
    t = np.sin(s * 2)[1:].T
    u = Labelled(a, info=[a[1]])
    v = (u + 1)[::2]
    v.info.append(a[2])
    return float((t * t.info).sum() * u.info[0] * u.info[1])


@case(VECTOR)
def own_ufuncs(a):
    s = a.view(Doubling)
    t = -(s * 3)
    r = np.asarray(t * t).sum() + np.asarray(np.sin(s)).sum() + np.asarray(1 + s).sum()
    return float(r + np.asarray(s.sum()) + np.add.reduce(t))


@case(VECTOR)
def own_functions(a):
    s = a.view(Tripling)
    return float(np.sum(s) + np.mean(s) * np.dot(s, s))


@case(VECTOR)
def matrix_product(a):
    m = np.matrix(a)
    return float((m * m.T)[0, 0])


@case(MATRIX)
def matrix_methods(a):
    m = np.asmatrix(a).copy()
    m[0] = m[1] * 2 + m[0]
    v = m[:, 1]
    v *= 3
    m[0, 0] += 5 * m[1, 1]
    q = m * m.T
    r = q**2
    s = r[0, 1] + np.sum(q) + q.T[1, 0] + q.sum(axis=0)[0, 1] + np.multiply(m, m)[0, 2]
    return float(s + q.A[0, 0] + q.I[1, 1] + m.mean() + m.A1[2] + m.max())


@case(VECTOR)
def masked_array(a):
    m = np.ma.array(a, mask=[0, 1, 0, 0])
    q = m * m + np.sin(a)
    return float(q.mean() + q[2] + m.sum())


@case(VECTOR)
def memory_of_a_file(a):
    with tempfile.NamedTemporaryFile() as f:
        np.arange(4.0).tofile(f.name)
        m = np.memmap(f.name, dtype=float, mode="r+", shape=(4,))
        r = (m * a).sum() + (m[1:] * a[0]).sum() + np.dot(m, a) + m[2] * a[1]
        m[:] = a * 2
        m[1:] *= a[0]
        m.flush()
        return float(r + (m * m).sum())


@case(VECTOR)
def read_only_arrays(a):
    b = a.copy()
    b.flags.writeable = False
    c = b * 2
    b.setflags(write=True)
    b[0] = c[1]
    return (b * c).sum()


@case(VECTOR)
def write_to_a_read_only_array(a):
    b = a.copy()
    b.setflags(write=False)
    b += a
    return b.sum()


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # of np.matrix
@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()


def test_what_is_wrapped_out_of_sight_is_refused() -> None:
    with pytest.raises(NoAdjointError, match=r"__array_wrap__"):
        dpy.gradient(lambda a: np.asarray(np.sin(a.view(Wrapped))).sum(), VECTOR)


def test_an_attribute_made_out_of_sight_is_refused() -> None:
    class Counting(np.ndarray):
        def __array_finalize__(self, obj):
            self.n = getattr(obj, "n", 1.0) + 1.0

    def count(a):
        s = a.view(Counting)
        return float((s * 2).n * a[0]) + 0.0 * s.n

    with pytest.raises(NoAdjointError, match="__array_finalize__"):
        dpy.gradient(count, VECTOR)
