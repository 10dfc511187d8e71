"""Go through the statements in order; branches join, and loops repeat until kinds are stable."""

from __future__ import annotations

from typing import Any

from dpy.kinds import (
    BOTTOM,
    UNKNOWN,
    Array,
    Const,
    Dict,
    Iterator,
    Kind,
    KnownObject,
    List,
    Number,
    Other,
    Tuple,
    can_carry,
    is_atomic,
    is_number,
    is_text,
    join,
    number_type,
)
from dpy.transform import ir
from dpy.transform.infer.calls import call
from dpy.transform.infer.facts import HEAP, KEYS, Site
from dpy.transform.infer.kinds_of import element, joined
from dpy.transform.infer.layout import atoms_of
from dpy.transform.infer.operations import operation
from dpy.transform.infer.special import TRUTH, may_write
from dpy.transform.infer.state import Environment, Found, State, inert, kind_at

__all__ = ["block"]

_MOST_ROUNDS = 12
_PATIENCE = 6
"""After so many rounds through a loop, a kind that still grows becomes UNKNOWN."""


def block(state: State, statements: ir.Block, env: Environment) -> None:
    """Find kinds, sites and effects of the statements; `env` is what holds before, then after."""
    for s in statements:
        if type(s) is ir.Assign:
            _assign(state, s, env)
        elif isinstance(s, ir.If):
            _if(state, s, env)
        elif isinstance(s, ir.For):
            _for(state, s, env)
        elif isinstance(s, ir.While):
            _while(state, s, env)


# --- control flow ---------------------------------------------------------------------------------


def _if(state: State, s: ir.If, env: Environment) -> None:
    state.record(s, (s.test,), env)
    kind = kind_at(s.test, env)
    if isinstance(kind, Const) and kind.type is bool:  # ``isinstance``, ``is None``
        state.facts.decided[id(s)] = kind.value
        block(state, s.body if kind.value else s.orelse, env)
        return
    state.facts.decided.pop(id(s), None)
    _note_truth(state, s, kind)
    other = dict(env)
    block(state, s.body, env)
    block(state, s.orelse, other)
    _join_into(env, other)


def _note_truth(state: State, s: ir.If | ir.While, kind: Kind) -> None:
    if may_write(state, (s.test,), (kind,), TRUTH):
        state.facts.implicit.add(id(s))


def _for(state: State, s: ir.For, env: Environment) -> None:
    assert isinstance(s.target, str)
    _start_loop(state, s, env)
    for attempt in range(_MOST_ROUNDS):
        state.record(s, (s.iter,), env)
        inner = dict(env)
        inner[s.target] = _iterate(state, s, env)
        block(state, s.body, inner)
        if _merge_loop(state, s, env, inner, attempt):
            return


def _while(state: State, s: ir.While, env: Environment) -> None:
    _start_loop(state, s, env)
    for attempt in range(_MOST_ROUNDS):
        inner = dict(env)
        block(state, s.test_body, inner)
        state.record(s, (s.test,), inner)
        _note_truth(state, s, kind_at(s.test, inner))
        tested = dict(inner)
        block(state, s.body, inner)
        _join_into(inner, tested)
        if _merge_loop(state, s, env, inner, attempt):
            return


def _join_into(env: Environment, other: Environment) -> None:
    for name, kind in other.items():
        old = env.get(name)
        if old is None:
            env[name] = kind
        elif old is not kind:
            env[name] = join(old, kind)


def _start_loop(state: State, s: ir.For | ir.While, env: Environment) -> None:
    """Start from what an earlier pass found at the head of the loop: kinds only grow."""
    _join_into(env, state.loop_heads.setdefault(id(s), {}))


def _merge_loop(
    state: State, s: ir.For | ir.While, env: Environment, inner: Environment, attempt: int
) -> bool:
    """Join what holds after an iteration into what holds before it; True when stable."""
    stable = True
    found = state.loop_heads[id(s)]
    for name, kind in inner.items():
        old = env.get(name, BOTTOM)
        new = kind if old is kind else join(old, kind)
        if new is not old and new != old:
            if attempt > _PATIENCE:
                new = UNKNOWN
            stable = False
            env[name] = found[name] = new
    return stable


def _iterate(state: State, s: ir.For, env: Environment) -> Kind:
    """The site of a ``for``, and the kind of its items."""
    source = kind_at(s.iter, env)
    state.facts.first_sources.setdefault(id(s), source)
    item, is_plain = _item_kind(state, s.iter, source)
    varied = not is_plain and state.is_varied(s.iter)
    assert isinstance(s.target, str)
    item = state.effects.array_kind(s.target, item)
    state.bind(s.target, item, varied)
    if isinstance(s.iter, ir.Var) and not is_atomic(item):
        state.effects.alias(s.target, s.iter.name)
    state.facts.sites[id(s)] = Site("iterate" if varied else "inert")
    return item


