"""Usefulness: which variables the result, or what the function leaves written, depends on.

The other half of activity: no cotangent is computed for a value on which nothing wanted depends.
"""

from __future__ import annotations

from dpy.transform import ir
from dpy.transform.infer.facts import HEAP, Site
from dpy.transform.infer.state import State

__all__ = ["useful_variables"]


def useful_variables(state: State) -> set[str]:
    """The names of the useful variables. A class that is written to is useful as a whole."""
    effects = state.effects
    find = effects.find
    useful: set[str] = set()
    result = state.function.result
    if isinstance(result, ir.Var):
        useful.add(result.name)
    roots = effects.roots_written()
    outside = {HEAP, *(p for p in state.params if p in effects.non_atomic)}
    useful_roots = {find(name) for name in outside if find(name) in roots}
    while True:
        before = len(useful), len(useful_roots)
        for name in effects.non_atomic:
            root = find(name)
            if root in roots:
                if name in useful:
                    useful_roots.add(root)
                elif root in useful_roots:
                    useful.add(name)
        for s in reversed(state.layout.statements):
            _mark(state, s, useful)
        if (len(useful), len(useful_roots)) == before:
            return useful


def _mark(state: State, s: ir.Stmt, useful: set[str]) -> None:
    """Add what a statement reads, if something useful depends on it."""
    if isinstance(s, ir.Assign):
        site = state.facts.sites.get(id(s))
        if site is None or site.form == "inert":
            return
        operands = list(ir.variables(s.value))
        # the owner of a bound method stands only there
        bound = (*site.operands, *site.binding.values())
        operands += [atom.name for atom in bound if type(atom) is ir.Var]
        if s.target in useful or _has_effect(state, site, operands, useful):
            useful.update(operands)
    elif isinstance(s, ir.For):
        targets = (s.target,) if isinstance(s.target, str) else s.target
        if isinstance(s.iter, ir.Var) and any(t in useful for t in targets):
            useful.add(s.iter.name)


def _has_effect(state: State, site: Site, operands: list[str], useful: set[str]) -> bool:
    """Whether the statement may write something useful to what its operands reach."""
    form = site.form
    if site.is_pure:
        return False
    if form == "append":
        return operands[0] in useful
    if form in ("generic", "callee", "construct_fields"):
        return (
            any(o in state.effects.non_atomic for o in operands)
            or state.facts.heap_active
            or (form != "generic" and site.callee.summary.writes)
        )
    return form in ("array_write", "update")
