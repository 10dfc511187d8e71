"""Unpacking, displays, comprehensions, indexing, iteration, NumPy as one writes it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case

VECTOR = np.array([0.5, -1.2, 2.0, 0.3])
MATRIX = np.array([[0.5, -1.2, 2.0], [0.3, 0.7, -0.4]])


@case(0.7, 1.2)
def tuple_unpacking(x, y):
    a, b = x * y, x + y
    (c, d), e = (a, b), 2.0
    return a * d + c * e


@case([0.7, 1.2, -0.3, 2.0])
def starred_unpacking(xs):
    first, *middle, last = xs
    *init, end = middle
    head, *_ = init
    return first * last + middle[0] * middle[1] + len(middle) * end * head


@case(np.array([0.7, 1.2, -0.3]))
def unpacking_an_array(a):
    x, y, z = a
    first, *rest = a
    return x * y + z * first + rest[0] * rest[1]


@case([0.7, 1.2])
def unpacking_too_many_raises(xs):
    a, b, c = xs
    return a


@case(0.7)
def swap_and_chain(x):
    a = b = x * x
    a, b = b + 1, a * 2
    a, b = b, a
    c = [a, b]
    c[0], c[1] = c[1], c[0]
    return a * c[0] + b


@case(0.7)
def unpacking_into_places(x):
    box = {"a": 0.0}
    items = [0.0, 0.0]
    items[0], box["a"], items[1] = x, x * x, 3.0
    return items[0] * box["a"] + items[1]


@case(0.7)
def augmented_of_every_operator(x):
    y = x
    y += 2
    y -= x * x
    y *= x + 1
    y /= 1.5
    y **= 2
    n = 7
    n //= 2
    n %= 2
    n <<= 3
    n |= 1
    y += n
    return y


@case(0.7, 1.2)
def arithmetic(x, y):
    return +x - -y * x / y + x**2 + 2**x + x**y + (x + y) % 5 + (3 - x) * 1e-1


@case(5.3, 1.2)
def floor_division_and_modulo(x, y):
    return x % y + (x // y) * y + x * (x // 2) + (-x) % y + divmod(x, y)[1] * 2


@case(3, 0.5)
def integer_arithmetic(n, x):
    m = n // 2 + n % 2 * 3 - (n << 1) + (n & 2) + (n ^ 1) + (~n)
    return x * m + n * x


@case(0.7)
def division_by_zero_raises(x):
    return x / (x - x)


@case(0.7)
def list_display_and_index(x):
    xs = [x, x * x, 3.0]
    return xs[0] * xs[1] + xs[-1] * xs[-3]


@case(0.7)
def index_error_raises(x):
    return [x, 1.0][5]


@case(0.7)
def key_error_raises(x):
    return {"a": x}["b"]


@case(0.7)
def displays_with_stars(x):
    xs = [x, 2.0]
    ys = [*xs, x * x, *xs]
    t = (*ys, 1.0)
    d = {**{"a": x}, "b": x * 2, **{"a": 5.0}}
    return sum(ys) * t[2] + d["a"] * d["b"]


@case(0.7)
def nested_lists(x):
    m = [[x, 1.0], [2.0, x * x]]
    return m[0][0] * m[1][1] + m[1][0] * m[0][1]


@case([0.7, 1.2, -0.3, 2.0])
def list_slices(xs):
    a, b = xs[1:3], xs[::-1]
    return a[0] * a[1] + b[0] * b[3] + sum(xs[:2]) * sum(xs[-2:]) + xs[::2][1]


@case([0.7, 1.2], [2.0])
def list_addition_and_repetition(xs, ys):
    zs = xs + ys * 3 + [1.0]
    return sum([z * z for z in zs]) + zs[0] * zs[2]


@case((0.7, (1.2, [2.0, "a"])))
def nested_tuple_argument(t):
    return t[0] * t[1][0] + t[1][1][0] ** 2


@case({"a": 0.7, "b": [1.2, 2.0], "c": {"d": 0.3}, "name": "n", 3: 0.5})
def nested_dict_argument(d):
    return d["a"] * d["b"][1] + d["c"]["d"] * d[3] * len(d["name"])


@case(0.7)
def dict_methods(x):
    d = {"a": x}
    d["b"] = x * x
    total = d.get("a", 1.0) + d.get("z", x * 3)
    for key in sorted(d):
        total *= d[key]
    return total + len(d) + ("a" in d)


@case(0.7)
def dict_with_tuple_keys(x):
    d = {(0, 1): x, (1, 0): 2 * x}
    return d[0, 1] * d[(1, 0)]


@case(0.7, 1.2)
def set_display(x, y):
    picked = {0, 2}
    total = 0.0
    for i, v in enumerate([x, y, x * y]):
        if i in picked:
            total += v * v
    return total + len({1, 2})


@case([0.7, 1.2, -0.3])
def list_comprehension(xs):
    ys = [x * x for x in xs]
    return ys[0] * ys[1] + ys[2]


@case([0.7, 1.2, -0.3], 0.4)
def comprehension_with_condition(xs, k):
    return sum([x * k for x in xs if x > 0 if x < 1])


@case([0.7, 1.2], [1.0, -2.0])
def comprehension_nested(xs, ys):
    m = [[x * y + i for y in ys] for i, x in enumerate(xs)]
    flat = [v for row in m for v in row]
    return sum(flat) * m[0][1]


@case([0.7, 1.2])
def comprehension_does_not_leak(xs):
    x = 5.0
    ys = [x * 2 for x in xs]
    return x * sum(ys)


@case({"a": 0.7, "b": 1.2})
def dict_comprehension(d):
    e = {k + "2": v * v for k, v in d.items() if v > 0}
    return e["a2"] * e["b2"]


@case([0.7, 1.2])
def set_comprehension(xs):
    kinds = {x > 1 for x in xs}
    return xs[0] * len(kinds)


@case([0.7, 1.2])
def comprehension_calls_closure(xs):
    k = xs[0] * 2

    def f(t):
        return t * k

    return sum([f(x) for x in xs])


@case([0.7, 1.2])
def comprehension_with_walrus(xs):
    ys = [y * y for x in xs if (y := x * 2) > 0]
    return sum(ys) * y


@case([0.7, 1.2], may_refuse=True)
def generator_expression_in_sum(xs):
    return sum(x * x for x in xs)


@case([0.7, 1.2, -0.4], may_refuse=True)
def generator_expression_in_max_and_any(xs):
    return max(x * x for x in xs) * (2 if any(x < 0 for x in xs) else 3)


@case(VECTOR)
def array_elements(a):
    return a[0] * a[1] + a[-1] ** 2


@case(MATRIX)
def matrix_elements(m):
    return m[0, 1] * m[1][2] + m[-1, -1]


@case(VECTOR)
def array_slices(a):
    return (a[1:] * a[:-1]).sum() + (a[::2] ** 2).sum() + a[::-1][0]


@case(MATRIX)
def matrix_slices(m):
    return (m[:, 1] * m[:, 0]).sum() + m[0].sum() * m[1:, 2:][0, 0] + m[..., 0].sum()


@case(MATRIX)
def new_axis_and_broadcast(m):
    v = m[0]
    return (v[:, None] * v[None, :] * 2).sum() + (m * m[:, :1]).sum()


@case(VECTOR)
def fancy_index(a):
    return (a[[0, 2, 0]] * np.array([1.0, 2.0, 3.0])).sum() + a[np.array([3, 3])].prod()


@case(MATRIX)
def fancy_index_pairs(m):
    return (m[[0, 1, 1], [2, 0, 0]] ** 2).sum() + m[np.ix_([0, 1], [0, 2])].sum()


@case(VECTOR)
def boolean_mask(a):
    return (a[a > 0] ** 2).sum() + a[a < 0][0]


@case(VECTOR, 2)
def index_is_an_argument(a, i):
    return a[i] * a[i - 1] * a[: i + 1].sum()


@case(VECTOR)
def ellipsis_and_zero_d(a):
    z = a[..., 1]
    return float(z * 2) + a[...].sum() + np.array(3.0)[()] * a[0]


@case(VECTOR, 0.7)
def scalar_and_array(a, x):
    return (x * a + a / x - x).sum() + (2**a).sum() + (a**2 - 1).mean()


@case(VECTOR)
def array_methods(a):
    m = a.reshape(2, 2)
    return (m.T @ m).trace() + m.sum(axis=0)[1] + a.copy().max() * a.min() + a.mean() + m.ravel()[1]


@case(MATRIX, np.array([0.3, -0.2, 1.0]))
def linear_layer(w, x):
    return np.tanh(w @ x + 0.1).sum() + np.dot(x, x) + np.outer(x, x)[0, 1]


@case(VECTOR)
def where_and_masks(a):
    return np.where(a > 0, a * a, -a).sum() + np.maximum(a, 0.1).sum() + np.clip(a, -1, 1).prod()


@case(VECTOR)
def build_array_from_list(a):
    rows = []
    for x in a:
        rows.append(np.array([x, x * x]))
    m = np.stack(rows)
    return (m[:, 0] * m[:, 1]).sum() + np.concatenate(rows)[3]


@case(0.7)
def array_of_computed_numbers(x):
    a = np.array([[x, x * x], [1.0, math.sin(x)]])
    return np.linalg.det(a) + a.sum()


@case(0.7)
def numpy_scalar_functions(x):
    return np.sin(x) * np.exp(x) + np.sqrt(np.abs(x)) + float(np.float64(x) ** 2)


@case(VECTOR)
def iterate_with_numpy_indices(a):
    total = 0.0
    for i in np.arange(len(a)):
        total += a[i] * i
    for i in np.argsort(a):
        total = total * 0.5 + a[i]
    return total


@case(VECTOR)
def softmax(a):
    e = np.exp(a - a.max())
    p = e / e.sum()
    return -np.log(p[2])


@case(VECTOR)
def integer_array_is_data(a):
    n = np.array([1, 2, 3, 4])
    return (a * n).sum() + (a[n - 1] ** n).sum()


@case(np.array([1, 2, 3]))
def integer_array_argument(n):
    return (n * n * 0.5).sum()


@case(np.array([True, False, True]), 0.7)
def bool_array_argument(mask, x):
    return x * mask.sum() + np.where(mask, x, x * x).sum()


@case("name", 0.7, None, True, b"x", 3)
def arguments_without_gradient(s, x, nothing, flag, raw, n):
    return x * len(s) * n if flag and nothing is None else x


@case(np.zeros(0), 0.7)
def empty_array(a, x):
    return a.sum() + x * len(a) + x


@case(np.array(0.7))
def zero_d_array(a):
    return float(a * a) + a[()] * 2


@case(np.float64(0.7), np.float64(2.0))
def numpy_scalars_as_arguments(x, y):
    return x * y * x


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
