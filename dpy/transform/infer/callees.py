"""Calls of Python functions that are compiled as well: the signature, and the callee's effects."""

from __future__ import annotations

import inspect
import types
from typing import Any

from dpy.kinds import BOTTOM, UNKNOWN, Const, Kind, Method, Number, can_carry, is_atomic, kind_of
from dpy.transform import ir
from dpy.transform.infer.facts import HEAP, RESULT, Callee, Site, Summary
from dpy.transform.infer.primitives import call_rule
from dpy.transform.infer.state import Arguments, Found, State, generic, inert
from dpy.transform.signatures import signature_of

__all__ = ["bind", "call_bound", "call_function"]


def call_function(state: State, s: ir.Assign, function: Any, given: Arguments) -> Found:
    """A call of a Python function known at compile time."""
    rule = state.book.rule(function, given.kinds)
    if rule is not None:
        return call_rule(state, s, function, rule, given)
    bound = bind(function, given)
    found = call_bound(state, s, function, given, bound) if bound is not None else None
    return generic(state, s, given.operands, given.all_kinds) if found is None else found


def call_bound(
    state: State, s: ir.Assign, function: Any, given: Arguments, bound: dict[str, Any]
) -> Found | None:
    """A call with every operand bound to a parameter; None where there is no callee."""
    by_atom = list(zip(given.operands, given.all_kinds, strict=True))
    kinds: dict[str, Kind] = {}
    for name, atom in bound.items():
        found = next((k for a, k in by_atom if a is atom), UNKNOWN)
        kinds[name] = _argument_kind(state.effects.kind_now(atom, found))
    for name, default in _defaults(getattr(function, "init", function)).items():
        if name not in kinds:
            kinds[name] = kind_of(default)
            if state.heap_active and _is_active_default(function, kinds[name]):
                return None  # the runtime gives the function what is due to it
    active = frozenset(n for n, a in bound.items() if state.is_varied(a))
    shared = _shared(state, bound, kinds)
    callee = state.book.callee(function, kinds, active, state.heap_active, shared)
    if callee is None:
        return None
    return _apply_summary(state, s, callee, bound, function)


def _is_active_default(function: Any, kind: Kind) -> bool:
    """Whether a default may be differentiated: of a function that the program made."""
    is_made = isinstance(function, types.FunctionType) and "<" in function.__qualname__
    return is_made and can_carry(kind)


def _argument_kind(kind: Kind) -> Kind:
    """The kind under which an argument enters a callee's signature (numbers lose their value)."""
    if isinstance(kind, Method):
        return UNKNOWN
    if isinstance(kind, Const) and kind.type in (int, float, complex):
        return Number(kind.type)
    return kind


def _shared(state: State, bound: dict[str, Any], kinds: dict[str, Kind]) -> frozenset[str]:
    """The parameters that may share something mutable with another one or with the heap."""
    names = [name for name, kind in kinds.items() if not is_atomic(kind)]
    classes = state.effects.classes_of(bound.get(name) for name in names)
    shared: set[str] = set()
    owners: dict[str, str] = {}
    for name, owner in zip(names, classes, strict=True):
        other = owners.setdefault(owner, name)
        if owner == HEAP or other != name:
            shared.update((name, other))
    return frozenset(shared)


# --- what the callee does, seen from here ---------------------------------------------------------


def _apply_summary(
    state: State, s: ir.Assign, callee: Callee, bound: dict[str, Any], function: Any
) -> Found:
    summary = callee.summary
    result = summary.result
    if result is BOTTOM and not callee.is_settled:
        state.mark_pending(s)
    _replay(state, summary, _places(state, s, result, bound))
    varied = summary.result_active
    if not varied and not summary.stored_active and not state.heap_active:
        return inert(result)
    if varied or summary.needs_acc:
        return result, varied, Site("callee", callee=callee, binding=bound, function=function)
    return inert(result)


def _places(state: State, s: ir.Assign, result: Kind, bound: dict[str, Any]) -> dict[str, str]:
    """The variables that stand here for the callee's parameters, its result and the heap."""
    non_atomic = state.effects.non_atomic
    places = {HEAP: HEAP}
    if isinstance(s.target, str) and not is_atomic(result):
        places[RESULT] = s.target
        non_atomic.add(s.target)
    for name, atom in bound.items():
        if isinstance(atom, ir.Var) and atom.name in non_atomic:
            places[name] = atom.name
        else:
            places[name] = HEAP
    return places


def _replay(state: State, summary: Summary, places: dict[str, str]) -> None:
    """The effects of the callee, on what it was given."""
    effects = state.effects
    for group in summary.groups:
        first, *others = (places[name] for name in group if name in places)
        for other in others:
            effects.alias(first, other)
    effects.written.update(places.get(name, HEAP) for name in summary.written)
    stored_active = [places.get(name, HEAP) for name in summary.stored_active]
    effects.stored_active.update(stored_active)
    if HEAP in stored_active:
        state.write_active_to_heap()
    effects.reshaped.update(places.get(name, HEAP) for name in summary.reshaped)
    effects.unknown_stores.update(places.get(name, HEAP) for name in summary.unknown_stores)
    for name, slot, kind in summary.stores:
        effects.store(places.get(name, HEAP), slot, kind)
    if summary.reads_heap:
        effects.reads_heap = True
        if summary.reads_heap_surely or summary.has_generic:
            effects.reads_heap_surely = True


# --- parameters -----------------------------------------------------------------------------------


def bind(function: Any, given: Arguments) -> dict[str, Any] | None:
    """Parameter name -> operand, or None if the call does not match one-to-one."""
    signature = _signature(function)
    if signature is None:
        return None
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in signature.parameters.values()):
        return None
    try:
        return dict(signature.bind(*given.args, **dict(given.kwargs)).arguments)
    except TypeError:
        return None


def _signature(function: Any) -> inspect.Signature | None:
    try:
        if isinstance(function, types.FunctionType):
            return signature_of(function)
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def _defaults(function: Any) -> dict[str, Any]:
    signature = _signature(function)
    assert signature is not None
    return {
        name: p.default
        for name, p in signature.parameters.items()
        if p.default is not inspect.Parameter.empty
    }
