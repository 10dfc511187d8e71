"""Write the adjoint of a function: a forward that saves what it must, and its pullback.

The reverse sweep is generated first, statement by statement from the last to the first. It notes
which values it needs; then the forward is the primal with these values saved: function-level
values stay in the closure, those of a loop go into one tuple per iteration.

During generation every cotangent variable is in a *state*: absent means a structural zero (no
statement is generated for it), ``"maybe"`` may be ZERO at run time, ``"value"`` is a number or
array, ``"owned"`` an array that nobody else holds and that may be added to in place.
"""

from __future__ import annotations

from typing import Any, TypeGuard

import numpy as np

from dpy.cotangent import ZERO, filled, fit, quotient, quotient_below
from dpy.kinds import (
    UNKNOWN,
    Array,
    Kind,
    Object,
    Tuple,
    is_atomic,
    is_number,
    is_real_scalar,
    number_type,
)
from dpy.records import replace
from dpy.transform import inline, ir, partials
from dpy.transform.buffer_adjoint import VECTOR, BufferForms, adds_to, is_basic, is_same_field
from dpy.transform.buffers import hidden_reads
from dpy.transform.generic import Runtime, call, generic_call, generic_operands
from dpy.transform.infer import Facts, Site
from dpy.transform.versions import Names, Versions, variables

__all__ = ["write_adjoint"]

_ORDER = ("maybe", "value", "owned")
_ZERO = ir.Known(ZERO, "ZERO")
_BREAKERS = (ir.For, ir.While)


def write_adjoint(facts: Facts, runtime: Runtime) -> ir.Function:
    """The forward of `facts.function`; its last statements define and return the pullback."""
    return _Adjoint(facts, runtime).run()


