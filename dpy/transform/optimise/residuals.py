"""Save nothing per iteration that the reverse loop does not read.

>>> from dpy.transform.ir import *
>>> from dpy.transform.show import show
>>> saved, backward = Var("saved"), Call(Known(reversed, "reversed"), (Var("saved"),))
>>> append = Assign(None, Op("append", (saved, Op("tuple", (Var("a"), Var("b"))))))
>>> sweep = For(("a", "b"), backward, (Assign("d", Op("mul", (Var("d"), Var("a")))),))
>>> pullback = Function("pb", (Param("d"),), (sweep, Return(Var("d"))), None)
>>> body = (For("a", Var("xs"), (append,)), Def(pullback), Return(Var("pb")))
>>> print(show(run(Function("f", (Param("xs"),), body, None))))
def f(xs):
    for a in xs:
        saved.append(a)
<BLANKLINE>
    def pb(d):
        for a in reversed(saved):
            d = d * a
        return d
    return pb
"""

from __future__ import annotations

from dpy.records import replace
from dpy.transform import ir
from dpy.transform.optimise.blocks import map_blocks
from dpy.transform.optimise.nodes import pullback_of, reads_of, targets, walk
from dpy.transform.optimise.tapes import (
    entries,
    item,
    reverse_loops,
    tape_of_append,
    tape_of_loop,
    values,
    with_target,
)

__all__ = ["run"]


def run(function: ir.Function) -> ir.Function:
    """Outer loops first: what an inner one does not need, the outer need not hand on."""
    pullback = pullback_of(function)
    if pullback is None:
        return function
    kept: dict[str, list[int]] = {}
    sizes: dict[str, int] = {}
    order = _order(function, pullback)
    for tape, loop in reverse_loops(pullback.body).items():
        read = {name for s in walk(loop.body) for name in reads_of(s)}
        names = entries(loop)
        sizes[tape] = len(names)
        wanted = [i for i, name in enumerate(names) if name in read]
        kept[tape] = sorted(wanted, key=lambda i: order.get(names[i], 0))  # noqa: B023

    def shrink(s: ir.Stmt) -> ir.Stmt:
        tape = tape_of_append(s, kept)
        if tape is not None:
            assert isinstance(s, ir.Assign)
            parts = values(s, sizes[tape])
            wanted = item(tuple(parts[i] for i in kept[tape]))
            return replace(s, value=ir.Op("append", (ir.Var(tape), wanted)))
        tape = tape_of_loop(s)
        if tape in kept:
            assert isinstance(s, ir.For)
            names = entries(s)
            return with_target(s, tuple(names[i] for i in kept[tape]))
        return s

    return replace(function, body=map_blocks(function.body, shrink))


def _order(function: ir.Function, pullback: ir.Function) -> dict[str, int]:
    """Places in the item: conditions first, then as the forward makes the values."""
    order: dict[str, int] = {}
    for i, s in enumerate(walk(function.body)):
        if not (isinstance(s, ir.Assign) and s.value == ir.Lit(None)):
            order.update(dict.fromkeys(targets(s), i))
    for s in walk(pullback.body):
        if isinstance(s, ir.If) and isinstance(s.test, ir.Var):
            order[s.test.name] = -1
    return order
