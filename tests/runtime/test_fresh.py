"""Generators that die with the loop that called for them: at once, as in Python."""

from __future__ import annotations

import contextlib
import gc
import sys

import pytest

import dpy
from dpy.errors import UnsupportedSyntaxError
from tests.programs.corpus import Case, Corpus, state

corpus = Corpus()
case = corpus.case


def note(what):
    state.setdefault("log", []).append(what)


def careful(x, n=5):
    p = x
    try:
        for _ in range(n):
            yield p
            p = p * x
    finally:
        note("left")


@contextlib.contextmanager
def noted(name):
    note(f"enter {name}")
    yield
    note(f"exit {name}")


def within(x):
    with noted("a"), noted("b"):
        yield x
        yield x * x
        yield x * x * x


class Series:
    def __init__(self, x):
        self.x = x

    def terms(self):
        for term in careful(self.x):
            yield term * self.x


@case(0.9)
def a_break(x):
    total = 0.0
    for term in careful(x):
        total = total + term * x
        if total > 1:
            break
    note("after")
    return total


@case(0.9)
def a_break_on_a_tape(x):
    total = 0.0
    try:
        for term in careful(x):
            total = total + term * x
            if total > 1:
                break
        note("after")
    except KeyError:
        note("caught")
    return total


@case(0.9)
def managers_are_left(x):
    for term in within(x):
        if term < 0.85:
            break
    note("after")
    return term * x


@case(0.9)
def a_return(x):
    for term in within(x):
        if term < 0.85:
            return term * x


@case(0.9)
def an_exception(x):
    total = 0.0
    try:
        for term in careful(x):
            total = total + term * x
            if total > 1:
                raise KeyError(total)
    except KeyError as error:
        note("caught")
        total = error.args[0] * x
    return total


@case(0.9)
def an_exception_of_a_callee(x):
    def looks(x):
        for term in careful(x):
            if term < 0.8:
                raise KeyError(term)

    try:
        looks(x)
    except KeyError as error:
        note("caught")
        return error.args[0]


@case(0.9)
def what_it_does_then_counts(x):
    xs = [x]

    def careful(x):
        try:
            yield x
            yield x * x
        finally:
            xs.append(xs[-1] * x * 3.0)

    for term in careful(x):
        if term < 1:
            break
    return term * xs[-1]


@case(0.9)
def one_within_another(x):
    total = 0.0
    for term in Series(x).terms():
        total = total + term
        if total > 1:
            break
    note("after")
    return total


@case(0.9)
def loops_in_loops(x):
    total = 0.0
    for term in careful(x, 3):
        for other in within(term):
            total = total + other * x
            if other < 0.7:
                break
        note("inner")
    note("outer")
    return total


@case(0.9)
def in_a_comprehension(x):
    try:
        return [1 / (term - x) for _ in range(2) for term in careful(x)][0]
    except ZeroDivisionError:
        note("caught")
    return x * x


# In Python 3.11 comprehensions have frames of their own, which the traceback keeps.
@case(0.9, may_raise=sys.version_info < (3, 12))
def first_in_a_comprehension(x):
    try:
        return [1 / (term - x) for term in careful(x)][0]
    except ZeroDivisionError:
        note("caught")
    return x * x


@case(0.9)
def read_to_its_end(x):
    total = 0.0
    for term in careful(x, 3):
        total = total + term * x
    note("after")
    return total


@case(0.9)
def read_on_by_somebody_else(x):
    held = []

    def kept(generator):
        held.append(generator)
        return generator

    for term in kept(careful(x, 3)):
        if term < 1:
            break
    return term * next(held[0]) + sum(held[0])


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_programs(case: Case) -> None:
    gc.collect()  # those that an error has kept have notes to make as well
    case.check()


def by_name(x):
    generator = careful(x)
    for term in generator:
        if term < 0.85:
            break
    note("after")
    return term


def handed_on(x):
    def same(generator):
        return generator

    generator = careful(x)
    for term in same(generator):
        if term < 0.85:
            break
    return term


@pytest.mark.parametrize("f", [by_name, handed_on], ids=lambda f: f.__name__)
def test_one_that_others_hold_is_refused(f) -> None:
    with pytest.raises(UnsupportedSyntaxError, match="careful was left before its end"):
        dpy.gradient(f, 0.9)


def test_an_exception_that_nobody_can_catch(monkeypatch) -> None:
    def failing(x):
        try:
            yield x
        finally:
            raise OSError("at the end")

    def f(x):
        for y in failing(x):
            break
        return y * x

    seen: list[tuple[str, str]] = []

    def hook(unraisable) -> None:
        seen.append((str(unraisable.exc_value), unraisable.object.__qualname__))

    monkeypatch.setattr(sys, "unraisablehook", hook)
    f(2.0)
    assert dpy.gradient(f, 2.0) == (4.0,)
    assert seen[0] == seen[1]
    assert len(seen) == 2
