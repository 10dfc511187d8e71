"""Functions written at run time: names never collide with what the text itself uses."""

from __future__ import annotations

from typing import Any

import pytest

from dpy.straight import Writer


def test_a_condition_that_does_not_hold_ends_it() -> None:
    w = Writer("pick(f, args)", otherwise="None")
    w.require("len(args) == 2", "args[0] is f")
    (first, second) = w.locals(2)
    w.unpack([first, second], "args")
    w.require(f"{second} > 0")
    pick = w.function(f"({second},)")
    assert pick(1, (1, 5)) == (5,)
    assert pick(1, (1, -5)) is None
    assert pick(1, (1,)) is None
    assert pick(1, (2, 5)) is None


def test_exceptions_that_mean_otherwise() -> None:
    w = Writer("look(d)", otherwise="False")
    w.require("d['key'] == 1")
    look = w.function("True", catch="KeyError")
    assert look({"key": 1}) is True
    assert look({}) is False
    with pytest.raises(TypeError):
        look(3)


def test_names_of_constants() -> None:
    w = Writer("all_of(args)", otherwise="None")
    values: list[Any] = [object() for _ in range(9)]
    hints = ["args", "len", "type", "<lambda>", "v1_", "class", "", "2f8", "\u2126"]
    names = [w.constant(value, hint) for value, hint in zip(values, hints, strict=True)]
    assert len(set(names)) == len(names)
    assert w.constant(values[0], "other") == names[0]
    local = w.local()
    assert local not in names
    w.line(f"{local} = len(args)")
    assert w.function(f"[{local}, {', '.join(names)}]")([0, 0]) == [2, *values]


def test_constants_that_need_no_name() -> None:
    w = Writer("f()", otherwise="None")
    assert [w.constant(x, "x") for x in (None, True, False)] == ["None", "True", "False"]
    assert w.constant(float, "float") == "float"
    assert w.constant(object(), "float") != "float"


def test_another_answer_after_an_attempt() -> None:
    w = Writer("f(d, args)", otherwise="'first'")
    value = w.held("d['key']")
    assert w.held("d['key']") == value
    w.attempt("KeyError", "'second'")
    w.require(f"{value} == 1", "args['key'] == 1")
    f = w.function("'end'")
    assert f({}, {}) == "first"
    assert f({"key": 2}, {}) == "second"
    assert f({"key": 1}, {"key": 1}) == "end"
    with pytest.raises(KeyError):
        f({"key": 1}, {})


def test_bound_methods_are_made_once() -> None:
    w = Writer("f(d)", otherwise="None")
    descriptor = vars(Held)["__dict__"]
    assert w.bound(descriptor, "read") == w.bound(descriptor, "other") == "read"
    assert w.function("read(d)")(Held()) == {}


class Held:
    pass
