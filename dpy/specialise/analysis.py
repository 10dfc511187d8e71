"""The way to a specialisation: found again, or inferred, with callees inlined and loops unrolled.

Functions that call each other are analysed to a fixpoint: an analysis that meets a function which
is still being analysed takes its summary as it is so far, and is not kept.
"""

from __future__ import annotations

from typing import Any

from dpy import config, inlining
from dpy.kinds import UNKNOWN, Kind, KnownObject, is_atomic
from dpy.pause import Paused
from dpy.specialise import store
from dpy.specialise.constructors import Constructor
from dpy.specialise.guards import Guards, cell_kind
from dpy.specialise.rule_book import Surroundings
from dpy.specialise.specialisation import Signature, Specialisation, analyses
from dpy.transform import explicit, ir, known_values, unroll
from dpy.transform.infer import Facts, Summary, infer
from dpy.transform.rotate import needs_rotation, rotate
from dpy.transform.source import read_source
from dpy.transform.splice import splice
from dpy.transform.verify import verify

__all__ = ["specialise"]

_MOST_SIGNATURES = 16
_in_progress: list[Specialisation] = []


def specialise(
    function: Any,
    kinds: dict[str, Kind],
    active: frozenset[str],
    *,
    heap_active: bool = False,
    protect: bool = False,
    shared: frozenset[str] | None = None,
) -> Specialisation:
    """The specialisation of a Python function, compiled now if there is none yet.

    `shared` are the parameters that may share something mutable with another or with the heap;
    None: any of them may.

    Raises:
        UnsupportedSyntaxError, SourceUnavailableError, StaleSourceError.
    """
    settings = config.current()
    key = Signature(
        id(function.__globals__),
        tuple(cell_kind(cell) for cell in function.__closure__ or ()),
        tuple(kinds.items()),
        active,
        heap_active,
        protect,
        settings.strong_zero,
        frozenset(
            name
            for name, kind in kinds.items()
            if (shared is None or name in shared) and not is_atomic(kind)
        ),
        getattr(function, "cls", None),
        settings.check_rules,
        settings.check_finite,
        settings.listings,
        settings.stops_in is function.__code__,
    )
    with store.lock:
        if not _in_progress:
            analyses[0] += 1
        group = store.group_of(function.__code__)
        found = group.get(key)
        if found is not None and not found.is_ready:
            _depend_on(found)
            return found
        if found is not None and found.is_valid_now():
            store.counts["hits"] += 1
            return found
        store.counts["misses"] += 1
        if len(group) >= _MOST_SIGNATURES and found is None:
            kinds = {
                name: kind if isinstance(kind, KnownObject) else UNKNOWN
                for name, kind in kinds.items()
            }
            key = key._replace(kinds=tuple(kinds.items()))
            found = group.get(key)
            if found is not None and not found.is_ready:
                _depend_on(found)
            if found is not None and (not found.is_ready or found.is_valid()):
                return found
        return _analysed(function, kinds, key, group)


def _depend_on(found: Specialisation) -> None:
    """Note that the function being analysed depends on one that is not settled."""
    if found in _in_progress:
        _in_progress[-1].lower_dependence(_in_progress.index(found))


def _analysed(
    function: Any, kinds: dict[str, Kind], key: Signature, group: dict[Any, Specialisation]
) -> Specialisation:
    """A new specialisation, in the cache unless it rests on what is not settled."""
    with Paused():
        source = function.source if isinstance(function, Constructor) else read_source(function)
    new = Specialisation(source, key, kinds)
    group[key] = new
    _in_progress.append(new)
    try:
        with Paused():
            _analyse(new, function)
    except BaseException:
        group.pop(key, None)
        raise
    finally:
        _in_progress.pop()
    if new.lowest_dependence is not None and new.lowest_dependence < len(_in_progress):
        # Analysed while a function that it calls back was not settled: analysed again
        # when that one is, so this result is not kept.
        group.pop(key, None)
        _in_progress[-1].lower_dependence(new.lowest_dependence)
    return new


def _analyse(new: Specialisation, function: Any) -> None:
    """Infer, and infer again after each step that leaves less to do at run time."""
    is_constructor = isinstance(function, Constructor)
    lowered = function.lowered if is_constructor else store.lowered_function(new.source)
    new.params = [(p.name, p.kind) for p in lowered.params]
    analysis = _Analysis(new, function)
    facts = analysis.settle(lowered)
    written_out = unroll.run(lowered, facts)
    if written_out is not lowered and new.lowest_dependence is None:
        analysis.settle_shorter(analysis.settle(written_out))
    for _ in range(3):
        assert new.facts is not None
        calls = inlining.choose(new, new.facts)
        if not calls or new.lowest_dependence is not None:
            break
        for site in map(new.facts.sites.__getitem__, calls):
            analysis.relied_on.update(site.callee.all_guards())
        analysis.settle_shorter(analysis.settle(splice(analysis.lowered, calls)))
    new.guards.update(analysis.relied_on)
    analysis.protect_callees()
    new.is_ready = True


def _prepared(lowered: ir.Function, facts: Facts) -> ir.Function:
    """The function in the form that its adjoint needs, as far as the facts tell."""
    if facts.implicit:
        return explicit.run(lowered, facts.implicit)
    return rotate(lowered, facts) if needs_rotation(facts) else lowered


class _Analysis:
    """A function on its way to its last form, and what its earlier forms relied on."""

    def __init__(self, new: Specialisation, function: Any) -> None:
        self.new = new
        self.function = function
        self.relied_on = Guards()
        self.lowered: ir.Function
        self.book: Surroundings

    def settle(self, lowered: ir.Function) -> Facts:
        """Infer until a recursive function's own summary no longer changes."""
        new = self.new
        self.relied_on.update(new.guards)
        if config.current().verify:
            verify(lowered)
        new.summary = Summary()
        for attempt in range(6):
            facts = self._infer(lowered)
            while (further := _prepared(lowered, facts)) is not lowered:
                lowered = further
                facts = self._infer(lowered)
            settled = facts.summary == new.summary or new.lowest_dependence is None
            new.summary = facts.summary
            new.facts = facts
            if settled:
                break
            if attempt == 4:
                new.summary.result = UNKNOWN
        assert new.facts is not None
        self.lowered = lowered
        return new.facts

    def settle_shorter(self, facts: Facts) -> None:
        """Again without what is only built to be taken apart."""
        shorter = known_values.run(self.lowered, facts)
        if shorter is not self.lowered:
            self.settle(shorter)

    def _infer(self, lowered: ir.Function) -> Facts:
        new = self.new
        new.lowest_dependence = None
        self.book = Surroundings(new, self.function, specialise)
        return infer(
            lowered,
            new.kinds,
            active=new.key.active,
            heap_active=new.key.heap_active,
            protect=new.protect,
            shared=new.key.shared,
            book=self.book,
        )

    def protect_callees(self) -> None:
        """Callees that are given, or return, what may be written to later: their safe variant."""
        facts = self.new.facts
        assert facts is not None
        for s in ir.walk(facts.function.body):
            site = facts.sites.get(id(s))
            if site is None or site.form not in ("callee", "construct_fields") or not site.protect:
                continue
            function = site.slot if site.form == "construct_fields" else site.function
            site.callee = self.book.protected(site.callee, function)
