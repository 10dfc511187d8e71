"""Which calls of the user's functions are replaced by what they run.

A function is put into its caller (see `transform.splice`) where it is known which one it is, where
it is small, and where nothing of it depends on its being a function of its own: nested functions,
cells, writes to globals.
"""

from __future__ import annotations

from typing import Any

from dpy.kinds import KnownObject, is_atomic, kind_of
from dpy.transform import ir
from dpy.transform.constructors import maker
from dpy.transform.direct import call_from_outside
from dpy.transform.infer import Facts, Site
from dpy.transform.splice import Spliced, is_surely_bound, size, unbound_reads

__all__ = ["choose"]

SMALL = 60
"""Functions of up to so many statements are inlined wherever they are called."""
LARGEST = 500
"""No function grows beyond so many statements by inlining."""

_LITERALS = (bool, int, float, complex, str, type(None))
_OWN_FRAME = {"setglobal", "delglobal", "import", "new_cell", "unbound"}


class _Refused(Exception):
    """The function has to be called."""


def choose(owner: Any, facts: Facts) -> dict[int, Spliced]:
    """What to splice into a function, by the ids of the statements that call it."""
    chosen: dict[int, Spliced] = {}
    unbound = unbound_reads(facts.function)
    total = size(facts.function.body)
    for s in ir.walk(facts.function.body):
        site = facts.sites.get(id(s))
        if site is None or site.form not in ("callee", "construct_fields") or id(s) in unbound:
            continue
        callee = site.callee
        if not _is_candidate(owner, callee):
            continue
        count = size(callee.facts.function.body)
        if count > SMALL or total + count > LARGEST:
            continue
        try:
            chosen[id(s)] = _spliced(owner, site)
        except _Refused:
            continue
        total += count
    return chosen


def _is_candidate(owner: Any, callee: Any) -> bool:
    if not callee.is_settled or callee.facts is None or callee is owner:
        return False
    if "__class__" in callee.source.free:
        return False
    facts = callee.facts
    if callee.summary.has_generic:
        return False
    if callee.is_inlinable is None:
        has_plain_body = _is_plain(facts.function) and not _reads_frames(facts)
        callee.is_inlinable = has_plain_body and not _calls(callee, callee, set())
    return bool(callee.is_inlinable) and callee.source.code is not owner.source.code


def _calls(callee: Any, wanted: Any, seen: set[int]) -> bool:
    """Whether a function calls the wanted one, itself or through others."""
    for inner in callee.callees:
        if inner.source.code is wanted.source.code and inner.key.cls is wanted.key.cls:
            return True
        if id(inner) not in seen:
            seen.add(id(inner))
            if _calls(inner, wanted, seen):
                return True
    return False


def _reads_frames(facts: Facts) -> bool:
    """Whether a function calls another that counts the frames of its callers."""
    return any(
        call_from_outside(s, facts) is not None
        for s in ir.walk(facts.function.body)
        if isinstance(s, ir.Assign)
    )


def _is_plain(function: ir.Function) -> bool:
    """Whether the statements mean the same in another function."""
    if any(p.kind not in ("positional", "keyword") for p in function.params):
        return False
    for s in ir.walk(function.body):
        value = getattr(s, "value", None)
        if isinstance(value, (ir.Closure, ir.Cell)):
            return False
        if isinstance(value, ir.Op) and value.name in _OWN_FRAME:
            return False
    return is_surely_bound(function)


def _spliced(owner: Any, site: Site) -> Spliced:
    callee = site.callee
    facts: Facts = callee.facts
    function = site.slot if site.form == "construct_fields" else site.function
    if callee.home is None:
        callee.home = ir.Home(callee.source)
    values = {}
    for s in ir.walk(facts.function.body):
        if isinstance(s, ir.Assign) and isinstance(s.value, (ir.Global, ir.Free)):
            values[id(s)] = _outer(owner, callee, function, s.value, facts.kinds.get(id(s)))
    wrap = None
    if site.form == "construct_fields":
        make = maker(site.function, site.fields)
        known = ir.Known(make, make.__name__)

        def wrap(parts: tuple[Any, ...]) -> ir.Call:
            return ir.Call(known, parts)

    binding = {**_defaults(site, function, callee.params), **site.binding}
    return Spliced(facts.function, binding, values, facts.decided, wrap, callee.home)


def _outer(owner: Any, callee: Any, function: Any, value: Any, kind: Any) -> Any:
    """A global or free variable of the callee, read in the caller."""
    if isinstance(kind, KnownObject):  # guarded by the callee's dependencies
        return ir.Known(kind.value, value.name)
    if isinstance(value, ir.Free):
        if value.cell is not None:
            return value
        names = function.__code__.co_freevars
        if value.name not in names:
            raise _Refused
        return ir.Free(value.name, function.__closure__[names.index(value.name)])
    if value.home is not None:
        return value
    locals_ = {p.name for p in owner.facts.function.params} | owner.facts.function.locals
    if callee.source.globals is owner.source.globals and value.name not in locals_:
        return value
    return ir.Global(value.name, callee.home)


def _defaults(site: Site, function: Any, params: list[tuple[str, str]]) -> dict[str, Any]:
    """An atom for each parameter that takes its default, which has to be a plain value."""
    function = getattr(function, "init", function)
    code = function.__code__
    positional = code.co_varnames[: code.co_argcount]
    values = function.__defaults__ or ()
    known = dict(zip(positional[len(positional) - len(values) :], values, strict=True))
    known |= function.__kwdefaults__ or {}
    found: dict[str, Any] = {}
    for name, _ in params:
        if name in site.binding:
            continue
        if name not in known or not is_atomic(kind_of(known[name])):
            raise _Refused
        value = known[name]
        is_literal = type(value) in _LITERALS
        found[name] = ir.Lit(value) if is_literal else ir.Known(value, name)
    return found
