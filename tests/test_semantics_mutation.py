"""Writing to arrays: through names, aliases, views and callees."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case

VECTOR = np.array([0.5, -1.2, 2.0, 0.3])
MATRIX = np.array([[0.5, -1.2, 2.0], [0.3, 0.7, -0.4]])
_SHARED = np.array([0.5, -1.2, 2.0])
_LIST = [0.5, 1.5]


@dataclass
class Holder:
    a: np.ndarray
    xs: list
    k: float = 1.0


@case(VECTOR)
def write_element(a):
    a[1] = a[0] * a[0]
    return a[1] * a[2] + a[1]


@case(VECTOR, 0.7)
def write_then_read_in_a_loop(a, x):
    for i in range(1, len(a)):
        a[i] = a[i - 1] * x + a[i]
    return a[-1] * a[0]


@case(VECTOR)
def read_before_and_after_write(a):
    before = a[0] * a[0]
    a[0] = 3.0
    return before + a[0] * a[1]


@case(VECTOR)
def saved_value_is_not_stale(a):
    b = np.sin(a)
    a[:] = 0.0
    return (b * 2).sum() + a.sum()


@case(VECTOR)
def saved_operand_is_not_stale(a):
    b = a * a
    a[0] = 100.0
    c = b * a
    a *= 0.0
    return c.sum()


@case(VECTOR)
def fill_preallocated(a):
    out = np.zeros(4)
    for i in range(4):
        out[i] = a[i] ** 2
    return out.prod()


@case(VECTOR)
def fill_empty_like(a):
    out = np.empty_like(a)
    out[0] = 1.0
    for i in range(3):
        out[i + 1] = out[i] * a[i]
    return out.sum()


@case(VECTOR)
def write_slice(a):
    a[1:3] = a[0] * a[2:]
    a[:2] = 0.5
    return (a * a).sum()


@case(VECTOR)
def overlapping_slice_copy(a):
    a[1:] = a[:-1]
    a[:-1] = a[1:] * 2
    return (a * np.array([1.0, 2.0, 3.0, 4.0])).sum()


@case(VECTOR)
def write_with_broadcast(a):
    m = np.ones((3, 4))
    m[:] = a
    m[1] = a[0]
    m[:, 2] *= a[1]
    return (m * np.arange(12.0).reshape(3, 4)).sum()


@case(VECTOR)
def write_mask(a):
    a[a > 0] *= a[1]
    a[a < -1] = a[0]
    return (a * a).sum()


@case(VECTOR)
def write_fancy(a):
    a[[0, 2]] = a[[3, 0]] * 2
    return (a * np.array([1.0, 2.0, 3.0, 4.0])).sum()


@case(VECTOR)
def augmented_fancy_counts_once(a):
    a[[0, 0, 1]] += a[2]
    return (a * a).sum()


@case(VECTOR)
def add_at_counts_twice(a):
    out = np.zeros(3)
    np.add.at(out, [0, 0, 2, 1], a)
    return (out * out).sum()


@case(VECTOR, 0.7)
def augmented_elements(a, x):
    a[0] += x * a[1]
    a[1] -= a[0]
    a[2] *= a[0]
    a[3] /= a[2]
    a[0] **= 2
    return a.sum() + a[0] * a[3]


@case(VECTOR, 0.7)
def augmented_arrays(a, x):
    b = a
    a += x
    a *= a
    a -= np.array([1.0, 2.0, 3.0, 4.0]) * x
    a /= 2.0
    return (b * a).sum()


@case(VECTOR, 0.7)
def plain_addition_makes_a_new_array(a, x):
    b = a
    a = a + x
    a[0] = 5.0
    return (b * a).sum()


@case(VECTOR)
def alias_sees_write(a):
    b = a
    b[0] = a[1] * 2
    return a[0] * b[1]


@case(VECTOR)
def view_sees_write(a):
    v = a[1:]
    a[1] = a[0] * 3
    return v[0] * v[1]


@case(VECTOR)
def base_sees_write_through_view(a):
    v = a[1:3]
    v[0] = a[0] * a[3]
    v *= 2
    return (a * a).sum()


@case(VECTOR)
def view_of_a_view(a):
    v = a[::2][::-1]
    v[0] = v[1] * a[1]
    return a[2] * a[0]


@case(VECTOR)
def reshaped_view(a):
    m = a.reshape(2, 2)
    m[0, 1] = m[1, 0] * m[1, 1]
    return a[1] * a[0]


@case(MATRIX)
def transposed_view(m):
    t = m.T
    t[0] = t[1] * 2
    t[2, 1] += m[0, 0]
    return (m * m).sum()


@case(MATRIX)
def row_and_column_views(m):
    row, column = m[0], m[:, 1]
    row *= 2
    column += row[0]
    return (m * np.arange(6.0).reshape(2, 3)).sum() + row[1] * column[1]


@case(VECTOR)
def copy_does_not_see_write(a):
    b = a.copy()
    a[0] = 7.0
    b[1] = a[2] * b[0]
    return (a * b).sum()


@case(VECTOR)
def ravel_may_be_a_view(a):
    r = a.ravel()
    r[0] = r[1] * 3
    f = a.flatten()
    f[1] = 100.0
    return (a * a).sum()


@case(_SHARED, _SHARED)
def same_array_given_twice(a, b):
    a[0] = b[1] * 2
    return (a * b).sum()


@case(_LIST, _LIST, 0.3)
def same_list_given_twice(xs, ys, k):
    xs[0] = ys[1] * k
    return xs[0] * ys[0] + ys[1]


@case(np.array([0.5, 1.5]))
def argument_doubled_in_place(a):
    a[:] = 2 * a
    return a.sum()


def scale_in_place(a, k):
    a *= k


def write_first(a, value):
    a[0] = value
    return a


@case(VECTOR, 0.7)
def callee_mutates(a, k):
    scale_in_place(a, k)
    scale_in_place(a[1:3], a[0])
    b = write_first(a, k)
    b[1] = 2.0
    return (a * a).sum()


def fill_list(xs, x):
    for i in range(3):
        xs.append(x * i)
    xs[0] = x


@case([0.5], 0.7)
def callee_appends(xs, x):
    fill_list(xs, x)
    fill_list(xs, xs[-1])
    return sum([v * v for v in xs])


@case(0.7)
def callee_writes_to_a_fresh_list(x):
    coefficients = list(range(4))

    def set_all(c):
        for i in range(1, 4):
            c[i] = x**i

    set_all(coefficients)
    first = coefficients[1] * coefficients[3]
    set_all(coefficients)
    return first + coefficients[2]


@case(VECTOR)
def fill_and_copyto(a):
    b = np.zeros(4)
    np.copyto(b, a * 2)
    a.fill(3.0)
    c = np.empty(4)
    c[...] = b
    c[0] = 1.0
    return (a * b).sum() + (c * b).sum()


@case(VECTOR)
def sort_in_place(a):
    a.sort()
    return (a * np.array([1.0, 10.0, 100.0, 1000.0])).sum()


@case(VECTOR)
def out_argument(a):
    out = np.zeros(4)
    np.multiply(a, a, out=out)
    np.add(out, a, out=out)
    b = np.sin(a, out=a)
    return (out * b).sum()


@case(VECTOR)
def swap_of_elements(a):
    a[0], a[1] = a[1], a[0]
    a[[2, 3]] = a[[3, 2]]
    return (a * np.array([1.0, 10.0, 100.0, 1000.0])).sum() * a[0]


@case(VECTOR)
def swap_of_rows_through_a_copy(a):
    m = a.reshape(2, 2)
    t = m[0].copy()
    m[0] = m[1]
    m[1] = t
    return (a * np.array([1.0, 10.0, 100.0, 1000.0])).sum()


@case(VECTOR)
def sliding_window(a):
    w = np.lib.stride_tricks.sliding_window_view(a, 2)
    return (w[:, 0] * w[:, 1]).sum() + (w * w).sum()


@case(VECTOR)
def broadcast_view(a):
    b = np.broadcast_to(a, (3, 4))
    a[0] = a[1] * 2
    return (b * np.arange(12.0).reshape(3, 4)).sum()


@case(np.linspace(0.0, 1.0, 6), 0.1)
def heat_stencil(u, c):
    for _ in range(4):
        new = u.copy()
        new[1:-1] = u[1:-1] + c * (u[2:] - 2 * u[1:-1] + u[:-2])
        u = new
    u[0] *= 2
    return (u * u).sum()


@case(np.array([0.1, 0.9, 0.4, 0.7, 0.2]), 0.3)
def stencil_in_place_with_two_buffers(u, c):
    v = np.zeros(5)
    for step in range(4):
        for i in range(1, 4):
            v[i] = u[i] + c * (u[i - 1] - 2 * u[i] + u[i + 1])
        v[0], v[4] = u[0], u[4] * math.cos(u[3])
        u, v = v, u
    return (u * u).sum() + v[2]


@case(np.array([2.0, 7.0, 1.0]), 3.0)
def dynamic_programming_table(prices, k):
    best = np.zeros((4, 3))
    for i in range(1, 4):
        for j in range(3):
            take = best[i - 1, j - 1] + prices[j] * k if j > 0 else prices[j]
            best[i, j] = max(best[i - 1, j], take)
    return best[3].sum()


@case(np.array([[4.0, 1.0], [1.0, 3.0]]))
def cholesky_by_hand(m):
    n = len(m)
    low = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = m[i, j]
            for k in range(j):
                s -= low[i, k] * low[j, k]
            low[i, j] = math.sqrt(s) if i == j else s / low[j, j]
    return low.sum() + low[1, 1] * low[1, 0]


@case(np.array([[4.0, 1.0], [1.0, 3.0]]), np.array([1.0, 2.0]))
def gauss_elimination_in_place(m, b):
    n = len(b)
    for i in range(n):
        for j in range(i + 1, n):
            f = m[j, i] / m[i, i]
            m[j] -= f * m[i]
            b[j] -= f * b[i]
    for i in range(n - 1, -1, -1):
        b[i] = (b[i] - m[i, i + 1 :] @ b[i + 1 :]) / m[i, i]
    return b[0] * b[1] + b[0]


@case(np.arange(5) / 3.3)
def write_to_integer_indices_from_data(a):
    for i in range(5):
        j = int(a[i] * 4) % 5
        a[j] = a[j] * 0.5 + a[i]
    return (a * a).sum()


@case(VECTOR)
def write_error_is_the_plain_one(a):
    a[0] = a[1] * 2
    a[17] = 3.0
    return a.sum()


@case(VECTOR)
def shape_error_is_the_plain_one(a):
    a[1:] = np.array([1.0, 2.0])
    return a.sum()


@case(np.array([1.0, 2.0]))
def delete_and_insert_of_names(a):
    b = a * 2
    del a
    a = b
    a[0] = 4.0
    return (a * b).sum()


@case(np.array([1, 2, 3]), 0.7)
def write_into_an_integer_array_truncates(n, x):
    n[0] = x * 5
    n[1] += 2
    return n.sum() * x


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
