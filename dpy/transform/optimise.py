"""Optimise generated code."""

from __future__ import annotations

from dpy.transform import ir

__all__ = ["optimise"]


def optimise(function: ir.Function) -> ir.Function:
    return function