def _item_kind(state: State, atom: Any, kind: Kind) -> tuple[Kind, bool]:
    """The kind of the items, and whether none of them can carry a derivative."""
    if isinstance(kind, Other) and kind.type is range:
        return Number(int), True
    if is_text(kind):
        return Other(str), True
    if isinstance(kind, Dict):
        key = state.effects.slot_kind(atom, KEYS, Other(str))
        return key, not can_carry(key) or number_type(key) in (int, bool)
    if isinstance(kind, Array):
        return element(kind, 1), False
    if isinstance(kind, List):
        return state.effects.slot_kind(atom, "[]", kind.item), False
    if isinstance(kind, Iterator):
        return kind.item, False
    if isinstance(kind, Tuple):
        return joined(kind.items), False
    return UNKNOWN, False


# --- assignments ----------------------------------------------------------------------------------


def _assign(state: State, s: ir.Assign, env: Environment) -> None:
    facts = state.facts
    state.record(s, atoms_of(s.value), env)
    kind, varied, site = _value(state, s, env)
    target = s.target
    facts.sites[id(s)] = site
    if type(target) is str:
        if state.effects.reshaped:
            kind = state.effects.array_kind(target, kind)
        env[target] = kind
        state.bind(target, kind, varied)
    facts.kinds[id(s)] = kind


def _value(state: State, s: ir.Assign, env: Environment) -> Found:
    value = s.value
    if isinstance(value, (ir.Op, ir.Call)):
        if state.is_pending(value, env):
            state.mark_pending(s)
            return inert(BOTTOM)
        evaluate: Any = operation if isinstance(value, ir.Op) else call
        found: Found = evaluate(state, s, value, env)
        return found
    if isinstance(value, (ir.Var, ir.Lit, ir.Known)):
        return _copy(state, s, value, env)
    if isinstance(value, ir.Global):
        return _global(state, s, value)
    if isinstance(value, ir.Free):
        return _free(state, s, value)
    if isinstance(value, ir.Cell):
        state.effects.alias_target(s, HEAP)
        return UNKNOWN, state.heap_active, Site("inert")
    if state.is_pending(value, env):
        state.mark_pending(s)
        return inert(BOTTOM)
    if isinstance(value, ir.Closure):
        return _closure(state, s, value)
    return UNKNOWN, True, Site("generic")


def _copy(state: State, s: ir.Assign, value: ir.Var | ir.Lit | ir.Known, env: Environment) -> Found:
    kind = kind_at(value, env)
    if state.is_pending(value, env):
        state.mark_pending(s)
    if not isinstance(value, ir.Var):
        return inert(kind)
    if not is_atomic(kind):
        state.effects.alias_target(s, value.name)
    return kind, state.is_varied(value), Site("copy")


def _global(state: State, s: ir.Assign, value: ir.Global) -> Found:
    kind, _ = state.book.read_global(value.name, value.home)
    if value.name in state.layout.stored_globals or (
        not isinstance(kind, KnownObject) and state.book.is_stored(value.name, value.home)
    ):
        kind = UNKNOWN
    if is_atomic(kind):
        return inert(kind)
    state.effects.alias_target(s, HEAP)
    state.effects.reads_heap = state.effects.reads_heap_surely = True
    varied = state.heap_active
    return kind, varied, Site("generic" if varied else "inert")


def _free(state: State, s: ir.Assign, value: ir.Free) -> Found:
    kind = state.book.read_free(value.name, value.cell)
    varied = state.heap_active and can_carry(kind)
    if varied and is_number(kind):
        kind = UNKNOWN
    if not is_atomic(kind):
        state.effects.alias_target(s, HEAP)
        state.effects.reads_heap = state.effects.reads_heap_surely = True
    return kind, varied, Site("generic" if varied else "inert")


def _closure(state: State, s: ir.Assign, value: ir.Closure) -> Found:
    """A nested function may reach what its cells and its defaults hold."""
    effects = state.effects
    cells = [atom for _, atom in value.cells]
    for atom in cells:
        effects.alias_target(s, atom.name if isinstance(atom, ir.Var) else HEAP)
    defaults = [atom for atom in value.atoms() if isinstance(atom, ir.Var)]
    for atom in defaults:
        effects.alias_target(s, atom.name)
    effects.make_target(s)
    has_defaults = state.any_varied(tuple(defaults))
    varied = has_defaults or state.any_varied(tuple(cells))
    if isinstance(s.target, str) and varied:
        effects.by_runtime.add(s.target)
    return UNKNOWN, varied, Site("generic" if has_defaults else "inert")
