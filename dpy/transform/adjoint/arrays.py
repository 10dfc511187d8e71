"""Reverse reads of arrays by index and writes to them, where they have no buffer."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.kinds import Array, Const, Kind, Other, Slice, Tuple, is_number, number_type
from dpy.transform import ir
from dpy.transform.adjoint.bounds import Parts, region_at
from dpy.transform.adjoint.buffers import VECTOR
from dpy.transform.adjoint.expressions import adds_to, args_of, part
from dpy.transform.adjoint.survey import form_of
from dpy.transform.adjoint.sweep import Sweep
from dpy.transform.generic import call
from dpy.transform.infer import Site

__all__ = ["is_basic", "own_before_loop", "reverse_array_read", "reverse_array_write"]


def is_basic(kind: Kind) -> bool:
    """Whether an index of this kind gives a view, or one element."""
    if isinstance(kind, Tuple):
        return all(map(is_basic, kind.items))
    if isinstance(kind, Const):
        return kind.value is None or kind.value is Ellipsis or kind.type is int
    t = number_type(kind)
    if t is not None:
        return t is int or issubclass(t, np.integer)
    return isinstance(kind, Slice) or kind in (Other(type(None)), Other(type(...)))


def reverse_array_read(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``y = a[i]``: the cotangent is added to that of `a`, at the same place."""
    array, _ = args_of(s)
    facts = sweep.facts
    if array.name in facts.identity and not is_number(facts.kinds[id(s)]):
        if site.slot == "view" and sweep.is_by_identity(s):
            return  # its accumulator is a view of the array's: nothing has to move
        d = sweep.result_cotangent(s)
        if d is not None:
            sweep.guarded(s, d, lambda: _scatter(sweep, s, d, is_new=False))
        return
    is_new = False
    if array.name not in facts.identity and sweep.has_cotangent(s.target):
        if facts.is_active(array):
            # Before the guard: the array is certain to be there afterwards.
            is_new = array.name not in sweep.states
            sweep.own(s, array.name)
    sweep.with_cotangent(s, lambda d: _scatter(sweep, s, d, is_new=is_new))


def _scatter(sweep: Sweep, s: ir.Assign, d: Any, *, is_new: bool) -> None:
    """``d_a[i] += d``; an assignment where `d_a` is new and the index gives a view."""
    facts = sweep.facts
    array, index = args_of(s)
    if not facts.is_active(array):
        return
    kind, result = facts.kind(s, index), facts.kinds[id(s)]
    index = sweep.saved.index_at(s, index)
    if array.name in facts.identity:
        held = sweep.saved.object_at(s, array.name)
        sweep.emit(None, call(sweep.runtime.add_region, sweep.acc, held, index, d))
        return
    sweep.own(s, array.name)
    if is_number(kind) and facts.kind(s, array) == VECTOR:
        sweep.by_item.add(array.name)
    else:
        sweep.need_array(array.name)
    d_array = sweep.d(array.name)
    if isinstance(result, Array) and is_basic(kind):
        if _is_first(sweep, s, d_array, is_new=is_new):
            sweep.emit(None, ir.Op("setitem", (d_array, index, d)))
        else:
            sweep.emit(None, adds_to(part(d_array, index), d))
    elif is_number(result):
        sweep.emit(None, ir.Op("iadd", (part(d_array, index), d)))
    else:
        sweep.emit(None, call(sweep.runtime.add_at, d_array, index, d))


def _is_first(sweep: Sweep, s: ir.Assign, d_array: ir.Var, *, is_new: bool) -> bool:
    """Whether the part of `d_array` that `s` adds to certainly holds zeros.

    The array `is_new`, or only parts apart from this one were written since it was made.
    """
    array, index = args_of(s)
    out = sweep.out
    parts = Parts(out, end=len(out)) if is_new else sweep.parts.pop(array.name, None)
    if parts is None or not parts.is_untouched(out, d_array.name):
        return False
    region = region_at(sweep.saved, s, index)
    if not parts.are_apart_from(region):
        return False
    parts.regions.append(region)
    parts.end = len(out) + 1  # the assignment comes next
    sweep.parts[array.name] = parts
    return True


def reverse_array_write(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``a[i] = v``: the cotangent there goes to `v`, and zero stays."""
    array, index, value = args_of(s)
    facts = sweep.facts
    if not facts.is_active(array) or id(s) in facts.self_writes:
        return
    held = sweep.saved.object_at(s, array.name)
    index = sweep.saved.index_at(s, index)
    taken = call(sweep.runtime.take_region, sweep.acc, held, index)
    if not facts.is_active(value):
        sweep.emit(None, taken)
        return
    d = sweep.emit_new("d_value", taken)
    written = sweep.saved.object_at(s, value.name)
    fitted = call(sweep.runtime.project_written, d, written, held)
    sweep.guarded(s, d, lambda: sweep.give(s, value, fitted, maybe=True))


def own_before_loop(sweep: Sweep, loop: ir.Stmt) -> None:
    """Cotangent arrays that the loop adds to item by item are owned before it starts."""
    facts = sweep.facts
    inside = sweep.survey.assigned_in(loop)
    reads: dict[str, ir.Stmt] = {}
    for s in ir.walk((loop,)):
        if isinstance(s, ir.Assign) and form_of(facts, s) == "array_read":
            array = args_of(s)[0]
            is_local = isinstance(array, ir.Var) and array.name not in facts.identity
            if is_local and facts.is_active(array) and array.name not in inside:
                reads.setdefault(array.name, s)
    for var, s in reads.items():
        sweep.loc = loop.loc
        sweep.own(s, var)