class _Adjoint(BufferForms):
    def __init__(self, facts: Facts, runtime: Runtime) -> None:
        self.facts = facts
        self.runtime = runtime
        self.function = facts.function
        taken = set(facts.function.locals) | {p.name for p in facts.function.params}
        for s in ir.walk(facts.function.body):
            if isinstance(s, ir.Assign):
                taken.update(variables(s.value))
                if isinstance(s.value, (ir.Global, ir.Free)):
                    taken.add(s.value.name)
                if isinstance(s.target, str):
                    taken.add(s.target)
        self.names = Names(taken)
        hidden = hidden_reads(facts.sites)
        self.versions = Versions(facts.function, self.names, hidden, facts.self_updates)
        self.acc = ir.Var(self.names.fresh("acc"))
        self.states: dict[Any, str] = {}
        self.d_names: dict[Any, str] = {}
        self.out: list[ir.Stmt] = []
        self.before: dict[int, list[ir.Stmt]] = {}
        self.after: dict[int, list[ir.Stmt]] = {}
        self.replaced: dict[int, Any] = {}
        self.memo: dict[Any, Any] = {}
        self.scalars = self._scalar_variables()
        self.builders: dict[str, str] = {}
        # Variables whose cotangent is a number that stands for an array filled with it.
        self.uniform: set[str] = set()
        # Vectors whose cotangents the present loop uses by item; as a whole; which may be lists.
        self.by_item: set[str] = set()
        self.as_whole: set[str] = set()
        self.lists: set[str] = set()
        # By version: the version whose shape it certainly has.
        self.shapes: dict[Any, Any] = {}
        self.uses, self.makers, self.blocks = _single_uses(facts.function.body)
        self.loc: ir.Loc | None = None

    # --- the whole ----------------------------------------------------------------------------

    def run(self) -> ir.Function:
        function = self.function
        d_params, pullback_body = self._pullback()
        body = self._forward_block(function.body)
        starts: list[ir.Stmt] = [
            ir.Assign(name, ir.Var(var), function.loc)
            for name, var in self.versions.copies.get(("start", id(None)), [])
        ]
        pullback = ir.Function(
            self.names.fresh(f"{_identifier(function.name)}_pullback"),
            d_params,
            pullback_body,
            filename=function.filename,
            loc=function.loc,
        )
        ends: list[ir.Stmt] = [
            ir.Assign(name, ir.Var(var), function.loc)
            for name, var in self.versions.copies.get(("end", id(None)), [])
        ]
        tail = (
            *ends,
            ir.Def(pullback, function.loc),
            ir.Return(ir.Op("tuple", (function.result, ir.Var(pullback.name))), function.loc),
        )
        return replace(
            function,
            name=f"{_identifier(function.name)}_forward",
            body=(*starts, *body, *tail),
            result=None,
        )

    def _pullback(self) -> tuple[tuple[ir.Param, ...], ir.Block]:
        function, facts = self.function, self.facts
        result = function.result
        self.out = []
        self.loc = function.loc
        if facts.is_active(result):
            seed = self._d(result.name)
            params = [ir.Param(seed)]
            kind = facts.summary.result
            # Where accumulators are at work, the pullback runs even if no cotangent came.
            certain = is_number(kind) or isinstance(kind, Array)
            certain = certain and not facts.summary.needs_acc
            self.states[result.name] = "value" if certain else "maybe"
            if result.name in facts.buffers:
                self._start_buffer(result.name, ir.Var(seed), not certain)
            elif result.name in facts.identity:
                self._sink_result(result)
        else:
            params = [ir.Param(self.names.fresh("d_result"))]
        if facts.summary.needs_acc:
            params.append(ir.Param(self.acc.name))
        self._reverse_block(function.body)
        self.loc = function.loc
        cotangents = []
        for p in function.params:
            cotangents.append(self._param_cotangent(p))
        self.out.append(ir.Return(ir.Op("tuple", tuple(cotangents)), function.loc))
        return tuple(params), tuple(self.out)

    def _param_cotangent(self, p: ir.Param) -> Any:
        kind = self.facts.params.get(p.name, UNKNOWN)
        if p.name in self.facts.identity and not is_atomic(kind):
            d = self._consume(p.name) if self._has_cotangent(p.name) else _ZERO
            held = ir.Var(self.versions.residual_at_start(p.name))
            if p.name in self.facts.written:  # the caller keeps it by identity as well
                # ... but a dict of keyword arguments is the callee's own
                return d if p.kind != "kwargs" else call(self.runtime.take, self.acc, held, d)
            return call(self.runtime.take_deep, self.acc, held, d)
        if p.name in self.facts.active and p.name in self.states or self._slots(p.name):
            return self._consume(p.name)
        return ir.Lit(0.0) if is_real_scalar(kind) else _ZERO

    def _sink_result(self, result: ir.Var) -> None:
        """The seed of a result that is kept by identity goes to the accumulators first."""
        d = self._consume(result.name)
        name = self.versions.residual_at_end(result.name)
        rest = ir.Var(self.names.numbered("rest"))
        self._emit(rest.name, call(self.runtime.sink, self.acc, ir.Var(name), d))
        self.states[result.name] = "maybe"
        self._emit(self._d(result.name), rest)

    def _scalar_variables(self) -> set[str]:
        """Variables that only ever hold numbers: their cotangents start at 0.0."""
        facts = self.facts
        kinds: dict[str, list[Kind]] = {p: [k] for p, k in facts.params.items()}
        for s in ir.walk(self.function.body):
            if isinstance(s, ir.Assign) and isinstance(s.target, str):
                kinds.setdefault(s.target, []).append(facts.kinds.get(id(s), UNKNOWN))
            elif isinstance(s, ir.For):
                targets = s.target if isinstance(s.target, tuple) else (s.target,)
                for t in targets:
                    kinds.setdefault(t, []).append(facts.exit_kinds.get(t, UNKNOWN))
        return {name for name, found in kinds.items() if all(map(is_number, found))}

    # --- emission and states ------------------------------------------------------------------

    def _emit(self, target: str | tuple[str, ...] | None, value: Any) -> None:
        self.out.append(ir.Assign(target, value, self.loc))

    def _d(self, key: Any) -> str:
        """The name of the cotangent variable of a variable or of a slot of one."""
        name = self.d_names.get(key)
        if name is None:
            base = "_".join(map(str, key)) if isinstance(key, tuple) else key
            name = self.d_names[key] = self.names.fresh(f"d_{_identifier(base)}")
        return name

    def _slots(self, var: str) -> list[Any]:
        return [k for k in self.states if isinstance(k, tuple) and k[0] == var]

    def _consume(self, var: str) -> Any:
        """The total cotangent of a variable (an expression); afterwards it is zero."""
        slots = self._slots(var)
        if var in self.states:
            self._need_array(var)
        state = self.states.pop(var, None)
        whole = ir.Var(self._d(var)) if state else None
        if not slots:
            return whole if whole is not None else _ZERO
        parts = self._display(var, slots)
        for key in slots:
            del self.states[key]
        return parts if whole is None else call(self.runtime.add, whole, parts)

    def _display(self, var: str, slots: list[Any]) -> Any:
        """The cotangents of slots as a tuple or dict display."""
        numbered = all(type(k[1]) is int for k in slots)
        if numbered:
            size = self.tuple_sizes.get(var, 0)
            items = []
            for i in range(size):
                key = (var, i)
                items.append(ir.Var(self._d(key)) if key in self.states else _ZERO)
            return ir.Op("tuple", tuple(items))
        named = self.named_tuples.get(var)
        if named is not None:
            keys = [(var, name) for name in named]
            return ir.Op(
                "tuple",
                tuple(ir.Var(self._d(k)) if k in self.states else _ZERO for k in keys),
            )
        pairs: list[Any] = []
        for key in slots:
            pairs += [ir.Lit(key[1]), ir.Var(self._d(key))]
        return ir.Op("dict", tuple(pairs))

    @property
    def named_tuples(self) -> dict[str, tuple[str, ...]]:
        """The fields of variables that hold named tuples."""
        found = self.memo.get("named")
        if found is None:
            found = self.memo["named"] = {}
            kinds = list(self.facts.params.items())
            for s in ir.walk(self.function.body):
                if isinstance(s, ir.Assign) and isinstance(s.target, str):
                    kinds.append((s.target, self.facts.kinds.get(id(s), UNKNOWN)))
            for name, kind in kinds:
                if isinstance(kind, Object) and issubclass(kind.cls, tuple):
                    found[name] = kind.cls._fields  # type: ignore[attr-defined]
        return found

    @property
    def tuple_sizes(self) -> dict[str, int]:
        sizes = self.memo.get("sizes")
        if sizes is None:
            sizes = self.memo["sizes"] = {}
            facts = self.facts
            for name, kind in facts.params.items():
                if isinstance(kind, Tuple):
                    sizes[name] = len(kind.items)
            for s in ir.walk(self.function.body):
                if isinstance(s, ir.Assign) and isinstance(s.target, str):
                    kind = facts.kinds.get(id(s), UNKNOWN)
                    if isinstance(kind, Tuple):
                        sizes[s.target] = max(sizes.get(s.target, 0), len(kind.items))
                elif isinstance(s, ir.For) and isinstance(s.target, str):
                    kind = facts.exit_kinds.get(s.target, UNKNOWN)
                    if isinstance(kind, Tuple):
                        sizes[s.target] = max(sizes.get(s.target, 0), len(kind.items))
        return sizes

    def _accumulate(
        self, key: Any, value: Any, kind: Kind, *, scalar: bool, maybe: bool = False
    ) -> None:
        """``d_key += value``; the first accumulation is an assignment."""
        name = self._d(key)
        state = self.states.get(key)
        if state is not None:
            self._need_array(key)
        if state is None:
            self._emit(name, value)
            self.states[key] = "maybe" if maybe else "value"
            return
        if scalar or (isinstance(kind, Array) and state != "maybe" and not maybe):
            total = _sum(ir.Var(name), value)
            if scalar:  # never for arrays: += would write into what others hold
                total = ir.Op(f"i{total.name}", total.args)
            self._emit(name, total)
            self.states[key] = "maybe" if maybe and state == "maybe" else "value"
            return
        self._emit(name, call(self.runtime.add, ir.Var(name), value))
        self.states[key] = "maybe" if maybe and state == "maybe" else "value"

    def _give(self, s: ir.Stmt, atom: Any, value: Any, kind: Kind, maybe: bool = False) -> None:
        """Add `value` to the cotangent of an operand of `s`."""
        if isinstance(atom, ir.Star):
            atom = atom.value
        if not self.facts.is_active(atom):
            return
        var = atom.name
        scalar = var in self.scalars
        if var in self.facts.buffers:
            self._give_to_buffer(var, value, maybe)
            return
        if var in self.facts.identity and not is_atomic(kind):
            held = ir.Var(self.versions.residual(s, var))
            sunk = call(self.runtime.sink, self.acc, held, value)
            if isinstance(kind, Array):
                self._emit(None, sunk)
                return
            self._accumulate(var, sunk, kind, scalar=False, maybe=True)
            return
        self._accumulate(var, value, kind, scalar=scalar, maybe=maybe)

    # --- control flow -------------------------------------------------------------------------

    def _reverse_block(self, block: ir.Block) -> None:
        for s in reversed(block):
            self.loc = s.loc
            if isinstance(s, ir.Assign):
                self._reverse_assign(s)
            elif isinstance(s, ir.If):
                self._reverse_if(s)
            elif isinstance(s, (ir.For, ir.While)):
                self._reverse_loop(s)

    def _captured(
        self, block: ir.Block, states: dict[Any, str]
    ) -> tuple[list[Any], dict[Any, str]]:
        """The reverse of `block` from `states`: its statements and the states after it."""
        saved_out, saved_states = self.out, self.states
        self.out, self.states = [], dict(states)
        self._reverse_block(block)
        result = self.out, self.states
        self.out, self.states = saved_out, saved_states
        return result

    def _reverse_if(self, s: ir.If) -> None:
        decided = self.facts.decided.get(id(s))
        if decided is not None:
            self._reverse_block(s.body if decided else s.orelse)
            return
        before = dict(self.states)
        body, body_states = self._captured(s.body, before)
        orelse, orelse_states = self._captured(s.orelse, before)
        merged = self._merge(body, body_states, orelse, orelse_states)
        self.states = merged
        self.loc = s.loc
        if not body and not orelse:
            return
        test = s.test
        if isinstance(test, ir.Var):
            test = ir.Var(self._test_at(s, test))
        self.out.append(ir.If(test, tuple(body), tuple(orelse), s.loc))

    def _test_at(self, s: ir.If, test: ir.Var) -> str:
        """The residual of a test; of a mutable value, which may be empty later, its truth."""
        if is_atomic(self.facts.kind(s, test)):
            return self.versions.residual(s, test.name)
        key = ("test", id(s))
        if key not in self.memo:
            name = self.memo[key] = self.versions.extra(s, "holds")
            truth = call(ir.Known(bool, "bool"), test)
            self.before.setdefault(id(s), []).append(ir.Assign(name, truth, s.loc))
        name = self.memo[key]
        assert isinstance(name, str)
        return name

    def _merge(
        self, out_a: list[Any], a: dict[Any, str], out_b: list[Any], b: dict[Any, str]
    ) -> dict[Any, str]:
        """Make the states after two alternatives agree, adding zeros where one has none."""
        merged: dict[Any, str] = {}
        for key in {**a, **b}:
            state_a, state_b = a.get(key), b.get(key)
            if state_a is None:
                state_a = self._zero(out_a, key)
            if state_b is None:
                state_b = self._zero(out_b, key)
            merged[key] = min(state_a, state_b, key=_ORDER.index)
        return merged

    def _zero(self, out: list[Any], key: Any) -> str:
        """Assign a zero to a cotangent variable; the state that it is in then."""
        if key in self.scalars:
            out.append(ir.Assign(self._d(key), ir.Lit(0.0), self.loc))
            return "value"
        if key in self.facts.buffers:
            out.append(ir.Assign(self._d(key), self._new_buffer(key), self.loc))
            return "owned"
        out.append(ir.Assign(self._d(key), _ZERO, self.loc))
        return "maybe"

    def _state_of_zero(self, key: Any) -> str:
        """The state in which `_zero` leaves a cotangent variable."""
        if key in self.facts.buffers:
            return "owned"
        return "value" if key in self.scalars else "maybe"

    def _guarded(self, s: ir.Stmt, name: str, emit: Any) -> None:
        """Emit under ``if d_name is not ZERO``."""
        before = dict(self.states)
        saved, self.out = self.out, []
        emit()
        body, states = self.out, self.states
        self.out = saved
        other: list[Any] = []
        merged = self._merge(body, states, other, before)
        if body or other:
            test = ir.Op("is_not", (ir.Var(name), _ZERO))
            self.out.append(ir.If(test, tuple(body), tuple(other), s.loc))
        self.states = merged

    def _reverse_loop(self, s: Any) -> None:
        entry = dict(self.states)
        items = self._begin_items(s)
        self._prepare_buffers(s, entry)
        builders = self._begin_builders(s)
        start = dict(self.states)
        states = dict(self.states)
        is_outermost = self.versions.where[id(s)][0].loop is None
        if is_outermost:
            self.by_item, self.as_whole = set(), set()
        for _ in range(8):
            body, after = self._loop_body(s, states, items)
            joined = dict(states)
            for key, state in after.items():
                old = joined.get(key)
                if old is None:
                    joined[key] = self._state_of_zero(key)
                else:
                    joined[key] = min(old, state, key=_ORDER.index)
            for key, state in states.items():
                if key not in after:  # consumed: reset to zero for the next iteration
                    joined[key] = min(state, self._state_of_zero(key), key=_ORDER.index)
            if joined == states:
                break
            states = joined
        self.loc = s.loc
        for key in states:
            if key not in after:
                self._zero(body, key)
        for key, state in states.items():
            if key not in start:
                self._zero(self.out, key)
            self.states[key] = state
        if body or items is not None:
            if is_outermost and body:
                self._make_lists(self._tape(s))
            self._emit_loop(s, body)
        self._end_builders(builders)
        self._end_items(s, items)

    def _loop_body(
        self, s: Any, states: dict[Any, str], items: str | None
    ) -> tuple[list[Any], dict[Any, str]]:
        saved_out, saved_states = self.out, self.states
        self.out, self.states = [], dict(states)
        self._reverse_block(s.body)
        if isinstance(s, ir.While):
            self._reverse_block(s.test_body)
        if items is not None:
            self.loc = s.loc
            d_item = self._consume(s.target)
            self._emit(None, ir.Call(ir.Op("getattr", (ir.Var(items), ir.Lit("give"))), (d_item,)))
        elif isinstance(s, ir.For):
            assert isinstance(s.target, str)  # tuples have been split
            self._drop(s.target)  # each iteration assigns it anew
        result = self.out, self.states
        self.out, self.states = saved_out, saved_states
        return result

    def _emit_loop(self, s: Any, body: list[Any]) -> None:
        scope = self.versions.scopes[id(s)]
        self._tape(s)
        # Residual names are only complete once everything is generated: see _finish_loops.
        loop = ir.For(_Pending(scope), call(ir.Known(reversed, "reversed"), ir.Var(scope.tape)),
                      tuple(body), None, s.loc)  # fmt: skip
        self.out.append(loop)

    def _tape(self, s: Any) -> str:
        """The variable that holds what the iterations of a loop saved."""
        scope = self.versions.scopes[id(s)]
        if not scope.tape:
            scope.tape = self.names.numbered("saved")
            owner, conditional = self.versions.where[id(s)]
            if owner.loop is not None:
                owner.residuals[scope.tape] = None
                if conditional:
                    owner.start_inits.append(scope.tape)
        return scope.tape

    # --- iteration over active values ---------------------------------------------------------

    def _begin_items(self, s: Any) -> str | None:
        """A reverse loop over active items gives the cotangent of each back to its source."""
        site = self.facts.sites.get(id(s))
        if not isinstance(s, ir.For) or site is None or site.form != "iterate":
            return None
        if not self.facts.is_active(s.iter):
            return None
        name = self.memo.get(("items", id(s)))
        if name is None:
            name = self.memo["items", id(s)] = self.names.numbered("giver")
            pb = self.memo["iterate", id(s)] = self.versions.extra(s, "pb")
            items_name = self.names.numbered("items")
            assert isinstance(s.iter, ir.Var)
            by_identity = ir.Lit(s.iter.name in self.facts.identity)
            begun = ir.Assign(
                (items_name, pb), call(self.runtime.iterate, s.iter, by_identity), s.loc
            )
            self.before.setdefault(id(s), []).append(begun)
            self.replaced[id(s)] = ir.Var(items_name)
        acc = self.acc if self.facts.summary.needs_acc else ir.Lit(None)
        count = call(ir.Known(len, "len"), ir.Var(self._tape(s)))
        self._emit(name, call(ir.Var(self.memo["iterate", id(s)]), count, acc))
        return name

    def _end_items(self, s: Any, items: str | None) -> None:
        if items is None:
            return
        self.loc = s.loc
        kind = self.facts.kind(s, s.iter)
        d = call(ir.Op("getattr", (ir.Var(items), ir.Lit("finish"))))
        self._accumulate(s.iter.name, d, kind, scalar=False, maybe=True)

    # --- lists made by comprehensions ---------------------------------------------------------

    def _begin_builders(self, s: Any) -> list[str]:
        """Lists that this loop appends to: unpack their cotangent, to be popped item by item."""
        found: list[str] = []
        inside = set(self._assigned_in(s))
        for inner in ir.walk((s,)):
            if isinstance(inner, ir.Assign) and self._form(inner) == "append":
                name = _args(inner)[0].name
                if name not in self.builders and name not in found and name not in inside:
                    found.append(name)
        for name in found:
            d_list = self.memo.get(("builder", id(s), name))
            if d_list is None:
                d_list = self.memo["builder", id(s), name] = self.names.numbered(f"d_{name}_items")
            self.builders[name] = d_list
            self.loc = s.loc
            if name in self.facts.identity:
                held = ir.Var(self._builder_residual(s, name))
                d = call(self.runtime.take, self.acc, held, self._consume(name))
            else:
                d = self._consume(name)
            # A mutable box [cotangent, length], popped from the end.
            self._emit(
                d_list, call(self.runtime.pop_items, d, ir.Var(self._builder_residual(s, name)))
            )
        return found

    def _builder_residual(self, s: Any, name: str) -> str:
        """The list itself, as it is after the loop `s`."""
        key = ("built", id(s), name)
        held = self.memo.get(key)
        if held is None:
            held = self.memo[key] = self.versions.extra(s, name)
            self.after.setdefault(id(s), []).append(
                ir.Assign(held, call(self.runtime.hold, ir.Var(name)), s.loc)
            )
        return held

    def _end_builders(self, found: list[str]) -> None:
        for name in found:
            del self.builders[name]

    # --- array buffers ------------------------------------------------------------------------

    def _prepare_buffers(self, s: Any, entry: dict[Any, str]) -> None:
        """Cotangent arrays that the loop adds to item by item are owned before it starts."""
        wanted: dict[str, ir.Stmt] = {}
        inside = set(self._assigned_in(s))
        for inner in ir.walk((s,)):
            if isinstance(inner, ir.Assign) and self._form(inner) == "array_read":
                owner = _args(inner)[0]
                if (
                    isinstance(owner, ir.Var) and self.facts.is_active(owner)
                    and owner.name not in self.facts.identity and owner.name not in inside
                ):  # fmt: skip
                    wanted.setdefault(owner.name, inner)
        for var, inner in wanted.items():
            self.loc = s.loc
            self._own(inner, var)

    def _assigned_in(self, s: Any) -> list[str]:
        key = ("assigned", id(s))
        if key not in self.memo:
            names = []
            for inner in ir.walk((s,)):
                if isinstance(inner, (ir.Assign, ir.For)):
                    targets = inner.target if isinstance(inner.target, tuple) else (inner.target,)
                    names += [t for t in targets if t is not None]
            self.memo[key] = names
        return self.memo[key]

    def _own(self, s: ir.Stmt, var: str) -> None:
        """Make ``d_var`` an array of its own that may be added to in place."""
        state = self.states.get(var)
        if state == "owned":
            return
        d = self._d(var)
        x = ir.Var(self.versions.residual(s, var))
        if state is None:
            self._emit(d, call(self.runtime.zeros_for, x))
        else:
            self._emit(d, call(self.runtime.owned, ir.Var(d), x))
        self.states[var] = "owned"

    # --- statements ---------------------------------------------------------------------------

    def _form(self, s: ir.Assign) -> str:
        site = self.facts.sites.get(id(s))
        return site.form if site is not None else "inert"

    def _reverse_assign(self, s: ir.Assign) -> None:
        site = self.facts.sites.get(id(s))
        if site is None or site.form == "inert":
            # An inactive value overwrites the variable: what came later does not reach back.
            if isinstance(s.target, str):
                self._drop(s.target)
            return
        getattr(self, f"_reverse_{site.form}")(s, site)

    def _drop(self, var: str) -> None:
        for key in (var, *self._slots(var)):
            self.states.pop(key, None)

    def _has_cotangent(self, var: Any) -> TypeGuard[str]:
        return isinstance(var, str) and (var in self.states or bool(self._slots(var)))

    def _by_identity(self, s: ir.Assign) -> bool:
        kind = self.facts.kinds.get(id(s), UNKNOWN)
        return (
            isinstance(s.target, str)
            and s.target in self.facts.identity
            and s.target in self.facts.active
            and not is_atomic(kind)
        )

    def _result_cotangent(self, s: ir.Assign) -> Any | None:
        """The cotangent of the value that `s` creates; None if it is known to be zero.

        Returns an atom (or a display of atoms).
        """
        if not self._by_identity(s):
            return self._consume(s.target) if self._has_cotangent(s.target) else None
        assert isinstance(s.target, str)
        d = self._consume(s.target) if self._has_cotangent(s.target) else _ZERO
        name = self._created(s)
        taken = ir.Var(self.names.numbered(f"d_{s.target}"))
        self._emit(taken.name, call(self.runtime.take, self.acc, ir.Var(name), d))
        return taken

    def _created(self, s: ir.Assign) -> str:
        """The residual that holds what `s` creates: a rule makes containers with all they hold."""
        assert isinstance(s.target, str)
        is_plain = isinstance(self.facts.kinds.get(id(s), UNKNOWN), Array)
        if is_plain or self._form(s) not in ("rule", "elementwise"):
            return self.versions.residual_after(s, s.target)
        key = ("created", id(s))
        if key not in self.memo:
            name = self.memo[key] = self.versions.extra(s, s.target)
            held = call(self.runtime.hold, ir.Var(s.target))
            self.after.setdefault(id(s), []).append(ir.Assign(name, held, s.loc))
        return self.memo[key]

    def _with_cotangent(
        self, s: ir.Assign, emit: Any, *, scalars_may_be_zero: bool = False
    ) -> None:
        """Run `emit(d)` for the result's cotangent, under a guard where that may be ZERO.

        Arithmetic with ZERO works, so that operators on numbers need no guard.
        """
        by_identity = self._by_identity(s)
        state = self.states.get(s.target) if not by_identity else "maybe"
        unguarded = scalars_may_be_zero and s.target in self.scalars
        d = self._result_cotangent(s)
        if d is None:
            return
        if state == "maybe" and not unguarded and isinstance(d, ir.Var):
            self._guarded(s, d.name, lambda: emit(d))
        else:
            emit(d)

    def _reverse_copy(self, s: ir.Assign, site: Site) -> None:
        source: Any = site.operands[0] if site.operands else s.value
        if not self._has_cotangent(s.target):
            return
        assert isinstance(s.target, str)
        maybe = self.states.get(s.target) == "maybe"
        if not self.facts.is_active(source):
            self._drop(s.target)
            return
        kind = self.facts.kind(s, source)
        slots = self._slots(s.target)
        if slots and s.target not in self.states and source.name != s.target:
            for key in slots:  # each on its own: no container is built to be taken apart
                part = self.states.pop(key)
                own = (source.name, key[1])
                scalars: set[Any] = self.scalars
                if key in scalars:
                    scalars.add(own)
                self._accumulate(
                    own, ir.Var(self._d(key)), UNKNOWN, scalar=own in scalars,
                    maybe=part == "maybe",
                )  # fmt: skip
            return
        d = self._consume(s.target)
        self._accumulate(source.name, d, kind, scalar=source.name in self.scalars, maybe=maybe)

    def _reverse_elementwise(self, s: ir.Assign, site: Site) -> None:
        maybe = self.states.get(s.target) == "maybe" and s.target in self.scalars
        self._with_cotangent(
            s, lambda d: self._elementwise(s, site, d, maybe), scalars_may_be_zero=True
        )

    def _elementwise(self, s: ir.Assign, site: Site, d: Any, maybe: bool) -> None:
        facts = self.facts
        operands = site.operands
        kinds = tuple(facts.kind(s, a) for a in operands)
        result = facts.kinds[id(s)]
        places = tuple(
            ir.Var(f"<{i}>") if isinstance(a, ir.Var) else a for i, a in enumerate(operands)
        )
        y_place = ir.Var("<y>")
        same = len(operands) == 2 and operands[0] == operands[1] and isinstance(operands[0], ir.Var)

        def contributions(d: Any) -> list[Any]:
            found = partials.contributions(
                site.rule, site.function, places, kinds, result, d, y_place
            )
            if same and facts.is_active(operands[0]):
                return [_double(found[0], found[1]), None]
            return found

        found = contributions(d)
        if s.target in self.uniform:
            wanted = [v for a, v in zip(operands, found, strict=True) if facts.is_active(a)]
            if all(v is None or _spans(v, operands, kinds, d) for v in wanted):
                found = [None if v is None else _number_first(v, d) for v in found]
            else:
                assert isinstance(result, Array)
                dtype = ir.Known(result.dtype, result.dtype.name)
                shape = ir.Op("getattr", (y_place, ir.Lit("shape")))
                whole = self._fill(s, call(ir.Known(filled, "filled"), shape, d, dtype), operands)
                self._emit(d.name, whole)
        gives = []
        for i, (atom, value) in enumerate(zip(operands, found, strict=True)):
            if value is None or not facts.is_active(atom):
                continue
            gives.append((atom, kinds[i], self._fill(s, value, operands)))
        # The cotangent of a variable that is also the target is assigned last.
        gives.sort(key=lambda g: g[0].name == s.target)
        for atom, kind, value in gives:
            projected = self._projected(s, value, atom, kind, result, operands)
            self._give(s, atom, projected, kind, maybe)

    def _fill(self, s: ir.Assign, value: Any, operands: tuple[Any, ...]) -> Any:
        """Replace placeholders by the residuals of operands and result."""

        def go(e: Any) -> Any:
            if isinstance(e, ir.Var):
                if e.name == "<y>":
                    return ir.Var(self._value_after(s))
                if e.name.startswith("<"):
                    return ir.Var(self._value_at(s, operands[int(e.name[1:-1])].name))
                return e
            if isinstance(e, ir.Op):
                if e.name == "getattr" and e.args[1].value in ("shape", "size"):
                    owner = e.args[0]
                    if owner == ir.Var("<y>"):
                        return self._attribute_after(s, e.args[1].value)
                    if isinstance(owner, ir.Var) and owner.name[1:-1].isdigit():
                        var = operands[int(owner.name[1:-1])].name
                        return self._attribute_at(s, var, e.args[1].value)
                return ir.Op(e.name, tuple(map(go, e.args)))
            if isinstance(e, ir.Call):
                kwargs = tuple((k, go(v)) for k, v in e.kwargs)
                return ir.Call(go(e.func), tuple(map(go, e.args)), kwargs)
            return e

        return go(value)

    def _value_at(self, s: ir.Stmt, var: str) -> str:
        """The residual that holds the *value* of an operand (copied if it may be written later)."""
        kind = self.facts.kind(s, ir.Var(var))
        if var not in self.facts.written or is_atomic(kind):
            return self.versions.residual(s, var)
        key = ("value", id(s), var)
        if key not in self.memo:
            name = self.memo[key] = self.versions.extra(s, var)
            copied = self._copy_of(var, kind)
            self.before.setdefault(id(s), []).append(ir.Assign(name, copied, s.loc))
        return self.memo[key]

    def _copy_of(self, var: str, kind: Kind) -> ir.Call:
        if isinstance(kind, Array):
            return ir.Call(ir.Op("getattr", (ir.Var(var), ir.Lit("copy"))))
        return call(self.runtime.copy_value, ir.Var(var))

    def _value_after(self, s: ir.Assign) -> str:
        assert isinstance(s.target, str)
        var = s.target
        kind = self.facts.kinds.get(id(s), UNKNOWN)
        if var not in self.facts.written or is_atomic(kind):
            return self.versions.residual_after(s, var)
        key = ("value after", id(s))
        if key not in self.memo:
            name = self.memo[key] = self.versions.extra(s, var)
            copied = self._copy_of(var, kind)
            self.after.setdefault(id(s), []).append(ir.Assign(name, copied, s.loc))
        return self.memo[key]

    def _shape_at(self, s: ir.Stmt, var: str) -> Any:
        """The shape of an array operand; the array itself is not kept for it in loops."""
        return self._attribute_at(s, var, "shape")

    def _attribute_at(self, s: ir.Stmt, var: str, name: str) -> Any:
        scope, _ = self.versions.where[id(s)]
        if scope.loop is None and self._keeps_shape(var):
            return ir.Op("getattr", (ir.Var(self.versions.residual(s, var)), ir.Lit(name)))
        key = (name, id(s), var)
        if key not in self.memo:
            extra = self.memo[key] = self.versions.extra(s, f"{var}_{name}")
            value = ir.Op("getattr", (ir.Var(var), ir.Lit(name)))
            self.before.setdefault(id(s), []).append(ir.Assign(extra, value, s.loc))
        return ir.Var(self.memo[key])

    def _keeps_shape(self, var: str) -> bool:
        """Whether an array cannot be given another shape (arrays with buffers are only indexed)."""
        return var not in self.facts.written or var in self.facts.buffers

    def _has_shape_of_result(self, s: ir.Assign, atom: ir.Var) -> bool:
        """Whether an operand certainly has the shape of the result: nothing was broadcast."""
        if not self.shapes:
            self.shapes[None] = None
            self._note_shapes(self.function.body)
        operand = self.versions.uses.get((id(s), atom.name))
        result = self.versions.definitions.get((id(s), str(s.target)))
        found = self.shapes.get(result)
        return found is not None and self.shapes.get(operand, operand) is found

    def _note_shapes(self, block: ir.Block) -> None:
        """Elementwise results have the shape of their array operands, where these have one."""
        facts = self.facts
        for s in ir.walk(block):
            if not isinstance(s, ir.Assign) or self._form(s) not in ("elementwise", "copy"):
                continue
            if not isinstance(facts.kinds.get(id(s)), Array) or s.target in facts.written:
                continue
            site = facts.sites[id(s)]
            operands = site.operands or (s.value,)
            arrays = [a for a in operands if not is_number(facts.kind(s, a))]
            names = [getattr(a, "name", None) for a in arrays]
            if any(name is None or name in facts.written for name in names):
                continue
            versions = [self.versions.uses.get((id(s), str(name))) for name in names]
            found = {id(self.shapes.get(v, v)): self.shapes.get(v, v) for v in versions}
            if len(found) == 1 and None not in versions:
                self.shapes[self.versions.definitions[id(s), str(s.target)]] = found.popitem()[1]

    def _attribute_after(self, s: ir.Assign, name: str) -> Any:
        """The same of the result of `s`."""
        scope, _ = self.versions.where[id(s)]
        var = str(s.target)
        if scope.loop is None and self._keeps_shape(var):
            return ir.Op("getattr", (ir.Var(self.versions.residual_after(s, var)), ir.Lit(name)))
        key = (name, "after", id(s))
        if key not in self.memo:
            extra = self.memo[key] = self.versions.extra(s, f"{var}_{name}")
            value = ir.Op("getattr", (ir.Var(var), ir.Lit(name)))
            self.after.setdefault(id(s), []).append(ir.Assign(extra, value, s.loc))
        return ir.Var(self.memo[key])

    def _projected(
        self, s: ir.Assign, value: Any, atom: ir.Var, kind: Kind, result: Kind, operands: Any
    ) -> Any:
        """Bring a contribution to the shape and dtype of the operand that it is for."""
        if is_number(kind) and is_number(result):
            if _same_number(kind, result):
                return value
            held = ir.Var(self.versions.residual(s, atom.name))
            return call(self.runtime.project, value, held)
        if atom.name in self.facts.buffers and is_same_field(kind, result):
            return value  # summed, where it was broadcast, when it is added to the buffer
        if isinstance(kind, Array) and isinstance(result, Array) and kind.dtype == result.dtype:
            if kind.dtype.kind in "fc":
                others = {o for o in operands if isinstance(self.facts.kind(s, o), Array)}
                if len(others) == 1 or self._has_shape_of_result(s, atom):
                    return value
                return call(self.runtime.unbroadcast, value, self._shape_at(s, atom.name))
        held = ir.Var(self.versions.residual(s, atom.name))
        return call(self.runtime.project, value, held)

    def _reverse_rule(self, s: ir.Assign, site: Site) -> None:
        self._with_cotangent(s, lambda d: self._rule(s, site, d))

    def _rule(self, s: ir.Assign, site: Site, d: Any) -> None:
        """A primitive with an ``@adjoint`` rule: inlined, or else called in the forward."""
        facts = self.facts
        found = self._read_rule(s, site)
        if found is not None and self._inlined_rule(s, site, d, found):
            return
        pb = self._replaced_call(s, lambda: self._rule_call(s, site))
        slots = _rule_slots(site.rule, site.operands, site.kwargs)
        wanted = [a if a is not None and facts.is_active(a) else None for a in slots]
        targets = tuple(
            self.names.numbered("d_arg") if a is not None else self.names.numbered("_")
            for a in wanted
        )
        pulled = call(ir.Var(pb), d)
        if site.rule.primal_is_user:
            pulled = call(
                self.runtime.checked, ir.Known(site.rule, "rule"), pulled, ir.Lit(len(slots))
            )
        self._emit(targets, pulled)
        for name, atom in zip(targets, wanted, strict=True):
            if atom is None:
                continue
            kind = facts.kind(s, atom)
            held = ir.Var(self.versions.residual(s, atom.name))
            projected = call(self.runtime.project, ir.Var(name), held)
            self._give(s, atom, projected, kind, maybe=True)

    def _read_rule(self, s: ir.Assign, site: Site) -> inline.Inlined | None:
        """The rule as straight-line code for the kinds at `s`, if it becomes that."""
        key = ("inlined", id(s))
        if key not in self.memo:
            atoms = [*site.operands, *(a for _, a in site.kwargs)]
            places = [ir.Var(f"<{i}>") if isinstance(a, ir.Var) else a for i, a in enumerate(atoms)]
            n = len(site.operands)
            names = [name for name, _ in site.kwargs]
            kinds = tuple(self.facts.kind(s, a) for a in atoms)
            found = None
            if not any(isinstance(a, ir.Star) for a in atoms) and isinstance(s.target, str):
                kwargs = tuple(zip(names, places[n:], strict=True))
                found = inline.read_rule(
                    site.rule, tuple(places[:n]), kwargs, kinds, self.facts.kinds[id(s)]
                )
            self.memo[key] = found
        return self.memo[key]

    def _inlined_rule(self, s: ir.Assign, site: Site, d: Any, found: inline.Inlined) -> bool:
        """Emit the expressions of an inlined rule; False if that cannot be."""
        facts = self.facts
        atoms = [*site.operands, *(a for _, a in site.kwargs)]
        slots = _rule_slots(site.rule, site.operands, site.kwargs)
        if len(slots) != len(found.cotangents):
            return False
        wanted = [
            i for i, (a, c) in enumerate(zip(slots, found.cotangents, strict=True))
            if c is not None and facts.is_active(a)
        ]  # fmt: skip
        plan = inline.plan(found, wanted)
        if plan.forward and {a.name for a in atoms if isinstance(a, ir.Var)} & facts.written:
            return False
        env = self._place_forward(s, atoms, plan)
        if not isinstance(d, ir.Var):
            held = ir.Var(self.names.numbered("d"))
            self._emit(held.name, d)
            d = held
        env[inline.D_Y] = d
        for place, value in plan.backward:
            local = ir.Var(self.names.numbered(_local_name(place)))
            self._emit(local.name, self._fill(s, inline.substitute(value, env), tuple(atoms)))
            env[place] = local
        gives = []
        number = self._uniform_value(s, slots, found, wanted, plan)
        if number is not None:
            var = slots[wanted[0]].name
            self._emit(self._d(var), self._fill(s, inline.substitute(number, env), tuple(atoms)))
            self.states[var] = "value"
            self.uniform.add(var)
            return True
        for i, value in zip(wanted, plan.cotangents, strict=True):
            value = self._fill(s, inline.substitute(value, env), tuple(atoms))
            gives.append((slots[i], found.cotangents[i], value))
        if len(gives) > 1 and any(a.name == s.target for a, _, _ in gives):
            for k, (atom, c, value) in enumerate(gives):
                name = self.names.numbered("d_arg")
                self._emit(name, value)
                gives[k] = (atom, c, ir.Var(name))
        for atom, c, value in gives:
            assert c is not None
            projected = self._fitted(s, value, atom, c, atoms)
            self._give(s, atom, projected, facts.kind(s, atom), maybe=not c.is_certain)
        return True

    def _uniform_value(
        self, s: ir.Assign, slots: list[Any], found: inline.Inlined, wanted: list[int], plan: Any
    ) -> Any:
        """The number that a cotangent array would be filled with, where a number will do.

        It will where the array's cotangent is used once, by the elementwise operation that
        computed it in this block.
        """
        if len(wanted) != 1 or not is_number(self.facts.kinds[id(s)]):
            return None
        atom, c, value = slots[wanted[0]], found.cotangents[wanted[0]], plan.cotangents[0]
        kind = self.facts.kind(s, atom)
        made = self._made_once_for(s, atom.name)
        if not (isinstance(value, ir.Call) and value.func == ir.Known(filled, "filled")):
            return None
        if made is None or not isinstance(kind, Array) or self.facts.kinds.get(id(made)) != kind:
            return None
        if c is None or not isinstance(c.kind, Array) or c.kind.dtype != kind.dtype:
            return None
        t = number_type(self.facts.kinds[id(s)])
        if kind.dtype.kind != "f" or t is None or t is not kind.dtype.type:
            return None
        return value.args[1] if _is_scalar(value.args[1]) else None

    def _made_once_for(self, s: ir.Assign, var: str) -> ir.Assign | None:
        """The elementwise statement of the block of `s` whose result only `s` uses, once."""
        facts = self.facts
        if var in facts.identity or var in facts.written or self.states.get(var) is not None:
            return None
        if self.versions.counts.get(var) != 1 or facts.function.result == ir.Var(var):
            return None
        if variables(s.value).count(var) != 1 or self.uses.get(var) != 1:
            return None
        made = self.makers.get(var)
        if made is None or self.blocks[id(made)] != self.blocks[id(s)]:
            return None
        return made if self._form(made) == "elementwise" else None

    def _place_forward(
        self, s: ir.Assign, atoms: list[Any], plan: inline.Plan
    ) -> dict[ir.Var, Any]:
        """Put a rule's local variables that the pullback needs into the forward."""
        env: dict[ir.Var, Any] = {}
        here: dict[ir.Var, Any] = {ir.Var(f"<{i}>"): a for i, a in enumerate(atoms)}
        here[ir.Var("<y>")] = ir.Var(str(s.target))
        for place, value in plan.forward:
            key = ("local", id(s), place)
            is_new = key not in self.memo
            if is_new:
                self.memo[key] = ir.Var(self.versions.extra(s, _local_name(place)))
            env[place] = here[place] = self.memo[key]
            if is_new:
                where = self.after if "<y>" in variables(value) else self.before
                assign = ir.Assign(env[place].name, inline.substitute(value, here), s.loc)
                where.setdefault(id(s), []).append(assign)
        if plan.value is not None:
            value = inline.substitute(plan.value, here)
            self.replaced[id(s)] = ir.Assign(s.target, value, s.loc)
        return env

    def _fitted(
        self, s: ir.Assign, value: Any, atom: ir.Var, c: inline.Cotangent, atoms: list[Any]
    ) -> Any:
        """Bring what a rule gives to the shape and dtype of the operand, where that is needed."""
        kind = self.facts.kind(s, atom)
        if isinstance(kind, Array) and kind.dtype.kind in "fc":
            has_shape = c.shape_of is True or (
                c.shape_of is not None and c.shape_of.name.startswith("<")
                and c.shape_of.name[1:-1].isdigit() and atoms[int(c.shape_of.name[1:-1])] == atom
            )  # fmt: skip
            has_dtype = isinstance(c.kind, Array) and c.kind.dtype == kind.dtype
            if has_shape and has_dtype and c.is_certain:
                return value
            dtype = ir.Known(kind.dtype, kind.dtype.name)
            return call(ir.Known(fit, "fit"), value, self._shape_at(s, atom.name), dtype)
        held = ir.Var(self.versions.residual(s, atom.name))
        return call(self.runtime.project, value, held)

    def _rule_call(self, s: ir.Assign, site: Site) -> ir.Call:
        forward = ir.Known(site.rule.forward, f"{partials._short(site.rule.name)}_rule")
        atoms = [*site.operands, *(a for _, a in site.kwargs)]
        names = {a.name for a in atoms if isinstance(a, ir.Var)} | {s.target}
        if names & self.facts.written:
            # The rule may have kept arrays that will be written over.
            pb = ir.Var(self.memo["pb", id(s)])
            held = sorted(name for name in names if isinstance(name, str))
            values = ir.Op("tuple", tuple(map(ir.Var, held)))
            copied = ir.Assign(pb.name, call(self.runtime.protect, pb, values), s.loc)
            self.after.setdefault(id(s), []).append(copied)
        return ir.Call(forward, site.operands, site.kwargs)

    def _replaced_call(self, s: ir.Assign, make: Any) -> str:
        """Replace the primal statement by ``target, pb = call``; the residual name of `pb`."""
        key = ("pb", id(s))
        if key not in self.memo:
            pb = self.memo[key] = self.versions.extra(s, "pb")
            target = s.target
            assert not isinstance(target, tuple)
            if target is None:
                target = self.names.numbered("_")
            self.replaced[id(s)] = ir.Assign((target, pb), make(), s.loc)
        return self.memo[key]

    def _reverse_callee(self, s: ir.Assign, site: Site) -> None:
        summary = site.callee.summary
        state = self.states.get(s.target)
        d: Any
        if self._by_identity(s):
            d = self._result_cotangent(s)
        elif self._has_cotangent(s.target):
            d = self._result_cotangent(s)
        elif summary.needs_acc:
            d = _ZERO if not is_number(summary.result) else ir.Lit(0.0)
        else:
            return
        maybe = isinstance(d, ir.Var) and state == "maybe" and not summary.needs_acc
        if maybe:
            self._guarded(s, d.name, lambda: self._callee(s, site, d))
        else:
            self._callee(s, site, d)

    def _callee(self, s: ir.Assign, site: Site, d: Any) -> None:
        pb = self._replaced_call(s, lambda: self._callee_call(s, site))
        args = (d, self.acc) if site.callee.summary.needs_acc else (d,)
        targets = []
        gives = []
        for name, _ in site.callee.params:
            atom = site.binding.get(name)
            if atom is not None and self.facts.is_active(atom):
                d_name = self.names.numbered(f"d_{_identifier(name)}")
                gives.append((d_name, atom))
            else:
                d_name = self.names.numbered("_")
            targets.append(d_name)
        pulled = call(ir.Var(pb), *args)
        if not targets:
            self._emit(None, pulled)
            return
        self._emit(tuple(targets), pulled)
        for d_name, atom in gives:
            kind = self.facts.kind(s, atom)
            self._give(s, atom, ir.Var(d_name), kind, maybe=True)

    def _callee_call(self, s: ir.Assign, site: Site, function: Any = None) -> ir.Call:
        callee = site.callee
        forward = ir.Known(
            callee.handle(function or site.function), f"{_identifier(callee.name)}_forward"
        )
        args, kwargs = [], []
        still_positional = True
        for name, kind in callee.params:
            if name not in site.binding:
                still_positional = False
                continue
            atom = site.binding[name]
            if kind == "positional" and still_positional:
                args.append(atom)
            else:
                kwargs.append((name, atom))
        return ir.Call(forward, tuple(args), tuple(kwargs))

    def _reverse_construct_fields(self, s: ir.Assign, site: Site) -> None:
        """A constructor: a function gives the fields, which are then put into an object."""
        assert isinstance(s.target, str)
        target = s.target
        key = ("pb", id(s))
        if key not in self.memo:
            self.memo[key] = self.versions.extra(s, "pb")
            fields = self.names.numbered("fields")
            cls = ir.Known(site.function, _identifier(site.function.__name__))
            made = call(self.runtime.build_object, cls, ir.Lit(site.fields), ir.Var(fields))
            forward = self._callee_call(s, site, site.slot)
            self.before.setdefault(id(s), []).append(
                ir.Assign((fields, self.memo[key]), forward, s.loc)
            )
            self.replaced[id(s)] = ir.Assign(target, made, s.loc)
        if self._by_identity(s):
            d = self._result_cotangent(s)
            parts: dict[str, Any] = {
                name: call(self.runtime.slot, d, ir.Lit(name)) for name in site.fields
            }
        else:
            parts = {}
            slots = {k[1] for k in self._slots(target)}
            for slot in slots:
                self.states.pop((target, slot))
                if slot in site.fields:
                    parts[slot] = ir.Var(self._d((target, slot)))
            whole = self.states.pop(target, None)
            if whole is not None:
                for name in site.fields:
                    part = call(self.runtime.slot, ir.Var(self._d(target)), ir.Lit(name))
                    mine = parts.get(name)
                    parts[name] = part if mine is None else call(self.runtime.add, mine, part)
            if not parts and not site.callee.summary.needs_acc:
                return
        d = ir.Op("tuple", tuple(parts.get(name, _ZERO) for name in site.fields))
        self._callee(s, site, d)

    def _reverse_construct(self, s: ir.Assign, site: Site) -> None:
        self._spread(s, [(name, atom) for name, atom in site.binding.items()])

    def _reverse_build(self, s: ir.Assign, site: Site) -> None:
        args = _args(s)
        if site.slot == "dict":
            pairs = [(k.value, v) for k, v in zip(args[::2], args[1::2], strict=True)]
        else:
            pairs = list(enumerate(args))
        self._spread(s, pairs)

    def _spread(self, s: ir.Assign, pairs: list[tuple[Any, Any]]) -> None:
        """Hand the slots of a fresh container's cotangent to what was put in."""
        if self._by_identity(s):
            d: Any = self._result_cotangent(s)
            self._guarded(s, d.name, lambda: self._spread_whole(s, pairs, d))
            return
        target = s.target
        assert isinstance(target, str)
        slots = {k[1]: self.states.pop(k) for k in self._slots(target)}
        whole = self.states.pop(target, None)
        for slot, atom in pairs:
            if slot in slots and self.facts.is_active(atom):
                kind = self.facts.kind(s, atom)
                maybe = slots[slot] == "maybe"
                self._give(s, atom, ir.Var(self._d((target, slot))), kind, maybe=maybe)
        if whole is not None:
            d = ir.Var(self._d(target))
            if whole == "maybe":
                self._guarded(s, d.name, lambda: self._spread_whole(s, pairs, d))
            else:
                self._spread_whole(s, pairs, d)

    def _spread_whole(self, s: ir.Assign, pairs: list[tuple[Any, Any]], d: Any) -> None:
        for slot, atom in pairs:
            if self.facts.is_active(atom):
                value = call(self.runtime.slot, d, ir.Lit(slot))
                self._give(s, atom, value, self.facts.kind(s, atom), maybe=True)

    def _reverse_field(self, s: ir.Assign, site: Site) -> None:
        owner = _args(s)[0]
        if not self._has_cotangent(s.target) or not self.facts.is_active(owner):
            if isinstance(s.target, str):
                self._drop(s.target)
            return
        assert isinstance(s.target, str)
        maybe = self.states.get(s.target, "maybe") == "maybe"
        key = (owner.name, site.slot)
        kind = self.facts.kinds[id(s)]
        if is_number(kind):
            self.scalars.add(key)  # type: ignore[arg-type]
        d = self._consume(s.target)
        self._accumulate(key, d, kind, scalar=is_number(kind), maybe=maybe)

    _reverse_item = _reverse_field

    def _reverse_array_read(self, s: ir.Assign, site: Site) -> None:
        array, index = _args(s)
        kind = self.facts.kinds[id(s)]
        if array.name in self.facts.identity and not is_number(kind):
            if site.slot == "view" and self._by_identity(s):
                return  # its accumulator is a view of the array's: nothing has to move
            d = self._result_cotangent(s)
            if d is not None:
                self._guarded(s, d.name, lambda: self._scatter(s, array, index, d))
            return
        fresh = False
        if array.name not in self.facts.identity and self._has_cotangent(s.target):
            if self.facts.is_active(array):
                # Before the guard: the array is certain to be there afterwards.
                fresh = array.name not in self.states
                self._own(s, array.name)
        self._with_cotangent(s, lambda d: self._scatter(s, array, index, d, fresh))

    def _scatter(
        self, s: ir.Assign, array: ir.Var, index: Any, d: Any, fresh: bool = False
    ) -> None:
        is_view = isinstance(self.facts.kinds[id(s)], Array)
        is_view = is_view and is_basic(self.facts.kind(s, index))
        if not self.facts.is_active(array):
            return
        kind = self.facts.kind(s, index)
        index = self._index_at(s, index)
        if array.name in self.facts.identity:
            held = ir.Var(self.versions.residual(s, array.name))
            self._emit(None, call(self.runtime.add_region, self.acc, held, index, d))
            return
        self._own(s, array.name)
        if is_number(kind) and self.facts.kind(s, array) == VECTOR:
            self.by_item.add(array.name)
        else:
            self._need_array(array.name)
        d_array = ir.Var(self._d(array.name))
        if is_view and fresh:
            self._emit(None, ir.Op("setitem", (d_array, index, d)))
        elif is_view:
            self._emit(None, adds_to(ir.Op("getitem", (d_array, index)), d))
        elif is_number(self.facts.kinds[id(s)]):
            self._emit(None, ir.Op("iadd", (ir.Op("getitem", (d_array, index)), d)))
        else:
            self._emit(None, call(self.runtime.add_at, d_array, index, d))

    def _reverse_array_write(self, s: ir.Assign, site: Site) -> None:
        array, index, value = _args(s)
        if not self.facts.is_active(array) or id(s) in self.facts.self_writes:
            return
        held = ir.Var(self.versions.residual(s, array.name))
        index = self._index_at(s, index)
        taken = call(self.runtime.take_region, self.acc, held, index)
        if not self.facts.is_active(value):
            self._emit(None, taken)
            return
        kind = self.facts.kind(s, value)
        d = ir.Var(self.names.numbered("d_value"))
        self._emit(d.name, taken)
        v = ir.Var(self.versions.residual(s, value.name))
        self._guarded(
            s, d.name,
            lambda: self._give(
                s, value, call(self.runtime.project_written, d, v, held), kind, maybe=True
            ),
        )  # fmt: skip

    def _reverse_append(self, s: ir.Assign, site: Site) -> None:
        target, value = _args(s)
        box = self.builders.get(target.name)
        popped: Any
        if box is None:
            return
        popped = ir.Call(ir.Op("getattr", (ir.Var(box), ir.Lit("pop"))), ())
        kind = self.facts.kind(s, value)
        if not self.facts.is_active(value):
            self._emit(None, popped)
            return
        self._give(s, value, popped, kind, maybe=True)

    def _reverse_unpack(self, s: ir.Assign, site: Site) -> None:
        self._reverse_copy(s, site)

    def _reverse_generic(self, s: ir.Assign, site: Site) -> None:
        """The runtime decided in the forward; its pullback sinks what is held by identity."""
        facts = self.facts
        kind = facts.kinds.get(id(s), UNKNOWN)
        d: Any = ir.Lit(0.0) if is_number(kind) else _ZERO
        if self._has_cotangent(s.target):
            d = self._consume(s.target)
        pb = self._replaced_call(s, lambda: self._generic_call(s))
        operands = generic_operands(s.value)
        targets, gives = [], []
        for atom in operands:
            if facts.is_active(atom):
                name = self.names.numbered("d_arg")
                gives.append((name, atom))
            else:
                name = self.names.numbered("_")
            targets.append(name)
        pulled = call(ir.Var(pb), d, self.acc)
        if not gives:
            self._emit(None, pulled)
            return
        self._emit(tuple(targets), pulled)
        for name, atom in gives:
            inner: Any = atom.value if isinstance(atom, ir.Star) else atom
            scalar = inner.name in self.scalars
            kind = facts.kind(s, inner)
            # Array parts have been sunk by the runtime already; the rest travels by value.
            self._accumulate(
                inner.name, ir.Var(name), kind if scalar else UNKNOWN, scalar=scalar, maybe=True
            )

    def _generic_call(self, s: ir.Assign) -> ir.Call:
        return self.runtime_call(s.value)

    def runtime_call(self, value: Any) -> ir.Call:
        """The runtime's form of an operation or call."""
        return generic_call(value, self.runtime, self.facts.is_active)

    # --- the forward --------------------------------------------------------------------------

    def _forward_block(self, block: ir.Block) -> tuple[ir.Stmt, ...]:
        out: list[ir.Stmt] = []
        copies = self.versions.copies
        for s in block:
            for name, var in copies.get(("before", id(s)), []):
                out.append(ir.Assign(name, ir.Var(var), s.loc))
            out += self.before.get(id(s), [])
            out += self._forward_statement(s)
            out += self.after.get(id(s), [])
            for name, var in copies.get(("after", id(s)), []):
                out.append(ir.Assign(name, ir.Var(var), s.loc))
        return tuple(out)

    def _forward_statement(self, s: ir.Stmt) -> list[ir.Stmt]:
        if isinstance(s, ir.If):
            if id(s) in self.facts.decided:
                # The test has no effect, and the other branch has not been analysed.
                return list(self._forward_block(s.body if self.facts.decided[id(s)] else s.orelse))
            known = self.memo.get(("test", id(s)))
            return [
                replace(
                    s,
                    test=s.test if known is None else ir.Var(known),
                    body=self._forward_block(s.body),
                    orelse=self._forward_block(s.orelse),
                )
            ]
        if isinstance(s, ir.For):
            source = self.replaced.get(id(s), s.iter)
            return self._forward_loop(s, replace(s, iter=source, body=self._forward_block(s.body)))
        if isinstance(s, ir.While):
            body = self._forward_block(s.body)
            new = replace(s, test_body=self._forward_block(s.test_body), body=body)
            return self._forward_loop(s, new)
        return [self.replaced.get(id(s), s)]

    def _forward_loop(self, s: Any, new: Any) -> list[ir.Stmt]:
        scope = self.versions.scopes[id(s)]
        heads = [
            ir.Assign(name, ir.Var(var), s.loc)
            for name, var in self.versions.copies.get(("head", id(s)), [])
        ]
        inits = [ir.Assign(name, ir.Lit(None), s.loc) for name in scope.start_inits]
        if not scope.tape:
            return [new]
        names = tuple(scope.residuals)
        item: Any
        if not names:
            item = ir.Lit(None)
        elif len(names) == 1:
            item = ir.Var(names[0])
        else:
            item = ir.Op("tuple", tuple(map(ir.Var, names)))
        append = ir.Assign(None, ir.Op("append", (ir.Var(scope.tape), item)), s.loc)
        if isinstance(new, ir.While) and heads:
            new = replace(new, test_body=(*heads, *new.test_body), body=(*inits, *new.body, append))
        else:
            new = replace(new, body=(*inits, *heads, *new.body, append))
        return [ir.Assign(scope.tape, ir.Op("list", ()), s.loc), new]


