"""Functions made of a stage of the compiler run as the user's function does."""

from __future__ import annotations

import math
from typing import Any

import pytest

from dpy.transform import ir
from dpy.transform.lower import lower
from dpy.transform.rebuild import rebuild
from dpy.transform.source import read_source

SCALE = 2.0
unpack = 5.0  # the name of a helper


def again(function: Any) -> Any:
    source = read_source(function)
    return rebuild(lower(source), source, function)


def over_globals(x, by=3.0, *, plus=1.0):
    """Scale."""
    a, b = x, by
    return a * b * SCALE * math.pi + plus + unpack


def test_values_defaults_and_names() -> None:
    rebuilt = again(over_globals)
    assert rebuilt(2.0) == over_globals(2.0)
    assert rebuilt(2.0, 1.0, plus=0.0) == over_globals(2.0, 1.0, plus=0.0)
    assert rebuilt.__name__ == "over_globals"
    assert rebuilt.__qualname__ == "over_globals"
    assert rebuilt.__code__.co_filename == __file__


def test_globals_are_live(monkeypatch: pytest.MonkeyPatch) -> None:
    rebuilt = again(over_globals)
    monkeypatch.setitem(globals(), "SCALE", 7.0)
    assert rebuilt(2.0) == over_globals(2.0)
    assert rebuilt.__globals__ is globals()


def test_cells_are_shared() -> None:
    count = 0

    def f():
        nonlocal count
        count += 1
        return lambda: count

    reader = again(f)()
    assert (count, reader()) == (1, 1)
    f()
    assert reader() == 2


def test_names_of_helpers_and_of_the_user() -> None:
    def f(rebuilt, cell_x, user_globals):
        global SCALE
        x = rebuilt
        (a, *b), c = (cell_x, 1), 2

        def inner():
            return x

        SCALE = SCALE * 1.0
        return inner() + a + b[0] + c + user_globals

    assert again(f)(1, 2, 3) == f(1, 2, 3)


def test_objects_that_the_compiler_knows_are_bound() -> None:
    body = (ir.Assign("y", ir.Call(ir.Known(len, "x"), (ir.Var("x"),))), ir.Return(ir.Var("y")))

    def f(x):
        return len(x)

    function = ir.Function("f", (ir.Param("x"),), body, None)
    rebuilt = rebuild(function, read_source(f), f)
    assert rebuilt("abc") == 3  # though its name is that of the parameter
