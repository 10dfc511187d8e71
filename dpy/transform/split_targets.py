"""Unpack into a tuple first, then item by item: every statement assigns one variable.

>>> from dpy.transform.ir import Assign, Function, Op, Lit, Var, Param
>>> from dpy.transform.show import show
>>> body = (Assign(("a", "b"), Op("unpack", (Var("x"), Lit(2)))),)
>>> print(show(run(Function("f", (Param("x"),), body, Var("a")))))
def f(x):
    items_0 = unpack(x, 2)
    a = items_0[0]
    b = items_0[1]
    return a
"""

from __future__ import annotations

from typing import Any

from dpy.records import replace
from dpy.transform import ir
from dpy.transform.versions import Names

__all__ = ["run"]


def run(function: ir.Function) -> ir.Function:
    """The function without tuple targets."""
    taken = set(function.locals) | {p.name for p in function.params}
    for s in ir.walk(function.body):
        if isinstance(s, (ir.Assign, ir.For)):
            taken.update(t for t in _targets(s) if t is not None)
    names = Names(taken)
    return replace(function, body=_block(function.body, names))


def _targets(s: Any) -> tuple[Any, ...]:
    return s.target if isinstance(s.target, tuple) else (s.target,)


def _block(block: ir.Block, names: Names) -> ir.Block:
    out: list[ir.Stmt] = []
    for s in block:
        if isinstance(s, ir.If):
            out.append(replace(s, body=_block(s.body, names), orelse=_block(s.orelse, names)))
        elif isinstance(s, ir.For):
            body = _block(s.body, names)
            if isinstance(s.target, tuple):
                item = names.numbered("item")
                body = (*_items(s.target, item, s.loc), *body)
                s = replace(s, target=item)
            out.append(replace(s, body=body))
        elif isinstance(s, ir.While):
            test_body = _block(s.test_body, names)
            out.append(replace(s, test_body=test_body, body=_block(s.body, names)))
        elif isinstance(s, ir.Try):
            handler = None if s.handler is None else _block(s.handler, names)
            body, orelse, final = (_block(part, names) for part in (s.body, s.orelse, s.final))
            out.append(replace(s, body=body, handler=handler, orelse=orelse, final=final))
        elif isinstance(s, ir.Assign) and isinstance(s.target, tuple):
            whole = names.numbered("items")
            out += [replace(s, target=whole), *_items(s.target, whole, s.loc)]
        else:
            out.append(s)
    return tuple(out)


def _items(targets: tuple[str, ...], whole: str, loc: Any) -> list[ir.Stmt]:
    return [
        ir.Assign(name, ir.Op("getitem", (ir.Var(whole), ir.Lit(i))), loc)
        for i, name in enumerate(targets)
    ]
