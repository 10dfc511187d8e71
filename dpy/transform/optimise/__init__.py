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

__all__ = ["optimise"]


def optimise(function: ir.Function, facts: Any = None) -> ir.Function:
    """The generated `function`, as a person would have written it."""
    known = unused_reads.known_reads(function, facts)
    function = indices.run(function, facts)
    function = unused_reads.run(function, facts)
    function = inplace.remove(function)
    for _ in range(2):
        function = copies.run(function)
        function = simplify.run(function)
        function = fold_pullback.run(function)
    function = simplify.run(function)
    function = residuals.run(function)
    function = branches.run(function)
    function = dead_copies.run(function)
    function = unused_reads.run(function, facts)
    function = fold_forward.run(function, known)
    function = loop_heads.run(function)
    function = inplace.run(function)
    return rename.run(function)
