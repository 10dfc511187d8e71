"""Methods of lists, deques and dicts: each moves cotangents as it moves values."""

from __future__ import annotations

import collections

import pytest

import dpy
from dpy.cotangent import ZERO
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.dispatch import dispatch
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


@case([0.7, 1.2, 2.0, 0.3])
def list_methods(xs):
    xs.append(xs[0] * xs[1])
    xs.insert(1, xs[-1] * 2)
    xs.extend([v * 3 for v in xs[:2]])
    a = xs.pop()
    b = xs.pop(0)
    xs.remove(xs[2])
    xs.reverse()
    xs.sort(key=lambda v: -v)
    c = xs.copy()
    c[0] = a
    xs += c
    xs *= 2
    return sum([v * i for i, v in enumerate(xs, 1)]) + a * b + xs.index(c[1]) + xs.count(a)


@case([0.7, 1.2, 2.0, 0.3])
def cleared_and_filled_again(xs):
    total = sum(xs) * xs[2]
    ys = xs[:]
    xs.clear()
    xs.append(total)
    xs.extend(ys)
    ys[:] = xs
    del xs[:]
    xs.append(ys[0] * ys[1])
    return xs[0] * total


@case([0.7, 1.2, 2.0])
def extended_by_itself(xs):
    xs.extend(xs)
    xs += xs[1:2]
    return sum([v * i for i, v in enumerate(xs, 1)])


@case([2.0, 0.7, 1.2])
def sorting(xs):
    ys = sorted(xs, reverse=True)
    pairs = sorted([(v, i) for i, v in enumerate(xs)])
    zs = sorted(map(lambda v: v * v, xs), key=lambda v: -v)
    xs.sort()
    return ys[0] * xs[1] + pairs[0][0] * pairs[2][1] + zs[0] * zs[1]


@case([0.7, 1.2, 2.0])
def deques(xs):
    d = collections.deque(xs)
    d.append(d[0] * 2)
    d.appendleft(d[-1] * d[1])
    d.rotate(2)
    d.extendleft([xs[0], 5.0])
    a, b = d.pop(), d.popleft()
    d.insert(1, a)
    d.remove(d[0])
    d.reverse()
    e = d.copy()
    e[0] = b
    d.extend(e)
    del d[1]
    return sum([v * i for i, v in enumerate(d, 1)]) + a * b


@case([0.7, 1.2, 2.0])
def bounded_deque(xs):
    d = collections.deque(xs, maxlen=2)
    a = d[0]
    d.append(xs[0] * a)
    d.appendleft(xs[1])
    d.extend([a, a * 2, xs[2]])
    return d[0] * d[1] + len(d)


@case({"a": 0.7, "b": 1.2})
def dict_methods(d):
    d["c"] = d["a"] * 2
    d.update({"a": d["b"] * d["c"]}, b=d["c"])
    d.update([("e", d["a"]), ("f", d["b"] * 3)])
    d |= {"g": d["e"] * d["f"]}
    e = d | {"a": 1.0}
    f = e.copy()
    f["a"] = e.pop("b") * 2
    key, value = f.popitem()
    f.setdefault("h", []).append(value)
    f.setdefault("h", []).append(f.get("c", 0.0) + f.get("none", value))
    g = dict(f, z=value)
    h = dict.fromkeys(["p", "q"], g["z"])
    total = h["p"] * h["q"] + sum(f["h"]) + g["a"]
    f.clear()
    f["a"] = total
    return f["a"] * e["a"] + (key == "g")


@case({"a": 0.7, "b": 1.2})
def dict_constructors(d):
    e = dict(zip("xy", d.values(), strict=True))
    f = dict(e, x=e["y"] * 2)
    g = {**f, "z": f["x"], **{"y": 3.0}}
    h = {k: v * v for k, v in g.items()}
    i = dict([[k, v] for k, v in h.items()])
    return i["x"] * i["z"] + g["y"] * e["x"] + f["y"]


@case({"a": [0.7], "b": [1.2]})
def nested_mutables_in_dicts(d):
    e = dict(d)
    e["a"].append(e["b"][0] * 2)
    f = d.copy()
    f["b"] = [v * 2 for v in f["a"]]
    d.update(c=f["b"])
    d["c"][0] = d["c"][1] * d["a"][0]
    return sum(d["c"]) + sum(e["a"]) * f["b"][0]


@case([[0.7, 1.2], [2.0, 0.3]])
def nested_lists_moved_around(rows):
    rows.reverse()
    rows.insert(1, rows[0])
    rows[1][0] = rows[2][1] * rows[0][1]
    rows.sort(key=lambda r: r[0])
    first = rows.pop(0)
    rows.extend([first, [first[0] * 2]])
    copied = [list(r) for r in rows]
    copied[0][0] = 9.0
    return sum([r[0] * i for i, r in enumerate(rows, 1)]) + sum([sum(r) for r in copied])


@case(0.7, 1.2)
def tuples_of_mutables(x, y):
    t = ([x], {"a": y}, (x, [y]))
    t[0].append(t[1]["a"] * 2)
    u = t + (t[2][1],) * 2
    u[3].append(u[0][1])
    return sum(u[4]) * u[0][0] + tuple(t[0])[1] + t[2][0]


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_programs(case: Case) -> None:
    case.check()


def test_entries_have_the_protocol_of_dispatch() -> None:
    xs = [1.0, 2.0]
    acc = Accumulators()
    y, pb = dispatch(xs.pop, (), {})
    assert y == 2.0
    assert pb(5.0, acc) == (ZERO, (), {})
    assert acc.peek(xs) == {1: 5.0}


def test_errors_are_pythons() -> None:
    for f, error in (
        (lambda xs: xs.remove(99.0), ValueError),
        (lambda xs: [].pop() + xs[0], IndexError),
        (lambda xs: {}.pop("a") + xs[0], KeyError),
        (lambda xs: dict(1, 2) and xs[0], TypeError),
    ):
        with pytest.raises(error):
            dpy.gradient(f, [1.0, 2.0])
