"""Reverse copies, and what is put into containers and objects that travel by value.

The cotangent of a field or item is a variable of its own, a *slot*: what is put into a container
and taken out again needs no container of cotangents.
"""

from __future__ import annotations

from typing import Any

from dpy.kinds import UNKNOWN, is_number
from dpy.transform import ir
from dpy.transform.adjoint.expressions import args_of
from dpy.transform.adjoint.sweep import Sweep
from dpy.transform.generic import call
from dpy.transform.infer import Site

__all__ = ["reverse_build", "reverse_construct", "reverse_copy", "reverse_field"]


def reverse_copy(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``y = x``, and calls that return one of their arguments."""
    source: Any = site.operands[0] if site.operands else s.value
    if not sweep.has_cotangent(s.target):
        return
    if not sweep.facts.is_active(source):
        sweep.drop(s.target)
        return
    slots = sweep.slots(s.target)
    if slots and s.target not in sweep.states and source.name != s.target:
        _move_slots(sweep, slots, source.name)
        return
    maybe = sweep.states.get(s.target) == "maybe"
    kind = sweep.facts.kind(s, source)
    scalar = source.name in sweep.scalars
    sweep.accumulate(source.name, sweep.consume(s.target, kind), kind, scalar=scalar, maybe=maybe)


def _move_slots(sweep: Sweep, slots: list[Any], source: str) -> None:
    """Each slot on its own: no container is built to be taken apart."""
    for key in slots:
        state = sweep.states.pop(key)
        own = (source, key[1])
        if key in sweep.scalars:
            sweep.scalars.add(own)
        scalar = own in sweep.scalars
        sweep.accumulate(own, sweep.d(key), UNKNOWN, scalar=scalar, maybe=state == "maybe")


# --- what is taken out ----------------------------------------------------------------------------


def reverse_field(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``y = p.x``, ``y = p[0]``."""
    owner = args_of(s)[0]
    if not sweep.has_cotangent(s.target) or not sweep.facts.is_active(owner):
        if isinstance(s.target, str):
            sweep.drop(s.target)
        return
    maybe = sweep.states.get(s.target, "maybe") == "maybe"
    key = (owner.name, site.slot)
    kind = sweep.facts.kinds[id(s)]
    scalar = is_number(kind)
    if scalar:
        sweep.scalars.add(key)
    sweep.accumulate(key, sweep.consume(s.target, kind), kind, scalar=scalar, maybe=maybe)


# --- what is put in -------------------------------------------------------------------------------


def reverse_construct(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``p = Point(a, b)``, an object of plain fields."""
    _spread(sweep, s, list(site.binding.items()))


def reverse_build(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``t = (a, b)``, ``[a, b]``, ``{"k": a}``, ``a:b``."""
    args = args_of(s)
    if site.slot == "dict":
        _spread(sweep, s, [(k.value, v) for k, v in zip(args[::2], args[1::2], strict=True)])
    elif site.slot == "slice":
        _spread(sweep, s, list(zip(("start", "stop", "step"), args, strict=True)))
    else:
        _spread(sweep, s, list(enumerate(args)))


def _spread(sweep: Sweep, s: ir.Assign, pairs: list[tuple[Any, Any]]) -> None:
    """Hand the slots of a fresh container's cotangent to what was put in."""
    if sweep.is_by_identity(s):
        taken = sweep.taken(s)
        sweep.guarded(s, taken, lambda: _spread_whole(sweep, s, pairs, taken))
        return
    target = s.target
    assert isinstance(target, str)
    slots = {key[1]: sweep.states.pop(key) for key in sweep.slots(target)}
    whole = sweep.states.pop(target, None)
    for slot, atom in pairs:
        if slot in slots and sweep.facts.is_active(atom):
            sweep.give(s, atom, sweep.d((target, slot)), maybe=slots[slot] == "maybe")
    if whole is not None:
        d = sweep.d(target)
        if whole == "maybe":
            sweep.guarded(s, d, lambda: _spread_whole(sweep, s, pairs, d))
        else:
            _spread_whole(sweep, s, pairs, d)


def _spread_whole(sweep: Sweep, s: ir.Assign, pairs: list[tuple[Any, Any]], d: ir.Var) -> None:
    for slot, atom in pairs:
        if sweep.facts.is_active(atom):
            sweep.give(s, atom, call(sweep.runtime.slot, d, ir.Lit(slot)), maybe=True)
