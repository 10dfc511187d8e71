"""Reverse calls of functions that have a pullback of their own, or get one at run time.

A callee was compiled for its signature: the forward calls its forward and keeps the pullback that
comes with the value. A generic operation is left to the runtime, which gives a pullback as well.
"""

from __future__ import annotations

from typing import Any

from dpy.kinds import UNKNOWN, is_number
from dpy.transform import ir
from dpy.transform.adjoint.expressions import ZERO_NODE, identifier
from dpy.transform.adjoint.sweep import Sweep
from dpy.transform.generic import call, generic_call, generic_operands
from dpy.transform.infer import Site

__all__ = ["reverse_callee", "reverse_construct_fields", "reverse_generic"]


def _no_cotangent(is_of_number: bool) -> Any:
    return ir.Lit(0.0) if is_of_number else ZERO_NODE


# --- compiled functions ---------------------------------------------------------------------------


def reverse_callee(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``y = f(a, b)`` where `f` is a Python function compiled for this signature."""
    summary = site.callee.summary
    state = sweep.states.get(s.target)
    d = sweep.result_cotangent(s)
    if d is None and summary.needs_acc:  # it may have written to what others hold
        d = _no_cotangent(is_number(summary.result))
    if d is None:
        return
    if isinstance(d, ir.Var) and state == "maybe" and not summary.needs_acc:
        sweep.guarded(s, d, lambda: _call_pullback(sweep, s, site, d))
    else:
        _call_pullback(sweep, s, site, d)


def _call_pullback(sweep: Sweep, s: ir.Assign, site: Site, d: Any) -> None:
    pb = sweep.saved.pullback_of(s, lambda _: _forward_call(site, site.function))
    targets: list[ir.Var] = []
    gives: list[tuple[ir.Var, Any]] = []
    for name, _ in site.callee.params:
        atom = site.binding.get(name)
        is_wanted = atom is not None and sweep.facts.is_active(atom)
        target = sweep.new(f"d_{identifier(name)}" if is_wanted else "_")
        targets.append(target)
        if is_wanted:
            gives.append((target, atom))
    pulled = call(pb, d, sweep.acc) if site.callee.summary.needs_acc else call(pb, d)
    if not targets:
        sweep.emit(None, pulled)
        return
    sweep.emit_tuple(targets, pulled)
    for target, atom in gives:
        sweep.give(s, atom, target, maybe=True)


def _forward_call(site: Site, function: Any) -> ir.Call:
    """The call of the forward of a callee; `function` is the object that the user calls."""
    callee = site.callee
    forward = ir.Known(callee.handle(function), f"{identifier(callee.name)}_forward")
    args, kwargs = [], []
    still_positional = True
    for name, kind in callee.params:
        if name not in site.binding:
            still_positional = False
        elif kind == "positional" and still_positional:
            args.append(site.binding[name])
        else:
            kwargs.append((name, site.binding[name]))
    return ir.Call(forward, tuple(args), tuple(kwargs))


# --- constructors ---------------------------------------------------------------------------------


def reverse_construct_fields(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """A constructor: a function gives the fields, which are then put into an object."""
    assert isinstance(s.target, str)
    sweep.saved.once(("pb", id(s)), lambda: _build_object(sweep, s, site))
    if sweep.is_by_identity(s):
        d = sweep.taken(s)
        parts = {name: call(sweep.runtime.slot, d, ir.Lit(name)) for name in site.fields}
    else:
        parts = _parts_of(sweep, s.target, site.fields)
        if not parts and not site.callee.summary.needs_acc:
            return
    fields = tuple(parts.get(name, ZERO_NODE) for name in site.fields)
    _call_pullback(sweep, s, site, ir.Op("tuple", fields))


def _build_object(sweep: Sweep, s: ir.Assign, site: Site) -> ir.Var:
    """The forward calls the function that gives the fields, and puts them into an object."""
    saved = sweep.saved
    pb = ir.Var(saved.versions.extra(s, "pb"))
    fields = sweep.new("fields")
    cls = ir.Known(site.function, identifier(site.function.__name__))
    made = call(sweep.runtime.build_object, cls, ir.Lit(site.fields), fields)
    # The fields come from the function that `Site.slot` names.
    forward = ir.Assign(
        (fields.name, pb.name), _forward_call(site, site.slot or site.function), s.loc
    )
    saved.before.setdefault(id(s), []).append(forward)
    saved.replaced[id(s)] = ir.Assign(s.target, made, s.loc)
    return pb


def _parts_of(sweep: Sweep, target: str, fields: tuple[str, ...]) -> dict[str, Any]:
    """The cotangents of the fields of a new object, out of its slots and of the whole."""
    parts: dict[str, Any] = {}
    for key in sweep.slots(target):
        sweep.states.pop(key)
        if key[1] in fields:
            parts[key[1]] = sweep.d(key)
    if sweep.states.pop(target, None) is not None:
        for name in fields:
            of_whole = call(sweep.runtime.slot, sweep.d(target), ir.Lit(name))
            mine = parts.get(name)
            parts[name] = of_whole if mine is None else call(sweep.runtime.add, mine, of_whole)
    return parts


# --- what the runtime decides ---------------------------------------------------------------------


def reverse_generic(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """The runtime decided in the forward; its pullback sinks what is held by identity."""
    if site.function in _ASKED:
        _reverse_asked(sweep, s, site)
        return
    facts = sweep.facts
    if sweep.has_cotangent(s.target):
        d = sweep.consume(s.target)
    else:
        d = _no_cotangent(is_number(facts.kinds.get(id(s), UNKNOWN)))
    pb = sweep.saved.pullback_of(s, lambda _: generic_call(s.value, sweep.runtime, facts.is_active))
    atoms = generic_operands(s.value)
    targets = [sweep.new("d_arg" if facts.is_active(a) else "_") for a in atoms]
    pulled = call(pb, d, sweep.acc)
    if not any(map(facts.is_active, atoms)):
        sweep.emit(None, pulled)
        return
    sweep.emit_tuple(targets, pulled)
    for target, atom in zip(targets, atoms, strict=True):
        if facts.is_active(atom):
            operand: Any = atom.value if isinstance(atom, ir.Star) else atom
            _give_by_value(sweep, s, operand, target)


# What is asked of a value, often, and the functions of the runtime that ask.
_ASKED = {bool: "truth", len: "length"}


def _reverse_asked(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``bool(x)`` and ``len(x)``: there is a pullback if a method of the user's has answered."""
    (atom,) = site.operands
    if isinstance(s.target, str):
        sweep.drop(s.target)
    ask = getattr(sweep.runtime, _ASKED[site.function])
    pb = sweep.saved.pullback_of(s, lambda _: call(ask, atom))
    pulled = call(pb, ZERO_NODE, sweep.acc)

    def give_back() -> None:
        if not sweep.facts.is_active(atom):
            sweep.emit(None, pulled)
            return
        d = sweep.new("d_arg")
        sweep.emit(d, pulled)
        _give_by_value(sweep, s, atom, d)

    sweep.guarded_by(ir.Op("is_not", (pb, ir.Lit(None))), s, give_back)


def _give_by_value(sweep: Sweep, s: ir.Assign, operand: ir.Var, d: ir.Var) -> None:
    """Array parts have been sunk by the runtime already; the rest travels by value."""
    scalar = operand.name in sweep.scalars
    kind = sweep.facts.kind(s, operand) if scalar else UNKNOWN
    sweep.accumulate(operand.name, d, kind, scalar=scalar, maybe=True)
