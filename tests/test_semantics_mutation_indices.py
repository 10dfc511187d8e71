"""Writing to arrays through views of views, at indices of all kinds, where operands overlap."""

from __future__ import annotations

import numpy as np
import pytest

from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case

V = np.array([0.5, -1.2, 2.0, 0.3])
M = np.array([[0.5, -1.2, 2.0], [0.3, 0.7, -0.4]])
T = (np.arange(24.0).reshape(2, 3, 4) - 11.3) / 7
K = np.arange(24.0)


@case(T)
def views_of_views(a):
    b = a.copy()
    v = b[1].T[::-1][1:, ::2]
    v *= 2
    v[0] = v[1] * b[0, 0, 0]
    w = b.swapaxes(0, 2)[..., 1]
    w[1] += 3 * w[2]
    return (b * b * K.reshape(2, 3, 4)).sum()


@case(M)
def reshaped_transposes(a):
    b = a.copy()
    t = b.T.reshape(6)
    t[0] = 9.0
    u = b.reshape(3, 2).T
    u[0, 1] = b[1, 1] * 2
    r = b.T.ravel()
    r[2] = 5
    q = b.ravel(order="F")
    q[1] = 7.0
    return (b * b * K[:6].reshape(2, 3)).sum() + t.sum() * r.sum() * q.sum()


@case(T)
def new_axes(a):
    b = a.copy()
    b[..., None] += b[0, 0, 0]
    b[None] *= 2
    b[:, None, 0] -= a[1, 0]
    b[0][..., np.newaxis] *= 3
    return (b * b).sum()


@case(M)
def masks_of_fewer_dimensions(a):
    b = a.copy()
    m = np.array([True, False])
    b[m] *= 2
    b[m, 1:] = a[1, 0]
    b[:, np.array([False, True, True])] += b[:, :1]
    b[~m] = b[m] * 3
    return (b * b * K[:6].reshape(2, 3)).sum()


@case(V)
def arrays_without_dimensions(a):
    z = np.array(a[0])
    w = z[()]
    z[...] = a[1] * z
    z += 1
    y = z.reshape(1)
    y[0] *= a[2]
    u = z.view()
    u[()] = u * u
    return float(z * w)


@case(V)
def views_without_dimensions(a):
    z = a[1, ...]
    z *= 3
    z[...] += a[0]
    v = a.reshape(2, 2)[1, 1, ...]
    np.multiply(v, 2, out=v)
    return (a * a * K[:4]).sum()


@case(V)
def nothing_to_write(a):
    e = a[4:]
    e *= 2
    e[:] = a[0]
    b = np.zeros((0, 3))
    b += a[0]
    c = np.concatenate([e, a])
    a[[]] = a[[]] * 2
    a[np.zeros(4, bool)] = 5.0
    return (c * c).sum() + b.sum() + e.sum()


@case(V)
def backward_views(a):
    b = a[::-1]
    b[1:] = b[:-1] * 2
    b[::-2] += a[0]
    b[:] = b[::-1]
    a[::-1] *= b
    return (a * K[:4]).sum()


@case(V)
def operands_that_overlap(a):
    a[1:] += a[:-1]
    a[:-1] *= a[1:]
    a[::2] -= a[1::2]
    a[1:3] /= a[:2]
    a += a[::-1]
    a -= a[0]
    return (a * a * K[:4]).sum()


@case(M)
def operands_that_are_broadcast(a):
    a += a[0]
    a *= a[:, :1]
    a -= a[1, 2]
    a /= a.T[0].copy()[:, None] + 5
    a **= 2
    return (a * K[:6].reshape(2, 3)).sum()


@case(M)
def product_in_place(a):
    b = a @ a.T
    c = b.copy()
    b @= c
    return (b * K[:4].reshape(2, 2)).sum()


@case(V)
def floors_in_place(a):
    b = a * 1.1
    b //= 0.7
    c = a * 1.3
    c %= 0.4
    return (b * a).sum() + (c * a).sum()


