"""Control flow without jumps: `break`, `continue` and `return` become flags and guarded regions.

What follows ``if c: return x`` goes into the other branch, which needs no flag. Else the rest is
guarded by one flag. While lowering, an exit is a `Leave`; `resolve` replaces it once it is known
which flags anybody looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gast

from dpy.records import record, replace
from dpy.transform.ir import (
    Assign,
    Atom,
    Block,
    For,
    If,
    Lit,
    Loc,
    Try,
    Var,
    While,
    asked,
    blocks_of,
)
from dpy.transform.lower.builder import Builder, Loop, join
from dpy.transform.lower.comprehensions import fresh_name, store_loop_item
from dpy.transform.lower.expressions import atom, condition, fold_copy
from dpy.transform.lower.flow import is_endless

__all__ = ["Leave", "leave", "resolve", "result_of", "statements"]


@record
class Leave:
    """An exit, always last in its block: out of the innermost of `loops`, or of the function."""

    kind: str
    loops: tuple[Loop, ...]
    value: Atom | None
    loc: Loc | None


def statements(b: Builder, nodes: Sequence[Any], one: Callable[[Builder, Any], None]) -> None:
    """Lower statements in sequence; `one` lowers a statement that contains no block."""
    for i, node in enumerate(nodes):
        flow, rest = b.flows.one(node), list(nodes[i + 1 :])
        if flow.kinds and flow.falls and rest:
            _leaving(b, node, rest, one)
            return
        _block_statement(b, node, one)
        if not flow.falls:
            b.state = None
            return


def _block_statement(b: Builder, node: Any, one: Callable[[Builder, Any], None]) -> None:
    if isinstance(node, gast.If):
        _if(b, node, node.body, node.orelse, one)
    elif isinstance(node, (gast.For, gast.While)):
        _loop_and_else(b, node, one)
    elif isinstance(node, (gast.Try, gast.TryStar, gast.With, gast.Match)):
        _rarer(b, node, _Parts(b, one))
    else:
        one(b, node)


def _rarer(b: Builder, node: Any, parts: _Parts) -> None:
    """Statements whose modules most programs do not need."""
    from dpy.transform.lower import exceptions, patterns

    if isinstance(node, (gast.Try, gast.TryStar)):
        exceptions.lower_try(b, node, parts)
    elif isinstance(node, gast.With):
        exceptions.lower_with(b, node, node.items, parts)
    else:
        patterns.lower_match(b, node, parts)


class _Parts:
    """How `exceptions` lowers the blocks within a statement."""

    def __init__(self, b: Builder, one: Callable[[Builder, Any], None]) -> None:
        self._b = b
        self._one = one

    def run(self, nodes: Sequence[Any]) -> None:
        """Lower `nodes` into the current block."""
        statements(self._b, nodes, self._one)

    def unless(self, kinds: frozenset[str], nodes: Sequence[Any]) -> None:
        """Lower `nodes`, which run unless one of the exits `kinds` was taken."""
        _guarded(self._b, kinds, nodes, nodes[0], self._one)

    def flag(self, kinds: frozenset[str]) -> str:
        """A flag that is true if one of the exits was taken."""
        return _flag(self._b, kinds)


def _leaving(b: Builder, node: Any, rest: list[Any], one: Callable[[Builder, Any], None]) -> None:
    """`node` may leave; `rest` runs if it does not."""
    if isinstance(node, gast.If):
        if not b.flows.of(node.body).falls:
            _if(b, node, node.body, [*node.orelse, *rest], one)
            return
        if not b.flows.of(node.orelse).falls:
            _if(b, node, [*node.body, *rest], node.orelse, one)
            return
    elif isinstance(node, (gast.Try, gast.TryStar, gast.With, gast.Match)):
        pass
    elif node.orelse and not b.flows.of(node.orelse).falls and not is_endless(node):
        _loop_and_else(b, node, one, after_break=rest)
        return
    _block_statement(b, node, one)
    _guarded(b, b.flows.one(node).kinds, rest, node, one)


def _guarded(
    b: Builder,
    kinds: frozenset[str],
    rest: Sequence[Any],
    node: Any,
    one: Callable[[Builder, Any], None],
) -> None:
    """`rest`, unless one of the exits `kinds` was taken."""
    if not kinds:
        statements(b, rest, one)
        return
    flag = _flag(b, kinds)
    with b.block() as guarded:
        statements(b, rest, one)
    b.emit(If(Var(flag), (), tuple(guarded), b.loc(rest[0]) or b.loc(node)))


def _flag(b: Builder, kinds: frozenset[str]) -> str:
    """A flag that is true if one of the exits was taken."""
    if kinds == {"return"}:
        if b.returned is None:
            b.returned = b.names.take("returned")
        return b.returned
    loop = b.loops[-1]
    if "continue" not in kinds:
        assert loop.broke is not None
        return loop.broke
    if loop.skipped is None:
        loop.skipped = b.names.number("skipped")
    return loop.skipped


def _if(
    b: Builder,
    node: Any,
    body: Sequence[Any],
    orelse: Sequence[Any],
    one: Callable[[Builder, Any], None],
) -> None:
    test = condition(b, node.test)
    before = None if b.state is None else dict(b.state)
    with b.block() as then:
        statements(b, body, one)
    after, b.state = b.state, before
    with b.block() as otherwise:
        statements(b, orelse, one)
    b.state = join(after, b.state)
    b.emit(If(test, tuple(then), tuple(otherwise), b.loc(node.test)))


# --- loops --------------------------------------------------------------------------------------


def _loop_and_else(
    b: Builder,
    node: Any,
    one: Callable[[Builder, Any], None],
    after_break: Sequence[Any] = (),
) -> None:
    """A loop and its ``else``; `after_break` is the rest of the block if the else always leaves."""
    loop = Loop()
    exit_flag = (_for if isinstance(node, gast.For) else _while)(b, node, loop, one)
    returns = frozenset({"return"} if loop.returns else ())
    at_end, at_break = b.state, loop.break_state
    if not node.orelse or is_endless(node):
        b.state = join(at_end, at_break)
        return
    if exit_flag is None:
        statements(b, node.orelse, one)
        return
    b.state = at_break
    with b.block() as broken:
        if after_break:
            _guarded(b, returns, after_break, node, one)
    after, b.state = b.state, at_end
    with b.block() as orelse:
        statements(b, node.orelse, one)
    b.state = join(after, b.state)
    b.emit(If(Var(exit_flag), tuple(broken), tuple(orelse), b.loc(node.orelse[0])))


def _for(b: Builder, node: Any, loop: Loop, one: Callable[[Builder, Any], None]) -> str | None:
    iterable = atom(b, node.iter)
    b.widen([node.target, *node.body])
    at_end = None if b.state is None else dict(b.state)
    with b.block() as body:
        target = store_loop_item(b, node.target)
        exit_flag = _loop_body(b, node, loop, one)
    b.state = at_end
    _begin(b, node, loop)
    fresh = fresh_name(node.iter, iterable)
    loc = b.loc(node.iter)
    b.emit(For(target, iterable, _reset(b, node, loop, body), exit_flag, loc, fresh))
    return exit_flag


def _while(b: Builder, node: Any, loop: Loop, one: Callable[[Builder, Any], None]) -> str | None:
    b.widen([node.test, *node.body])
    with b.block() as test_body:
        test = condition(b, node.test)
    at_end = None if b.state is None or is_endless(node) else dict(b.state)
    with b.block() as body:
        exit_flag = _loop_body(b, node, loop, one)
    b.state = at_end
    _begin(b, node, loop)
    b.emit(While(tuple(test_body), test, _reset(b, node, loop, body), exit_flag, b.loc(node.test)))
    return exit_flag


def _loop_body(
    b: Builder, node: Any, loop: Loop, one: Callable[[Builder, Any], None]
) -> str | None:
    """Lower the body into the current block; the flag that ends the loop."""
    b.loops.append(loop)
    statements(b, node.body, one)
    b.loops.pop()
    if loop.broke is not None:
        return loop.broke
    return _flag(b, frozenset({"return"})) if loop.returns else None


def _begin(b: Builder, node: Any, loop: Loop) -> None:
    if loop.broke is not None:
        b.emit(Assign(loop.broke, Lit(False), b.loc(node)))


def _reset(b: Builder, node: Any, loop: Loop, body: Sequence[Any]) -> Block:
    if loop.skipped is None:
        return tuple(body)
    return (Assign(loop.skipped, Lit(False), b.loc(node)), *body)


# --- exits --------------------------------------------------------------------------------------


def leave(b: Builder, node: Any) -> None:
    """Lower ``break``, ``continue`` or ``return``."""
    if isinstance(node, gast.Return):
        value = Lit(None) if node.value is None else atom(b, node.value)
        for loop in b.loops:
            loop.returns = True
        b.emit(Leave("return", tuple(b.loops), value, b.loc(node)))
        return
    loop = b.loops[-1]
    if isinstance(node, gast.Break):
        if loop.broke is None:
            loop.broke = b.names.number("broke")
        loop.break_state = join(loop.break_state, b.state)
        b.emit(Leave("break", (loop,), None, b.loc(node)))
    else:
        b.emit(Leave("continue", (loop,), None, b.loc(node)))


def result_of(b: Builder, body: Sequence[Any]) -> tuple[Block, Atom]:
    """Replace all exits by assignments: the body of the function and its result."""
    returns = [exit_ for exit_ in _leaves(body) if exit_.kind == "return"]
    values = {_identity(exit_.value) for exit_ in returns}
    if len(returns) == 1 and body and body[-1] is returns[0]:
        assert returns[0].value is not None
        return _with_flag(b, resolve(b, body[:-1], None)), returns[0].value
    if not returns or (len(values) == 1 and isinstance(returns[0].value, Lit)):
        result: Atom = returns[0].value if returns and returns[0].value else Lit(None)
        return _with_flag(b, resolve(b, body, None)), result
    name = b.names.take("result")
    return _with_flag(b, resolve(b, body, name)), Var(name)


def _with_flag(b: Builder, body: Block) -> Block:
    if b.returned is None:
        return body
    return (Assign(b.returned, Lit(False), b.loc(b.source.node)), *body)


def _identity(value: Any) -> Any:
    if isinstance(value, Lit):
        return (type(value.value), repr(value.value))
    return value


def _leaves(body: Sequence[Any]) -> list[Leave]:
    found: list[Leave] = []
    for statement in body:
        if isinstance(statement, Leave):
            found.append(statement)
        elif isinstance(statement, If):
            found += _leaves(statement.body) + _leaves(statement.orelse)
        elif isinstance(statement, (For, While)):
            found += _leaves(statement.body)
        elif isinstance(statement, Try):
            for part in _parts(statement):
                found += _leaves(part)
    return found


def _parts(s: Try) -> tuple[Block, ...]:
    return s.body, s.handler or (), s.orelse, s.final


def resolve(
    b: Builder, block: Sequence[Any], result: str | None, live: frozenset[str] = frozenset()
) -> Block:
    """Replace each `Leave` by assignments: of the result, and of the flags that are read later.

    `live` are the flags that are read after `block`.
    """
    resolved: list[Any] = []
    for statement in reversed(block):
        if isinstance(statement, Leave):
            resolved[:0] = _exit(b, statement, result, live)
        elif isinstance(statement, If):
            body, orelse = (resolve(b, s, result, live) for s in (statement.body, statement.orelse))
            resolved.insert(0, replace(statement, body=body, orelse=orelse))
        elif isinstance(statement, (For, While)):
            inside = live if statement.exit is None else live | {statement.exit}
            inner = resolve(b, statement.body, result, inside)
            resolved.insert(0, replace(statement, body=inner))
        elif isinstance(statement, Try):
            # What comes after may run after any of its parts.
            inside = live | _read_flags(statement)
            parts = [resolve(b, part, result, inside) for part in _parts(statement)]
            body, handler, orelse, final = parts
            new = replace(statement, body=body, orelse=orelse, final=final)
            resolved.insert(0, new if statement.handler is None else replace(new, handler=handler))
        else:
            resolved.insert(0, statement)
        live = live | _read_flags(statement)
    return _fold_result(b, resolved, result)


def _fold_result(b: Builder, block: list[Any], result: str | None) -> Block:
    """Turn ``t_1 = value; result = t_1`` into ``result = value``."""
    for i, statement in enumerate(block):
        if isinstance(statement, Assign) and statement.target == result and result is not None:
            return (*fold_copy(b, block[: i + 1]), *block[i + 1 :])
    return tuple(block)


def _read_flags(statement: Any) -> frozenset[str]:
    """Names that the tests and loop exits in a statement read (a superset of the flags)."""
    if not isinstance(statement, (If, For, While, Try)):
        return frozenset()
    return asked(statement, _flags_inside)


def _flags_inside(statement: If | For | While | Try) -> frozenset[str]:
    own = statement.exit if isinstance(statement, (For, While)) else None
    if isinstance(statement, If) and isinstance(statement.test, Var):
        own = statement.test.name
    inner = [_read_flags(s) for block in blocks_of(statement) for s in block]
    return frozenset(() if own is None else (own,)).union(*inner)


def _exit(b: Builder, exit_: Leave, result: str | None, live: frozenset[str]) -> Block:
    flags: list[str] = []
    if exit_.kind == "return" and b.returned is not None:
        flags.append(b.returned)
    for loop in exit_.loops:
        if loop.broke is not None and exit_.kind != "continue":
            flags.append(loop.broke)
        if loop.skipped is not None:
            flags.append(loop.skipped)
    block: list[Any] = []
    if exit_.kind == "return" and result is not None:
        assert exit_.value is not None
        block.append(Assign(result, exit_.value, exit_.loc))
    return (*block, *(Assign(flag, Lit(True), exit_.loc) for flag in flags if flag in live))
