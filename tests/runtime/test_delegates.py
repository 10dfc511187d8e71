"""Stand-ins of objects in C code."""

from __future__ import annotations

from typing import Any

import pytest

from dpy.cotangent import ZERO
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.delegates import StandIns, value_of


class Named:
    def __init__(self, name: str) -> None:
        self.name = name
        self.asked: list[str] = []

    def __eq__(self, other: object) -> Any:
        self.asked.append("eq")
        return isinstance(other, Named) and self.name == other.name

    def __str__(self) -> str:
        self.asked.append("str")
        return self.name

    __hash__ = None  # type: ignore[assignment]


def test_methods_of_the_value_are_called_once() -> None:
    made = StandIns()
    a, b = Named("a"), Named("a")
    first, second = made.all_of([a, b])
    assert first == second
    assert f"{first}" == "a"
    assert (a.asked, b.asked) == (["eq", "str"], [])
    assert value_of(first) is a
    assert value_of(3) == 3
    assert made.back(Accumulators()) == [ZERO, ZERO]


def test_an_object_has_one_stand_in_and_a_number_one_for_each_place() -> None:
    made = StandIns()
    a, x = Named("a"), 1.5
    assert made.of(a) is made.of(a)
    first, second = made.of(x), made.of(x)
    assert first is not second
    assert first == second
    nan = float("nan")
    assert [made.of(nan)].count(made.of(nan)) == 1  # the same object


def test_stand_ins_have_the_methods_of_their_class_only() -> None:
    made = StandIns()
    with pytest.raises(TypeError, match="'Named' has no len"):
        len(made.of(Named("a")))
    with pytest.raises(TypeError, match="unhashable type: 'Named'"):
        hash(made.of(Named("a")))
    assert len(made.of([1, 2])) == 2
    assert float(made.of(2)) == 2.0
    assert (hash(made.of("a")), made.of("a").__class__.__name__) == (hash("a"), "str")
