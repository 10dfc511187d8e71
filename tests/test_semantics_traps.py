"""Traps for saved values, aliases and views: what was read must not be read again later."""

# ruff: noqa: B008, B905 - defaults and plain zip are among the traps

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case

V = np.array([0.5, -1.2, 2.0, 0.3])
M = np.array([[0.5, -1.2, 2.0], [0.3, 0.7, -0.4]])


@case(V)
def stale_matvec(a):
    m = np.outer(a, a)
    y = m @ a
    m[0] = 0
    a *= 2
    return y.sum() + m.sum()


@case(V)
def stale_einsum(a):
    y = np.einsum("i,i->", a, a)
    a[0] = 9.0
    return y


@case(V)
def stale_where(a):
    y = np.where(a > 0, a * a, a)
    a[:] = 1.0
    return (y * y).sum()


@case(V)
def stale_max(a):
    y = a.max()
    a[2] = 0.0
    return y * y


@case(V)
def stale_sort(a):
    y = np.sort(a)
    a[::-1] = a.copy()
    return (y * np.arange(4.0)).sum()


@case(V)
def stale_prod(a):
    y = a.prod()
    a += 1
    return y * a.sum()


@case(V)
def stale_power(a):
    y = a**3
    a[:] = 0
    return y.sum()


@case(V)
def stale_divide(a):
    b = a + 3
    y = a / b
    b[:] = 1
    a[:] = 0
    return y.sum() + b.sum()


@case(V)
def stale_mask(a):
    m = a > 0
    y = a[m]
    m[:] = True
    a[:] = 0
    return (y * y).sum()


@case(V)
def stale_index_array(a):
    i = np.array([0, 2])
    y = a[i]
    i[:] = 1
    return (y * y).sum()


@case(V)
def stale_index_list(a):
    i = [0, 2]
    y = a[i]
    i[0] = 1
    return (y * y).sum()


@case(V)
def stale_norm(a):
    y = np.linalg.norm(a)
    a *= 0
    return y


@case(V)
def stale_cumprod_var(a):
    y = np.var(a) + np.cumprod(a).sum()
    a[1] = 5.0
    return y


@case(V)
def stale_exp_result(a):
    y = np.exp(a)
    z = y * 2
    y[:] = 0
    return z.sum()


@case(V)
def stale_tanh_result_inplace(a):
    y = np.tanh(a)
    y *= a
    y += 1
    y /= a
    return (y * y).sum()


@case(V)
def stale_sqrt_out(a):
    b = a * a
    np.sqrt(b, out=b)
    np.exp(b, b)
    return b.sum()


@case(V)
def stale_concat(a):
    y = np.concatenate([a, a * 2])
    a[:] = 0
    y[0] = y[5]
    return (y * y).sum()


@case(V)
def stale_solve(a):
    m = np.diag(a) + 0.1
    b = a.copy()
    x = np.linalg.solve(m, b)
    m[:] = 0
    b[:] = 0
    a[:] = 0
    return x.sum()


@case([0.5, 1.5, 2.0])
def stale_list_sum(xs):
    s = sum(xs)
    p = math.prod(xs)
    m = max(xs)
    xs[0] = 9.0
    xs.pop()
    return s * p * m


@case([0.5, 1.5, 2.0])
def stale_np_of_list(xs):
    a = np.array(xs)
    xs[0] = 5.0
    xs.append(1.0)
    return (a * a).sum() + xs[0] * xs[1]


@case([0.5, 1.5, 2.0])
def stale_np_sum_list(xs):
    s = np.sum(xs) * np.max(xs)
    xs.clear()
    return s


@case([0.5, 1.5, 2.0])
def stale_sorted(xs):
    ys = sorted(xs)
    xs.reverse()
    xs[0] = 0.0
    return ys[0] + 2 * ys[1] * ys[2] + xs[2]


@case({"a": 0.5, "b": 2.0})
def stale_dict_values(d):
    vs = list(d.values())
    d["a"] = 3.0
    d["c"] = 1.0
    return vs[0] * vs[1] + sum(d.values())


@case({"a": 0.5, "b": 2.0})
def dict_iter_while_writing(d):
    for k in d:
        d[k] = d[k] * d["a"]
    for k, v in d.items():
        d[k] = v * d["b"]
    return d["a"] + d["b"] * 2


@case([0.5, 1.5, 2.0])
def list_iter_append(xs):
    for x in xs:
        if len(xs) < 6:
            xs.append(x * 2)
    return sum([i * x * x for i, x in enumerate(xs)])


@case([0.5, 1.5, 2.0])
def list_iter_pop(xs):
    t = 0.0
    for x in xs:
        t += x * x
        xs.pop(0)
    return t + sum(xs)


