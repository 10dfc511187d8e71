"""Write the forward: the primal, with all that the reverse sweep asked to be kept."""

from __future__ import annotations

from typing import Any, Self

from dpy.kinds import UNKNOWN, Const, KnownObject
from dpy.records import replace
from dpy.transform import generic, ir
from dpy.transform.adjoint.saved import Saved
from dpy.transform.direct import call_from_outside, direct_call
from dpy.transform.versions import Scope

__all__ = ["Pending", "copies", "finish_loops", "forward_block"]


class Pending(tuple):  # type: ignore[type-arg]
    """The residual names of a loop scope, known only when generation has ended."""

    scope: Scope

    def __new__(cls, scope: Scope) -> Self:
        """A target without names yet."""
        self = super().__new__(cls)
        self.scope = scope
        return self


def copies(saved: Saved, place: str, s: ir.Stmt | None, loc: ir.Loc | None) -> list[ir.Stmt]:
    """Copies of variables that are assigned again later, at a place where `Version`s are born."""
    found = saved.versions.copies.get((place, id(s)), [])
    return [ir.Assign(name, ir.Var(var), loc) for name, var in found]


def forward_block(saved: Saved, block: ir.Block) -> tuple[ir.Stmt, ...]:
    """The statements of a block, and what is kept before and after each."""
    out: list[ir.Stmt] = []
    for s in block:
        out += copies(saved, "before", s, s.loc)
        out += saved.before.get(id(s), [])
        out += _forward_statement(saved, s)
        out += saved.after.get(id(s), [])
        out += copies(saved, "after", s, s.loc)
    return tuple(out)


def _forward_statement(saved: Saved, s: ir.Stmt) -> tuple[ir.Stmt, ...]:
    if isinstance(s, ir.If):
        return _forward_if(saved, s)
    if isinstance(s, ir.For):
        source = saved.iterables.get(id(s), s.iter)
        return _forward_loop(saved, s, replace(s, iter=source, body=forward_block(saved, s.body)))
    if isinstance(s, ir.While):
        body = forward_block(saved, s.body)
        new = replace(s, test_body=forward_block(saved, s.test_body), body=body)
        return _forward_loop(saved, s, new)
    return (saved.replaced.get(id(s)) or _shortened(saved, s),)


def _shortened(saved: Saved, s: ir.Stmt) -> ir.Stmt:
    """A statement that calls a function of NumPy, without the function's wrapper."""
    site = saved.facts.sites.get(id(s))
    if site is None or site.form not in ("rule", "inert") or not isinstance(s, ir.Assign):
        return s
    kind = saved.facts.kinds.get(id(s))
    if isinstance(kind, Const) and kind.type is bool and _is_test(saved, s, s.value):
        return replace(s, value=ir.Lit(kind.value))
    outside = call_from_outside(s, saved.facts)
    if outside is not None:
        return replace(s, value=outside)
    if _may_follow(saved, s, s.value):
        function = generic.call(saved.runtime.followed, s.value.func)  # type: ignore[union-attr]
        return replace(s, value=ir.Call(function, ()))
    kinds = tuple(saved.facts.kind(s, atom) for atom in site.operands)
    found = direct_call(site.function, site.operands, site.kwargs, kinds)
    return s if found is None else replace(s, value=found)


def _is_test(saved: Saved, s: ir.Assign, value: ir.Expr) -> bool:
    """Whether this is a test that asks nothing of its operands but what their kinds say."""
    if isinstance(value, ir.Op):
        return value.name in ("is_", "is_not", "not_", "eq", "ne")
    if not isinstance(value, ir.Call):
        return False
    known = saved.facts.kind(s, value.func)
    return isinstance(known, KnownObject) and known.value is isinstance


def _may_follow(saved: Saved, s: ir.Assign, value: ir.Expr) -> bool:
    """Whether this may be the call of a weak reference to an object without derivatives."""
    if not isinstance(value, ir.Call) or value.args or value.kwargs:
        return False
    return bool(saved.facts.kind(s, value.func) == UNKNOWN)


def _forward_if(saved: Saved, s: ir.If) -> tuple[ir.Stmt, ...]:
    decided = saved.facts.decided.get(id(s))
    if decided is not None:  # the test has no effect, and the other branch has not been analysed
        return forward_block(saved, s.body if decided else s.orelse)
    body, orelse = forward_block(saved, s.body), forward_block(saved, s.orelse)
    return (replace(s, test=saved.truths.get(id(s), s.test), body=body, orelse=orelse),)


def _forward_loop(saved: Saved, s: ir.For | ir.While, new: Any) -> tuple[ir.Stmt, ...]:
    """A loop, each iteration of which ends by saving a tuple if the sweep goes through it."""
    scope = saved.versions.scopes[id(s)]
    if not scope.tape:
        return (new,)
    inits = [ir.Assign(name, ir.Lit(None), s.loc) for name in scope.start_inits]
    heads = copies(saved, "head", s, s.loc)
    append = ir.Assign(None, ir.Op("append", (ir.Var(scope.tape), _saved_item(scope))), s.loc)
    if isinstance(new, ir.While) and heads:
        new = replace(new, test_body=(*heads, *new.test_body), body=(*inits, *new.body, append))
    else:
        new = replace(new, body=(*inits, *heads, *new.body, append))
    return (ir.Assign(scope.tape, ir.Op("list", ()), s.loc), new)


def _saved_item(scope: Scope) -> Any:
    names = tuple(scope.residuals)
    if not names:
        return ir.Lit(None)
    if len(names) == 1:
        return ir.Var(names[0])
    return ir.Op("tuple", tuple(map(ir.Var, names)))


def finish_loops(block: ir.Block) -> ir.Block:
    """Replace pending loop targets by the residual names of their loops."""
    out: list[ir.Stmt] = []
    for s in block:
        if isinstance(s, ir.For):
            target: Any = s.target
            if isinstance(target, Pending):
                names = tuple(target.scope.residuals)
                target = names if len(names) > 1 else names[0] if names else "_"
            s = replace(s, target=target, body=finish_loops(s.body))
        elif isinstance(s, ir.If):
            s = replace(s, body=finish_loops(s.body), orelse=finish_loops(s.orelse))
        elif isinstance(s, ir.Def):
            s = replace(s, function=replace(s.function, body=finish_loops(s.function.body)))
        out.append(s)
    return tuple(out)
