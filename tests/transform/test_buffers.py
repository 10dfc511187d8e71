"""Arrays whose cotangents are local arrays of the reverse sweep: which, and with what result."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dpy
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case

VECTOR = np.array([0.5, -1.2, 2.0, 0.3, 0.9])
MATRIX = np.array([[0.5, -1.2, 2.0], [0.3, 0.7, -0.4], [1.1, 0.2, -0.6]])
with_acc: set[str] = set()


def uses_accumulators(function: Any) -> Any:
    """Mark a program whose arrays something else may reach."""
    with_acc.add(function.__name__)
    return function


# --- elements -----------------------------------------------------------------------------------


@case(0.7, 0.9, 6)
def recurrence(a, b, n):
    t = np.zeros(n)
    t[0] = a
    t[1] = b
    for i in range(2, n):
        t[i] = 0.9 * t[i - 1] + 0.3 * t[i - 1] * t[i - 2]
    return np.sum(t)


@case(VECTOR)
def prefix_sums_in_place(x):
    s = x.copy()
    for i in range(1, len(s)):
        s[i] += s[i - 1]
    return s @ s


@case(VECTOR)
def overwritten_and_read_again(x):
    u = x * 1.0
    a = u[0] * u[1]
    u[0] = a
    u[0] = u[0] * u[0] + u[1]
    u[1] = 3.0
    return u[0] * u[1] * u[2]


@case(VECTOR, -1)
def negative_indices(x, k):
    u = np.zeros_like(x)
    for i in range(len(x)):
        u[-i - 1] = x[i] * x[k]
    return u[k] * u[0] + u[-2]


@case(MATRIX, 0.3)
def filled_by_two_loops(x, k):
    n, m = x.shape
    a = np.empty((n, m))
    for i in range(n):
        for j in range(m):
            a[i, j] = np.sin(x[i, j]) * k
            if j > 0:
                a[i, j] += a[i, j - 1] * a[i, j]
    return np.sum(a * a)


@case(MATRIX, VECTOR[:3])
def gauss_seidel(a, b):
    x = np.zeros_like(b)
    for _ in range(4):
        for i in range(len(b)):
            rest = a[i, :i] @ x[:i] + a[i, i + 1 :] @ x[i + 1 :]
            x[i] = (b[i] - rest) / (3.0 + a[i, i])
    return x @ x


@case(0.4)
def made_anew_in_each_iteration(x):
    total = 0.0
    for i in range(3):
        u = np.zeros(3)
        u[i] = x
        u[1] += x * x
        if i == 1:
            u[2] = total
        total = total + np.sum(u * u)
    return total


@case(VECTOR, 2.0)
def integers_from_an_array(x, k):
    order = np.array([2, 0, 1])
    u = np.zeros(3)
    for i in order:
        u[i] = x[i] * k
        u[i - 1] += u[i]
    return np.sum(u * u)


@case(VECTOR)
def items_and_wholes_by_turns(x):
    u = x * 1.0
    s = 0.0
    for i in range(1, 5):
        u[i] = u[i - 1] * x[i]
        s += x[i]
    u[1:] += x[:-1] * s
    for i in range(4):
        u[i] *= u[i + 1] + x[-1]
    v = np.sin(u) * x
    for i in range(3):
        for j in range(2):
            s += v[i] * x[j] * u[i + j]
        if i == 1:
            v = v * x
    return s * np.sum(u * v)


@case(VECTOR, 3)
def items_in_a_branch(x, n):
    u = np.zeros(5)
    if n > 2:
        for i in range(5):
            u[i] = x[i] * i
    else:
        u[:] = x
    k = 0
    while k < n:
        u[k] += u[k + 1] * x[k]
        k += 1
    return np.sum(u[1:] * x[:-1]) + x[0]


@case(np.arange(60.0) / 50)
def few_items_of_many(x):
    u = x.copy()
    for i in range(2):
        u[i] = u[i + 1] * u[-i]
    return np.sum(u * u)


@case(VECTOR)
def tuples_of_one_index(x):
    u = x.copy()
    for i in range(4):
        u[(i,)] = u[i + 1] * x[i]
        x_i = x[i,]
        u[i + 1] -= x_i
    return np.sum(u)


@case(np.array([0.5, 0.0, -2.0]), np.array([1.5, 2.0, 0.25]))
def quotients_of_items(x, y):
    u = np.zeros(3)
    for i in range(3):
        u[i] = x[i] / y[i] + y[i] ** 1.5 + np.sqrt(y[i]) + x[i] ** 2
    return np.sum(u)


# --- slices and views ---------------------------------------------------------------------------


@case(VECTOR, 0.2)
def heat(start, k):
    u = start.copy()
    flow = np.empty(len(start) - 1)
    for _ in range(3):
        flow[:] = k * (u[1:] - u[:-1])
        u[1:-1] += flow[1:] - flow[:-1]
    return np.sum(u * u)


@case(MATRIX, 0.1)
def five_points(x, k):
    u = np.array(x)
    for _ in range(3):
        u[1:-1, 1:-1] += k * (
            u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4 * u[1:-1, 1:-1] ** 2
        )
    return np.sum(u**3)


@case(MATRIX)
def a_view_of_a_view_is_kept(x):
    u = x * 2.0
    row = u[1]
    part = row[1:]
    part[0] = x[0, 0] * row[0]
    u[1, 2] *= part[0]
    row[0] = 1.5 * part[1]
    return np.sum(u * x) + np.sum(part) * row[0]


@case(VECTOR)
def read_through_a_view_after_the_array_has_changed(x):
    u = x * 1.0
    v = u[1:3]
    before = np.sum(v * v)
    u[1] = before
    return np.sum(v * v * v) + u[2]


@case(VECTOR)
def regions_that_overlap(x):
    u = x.copy()
    u[1:] = u[:-1]
    u[:-1] += u[1:]
    u[1:] *= u[:-1]
    u[:] = u[::-1]
    u[:2] -= u[3:]
    return u @ (u * x)


@case(VECTOR, 0.7)
def broadcast_writes(x, k):
    u = np.zeros((2, 5))
    u[:] = x
    u[0] += k
    u[:, 1:] -= x[1:]
    u[1, ::2] = k * k
    u[..., 3] = x[:2]
    u[:, :1] *= k
    return np.sum(u**2 * x)


@case(VECTOR, 1.3)
def all_operators(x, k):
    u = x + 2.5
    u += x
    u *= u
    u -= 0.1 * x
    u /= x * x + 1.0
    u **= 2
    u *= k
    u /= k + u
    u += k
    u -= k * k
    u[1:] /= u[:-1]
    return np.sum(u)


@case(VECTOR)
def updated_in_a_loop_and_a_branch(x):
    u = np.ones(5)
    for i in range(4):
        u += x * i
        if i % 2:
            u *= x
        else:
            u[i] = 2.0
    return u @ u


@case(VECTOR)
def written_over_as_a_whole(x):
    u = np.zeros(5)
    for i in range(3):
        u[...] = np.sin(u) + x * i
        u[0] = u[1]
    u[:] = u * x
    return np.sum(u)


@case(VECTOR)
def ten_times_nothing(x):
    u = x.copy()
    for _ in range(0):
        u[0] = 1.0
    return u[0]


@case(VECTOR)
def nobody_reads_it(x):
    u = x.copy()
    u[0] = x[1] * 2
    return x[1] * 3


# --- other indices, dtypes and shapes -------------------------------------------------------------


@case(VECTOR)
def index_arrays(x):
    u = x.copy()
    twice = np.array([1, 1, 2])
    u[twice] = x[:3] * 2
    u[twice] += x[2:]
    y = u[twice] * x[:3]
    u[[0, 3]] = y[1:]
    mask = u > 0.5
    u[mask] *= x[mask]
    u[1:][twice] -= 1.5 * x[:3]
    return np.sum(u * x) + np.sum(y)


@case(MATRIX)
def rows_and_columns_by_arrays(x):
    u = x * x
    i, j = np.array([0, 1]), np.array([2, 0])
    u[i, j] = x[0, :2]
    u[1, j] += x[2, 1:]
    return np.sum(u[i, j] * u[:2, 1]) + np.sum(u)


@case(VECTOR[:3], 0.3)
def complex_array(x, k):
    u = np.zeros(3, complex)
    u[0] = k
    u[1:] = x[1:] * x[0] * (1 + 0.5j)
    u[1] *= k * 2j
    u += x * (0.3 - 1j)
    u -= k
    u[2:] -= u[:1] * 1j
    u *= u
    u /= 2.0 + u * u
    return np.sum(np.abs(u) ** 2)


@case(VECTOR)
def integers_written_into_floats(x):
    u = x.copy()
    for i in range(3):
        u[i] = i
        u[i + 1] += i * u[i]
    return np.sum(u * x)


# --- results, names -------------------------------------------------------------------------------


@case(VECTOR)
def two_names(x):
    u = x * 2
    v = u
    v[0] = x[1]
    u[1] = v[0] * v[1]
    return np.sum(u) * v[0]


@case(VECTOR, True)
def made_in_a_branch(x, flag):
    if flag:
        u = x * 2
        u[0] = 1.0
        s = np.sum(u * x)
    else:
        s = x[0]
    return s


@uses_accumulators
@case(VECTOR)
def swapped(x):
    u, v = x * 1.0, x * 2.0
    for i in range(3):
        v[1:] = u[:-1] * x[i]
        u, v = v, u
    return np.sum(u * v)


@uses_accumulators
@case(VECTOR)
def kept_in_a_list(x):
    u = x * 1.0
    held = [u]
    u[0] = x[1]
    held[0][1] = u[0] * x[2]
    return np.sum(u * x)


@uses_accumulators
@case(VECTOR)
def one_of_two(x):
    u, v = x * 1.0, x * 2.0
    w = u if x[0] > 0 else v
    w[0] = x[1] * x[1]
    return np.sum(u * v)


@uses_accumulators
@case(VECTOR, 0.5)
def in_an_argument(x, k):
    x[1:-1] += k * (x[2:] - x[:-2])
    x[1:] *= x[:-1]
    x[0] /= k
    x -= x[1] * k
    return np.sum(x * x)


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_program(case: Case) -> None:
    case.check()


def test_arrays_that_nothing_else_reaches_need_no_accumulators() -> None:
    for found in corpus.cases:
        listing = dpy.adjoint_source(found.function, *found.args)
        assert ("acc" in listing) == (found.function.__name__ in with_acc), listing