class _Pending(tuple):  # type: ignore[type-arg]
    """The residual names of a loop scope, known only when generation has ended."""

    scope: Any

    def __new__(cls, scope: Any) -> _Pending:
        self = super().__new__(cls)
        self.scope = scope
        return self


def finish_loops(block: ir.Block) -> ir.Block:
    """Replace pending loop targets by the residual names of their loops."""
    out: list[ir.Stmt] = []
    for s in block:
        if isinstance(s, ir.For):
            target: Any = s.target
            if isinstance(target, _Pending):
                names = tuple(target.scope.residuals)
                target = names if len(names) > 1 else names[0] if names else "_"
            s = replace(s, target=target, body=finish_loops(s.body))
        elif isinstance(s, ir.If):
            s = replace(s, body=finish_loops(s.body), orelse=finish_loops(s.orelse))
        elif isinstance(s, ir.Def):
            s = replace(s, function=replace(s.function, body=finish_loops(s.function.body)))
        out.append(s)
    return tuple(out)


def _single_uses(
    block: ir.Block,
) -> tuple[dict[str, int], dict[str, ir.Assign], dict[int, int]]:
    """How often each variable is read, what assigns it, and the block of each statement."""
    uses: dict[str, int] = {}
    makers: dict[str, ir.Assign] = {}
    blocks: dict[int, int] = {}

    def read(value: Any) -> None:
        for name in variables(value):
            uses[name] = uses.get(name, 0) + 1

    def visit(block: ir.Block) -> None:
        for s in block:
            blocks[id(s)] = id(block)
            if isinstance(s, ir.Assign):
                read(s.value)
                if isinstance(s.target, str):
                    makers[s.target] = s
            elif isinstance(s, ir.If):
                read(s.test)
                visit(s.body)
                visit(s.orelse)
            elif isinstance(s, ir.For):
                read(s.iter)
                visit(s.body)
            elif isinstance(s, ir.While):
                visit(s.test_body)
                read(s.test)
                visit(s.body)
            elif isinstance(s, ir.Raise):
                read(s.exc)
                read(s.cause)

    visit(block)
    return uses, makers, blocks


