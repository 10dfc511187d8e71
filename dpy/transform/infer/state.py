"""The state of one inference, and what is done where the runtime will decide.

The functions of this package take it as their first argument. Those for a statement return what
they `Found`: the kind of the result, whether it is *varied* (depends on what is differentiated),
and the site.
"""

from __future__ import annotations

from typing import Any

from dpy.kinds import BOTTOM, UNKNOWN, Kind, Method, Text, can_carry, is_atomic, kind_of
from dpy.records import struct
from dpy.transform import ir
from dpy.transform.infer.effects import Effects
from dpy.transform.infer.facts import HEAP, Facts, RuleBook, Site, literal_kind
from dpy.transform.infer.layout import layout_of

__all__ = [
    "Arguments",
    "Atoms",
    "Environment",
    "Found",
    "Kinds",
    "State",
    "generic",
    "inert",
    "kind_at",
]

Environment = dict[str, Kind]
"""The kinds of the variables at a point of the program."""
Atoms = tuple[Any, ...]
Kinds = tuple[Kind, ...]
Found = tuple[Kind, bool, Site]


@struct
class Arguments:
    """The operands of a call, with their kinds. A name of None stands for ``**``."""

    args: Atoms
    kinds: Kinds
    kwargs: tuple[tuple[Any, Any], ...] = ()
    kw_kinds: Kinds = ()

    @property
    def operands(self) -> Atoms:
        """All of them in order."""
        return (*self.args, *(a for _, a in self.kwargs))

    @property
    def all_kinds(self) -> Kinds:
        """The kinds of `operands`."""
        return (*self.kinds, *self.kw_kinds)

    def after(self, owner: Any, kind: Kind) -> Arguments:
        """The same with one before them: what a method is called on."""
        return Arguments((owner, *self.args), (kind, *self.kinds), self.kwargs, self.kw_kinds)


class State:
    """What is known so far.

    Attributes:
        varied: variables that depend on what is differentiated.
        denied: those of which somebody was told in the present pass that they are not.
        heap_denied: whether somebody was told in the present pass that the heap is not active.
        pending: variables that come from a recursive call whose result is not known yet.
        loop_heads: by loop, the kinds that its iterations brought back to its head.
    """

    def __init__(
        self, function: ir.Function, params: dict[str, Kind], varied: set[str], book: RuleBook
    ) -> None:
        self.function = function
        self.params = params
        self.book = book
        self.varied = varied
        self.layout = layout_of(function)
        self.facts = Facts(function, params)
        self.effects = Effects(varied)
        self.denied: set[str] = set()
        self.heap_denied = False
        self.pending: set[str] = set()
        self.loop_heads: dict[int, Environment] = {}

    def begin_pass(self) -> None:
        """Go through the statements again."""
        self.denied.clear()
        self.heap_denied = False
        self.facts.implicit.clear()
        self.effects.begin_pass()

    def answers_hold(self) -> bool:
        """Whether another pass would find the same: each question would have the same answer."""
        return (
            self.denied.isdisjoint(self.varied)
            and not (self.heap_denied and self.facts.heap_active)
            and self.effects.answers_hold()
        )

    @property
    def heap_active(self) -> bool:
        """Whether what is outside of the function may hold active values."""
        if not self.facts.heap_active:
            self.heap_denied = True
        return self.facts.heap_active

    def write_active_to_heap(self) -> None:
        """What is outside of the function is written to, and may hold active values from now on.

        The callees that come next are told so at once, not in another pass.
        """
        self.effects.written.add(HEAP)
        self.effects.stored_active.add(HEAP)
        self.facts.heap_active = True

    def is_varied(self, atom: Any) -> bool:
        """Whether an operand depends on what is differentiated."""
        return self.any_varied((atom,))

    def any_varied(self, atoms: Atoms) -> bool:
        """Whether any of the operands does."""
        varied = self.varied
        for atom in atoms:
            if type(atom) is ir.Star:
                atom = atom.value
            if type(atom) is ir.Var:
                if atom.name in varied:
                    return True
                self.denied.add(atom.name)
        return False

    def record(self, s: ir.Stmt, atoms: Atoms, env: Environment) -> None:
        """Note the kinds of the operands of a statement."""
        found = {}
        for atom in atoms:
            if type(atom) is ir.Star:
                atom = atom.value
            if type(atom) is ir.Var:
                found[atom.name] = env.get(atom.name, UNKNOWN)
        if found:
            self.facts.operand_kinds[id(s)] = found

    def bind(self, name: str, kind: Kind, varied: bool) -> None:
        """A statement assigns the variable."""
        if varied and can_carry(kind):
            self.varied.add(name)
        if not is_atomic(kind):
            self.effects.non_atomic.add(name)

    def is_pending(self, value: ir.Expr, env: Environment) -> bool:
        """Whether an operand is to come from a function that is being analysed itself."""
        return bool(self.pending) and any(
            name in self.pending and env.get(name) is BOTTOM for name in ir.variables(value)
        )

    def mark_pending(self, s: ir.Assign) -> None:
        """The statement assigns what a later pass will know."""
        if isinstance(s.target, str):
            self.pending.add(s.target)


def kind_at(atom: Any, env: Environment) -> Kind:
    """The kind of an operand."""
    if type(atom) is ir.Var:
        return env.get(atom.name, UNKNOWN)
    if isinstance(atom, ir.Lit):
        return literal_kind(atom.value)
    if isinstance(atom, ir.Known):
        return kind_of(atom.value)
    return UNKNOWN


def inert(kind: Kind) -> Found:
    """A statement through which no derivative passes."""
    return kind, False, Site("inert")


def generic(
    state: State,
    s: ir.Assign,
    operands: Atoms,
    kinds: Kinds,
    *,
    writes: bool = True,
    result: Kind = UNKNOWN,
) -> Found:
    """The runtime will decide: assume the worst of the effects.

    `writes` is False where the operation is known to change none of its operands, or where the
    caller has noted how.
    """
    effects = state.effects
    shared = _shareable(operands, kinds)
    varied = state.any_varied(operands) or state.heap_active
    if varied:
        effects.by_runtime.update(shared)
        if isinstance(s.target, str) and not is_atomic(result):
            effects.non_atomic.add(s.target)
            effects.by_runtime.add(s.target)
    if not is_atomic(result):
        for name in shared:
            effects.alias_target(s, name)
    if writes:
        state.facts.has_unknown_effects = True
        effects.unknown_stores.update((HEAP, *shared))
        effects.written.update(shared)
        effects.written.add(HEAP)
        for name in shared:
            effects.alias(name, HEAP)
        if not is_atomic(result):
            effects.alias_target(s, HEAP)
        if state.any_varied(operands):
            state.write_active_to_heap()
    form = "generic" if varied else "inert"
    is_pure = not writes and isinstance(result, Text)
    return result, varied and can_carry(result), Site(form, operands=operands, is_pure=is_pure)


def _shareable(operands: Atoms, kinds: Kinds) -> list[str]:
    """The variables among the operands through which something mutable is handed over."""
    kinds = (*kinds, *(UNKNOWN for _ in operands[len(kinds) :]))
    shared = []
    for atom, kind in zip(operands, kinds, strict=True):
        inner = atom.value if isinstance(atom, ir.Star) else atom
        if isinstance(inner, ir.Var) and (not is_atomic(kind) or isinstance(kind, Method)):
            shared.append(inner.name)
            if isinstance(kind, Method) and isinstance(kind.owner, ir.Var):
                shared.append(kind.owner.name)
    return shared
