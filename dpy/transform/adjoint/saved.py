"""What the forward keeps for the reverse sweep.

While the sweep is written it asks here for what it reads of the primal: an operand, its shape, the
truth of a test, the pullback of a call. Each question is answered with a variable, and notes what
the forward has to do so that this variable is there. `forward` then writes the primal with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dpy.kinds import UNKNOWN, Array, Kind, is_atomic, number_type
from dpy.transform import ir
from dpy.transform.adjoint.expressions import RESULT, attribute, copied
from dpy.transform.adjoint.survey import form_of
from dpy.transform.buffers import hidden_reads
from dpy.transform.generic import Runtime, call
from dpy.transform.infer import Facts
from dpy.transform.versions import Names, Versions

__all__ = ["Saved"]


class Saved:
    """Variables that the sweep reads, and the statements of the forward that assign them.

    Attributes:
        versions: the definitions of the user's variables, and under which names they are kept.
        before: by id of a statement, what the forward runs before it.
        after: the same for what it runs afterwards.
        replaced: by id of a statement, what the forward runs in its place.
        truths: by id of a branch, what the forward tests.
        iterables: by id of a loop, what the forward iterates over.
    """

    def __init__(self, facts: Facts, runtime: Runtime, names: Names) -> None:
        self.facts = facts
        self.runtime = runtime
        self.names = names
        hidden = hidden_reads(facts.sites)
        self.versions = Versions(facts.function, names, hidden, facts.self_updates)
        self.before: dict[int, list[ir.Stmt]] = {}
        self.after: dict[int, list[ir.Stmt]] = {}
        self.replaced: dict[int, ir.Stmt] = {}
        self.truths: dict[int, ir.Var] = {}
        self.iterables: dict[int, ir.Var] = {}
        self._kept: dict[tuple[Any, ...], ir.Var] = {}

    # --- variables that the forward assigns -----------------------------------------------------

    def keep_before(self, s: ir.Stmt, key: tuple[Any, ...], base: str, value: Any) -> ir.Var:
        """A variable with what `value` is before `s`; the same one for the same key.

        A loop is reversed several times until its states settle, and asks each time.
        """
        return self._keep(self.before, s, key, base, value)

    def keep_after(self, s: ir.Stmt, key: tuple[Any, ...], base: str, value: Any) -> ir.Var:
        """The same with what `value` is after `s`."""
        return self._keep(self.after, s, key, base, value)

    def _keep(
        self,
        place: dict[int, list[ir.Stmt]],
        s: ir.Stmt,
        key: tuple[Any, ...],
        base: str,
        value: Any,
    ) -> ir.Var:
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = ir.Var(self.versions.extra(s, base))
            place.setdefault(id(s), []).append(ir.Assign(found.name, value, s.loc))
        return found

    def once(self, key: tuple[Any, ...], make: Callable[[], ir.Var]) -> ir.Var:
        """The variable that `make` gave when it was first asked for."""
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = make()
        return found

    def pullback_of(self, s: ir.Assign, make: Callable[[ir.Var], Any]) -> ir.Var:
        """The pullback of what `s` calls: the forward runs ``target, pb = call`` instead.

        `make` is given the variable of the pullback and returns the call.
        """

        def replace_call() -> ir.Var:
            pb = ir.Var(self.versions.extra(s, "pb"))
            target = s.target
            assert not isinstance(target, tuple)
            if target is None:
                target = self.names.numbered("_")
            self.replaced[id(s)] = ir.Assign((target, pb.name), make(pb), s.loc)
            return pb

        return self.once(("pb", id(s)), replace_call)

    def tape(self, loop: Any) -> str:
        """The variable that holds what the iterations of a loop saved."""
        scope = self.versions.scopes[id(loop)]
        if not scope.tape:
            scope.tape = self.names.numbered("saved")
            owner, conditional = self.versions.where[id(loop)]
            if owner.loop is not None:
                owner.residuals[scope.tape] = None
                if conditional:
                    owner.start_inits.append(scope.tape)
        return scope.tape

    # --- objects: what a variable holds ---------------------------------------------------------

    def object_at(self, s: ir.Stmt, var: str) -> ir.Var:
        """The object that an operand of `s` is; what it contains may have changed since."""
        return ir.Var(self.versions.residual(s, var))

    def created(self, s: ir.Assign) -> ir.Var:
        """The object that `s` creates: a rule makes containers with all they hold."""
        assert isinstance(s.target, str)
        is_plain = isinstance(self.facts.kinds.get(id(s), UNKNOWN), Array)
        if is_plain or form_of(self.facts, s) not in ("rule", "elementwise"):
            return ir.Var(self.versions.residual_after(s, s.target))
        held = call(self.runtime.hold, ir.Var(s.target))
        return self.keep_after(s, ("created", id(s)), s.target, held)

    def test_at(self, s: ir.If, test: ir.Var) -> ir.Var:
        """The value of a test; of a mutable value, which may be empty later, its truth."""
        if is_atomic(self.facts.kind(s, test)):
            return self.object_at(s, test.name)
        truth = call(ir.Known(bool, "bool"), test)
        holds = self.keep_before(s, ("test", id(s)), "holds", truth)
        self.truths[id(s)] = holds
        return holds

    # --- values: copied where they may be written over ------------------------------------------

    def value_at(self, s: ir.Stmt, var: str) -> ir.Var:
        """The value of an operand of `s`."""
        kind = self.facts.kind(s, ir.Var(var))
        if not self._may_change(var, kind):
            return self.object_at(s, var)
        return self.keep_before(s, ("value", id(s), var), var, self._copy_of(var, kind))

    def value_after(self, s: ir.Assign) -> ir.Var:
        """The value of the result of `s`."""
        assert isinstance(s.target, str)
        kind = self.facts.kinds.get(id(s), UNKNOWN)
        if not self._may_change(s.target, kind):
            return ir.Var(self.versions.residual_after(s, s.target))
        copy = self._copy_of(s.target, kind)
        return self.keep_after(s, ("value after", id(s)), s.target, copy)

    def _may_change(self, var: str, kind: Kind) -> bool:
        return var in self.facts.written and not is_atomic(kind)

    def _copy_of(self, var: str, kind: Kind) -> ir.Call:
        if isinstance(kind, Array):
            return copied(ir.Var(var))
        return call(self.runtime.copy_value, ir.Var(var))

    # --- shapes and sizes -----------------------------------------------------------------------

    def shape_at(self, s: ir.Stmt, var: str) -> Any:
        """The shape of an array operand; the array itself is not kept for it in loops."""
        return self.attribute_at(s, var, "shape")

    def attribute_at(self, s: ir.Stmt, var: str, name: str) -> Any:
        """The shape or size of an array operand."""
        if self._is_read_later(s, var):
            return attribute(self.object_at(s, var), name)
        value = attribute(ir.Var(var), name)
        return self.keep_before(s, (name, id(s), var), f"{var}_{name}", value)

    def attribute_after(self, s: ir.Assign, name: str) -> Any:
        """The same of the result of `s`."""
        var = str(s.target)
        if self._is_read_later(s, var):
            return attribute(ir.Var(self.versions.residual_after(s, var)), name)
        value = attribute(ir.Var(var), name)
        return self.keep_after(s, (name, "after", id(s)), f"{var}_{name}", value)

    def _is_read_later(self, s: ir.Stmt, var: str) -> bool:
        """Whether the sweep can ask the array itself: it is at hand and keeps its shape.

        Arrays with buffers are only indexed.
        """
        scope, _ = self.versions.where[id(s)]
        keeps_shape = var not in self.facts.written or var in self.facts.buffers
        return scope.loop is None and keeps_shape

    # --- expressions ----------------------------------------------------------------------------

    def fill(self, s: ir.Assign, value: Any, operands: tuple[Any, ...]) -> Any:
        """Replace the placeholders of operands and result by what is kept of them."""
        if isinstance(value, ir.Var):
            if value == RESULT:
                return self.value_after(s)
            if value.name.startswith("<"):
                return self.value_at(s, _operand(value, operands))
            return value
        if isinstance(value, ir.Op):
            if value.name == "getattr" and value.args[1].value in ("shape", "size"):
                owner, name = value.args[0], value.args[1].value
                if owner == RESULT:
                    return self.attribute_after(s, name)
                if isinstance(owner, ir.Var) and owner.name[1:-1].isdigit():
                    return self.attribute_at(s, _operand(owner, operands), name)
            return ir.Op(value.name, tuple(self.fill(s, a, operands) for a in value.args))
        if isinstance(value, ir.Call):
            kwargs = tuple((k, self.fill(s, v, operands)) for k, v in value.kwargs)
            function = self.fill(s, value.func, operands)
            return ir.Call(function, tuple(self.fill(s, a, operands) for a in value.args), kwargs)
        return value

    def maker_of(self, s: ir.Stmt, var: str) -> ir.Assign | None:
        """The statement that assigned what `s` reads from a variable, if it is but one."""
        version = self.versions.uses.get((id(s), var))
        if version is None or version.birth[0] != "after":
            return None
        made = version.birth[1]
        return made if isinstance(made, ir.Assign) else None

    def index_at(self, s: ir.Stmt, atom: Any) -> Any:
        """An index as the pullback writes it: slices and sums of integers in place.

        What they are made of is kept instead of them, which often costs nothing.
        """
        if not isinstance(atom, ir.Var):
            return atom
        made = self.maker_of(s, atom.name)
        if made is not None and isinstance(made.value, ir.Op):
            name, args = made.value.name, made.value.args
            starred = any(isinstance(a, ir.Star) for a in args)
            if name in ("slice", "tuple") and not starred:
                return ir.Op(name, tuple(self.index_at(made, a) for a in args))
            if name in ("add", "sub") and isinstance(args[1], ir.Lit):
                if all(number_type(self.facts.kind(made, a)) is int for a in args):
                    return ir.Op(name, (self.index_at(made, args[0]), args[1]))
        return self.value_at(s, atom.name)


def _operand(place: ir.Var, operands: tuple[Any, ...]) -> str:
    """The variable that a placeholder stands for."""
    name = operands[int(place.name[1:-1])].name
    assert isinstance(name, str)
    return name