@case([0.5, 1.5, 2.0])
def enumerate_while_writing(xs):
    for i, x in enumerate(xs):
        xs[-1] += x * x
        xs[i] = x * xs[-1]
    return sum(xs)


@case([0.5, 1.5, 2.0], V)
def zip_while_writing(xs, a):
    for x, y in zip(xs, a):
        xs[2] *= y
        a[3] += x * y
    return xs[2] * a[3]


@case([0.5, 1.5, 2.0])
def reversed_while_writing(xs):
    for x in reversed(xs):
        xs[0] += x * x
    return xs[0]


@case(V)
def comprehension_while_writing(a):

    def bump(i):
        a[3] += a[i]
        return a[3]

    ys = [x * bump(i) for i, x in enumerate(a)]
    return sum(ys)


@case(M)
def rows_while_writing(m):
    for row in m:
        m[1] *= row[0]
        m[0, 1] += row.sum()
    return (m * m).sum()


@case(V)
def nested_views_loop(a):
    m = a.reshape(2, 2)
    for i in range(2):
        r = m[i]
        for j in range(2):
            r[j] = r[j] * a[3 - i - j]
    return (a * np.arange(1.0, 5)).sum()


@case(V)
def view_kept_in_list(a):
    parts = [a[:2], a[2:]]
    parts[0][1] = parts[1][0] * 2
    parts[1] *= parts[0]
    return (a * a).sum()


@case(V)
def view_in_object(a):
    class_ = Holder(a[1:3])
    class_.a[0] = a[0] * 3
    class_.a = class_.a * 2
    class_.a[0] = 1.0
    return (a * a).sum() + class_.a.sum()


@dataclass
class Holder:
    a: object


@case(V)
def scalar_read_then_written(a):
    x = a[0]
    a[0] = x * x
    y = a[0]
    a[0] = y * x
    return a[0] * x * y


@case(V)
def np_scalar_vs_zero_d_view(a):
    z = a[0, ...]
    a[0] = 3 * a[1]
    return float(z) * a[2]


@case(V)
def iadd_on_row_of_list_of_arrays(a):
    rows = [a, a * 2]
    rows[0] += rows[1]
    rows[1] -= rows[0]
    return (rows[0] * rows[1]).sum() + a.sum()


@case([V.copy(), V * 2])
def sum_of_arrays(xs):
    s = sum(xs)
    s += xs[0]
    t = 0
    for x in xs:
        t += x
    return (s * t).sum()


@case(V)
def accumulate_alias_trap(a):
    t = 0
    t += a
    t += a
    return (t * a).sum()


@case(V)
def accumulate_alias_trap2(a):
    t = a
    t += 1
    t = t + 1
    t += 1
    return (t * a).sum()


@case(V)
def default_array_argument_mutated(a):

    def f(x, acc=np.zeros(4)):
        acc += x
        return acc

    y = f(a)
    z = f(a * a)
    return (y * z).sum()


@case(0.7)
def exceptions_of_closure_cells(x):
    fs = []
    for i in range(3):

        def g(t, i=i):
            return t * x + i

        fs.append(g)
    x = x * 2
    return sum([f(x) for f in fs])


@case(0.7)
def deep_tuple(x):
    t = (x, (x * x, [x**3]))
    a, (b, [c]) = t
    t[1][1][0] = b * c
    return a * t[1][1][0]


@case(0.7, 1.3)
def kwargs_roundtrip(x, y):

    def g(**kw):
        kw["a"] = kw["a"] * 2
        return kw

    d = {"a": x, "b": y}
    e = g(**d)
    return e["a"] * d["a"] * e["b"]


@case(0.7, 1.3)
def args_roundtrip(x, y):

    def g(*args):
        l = list(args)
        l[0] *= l[1]
        return l

    l = [x, y]
    m = g(*l)
    return m[0] * l[0]


@case(V)
def callee_returns_argument(a):

    def same(t):
        return t

    b = same(a)
    b[0] = a[1] * a[2]
    c = same(same(b))
    c *= 2
    return (a * a).sum()


@case(V)
def callee_returns_view(a):

    def tail(t):
        return t[1:]

    b = tail(a)
    b[0] = a[0]
    tail(b)[0] *= 3
    return (a * a).sum()


@case(V)
def callee_stores_argument(a):
    box = []

    def keep(t):
        box.append(t)

    keep(a)
    box[0][1] = a[0] * 2
    a[2] = box[0][1]
    return (a * box[0]).sum()


