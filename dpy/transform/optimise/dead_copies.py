"""Drop copies made for the pullback that it does not read, and the Nones they start from.

>>> from dpy.transform.ir import *
>>> from dpy.transform.show import show
>>> body = (Assign("x_0", Var("x")), Assign("x", Op("neg", (Var("x"),))))
>>> print(show(run(Function("f", (Param("x"),), body, Var("x")))))
def f(x):
    x = -x
    return x
"""

from __future__ import annotations

import re

from dpy.records import replace
from dpy.transform import ir
from dpy.transform.optimise.blocks import map_blocks
from dpy.transform.optimise.nodes import count_reads

__all__ = ["run"]

_NUMBERED = re.compile(r".*_\d+")
_HELPERS = frozenset(("hold", "copy_value"))


def run(function: ir.Function) -> ir.Function:
    """Drop them until nothing changes (a copy may be read by another one only)."""
    own = function.locals | {p.name for p in function.params}
    for _ in range(4):
        counts = count_reads(function)

        def keep(s: ir.Stmt) -> ir.Stmt | None:
            if (
                isinstance(s, ir.Assign)
                and isinstance(s.target, str)
                and s.target not in own
                and not counts[s.target]  # noqa: B023
                and _NUMBERED.fullmatch(s.target)
                and _is_copy(s.value)
            ):
                return None
            return s

        body = tuple(
            new
            for s in function.body
            for new in ((s,) if isinstance(s, ir.Def) else map_blocks((s,), keep))
        )
        if body == function.body:
            break
        function = replace(function, body=body)
    return function


def _is_copy(value: object) -> bool:
    if isinstance(value, (ir.Var, ir.Lit)):
        return True
    if isinstance(value, ir.Op):
        return value.name == "getattr" and value.args[1] == ir.Lit("shape")
    if not isinstance(value, ir.Call):
        return False
    func = value.func
    if isinstance(func, ir.Op) and func.name == "getattr" and func.args[1] == ir.Lit("copy"):
        return isinstance(func.args[0], ir.Var) and not value.args
    return isinstance(value.func, ir.Known) and value.func.name in _HELPERS
