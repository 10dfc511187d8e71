"""Generators on a tape."""

from __future__ import annotations

import pytest

import dpy
from dpy.errors import UnsupportedSyntaxError
from dpy.runtime import generators, tape


def powers(x, n):
    for i in range(n):
        yield x * i
        x = x * 1.5


def running_total():
    total = 0.0
    while True:
        value = yield total
        if value is None:
            return total
        total += value * value


def difference(f, x, step=1e-6):
    return (f(x + step) - f(x - step)) / (2 * step)


def check(f, x):
    found = dpy.value_and_gradient(f, x)
    assert found[0] == f(x)
    assert found[1][0] == pytest.approx(difference(f, x), rel=1e-7)
    y, back = dpy.pullback(f, x)
    assert back(1.0) == back(1.0)
    assert y == f(x)


def test_items_in_a_loop_that_ends_early() -> None:
    def f(x):
        total = 0.0
        for v in powers(x, 100):
            total = total + v * v
            if total > 50.0:
                break
        return total

    check(f, 1.7)


def test_items_by_next_and_by_a_builtin() -> None:
    def f(x):
        items = powers(x, 6)
        next(items)
        return next(items) * next(items) + max(items)

    check(f, 1.3)


def test_values_that_are_sent() -> None:
    def f(x):
        total = running_total()
        next(total)
        for i in range(3):
            last = total.send(x * i)
        try:
            total.send(None)
        except StopIteration as stop:
            return last * stop.value
        return 0.0

    check(f, 1.3)


def test_exceptions_that_are_thrown_in() -> None:
    def patient(x):
        while True:
            try:
                yield x
            except ValueError:
                x = x * x

    def f(x):
        items = patient(x)
        first = next(items)
        return first * items.throw(ValueError()) + next(items)

    check(f, 1.3)


def test_delegation_passes_everything_on() -> None:
    def outer(x):
        result = yield from running_total()
        yield result * x
        yield from [x, 2.0 * x]

    def f(x):
        items = outer(x)
        next(items)
        items.send(x)
        items.send(2.0 * x)
        return items.send(None) + sum(v * v for v in items)

    check(f, 1.1)


def test_close_runs_the_cleanup() -> None:
    def careful(x, box):
        try:
            yield x * x
        finally:
            box.append(x * 3.0)

    def f(x):
        box = []
        items = careful(x, box)
        y = next(items)
        items.close()
        return y * box[0]

    check(f, 1.1)


def test_a_generator_reads_its_variables_late() -> None:
    def f(x):
        items = (x * k for k in range(4))
        x = x * 10.0
        return sum(items)

    check(f, 0.3)


def test_a_just_started_generator_takes_no_value() -> None:
    def f(x):
        items = powers(x, 2)
        items.send(x)
        return x

    with pytest.raises(TypeError, match="just-started"):
        dpy.gradient(f, 1.0)


def test_it_looks_like_a_generator() -> None:
    names = []

    def f(x):
        items = powers(x, 3)
        names.append((type(items), items.__name__, repr(items)))
        return sum(items)

    dpy.gradient(f, 1.0)
    kind, name, text = names[0]
    assert kind is generators.TapedGenerator
    assert name == "powers"
    assert text.startswith("<generator object powers at 0x")


def test_a_generator_that_is_dropped_in_its_try_is_refused() -> None:
    """Its cleanup would run later than in the plain call."""

    def careful(x):
        try:
            yield x * x
            yield x
        finally:
            x = 0.0

    with pytest.raises(UnsupportedSyntaxError, match="careful was left before its end"):
        dpy.gradient(lambda x: next(careful(x)), 1.5)
    assert tape.state.depth == 0
    assert not tape.state.orphans


def test_a_generator_that_is_dropped_outside_its_try_is_not() -> None:
    def careful(x):
        yield x * x
        try:
            x = x * 2.0
        finally:
            x = x + 1.0
        yield x
        try:
            yield x
        except ValueError:
            x = 0.0

    def f(x):
        for i, y in enumerate(careful(x)):
            if i == 2:
                break
        return y + next(careful(x))

    assert dpy.gradient(f, 1.5) == (5.0,)
