"""``try`` and ``with``: what is caught is decided in the one handler of a `Try`.

Exits are flags here as everywhere, so that leaving a ``try`` by ``return``, ``break`` or
``continue`` is to reach its end with a flag set, and ``finally`` needs no special way out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import gast

from dpy.transform import exception_groups
from dpy.transform.ir import Assign, Call, If, Known, Lit, Op, Raise, Try, Var
from dpy.transform.lower.builder import Builder, State, join
from dpy.transform.lower.expressions import atom
from dpy.transform.lower.targets import delete, store, store_name

__all__ = ["lower_try", "lower_with"]


class Parts(Protocol):
    """Lowers the blocks within a statement (see `control`)."""

    def run(self, nodes: Sequence[Any]) -> None:
        """Lower statements into the current block."""

    def unless(self, kinds: frozenset[str], nodes: Sequence[Any]) -> None:
        """Lower statements that run unless an exit was taken."""

    def flag(self, kinds: frozenset[str]) -> str:
        """The flag that is true if one of these exits was taken."""


def lower_try(b: Builder, node: Any, parts: Parts) -> None:
    """``try`` with all its clauses."""
    if not node.finalbody:
        _catching(b, node, parts)
        return
    before = _copy(b.state)
    with b.block() as body:
        _catching(b, node, parts)
    after = b.state
    b.state = join(after, _anywhere(b, before, _blocks(node)))
    flow = b.flows.of(node.finalbody)
    if flow.kinds:
        _swallowing(b, node, tuple(body), parts)
    else:
        with b.block() as final:
            parts.run(node.finalbody)
        if final:
            b.emit(Try(tuple(body), None, None, (), tuple(final), b.loc(node)))
        else:  # `finally: pass`
            for s in body:
                b.emit(s)
    if after is None:
        b.state = None


def _blocks(node: Any) -> list[Any]:
    return [node.body, node.orelse, *(handler.body for handler in node.handlers)]


def _copy(state: State) -> State:
    return None if state is None else dict(state)


def _anywhere(b: Builder, before: State, blocks: Sequence[Sequence[Any]]) -> State:
    """What may hold when an exception comes from somewhere in `blocks`."""
    outer, b.state = b.state, _copy(before)
    for block in blocks:  # apart: what follows a certain exit counts in the other branches
        b.widen(block)
    found, b.state = b.state, outer
    return found


def _swallowing(b: Builder, node: Any, body: tuple[Any, ...], parts: Parts) -> None:
    """A ``finally`` that may leave, which ends an exception on its way."""
    flow = b.flows.of(node.finalbody)
    jumps = flow.kinds - {"return"}
    if jumps and "return" in b.flows.of([s for block in _blocks(node) for s in block]).kinds:
        raise b.refuse(
            "`break` or `continue` in `finally`",
            node,
            why="it would undo a `return` on its way",
            repair="leave the loop after the `try` statement",
        )
    pending, caught = b.names.number("pending"), b.names.number("caught")
    loc = b.loc(node)
    b.emit(Assign(pending, Lit(None), loc))
    b.emit(Try(body, caught, (Assign(pending, Var(caught), loc),), (), (), loc))
    parts.run(node.finalbody)
    if not flow.falls:
        return
    test = b.temporary()
    again = If(Var(test), (), (Raise(Var(pending), None, loc),), loc)
    b.emit(
        If(
            Var(parts.flag(flow.kinds)),
            (),
            (Assign(test, Op("is_", (Var(pending), Lit(None))), loc), again),
            loc,
        )
    )


def _catching(b: Builder, node: Any, parts: Parts) -> None:
    """``try``, ``except`` and ``else``."""
    if not node.handlers:
        parts.run(node.body)
        return
    before = _copy(b.state)
    with b.block() as body:
        parts.run(node.body)
    with b.block() as orelse:
        if node.orelse and b.state is not None:
            parts.unless(b.flows.of(node.body).kinds, node.orelse)
    after = b.state
    b.state = _anywhere(b, before, [node.body])
    caught = b.names.number("caught")
    with b.block() as handler:
        if isinstance(node, gast.TryStar):
            _clauses(b, caught, node, parts)
        else:
            _handlers(b, caught, node.handlers, parts)
    b.emit(Try(tuple(body), caught, tuple(handler), tuple(orelse), (), b.loc(node)))
    b.state = join(after, b.state)


def _handlers(b: Builder, caught: str, handlers: Sequence[Any], parts: Parts) -> None:
    """The first handler that matches; else the exception goes on."""
    if not handlers:
        b.emit(Raise())
        b.state = None
        return
    first, *others = handlers
    if first.type is None:
        parts.run(first.body)
        return
    wanted = atom(b, first.type)
    test = b.assign(Op("matches", (Var(caught), wanted)), first.type)
    before = _copy(b.state)
    with b.block() as body:
        _handler(b, caught, first, parts)
    after, b.state = b.state, before
    with b.block() as rest:
        _handlers(b, caught, others, parts)
    b.state = join(after, b.state)
    b.emit(If(test, tuple(body), tuple(rest), b.loc(first.type)))


def _handler(b: Builder, caught: str, handler: Any, parts: Parts) -> None:
    """The body; ``except E as name`` forgets the name again, however it ends."""
    if handler.name is None:
        parts.run(handler.body)
        return
    target = handler.name
    name = b.mangle(target.id if isinstance(target, gast.Name) else target)
    store_name(b, name, Var(caught), handler)
    with b.block() as body:
        parts.run(handler.body)
    after = b.state
    with b.block() as final:
        store_name(b, name, Lit(None), handler)
        delete(b, gast.copy_location(gast.Name(name, gast.Del(), None, None), handler))
    b.emit(Try(tuple(body), None, None, (), tuple(final), b.loc(handler)))
    if after is None:
        b.state = None


def _clauses(b: Builder, caught: str, node: Any, parts: Parts) -> None:
    """``except*``: each clause has its part of the exception; what is left goes on."""
    loc = b.loc(node)
    clauses = b.assign(_step(exception_groups.begin, Var(caught)), node)
    for handler in node.handlers:
        wanted = atom(b, handler.type)
        found = b.assign(_step(exception_groups.split, clauses, wanted), handler.type)
        nothing = b.assign(Op("is_", (found, Lit(None))), handler.type)
        before = _copy(b.state)
        with b.block() as body:
            _clause(b, clauses, found, handler, parts)
        b.state = join(before, b.state)
        b.emit(If(nothing, (), tuple(body), loc))
    left = b.assign(_step(exception_groups.left, clauses), node)
    nothing = b.assign(Op("is_", (left, Lit(None))), node)
    with b.block() as goes_on:
        _raised_again(b, clauses, left, node, lambda: b.emit(Raise()))
    b.emit(If(nothing, (), tuple(goes_on), loc))


def _clause(b: Builder, clauses: Any, found: Any, handler: Any, parts: Parts) -> None:
    """A clause runs while its part of the exception is the one that is handled."""

    def run() -> None:
        before = _copy(b.state)
        with b.block() as body:
            _handler(b, found.name, handler, parts)
        failed = b.names.number("caught")
        after, b.state = b.state, _anywhere(b, before, [handler.body])
        with b.block() as kept:
            b.emit(
                Assign(None, _step(exception_groups.failed, clauses, Var(failed)), b.loc(handler))
            )
        b.emit(Try(tuple(body), failed, tuple(kept), (), (), b.loc(handler)))
        b.state = join(after, b.state)

    _raised_again(b, clauses, found, handler, run)


def _raised_again(b: Builder, clauses: Any, error: Any, node: Any, run: Callable[[], None]) -> None:
    """Do `run` where `error` is handled; raising it there leaves no trace in it."""
    loc = b.loc(node)
    with b.block() as body:
        b.emit(Assign(None, _step(exception_groups.raised_again, clauses, error), loc))
        b.emit(Raise(error, None, loc))
    caught = b.names.number("caught")
    with b.block() as handler:
        b.emit(Assign(None, _step(exception_groups.as_it_was, clauses, Var(caught)), loc))
        run()
    b.emit(Try(tuple(body), caught, tuple(handler), (), (), loc))


def _step(step: Any, *args: Any) -> Call:
    return Call(Known(step, step.__name__), args)


def lower_with(b: Builder, node: Any, items: Sequence[Any], parts: Parts) -> None:
    """``with``: the statements that the language reference gives for it."""
    item, *others = items
    place = item.context_expr
    manager = b.assign(atom(b, place), place)
    enter = b.assign(Op("special", (manager, Lit("__enter__"))), place)
    leave = b.assign(Op("special", (manager, Lit("__exit__"))), place)
    value = b.assign(Call(enter), place)
    failed, caught = b.names.number("failed"), b.names.number("caught")
    b.emit(Assign(failed, Lit(False), b.loc(place)))
    before = _copy(b.state)
    with b.block() as body:
        if item.optional_vars is not None:
            store(b, item.optional_vars, value, place)
        if others:
            lower_with(b, node, others, parts)
        else:
            parts.run(node.body)
    after = b.state
    with b.block() as handler:
        b.emit(Assign(failed, Lit(True), b.loc(place)))
        cls = b.assign(Call(Known(type, "type"), (Var(caught),)), place)
        traceback = b.assign(Op("getattr", (Var(caught), Lit("__traceback__"))), place)
        swallows = b.assign(Call(leave, (cls, Var(caught), traceback)), place)
        b.emit(If(swallows, (), (Raise(),), b.loc(place)))
    b.emit(Try(tuple(body), caught, tuple(handler), (), (), b.loc(node)))
    nothing = (Lit(None), Lit(None), Lit(None))
    final = Assign(None, Call(leave, nothing), b.loc(place))
    b.emit(If(Var(failed), (), (final,), b.loc(place)))
    targets = [item.optional_vars for item in items if item.optional_vars is not None]
    b.state = join(after, _anywhere(b, before, [targets, node.body]))
