"""Calls of special methods that Python makes by itself, as statements."""

from __future__ import annotations

from typing import Any

import dpy
from dpy.transform.explicit import run
from dpy.transform.ir import Assign, Function, If, Lit, Op, Param, Var, While
from dpy.transform.show import show
from dpy.transform.verify import verify


def written(*body: Any, implicit: Any) -> str:
    function = Function("f", (Param("x"),), body, Lit(None))
    new = run(function, set(map(id, implicit)))
    verify(new)
    return show(new)


def test_parts_of_strings_and_not() -> None:
    no = Assign("y", Op("not_", (Var("x"),)))
    part = Assign("z", Op("format", (Var("x"), Lit("r"), Lit(">7"))))
    assert written(no, part, implicit=[no, part]) == (
        "def f(x):\n    t_0 = bool(x)\n    y = not t_0\n    t_1 = repr(x)\n"
        "    z = format(t_1, '>7')\n    return None"
    )


def test_the_test_of_a_loop_is_asked_in_each_iteration() -> None:
    loop = While((), Var("x"), (Assign("t_0", Lit(1)),))
    text = written(loop, implicit=[loop])
    assert "while True:\n        t_1 = bool(x)\n        if not t_1:" in text


def test_statements_within_branches() -> None:
    inner = If(Var("x"), (Assign("y", Lit(1)),), ())
    outer = If(Var("x"), (inner,), ())
    text = written(outer, implicit=[inner])
    assert text.count("bool(x)") == 1
    assert "if x:\n        t_0 = bool(x)" in text


class Quiet:
    def __init__(self, x):
        self.x = x

    def __bool__(self):
        return self.x > 1.0


class Loud(Quiet):
    def __bool__(self):
        self.x = self.x * 2.0
        return True


def test_only_methods_that_may_write_are_called_by_statements() -> None:
    def f(x, cls):
        p = cls(x)
        if p:
            return p.x
        return x

    assert "truth(" not in dpy.adjoint_source(f, 1.5, Quiet)
    assert dpy.gradient(f, 1.5, Loud)[0] == 2.0
