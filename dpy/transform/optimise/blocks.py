"""Apply a change to every statement of a block, the inner ones first."""

from __future__ import annotations

from collections.abc import Callable

from dpy.records import replace
from dpy.transform import ir

__all__ = ["map_blocks", "map_inner"]


def map_blocks(block: ir.Block, change: Callable[[ir.Stmt], ir.Stmt | None]) -> ir.Block:
    """`change` returns the new statement, or None to drop it. Nested functions are included."""
    out: list[ir.Stmt] = []
    for s in block:
        new = change(map_inner(s, lambda inner: map_blocks(inner, change)))
        if new is not None:
            out.append(new)
    return tuple(out)


def map_inner(s: ir.Stmt, change: Callable[[ir.Block], ir.Block]) -> ir.Stmt:
    """The statement with the blocks in it changed."""
    if type(s) is ir.Assign:
        return s
    if isinstance(s, ir.If):
        return ir.If(s.test, change(s.body), change(s.orelse), s.loc)
    if isinstance(s, ir.For):
        return ir.For(s.target, s.iter, change(s.body), s.exit, s.loc, s.fresh)
    if isinstance(s, ir.While):
        return ir.While(change(s.test_body), s.test, change(s.body), s.exit, s.loc)
    if isinstance(s, ir.Def):
        return ir.Def(replace(s.function, body=change(s.function.body)), s.loc)
    return s
