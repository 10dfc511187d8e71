"""Rotate while loops whose test carries derivatives.

The test of a ``while`` runs once more than its body. Where it holds operations that the reverse
sweep must visit, the loop becomes ``test; while t: body; test``, so that a saved iteration is
complete.
"""

from __future__ import annotations

from typing import Any

from dpy.records import replace
from dpy.transform import ir
from dpy.transform.infer import Facts

__all__ = ["needs_rotation", "rotate"]

_EFFECTS = frozenset("generic callee append array_write update buffer_write buffer_update".split())


def needs_rotation(facts: Facts) -> bool:
    """Whether the test of some loop has a statement with an adjoint."""
    loops = (s for s in ir.walk(facts.function.body) if isinstance(s, ir.While))
    return any(_is_due(s, facts) for s in loops)


def _is_due(s: ir.While, facts: Facts) -> bool:
    for inner in ir.walk(s.test_body):
        site = facts.sites.get(id(inner))
        if site is None or site.form == "inert":
            continue
        if isinstance(inner, ir.Assign):
            target = inner.target
            if site.form in _EFFECTS or isinstance(target, str) and target in facts.active:
                return True
        else:
            return True
    return False


def rotate(function: ir.Function, facts: Facts) -> ir.Function:
    """The function with such loops rotated; every statement of it is a new object."""
    return replace(function, body=_block(function.body, facts))


def _block(block: ir.Block, facts: Facts) -> ir.Block:
    out: list[ir.Stmt] = []
    for s in block:
        if isinstance(s, ir.If):
            out.append(replace(s, body=_block(s.body, facts), orelse=_block(s.orelse, facts)))
        elif isinstance(s, ir.For):
            out.append(replace(s, body=_block(s.body, facts)))
        elif isinstance(s, ir.While):
            out += _loop(s, facts)
        else:
            out.append(s)
    return tuple(out)


def _loop(s: ir.While, facts: Facts) -> list[ir.Stmt]:
    body = _block(s.body, facts)
    test_body = _block(s.test_body, facts)
    if not _is_due(s, facts):
        return [replace(s, test_body=test_body, body=body)]
    again: tuple[ir.Stmt, ...] = tuple(map(_copy, test_body))
    if s.exit is not None:
        again = (ir.If(ir.Var(s.exit), (), again, s.loc),)
    return [*test_body, replace(s, test_body=(), body=(*body, *again))]


def _copy(s: Any) -> Any:
    """The same statement as a new object: the compiler's tables go by identity."""
    if isinstance(s, ir.If):
        return replace(s, body=tuple(map(_copy, s.body)), orelse=tuple(map(_copy, s.orelse)))
    if isinstance(s, ir.For):
        return replace(s, body=tuple(map(_copy, s.body)))
    if isinstance(s, ir.While):
        return replace(s, test_body=tuple(map(_copy, s.test_body)), body=tuple(map(_copy, s.body)))
    return replace(s)
