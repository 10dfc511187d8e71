"""Loops before and after rotation."""

from __future__ import annotations

from typing import Any

import pytest

from dpy.specialise import forward_of
from dpy.transform import ir
from dpy.transform.infer import Facts, Site
from dpy.transform.lower import lower
from dpy.transform.rebuild import rebuild
from dpy.transform.rotate import needs_rotation, rotate
from dpy.transform.show import show
from dpy.transform.source import read_source


def doubled(x):
    while x * 2 < 10.0:
        x = x * x
    return x


def facts_of(function: Any, due: str | None = "") -> Facts:
    """Facts in which the arithmetic of the tests carries derivatives if `due`."""
    lowered = lower(read_source(function))
    facts = Facts(lowered, {})
    for loop in ir.walk(lowered.body):
        if isinstance(loop, ir.While):
            for s in ir.walk(loop.test_body):
                if isinstance(s, ir.Assign) and isinstance(s.target, str):
                    is_product = isinstance(s.value, ir.Op) and s.value.name == "mul"
                    facts.sites[id(s)] = Site("elementwise" if is_product and due else "inert")
                    facts.active.add(s.target)
    return facts


def rotated(function: Any) -> ir.Function:
    facts = facts_of(function, "due")
    return rotate(facts.function, facts)


def test_before_and_after() -> None:
    facts = facts_of(doubled, "due")
    assert (
        show(facts.function)
        == """\
def doubled(x):
    while True:
        t_1 = x * 2
        t_2 = t_1 < 10.0
        if not t_2:
            break
        x = x * x
    return x"""
    )
    assert (
        show(rotate(facts.function, facts))
        == """\
def doubled(x):
    t_1 = x * 2
    t_2 = t_1 < 10.0
    while t_2:
        x = x * x
        t_1 = x * 2
        t_2 = t_1 < 10.0
    return x"""
    )


def test_the_test_is_not_made_again_when_the_loop_ends_early() -> None:
    def f(x):
        while x * 2 < 10.0:
            x = x * x
            if x > 5:
                break
        return x

    text = show(rotated(f))
    before, _, after = text.partition("while ")
    assert before.count("* 2") == 1
    again = after.split("if not ")[1]
    assert "* 2" in again.split("if ")[0]


def nested(x):
    while x * 2 < 100.0:
        y = x
        while y * 3 < 10.0:
            y = y + x
        if y > 2:
            x = x * y
        else:
            while x * 5 < 7.0:
                x = x + 1
        x = x + 1
    return x


def with_exits(x, n):
    total = 0.0
    for i in range(n):
        while x * 2 < 50.0:
            x = x * 1.5 + i
            if x > 20.0:
                break
            if x > 30.0:
                return total
            total = total + x
        else:
            x = x / 7
    return total


@pytest.mark.parametrize("function", [doubled, nested, with_exits])
def test_the_value_stays(function: Any) -> None:
    made = rebuild(rotated(function), read_source(function), function)
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    for x in (1.25, 1.5, 3.0, 7.0, 60.0):
        args = (x, 4)[: len(names)]
        assert made(*args) == function(*args)


@pytest.mark.parametrize("function", [doubled, nested, with_exits])
def test_every_statement_is_an_object_of_its_own(function: Any) -> None:
    """The tables of the compiler go by identity."""
    statements = [id(s) for s in ir.walk(rotated(function).body)]
    assert len(set(statements)) == len(statements)


def test_nothing_changes_where_no_test_is_due() -> None:
    facts = facts_of(doubled, "")
    assert not needs_rotation(facts)
    assert show(rotate(facts.function, facts)) == show(facts.function)


def active_test(x):
    while x * 2 < 10.0:
        x = x * x
    return x


def test_a_test_whose_values_lead_nowhere_needs_no_rotation() -> None:
    """The products of the test are compared only: no derivative passes."""
    facts = forward_of(active_test, (1.5,), {}, (True,), (), protect=False).facts
    assert facts is not None
    assert not needs_rotation(facts)


def assigned_in_test(x):
    y = x
    while (y := y * x) < 10.0:
        x = x + y
    return x + y


def test_a_test_that_assigns_is_rotated() -> None:
    found = forward_of(assigned_in_test, (1.5,), {}, (True,), (), protect=False).facts
    assert found is not None
    assert not needs_rotation(found)  # it has been rotated by now
    loop = next(s for s in ir.walk(found.function.body) if isinstance(s, ir.While))
    assert loop.test_body == ()
    lowered = lower(read_source(assigned_in_test))
    before = next(s for s in ir.walk(lowered.body) if isinstance(s, ir.While))
    assert before.test_body != ()


def test_tests_stay_atoms() -> None:
    """The reverse sweep may have to turn a test round, which it can do with atoms only."""
    found = [s for s in ir.walk(rotated(with_exits).body) if isinstance(s, ir.If)]
    assert found
    assert all(isinstance(s.test, ir.Var) for s in found)
