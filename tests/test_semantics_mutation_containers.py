"""Writing to lists, dicts and objects: through names, aliases and callees."""

from __future__ import annotations

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


@case([0.5, 1.5, -0.3], 0.7)
def list_item_assignment(xs, x):
    xs[0] = x * xs[1]
    xs[-1] = xs[0] * xs[2]
    xs[1] += xs[0]
    return xs[0] * xs[1] * xs[2]


@case([0.5, 1.5, -0.3], 0.7)
def list_append_extend_insert(xs, x):
    xs.append(x * xs[0])
    xs.extend([x, x * x])
    xs.insert(1, xs[-1])
    xs += [xs[0]]
    return sum([(i + 1) * v * v for i, v in enumerate(xs)])


@case([0.5, 1.5, -0.3, 2.0])
def list_pop_remove_delete(xs):
    last = xs.pop()
    first = xs.pop(0)
    del xs[0]
    xs.append(first * last)
    xs.remove(xs[0])
    return xs[0] * last + len(xs)


@case([0.5, 1.5, -0.3, 2.0])
def list_sort_reverse(xs):
    xs.sort()
    a = xs[0] + 10 * xs[1] + 100 * xs[2]
    xs.reverse()
    xs.sort(key=lambda v: -v * v)
    return a + 1000 * xs[0] + 10000 * xs[-1] * xs[1]


@case([0.5, 1.5, -0.3, 2.0], 0.7)
def list_slice_assignment(xs, x):
    xs[1:3] = [x, x * x, x + xs[0]]
    xs[:1] = []
    del xs[1:2]
    return sum([(i + 1) * v * v for i, v in enumerate(xs)])


@case([0.5, 1.5])
def list_alias_and_copy(xs):
    ys, zs = xs, xs[:]
    ys[0] = xs[1] * 2
    ys.append(3.0)
    zs[1] = ys[0]
    return xs[0] * xs[2] + zs[0] * zs[1]


@case([0.5, 1.5])
def list_clear(xs):
    s = sum(xs) * xs[0]
    xs.clear()
    xs.append(s)
    return s * xs[0]


@case(0.7)
def list_in_place_addition_keeps_the_object(x):
    xs = [x]
    ys = xs
    xs += [x * x]
    xs = xs + [3.0]
    ys[0] = 2.0
    return ys[1] * ys[0] + xs[0] * xs[2]


@case(0.7)
def list_as_stack(x):
    stack = [x]
    total = 0.0
    while stack:
        v = stack.pop()
        total += v * v
        if v < 3 and len(stack) < 3:
            stack.append(v * 2)
            stack.append(v + 1)
        if total > 200:
            break
    return total


@case(0.7)
def list_multiplied_shares_items(x):
    rows = [[0.0, 0.0]] * 2
    rows[0][0] = x
    rows[1][1] = rows[0][0] * x
    return rows[0][0] * rows[0][1] + rows[1][0]


@case([[0.5, 1.5], [2.0]], 0.7)
def nested_list_mutation(m, x):
    m[0].append(x)
    row = m[1]
    row[0] = m[0][2] * row[0]
    m.append(row)
    m[2][0] *= 2
    return m[1][0] * m[0][0] + len(m)


@case({"a": 0.5, "b": 1.5}, 0.7)
def dict_assignment(d, x):
    d["a"] = d["b"] * x
    d["c"] = d["a"] * d["a"]
    d["b"] += d["c"]
    return d["a"] * d["b"] * d["c"]


@case({"a": 0.5, "b": 1.5}, 0.7)
def dict_update_setdefault_pop(d, x):
    d.update({"a": x, "c": x * x})
    d.update(e=x * 3)
    f = d.setdefault("f", d["b"] * x)
    b = d.setdefault("b", 100.0)
    c = d.pop("c")
    z = d.pop("z", x)
    del d["e"]
    return d["a"] * f + b * c + z * len(d)


@case({"a": 0.5, "b": 1.5})
def dict_alias_and_copy(d):
    e, f = d, dict(d)
    e["a"] = d["b"] * 2
    f["b"] = d["a"]
    return d["a"] * f["a"] + f["b"]


@case(0.7)
def counting_dict(x):
    counts = {}
    for i, key in enumerate("abacab"):
        counts[key] = counts.get(key, 0) + x * i
    return counts["a"] * counts["b"] + counts["c"]


@case({"w": np.array([0.5, -1.0]), "b": 0.2}, 0.7)
def dict_of_parameters_updated_in_a_loop(p, x):
    for i in range(3):
        p["w"] = p["w"] - 0.1 * p["w"] * x
        p["b"] += p["w"][0] * i
    return p["w"].sum() * p["b"]


@case(Holder(np.array([0.5, -1.0]), [2.0]), 0.7)
def object_fields_mutated(h, x):
    h.a[0] = x * h.k
    h.xs.append(h.a[0])
    h.k = h.xs[0] * h.xs[1]
    h.a = h.a * h.k
    h.a[1] += 1.0
    h.xs[0] = h.a[0]
    return h.a.sum() * h.xs[0] + h.k


@case(np.array([0.5, -1.0]), 0.7)
def array_reached_by_two_objects(a, x):
    p, q = Holder(a, []), Holder(a, [a])
    p.a[0] = x * a[1]
    q.xs[0][1] = p.a[0]
    return a[0] * q.a[1]


@case([np.array([0.5, -1.0]), np.array([2.0, 0.3])], 0.7)
def list_of_arrays_mutated(arrays, x):
    for a in arrays:
        a *= x
    arrays[0][1] = arrays[1][0]
    arrays[1] = arrays[0]
    arrays[1][0] += 1.0
    return arrays[0].sum() * arrays[1][1]


@case(0.7)
def nonlocal_and_cell_rebinding(x):
    y = x
    a = np.array([x, 2.0])

    def step():
        nonlocal y, a
        y = y * x
        a = a * y
        a[0] += 1

    step()
    b = a
    step()
    return y * a[0] + b[1] + b[0]


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
