"""Functions that write their value to an array of the caller's: ``out=``, by name and by place."""

from __future__ import annotations

import numpy as np
import pytest

import dpy
from dpy.errors import MutationError
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case

VECTOR = np.array([0.5, -1.2, 2.0, 0.3])
MATRIX = np.array([[0.5, -1.2, 2.0], [0.3, 0.7, -0.4]])
WEIGHTS = np.arange(16.0)


@case(VECTOR)
def ufunc_by_place_overwrites_what_was_saved(a):
    o = a * 1.0
    t = np.sin(o)
    np.multiply(a, a, o)
    np.exp(o, o)
    return (t * o).sum()


@case(VECTOR)
def ufunc_in_a_tuple(a):
    o = a * 1.0
    t = o**3
    np.exp(a, out=(o,))
    return (t * o).sum()


@case(VECTOR)
def where_leaves_the_rest(a):
    o = a * 2
    r = np.exp(a, out=o, where=a > 0)
    return (o * r * a).sum()


@case(VECTOR)
def overlapping_output(a):
    np.add(a[:-1], a[:-1], out=a[1:])
    np.multiply(a[1:], a[:-1], a[1:])
    return (a * a * WEIGHTS[:4]).sum()


@case(VECTOR)
def output_is_a_transposed_view(a):
    m = np.zeros((2, 2))
    np.multiply(a.reshape(2, 2), 2, out=m.T)
    return (m * WEIGHTS[:4].reshape(2, 2)).sum()


@case(VECTOR)
def two_outputs(a):
    q, r = np.empty(4), np.empty(4)
    np.divmod(a * 1.01, 0.7, out=(q, r))
    t = r * q
    np.modf(a * 3.03, q, r)
    return (t * a + q).sum()


@case(VECTOR)
def one_of_two_outputs(a):
    q = a * 1.0
    _, whole = np.modf(a * 1.01, q, None)
    return (q * a * whole).sum()


@case(VECTOR)
def rounding_writes_too(a):
    o = a * 2
    np.floor(a * 1.3, out=o)
    t = o * a
    np.round(a * 1.13, 1, o)
    return (o * a + t).sum()


@case(VECTOR)
def integer_output_truncates(a):
    o = np.ones(4, int)
    np.multiply(a, 9.77, out=o, casting="unsafe")
    return (o * a).sum()


@case(VECTOR)
def mask_output_has_no_derivative(a):
    mask = np.zeros(4, bool)
    np.greater(a, 0.4, out=mask)
    np.isfinite(a, mask)
    return a[mask].sum()


@case(VECTOR)
def sum_into_a_number(a):
    o = np.empty(())
    r = np.sum(a * a, out=o)
    p = np.zeros(())
    np.prod(a, out=p)
    np.amax(a, out=p) * 2
    return o * r + p


@case(MATRIX)
def reductions_into_an_array(a):
    o = np.ones(3)
    t = o * o
    a.sum(0, None, o)
    s = np.empty(3)
    np.std(a, axis=0, out=s)
    np.multiply(o, s, out=s)
    np.mean(a, axis=0, out=o)
    a.max(axis=0, out=o[:3])
    return (o * s * t * WEIGHTS[:3]).sum()


@case(VECTOR)
def cumulative_into_itself(a):
    b = a * 2
    t = b * b
    np.cumsum(b, out=b)
    u = b * 3
    np.cumprod(b, None, None, b)
    return (b * t * u).sum()


@case(MATRIX)
def products_into_an_array(a):
    o = np.ones((2, 2))
    t = o * 3
    np.dot(a, a.T, o)
    u = o * o
    np.matmul(u, t, out=o)
    v = o.sum()
    np.dot(t, u, o)
    w = np.empty((2, 2))
    np.einsum("ij,jk->ik", o, u, out=w)
    return (w * WEIGHTS[:4].reshape(2, 2)).sum() * v


@case(VECTOR)
def choices_into_an_array(a):
    o = np.empty(2)
    np.take(a, [3, 0], out=o, mode="clip")
    t = o[0] * o[1]
    np.compress([1, 0, 1, 0], a, out=o)
    u = o[0] * o[1]
    np.choose([1, 0], [a[:2], a[2:]], out=o)
    return t * u * o[0] * o[1]


@case(VECTOR)
def joined_into_an_array(a):
    o = np.empty(8)
    np.concatenate([a, a * a], out=o)
    s = np.empty((2, 4))
    np.stack([a, a * 2], out=s)
    return (o * WEIGHTS[:8]).sum() * s[1, 2]


@case(VECTOR)
def clipped_in_place(a):
    np.clip(a, -1, 1, out=a)
    t = a * a
    a.clip(-0.4, 0.4, out=a)
    return (a * t).sum()


@case(MATRIX)
def methods_of_ufuncs(a):
    o, p, q = np.zeros(3), np.zeros(3), np.zeros((2, 3))
    np.add.reduce(a, 0, out=o)
    np.multiply.reduce(a, axis=0, out=p)
    np.add.accumulate(a, axis=1, out=q)
    w = np.zeros((3, 3))
    np.multiply.outer(o, p, out=w)
    return (o * p * q).sum() * w[1, 2]


@case(MATRIX)
def quantiles_into_an_array(a):
    o, q = np.zeros(3), np.zeros(3)
    np.median(a, axis=0, out=o)
    np.percentile(a, 30, 0, q)
    return (o * q).sum()


def pieces_over_themselves(a):
    np.concatenate([a[2:], a[:2]], out=a)
    return a[0] * a[1]


def test_what_reads_its_own_output_is_refused() -> None:
    with pytest.raises(MutationError, match="concatenate"):
        dpy.gradient(pieces_over_themselves, VECTOR.copy())


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
