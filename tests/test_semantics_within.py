"""`within_gradient`: true in the forward run of whatever is differentiated, and nowhere else."""

from __future__ import annotations

import functools
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import dpy

CALLS = 8  # more than it takes until functions are written for a call


def plain(x):
    return 3.0 * x if dpy.within_gradient() else x


def caught(x):
    try:
        return plain(x)
    except ValueError:
        return x


def generated(x):
    def items():
        yield plain(x)

    return sum(items())


def of_constant(x):
    return x * plain(3.0) / 3.0


@dpy.nondifferentiable
def factor():
    return 3.0 if dpy.within_gradient() else 1.0


def through_opaque(x):
    return x * factor()


def through_callback(x):
    return functools.reduce(lambda a, b: a * plain(b) / b, [1.0], x)


def ruled(x):
    return plain(x)


@dpy.adjoint(ruled)
def ruled_rule(x):
    seen = dpy.within_gradient()

    def back(d):
        assert not dpy.within_gradient()
        return ((3.0 if seen else 1.0) * d,)

    return plain(x), back


def by_rule(x):
    return ruled(x)


class Layer:
    def __call__(self, x):
        return plain(x)

    method = __call__


def recursive(x, n=20):
    return plain(x) if n == 0 else recursive(x, n - 1)


FORMS = [
    plain, caught, generated, of_constant, through_opaque, through_callback, by_rule, Layer(),
    Layer().method, recursive,
]  # fmt: skip


@pytest.mark.parametrize("f", FORMS, ids=lambda f: getattr(f, "__name__", type(f).__name__))
def test_true_inside_and_false_outside(f):
    without = {of_constant: 1.0}.get(f, 1.0)
    for _ in range(CALLS):
        assert dpy.value_and_gradient(f, 1.0) == (3.0, (3.0,))
        assert f(1.0) == without
        assert dpy.gradient(f, 1.0) == (3.0,)
        assert dpy.value_and_grad(f)(1.0) == (3.0, 3.0)
        y, back = dpy.pullback(f, 1.0)
        assert (y, back(1.0), back(2.0)) == (3.0, (3.0,), (6.0,))
        assert dpy.jacobian(f, 1.0)[0].tolist() == [3.0]
        assert not dpy.within_gradient()


def test_of_implicit_parameters():
    w = np.ones(2)
    for _ in range(CALLS):
        y, grads = dpy.value_and_gradient(lambda: plain(w).sum(), dpy.Params([w]))
        assert y == 6.0
        assert grads[w].tolist() == [3.0, 3.0]
        assert not dpy.within_gradient()


def test_of_the_run_around():
    def inner(x):
        plain(x)
        return x * x

    def outer(x):
        slope = dpy.gradient(inner, 2.0)[0]
        return x * slope * (1.0 if dpy.within_gradient() else 0.0)

    for _ in range(CALLS):
        assert dpy.gradient(outer, 1.0) == (4.0,)
        assert not dpy.within_gradient()


def test_forgotten_after_an_exception():
    def fails(x):
        assert dpy.within_gradient()
        if x < 0:
            raise ValueError("negative")
        return x * x

    for _ in range(CALLS):
        assert dpy.gradient(fails, 1.0) == (2.0,)
        with pytest.raises(ValueError, match="negative"):
            dpy.gradient(fails, -1.0)
        assert not dpy.within_gradient()


def test_other_threads_are_not_within():
    seen = []

    @dpy.nondifferentiable
    def ask():
        thread = threading.Thread(target=lambda: seen.append(dpy.within_gradient()))
        thread.start()
        thread.join()

    def f(x):
        ask()
        return plain(x)

    assert dpy.gradient(f, 1.0) == (3.0,)
    assert seen == [False]


def test_tasks_of_a_pool_are():
    def f(x):
        with ThreadPoolExecutor(2) as pool:
            return pool.submit(plain, x).result() + plain(x)

    assert dpy.value_and_gradient(f, 1.0) == (6.0, (6.0,))
    assert f(1.0) == 2.0


def test_many_threads_at_once():
    barrier = threading.Barrier(8)

    def work(_):
        barrier.wait()
        found = set()
        for _ in range(200):
            found.add((dpy.gradient(plain, 1.0), plain(1.0)))
        return found

    with ThreadPoolExecutor(8) as pool:
        assert set().union(*pool.map(work, range(8))) == {((3.0,), 1.0)}
    assert not dpy.within_gradient()
