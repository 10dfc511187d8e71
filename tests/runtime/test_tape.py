"""The tape and what exceptions leave behind."""

from __future__ import annotations

import dataclasses

import pytest

import dpy
from dpy.errors import NotDifferentiableError
from dpy.runtime import tape
from dpy.transform.ir import Home
from dpy.transform.source import read_source


class Scaled:
    """An object whose operator writes before it fails."""

    def __init__(self, value):
        self.value = value

    @property
    def failing(self):
        self.value = self.value * 2.0
        raise LookupError("no value")

    def __mul__(self, factor):
        self.value = self.value * factor
        raise ValueError("no product")


HOME = Home(read_source(Scaled.__mul__))


def test_work_before_an_exception_is_not_lost() -> None:
    def f(x):
        xs = []

        def push(v):
            xs.append(v * x)
            if len(xs) > 2:
                raise IndexError("full")
            xs.append(v)

        for k in range(4):
            try:
                push(x + k)
            except IndexError:
                xs.append(x**2)
        return sum(a * (i + 1) for i, a in enumerate(xs))

    step = 1e-6
    estimate = (f(1.7 + step) - f(1.7 - step)) / (2 * step)
    assert dpy.gradient(f, 1.7)[0] == pytest.approx(estimate, rel=1e-8)


def test_an_operator_that_raises_hands_its_operands_their_cotangents() -> None:
    def f(x):
        scaled = Scaled(x)
        try:
            scaled * x
        except ValueError:
            pass
        return scaled.value * x

    assert dpy.gradient(f, 1.5)[0] == pytest.approx(3 * 1.5**2)


def test_a_property_that_raises_keeps_what_it_did_to_the_object() -> None:
    def f(x):
        scaled = Scaled(x)
        try:
            scaled.failing
        except LookupError:
            pass
        return scaled.value * x

    assert dpy.gradient(f, 1.5)[0] == pytest.approx(4 * 1.5)


def test_what_cannot_be_handed_back_is_refused() -> None:
    kept = []

    @dataclasses.dataclass
    class Made:
        given: dataclasses.InitVar[float]

        def __post_init__(self, given):
            kept.append(given * 2.0)
            raise ValueError

    def f(x):
        try:
            Made(x * 3.0)
        except ValueError:
            pass
        return kept.pop()

    with pytest.raises(NotDifferentiableError, match="ended by an exception"):
        dpy.gradient(f, 1.0)


def test_nothing_is_left_behind_by_an_exception_that_nobody_catches() -> None:
    def f(x):
        try:
            raise KeyError(x)
        finally:
            x = x * 2

    for _ in range(3):
        with pytest.raises(KeyError):
            dpy.gradient(f, 1.0)
    assert tape.state.depth == 0
    assert not tape.state.orphans


def test_sweeps_of_one_tape_are_independent() -> None:
    own = tape.Tape(HOME)
    key = own.parameter(3.0)
    _, product = own.note((9.0, lambda d, acc: (6.0 * d,)), (key, 1))
    assert own.pullback(product, 1.0, None) == (6.0,)
    assert own.pullback(product, 2.0, None) == (12.0,)


def test_values_that_carry_nothing_have_no_key() -> None:
    own = tape.Tape(HOME)
    assert own.read_global("len", {}, len) == (len, None)
    assert own.entries == []


class Probing:
    """Its tests change it, and throw."""

    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        self.value = self.value * other
        raise LookupError(other * self.value)

    def __hash__(self):
        raise TypeError("nobody asks")

    __lt__ = __contains__ = __call__ = __eq__

    def __iter__(self):
        self.value = self.value * 2.0
        return iter([self.value])


@pytest.mark.parametrize("test", [
    lambda t, x: t == x,
    lambda t, x: t < x,
    lambda t, x: x in t,
    lambda t, x: t(x),
    lambda t, x: type(t).__call__(t, x),
])  # fmt: skip
def test_comparisons_that_throw(test) -> None:
    def f(x):
        testing = Probing(x)
        try:
            y = test(testing, x)
        except LookupError as e:
            y = e.args[0]
        return y * testing.value

    y, (gradient,) = dpy.value_and_gradient(f, 1.5)
    assert y == 1.5**3 * 1.5**2
    assert gradient == pytest.approx(5 * 1.5**4)
