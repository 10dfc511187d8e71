"""Bring contributions to the shape and dtype of what they are for, where that is needed."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.cotangent import fit
from dpy.kinds import Array, Kind, is_number, number_type
from dpy.transform import ir
from dpy.transform.adjoint.sweep import Sweep
from dpy.transform.generic import call
from dpy.transform.rule_reader import Cotangent

__all__ = ["fitted_part", "fitted_rule", "is_real_region", "is_same_field", "projected"]

_REALS = (int, float, np.float64)


def projected(
    sweep: Sweep, s: ir.Assign, value: Any, atom: ir.Var, result: Kind, operands: tuple[Any, ...]
) -> Any:
    """What an elementwise function gives to an operand, from the cotangent of its result."""
    facts = sweep.facts
    kind = facts.kind(s, atom)
    if is_number(kind) and is_number(result):
        return value if _is_same_number(kind, result) else _project(sweep, s, value, atom)
    if atom.name in facts.buffers and is_same_field(kind, result):
        return value  # summed, where it was broadcast, when it is added to the buffer
    if isinstance(kind, Array) and isinstance(result, Array) and kind.dtype == result.dtype:
        if kind.dtype.kind in "fc":
            arrays = {o for o in operands if isinstance(facts.kind(s, o), Array)}
            if len(arrays) == 1 or sweep.shapes.has_shape_of_result(s, atom):
                return value
            return call(sweep.runtime.unbroadcast, value, sweep.saved.shape_at(s, atom.name))
    return _project(sweep, s, value, atom)


def fitted_rule(
    sweep: Sweep, s: ir.Assign, value: Any, atom: ir.Var, c: Cotangent, atoms: tuple[Any, ...]
) -> Any:
    """What an inlined rule gives to an operand; `c` is what is known of it."""
    kind = sweep.facts.kind(s, atom)
    if not isinstance(kind, Array) or kind.dtype.kind not in "fc":
        return _project(sweep, s, value, atom)
    has_shape = c.shape_of is True or (
        c.shape_of is not None and c.shape_of.name.startswith("<")
        and c.shape_of.name[1:-1].isdigit() and atoms[int(c.shape_of.name[1:-1])] == atom
    )  # fmt: skip
    has_dtype = isinstance(c.kind, Array) and c.kind.dtype == kind.dtype
    if has_shape and has_dtype and c.is_certain:
        return value
    dtype = ir.Known(kind.dtype, kind.dtype.name)
    return call(ir.Known(fit, "fit"), value, sweep.saved.shape_at(s, atom.name), dtype)


def fitted_part(sweep: Sweep, s: ir.Assign, d: Any, value: ir.Var, region: Kind) -> Any:
    """The cotangent of a region of an array, brought to the value that was written there."""
    kind = sweep.facts.kind(s, value)
    if isinstance(kind, Array):
        if value.name in sweep.facts.buffers and is_same_field(kind, region):
            return d
        if kind.dtype == _dtype(region):
            return call(sweep.runtime.unbroadcast, d, sweep.saved.shape_at(s, value.name))
    elif is_real_region(kind, region):
        return d
    return _project(sweep, s, d, value)


def _project(sweep: Sweep, s: ir.Assign, value: Any, atom: ir.Var) -> ir.Call:
    """The general way: the runtime looks at the operand itself."""
    return call(sweep.runtime.project, value, sweep.saved.object_at(s, atom.name))


def is_real_region(kind: Kind, region: Kind) -> bool:
    """Whether a number's cotangent is the sum over a region, as it is."""
    dtype = _dtype(region)
    return number_type(kind) in _REALS and dtype is not None and dtype.kind == "f"


def is_same_field(kind: Kind, result: Kind) -> bool:
    """Whether both are real, or what is added to is complex: nothing has to be projected."""
    a, b = _dtype(kind), _dtype(result)
    return a is not None and b is not None and (a.kind == "c" or b.kind != "c")


def _is_same_number(kind: Kind, result: Kind) -> bool:
    """Whether a cotangent of the result needs no conversion for the operand."""
    a, b = number_type(kind), number_type(result)
    return a is b or (a in _REALS and b in _REALS)


def _dtype(kind: Kind) -> Any:
    if isinstance(kind, Array):
        return kind.dtype
    t = number_type(kind)
    return None if t is None else np.dtype(t)
