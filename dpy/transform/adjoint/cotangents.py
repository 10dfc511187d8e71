"""The cotangent variables of the reverse sweep while it is written, and their states.

The state of a cotangent says what its variable holds at this point of the sweep. Absent means a
structural zero: no statement is generated for it. ``"maybe"`` may be ZERO at run time, ``"value"``
is a number or array, ``"owned"`` an array that nobody else holds and that may be added to in place.

A key is the name of one of the user's variables, or a pair of it and a *slot*: the cotangent of a
field or item travels apart from that of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, TypeGuard

import numpy as np

from dpy.kinds import UNKNOWN, Array, Kind, Tuple
from dpy.transform import ir
from dpy.transform.adjoint.expressions import NP, ZERO_NODE, attribute, identifier, sum_of
from dpy.transform.adjoint.saved import Saved
from dpy.transform.adjoint.survey import Survey, names_in
from dpy.transform.generic import Runtime, call
from dpy.transform.helpers import array_of
from dpy.transform.infer import Facts
from dpy.transform.versions import Names

__all__ = ["ORDER", "Cotangents", "States"]

States: TypeAlias = dict[Any, str]

ORDER = ("maybe", "value", "owned")
"""The states, each of which may be taken for the ones before it."""

_ARRAY_OF = ir.Known(array_of, "array_of")


class Cotangents:
    """Writes statements, and keeps the states.

    Attributes:
        out: the statements written so far.
        loc: the place of the user's statement that is being reversed.
        states: the state of each cotangent that is not a structural zero.
        scalars: the keys that only ever stand for numbers.
        lists: vectors whose cotangents may be lists now, in a loop that uses them item by item.
        by_item: vectors whose cotangents the present loop uses item by item ...
        as_whole: ... and those it also uses as a whole.
    """

    def __init__(self, facts: Facts, runtime: Runtime) -> None:
        self.facts = facts
        self.runtime = runtime
        self.survey = Survey(facts)
        self.names = Names(names_in(facts.function))
        self.saved = Saved(facts, runtime, self.names)
        self.out: list[ir.Stmt] = []
        self.loc: ir.Loc | None = None
        self.states: States = {}
        self.scalars: set[Any] = set(self.survey.numbers())
        self.lists: set[str] = set()
        self.by_item: set[str] = set()
        self.as_whole: set[str] = set()
        self._d_names: dict[Any, str] = {}

    # --- writing --------------------------------------------------------------------------------

    def emit(self, target: ir.Var | None, value: Any) -> None:
        """Write ``target = value``, or `value` alone."""
        self.out.append(ir.Assign(None if target is None else target.name, value, self.loc))

    def emit_tuple(self, targets: list[ir.Var], value: Any) -> None:
        """Write ``a, b, ... = value``."""
        self.out.append(ir.Assign(tuple(t.name for t in targets), value, self.loc))

    def new(self, base: str) -> ir.Var:
        """A variable with a fresh name: ``base_0``, ``base_1``, ..."""
        return ir.Var(self.names.numbered(base))

    def emit_new(self, base: str, value: Any) -> ir.Var:
        """Write ``base_0 = value``; the variable."""
        var = self.new(base)
        self.emit(var, value)
        return var

    def apart(self, states: States, write: Callable[[], None]) -> tuple[list[ir.Stmt], States]:
        """What `write` writes when it starts from `states`, and the states after it."""
        saved_out, saved_states = self.out, self.states
        self.out, self.states = [], dict(states)
        write()
        result = self.out, self.states
        self.out, self.states = saved_out, saved_states
        return result

    # --- variables ------------------------------------------------------------------------------

    def d(self, key: Any) -> ir.Var:
        """The cotangent variable of a variable, or of a slot of one."""
        name = self._d_names.get(key)
        if name is None:
            base = "_".join(map(str, key)) if isinstance(key, tuple) else key
            name = self._d_names[key] = self.names.fresh(f"d_{identifier(base)}")
        return ir.Var(name)

    def slots(self, var: str) -> list[Any]:
        """The keys of the slots of a variable that have a cotangent."""
        return [k for k in self.states if isinstance(k, tuple) and k[0] == var]

    def has_cotangent(self, var: Any) -> TypeGuard[str]:
        """Whether a variable may have a cotangent, as a whole or in parts."""
        return isinstance(var, str) and (var in self.states or bool(self.slots(var)))

    def drop(self, var: str) -> None:
        """Forget a cotangent: the variable is assigned something that does not matter."""
        for key in (var, *self.slots(var)):
            self.states.pop(key, None)

    def consume(self, var: str, kind: Kind = UNKNOWN) -> Any:
        """The total cotangent of a variable (an expression); afterwards it is zero.

        `kind` is that of the value which the variable was assigned here.
        """
        slots = self.slots(var)
        if var in self.states:
            self.need_array(var)
        state = self.states.pop(var, None)
        whole = self.d(var) if state else None
        if not slots:
            return whole if whole is not None else ZERO_NODE
        parts = self._display(var, slots, kind)
        for key in slots:
            del self.states[key]
        return parts if whole is None else call(self.runtime.add, whole, parts)

    def _display(self, var: str, slots: list[Any], kind: Kind) -> Any:
        """The cotangents of slots as a tuple or dict display."""
        if all(type(k[1]) is int for k in slots):
            size = self.survey.tuple_size(var)
            if isinstance(kind, Tuple):  # else the longest that it may hold
                size = len(kind.items)
            return self._tuple_of((var, i) for i in range(size))
        named = self.survey.named_fields(var)
        if named is not None:
            return self._tuple_of((var, name) for name in named)
        pairs: list[Any] = []
        for key in slots:
            pairs += [ir.Lit(key[1]), self.d(key)]
        return ir.Op("dict", tuple(pairs))

    def _tuple_of(self, keys: Iterable[Any]) -> ir.Op:
        items = (self.d(key) if key in self.states else ZERO_NODE for key in keys)
        return ir.Op("tuple", tuple(items))

    def accumulate(
        self, key: Any, value: Any, kind: Kind, *, scalar: bool, maybe: bool = False
    ) -> None:
        """``d_key += value``; the first accumulation is an assignment."""
        d = self.d(key)
        state = self.states.get(key)
        if state is None:
            self.emit(d, value)
            self.states[key] = "maybe" if maybe else "value"
            return
        self.need_array(key)
        if scalar:  # never for arrays: += would write into what others hold
            total = sum_of(d, value)
            self.emit(d, ir.Op(f"i{total.name}", total.args))
        elif isinstance(kind, Array) and state != "maybe" and not maybe:
            self.emit(d, sum_of(d, value))
        else:
            self.emit(d, call(self.runtime.add, d, value))
        self.states[key] = "maybe" if maybe and state == "maybe" else "value"

    def own(self, s: ir.Stmt, var: str) -> None:
        """Make the cotangent of an array one of its own that may be added to in place."""
        state = self.states.get(var)
        if state == "owned":
            return
        d = self.d(var)
        x = self.saved.object_at(s, var)
        if state is None:
            self.emit(d, call(self.runtime.zeros_for, x))
        else:
            self.emit(d, call(self.runtime.owned, d, x))
        self.states[var] = "owned"

    def need_array(self, key: Any) -> None:
        """The next statement takes a cotangent as a whole, or by slices."""
        self.as_whole.add(key)
        if key in self.lists and key in self.states:
            d = self.d(key)
            self.emit(d, ir.Call(_ARRAY_OF, (d,)))

    # --- zeros, and where ways meet -------------------------------------------------------------

    def zero(self, key: Any) -> tuple[ir.Stmt, str]:
        """The statement that makes a cotangent zero, and the state that it is in then."""
        if key in self.scalars:
            value: Any = ir.Lit(0.0)
        elif key in self.facts.buffers:
            value = self.new_buffer(key)
        else:
            value = ZERO_NODE
        return ir.Assign(self.d(key).name, value, self.loc), self.state_of_zero(key)

    def state_of_zero(self, key: Any) -> str:
        """The state in which `zero` leaves a cotangent variable."""
        if key in self.facts.buffers:
            return "owned"
        return "value" if key in self.scalars else "maybe"

    def new_buffer(self, owner: str) -> ir.Call:
        """An array of zeros like one that has a buffer: see `transform.buffers`."""
        made = self.facts.buffers[owner].made
        kind = self.facts.kinds[id(made)]
        assert isinstance(kind, Array)
        shape = self.saved.attribute_after(made, "shape")
        dtype = kind.dtype if kind.dtype.isnative else kind.dtype.newbyteorder("=")
        known = () if dtype == np.float64 else (ir.Known(dtype, dtype.name),)
        return ir.Call(attribute(NP, "zeros"), (shape, *known))

    def merge(self, out_a: list[ir.Stmt], a: States, out_b: list[ir.Stmt], b: States) -> States:
        """Make the states after two alternatives agree, adding zeros where one has none."""
        merged: States = {}
        for key in {**a, **b}:
            found = []
            for out, states in ((out_a, a), (out_b, b)):
                state = states.get(key)
                if state is None:
                    statement, state = self.zero(key)
                    out.append(statement)
                found.append(state)
            merged[key] = min(found, key=ORDER.index)
        return merged

    def guarded(self, s: ir.Stmt, d: ir.Var, write: Callable[[], None]) -> None:
        """What `write` writes, under ``if d is not ZERO``."""
        self.guarded_by(ir.Op("is_not", (d, ZERO_NODE)), s, write)

    def guarded_by(self, test: ir.Op, s: ir.Stmt, write: Callable[[], None]) -> None:
        """What `write` writes, under a test."""
        body, states = self.apart(self.states, write)
        other: list[ir.Stmt] = []
        merged = self.merge(body, states, other, self.states)
        if body or other:
            self.out.append(ir.If(test, tuple(body), tuple(other), s.loc))
        self.states = merged
