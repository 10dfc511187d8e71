"""The way to a specialisation: found again, or inferred, with callees inlined and loops unrolled.

A callee is analysed where its call is met, within the analysis of the caller. Where that would go
too deep for Python's stack, all of it is left, and begins again when the callee is done.
"""

from __future__ import annotations

from typing import Any

from dpy import config, inlining
from dpy.depth import in_room
from dpy.kinds import UNKNOWN, Kind, KnownObject, is_atomic, outline
from dpy.pause import paused
from dpy.specialise import store
from dpy.specialise.constructors import Constructor
from dpy.specialise.guards import Guards, cell_kind
from dpy.specialise.recursion import Progress
from dpy.specialise.rule_book import Surroundings
from dpy.specialise.specialisation import Signature, Specialisation, analyses
from dpy.specialise.transient import shared_signature, without_transients
from dpy.transform import explicit, ir, known_values, unroll
from dpy.transform.infer import Facts, Summary, infer
from dpy.transform.rotate import needs_rotation, rotate
from dpy.transform.source import read_source
from dpy.transform.splice import splice

__all__ = ["specialise"]

_MANY_SIGNATURES = 8
_MOST_SIGNATURES = 16
_DEEPEST = 100  # analyses within each other; each takes some 20 frames


class _AheadError(BaseException):
    """A callee is to be analysed ahead of its callers; only `_from_the_top` may catch it."""

    def __init__(self, callee: tuple[Any, ...]) -> None:
        super().__init__()
        self.callee = callee


def _forget(found: Specialisation) -> None:
    group = store.compiled.get(found.source.code)
    if group is not None and group.get(found.key) is found:
        del group[found.key]


class _NotApartError(Exception):
    """The arguments were taken to share nothing with anything else, which is of no use."""


_progress = Progress(_forget)
_waiting: list[Any] = []  # code and signature of what is analysed from the top


