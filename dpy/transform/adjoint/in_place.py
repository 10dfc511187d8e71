"""Reverse reads of, writes to and in-place operators on arrays, where these have buffers.

    y = u[i]        d_u[i] += d_y
    u[i] = v        d_v = d_u[i]; d_u[i] = 0.0
    u[i] += v       d_v = d_u[i]

In-place operators on arrays whose cotangents are in the accumulators are here too.
"""

from __future__ import annotations

import operator
from typing import Any

from dpy.kinds import UNKNOWN, Array, is_number
from dpy.transform import ir, partials
from dpy.transform.adjoint.arrays import is_basic
from dpy.transform.adjoint.buffers import buffer_of, ensure_buffer, has_buffer
from dpy.transform.adjoint.expressions import (
    RESULT,
    copied,
    is_everything,
    overwrite,
    part,
    places_of,
    total_of,
)
from dpy.transform.adjoint.fitting import fitted_part, is_real_region, projected
from dpy.transform.adjoint.sweep import Sweep
from dpy.transform.generic import call
from dpy.transform.helpers import take_at
from dpy.transform.infer import Site

__all__ = [
    "reverse_buffer_read", "reverse_buffer_update", "reverse_buffer_write", "reverse_update",
]  # fmt: skip

_TAKE_AT = ir.Known(take_at, "take_at")


# --- reads ----------------------------------------------------------------------------------------


