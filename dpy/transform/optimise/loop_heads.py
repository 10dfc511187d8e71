"""Save what a ``while`` loop starts from after its test, where the test does not change it.

>>> from dpy.transform.ir import *
>>> from dpy.transform.show import show
>>> body = (While((Assign("x_0", Var("x")),), Op("lt", (Var("x"), Lit(9))),
...     (Assign("x", Op("mul", (Var("x"), Var("x_0")))),)),)
>>> print(show(run(Function("f", (Param("x"),), body, Var("x")))))
def f(x):
    while x < 9:
        x_0 = x
        x = x * x_0
    return x
"""

from __future__ import annotations

from dpy.records import replace
from dpy.transform import ir
from dpy.transform.ir import variables
from dpy.transform.optimise.blocks import map_blocks
from dpy.transform.optimise.nodes import assigned, reads_of, walk

__all__ = ["run"]


def run(function: ir.Function) -> ir.Function:
    """Move copies that stand first in the test's own statements."""
    own = function.locals | {p.name for p in function.params}

    def move(s: ir.Stmt) -> ir.Stmt:
        if not isinstance(s, ir.While):
            return s
        heads: list[ir.Stmt] = []
        rest = list(s.test_body)
        while rest and _is_copy(rest[0], own):
            heads.append(rest.pop(0))
        if not heads:
            return s
        read = {name for inner in walk(rest) for name in reads_of(inner)}
        read |= set(variables(s.test))
        changed = assigned(rest)
        for head in heads:
            assert isinstance(head, ir.Assign)
            if head.target in read or set(variables(head.value)) & changed:
                return s
        # One iteration's copies are read in that iteration only: by its append to the tape.
        return replace(s, test_body=tuple(rest), body=(*heads, *s.body))

    return replace(function, body=map_blocks(function.body, move))


def _is_copy(s: ir.Stmt, own: frozenset[str]) -> bool:
    return (
        isinstance(s, ir.Assign)
        and isinstance(s.value, ir.Var)
        and isinstance(s.target, str)
        and s.target not in own
    )
