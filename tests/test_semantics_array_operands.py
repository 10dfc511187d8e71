"""Operators of arrays where the other operand is a list, a tuple, a range or NumPy's number."""

from __future__ import annotations

import operator

import numpy as np
import pytest

from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case

V = np.array([0.7, 1.9, 3.2])
W = np.array([0.5, -1.2, 2.0, 0.3, 0.7])


@case(V, 0.53)
def function_of_array_and_list(a, x):
    return (np.multiply(a, [x, 2.0 * x, x * x]) ** 2).sum()


@case(V, 0.53)
def unknown_operands(a, x):
    def multiply():
        return t * s

    t, s = a, [x, 2 * x, x * x]
    return (multiply() ** 2).sum()


@case(V, 0.53)
def list_and_array(a, x):
    return (([x, 2 * x, 1.0] + a) ** 2).sum() + ([x, x, 1.0] * a)[0] + (1.0 - a / [x, a[0], 2])[1]


@case(V, 0.53)
def tuple_and_array(a, x):
    return (((x, x, 1.0) + a) ** 2).sum() + (a % (0.5, 2 * x, 1.5)).sum()


@case(V, 0.53)
def powers(a, x):
    return (a ** [x, x * x, 1.0]).sum() + ((x, 1.0, 2.0) ** a).sum()


@case(V, 0.53)
def products(a, x):
    return (a @ [x, x * x, 1.0]) * ([x, x * x, 1.0] @ a)


@case(V, 0.53)
def nested_lists(a, x):
    return (a * [[x, 2 * x, 1.0], [x * x, 2.0, a[0]]]).sum() ** 2


@case(V, 0.53)
def ranges(a, x):
    return (a * range(3) * x).sum() + (range(1, 4) ** a).sum()


@case(V, 0.53)
def list_becomes_array(a, x):
    s = [x, 2 * x, x * x]
    kept = s
    s += a
    return (s * s).sum() + len(kept) * x


@case(V, 0.53)
def list_times_array(a, x):
    s = [x, 2 * x, x * x]
    s *= a
    return (s * s).sum()


@case(V, 0.53)
def tuple_becomes_array(a, x):
    s = (x, 2 * x, x * x)
    s += a
    return (s * s).sum()


@case(V, 0.53)
def list_times_number_of_numpy(a, x):
    s = [x, a[0]]
    kept = s
    s *= np.arange(3)[2]
    return s[0] * s[3] * len(s) * len(kept)


@case(V, 0.53)
def number_of_numpy_and_list(a, x):
    return (np.float64(x) + [x, 2 * x, 1.0]).sum() ** 2 + ([x, 2 * x, 1.0] - a[1]).sum()


@case(V, 0.53)
def no_product_of_number_and_list(a, x):
    return a[0] * [x, 2 * x]


@case(V, 0.53)
def in_place_from_sequences(a, x):
    b = a.copy()
    b += [x, 2 * x, 1.0]
    b *= (x, x, 2.0)
    b /= [2.0, x, x]
    b **= [2, 1.0, x]
    b -= range(3)
    return (b * b).sum()


@case(V, 0.53)
def items_by_functions(a, x):
    b = a.copy()
    for k in range(2):
        operator.setitem(b, k, x * b[2])
    return operator.getitem(b, 0) * b.sum()


@case(W, 0.5)
def flat_from_itself(a, x):
    b = a * 1.0
    b.flat = b[::-1]
    b.flat[1:4] = b[2:] * 1.0
    b.flat[1:4] = b[2:]
    b.flat[[0, 1, 1]] = b[1:3]
    return (b * b * np.arange(5)).sum()


@case(W, 0.5)
def flat_reads_what_it_wrote(a, x):
    b = a * 1.0
    b.flat[::-1] = b[:2]
    b.reshape(5, 1).flat[:] = b
    b.flat[:] = b[::-1]
    c = np.stack([b, b])
    c.T.flat = c
    return (c * c * np.arange(5)).sum()


@case(W, 0.5)
def flat_of_one_number(a, x):
    t = a.copy()[1, ...]
    t.flat = x * t
    t.flat[0] += x
    t.flat[...] = t * t
    return t.sum() + next(iter(t.flat))


@case(V, 0.53)
def words_of_failing_calls(a, x):
    return np.add(a, [x, x], out=a)


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
