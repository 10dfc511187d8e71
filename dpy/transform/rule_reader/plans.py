"""A rule as straight-line code, and what the adjoint of one statement takes from it."""

from __future__ import annotations

import ast
from typing import Any

from dpy.kinds import Kind
from dpy.records import record
from dpy.transform import ir
from dpy.transform.show import Namer, expression_to_ast

__all__ = [
    "D_Y", "RESULT", "Cotangent", "Inlined", "Plan", "plan", "show_expression", "substitute",
]  # fmt: skip

D_Y = ir.Var("<d>")
"""Stands for the cotangent of the result of a statement ..."""
RESULT = ir.Var("<y>")
"""... and this for the result itself; ``<0>``, ``<1>``, ... stand for its operands."""


@record
class Cotangent:
    """What a rule's pullback gives for one operand.

    `kind` is what is known of it. `shape_of` is the placeholder of the operand whose shape it
    certainly has, or True for that of the operand that it is for. `is_certain`: it is a value,
    not perhaps None or ZERO.
    """

    expr: Any
    kind: Kind
    shape_of: Any
    is_certain: bool


@record
class Inlined:
    """A rule as straight-line code.

    `forward` and `backward` are local variables, each used by those after it: pairs of the
    placeholder and its expression. A cotangent of None is no gradient.
    """

    forward: tuple[tuple[ir.Var, Any], ...]
    value: Any
    backward: tuple[tuple[ir.Var, Any], ...]
    cotangents: tuple[Cotangent | None, ...]


@record
class Plan:
    """What the adjoint of one statement takes from a rule.

    `forward`: local variables of the rule that the pullback needs, with their placeholders.
    `value`: what replaces the primal because it shares them, or None. `backward`: variables of
    the pullback used more than once. `cotangents`: one expression per wanted slot.
    """

    forward: tuple[tuple[ir.Var, Any], ...]
    value: Any
    backward: tuple[tuple[ir.Var, Any], ...]
    cotangents: tuple[Any, ...]


def plan(found: Inlined, wanted: list[int]) -> Plan:
    """Drop what the wanted cotangents do not need; write what is used once where it is used."""
    uses: dict[ir.Var, int] = {}
    exprs = [found.cotangents[i].expr for i in wanted]  # type: ignore[union-attr]
    for e in exprs:
        _count(e, uses)
    for var, e in reversed(found.backward):
        if uses.get(var):
            _count(e, uses)
    env: dict[ir.Var, Any] = {found.value: RESULT} if isinstance(found.value, ir.Var) else {}
    backward = []
    for var, e in found.backward:
        e = substitute(e, env)
        if uses.get(var, 0) > 1:
            backward.append((var, e))
        else:
            env[var] = e
    needed = {var for var, _ in found.forward if uses.get(var) and var not in env}
    for var, e in reversed(found.forward):
        if var in needed:
            inner: dict[ir.Var, int] = {}
            _count(substitute(e, env), inner)
            needed |= inner.keys()
    forward = tuple((v, substitute(e, env)) for v, e in found.forward if v in needed)
    value = dict(found.forward).get(found.value, found.value)
    shared: dict[ir.Var, int] = {}
    _count(value, shared)
    is_shared = any(v in shared for v, _ in forward)
    cotangents = tuple(substitute(e, env) for e in exprs)
    return Plan(forward, value if is_shared else None, tuple(backward), cotangents)


def _count(e: Any, uses: dict[ir.Var, int]) -> None:
    if isinstance(e, ir.Var):
        uses[e] = uses.get(e, 0) + 1
    elif isinstance(e, ir.Op):
        for a in e.args:
            _count(a, uses)
    elif isinstance(e, ir.Call):
        for a in (e.func, *e.args, *(v for _, v in e.kwargs)):
            _count(a, uses)


def substitute(e: Any, env: dict[ir.Var, Any]) -> Any:
    """The expression with placeholders replaced."""
    if isinstance(e, ir.Var):
        return env.get(e, e)
    if isinstance(e, ir.Op):
        return ir.Op(e.name, tuple(substitute(a, env) for a in e.args))
    if isinstance(e, ir.Call):
        args = tuple(substitute(a, env) for a in e.args)
        kwargs = tuple((name, substitute(v, env)) for name, v in e.kwargs)
        return ir.Call(substitute(e.func, env), args, kwargs)
    return e


def show_expression(e: Any) -> str:
    """An expression with its placeholders as Python text."""
    return ast.unparse(expression_to_ast(e, Namer())).replace("<d>", "d_y")
