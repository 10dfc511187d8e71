"""Calls that Python makes by itself, written as calls: ``if box:`` is ``if bool(box):``.

Tests, ``not`` and f-strings call special methods of the user's. Where such a method may write to
something (`Facts.implicit`), the call has to be a statement that can be reversed.

>>> from dpy.transform.ir import *
>>> from dpy.transform.show import show
>>> test = If(Var("box"), (Assign("y", Lit(2.0)),), (Assign("y", Lit(3.0)),))
>>> f = Function("f", (Param("box"),), (test,), Var("y"))
>>> print(show(run(f, {id(test)})))
def f(box):
    t_0 = bool(box)
    if t_0:
        y = 2.0
    else:
        y = 3.0
    return y
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from dpy.records import replace
from dpy.transform import ir
from dpy.transform.ir import variables
from dpy.transform.versions import Names

__all__ = ["run"]

_CONVERSIONS = {"r": repr, "s": str, "a": ascii}


def run(function: ir.Function, implicit: Set[int]) -> ir.Function:
    """The function with the calls of these statements (by their id) written out."""
    return _Writer(function, implicit).run()


class _Writer:
    def __init__(self, function: ir.Function, implicit: Set[int]) -> None:
        self.function = function
        self.implicit = implicit
        taken = set(function.locals) | set(function.free) | {p.name for p in function.params}
        for s in ir.walk(function.body):
            if isinstance(s, (ir.Assign, ir.For)):
                taken.update(s.target if isinstance(s.target, tuple) else (s.target or "",))
            if isinstance(s, ir.Assign):
                taken.update(variables(s.value))
                if isinstance(s.value, (ir.Global, ir.Free)):
                    taken.add(s.value.name)
        self.names = Names(taken)

    def run(self) -> ir.Function:
        return replace(self.function, body=self.block(self.function.body))

    def block(self, block: ir.Block) -> ir.Block:
        out: list[ir.Stmt] = []
        for s in block:
            is_implicit = id(s) in self.implicit
            if isinstance(s, ir.If):
                s = replace(s, body=self.block(s.body), orelse=self.block(s.orelse))
                if is_implicit:
                    s = replace(s, test=self.called(out, bool, s.test, s.loc))
            elif isinstance(s, ir.For):
                s = replace(s, body=self.block(s.body))
            elif isinstance(s, ir.While):
                test_body = list(self.block(s.test_body))
                s = replace(s, body=self.block(s.body))
                test = self.called(test_body, bool, s.test, s.loc) if is_implicit else s.test
                s = replace(s, test_body=tuple(test_body), test=test)
            elif is_implicit:
                s = self.assign(out, s)
            out.append(s)
        return tuple(out)

    def assign(self, out: list[ir.Stmt], s: Any) -> ir.Assign:
        """``not x`` and the parts of f-strings."""
        value = s.value
        if value.name == "not_":
            test = self.called(out, bool, value.args[0], s.loc)
            return replace(s, value=ir.Op("not_", (test,)))
        x, conversion, spec = value.args
        if conversion.value:
            x = self.called(out, _CONVERSIONS[conversion.value], x, s.loc)
        return replace(s, value=ir.Call(ir.Known(format, "format"), (x, spec)))

    def called(self, out: list[ir.Stmt], function: Any, atom: Any, loc: ir.Loc | None) -> ir.Var:
        """``t = function(atom)``, before the statement."""
        name = self.names.numbered("t")
        call = ir.Call(ir.Known(function, function.__name__), (atom,))
        out.append(ir.Assign(name, call, loc))
        return ir.Var(name)
