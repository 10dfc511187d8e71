"""The reverse sweep while it is written: results give their cotangent, operands are given theirs.

The modules beside this one reverse one sort of statement each, by functions ``(sweep, s, site)``.
They take the cotangent of the result from here (`with_cotangent`, `result_cotangent`) and hand on
what it makes for each operand (`give`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dpy.kinds import UNKNOWN, Array, is_atomic
from dpy.transform import ir
from dpy.transform.adjoint.bounds import Parts
from dpy.transform.adjoint.buffers import give_to_buffer
from dpy.transform.adjoint.cotangents import Cotangents
from dpy.transform.adjoint.expressions import ZERO_NODE
from dpy.transform.adjoint.shapes import Shapes
from dpy.transform.generic import Runtime, call
from dpy.transform.infer import Facts
from dpy.transform.rule_reader import Inlined

__all__ = ["Sweep"]


class Sweep(Cotangents):
    """Cotangents of statements and operands.

    Attributes:
        acc: the parameter that holds the accumulators.
        builders: by list that a loop appends to, what its cotangents are popped from.
        uniform: variables whose cotangent is a number that stands for an array filled with it.
        shapes: which arrays certainly have the same shape.
        rules: by id of a statement, its rule as straight-line code, or None.
        parts: by array, which parts of its new cotangent were written.
    """

    def __init__(self, facts: Facts, runtime: Runtime) -> None:
        super().__init__(facts, runtime)
        self.acc = ir.Var(self.names.fresh("acc"))
        self.builders: dict[str, ir.Var] = {}
        self.uniform: set[str] = set()
        self.shapes = Shapes(facts, self.saved.versions)
        self.rules: dict[int, Inlined | None] = {}
        self.parts: dict[str, Parts] = {}

    def is_by_identity(self, s: ir.Assign) -> bool:
        """Whether the cotangent of what `s` assigns is in the accumulator of the object."""
        return (
            isinstance(s.target, str)
            and s.target in self.facts.identity
            and s.target in self.facts.active
            and not is_atomic(self.facts.kinds.get(id(s), UNKNOWN))
        )

    def result_cotangent(self, s: ir.Assign) -> Any | None:
        """The cotangent of the value that `s` creates; None if it is known to be zero.

        Returns an atom (or a display of atoms).
        """
        if not self.is_by_identity(s):
            return self._consumed(s) if self.has_cotangent(s.target) else None
        return self.taken(s)

    def _consumed(self, s: ir.Assign) -> Any:
        return self.consume(s.target, self.facts.kinds.get(id(s), UNKNOWN))  # type: ignore[arg-type]

    def taken(self, s: ir.Assign) -> ir.Var:
        """The same for an object that is kept by identity; its accumulator is then empty."""
        assert isinstance(s.target, str)
        d = self._consumed(s) if self.has_cotangent(s.target) else ZERO_NODE
        created = self.saved.created(s)
        return self.emit_new(f"d_{s.target}", call(self.runtime.take, self.acc, created, d))

    def with_cotangent(
        self, s: ir.Assign, write: Callable[[Any], None], *, scalars_may_be_zero: bool = False
    ) -> None:
        """Run `write(d)` for the result's cotangent, under a guard where that may be ZERO.

        Arithmetic with ZERO works, so that operators on numbers need no guard.
        """
        state = "maybe" if self.is_by_identity(s) else self.states.get(s.target)
        unguarded = scalars_may_be_zero and s.target in self.scalars
        d = self.result_cotangent(s)
        if d is None:
            return
        if state == "maybe" and not unguarded and isinstance(d, ir.Var):
            self.guarded(s, d, lambda: write(d))
        else:
            write(d)

    def give(self, s: ir.Stmt, atom: Any, value: Any, *, maybe: bool = False) -> None:
        """Add `value` to the cotangent of an operand of `s`; `maybe`: it may be ZERO."""
        kind = self.facts.kind(s, atom)
        if isinstance(atom, ir.Star):
            atom = atom.value
        if not self.facts.is_active(atom):
            return
        var = atom.name
        if var in self.facts.buffers:
            give_to_buffer(self, var, value, maybe)
            return
        if var not in self.facts.identity or is_atomic(kind):
            self.accumulate(var, value, kind, scalar=var in self.scalars, maybe=maybe)
            return
        sunk = call(self.runtime.sink, self.acc, self.saved.object_at(s, var), value)
        if isinstance(kind, Array):
            self.emit(None, sunk)
        else:
            self.accumulate(var, sunk, kind, scalar=False, maybe=True)
