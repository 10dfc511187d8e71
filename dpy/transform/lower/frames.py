"""``locals()``, ``vars()`` and ``dir()``: what sees the names of the frame that it runs in.

Generated code has other variables than the user's: their names and values are written out, with a
flag for each that may be assigned or not. For ``eval`` and ``exec`` there is an error.
"""

from __future__ import annotations

from typing import Any

import gast

from dpy.transform.ir import Expr, If, Lit, Op, Var
from dpy.transform.lower.builder import ASSIGNED, UNASSIGNED, Builder

__all__ = ["Untracked", "frame_reader"]

_READERS = {"locals": 0, "vars": 0, "dir": 0, "eval": 1, "exec": 1}


class Untracked(Exception):
    """Variables of which the program has to note while it runs whether they are assigned."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(names)
        self.names = names


def frame_reader(b: Builder, node: Any) -> Expr | None:
    """The value of a call that reads the names around it; None for any other call.

    Raises:
        UnsupportedSyntaxError.
    """
    if not isinstance(node.func, gast.Name) or node.func.id not in _READERS:
        return None
    name = node.func.id
    if len(node.args) != _READERS[name] or b.resolve(name)[0] != "global":
        return None
    if name in b.source.globals:
        return None
    names = None if name in ("eval", "exec") else _assigned(b)
    unsure = [] if names is None else [n for n in names if n not in b.cells and _is_unsure(b, n)]
    if unsure and name == "dir":
        names = None
    if names is None:
        raise b.refuse(
            f"`{name}` without a namespace",
            node,
            why="it sees the variables of the frame it runs in, and generated code has others",
            repair="name the variables that are meant, or call it in a function of its own",
        )
    if name == "dir":
        return Op("list", tuple([Lit(found) for found in sorted(names)]))
    from dpy.transform.lower.expressions import read

    if unsure:
        return _as_assigned(b, names, unsure, node)
    items: list[Any] = []
    for found in names:
        items += [Lit(found), b.atom(read(b, found, node), node)]
    return Op("dict", tuple(items))


def _is_unsure(b: Builder, name: str) -> bool:
    bits = b.state.get(name, UNASSIGNED) if b.state is not None else ASSIGNED
    return name in b.scope.bound and bits != ASSIGNED


def _as_assigned(b: Builder, names: list[str], unsure: list[str], node: Any) -> Expr:
    """A dict of the variables that have a value when this runs: flags say which."""
    from dpy.transform.lower.expressions import read

    missing = [name for name in unsure if name not in b.tracked]
    if missing:
        raise Untracked(missing)
    found = b.assign(Op("dict", ()), node)
    for name in names:
        with b.block() as stored:
            value = Var(name) if name in unsure else b.atom(read(b, name, node), node)
            b.effect(Op("setitem", (found, Lit(name), value)), node)
        if name in unsure:
            b.emit(If(Var(b.tracked[name]), tuple(stored), (), b.loc(node)))
        else:
            for s in stored:
                b.emit(s)
    return found


def _assigned(b: Builder) -> list[str] | None:
    """The variables of the function that have a value here, in Python's order; None if unsure."""
    code = b.source.code
    if b.is_in_comprehension or code.co_name.startswith("<") or b.state is None:
        return None
    names: list[str] = []
    for name in dict.fromkeys((*code.co_varnames, *code.co_cellvars, *code.co_freevars)):
        if name in b.scope.bound:
            bits = b.state.get(name, UNASSIGNED)
            if bits != ASSIGNED and name in b.cells:
                return None
            if not bits & ASSIGNED:
                continue
        elif name not in b.free:
            continue
        names.append(name)
    return names
