"""The state of one lowering: the statements emitted so far, names, scopes, what is assigned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import gast

from dpy.errors import UnsupportedSyntaxError
from dpy.records import made_by, struct
from dpy.transform.ir import Assign, Atom, Block, Expr, Known, Lit, Loc, Op, Stmt, Var
from dpy.transform.lower.flow import Flows
from dpy.transform.lower.scopes import Scope, mangle
from dpy.transform.source import Source

__all__ = ["ASSIGNED", "Builder", "DELETED", "Loop", "Names", "State", "UNASSIGNED", "join"]

# What may be the case for a local variable at a point of the program; a set of bits.
ASSIGNED, UNASSIGNED, DELETED = 1, 2, 4

State = dict[str, int] | None
"""Bits of each local variable (missing: UNASSIGNED); None where control cannot be."""


def join(a: State, b: State) -> State:
    """What may hold where two ways meet."""
    if a is None or b is None:
        return b if a is None else a
    return {name: a.get(name, UNASSIGNED) | b.get(name, UNASSIGNED) for name in a.keys() | b.keys()}


class Names:
    """Makes names that no other name of the function clashes with."""

    def __init__(self, used: Iterable[str]) -> None:
        self._used = set(used)
        self._counts: dict[str, int] = {}

    def take(self, base: str) -> str:
        """`base` itself, with underscores if it is taken."""
        while base in self._used:
            base += "_"
        self._used.add(base)
        return base

    def number(self, base: str) -> str:
        """``base_1``, ``base_2``, ..."""
        count = self._counts[base] = self._counts.get(base, 0) + 1
        return self.take(f"{base}_{count}")

    def variable(self, base: str) -> str:
        """`base` if free, else numbered: for the targets of comprehensions."""
        return self.number(base) if base in self._used else self.take(base)


@struct
class Loop:
    """A loop being lowered.

    `broke` is the flag that ends it, once it has a ``break``; `skipped` the flag that guards the
    rest of its body after a ``continue``, once that is needed.
    """

    broke: str | None = None
    skipped: str | None = None
    returns: bool = False
    break_state: State = None


@struct
class _Comprehension:
    """Maps the targets of a comprehension to variables; `cells` of them hold cells."""

    variables: dict[str, str]
    cells: set[str] = made_by(default_factory=set)


class Builder:
    """Collects the statements of one function; the modules of this package write through it."""

    def __init__(self, source: Source, scope: Scope, tracked: Iterable[str] = ()) -> None:
        """Of the variables `tracked`, flags tell whether they are assigned, for ``locals()``."""
        self.source = source
        self.scope = scope
        self.free = frozenset(source.free)
        self.names = Names(scope.names() | self.free)
        self.tracked = {name: self.names.take(f"has_{name}") for name in tracked}
        self.flows = Flows()
        self.loops: list[Loop] = []
        self.state: State = {}
        self.temporaries: set[str] = set()
        self.cells = {name: self.names.take(f"cell_{name}") for name in sorted(scope.cells())}
        self.returned: str | None = None
        self._blocks: list[list[Stmt]] = [[]]
        self._comprehensions: list[_Comprehension] = []

    # --- statements ---------------------------------------------------------------------------

    def emit(self, statement: Any) -> None:
        """Append a statement to the current block."""
        self._blocks[-1].append(statement)

    @contextmanager
    def block(self) -> Iterator[list[Stmt]]:
        """Collect statements apart: ``with b.block() as body: ...``."""
        statements: list[Stmt] = []
        self._blocks.append(statements)
        try:
            yield statements
        finally:
            self._blocks.pop()

    def body(self) -> Block:
        """The statements of the outermost block."""
        return tuple(self._blocks[0])

    def loc(self, node: Any) -> Loc | None:
        """Location of a node."""
        return self.source.loc(node)

    def temporary(self) -> str:
        """A new name ``t_n``."""
        name = self.names.number("t")
        self.temporaries.add(name)
        return name

    def assign(self, value: Expr, node: Any) -> Var:
        """``t_n = value``."""
        name = self.temporary()
        self.emit(Assign(name, value, self.loc(node)))
        return Var(name)

    def atom(self, value: Expr, node: Any) -> Atom:
        """`value` itself if it is an atom, else a temporary that holds it."""
        if isinstance(value, (Var, Lit, Known)):
            return value
        return self.assign(value, node)

    def effect(self, value: Expr, node: Any) -> None:
        """Evaluate `value` for its effect."""
        self.emit(Assign(None, value, self.loc(node)))

    def refuse(self, what: str, node: Any, why: str, repair: str) -> UnsupportedSyntaxError:
        """The error for a construct outside the language; raise it."""
        return UnsupportedSyntaxError(
            f"{what} cannot be differentiated", place=self.source.place(node), why=why,
            repair=repair,
        )  # fmt: skip

    # --- names --------------------------------------------------------------------------------

    def mangle(self, name: str) -> str:
        """``__name`` inside a class."""
        return mangle(name, self.source.class_name)

    def resolve(self, name: str) -> tuple[str, str]:
        """``(kind, IR name)`` of a mangled name; kind is "local", "cell", "free" or "global"."""
        for comprehension in reversed(self._comprehensions):
            if name in comprehension.variables:
                kind = "cell" if name in comprehension.cells else "local"
                return kind, comprehension.variables[name]
        if name in self.cells:
            return "cell", self.cells[name]
        if name in self.scope.bound:
            return "local", name
        if name in self.free and name not in self.scope.globals:
            return "free", name
        return "global", name

    @property
    def is_in_comprehension(self) -> bool:
        """Whether what is lowered stands in a comprehension."""
        return bool(self._comprehensions)

    @contextmanager
    def comprehension(self, scope: Scope, node: Any) -> Iterator[None]:
        """Inside: the targets of the comprehension are variables of their own."""
        cells = scope.cells()
        variables = {
            name: self.names.take(f"cell_{name}") if name in cells else self.names.variable(name)
            for name in sorted(scope.bound)
        }
        for name in sorted(cells):
            self.emit(Assign(variables[name], Op("new_cell", ()), self.loc(node)))
        self._comprehensions.append(_Comprehension(variables, cells))
        try:
            yield
        finally:
            self._comprehensions.pop()

    # --- what is assigned ---------------------------------------------------------------------

    def bits(self, name: str) -> int:
        """What may be the case for a variable here."""
        if self.state is None or name not in self.scope.bound or name in self.cells:
            return ASSIGNED
        return self.state.get(name, UNASSIGNED)

    def mark(self, name: str, bits: int) -> None:
        """Record an assignment or deletion."""
        if self.state is not None and name in self.scope.bound:
            self.state[name] = bits
        if name in self.tracked:
            self.emit(Assign(self.tracked[name], Lit(bits == ASSIGNED), None))

    def widen(self, nodes: Iterable[Any]) -> None:
        """Allow for assignments and deletions anywhere in `nodes`, which may run repeatedly."""
        if self.state is None:
            return
        for name, bits in self._changes(nodes):
            if name in self.scope.bound:
                self.state[name] = self.state.get(name, UNASSIGNED) | bits

    def _changes(self, nodes: Iterable[Any]) -> Iterator[tuple[str, int]]:
        for top in nodes:
            for node in self.flows.walk(top):
                if isinstance(node, gast.Name) and not isinstance(node.ctx, gast.Load):
                    bits = DELETED if isinstance(node.ctx, gast.Del) else ASSIGNED
                    yield self.mangle(node.id), bits
                elif isinstance(node, (gast.FunctionDef, gast.ClassDef)):
                    yield self.mangle(node.name), ASSIGNED
                elif isinstance(node, (gast.MatchAs, gast.MatchStar)) and node.name is not None:
                    yield self.mangle(node.name), ASSIGNED
                elif isinstance(node, gast.MatchMapping) and node.rest is not None:
                    yield self.mangle(node.rest), ASSIGNED
                elif isinstance(node, gast.alias):
                    bound = node.asname or node.name.partition(".")[0]
                    yield self.mangle(bound), ASSIGNED
            if isinstance(top, gast.stmt) and not self.flows.one(top).falls:
                return  # what follows is never reached
