"""What follows once nothing changes any more: whose cotangents live where, and the summary."""

from __future__ import annotations

from collections.abc import Iterator

from dpy.transform import ir
from dpy.transform.buffers import find_buffers, self_updates
from dpy.transform.infer.facts import HEAP, RESULT, Site
from dpy.transform.infer.operations import ARITHMETIC
from dpy.transform.infer.state import State
from dpy.transform.infer.useful import useful_variables
from dpy.transform.number_lists import find_number_lists

__all__ = ["finish"]


def finish(state: State) -> None:
    """Complete the facts."""
    facts, effects = state.facts, state.effects
    find = effects.find
    roots = effects.roots_written()
    facts.written = {v for v in effects.non_atomic if find(v) in roots and v != HEAP}
    _protect_callees(state, roots)
    # The runtime works by identity: so do all classes that it meets.
    by_identity = roots | set(map(find, effects.by_runtime))
    facts.identity = {v for v in effects.non_atomic if find(v) in by_identity and v != HEAP}
    _pass_views_by_value(state, state.function.body)
    facts.heap_written = find(HEAP) in roots
    facts.active = state.varied & useful_variables(state)
    _leave_texts(state)
    _find_buffers(state, roots)
    _find_number_lists(state)
    _summarise(state)


def _leave_texts(state: State) -> None:
    """Most texts of numbers are only shown: no number is made of them again."""
    for s in state.layout.statements:
        site = state.facts.sites.get(id(s))
        if site is not None and site.is_pure and isinstance(s, ir.Assign):
            if s.target not in state.facts.active:
                site.form = "inert"


def _protect_callees(state: State, roots: frozenset[str]) -> None:
    """A callee that is given something written to works by identity throughout."""
    effects = state.effects
    find = effects.find
    for s in state.layout.statements:
        site = state.facts.sites.get(id(s))
        if site is None or site.form not in ("callee", "construct_fields"):
            continue
        names = [a.name for a in site.binding.values() if isinstance(a, ir.Var)]
        if isinstance(s, ir.Assign) and isinstance(s.target, str):
            names.append(s.target)
        names = [name for name in names if name in effects.non_atomic]
        if find(HEAP) in roots or any(find(name) in roots for name in names):
            site.protect = True
            effects.by_runtime.update(names)


# --- views ----------------------------------------------------------------------------------------


def _pass_views_by_value(state: State, block: ir.Block) -> None:
    """A view that is read once, before anything is written, has its cotangent by value.

    ``u[1:] - u[:-1]``: nothing can happen between the views and the subtraction, so their
    cotangents may as well be added to that of the array where the views were made.
    """
    identity = state.facts.identity
    fleeting: set[str] = set()
    for s in block:
        if isinstance(s, ir.If):
            _pass_views_by_value(state, s.body)
            _pass_views_by_value(state, s.orelse)
        elif isinstance(s, (ir.For, ir.While)):
            _pass_views_by_value(state, s.body)
        site = state.facts.sites.get(id(s))
        if not isinstance(s, ir.Assign) or site is None:
            fleeting.clear()
        elif site.form == "elementwise" or (site.form == "rule" and site.rule.fresh):
            used = fleeting & set(ir.variables(s.value))
            identity -= used
            fleeting -= used
        elif site.form == "array_read" and site.slot == "view":
            if isinstance(s.target, str) and _is_used_once(state, s.target):
                fleeting.add(s.target)
        elif not _changes_nothing(s, site):
            fleeting.clear()


def _is_used_once(state: State, name: str) -> bool:
    uses = state.layout.uses
    return uses.get(name) == 1 and uses.get(f"{name}=") == 1


def _changes_nothing(s: ir.Assign, site: Site) -> bool:
    if site.form == "build":
        return True
    if site.form != "inert":
        return False
    if isinstance(s.value, ir.Op):
        return s.value.name in ARITHMETIC or s.value.name in ("slice", "getattr", "tuple")
    return isinstance(s.value, (ir.Global, ir.Lit))


# --- arrays without accumulators ------------------------------------------------------------------


