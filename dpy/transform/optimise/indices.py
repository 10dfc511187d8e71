"""Write literal slices where they index, and ``u[1:] += v`` as one statement.

`lower` makes a slice first and then uses it, twice for an in-place operator:

>>> from dpy.transform.ir import *
>>> from dpy.transform.show import show
>>> body = (Assign("t_1", Op("slice", (Lit(1), Lit(None), Lit(None)))),
...         Assign("t_2", Op("getitem", (Var("u"), Var("t_1")))),
...         Assign("t_3", Op("iadd", (Var("t_2"), Var("v")))),
...         Assign(None, Op("setitem", (Var("u"), Var("t_1"), Var("t_3")))))
>>> print(show(run(Function("f", (Param("u"), Param("v")), body, Var("u")))))
def f(u, v):
    t_2 = u[1:]
    t_3 = t_2
    t_3 += v
    u[1:] = t_3
    return u

and, where the facts say that `u` is an array, ``u[1:] += v``. A literal slice of an array cannot
fail and gives a view, so that it may be taken later than the user's program does, if the variable
is the same then.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import Any

from dpy.kinds import Array
from dpy.records import replace
from dpy.transform import ir
from dpy.transform.optimise.blocks import map_blocks, map_inner
from dpy.transform.optimise.nodes import (
    INPLACE,
    count_reads,
    is_temporary,
    reads_of,
    rewrite,
    targets,
    walk,
)

__all__ = ["run"]


def run(function: ir.Function, facts: Any = None) -> ir.Function:
    """Both, in the forward; the pullback has its indices in place already."""
    own = function.locals | {p.name for p in function.params}
    writes = Counter(chain.from_iterable(map(targets, walk(function.body))))
    literal: dict[str, Any] = {}
    for s in walk(function.body):
        if isinstance(s, ir.Assign) and is_temporary(s.target) and writes[str(s.target)] == 1:
            value = _literal(s.value, literal)
            if value is not None and s.target not in own:
                literal[str(s.target)] = value
    if not literal:
        return function
    function = replace(function, body=_in_place(function.body, literal))
    reads = count_reads(function)
    for s in walk(function.body):  # tuples of slices that nobody reads any more
        if isinstance(s, ir.Assign) and s.target in literal and not reads[str(s.target)]:
            reads.subtract(reads_of(s))
    once = {
        name
        for name, n in writes.items()
        if n == 1 and reads[name] == 1 and is_temporary(name) and name not in own
    }

    def clean(s: ir.Stmt) -> ir.Stmt | None:
        unused = isinstance(s, ir.Assign) and s.target in literal and not reads[str(s.target)]
        return None if unused else s

    def statements(block: ir.Block) -> ir.Block:
        inner = tuple(s if isinstance(s, ir.Def) else map_inner(s, statements) for s in block)
        return _merged(inner, once, facts)

    body = tuple(
        new
        for s in function.body
        for new in ((s,) if isinstance(s, ir.Def) else map_blocks((s,), clean))
    )
    return replace(function, body=body if facts is None else statements(body))


def _literal(value: Any, known: dict[str, Any]) -> Any:
    """A slice of literals or a tuple of such, with its parts in place; else None."""
    if not isinstance(value, ir.Op) or value.name not in ("slice", "tuple") or not value.args:
        return None
    parts = tuple(known.get(a.name, a) if isinstance(a, ir.Var) else a for a in value.args)
    if value.name == "slice":
        return value if all(isinstance(a, ir.Lit) for a in parts) else None
    return ir.Op("tuple", parts) if all(map(_is_slice, parts)) else None


def _is_slice(part: Any) -> bool:
    return part == ir.Lit(...) or isinstance(part, ir.Op) and part.name == "slice"


def _in_place(block: ir.Block, literal: dict[str, Any]) -> ir.Block:
    """Literal indices where they are used."""

    def index(e: Any) -> Any:
        if isinstance(e, ir.Op) and e.name in ("getitem", "setitem") and len(e.args) > 1:
            place = e.args[1]
            if isinstance(place, ir.Var) and place.name in literal:
                return ir.Op(e.name, (e.args[0], literal[place.name], *e.args[2:]))
        if isinstance(e, ir.Op) and e.name == "tuple":  # ``z[:, :n]``: an index to be
            return ir.Op(e.name, tuple(map(slice_of, e.args)))
        return e

    def slice_of(part: Any) -> Any:
        found = literal.get(part.name) if isinstance(part, ir.Var) else None
        return found if isinstance(found, ir.Op) and found.name == "slice" else part

    return tuple(
        s
        if isinstance(s, ir.Def)
        else rewrite(map_inner(s, lambda inner: _in_place(inner, literal)), index)
        for s in block
    )


def _merged(block: ir.Block, once: set[str], facts: Any) -> ir.Block:
    """``t = u[a:b]; ...; s = iadd(t, v); u[a:b] = s`` as ``u[a:b] += v``."""
    out: list[ir.Stmt] = []
    for s in block:
        merged = _update(s, out, once, facts)
        if merged is None:
            out.append(s)
            continue
        at, update = merged
        del out[-1], out[at]
        out.append(update)
    return tuple(out)


def _update(
    s: ir.Stmt, out: list[ir.Stmt], once: set[str], facts: Any
) -> tuple[int, ir.Stmt] | None:
    """The place in `out` of the read that a write belongs to, and the one statement for all."""
    write = _op(s, "setitem")
    if write is None or not out:
        return None
    array, index, value = write.args
    step = out[-1]
    if not isinstance(step, ir.Assign) or not isinstance(step.value, ir.Op):
        return None
    is_literal = isinstance(index, ir.Op) and _literal(index, {}) is not None
    if step.value.name not in INPLACE or not is_literal or not isinstance(array, ir.Var):
        return None
    view = step.value.args[0]
    if value != ir.Var(str(step.target)) or step.target not in once:
        return None
    if not isinstance(view, ir.Var) or view.name not in once:
        return None
    kind = facts.kind(step, view)
    parts = index.args if index.name == "tuple" else (index,)
    if not isinstance(kind, Array) or kind.ndim < sum(part != ir.Lit(...) for part in parts):
        return None
    for at in range(len(out) - 2, -1, -1):
        read = out[at]
        if view.name in targets(read):
            if _op(read, "getitem") != ir.Op("getitem", (array, index)):
                return None
            place = ir.Op(step.value.name, (ir.Op("getitem", (array, index)), step.value.args[1]))
            return at, ir.Assign(None, place, step.loc)
        if not _is_harmless(read, array.name, facts):
            return None
    return None


def _is_harmless(s: ir.Stmt, array: str, facts: Any) -> bool:
    """Whether a view of the array may be taken after `s` as well as before it."""
    if not isinstance(s, ir.Assign) or array in targets(s):
        return False
    if not isinstance(s.value, ir.Call) or _is_copy(s.value):
        return True
    site = facts.sites.get(id(s))
    return site is not None and site.form in ("rule", "elementwise")


def _is_copy(call: ir.Call) -> bool:
    """Whether the adjoint asks for a copy of an array."""
    func = call.func
    is_method = isinstance(func, ir.Op) and func.name == "getattr" and not call.args
    return is_method and func.args[1] == ir.Lit("copy")


def _op(s: ir.Stmt, name: str) -> ir.Op | None:
    if isinstance(s, ir.Assign) and isinstance(s.value, ir.Op) and s.value.name == name:
        return s.value
    return None
