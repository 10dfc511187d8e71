"""Objects whose end the program would notice are refused where they are made."""

from __future__ import annotations

import weakref
from typing import Any

import pytest

import dpy
from dpy.errors import UnsupportedSyntaxError
from dpy.runtime.lifetimes import refuse_finalizer
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case

ENDED: list[str] = []


class Noticed:
    def __init__(self, value: Any) -> None:
        self.value = value

    def __del__(self) -> None:
        ENDED.append("ended")


class Idle:
    def __init__(self, value: Any) -> None:
        self.value = value

    def __del__(self) -> None:
        pass


class ByNew:
    def __new__(cls, value: Any) -> Any:
        made = super().__new__(cls)
        made.value = value  # type: ignore[attr-defined]
        return made

    def __del__(self) -> None:
        ENDED.append("ended")


def test_a_class_with_a_del_of_the_users() -> None:
    with pytest.raises(UnsupportedSyntaxError, match=r"Noticed is made, .* __del__"):
        refuse_finalizer(Noticed)
    refuse_finalizer(Idle)
    refuse_finalizer(int)


def made(x: float) -> Any:
    return Noticed(x).value * x


def made_by_new(x: float) -> Any:
    return ByNew(x).value * x  # type: ignore[attr-defined]


def made_of_a_constant(x: float) -> Any:
    return x * Noticed(2.0).value


def finalized(x: float) -> Any:
    a = Idle(x)
    weakref.finalize(a, ENDED.append, "finalized")
    return a.value * x


def with_callback(x: float) -> Any:
    a = Idle(x)
    reference = weakref.ref(a, lambda r: ENDED.append("gone"))
    return reference().value * x  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "f", [made, made_by_new, made_of_a_constant, finalized, with_callback], ids=lambda f: f.__name__
)
def test_refused_at_the_users_line(f: Any) -> None:
    with pytest.raises(UnsupportedSyntaxError) as info:
        dpy.gradient(f, 2.0)
    place = info.value.place
    assert place is not None
    assert f.__code__.co_firstlineno < place.line < f.__code__.co_firstlineno + 5
    assert place.filename == __file__
    assert "with" in info.value.repair


@case(Noticed(1.5))
def an_object_that_was_made_outside(a):
    return a.value * a.value


@case(1.5)
def a_del_that_does_nothing(x):
    return Idle(x * x).value * x


@case(1.5)
def a_reference_without_callback(x):
    a = Idle(x)
    return weakref.ref(a)().value * x


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_programs(case: Case) -> None:
    case.check()
