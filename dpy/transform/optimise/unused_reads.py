"""Drop reads of modules, classes and functions that nothing uses any more.

>>> from dpy.transform.ir import *
>>> from dpy.transform.show import show
>>> body = (Assign("t_1", Known(len, "len")), Assign("t_2", Op("neg", (Var("x"),))))
>>> print(show(run(Function("f", (Param("x"),), body, Var("t_2")))))
def f(x):
    t_2 = -x
    return t_2
"""

from __future__ import annotations

import types
from typing import Any

from dpy.kinds import Array, KnownObject
from dpy.records import replace
from dpy.transform import ir
from dpy.transform.optimise.nodes import count_reads, is_temporary, reads_of

__all__ = ["known_reads", "run"]


def run(function: ir.Function, facts: Any = None) -> ir.Function:
    """`facts` tells which names and attributes were found when the function was compiled."""
    counts = count_reads(function)

    def is_unused(s: ir.Stmt) -> bool:
        return (
            isinstance(s, ir.Assign)
            and is_temporary(s.target)
            and not counts[s.target]  # type: ignore[index]
            and _is_known(s, facts)
        )

    def clean(block: ir.Block) -> ir.Block:
        out: list[ir.Stmt] = []
        for s in reversed(block):
            if is_unused(s):
                counts.subtract(reads_of(s))
                continue
            if isinstance(s, ir.If):
                s = replace(s, orelse=clean(s.orelse), body=clean(s.body))
            elif isinstance(s, ir.For):
                s = replace(s, body=clean(s.body))
            elif isinstance(s, ir.While):
                s = replace(s, body=clean(s.body), test_body=clean(s.test_body))
            out.append(s)
        return tuple(reversed(out))

    return replace(function, body=clean(function.body))


def known_reads(function: ir.Function, facts: Any) -> frozenset[str]:
    """Temporaries that hold modules, functions and classes found when the code was compiled."""
    return frozenset(
        s.target
        for s in ir.walk(function.body)
        if isinstance(s, ir.Assign) and isinstance(s.target, str)
        and facts is not None and isinstance(facts.kinds.get(id(s)), KnownObject)
        and _is_known(s, facts)
    )  # fmt: skip


def _is_known(s: ir.Assign, facts: Any) -> bool:
    """Whether to evaluate the value has no effect and cannot fail."""
    value = s.value
    if isinstance(value, ir.Known):
        return True
    if facts is None:
        return False
    found = isinstance(facts.kinds.get(id(s)), KnownObject)
    if isinstance(value, (ir.Global, ir.Free)):
        return found
    if isinstance(value, ir.Op) and value.name == "getattr":
        owner = facts.kind(s, value.args[0])
        if isinstance(owner, Array):
            return True
        return (
            found and isinstance(owner, KnownObject) and isinstance(owner.value, types.ModuleType)
        )
    return False
