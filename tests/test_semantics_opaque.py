"""Programs that hand active values to C code: moves of references are followed or refused."""

from __future__ import annotations

import bisect
import functools
import heapq
import itertools
import logging
import math
import pickle
import random
import struct
import weakref

import numpy as np
import pytest

import dpy
from dpy.errors import DpyError, NoAdjointError
from dpy.numerical import numerical_gradient
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case
log = logging.getLogger("opaque")


@case([0.7, 1.2, 2.0, 0.3])
def heaps(xs):
    heapq.heapify(xs)
    a = heapq.heappop(xs)
    heapq.heappush(xs, a * xs[0])
    b = heapq.heappushpop(xs, a * 5)
    c = heapq.heapreplace(xs, b * b)
    return a * b + c * xs[0] + xs[1] * 3


@case([0.7, 1.2, 2.0])
def sorted_insertion(xs):
    bisect.insort(xs, xs[0] * xs[1])
    bisect.insort_left(xs, xs[-1] * 0.5)
    return sum([v * i for i, v in enumerate(xs, 1)])


@case([0.7, 1.2, 2.0, 0.3])
def shuffled(xs):
    rng = random.Random(5)
    rng.shuffle(xs)
    random.Random(1).shuffle(xs)
    return xs[0] * xs[1] + xs[2] * 3


@case(0.7)
def random_numbers(x):
    rng = random.Random(3)
    np_rng = np.random.default_rng(3)
    old = np.random.RandomState(3)
    noise = np_rng.normal(size=2) * old.uniform()
    return x * rng.random() * rng.gauss(0, 1) + (x * noise).sum() + x * np_rng.integers(5)


@functools.lru_cache
def cached(x, k=2.0):
    return x * x * k


@case(0.7)
def caches(x):
    return cached(x) * cached(x) + cached(3.0) * x + cached(x, k=x)


@case(0.7)
def logged(x):
    log.warning("x is %s", x)
    log.info("%s", [x, {"a": x}])
    return x * x


@case(0.7, 1.2)
def weak_references(x, y):
    p = Box(x)
    r = weakref.ref(p)
    r().x = r().x * y
    return p.x * r().x


class Box:
    def __init__(self, x):
        self.x = x


@case([0.7, 1.2])
def callbacks_from_c(xs):
    best = max(xs, key=lambda v: math.sin(v))
    ys = sorted(xs, key=functools.cmp_to_key(lambda a, b: (a < b) - (a > b)))
    return best * ys[0] * ys[1]


@case(np.array([0.7, 1.2, 2.0]))
def views_made_by_c(a):
    b = np.lib.stride_tricks.as_strided(a, (2, 2), (8, 8))
    c = memoryview(a)
    return (b * b).sum() + len(c)


@case({"x": 0.7, "y": 1.2})
def formatted(d):
    text = "{x:.1f} {y:.2f}".format(**d) + "{:.3f}".format(d["x"]) + f"{d['y']:9.1f}"
    return d["x"] * len(text)


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_programs(case: Case) -> None:
    case.check()


# Each loses track of a derivative in C code: an error of dpy's own, never a wrong number.


def packed(x):
    return struct.unpack("d", struct.pack("d", x))[0] * x


def pickled(x):
    return pickle.loads(pickle.dumps([x]))[0] * x


def written_through_memory(a):
    memoryview(a)[0] = a[1] * 2
    return a[0] * a[1]


def written_by_a_callback(xs):
    found = []
    heapq.nlargest(1, xs, key=lambda v: found.append(v * v) or v)
    filter_all(lambda v: found.append(v * v), xs)
    return sum(found)


def filter_all(f, xs):
    return functools.partial(list)(itertools.tee(map(f, xs))[0])


def through_special_function(a):
    from scipy import special

    return special.mathieu_a(1, a).sum()


def copied_by_buffer(a):
    b = np.frombuffer(a.tobytes())
    return b.sum() + a.sum()


def through_ctypes(a):
    b = np.empty(3)
    np.copyto(b, a)
    c = np.array(b.tolist())
    return float(np.nditer(c)[0]) + c.sum()


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (packed, 0.7), (pickled, 0.7), (through_special_function, np.array([0.7])),
        (copied_by_buffer, np.array([0.7, 1.2])), (written_by_a_callback, [0.7, 1.2]),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)  # fmt: skip
def test_refused(f, x) -> None:
    try:
        (g,) = dpy.gradient(f, x)
    except DpyError:
        return
    assert np.allclose(g, numerical_gradient(f, x)[0], atol=1e-6)  # an answer must be right, too


def test_a_function_of_constants_needs_no_rule() -> None:
    from scipy import special

    def f(x):
        return x * special.mathieu_a(1, 0.5)

    assert dpy.gradient(f, 2.0) == (special.mathieu_a(1, 0.5),)


def test_an_unused_result_needs_no_rule() -> None:
    from scipy import special

    def f(a):
        unused = special.mathieu_a(1, a)
        return a.sum() if unused is not None else 0.0

    assert dpy.gradient(f, np.array([2.0]))[0].tolist() == [1.0]
    with pytest.raises(NoAdjointError, match=r"scipy\.special\.mathieu_a"):
        dpy.gradient(through_special_function, np.array([2.0]))