def _is_scalar(e: Any) -> bool:
    """Whether an expression of an inlined rule reads no array, only ``d_y``, sizes and shapes."""
    if isinstance(e, ir.Var):
        return e == inline.D_Y
    if isinstance(e, ir.Op):
        if e.name == "getattr":
            return e.args[1].value in ("size", "shape")
        return e.name in ("truediv", "mul", "getitem") and all(map(_is_scalar, e.args))
    if isinstance(e, ir.Call):
        return e.func == ir.Known(max, "max") and all(map(_is_scalar, e.args))
    return isinstance(e, ir.Lit)


def _spans(value: Any, operands: tuple[Any, ...], kinds: tuple[Kind, ...], d: Any) -> bool:
    """Whether a contribution has the result's shape though `d` is a number.

    It has if it combines all array operands, or the result, by elementwise functions.
    """
    read: set[Any] = set()

    def visit(e: Any) -> bool:
        if isinstance(e, ir.Var):
            read.add(e if e == d or e.name == "<y>" else operands[int(e.name[1:-1])])
            return True
        if isinstance(e, ir.Op):
            return e.name in ("add", "sub", "mul", "truediv", "pow", "neg") and all(
                map(visit, e.args)
            )
        if isinstance(e, ir.Call):
            return _is_elementwise(e.func) and not e.kwargs and all(map(visit, e.args))
        return isinstance(e, ir.Lit)

    if not visit(value):
        return False
    arrays = {a for a, k in zip(operands, kinds, strict=True) if isinstance(k, Array)}
    return ir.Var("<y>") in read or arrays <= read