@case(V)
def list_of_views(a):
    rows = [r for r in a.reshape(2, 2)]
    rows[0] *= 2
    rows[1][0] = rows[0][1]
    x, y = a.reshape(2, 2)
    x += y
    d = {"u": a[1:3]}
    d["u"] += a[0]
    return (a * K[:4]).sum()


@case(M)
def parts_are_views(a):
    p, q, r = np.split(a, 3, axis=1)
    p *= 2
    q[0] = r[1] * p[0]
    u, w = np.vsplit(a, 2)
    u += w
    h = np.array_split(a[0], 2)
    h[0] *= h[1][0]
    return (a * a * K[:6].reshape(2, 3)).sum()


@case(M)
def diagonals(a):
    b = a[:, :2].copy()
    d = np.einsum("ii->i", b)
    d *= 2
    e = np.diagonal(b).copy()
    e[0] = 1
    b.reshape(-1)[::3] += a[0, 2]
    b.flat[::3] *= 2
    return (b * b).sum() * e.sum()


@case(M)
def views_by_functions(a):
    v = np.atleast_3d(a)
    v[0, 0] = a[1, 1]
    s = np.squeeze(a[None])
    s[1] *= 2
    m = np.moveaxis(a, 0, 1)
    m[0] += 1
    r = np.rollaxis(a, 1)
    r[1] *= a[0, 0]
    x = np.expand_dims(a, 0)
    x[0, 0, 0] = 3.0
    f = np.flip(a, 0)
    f[0, 2] = a[0, 1]
    q = np.rot90(a)
    q[0] *= 2
    z = np.fliplr(a)
    z[:, 0] = z[:, 1]
    t = np.transpose(a, (1, 0))
    t[2] -= 1
    return (a * a * K[:6].reshape(2, 3)).sum()


@case(V)
def windows(a):
    w = np.lib.stride_tricks.as_strided(a, (3, 2), (8, 8))
    s = (w * w).sum()
    w2 = np.lib.stride_tricks.as_strided(a, (2,), (16,))
    w2 *= 2
    return s * (a * K[:4]).sum()


@case(V)
def broadcast_arrays(a):
    x, y = np.broadcast_arrays(a[:, None], a)
    return (x * y * K[:16].reshape(4, 4)).sum()


@case(V)
def grids(a):
    x, y = np.meshgrid(a, a[:2])
    x[0] = a[0]
    u, v = np.meshgrid(a, a, copy=False, sparse=True)
    return (x * y).sum() + (u * v * K[:16].reshape(4, 4)).sum()


@case(M)
def index_arrays(a):
    b = a.copy()
    b[np.ix_([0, 1], [0, 2])] *= a[0, 1]
    b[np.ix_([1], [1, 1])] += a[0, 0]
    i = np.nonzero(a > 0)
    b[i] = b[i] * 2
    j = np.argwhere(a < 0)
    b[tuple(j.T)] = 7.0
    r, c = np.unravel_index([1, 4], (2, 3))
    b[r, c] += a[1, :2]
    k = np.triu_indices(2)
    b[k] *= 3
    return (b * b * K[:6].reshape(2, 3)).sum()


@case(V)
def written_by_a_callee(a):

    def setit(v, i, x):
        v[i] = x
        return v

    b = setit(a.copy(), 0, a[1] * 2)
    setit(b[1:], slice(None, None, 2), b[0] * a[3])
    return (b * b * K[:4]).sum()


@case(V)
def complex_numbers(a):
    z = np.zeros(4, complex)
    z[:] = a
    z[1] = a[0] + 1j * a[1]
    z *= 1j * a
    z[::2] = z[::2].conj()
    z.T[0] += a[3]
    v = z.view(float)
    v[0] = a[2]
    return float((z * z * K[:4]).real.sum() + np.abs(z).sum() + v.sum())


@case(V)
def integers(a):
    n = np.zeros(4, int)
    n[:] = a * 3.55
    n += 2
    n[0] = 5
    return (n * a).sum()


@case(V)
def masks(a):
    m = np.zeros(4, bool)
    m[a > 0] = True
    m |= a < -1
    m[0] ^= True
    return a[m].sum() * a[~m].sum()


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
