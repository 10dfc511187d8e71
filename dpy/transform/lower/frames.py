"""``locals()``, ``vars()`` and ``dir()``: what sees the names of the frame that it runs in.

Generated code has other variables than the user's. Where it is certain which of these are assigned,
their names and values are written out; elsewhere, and for ``eval`` and ``exec``, there is an error.
"""

from __future__ import annotations

from typing import Any

import gast

from dpy.transform.ir import Expr, Lit, Op
from dpy.transform.lower.builder import ASSIGNED, UNASSIGNED, Builder

__all__ = ["frame_reader"]

_READERS = {"locals": 0, "vars": 0, "dir": 0, "eval": 1, "exec": 1}


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

    items: list[Any] = []
    for found in names:
        items += [Lit(found), b.atom(read(b, found, node), node)]
    return Op("dict", tuple(items))


def _assigned(b: Builder) -> list[str] | None:
    """The variables of the function that have a value here, in Python's order; None if unsure."""
    code = b.source.code
    if b.is_in_comprehension or code.co_name.startswith("<") or b.state is None:
        return None
    names: list[str] = []
    for name in dict.fromkeys((*code.co_varnames, *code.co_cellvars, *code.co_freevars)):
        if name in b.scope.bound:
            bits = b.state.get(name, UNASSIGNED)
            if bits != ASSIGNED and (bits & ASSIGNED or name in b.cells):
                return None
            if bits != ASSIGNED:
                continue
        elif name not in b.free:
            continue
        names.append(name)
    return names