def _is_elementwise(function: Any) -> bool:
    if isinstance(function, ir.Known):
        return function.value in (quotient, quotient_below)
    if isinstance(function, ir.Op) and function.args[0] == ir.Known(np, "np"):
        return isinstance(getattr(np, function.args[1].value), np.ufunc)
    return False


def _number_first(value: Any, d: Any) -> Any:
    """``2 * x * d`` as ``2 * d * x``: one product of arrays less where `d` is a number."""
    if isinstance(value, ir.Op) and value.name == "mul" and value.args[1] == d:
        first = value.args[0]
        if isinstance(first, ir.Op) and first.name == "mul" and isinstance(first.args[0], ir.Lit):
            return ir.Op("mul", (ir.Op("mul", (first.args[0], d)), first.args[1]))
    return value


def _local_name(place: ir.Var) -> str:
    """The name that a local variable has in its rule."""
    return place.name[1:-1].partition(":")[0]


def _sum(a: Any, b: Any) -> Any:
    if isinstance(b, ir.Op) and b.name == "neg":
        return ir.Op("sub", (a, b.args[0]))
    return ir.Op("add", (a, b))


def _double(a: Any, b: Any) -> Any:
    """The sum of two contributions to the same operand; twice, where they are equal."""
    if a is None or b is None:
        return a if b is None else b
    if _strip(a) == _strip(b):
        if isinstance(a, ir.Op) and a.name == "mul":
            d, x = a.args
            return ir.Op("mul", (ir.Op("mul", (ir.Lit(2), x)), d))
        return ir.Op("mul", (ir.Lit(2), a))
    return _sum(a, b)


