"""Optimise generated code: one pass a file, in the order in which they run here.

The input is a generated forward, whose last statements define and return its pullback. Every pass
keeps the order in which the user's operations run, and what they compute to the last bit.
"""

from __future__ import annotations

from typing import Any

from dpy.transform import ir
from dpy.transform.optimise import (
    branches,
    copies,
    dead_copies,
    fold_forward,
    fold_pullback,
    indices,
    inplace,
    loop_heads,
    rename,
    residuals,
    simplify,
    unused_reads,
)
from dpy.transform.optimise.nodes import is_temporary, targets

__all__ = ["optimise"]


def optimise(function: ir.Function, facts: Any = None, *, for_reading: bool = False) -> ir.Function:
    """The generated `function`, as a person would have written it.

    If it is made `for_reading`, all variables of the program keep their cotangents' variables.
    """
    shown = _cotangents(facts) if for_reading else frozenset()
    known = unused_reads.known_reads(function, facts)
    function = indices.run(function, facts)
    function = unused_reads.run(function, facts)
    function = inplace.remove(function)
    for _ in range(2):
        function = copies.run(function)
        function = simplify.run(function)
        function = fold_pullback.run(function, shown)
    function = simplify.run(function)
    function = residuals.run(function)
    function = branches.run(function)
    function = dead_copies.run(function)
    function = unused_reads.run(function, facts)
    function = fold_forward.run(function, known)
    function = loop_heads.run(function)
    function = inplace.run(function)
    return rename.run(function)


def _cotangents(facts: Any) -> frozenset[str]:
    """The names of the cotangents of variables that the program has named."""
    names = {p.name for p in facts.function.params}
    names.update(name for s in ir.walk(facts.function.body) for name in targets(s))
    return frozenset(f"d_{name}" for name in names if not is_temporary(name))