@case(0.7)
def recursion_with_list(x):

    def walk(n, path):
        path.append(x * n)
        if n == 0:
            return sum(path) * path[0]
        r = walk(n - 1, path)
        path.pop()
        return r + path[-1]

    p = [x]
    return walk(3, p) + len(p) * p[0]


@case(0.7)
def class_counter(x):
    h = Holder(0)

    def inc(k):
        h.a += k * x
        return h.a

    return inc(1) * inc(2) + inc(h.a) * h.a


@case(0.7)
def swap_attributes_in_list(x):
    hs = [Holder(x), Holder(x * x)]
    hs[0], hs[1] = (hs[1], hs[0])
    hs[0].a, hs[1].a = (hs[1].a * 2, hs[0].a)
    return hs[0].a - 3 * hs[1].a


@case(0.7)
def del_and_identity(x):
    total = 0.0
    for i in range(5):
        b = np.array([x * i, 1.0])
        b[0] *= x
        total += b.sum() * b[0]
        del b
    return total


@case(0.7)
def int_float_merge(x):
    t = 0
    for i in range(4):
        if i == 2:
            t = 1
        elif i == 3:
            t = t * x
        else:
            t = t + i
    return t * x + t


@case(0.7)
def bool_arith(x):
    return (x > 0) * x + True * x * x - (x < 0)


@case(0.7)
def none_then_float(x):
    best = None
    for i in range(4):
        v = math.sin(x * i)
        if best is None or v > best:
            best = v
    return best * x


@case(0.7)
def argmin_loop(x):
    pts = [(i - x) ** 2 + 0.1 * i for i in range(4)]
    j = pts.index(min(pts))
    return pts[j] * pts[-1]


@case(V)
def argmax_index(a):
    return a[np.argmax(a)] * a[a.argmin()]


@case(V)
def where_indices(a):
    (i,) = np.where(a > 0)
    a[i] *= a[1]
    return (a * a).sum()


@case(V)
def nonzero_write_assign_broadcast(a):
    m = np.zeros((4, 4))
    m[np.arange(4), np.arange(4)] = a
    m[1] = a
    m[:, 2] += a
    m[m == 0] = a[0]
    return (m * m).sum()


@case(M)
def transpose_reshape_write(m):
    v = m.T.reshape(-1)
    w = m.reshape(-1)
    v[0] = 100.0
    w[1] = w[0] * w[2]
    return (m * m).sum() + v.sum()


@case(V)
def ufunc_methods(a):
    return (
        np.add.reduce(a * a)
        + np.multiply.outer(a, a).sum()
        + np.add.accumulate(a)[2]
        + np.maximum.reduce(a)
    )


@case(V)
def at_methods(a):
    b = a.copy()
    np.subtract.at(b, [0, 0], a[:2])
    np.multiply.at(b, [1, 1], a[2:])
    return (b * b).sum()


@case(V)
def put_take_place(a):
    b = a.copy()
    np.put(b, [0, 2], a[:2] * 3)
    b.put([1], a[3])
    np.place(b, b > 1, [0.5, 0.25])
    np.putmask(b, b < 0, a * a)
    return (b * np.arange(1.0, 5.0)).sum()


@case(V)
def astype_and_view(a):
    b = a.astype(float)
    c = a.astype(np.float32).astype(float)
    c[1] = 0
    b[0] = 0
    return (b * a).sum()


@case(V)
def array_of_array_copies(a):
    b = np.array(a)
    c = np.asarray(a)
    c[0] = b[1] * 2
    b[1] = 7.0
    return (a * c).sum() + b.sum()


@case(V)
def ascontiguous_alias(a):
    c = np.ascontiguousarray(a)
    c[0] = a[1] * 2
    d = np.ravel(a)
    d[1] = 3.0
    return (a * a).sum()


@case(V)
def squeeze_expand_alias(a):
    e = a[None, :]
    e[0, 1] = a[0]
    s = np.squeeze(e)
    s[2] *= 2
    t = np.expand_dims(a, 1)
    t[3] = a[2]
    return (a * np.arange(1.0, 5.0)).sum()


@case(V)
def split_alias(a):
    l, r = np.split(a, 2)
    l[0] = r[1] * r[0]
    r += l
    return (a * a).sum()


@case(V)
def diag_view_readonly(a):
    m = np.outer(a, a)
    d = m.diagonal()
    m[0, 0] = 5.0
    e = np.diag(m)
    m[1, 1] = 0.0
    return (d * e).sum()


@case(V)
def atleast_and_swap(a):
    m = np.atleast_2d(a)
    m[0, 0] = a[1]
    n = np.swapaxes(m, 0, 1)
    n[1] = a[2]
    o = np.moveaxis(n, 0, 1)
    o[0, 2] = 1.0
    return (a * a).sum()


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
