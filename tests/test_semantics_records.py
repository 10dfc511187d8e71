"""Arrays with fields, and their records: what is read and written there carries cotangents."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.lib import recfunctions

import dpy
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case

D = np.dtype([("u", float), ("v", float, 2), ("n", int), ("name", "U3"), ("flag", bool)])
A = np.array([0.5, 1.5, -0.3])


@case(A, 0.53)
def fields(a, x):
    s = np.zeros(3, D)
    s["u"] = a * x
    s["v"] = np.outer(a, [x, 2.0])
    s["n"] = 2
    return (s["u"] ** 2).sum() + (s["v"][:, 1] * s["u"] * s["n"]).sum()


@case(A, 0.53)
def field_in_place(a, x):
    s = np.zeros(3, D)
    s["u"] = a
    s["u"] *= x
    s["u"][1] += a[2]
    s["v"][0] = a[:2]
    t = s["v"]
    t[1] = t[0] * s["u"][1]
    return (s["u"] * s["v"].sum(1)).sum() + (t**2).sum()


@case(A, 0.53)
def one_record(a, x):
    s = np.zeros(3, D)
    s["u"] = a
    r = s[1]
    y = r["u"] * x
    r["u"] = y * y
    s[0]["v"][1] = y
    return (s["u"] ** 2).sum() + s["v"].sum() * r["u"]


@case(A, 0.53)
def tuples_as_records(a, x):
    s = np.zeros(2, D)
    s[0] = (x, (x * x, a[1]), 3, "ab", True)
    s[1] = s[0]
    s[1]["u"] += a[0]
    return (s["u"] * s["v"][:, 0]).sum()


@case(A, 0.53)
def array_of_tuples(a, x):
    s = np.array([(x, (a[0], a[1]), 1, "", a[0] > 0), (a[2], (x, x), 2, "c", False)], D)
    return (s["u"] * s["v"][:, 1] * s["n"]).sum()


@case(A, 0.53)
def record_arrays(a, x):
    r = np.zeros(3, D).view(np.recarray)
    r.u = a * x
    r.v[:, 0] = a
    r[1].u = x
    return (r.u**2).sum() + (r.v[:, 0] * r["u"]).sum() + r[0].u


@case(A, 0.53)
def record_array_of_columns(a, x):
    r = np.rec.fromarrays([a, a * x], names="p,q")
    return (r.p * r.q).sum() + r[1].q


@case(A, 0.53)
def copies_and_views(a, x):
    s = np.zeros(3, D)
    s["u"] = a
    t = s.copy()
    t["u"] *= x
    w = s[::-1]
    w["u"][0] = x
    z = s[[0, 2]]
    z["u"] *= 3.0
    return (s["u"] * t["u"]).sum() + (z["u"] ** 2).sum()


@case(A, 0.53)
def rows_of_a_loop(a, x):
    s = np.zeros(3, D)
    s["u"] = a
    t = 0.0
    for row in s:
        t += row["u"] * row["u"] * x
        row["u"] = t
    return t + s["u"].sum()


@case(A, 0.53)
def several_fields_and_tuples(a, x):
    s = np.zeros(3, [("p", float), ("q", float)])
    s["p"] = a
    s["q"] = a * x
    return (s[["p", "q"]]["q"] ** 2).sum() + sum(s[0].tolist()) + s[1].item()[1]


@case(A, 0.53)
def complex_and_single(a, x):
    s = np.zeros(3, [("z", complex), ("f", np.float32)])
    s["z"] = a + 1j * x * a
    s["f"] = a
    return (np.abs(s["z"]) ** 2).sum() + float((s["f"] * 0).sum())


@case(A, 0.53)
def records_in_records(a, x):
    s = np.zeros(2, [("p", [("q", float), ("r", float, (3,))])])
    s["p"]["q"] = x
    s["p"]["r"] = a
    return (s["p"]["r"] * s["p"]["q"][:, None]).sum() * s["p"]["r"][1, 1]


@case(A, 0.53)
def not_read(a, x):
    s = np.zeros(2, D)
    s["u"] = x
    return a.sum() * x


@case(A, 0.53)
def copies_of_records(a, x):
    s = np.zeros(3, D)
    s["u"] = a
    r = s[1].copy()
    r["u"] *= r["u"]
    q = copy.copy(copy.deepcopy(s[1]))
    q["u"] *= 3.0
    t = np.array([r, q, s[0]])
    t["u"][0] *= x
    one = np.void((1.0, (2.0, 3.0), 4, "", True), D)
    one["u"] = t[1]["u"]
    return t["u"].sum() + one["u"] * one["v"][0]


@case(A, 0.53)
def records_in_containers(a, x):
    s = np.zeros(3, D)
    s["u"] = a
    rows = [row for row in s]
    rows[0]["u"] = rows[1]["u"] * x
    s[2] = rows[0]
    kept = {"k": rows[2]}
    best = max(s, key=lambda row: row["u"])
    return s["u"].sum() + kept["k"]["u"] ** 2 * best["u"]


@case(A, 0.53)
def under_try(a, x):
    s = np.zeros(3, D)
    try:
        s["u"] = a
        s[1]["u"] *= x
        s["v"][7] = x
    except IndexError:
        s["v"][0] = x * s["u"][1]
    s["name"][0] = "x"
    s["flag"] = s["u"] > 0
    return (s["u"] * s["v"][:, 0] * s["flag"]).sum() + s["u"].sum() ** 2


@case(A, 0.53)
def rounded_by_a_field(a, x):
    s = np.zeros(3, D)
    s["n"] = a * 3.7
    s[0] = (x, x, 2.9, "", 0)
    s["n"][1] += 1
    return (s["n"] * a).sum() + s["u"][0] * s["n"][0]


@case(A, 0.53)
def written_through_masks(a, x):
    s = np.zeros(3, D)
    s["u"] = a
    t = s.copy()
    t[1:] = s[:-1]
    t[s["u"] > 1] = s[0]
    t[[0, 2]] = t[[2, 1]]
    t[0] = t[1]
    return (t["u"] * np.array([x, 2.0, 3.0])).sum()


@case(A, 0.53)
def joined_sorted_reshaped(a, x):
    s = np.zeros(3, D)
    s["u"] = a * x
    t = np.sort(np.concatenate([s, s[::-1]]), order="u")
    s.sort(order="u")
    return (t["u"] * np.arange(6)).sum() + s.reshape(3, 1).T["u"][0, 2] * x


@case(A, 0.53)
def other_types_of_fields(a, x):
    s = np.zeros(3, [("p", "f4"), ("q", "i2")])
    t = s.astype([("left", float), ("right", float)])
    t["left"], t["right"] = a, a * x
    u = t.astype([("r", float), ("s", complex)])
    u["s"] *= 1j
    return (u["r"] * u["s"].imag).sum() + recfunctions.structured_to_unstructured(t).sum() ** 2


@case(A, 0.53)
def given_to_a_function(a, x):
    def move(s, dt):
        s["u"] += s["v"][:, 0] * dt
        return s

    s = np.zeros(3, D)
    s["v"][:, 0] = a
    for _ in range(3):
        s = move(s, x)
    return (s["u"] ** 2).sum()


@case(0.7)
def records_that_are_unpacked(x):
    a = np.zeros(2, dtype=[("p", float), ("q", float, 2), ("n", int)])
    a["p"], a["q"], a["n"] = x, x * x, 3
    total = 0.0
    for record in a:
        p, q, n = record
        first, *rest = record
        total = total + p * q.sum() * n + first * list(record)[0] * rest[0][1]
    return total


@case(0.7)
def a_loop_that_unpacks_records(x):
    a = np.rec.array([(x, 2 * x), (3.0, x)], dtype=[("p", float), ("q", float)])
    total = 0.0
    for p, q in a:
        total = total + p * q
    a[0] = (x * x, 1.0)
    p, q = a[0]
    return total + p * q + dict(enumerate(a[1]))[1]


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()


# --- as arguments -----------------------------------------------------------------------------


def read(s, x):
    return (s["u"] ** 2 * s["n"]).sum() + s["v"][1, 0] * s[2]["u"] * x


def written(s, x):
    s["u"] *= x
    t = s[::2]
    t["v"] += s["u"][0]
    return (s["u"] ** 2).sum() + (s["v"] ** 3).sum()


def rows(s, x):
    return sum(r["u"] for r in s) * x + sum(row[0] * row[1][1] for row in s.tolist())


def argument() -> Any:
    s = np.zeros(3, D)
    s["u"], s["v"], s["n"] = A, [[1.0, 0.5], [0.3, 2.0], [1.5, 1.0]], [1, 2, 3]
    return s


@pytest.mark.parametrize("f", [read, written, rows])
def test_gradient_of_an_argument(f: Callable[..., Any]) -> None:
    s = argument()
    gradient, by_x = dpy.gradient(f, s, 2.0)
    assert gradient.dtype == np.dtype([("u", float), ("v", float, 2), ("n", float)])
    plain = argument()
    f(plain, 2.0)
    assert s.tobytes() == plain.tobytes()

    def slope(name: str, index: Any) -> float:
        values = []
        for h in (1e-5, -1e-5):
            moved = argument()
            moved[name][index] += h
            values.append(f(moved, 2.0))
        return (values[0] - values[1]) / 2e-5

    for i in range(3):
        assert gradient["u"][i] == pytest.approx(slope("u", i), rel=1e-6, abs=1e-8)
        for j in range(2):
            assert gradient["v"][i, j] == pytest.approx(slope("v", (i, j)), rel=1e-6, abs=1e-8)
    s = argument()
    _, back = dpy.pullback(f, s, 2.0)
    first = back(1.0)
    s["u"] = 7.0
    again = back(1.0)
    assert first[1] == again[1] == by_x
    assert first[0].tobytes() == again[0].tobytes() == gradient.tobytes()


def test_integers_stand_for_real_numbers() -> None:
    gradient, _ = dpy.gradient(read, argument(), 2.0)
    assert gradient["n"] == pytest.approx(A**2)


def test_a_record_of_an_argument_is_unpacked() -> None:
    def unpacked(s):
        u, *_ = s[1]
        return u * 2.0

    (gradient,) = dpy.gradient(unpacked, argument())
    first = gradient.dtype.names[0]
    assert gradient[first].tolist()[1] == 2.0
    assert gradient[first].sum() == 2.0
