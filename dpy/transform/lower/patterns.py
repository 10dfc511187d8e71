"""``match``: patterns become nested tests, and the names they capture assignments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import gast

from dpy.transform.helpers import MISSING
from dpy.transform.ir import Assign, Atom, Call, If, Known, Lit, Op, Var
from dpy.transform.lower.builder import Builder, join
from dpy.transform.lower.expressions import atom, condition
from dpy.transform.lower.targets import store_name

__all__ = ["is_irrefutable", "lower_match"]

Then = Callable[[], None]


class Parts(Protocol):
    """Lowers the blocks within a statement (see `control`)."""

    def run(self, nodes: Sequence[Any]) -> None:
        """Lower statements into the current block."""


def is_irrefutable(case: Any) -> bool:
    """Whether a case always matches: ``case _`` or ``case name``."""
    return (
        case.guard is None
        and isinstance(case.pattern, gast.MatchAs)
        and case.pattern.pattern is None
    )


def lower_match(b: Builder, node: Any, parts: Parts) -> None:
    """A ``match`` statement."""
    subject = b.assign(atom(b, node.subject), node.subject)
    _cases(b, subject, node.cases, parts)


def _cases(b: Builder, subject: Var, cases: Sequence[Any], parts: Parts) -> None:
    if not cases:
        return
    first, *others = cases
    place = first.pattern
    if is_irrefutable(first):
        if place.name is not None:
            store_name(b, b.mangle(place.name), subject, place)
        parts.run(first.body)
        return
    matched = b.temporary()
    b.emit(Assign(matched, Lit(False), b.loc(place)))
    before = None if b.state is None else dict(b.state)

    def success() -> None:
        found = Assign(matched, Lit(True), b.loc(place))
        if first.guard is None:
            b.emit(found)
        else:
            b.emit(If(condition(b, first.guard), (found,), (), b.loc(first.guard)))

    _Pattern(b).match(place, subject, success)
    captured, b.state = b.state, before
    b.widen([place, *([first.guard] if first.guard is not None else [])])
    failed, b.state = b.state, captured
    with b.block() as body:
        parts.run(first.body)
    after, b.state = b.state, failed
    with b.block() as rest:
        _cases(b, subject, others, parts)
    b.state = join(after, b.state)
    b.emit(If(Var(matched), tuple(body), tuple(rest), b.loc(place)))


class _Pattern:
    """Emits the tests of a pattern; what follows a success is emitted inside them by `then`."""

    def __init__(self, b: Builder) -> None:
        self.b = b

    def match(self, pattern: Any, subject: Var, then: Then) -> None:
        """Emit `then` where `subject` matches."""
        handlers: dict[type, Callable[[Any, Var, Then], None]] = {
            gast.MatchValue: self._value,
            gast.MatchSingleton: self._singleton,
            gast.MatchSequence: self._sequence,
            gast.MatchMapping: self._mapping,
            gast.MatchClass: self._class,
            gast.MatchAs: self._as,
            gast.MatchOr: self._or,
        }
        handlers[type(pattern)](pattern, subject, then)

    def _if(self, test: Any, node: Any, then: Then) -> None:
        held: Atom = self.b.assign(test, node)
        with self.b.block() as body:
            then()
        self.b.emit(If(held, tuple(body), (), self.b.loc(node)))

    def _all(self, pairs: Sequence[tuple[Any, Callable[[], Var]]], then: Then) -> None:
        """Match each pattern with a part of the subject, taken when its turn comes."""
        if not pairs:
            then()
            return
        (pattern, part), *others = pairs
        if isinstance(pattern, gast.MatchAs) and pattern.pattern is None and pattern.name is None:
            self._all(others, then)  # ``_``: the part is not even looked at
            return
        self.match(pattern, part(), lambda: self._all(others, then))

    def _value(self, pattern: Any, subject: Var, then: Then) -> None:
        value = atom(self.b, pattern.value)
        self._if(Op("eq", (subject, value)), pattern, then)

    def _singleton(self, pattern: Any, subject: Var, then: Then) -> None:
        self._if(Op("is_", (subject, Lit(pattern.value))), pattern, then)

    def _as(self, pattern: Any, subject: Var, then: Then) -> None:
        def bind() -> None:
            if pattern.name is not None:
                store_name(self.b, self.b.mangle(pattern.name), subject, pattern)
            then()

        if pattern.pattern is None:
            bind()
        else:
            self.match(pattern.pattern, subject, bind)

    def _or(self, pattern: Any, subject: Var, then: Then) -> None:
        found = self.b.temporary()
        place = self.b.loc(pattern)
        self.b.emit(Assign(found, Lit(False), place))

        def alternative(patterns: Sequence[Any]) -> None:
            first, *others = patterns
            self.match(first, subject, lambda: self.b.emit(Assign(found, Lit(True), place)))
            if others:
                with self.b.block() as rest:
                    alternative(others)
                self.b.emit(If(Var(found), (), tuple(rest), place))

        alternative(pattern.patterns)
        with self.b.block() as body:
            then()
        self.b.emit(If(Var(found), tuple(body), (), place))

    # --- sequences and mappings -------------------------------------------------------------------

    def _sequence(self, pattern: Any, subject: Var, then: Then) -> None:
        patterns = pattern.patterns
        stars = [i for i, p in enumerate(patterns) if isinstance(p, gast.MatchStar)]
        least = len(patterns) - len(stars)

        def long_enough() -> None:
            size = self.b.assign(Call(Known(len, "len"), (subject,)), pattern)
            test = Op("ge" if stars else "eq", (size, Lit(least)))
            self._if(test, pattern, lambda: self._items(patterns, stars, subject, size, then))

        self._if(Op("is_sequence", (subject,)), pattern, long_enough)

    def _items(
        self, patterns: Sequence[Any], stars: Sequence[int], subject: Var, size: Var, then: Then
    ) -> None:
        pairs: list[tuple[Any, Callable[[], Var]]] = []
        for i, p in enumerate(patterns):
            if stars and i == stars[0]:
                if p.name is not None:
                    capture = gast.copy_location(gast.MatchAs(None, p.name), p)
                    pairs.append((capture, self._middle(subject, size, i, len(patterns) - i - 1)))
                continue
            place = i if not stars or i < stars[0] else i - len(patterns)
            pairs.append((p, self._item(subject, Lit(place), p)))
        self._all(pairs, then)

    def _item(self, subject: Var, index: Any, node: Any) -> Callable[[], Var]:
        return lambda: self.b.assign(Op("getitem", (subject, index)), node)

    def _middle(self, subject: Var, size: Var, before: int, after: int) -> Callable[[], Var]:
        """What ``*name`` captures, always a list."""

        def make() -> Var:
            b, node = self.b, None
            parts = b.assign(Op("unpack_star", (subject, Lit(before), Lit(after))), node)
            return b.assign(Op("getitem", (parts, Lit(before))), node)

        return make

    def _mapping(self, pattern: Any, subject: Var, then: Then) -> None:
        keys: list[Any] = []

        def present(remaining: Sequence[Any]) -> None:
            if not remaining:
                pairs = [
                    (p, self._item(subject, key, p))
                    for p, key in zip(pattern.patterns, keys, strict=True)
                ]
                self._all(pairs, rest)
                return
            key = atom(self.b, remaining[0])
            keys.append(key)
            test = Op("contains", (subject, key))
            self._if(test, pattern, lambda: present(remaining[1:]))

        def rest() -> None:
            if pattern.rest is not None:
                copied = self.b.assign(Call(Known(dict, "dict"), (subject,)), pattern)
                for key in keys:
                    self.b.effect(Op("delitem", (copied, key)), pattern)
                store_name(self.b, self.b.mangle(pattern.rest), copied, pattern)
            then()

        self._if(Op("is_mapping", (subject,)), pattern, lambda: present(pattern.keys))

    # --- classes ----------------------------------------------------------------------------------

    def _class(self, pattern: Any, subject: Var, then: Then) -> None:
        """All attributes are read, in order, before a part is matched."""
        b = self.b
        cls = atom(b, pattern.cls)
        count, keywords = len(pattern.patterns), tuple(pattern.kwd_attrs)
        patterns = [*pattern.patterns, *pattern.kwd_patterns]

        def attributes() -> None:
            named: list[Atom] = [Lit(name) for name in keywords]
            if count:
                op = Op("match_args", (cls, Lit(count), Lit(keywords)))
                names = b.assign(op, pattern)
                got = [b.assign(Op("getitem", (names, Lit(i))), pattern) for i in range(count)]
                named = [*got, *named]
            self._read(subject, named, count, patterns, [], then)

        test = Call(Known(isinstance, "isinstance"), (subject, cls))
        self._if(test, pattern, attributes)

    def _read(
        self, subject: Var, names: Sequence[Atom], count: int, patterns: Sequence[Any],
        found: list[Var], then: Then,
    ) -> None:  # fmt: skip
        """Read one attribute after the other; the first `count` may stand for the subject."""
        b, i = self.b, len(found)
        if i == len(names):
            pairs = [(p, lambda v=v: v) for p, v in zip(patterns, found, strict=True)]
            self._all(pairs, then)
            return
        node, missing = patterns[i], Known(MISSING, "MISSING")
        read = Call(Known(getattr, "getattr"), (subject, names[i], missing))
        if i < count:
            part = b.temporary()
            is_itself = b.assign(Op("is_", (names[i], Lit(None))), node)
            own = (Assign(part, subject, b.loc(node)),)
            b.emit(If(is_itself, own, (Assign(part, read, b.loc(node)),), b.loc(node)))
            value = Var(part)
        else:
            value = b.assign(read, node)
        more = lambda: self._read(subject, names, count, patterns, [*found, value], then)  # noqa: E731
        self._if(Op("is_not", (value, missing)), node, more)
