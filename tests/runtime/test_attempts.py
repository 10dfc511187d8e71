"""Exceptions that the runtime itself catches."""

from __future__ import annotations

import functools

import pytest

import dpy
from dpy.runtime import attempts


class Stepping:
    """Iterates, and changes also when it finds that there is no more."""

    def __init__(self, value, n):
        self.value = value
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        self.value = self.value * 2.0
        if self.n == 0:
            raise StopIteration
        self.n -= 1
        return self.value


class Asked:
    """Changes when it is asked for what it does not have."""

    def __init__(self, value):
        self.value = value

    @property
    def missing(self):
        self.value = self.value * 3.0
        raise AttributeError("missing")


class Answering(Asked):
    def __getattr__(self, name):
        return self.value * 2.0


def check(f, x=1.3):
    step = 1e-6
    estimate = (f(x + step) - f(x - step)) / (2 * step)
    y, back = dpy.pullback(f, x)
    assert y == f(x)
    assert back(1.0)[0] == pytest.approx(estimate, rel=1e-7)
    assert back(1.0) == back(1.0)
    assert attempts.state.depth == 0
    assert not attempts.state.orphans


@pytest.mark.parametrize("read", [
    lambda x, it: sum(it),
    lambda x, it: next(it) * next(it) * next(it, x),
    lambda x, it: sum([a * b for a, b in zip(it, [x, x, x], strict=False)]),
    lambda x, it: sum(map(lambda v: v * x, it)),
    lambda x, it: 2.0 if 100.0 in it else x,
    lambda x, it: list(it)[0],
])  # fmt: skip
def test_the_call_that_finds_the_end(read):
    def f(x):
        it = Stepping(x, 2)
        return read(x, it) * it.value

    check(f)


def test_attributes_that_are_not_there():
    def with_default(x):
        asked = Asked(x)
        return getattr(asked, "missing", x) * asked.value

    def tested(x):
        asked = Asked(x)
        return (2.0 if hasattr(asked, "missing") else x) * asked.value

    def answered(x):
        asked = Answering(x)
        return asked.missing * asked.value

    check(with_default)
    check(tested)
    check(answered)


@pytest.mark.parametrize("call", [
    lambda f, xs: functools.reduce(f, xs),
    lambda f, xs: list(map(lambda v: f(v, 2.0), xs))[0],
    lambda f, xs: sorted(xs, key=lambda v: f(v, 2.0))[0],
    lambda f, xs: max(xs, key=lambda v: f(v, 2.0)),
    lambda f, xs: next(filter(lambda v: f(v, 2.0) < 0.0, xs)),
])  # fmt: skip
def test_callbacks_that_throw(call):
    def f(x):
        seen = []

        def failing(a, b):
            seen.append(a * b)
            if len(seen) == 2:
                raise ValueError(a * x)
            return a * b

        try:
            y = call(failing, [x, x * x, x * 3.0])
        except ValueError as e:
            y = e.args[0]
        return y * sum(seen)

    check(f)


def test_what_may_be_lost():
    def reads(self):
        if self.i >= len(self.xs):
            raise StopIteration
        self.i += 1
        return self.xs[self.i]

    assert not attempts.may_lose(reads.__code__)
    assert attempts.may_lose(Stepping.__next__.__code__)


def test_other_exceptions_pass():
    with pytest.raises(KeyError):
        attempts.attempt(IndexError, {}.__getitem__, 1)
    assert attempts.attempt(KeyError, {}.get, 1) is None
    assert isinstance(attempts.attempt(KeyError, {}.__getitem__, 1), attempts.Failed)
    assert attempts.state.depth == 0