def reverse_buffer_read(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``y = u[i]``, and ``y = u`` and the like."""
    buffers = sweep.facts.buffers
    member = buffers.get(s.target) if isinstance(s.target, str) else None
    if member is not None and member.parent is not None:
        return  # a view: its contributions have gone to its part already
    if s.target in sweep.states or sweep.is_by_identity(s):
        array, index = s.value.args  # type: ignore[union-attr]
        if sweep.facts.is_active(array):
            ensure_buffer(sweep, buffers[array.name].owner)
        sweep.with_cotangent(s, lambda d: _add_item(sweep, s, array, index, d))


def _add_item(sweep: Sweep, s: ir.Assign, array: ir.Var, index: Any, d: Any) -> None:
    facts = sweep.facts
    if not facts.is_active(array):
        return
    kind = facts.kind(s, index)
    whole = buffer_of(sweep, array.name, item=is_number(kind))
    region = part(whole, sweep.saved.index_at(s, index))
    names_once = isinstance(kind, Array) and kind.dtype.kind == "b"
    if is_number(facts.kinds[id(s)]) or names_once:
        sweep.emit(None, ir.Op("iadd", (region, d)))
    else:
        sweep.emit(None, call(sweep.runtime.add_at, *region.args, d))


# --- writes ---------------------------------------------------------------------------------------


def reverse_buffer_write(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``u[i] = v``: the cotangent there goes to `v`, and zero stays."""
    facts = sweep.facts
    array, index, value = site.operands
    if id(s) in facts.self_writes or not has_buffer(sweep, array.name):
        return
    if not facts.is_active(array):
        return
    whole = buffer_of(sweep, array.name, item=is_number(facts.kind(s, index)))
    region = part(whole, sweep.saved.index_at(s, index))
    if not facts.is_active(value):
        sweep.emit(None, ir.Op("setitem", (*region.args, ir.Lit(0.0))))
        return
    kind = site.slot if is_basic(facts.kind(s, index)) else UNKNOWN
    is_sum = isinstance(kind, Array) and is_real_region(facts.kind(s, value), kind)
    d = sweep.new("d_value")
    if isinstance(whole, ir.Var) and is_everything(region.args[1]):
        # All of the array is written over: what was there before gets a new buffer.
        sweep.emit(d, total_of(whole) if is_sum else whole)
        del sweep.states[facts.buffers[array.name].owner]
    elif kind is UNKNOWN:
        sweep.emit(d, call(_TAKE_AT, *region.args))
    else:
        taken = copied(region) if isinstance(kind, Array) else region
        sweep.emit(d, total_of(region) if is_sum else taken)
        sweep.emit(None, ir.Op("setitem", (*region.args, ir.Lit(0.0))))
    sweep.give(s, value, fitted_part(sweep, s, d, value, kind))


# --- in-place operators ---------------------------------------------------------------------------


def reverse_buffer_update(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``u[i] += v``: the cotangent of the region goes to both operands, and stays there."""
    array, value = site.operands
    if not has_buffer(sweep, array.name):
        return
    region = buffer_of(sweep, array.name)
    is_value_active = sweep.facts.is_active(value)
    d = sweep.new("d_part")
    if array != value and _is_sum(site):
        if is_value_active:
            _give_region(sweep, s, site, region)
        return
    keeps = array != value and is_value_active
    sweep.emit(d, copied(region) if keeps else region)
    old, given = _contributions(sweep, s, site, d)
    sweep.emit(None, overwrite(region, old))
    _give_value(sweep, s, site, given)


def _give_region(sweep: Sweep, s: ir.Assign, site: Site, region: Any) -> None:
    """What ``u[i] += v`` and ``u[i] -= v`` give to `v`; the region stays the buffer's."""
    array, value = site.operands
    is_difference = site.function is operator.sub
    if is_real_region(sweep.facts.kind(s, value), sweep.facts.kind(s, array)):
        total: Any = total_of(region)
        sweep.give(s, value, ir.Op("neg", (total,)) if is_difference else total)
        return
    if is_difference:
        d: Any = ir.Op("neg", (region,))
    elif isinstance(value, ir.Var) and value.name in sweep.facts.buffers:
        d = region
    else:
        d = copied(region)
    _give_value(sweep, s, site, d)


def reverse_update(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """The same for an array whose cotangent is in the accumulators."""
    facts = sweep.facts
    array, value = site.operands
    if not facts.is_active(array):
        return
    held = _viewed_again(sweep, s, array.name)
    d = sweep.new("d_part")
    stays = _is_sum(site) and array != value
    if stays and not facts.is_active(value):
        return
    looked = ir.Op("getattr", (sweep.acc, ir.Lit("peek" if stays else "take")))
    sweep.emit(d, call(looked, held))

    def give() -> None:
        old, given = _contributions(sweep, s, site, d)
        if not stays:
            sweep.emit(None, call(sweep.runtime.sink, sweep.acc, held, old))
        _give_value(sweep, s, site, given)

    sweep.guarded(s, d, give)


def _give_value(sweep: Sweep, s: ir.Assign, site: Site, given: Any) -> None:
    if given is not None:
        array, value = site.operands
        kind = sweep.facts.kind(s, array)
        sweep.give(s, value, projected(sweep, s, given, value, kind, site.operands))


def _contributions(sweep: Sweep, s: ir.Assign, site: Site, d: Any) -> tuple[Any, Any]:
    """What the two operands of an in-place operator get from the cotangent `d`.

    Where they are the same, the first gets all; None is nothing.
    """
    operands = site.operands
    kinds = tuple(sweep.facts.kind(s, a) for a in operands)
    old, given = partials.contributions(
        site.rule, site.function, places_of(operands), kinds, kinds[0], d, RESULT
    )
    fill = sweep.saved.fill
    if operands[0] == operands[1]:
        total = old if given is None else ir.Op("add", (old, given))
        return fill(s, total, operands), None
    old = fill(s, old, operands)
    if given is None or not sweep.facts.is_active(operands[1]):
        return old, None
    return old, fill(s, given, operands)


def _viewed_again(sweep: Sweep, s: ir.Assign, name: str) -> Any:
    """An array; a view of one is taken once more rather than kept."""
    made = sweep.saved.maker_of(s, name)
    site = sweep.facts.sites.get(id(made))
    if made is not None and site is not None and site.form == "array_read":
        array, index = made.value.args  # type: ignore[union-attr]
        if site.slot == "view" and is_basic(sweep.facts.kind(made, index)):
            whole = sweep.saved.object_at(made, array.name)
            return part(whole, sweep.saved.index_at(made, index))
    return sweep.saved.object_at(s, name)


def _is_sum(site: Site) -> bool:
    return site.function in (operator.add, operator.sub)
