"""Repeat until nothing changes; everything grows monotonically, so this ends."""

from __future__ import annotations

from typing import Any

from dpy.kinds import Kind, can_carry, is_atomic
from dpy.transform import ir
from dpy.transform.infer.facts import HEAP, Facts, RuleBook
from dpy.transform.infer.finish import finish
from dpy.transform.infer.kinds_of import storable
from dpy.transform.infer.state import Environment, State, kind_at
from dpy.transform.infer.statements import block

__all__ = ["infer"]

_MOST_PASSES = 30


def infer(
    function: ir.Function,
    params: dict[str, Kind],
    active: frozenset[str],
    book: RuleBook,
    *,
    heap_active: bool = False,
    protect: bool = False,
    shared: frozenset[str] | None = None,
) -> Facts:
    """Kinds, sites, activity and effects of `function` for the given signature.

    `heap_active`: globals and closure cells may hold active values. `protect`: whatever comes
    from outside, and the result, may be written to after the function has returned. `shared`:
    the parameters that may share something mutable with each other or the heap (None: any may).
    """
    state = _start(function, params, active, book, heap_active, protect, shared)
    before: tuple[Any, ...] = ()
    for _ in range(_MOST_PASSES):
        state.begin_pass()
        reshaped = len(state.effects.reshaped)
        env = {name: state.effects.array_kind(name, kind) for name, kind in params.items()}
        block(state, function.body, env)
        _note_result(state, env, protect)
        if state.effects.spread_activity():
            state.facts.heap_active = True
        if len(state.effects.reshaped) > reshaped:
            continue
        if not state.pending:
            if state.answers_hold():
                break
        elif (after := _snapshot(state)) == before:
            break
        else:
            before = after
    finish(state)
    return state.facts


def _start(
    function: ir.Function,
    params: dict[str, Kind],
    active: frozenset[str],
    book: RuleBook,
    heap_active: bool,
    protect: bool,
    shared: frozenset[str] | None,
) -> State:
    """What holds before the first statement."""
    state = State(function, params, {p for p in active if can_carry(params[p])}, book)
    effects = state.effects
    outside = [name for name, kind in params.items() if not is_atomic(kind)]
    effects.non_atomic.update(outside)
    for name in outside:
        if shared is None or name in shared:
            effects.alias(name, HEAP)
    if protect:
        effects.assumed_written.update((HEAP, *outside))
    if heap_active:
        state.facts.heap_active = effects.reads_heap = True
        effects.stored_active.add(HEAP)
    return state


def _note_result(state: State, env: Environment, protect: bool) -> None:
    result = state.function.result
    kind = kind_at(result, env)
    state.facts.summary.result = storable(kind)
    state.facts.exit_kinds = dict(env)
    if protect and isinstance(result, ir.Var) and not is_atomic(kind):
        state.effects.non_atomic.add(result.name)
        state.effects.assumed_written.add(result.name)


def _snapshot(state: State) -> tuple[Any, ...]:
    """Equal when a pass has found nothing new, of functions that are analysed with others."""
    facts = state.facts
    return (
        state.effects.snapshot(),
        frozenset(state.varied),
        facts.heap_active,
        facts.summary.result,
    )
