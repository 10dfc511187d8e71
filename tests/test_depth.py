"""The recursion limit is a program's own: dpy's frames take nothing of it away."""

from __future__ import annotations

import functools
import math
import sys
import threading

import pytest

import dpy
from dpy.depth import in_room


def plain(x, n):
    return x if n == 0 else math.sin(plain(x, n - 1) * 1.5)


def even(x, n):
    return x if n == 0 else odd(x, n - 1) * 1.001


def odd(x, n):
    return x * 2 if n == 0 else even(x, n - 1) + x * 1e-3


class Scale:
    def __init__(self, k):
        self.k = k

    def run(self, x, n):
        return x if n == 0 else self.run(x, n - 1) * self.k

    def __call__(self, x, n):
        return x if n == 0 else self(x, n - 1) * self.k


def method(x, n):
    return Scale(1.001).run(x, n)


def callable_object(x, n):
    return Scale(1.001)(x, n)


def closure(x, n):
    def inner(n):
        return x if n == 0 else inner(n - 1) * 1.001

    return inner(n)


def on_tape(x, n):
    if n == 0:
        return x
    try:
        return on_tape(x, n - 1) * 1.001
    except ValueError:
        return x


def by_argument(f, x, n):
    return x if n == 0 else f(f, x, n - 1) * 1.001


def of_known_argument(x, n):
    return by_argument(by_argument, x, n)


def starred(*args):
    x, n = args
    return x if n == 0 else starred(x, n - 1) * 1.001


def keyword(x, *, n):
    return x if n == 0 else keyword(x, n=n - 1) * 1.001


def keywords(x, n):
    return keyword(x, n=n)


def wrapped(f):
    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        return f(*args, **kwargs)

    return wrapper


@wrapped
def decorated(x, n):
    return x if n == 0 else decorated(x, n - 1) * 1.001


def mapped(x, n):
    return x if n == 0 else sum(map(lambda k: mapped(x, n - 1), [1]))


class Leaf:
    def value(self, x):
        return x


class Sum:
    def __init__(self, left, right):
        self.left = left
        self.right = right

    def value(self, x):
        return self.left.value(x) * 1.001 + self.right.value(x)


def tree_of_classes(x, n):
    tree = Leaf()
    for _ in range(n):
        tree = Sum(tree, Leaf())
    return tree.value(x)


def appended(x, n, out):
    if n > 0:
        appended(x, n - 1, out)
    out.append(x * n)


def appending(x, n):
    out = []
    appended(x, n, out)
    return sum(out)


def slices(xs):
    return xs[0] if len(xs) == 1 else xs[0] + slices(xs[1:])


def of_slices(x, n):
    return slices([x] * (n + 1))


PROGRAMS = [
    plain, even, method, callable_object, closure, on_tape, of_known_argument, starred, keywords,
    decorated, mapped, tree_of_classes, appending, of_slices,
]  # fmt: skip


def survives(call, n):
    try:
        call(n)
    except RecursionError:
        return False
    return True


def deepest(call, most=1000):
    least = 1
    while least < most:
        middle = (least + most + 1) // 2
        if survives(call, middle):
            least = middle
        else:
            most = middle - 1
    return least


@pytest.fixture
def limit():
    """Python's own limit, counted from here."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield 1000
    assert sys.getrecursionlimit() == 1000
    sys.setrecursionlimit(before)


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_what_the_plain_call_survives_the_gradient_survives(f, limit):
    n = deepest(lambda n: f(0.5, n))
    assert n > 300
    (g, _) = dpy.gradient(f, 0.5, n)
    (again, _) = dpy.gradient(f, 0.5, n)  # on the short way
    y, back = dpy.pullback(f, 0.5, n)
    assert y == f(0.5, n)
    assert g == again == back(1.0)[0] == back(1.0)[0]
    h = 1e-6
    assert g == pytest.approx((f(0.5 + h, n) - f(0.5 - h, n)) / (2 * h), rel=1e-4)


def test_recursion_without_end_is_pythons_error(limit):
    def forever(x):
        return forever(x) * 2.0

    def forever_on_tape(x):
        try:
            return forever_on_tape(x)
        except ValueError:
            return x

    class Endless:
        def __getattr__(self, name):
            return getattr(self, name + "_")

    for f in (forever, forever_on_tape, lambda x: x * Endless().a):
        for _ in range(2):
            with pytest.raises(RecursionError):
                dpy.gradient(f, 1.0)
    assert dpy.gradient(plain, 0.5, 3) == dpy.gradient(plain, 0.5, 3)


def test_a_recursion_error_that_the_program_catches(limit):
    def count(x, n):
        return x if n == 0 else count(x, n - 1) + x

    def f(x):
        try:
            return count(x, 100_000)
        except RecursionError:
            return x * 3.0

    assert dpy.gradient(f, 2.0) == (3.0,)


def test_a_long_chain_of_functions_is_analysed_without_recursion(limit):
    names = [f"f{i}" for i in range(300)]
    text = "def f299(x):\n    return x\n" + "".join(
        f"def f{i}(x):\n    for _ in range(1):\n        x = x * 1.001\n    return f{i + 1}(x)\n"
        for i in range(299)
    )
    namespace = in_file(text)
    assert names[0] in namespace
    (g,) = dpy.gradient(namespace["f0"], 2.0)
    assert g == pytest.approx(1.001**299)


def test_a_long_ring_of_functions(limit):
    text = "".join(
        f"def f{i}(x, n):\n    if n == 0:\n        return x\n"
        f"    return f{(i + 1) % 150}(x, n - 1) * 1.001\n"
        for i in range(150)
    )
    namespace = in_file(text)
    assert dpy.gradient(namespace["f0"], 2.0, 400)[0] == pytest.approx(1.001**400)


def in_file(text):
    import linecache

    name = f"<ipython-input-{abs(hash(text))}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    namespace = {}
    exec(compile(text, name, "exec"), namespace)
    return namespace


def test_rooms_inside_each_other_are_one(limit):
    inner = in_room(in_room, sys.getrecursionlimit)
    assert inner == in_room(sys.getrecursionlimit) > limit
    assert sys.getrecursionlimit() == limit


def test_errors_close_the_room(limit):
    with pytest.raises(ZeroDivisionError):
        in_room(divmod, 1, 0)
    assert sys.getrecursionlimit() == limit


def test_a_limit_that_the_program_sets_stays():
    before = sys.getrecursionlimit()

    def f(x):
        sys.setrecursionlimit(before + 77)
        return plain(x, 3)

    try:
        dpy.gradient(f, 0.5)
        assert sys.getrecursionlimit() == before + 77
    finally:
        sys.setrecursionlimit(before)


def test_a_higher_limit_is_never_lowered(limit):
    sys.setrecursionlimit(50_000)
    try:
        assert in_room(sys.getrecursionlimit) == 50_000
        assert dpy.gradient(plain, 0.5, 5000)[0] == dpy.gradient(plain, 0.5, 5000)[0]
    finally:
        sys.setrecursionlimit(1000)


def test_threads_share_the_limit(limit):
    seen = []
    first, second = threading.Event(), threading.Event()

    def wait():
        first.set()
        second.wait(10)

    thread = threading.Thread(target=in_room, args=(wait,))
    thread.start()
    first.wait(10)
    in_room(lambda: seen.append(sys.getrecursionlimit()))
    seen.append(sys.getrecursionlimit())  # the other one still has room
    second.set()
    thread.join()
    assert seen[0] == seen[1] > limit