def _find_buffers(state: State, roots: frozenset[str]) -> None:
    """Classes of arrays that need no accumulators: see `buffers`."""
    facts, find = state.facts, state.effects.find
    updates = self_updates(state.function.body)
    facts.self_updates = frozenset(key for key in updates if _form(state, key) == "update")
    if not any(site.form in ("array_write", "update") for site in facts.sites.values()):
        return
    members: dict[str, set[str]] = {}
    for name in state.effects.non_atomic:
        if find(name) in roots:
            members.setdefault(find(name), set()).add(name)
    shared = {HEAP, *state.params}
    local = {
        root: names for root, names in members.items()
        if not names & shared and names & facts.active
    }  # fmt: skip
    facts.buffers, facts.self_writes = find_buffers(facts, find, local)
    facts.identity -= facts.buffers.keys()
    result = state.function.result
    if isinstance(result, ir.Var) and result.name in state.effects.assumed_written:
        facts.gathers_result = result.name in facts.buffers
    for s in state.layout.statements:
        form = _form(state, id(s))
        if form in ("array_read", "array_write", "update"):
            assert isinstance(s, ir.Assign)
            if ir.variables(s.value)[0] in facts.buffers:
                facts.sites[id(s)].form = f"buffer_{form.removeprefix('array_')}"


def _find_number_lists(state: State) -> None:
    """Lists of numbers that need no accumulators: see `number_lists`."""
    facts = state.facts
    facts.number_lists, roles = find_number_lists(facts)
    facts.identity -= facts.number_lists.keys()
    for key, role in roles.items():
        facts.sites[key] = Site(f"list_{role}")


def _form(state: State, key: int) -> str:
    site = state.facts.sites.get(key)
    return "" if site is None else site.form


# --- the summary ----------------------------------------------------------------------------------


def _summarise(state: State) -> None:
    """Which of parameters, heap and result share a class, and what happens to it."""
    facts, effects = state.facts, state.effects
    summary, find = facts.summary, effects.find
    outside = [HEAP, *(p for p in state.params if p in effects.non_atomic)]
    really_written = set(map(find, effects.written))
    active = effects.roots_active()
    unknown = set(map(find, effects.unknown_stores))
    result = state.function.result.name if isinstance(state.function.result, ir.Var) else None
    summary.result_active = result in state.varied
    summary.groups = frozenset(_groups(state, outside, result))
    summary.written = frozenset(name for name in outside if find(name) in really_written)
    summary.stored_active = frozenset(name for name in summary.written if find(name) in active)
    summary.unknown_stores = frozenset(name for name in outside if find(name) in unknown)
    reshaped = set(map(find, effects.reshaped))
    summary.reshaped = frozenset(name for name in outside if find(name) in reshaped)
    summary.stores = frozenset(
        (name, slot, kind)
        for (owner, slot), kind in effects.stores.items()
        for name in outside
        if find(name) == find(owner)
    )
    summary.reads_heap = effects.reads_heap
    summary.reads_heap_surely = effects.reads_heap_surely
    summary.has_generic = any(site.form == "generic" for site in facts.sites.values())
    summary.needs_acc = _needs_accumulators(state)


def _groups(state: State, outside: list[str], result: str | None) -> Iterator[frozenset[str]]:
    """Those of the names, and the result, that may reach the same object."""
    find = state.effects.find
    by_root: dict[str, set[str]] = {}
    for name in outside:
        by_root.setdefault(find(name), set()).add(name)
    if result is not None and result in state.effects.non_atomic:
        by_root.setdefault(find(result), set()).add(RESULT)
    return (frozenset(group) for group in by_root.values() if len(group) > 1)


def _needs_accumulators(state: State) -> bool:
    facts = state.facts
    return (
        bool(facts.identity)
        or facts.gathers_result
        or facts.heap_active
        or facts.has_unknown_effects
        or any(map(_uses_accumulators, facts.sites.values()))
    )


def _uses_accumulators(site: Site) -> bool:
    if site.form in ("callee", "construct_fields"):
        return bool(site.callee.summary.needs_acc)
    return site.form in ("generic", "array_write", "update", "iterate")
