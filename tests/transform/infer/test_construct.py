"""Objects made in the function."""

from __future__ import annotations

import dataclasses

import pytest

from dpy import inlining
from dpy.kinds import UNKNOWN, Object
from dpy.transform import ir
from tests.transform.infer.programs import FLOAT, INT, Box, Pair, facts_of, form, site_of


@dataclasses.dataclass
class Named:
    value: float
    count: int = 3


@dataclasses.dataclass
class Listed:
    value: float
    items: list = dataclasses.field(default_factory=list)


class Registered:
    known = []

    def __init__(self, value):
        self.value = value
        self.known.append(self)


def test_dataclasses_hold_their_arguments() -> None:
    def f(x):
        p = Named(x)
        return p.value

    facts = facts_of(f, 1.0)
    assert form(facts, "p") == "construct"
    assert site_of(facts, "p").binding == {"value": ir.Var("x")}
    assert facts.exit_kinds["p"] == Object(Named, (("value", FLOAT), ("count", INT)))


def test_inactive_objects_are_inert() -> None:
    def f(x, n):
        p = Pair(n, b=n)
        return p.a * x

    facts = facts_of(f, 1.0, 2.0, inactive="n")
    assert form(facts, "p") == "inert"
    assert facts.exit_kinds["p"] == Object(Pair, (("a", FLOAT), ("b", FLOAT)))


def test_objects_share_a_class_with_what_they_hold() -> None:
    def f(x):
        xs = [0.0]
        p = Named(xs)
        xs[0] = x
        return p.value[0]

    assert {"xs", "p"} <= facts_of(f, 1.0).active


def test_constructors_that_only_set_attributes_are_functions_to_fields() -> None:
    def f(x):
        b = Box(x)
        return b.content

    facts = facts_of(f, 1.0)
    site = site_of(facts, "b")
    assert site.form == "construct_fields"
    assert site.fields == ("content",)
    assert site.binding == {"content": ir.Var("x")}
    assert facts.exit_kinds["b"] == Object(Box, (("content", FLOAT),))


def test_constructors_that_are_inlined_leave_the_object_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    assert inlining.SMALL > 0

    def f(x):
        b = Box(x * 2)
        return b

    facts = facts_of(f, 1.0)
    assert "construct" in [site.form for site in facts.sites.values()]
    assert facts.summary.result == Object(Box, (("content", FLOAT),))


@pytest.mark.parametrize("cls", [Registered, Listed])
def test_constructors_that_do_more_are_for_the_runtime(cls: type) -> None:
    def f(x):
        p = cls(x)
        return p.value

    facts = facts_of(f, 1.0)
    assert form(facts, "p") == "generic"
    assert facts.exit_kinds["p"] is UNKNOWN