def specialise(
    function: Any,
    kinds: dict[str, Kind],
    active: frozenset[str],
    *,
    heap_active: bool = False,
    protect: bool = False,
    shared: frozenset[str] | None = None,
    tentative: bool = False,
) -> Specialisation:
    """The specialisation of a Python function, compiled now if there is none yet.

    `shared` are the parameters that may share something mutable with another or with the heap;
    None: any of them may. `tentative`: so it is as well where it is found, before the analysis is
    complete, that the function writes to something and reads what it was not given.

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
        frozenset([name for name in _mutable(kinds) if shared is None or name in shared]),
        getattr(function, "cls", None),
        settings.check_rules,
        settings.check_finite,
        settings.listings,
        settings.stops_in is function.__code__,
    )
    with store.lock:
        if not _progress.stack:
            analyses[0] += 1
        group = store.group_of(function.__code__)
        if tentative and _is_in_vain(function, key):
            key, tentative = key._replace(shared=_mutable(kinds)), False
        found = group.get(key)
        if found is None:
            key = shared_signature(group, key)
            kinds = dict(key.kinds)
            found = group.get(key)
        if found is not None and _is_unsettled(found):
            return found
        if found is not None and found.is_ready and found.is_valid_now():
            store.counts["hits"] += 1
            return found
        store.counts["misses"] += 1
        alike = 0 if found is not None else sum(other.mode == key.mode for other in group)
        if alike >= _MANY_SIGNATURES:
            if alike < _MOST_SIGNATURES:
                kinds = {name: outline(kind) for name, kind in kinds.items()}
            else:
                kinds = {
                    name: kind if isinstance(kind, KnownObject) else UNKNOWN
                    for name, kind in kinds.items()
                }
            key = key._replace(kinds=tuple(kinds.items()))
            found = group.get(key)
            if found is not None and (_is_unsettled(found) or found.is_ready and found.is_valid()):
                return found
        try:
            if not (tentative and _is_in_vain(function, key)):
                return _analysed(function, kinds, key, group, tentative)
        except _NotApartError:
            in_vain = store.not_apart.setdefault(function.__code__, set())
            in_vain.add(without_transients(key))
    return specialise(function, kinds, active, heap_active=heap_active, protect=protect)


def _is_in_vain(function: Any, key: Signature) -> bool:
    """Whether the arguments were once taken to be apart in vain."""
    known = store.not_apart.get(function.__code__)
    return known is not None and without_transients(key) in known


def _mutable(kinds: dict[str, Kind]) -> frozenset[str]:
    return frozenset([name for name, kind in kinds.items() if not is_atomic(kind)])


def _is_unsettled(found: Specialisation) -> bool:
    """Whether what was found is being analysed, or rests on such; noted if so."""
    if found.is_ready and found.lowest_dependence is None:
        return False
    return _progress.meets(found)


def _analysed(
    function: Any,
    kinds: dict[str, Kind],
    key: Signature,
    group: dict[Any, Specialisation],
    tentative: bool,
) -> Specialisation:
    callee = function, kinds, key, group, tentative
    if not _progress.stack:
        return in_room(paused, _from_the_top, callee)
    if len(_progress.stack) >= _DEEPEST and None not in _waiting:
        if (function.__code__, key) not in _waiting:
            raise _AheadError(callee)
        _waiting.append(None)  # a long ring of functions: it has no other end
    return _step(*callee)


def _from_the_top(wanted: Any) -> Specialisation:
    """Analyse a function, and ahead of it the callees that are met at too great a depth."""
    callees = [wanted]
    try:
        while True:
            function, _, key, *_ = callees[-1]
            _waiting.append((function.__code__, key))
            try:
                found = _step(*callees[-1])
            except _AheadError as error:
                callees.append(error.callee)
                continue
            callees.pop()
            if not callees:
                return found
    finally:
        del _waiting[:]
        try:
            _progress.clear()
        except BaseException:  # an interrupt, before it was done
            _progress.clear()
            raise


def _step(
    function: Any,
    kinds: dict[str, Kind],
    key: Signature,
    group: dict[Any, Specialisation],
    tentative: bool,
) -> Specialisation:
    """A new specialisation, in the cache; provisional if it rests on what is not settled."""
    is_constructor = isinstance(function, Constructor)
    source = function.source if is_constructor else read_source(function)
    new = Specialisation(source, key, kinds)
    base = _progress.begin(new)
    failed = True
    try:
        group[key] = new
        _analyse(new, function, tentative)
        failed = False
    finally:
        if failed:
            group.pop(key, None)
        _progress.leave(base, failed=failed)
    return new


def _is_settled_so_far(new: Specialisation) -> bool:
    return new.lowest_dependence is None and not new.is_recursive


def _analyse(new: Specialisation, function: Any, tentative: bool) -> None:
    """Infer, and infer again after each step that leaves less to do at run time."""
    is_constructor = isinstance(function, Constructor)
    lowered = function.lowered if is_constructor else store.lowered_function(new.source)
    new.params = [(p.name, p.kind) for p in lowered.params]
    analysis = _Analysis(new, function)
    facts = analysis.settle(lowered)
    if tentative and facts.summary.written:
        if new.key.heap_active or facts.summary.reads_heap_surely:
            raise _NotApartError
    if _is_settled_so_far(new):
        analysis.write_out(lowered, facts)
    for _ in range(3):
        assert new.facts is not None
        calls = inlining.choose(new, new.facts)
        if not calls or not _is_settled_so_far(new):
            break
        new.inlined += [new.facts.sites[call].callee for call in calls]
        analysis.settle_shorter(splice(analysis.lowered, calls))
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
        """Infer, with the functions that call each other until nothing changes."""
        new = self.new
        self.relied_on.update(new.guards)
        if config.current().verify:
            from dpy.transform.verify import verify

            verify(lowered)
        self.lowered = lowered
        _progress.rounds(new, self._infer)
        assert new.facts is not None
        return new.facts

    def write_out(self, lowered: ir.Function, facts: Facts) -> None:
        """Settle with short loops over tuples written out, if there are any."""
        assumed: unroll.Assumed = []
        written_out = unroll.run(lowered, facts, assumed)
        if assumed and not unroll.holds(assumed, self.settle(written_out)):
            written_out = unroll.run(lowered, facts)
            if written_out is lowered:
                self.settle(lowered)
        if written_out is not lowered:
            self.settle_shorter(written_out)

    def settle_shorter(self, lowered: ir.Function) -> None:
        """Settle, without what is only built to be taken apart.

        Tuples of a function's results are seen in the text; objects only when their kinds are
        known.
        """
        facts = self.settle(known_values.run(lowered, None))
        shorter = known_values.run(self.lowered, facts)
        if shorter is not self.lowered:
            self.settle(shorter)

    def _infer(self) -> Summary:
        new = self.new
        while True:
            self.book = Surroundings(new, self.function, specialise)
            new.facts = infer(
                self.lowered,
                new.kinds,
                active=new.key.active,
                heap_active=new.key.heap_active,
                protect=new.protect,
                shared=new.key.shared,
                book=self.book,
            )
            further = _prepared(self.lowered, new.facts)
            if further is self.lowered:
                return new.facts.summary
            self.lowered = further

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
