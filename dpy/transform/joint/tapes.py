"""What loops save: typed arrays that grow, with one counter for each loop.

The forward pushes a row at the end of every iteration and the reverse sweep pops in the opposite
order, so one set of arrays serves all runs of an inner loop. Before a loop runs, the counter is
kept as its *mark*; the reverse loop walks the counter down to the mark. An outer loop saves the
marks of its inner loops like any other number.

A row has one array for each type of number, so that a loop carries few pointers. A counted loop
makes room before it starts and pushes without looking: compiled code then keeps the pointers in
registers, which makes it several times as fast.
"""

from __future__ import annotations

from typing import Any

from dpy.records import made_by, struct
from dpy.transform import ir
from dpy.transform.joint.book import helper
from dpy.transform.joint.types import TAPE, Scalar, TupleType, Type
from dpy.transform.versions import Names

__all__ = ["Tape"]

FIRST_ROOM = 16


@struct
class Tape:
    """The arrays of one loop. `places`: residual -> (base type, column) of each of its numbers."""

    name: str
    count: str
    room: str
    is_counted: bool = False
    arrays: dict[str, str] = made_by(default_factory=dict)
    widths: dict[str, int] = made_by(default_factory=dict)
    places: dict[str, list[tuple[str, int]]] = made_by(default_factory=dict)
    tuples: set[str] = made_by(default_factory=set)

    @classmethod
    def named(cls, name: str, names: Names) -> Tape:
        """A tape with fresh names for its parts."""
        return cls(name, names.fresh(f"n_{name}"), names.fresh(f"room_{name}"))

    def add_residual(self, residual: str, found: Type, names: Names) -> bool:
        """Make room for a residual; False if values of its type cannot be saved."""
        items: tuple[Any, ...] = found.items if isinstance(found, TupleType) else (found,)
        if not all(item == TAPE or isinstance(item, Scalar) for item in items):
            return False
        self.places[residual] = []
        for item in items:
            base = "int" if item == TAPE else item.base
            if base not in self.arrays:
                self.arrays[base] = names.fresh(f"{self.name}_{base}s")
            column = self.widths[base] = self.widths.get(base, 0) + 1
            self.places[residual].append((base, column - 1))
        if isinstance(found, TupleType):
            self.tuples.add(residual)
        return True

    # --- the forward --------------------------------------------------------------------------

    def start(self, loc: ir.Loc | None) -> list[ir.Stmt]:
        """Allocate, at the start of the function."""
        found: list[ir.Stmt] = [ir.Assign(self.count, ir.Lit(0), loc)]
        # The mark is always set, also where the loop stands in a branch that is not taken.
        found.append(ir.Assign(self.name, ir.Lit(0), loc))
        if self.arrays:
            found.append(ir.Assign(self.room, ir.Lit(FIRST_ROOM), loc))
        for base, array in self.arrays.items():
            size = self._size(base)
            found.append(ir.Assign(array, helper(f"column_{base}", size), loc))
        return found

    def mark(self, loc: ir.Loc | None) -> ir.Stmt:
        """Before the loop."""
        return ir.Assign(self.name, ir.Var(self.count), loc)

    def reserve(self, source: Any, loc: ir.Loc | None) -> list[ir.Stmt]:
        """Before a loop over the range `source`: room for all its rows."""
        self.is_counted = True
        needed = helper("rows_needed", ir.Var(self.count), source)
        return self._grow_unless(ir.Op("gt", (needed, ir.Var(self.room))), needed, loc)

    def push(self, loc: ir.Loc | None) -> list[ir.Stmt]:
        """At the end of an iteration."""
        count = ir.Var(self.count)
        found: list[ir.Stmt] = []
        if not self.is_counted:
            is_full = ir.Op("eq", (count, ir.Var(self.room)))
            found += self._grow_unless(is_full, count, loc)
        for residual, places in self.places.items():
            for i, (base, column) in enumerate(places):
                value: Any = ir.Var(residual)
                if residual in self.tuples:
                    value = ir.Op("getitem", (value, ir.Lit(i)))
                put = helper("put", ir.Var(self.arrays[base]), self._at(base, column), value)
                found.append(ir.Assign(None, put, loc))
        found.append(ir.Assign(self.count, ir.Op("add", (count, ir.Lit(1))), loc))
        return found

    def _grow_unless(self, is_full: Any, needed: Any, loc: ir.Loc | None) -> list[ir.Stmt]:
        if not self.arrays:
            return []
        grow: list[ir.Stmt] = [
            ir.Assign(self.room, helper("more_room", ir.Var(self.room), needed), loc)
        ]
        for base, array in self.arrays.items():
            grow.append(ir.Assign(array, helper("grow", ir.Var(array), self._size(base)), loc))
        return [ir.If(is_full, tuple(grow), (), loc)]

    def _size(self, base: str) -> Any:
        return _times(self.widths[base], ir.Var(self.room))

    def _at(self, base: str, column: int) -> Any:
        row = _times(self.widths[base], ir.Var(self.count))
        return ir.Op("add", (row, ir.Lit(column))) if column else row

    # --- the reverse sweep --------------------------------------------------------------------

    def walk_down(self, body: list[ir.Stmt], loc: ir.Loc | None) -> ir.Stmt:
        """The reverse loop."""
        count = ir.Var(self.count)
        head: list[ir.Stmt] = [ir.Assign(self.count, ir.Op("sub", (count, ir.Lit(1))), loc)]
        for residual, places in self.places.items():
            items = [
                helper("get", ir.Var(self.arrays[base]), self._at(base, column))
                for base, column in places
            ]
            value = ir.Op("tuple", tuple(items)) if residual in self.tuples else items[0]
            head.append(ir.Assign(residual, value, loc))
        test = ir.Op("gt", (count, ir.Var(self.name)))
        return ir.While((), test, (*head, *body), None, loc)


def _times(n: int, value: Any) -> Any:
    return ir.Op("mul", (ir.Lit(n), value)) if n > 1 else value
