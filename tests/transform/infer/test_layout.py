"""What a function's text tells before its arguments are known."""

from __future__ import annotations

import pytest

from dpy.transform import ir
from dpy.transform.infer import layout
from dpy.transform.infer.layout import atoms_of, layout_of
from dpy.transform.lower import lower
from dpy.transform.source import read_source

counter = 0


def program(x, n):
    global counter
    counter = n
    for i in range(n):
        y = x * i
        if y > x:
            x = y + y
    return x


def test_uses_and_assignments_are_counted() -> None:
    uses = layout_of(lower(read_source(program))).uses
    assert uses["y"] == 3
    assert uses["y="] == 1
    assert uses["i="] == 1
    assert uses["x"] == 3  # the result among them
    assert "x=" in uses
    assert "n=" not in uses


def test_globals_that_the_function_assigns() -> None:
    assert layout_of(lower(read_source(program))).stored_globals == {"counter"}


def test_the_layout_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "_layouts", {})
    monkeypatch.setattr(layout, "_MOST_LAYOUTS", 1)
    one, two = lower(read_source(program)), lower(read_source(program))
    kept = layout_of(one)
    assert layout_of(one) is kept
    assert layout_of(two) is not kept
    assert layout_of(one) is not kept  # the memory is bounded


def test_atoms_of_expressions() -> None:
    x, y, f = ir.Var("x"), ir.Var("y"), ir.Var("f")
    assert atoms_of(x) == (x,)
    assert atoms_of(ir.Op("add", (x, ir.Lit(1)))) == (x, ir.Lit(1))
    call = ir.Call(f, (ir.Star(x),), (("by", y),))
    assert atoms_of(call) == (f, ir.Star(x), y)
