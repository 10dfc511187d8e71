"""Errors in inlined code show the functions that a plain call would have shown."""

from __future__ import annotations

import math
import traceback

import pytest

import dpy
from dpy.transform import ir, places
from dpy.transform.source import read_source


def inner(x):
    return math.log(x)


def middle(x):
    y = x * 2
    return inner(y) + 1


class Number:
    def __init__(self, value):
        self.value = value

    def __add__(self, other):
        return Number(self.value + math.sqrt(other.value))


def outer(x):
    total = middle(x + 1)
    return total + middle(x) + inner(x)


def adds(x):
    return (Number(x) + Number(x - 2)).value


def shown(error) -> list[tuple[str, int]]:
    """The function and the line of each frame of this file, without dpy's suffix."""
    frames = traceback.extract_tb(error.__traceback__)
    return [(f.name.removesuffix("_forward"), f.lineno) for f in frames if f.filename == __file__][
        1:
    ]


@pytest.mark.parametrize("function", [outer, adds])
def test_the_frames_are_those_of_a_plain_call(function) -> None:
    with pytest.raises(ValueError) as plain:
        function(-0.25)
    for call in (dpy.gradient, dpy.value_and_gradient, dpy.pullback):
        for _ in range(2):
            with pytest.raises(ValueError) as caught:
                call(function, -0.25)
            assert shown(caught.value) == shown(plain.value)


def test_no_adjoint_error_names_the_inlined_function() -> None:
    from scipy import special

    def without_rule(b):
        return special.mathieu_a(1, b)

    names = {"special": special, "__name__": __name__}
    code = compile(
        "def without_rule(b):\n    return special.mathieu_a(1, b)\n", "<nowhere>", "exec"
    )
    exec(code, names)

    def caller(b):
        return without_rule(b * 2) * 2

    with pytest.raises(dpy.errors.NoAdjointError, match="mathieu_a"):
        dpy.gradient(caller, 0.25)


def test_a_function_without_inlined_statements_is_left_alone() -> None:
    function = ir.Function("f", (), (ir.Assign("x", ir.Lit(1), ir.Loc(3)),), ir.Var("x"))
    assert places.encode(function) == (function, {})


def test_the_way_to_a_statement() -> None:
    home = ir.Home(read_source(inner))
    here = ir.Loc(3, entered=(ir.Entered(10, home), ir.Entered(20, home)))
    function = ir.Function("f", (), (ir.Assign("x", ir.Lit(1), here),), filename="f.py")
    coded, table = places.encode(function)
    ((column, spots),) = table.items()
    assert coded.body[0].loc == ir.Loc(10, column, 10, column + 1)
    assert [(s.filename, s.line, s.function) for s in spots] == [
        ("f.py", 10, ""), (__file__, 20, "inner"), (__file__, 3, "inner"),
    ]  # fmt: skip
