"""Number temporaries in the order in which they appear, and name what the compiler makes up.

``saved`` for the first tape and ``saved_2`` for the next, likewise ``pb`` and ``branch`` (a saved
condition). ``d_t_7`` follows ``t_7``.

>>> from dpy.transform.ir import *
>>> from dpy.transform.show import show
>>> body = (Assign("t_7", Op("neg", (Var("x"),))), Assign("t_3", Op("mul", (Var("t_7"), Var("x")))))
>>> print(show(run(Function("f", (Param("x"),), body, Var("t_3")))))
def f(x):
    t_1 = -x
    t_2 = t_1 * x
    return t_2
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dpy.records import replace
from dpy.transform import ir
from dpy.transform.optimise.blocks import map_blocks
from dpy.transform.optimise.nodes import (
    expressions,
    pullback_of,
    reads_of,
    rewrite,
    substitute,
    targets,
    walk,
)
from dpy.transform.optimise.tapes import reverse_loops

__all__ = ["run"]

_TEMPORARY = re.compile(r"t_(\d+)(_\d+)?")
_PULLBACK = re.compile(r"pb_\d+")
_COTANGENT = re.compile(r"d_(t_\d+)")
_ARGUMENT = re.compile(r"d_arg_\d+")


def run(function: ir.Function) -> ir.Function:
    """Rename in the forward and the pullback at once; the user's names stay."""
    pullback = pullback_of(function)
    own = function.locals | {p.name for p in function.params}
    outside = dict.fromkeys(_names(function.body))
    inside = dict.fromkeys(_names(pullback.body)) if pullback is not None else {}
    order = dict.fromkeys((*outside, *inside))
    if pullback is not None:
        order |= dict.fromkeys(p.name for p in pullback.params)
    tapes = reverse_loops(pullback.body) if pullback is not None else {}
    tests = _tests(pullback) if pullback is not None else set()
    bases = {n: "" if n in own else _base(n, tapes, tests) for n in order}
    taken = set(own) | {n for n, base in bases.items() if not base} | _outer_names(function)
    fresh = _Fresh(taken)
    chosen: dict[str, str] = {}
    for name, base in bases.items():
        if not base or base == "d":
            continue
        copied = _TEMPORARY.fullmatch(name)
        original = f"t_{copied[1]}" if copied and copied[2] else ""
        if original in chosen and original not in inside and name not in outside:
            inside[original] = None  # the pullback's name for what the forward calls `original`
            chosen[name] = chosen[original]
        else:
            chosen[name] = fresh(base)
    for name, base in bases.items():
        if base == "d":
            of = chosen.get(name[2:]) or fresh("t")  # a number that no temporary has
            chosen[name] = fresh(f"d_{of}")
    return _renamed(function, chosen)


class _Fresh:
    """Names that are not taken: ``t_1``, ``t_2``, ...; ``pb``, ``pb_2``, ..."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = taken
        self.counts: dict[str, int] = {}

    def __call__(self, base: str) -> str:
        while True:
            n = self.counts[base] = self.counts.get(base, 0) + 1
            name = base if n == 1 and base != "t" else f"{base}_{n}"
            if name not in self.taken:
                self.taken.add(name)
                return name


def _base(name: str, tapes: Any, tests: set[str]) -> str:
    """What the new name starts with; "" for a name that stays."""
    if name in tapes:
        return "saved"
    if _TEMPORARY.fullmatch(name):
        return "branch" if name in tests else "t"
    if _PULLBACK.fullmatch(name):
        return "pb"
    if _COTANGENT.fullmatch(name):
        return "d"
    return "d_arg" if _ARGUMENT.fullmatch(name) else ""


def _tests(pullback: ir.Function) -> set[str]:
    """The saved conditions."""
    found = set()
    for s in walk(pullback.body):
        if isinstance(s, ir.If):
            test = s.test.args[0] if isinstance(s.test, ir.Op) and s.test.args else s.test
            if isinstance(test, ir.Var):
                found.add(test.name)
    return found


def _names(block: ir.Block) -> list[str]:
    """The variables of a block as they appear in its text, without nested functions."""
    found: list[str] = []
    _collect_names(block, found)
    return found


def _collect_names(block: ir.Block, found: list[str]) -> None:
    for s in block:
        if type(s) is ir.Assign:
            found += (*reads_of(s), *targets(s))
        elif isinstance(s, ir.While):
            _collect_names(s.test_body, found)
            found += reads_of(s)
            _collect_names(s.body, found)
        else:
            found += (*targets(s), *reads_of(s))
            for inner in ir.blocks_of(s):
                _collect_names(inner, found)


def _outer_names(function: ir.Function) -> set[str]:
    """Names that mean something outside of the function: globals, free variables, objects."""
    found = {function.name, *function.free}

    def visit(f: ir.Function) -> None:
        for s in walk(f.body):
            found.update(_outer_names_in(expressions(s)))
            if isinstance(s, ir.Def):
                found.add(s.function.name)
                visit(s.function)

    visit(function)
    return found


def _outer_names_in(parts: Any) -> Iterator[str]:
    pending = [*parts]
    while pending:
        e = pending.pop()
        kind = type(e)
        if kind is ir.Var or kind is ir.Lit:
            continue
        if kind is ir.Op:
            pending += e.args
        elif kind is ir.Call:
            pending += (e.func, *e.args, *(value for _, value in e.kwargs))
        elif kind is ir.Star:
            pending.append(e.value)
        elif kind is ir.Closure:
            pending += (*(a for _, a in e.cells), *e.atoms())
        elif isinstance(e, (ir.Global, ir.Free, ir.Cell, ir.Known)):
            yield e.name


def _renamed(function: ir.Function, names: dict[str, str]) -> ir.Function:
    """Everything renamed, nested functions included."""
    variables = {old: ir.Var(new) for old, new in names.items()}

    def target(t: Any) -> Any:
        return tuple(names.get(n, n) for n in t) if isinstance(t, tuple) else names.get(t, t)

    def statement(s: ir.Stmt) -> ir.Stmt:
        if type(s) is ir.Assign:
            return ir.Assign(target(s.target), substitute(s.value, variables), s.loc)
        s = rewrite(s, lambda e: substitute(e, variables))
        if isinstance(s, ir.For):
            s = replace(s, target=target(s.target))
        if isinstance(s, (ir.For, ir.While)) and s.exit is not None:
            s = replace(s, exit=names.get(s.exit, s.exit))
        if isinstance(s, ir.Def):
            params = tuple(replace(p, name=names.get(p.name, p.name)) for p in s.function.params)
            s = replace(s, function=replace(s.function, params=params))
        return s

    body = map_blocks(function.body, statement)
    result = function.result
    return replace(
        function, body=body, result=None if result is None else substitute(result, variables)
    )
