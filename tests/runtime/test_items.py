"""``x[i]`` of lists, dicts, tuples, arrays and objects: read, written, deleted."""

from __future__ import annotations

import collections

import numpy as np
import pytest

import dpy
from dpy.cotangent import ZERO
from dpy.errors import MutationError
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.items import delete_item, read_item, write_item
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


@case([0.7, 1.2, 2.0, 0.3])
def negative_indices_and_slices(xs):
    xs[-1] = xs[-2] * xs[0]
    ys = xs[::-1]
    ys[0] = ys[1] * 2
    xs[1:3] = [ys[0]]
    xs[0:0] = [xs[-1], 1.0]
    del xs[2]
    xs[::2] = [v * 3 for v in xs[::2]]
    return sum([v * i for i, v in enumerate(xs, 1)]) + ys[0] * ys[-1]


@case([0.7, 1.2, 2.0, 0.3])
def deletions(xs):
    a = xs[1]
    del xs[1]
    b = xs[1]
    del xs[-1]
    xs.append(a * b)
    del xs[0:1]
    return xs[0] * xs[1]


@case([0.7, 1.2])
def slice_assigned_from_itself(xs):
    xs[2:] = xs
    xs[1:1] = xs
    return sum([v * i * i for i, v in enumerate(xs)])


@case({"a": 0.7, "b": 1.2})
def dict_items(d):
    d["c"] = d["a"] * d["b"]
    a = d.pop("a")
    d["a"] = d["c"] * a
    del d["b"]
    d["b"] = 4.0
    key, value = d.popitem()
    d.setdefault("z", d["a"] * value)
    return d.setdefault("z", 0.0) * d.get("a") + d.get("nothing", a)


@case(0.7)
def counting_dict(x):
    d = collections.defaultdict(float)
    for k in "abca":
        d[k] += x * (1 + d["a"])
    e = collections.defaultdict(list)
    e["p"].append(d["a"])
    e["p"].append(x)
    return d["a"] * d["b"] + e["p"][0] * e["p"][1] + d["zero"]


class Table(dict):
    """A dict of its own mind."""

    def __missing__(self, key):
        value = self["base"] * len(key)
        self[key] = value
        return value

    def __setitem__(self, key, value):
        super().__setitem__(key.lower(), value * 2)

    def __getitem__(self, key):
        return super().__getitem__(key) * 3

    def __delitem__(self, key):
        self["deleted"] = super().__getitem__(key)
        super().__delitem__(key)


@case(0.7)
def dict_subclass(x):
    t = Table()
    t["BASE"] = x
    first = t["abc"]
    del t["base"]
    return first * t["deleted"] + len(t)


class Stack(list):
    def push(self, value):
        self.append(value)
        return self

    def __getitem__(self, i):
        return super().__getitem__(i) * 2

    def append(self, value):
        super().append(value * value)


@case(0.7)
def list_subclass(x):
    s = Stack([x, 1.0])
    s.push(x).push(s[0])
    s[1] = s[3]
    return s[1] * s[2] + sum(s) + s.pop()


class Matrix:
    def __init__(self, rows):
        self.rows = rows

    def __getitem__(self, index):
        i, j = index
        return self.rows[i][j]

    def __setitem__(self, index, value):
        i, j = index
        self.rows[i][j] = value

    def __delitem__(self, i):
        self.rows[i] = [0.0, 1.0]

    def __contains__(self, value):
        self.rows[0][0] = self.rows[0][0] * 2
        return value < 1


@case([[0.7, 1.2], [2.0, 0.3]])
def object_with_items(rows):
    m = Matrix(rows)
    m[0, 1] = m[1, 0] * m[0, 0]
    m[0, 0] += m[0, 1]
    found = 0.5 in m
    del m[1]
    return m[0, 0] * m[0, 1] + m[1, 1] if found else 0.0


@case(np.array([[0.7, 1.2], [2.0, 0.3]]))
def arrays(a):
    b = a * 1.0
    row = b[0]
    b[0, 1] = b[1, 0] * a[0, 0]
    row[0] *= 2
    b[:, 1] = b[:, 0] * row
    b[[0, 1], [1, 1]] = b[[1, 0], [0, 0]]
    mask = b > 0.5
    b[mask] = b[mask] ** 2
    return (b * b[::-1]).sum() + row.sum()


@case(np.array([0.7, 1.2, 2.0]))
def array_written_from_its_own_view(a):
    b = a * 1.0
    b[1:] = b[:-1]
    b[::-1] = b
    return (b * np.arange(3.0)).sum()


@case(np.array([0.7, 1.2, 2.0]))
def index_array_changed_later(a):
    i = np.array([2, 0])
    b = a[i]
    i[0] = 1
    c = a * 1.0
    c[i] = b * b
    i[1] = 1
    return (b * c[:2]).sum() + c[i].sum()


@case(np.array([0.7, 1.2, 2.0]))
def repeated_indices(a):
    b = a[[0, 0, 1]]
    c = a * 1.0
    c[[1, 1]] = b[:2] * np.array([2.0, 3.0])
    return (b * c).sum()


@case((0.7, (1.2, [2.0])))
def tuples(t):
    a, (b, c) = t
    c[0] = c[0] * a
    return t[1][1][0] * t[-1][0] * t[0:1][0]


@case([0.7, 1.2])
def the_same_list_twice(xs):
    both = [xs, xs]
    both[0][0] = both[1][1] * xs[0]
    both[1] = list(xs)
    both[1][0] = 5.0
    return both[0][0] * xs[1] + both[1][1] + both[1][0]


@case(0.7)
def a_list_within_itself(x):
    xs = [x, 2.0]
    xs.append(xs)
    xs[2][2][1] = xs[0] * xs[1]
    return xs[2][1] * xs[0]


@case(collections.OrderedDict(a=0.7, b=1.2))
def ordered(d):
    d.move_to_end("a")
    k, v = d.popitem(last=False)
    d["b"] = v * d["a"]
    e = d.copy()
    e["a"] = e["b"] * 2
    return d["a"] * d["b"] + sum(e.values())


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_programs(case: Case) -> None:
    case.check()


def test_reads_and_writes_one_by_one() -> None:
    xs = [1.0, 2.0, 3.0]
    acc = Accumulators()
    y, read = read_item(xs, -1)
    _, write = write_item(xs, 0, 5.0)
    _, delete = delete_item(xs, 1)
    assert (y, xs) == (3.0, [5.0, 3.0])
    acc.add_slot(xs, 0, 10.0)
    acc.add_slot(xs, 1, 20.0)
    delete(ZERO, acc)
    assert acc.peek(xs) == {0: 10.0, 2: 20.0}
    assert write(ZERO, acc) == (ZERO, ZERO, 10.0)
    read(7.0, acc)
    assert acc.peek(xs) == {2: 27.0}


def test_tuples_in_arrays_are_refused() -> None:
    def stored(x):
        a = np.array([None, None], dtype=object)
        a[0] = (x, x)
        return a[0][1] * x

    with pytest.raises(MutationError, match="a tuple in an array of objects"):
        dpy.gradient(stored, 2.0)


def test_errors_are_pythons() -> None:
    with pytest.raises(IndexError, match="list index out of range"):
        dpy.gradient(lambda xs: xs[5], [1.0])
    with pytest.raises(KeyError, match="b"):
        dpy.gradient(lambda d: d["b"], {"a": 1.0})
    with pytest.raises(TypeError, match="does not support item assignment"):
        dpy.gradient(written_tuple, (1.0,))


def written_tuple(t):
    t[0] = 2.0
    return t[0]
