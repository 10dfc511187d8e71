"""What loops save: typed arrays that double when full, with one counter for each loop.

The forward pushes at the end of every iteration and the reverse sweep pops in the opposite order,
so one set of arrays serves all runs of an inner loop. Before a loop runs, the counter is kept as
its *mark*; the reverse loop walks the counter down to the mark. An outer loop saves the marks of
its inner loops like any other number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dpy.transform import ir
from dpy.transform.joint.book import helper
from dpy.transform.joint.types import TAPE, Scalar, TupleType, Type
from dpy.transform.versions import Names

__all__ = ["Tape"]

FIRST_CAPACITY = 64


@dataclass(slots=True)
class Tape:
    """The arrays of one loop. `columns`: residual -> (array, type of items), one per number."""

    name: str
    count: str
    capacity: str
    columns: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    types: dict[str, Type] = field(default_factory=dict)

    @classmethod
    def named(cls, name: str, names: Names) -> Tape:
        """A tape with fresh names for its parts."""
        return cls(name, names.fresh(f"n_{name}"), names.fresh(f"room_{name}"))

    def add_column(self, residual: str, found: Type, names: Names) -> bool:
        """Make room for a residual; False if values of its type cannot be saved."""
        items: tuple[Any, ...] = found.items if isinstance(found, TupleType) else (found,)
        bases = []
        for item in items:
            if item == TAPE:
                bases.append("int")
            elif isinstance(item, Scalar):
                bases.append(item.base)
            else:
                return False
        self.columns[residual] = [(names.fresh(f"{self.name}_{residual}"), b) for b in bases]
        self.types[residual] = found
        return True

    def start(self, loc: ir.Loc | None) -> list[ir.Stmt]:
        """Allocate, at the start of the function."""
        found: list[ir.Stmt] = [ir.Assign(self.count, ir.Lit(0), loc)]
        # A variable that is always set, also where the loop stands in a branch not taken.
        found.append(ir.Assign(self.name, ir.Lit(0), loc))
        if self.columns:
            found.append(ir.Assign(self.capacity, ir.Lit(FIRST_CAPACITY), loc))
        for array, base in self._arrays():
            found.append(ir.Assign(array, helper(f"column_{base}", ir.Var(self.capacity)), loc))
        return found

    def mark(self, loc: ir.Loc | None) -> ir.Stmt:
        """Before the loop."""
        return ir.Assign(self.name, ir.Var(self.count), loc)

    def push(self, loc: ir.Loc | None) -> list[ir.Stmt]:
        """At the end of an iteration."""
        count, capacity = ir.Var(self.count), ir.Var(self.capacity)
        found: list[ir.Stmt] = []
        if self.columns:
            grow: list[ir.Stmt] = [
                ir.Assign(self.capacity, ir.Op("mul", (ir.Lit(2), capacity)), loc)
            ]
            for array, _ in self._arrays():
                grow.append(ir.Assign(array, helper("grow", ir.Var(array), capacity), loc))
            found.append(ir.If(ir.Op("eq", (count, capacity)), tuple(grow), (), loc))
        for residual, columns in self.columns.items():
            for i, (array, _) in enumerate(columns):
                value: Any = ir.Var(residual)
                if isinstance(self.types[residual], TupleType):
                    value = ir.Op("getitem", (value, ir.Lit(i)))
                found.append(ir.Assign(None, helper("put", ir.Var(array), count, value), loc))
        found.append(ir.Assign(self.count, ir.Op("add", (count, ir.Lit(1))), loc))
        return found

    def walk_down(self, body: list[ir.Stmt], loc: ir.Loc | None) -> ir.Stmt:
        """The reverse loop."""
        count = ir.Var(self.count)
        head: list[ir.Stmt] = [ir.Assign(self.count, ir.Op("sub", (count, ir.Lit(1))), loc)]
        for residual, columns in self.columns.items():
            items = [helper("get", ir.Var(array), count) for array, _ in columns]
            value: Any = items[0]
            if isinstance(self.types[residual], TupleType):
                value = ir.Op("tuple", tuple(items))
            head.append(ir.Assign(residual, value, loc))
        test = ir.Op("gt", (count, ir.Var(self.name)))
        return ir.While((), test, (*head, *body), None, loc)

    def _arrays(self) -> list[tuple[str, str]]:
        return [pair for columns in self.columns.values() for pair in columns]
