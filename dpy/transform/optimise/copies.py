"""In the pullback, read the original of a copy: ``a = b; c = a * a`` is ``c = b * b``.

>>> from dpy.transform.ir import *
>>> from dpy.transform.show import show
>>> inner = (Assign("a", Var("b")), Return(Op("mul", (Var("a"), Var("a")))))
>>> body = (Def(Function("pb", (Param("b"),), inner, None)), Return(Var("pb")))
>>> print(show(run(Function("f", (), body, None))))
def f():
<BLANKLINE>
    def pb(b):
        a = b
        return b * b
    return pb
"""

from __future__ import annotations

from collections.abc import Collection

from dpy.records import replace
from dpy.transform import ir
from dpy.transform.optimise.blocks import map_inner
from dpy.transform.optimise.nodes import (
    assigned,
    changed_in_place,
    pullback_of,
    rewrite,
    substitute,
    targets,
    with_pullback,
)

__all__ = ["run"]


def run(function: ir.Function) -> ir.Function:
    """Copies that are no longer read are left for `fold_pullback` to drop."""
    pullback = pullback_of(function)
    if pullback is None:
        return function
    return with_pullback(function, replace(pullback, body=_block(pullback.body, {})))


def _block(block: ir.Block, known: dict[str, ir.Var]) -> ir.Block:
    """`known`: copy -> original, for copies that still are equal. It is changed."""
    out: list[ir.Stmt] = []
    for s in block:
        if isinstance(s, (ir.For, ir.While)):
            _forget(known, assigned((s,)) if known else ())
        in_place = changed_in_place(s)
        if not in_place:
            s = rewrite(s, lambda e: substitute(e, known))
        if isinstance(s, (ir.If, ir.For, ir.While)):
            s = map_inner(s, lambda inner: _block(inner, dict(known)))
            _forget(known, assigned((s,)) if known else ())
        elif isinstance(s, ir.Assign):
            _forget(known, {*targets(s), *in_place})
            if isinstance(s.value, ir.Var) and isinstance(s.target, str):
                if s.value.name == s.target:
                    continue
                known[s.target] = s.value
        out.append(s)
    return tuple(out)


def _forget(known: dict[str, ir.Var], names: Collection[str]) -> None:
    for copy, original in list(known.items()):
        if copy in names or original.name in names:
            del known[copy]