def _strip(e: Any) -> Any:
    """The expression with both operands' placeholders made one."""
    if isinstance(e, ir.Var):
        return ir.Var("<0>") if e.name == "<1>" else e
    if isinstance(e, ir.Op):
        return ir.Op(e.name, tuple(map(_strip, e.args)))
    if isinstance(e, ir.Call):
        return ir.Call(_strip(e.func), tuple(map(_strip, e.args)), e.kwargs)
    return e


def _same_number(kind: Kind, result: Kind) -> bool:
    """Whether a cotangent of the result needs no conversion for the operand."""
    a, b = number_type(kind), number_type(result)
    reals = (int, float, np.float64)
    return a is b or (a in reals and b in reals)


def _rule_slots(rule: Any, args: tuple[Any, ...], kwargs: Any) -> list[Any]:
    """The operand (or None) of each cotangent that the rule's pullback returns."""
    named = dict(kwargs)
    slots: list[Any] = []
    position = 0
    for name, parameter in rule.signature.parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            slots += args[position:]
            position = len(args)
        elif parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_KEYWORD):
            continue
        else:
            if name not in rule.static:
                slots.append(args[position] if position < len(args) else named.get(name))
            position += 1
    return slots


def _args(s: ir.Assign) -> tuple[Any, ...]:
    assert isinstance(s.value, ir.Op)
    return s.value.args


def _identifier(text: str) -> str:
    cleaned = "".join(c if c.isalnum() or c == "_" else "_" for c in str(text))
    return cleaned.strip("_") or "lambda_" if not cleaned.isidentifier() else cleaned
