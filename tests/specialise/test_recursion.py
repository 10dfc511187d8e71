"""Functions that call each other are analysed together, each once per round."""

from __future__ import annotations

import collections
import linecache

import numpy as np
import pytest

import dpy
from dpy.kinds import UNKNOWN, Number
from dpy.specialise import analysis, forward_of, store


def in_file(text):
    name = f"<ipython-input-{abs(hash(text))}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    namespace = {}
    exec(compile(text, name, "exec"), namespace)
    return namespace


def ring(n):
    """Each function calls the next one."""
    return in_file("".join(
        f"def f{i}(x, n):\n    if n == 0:\n        return x\n"
        f"    return f{(i + 1) % n}(x, n - 1) * x\n"
        for i in range(n)
    ))  # fmt: skip


def clique(n):
    """Each function calls all of them."""
    text = ""
    for i in range(n):
        text += f"def f{i}(x, n):\n    t = x * {i + 1}.0\n"
        for j in range(n):
            text += f"    if n % {n} == {j} and n > 0:\n        t = t + f{j}(x * t, n - 1)\n"
        text += "    return t\n"
    return in_file(text)


@pytest.fixture
def inferred(monkeypatch):
    """How often each function was inferred."""
    counts = collections.Counter()
    infer = analysis.infer

    def counted(lowered, *args, **kwargs):
        counts[lowered.name] += 1
        return infer(lowered, *args, **kwargs)

    monkeypatch.setattr(analysis, "infer", counted)
    return counts


@pytest.mark.parametrize(("made", "n"), [(ring, 12), (ring, 60), (clique, 6), (clique, 12)])
def test_the_number_of_rounds_does_not_grow_with_the_number_of_functions(made, n, inferred):
    f = made(n)["f0"]
    (g, _) = dpy.gradient(f, 0.7, 5)
    h = 1e-6
    assert g == pytest.approx((f(0.7 + h, 5) - f(0.7 - h, 5)) / (2 * h), rel=1e-6)
    assert len(inferred) == n
    # at most three signatures (the heap active, callees protected), a few rounds for each
    assert max(inferred.values()) <= 15


def test_members_are_found_again(inferred):
    functions = ring(8)
    dpy.gradient(functions["f0"], 0.7, 20)
    inferred.clear()
    for name in ("f1", "f4", "f7"):
        found = forward_of(functions[name], (0.7, 3), {}, (True, True), (), protect=False)
        assert found.is_ready
        assert found.is_recursive
        assert found.lowest_dependence is None
        assert found.summary.result == Number(float)
    assert not inferred


def number_or_array(x, n):
    if n == 0:
        return x
    return other_type(x, n - 1)


def other_type(x, n):
    if n == 0:
        return np.array([x, x])
    return number_or_array(x, n - 1)


def test_results_of_several_kinds_join():
    found = forward_of(number_or_array, (0.7, 3), {}, (True, False), (), protect=False)
    assert found.summary.result == UNKNOWN
    assert dpy.gradient(lambda x: number_or_array(x, 3).sum() + number_or_array(x, 2), 0.5) == (
        3.0,
    )


def write_a(xs, n):
    xs[n] = xs[n] * 2.0
    if n > 0:
        write_b(xs, n - 1)


def write_b(xs, n):
    if n > 0:
        write_a(xs, n - 1)


def test_effects_reach_all_members():
    def f(xs):
        write_b(xs, 2)
        write_a(xs, 2)
        return xs[0] + 10.0 * xs[1] + 100.0 * xs[2]

    assert dpy.gradient(f, [1.0, 1.0, 1.0]) == ([2.0, 20.0, 200.0],)
    found = forward_of(write_b, ([1.0], 0), {}, (True, False), (), protect=False)
    assert found.summary.written == {"xs"}


def nest(n, x):
    return (nest(n - 1, x),) if n > 0 else x


def test_a_kind_that_grows_is_widened():
    def f(x):
        y = nest(5, x)
        while isinstance(y, tuple):
            (y,) = y
        return y * y

    assert dpy.gradient(f, 3.0) == (6.0,)


def endless(x, n):
    if n > 1000:
        return endless_too(x, n)
    raise ValueError(x)


def endless_too(x, n):
    return endless(x, n)


def test_functions_that_never_return():
    with pytest.raises(ValueError, match=r"^2\.0$"):
        dpy.gradient(endless, 2.0, 3)


def test_an_error_leaves_nothing_behind(monkeypatch):
    dpy.clear_cache()
    functions = ring(5)
    infer = analysis.infer
    left = [4]

    def failing(*args, **kwargs):
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        return infer(*args, **kwargs)

    monkeypatch.setattr(analysis, "infer", failing)
    with pytest.raises(KeyboardInterrupt):
        dpy.gradient(functions["f0"], 0.7, 7)
    assert not analysis._progress.stack
    for i in range(5):
        assert not store.compiled.get(functions[f"f{i}"].__code__)
    assert dpy.gradient(functions["f0"], 2.0, 3)[0] == 4 * 2.0**3
