"""Infer kinds, activity and effects of a lowered function.

One abstract interpretation gives, for every statement, the kinds of its operands and of its
result, and its *site*: how the adjoint will treat it. Alongside, a flow-insensitive alias
analysis (union-find over variables; a container and its contents are one class) finds which
objects are written to. Values of a written class have their cotangents kept by object identity
in accumulators, and are copied when saved; all others travel by value.

The passes repeat until nothing changes; everything grows monotonically, so they end.
"""

from __future__ import annotations

import inspect
import math
import operator
import types
import weakref
from typing import Any, Protocol

import numpy as np

from dpy.kinds import (
    BOTTOM,
    UNKNOWN,
    Array,
    Const,
    Dict,
    Iterator,
    Kind,
    KnownObject,
    List,
    Method,
    Number,
    Object,
    Other,
    Tuple,
    can_carry,
    dummy_of,
    is_atomic,
    is_number,
    is_plain_dataclass,
    is_real_scalar,
    join,
    kind_of,
    number_type,
    widen,
)
from dpy.records import made_by, record, same_fields, struct
from dpy.transform import ir
from dpy.transform.buffers import Member, find_buffers, self_updates
from dpy.transform.constructors import Maker, made_with
from dpy.transform.methods import direct_methods
from dpy.transform.signatures import signature_of

__all__ = ["HEAP", "Callee", "Facts", "RuleBook", "Site", "Summary", "infer"]

HEAP = "<heap>"
RESULT = "<result>"
OPEN = "*"
"""The field of an `Object` kind that says that the instance may have more attributes."""
_MISSING = object()

ARITHMETIC = {
    name: getattr(operator, name)
    for name in (
        "add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift rshift neg pos invert "
        "lt le eq ne gt ge"
    ).split()
}
IN_PLACE = {
    name: getattr(operator, name)
    for name in (
        "iadd isub imul itruediv ifloordiv imod ipow imatmul iand ior ixor ilshift irshift"
    ).split()
}
_INERT_OPS = {
    "not_", "is_", "is_not", "format", "join", "unbound", "slice", "import", "is_sequence",
    "is_mapping", "match_args",
}  # fmt: skip
_BOOLEAN_OPS = {"not_", "is_", "is_not", "is_sequence", "is_mapping"}
_DUNDERS = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "truediv", "floordiv": "floordiv",
    "mod": "mod", "pow": "pow", "matmul": "matmul", "neg": "neg", "pos": "pos",
}  # fmt: skip


@struct
class Summary:
    """What a caller must know of a function.

    `groups` are the alias classes among its parameters, its result and the heap (names `RESULT`
    and `HEAP`); `written` and `stored_active` name members of classes that it writes to, and of
    those into which it stores active values.
    """

    result: Kind = BOTTOM
    result_active: bool = False
    groups: frozenset[frozenset[str]] = frozenset()
    written: frozenset[str] = frozenset()
    stored_active: frozenset[str] = frozenset()
    stores: frozenset[tuple[str, str, Kind]] = frozenset()
    unknown_stores: frozenset[str] = frozenset()
    reads_heap: bool = False
    needs_acc: bool = False

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return same_fields(self, other)

    @property
    def writes(self) -> bool:
        """Whether the function writes to anything that the caller can see."""
        return bool(self.written)


class Callee(Protocol):
    """A function compiled for one signature, or about to be."""

    name: str
    summary: Summary

    @property
    def is_settled(self) -> bool:
        """Whether the summary is final: not so while a recursive function is being analysed."""


class RuleBook(Protocol):
    """What the compiler asks its surroundings: rules, globals and other functions."""

    def rule(self, function: Any, kinds: tuple[Kind, ...]) -> Any:
        """The rule for a callable given the kinds of its arguments, or None."""

    def read_global(self, name: str, home: ir.Home | None = None) -> tuple[Kind, Any]:
        """The kind of a global of the function's module (and record the dependency)."""

    def is_stored(self, name: str, home: ir.Home | None = None) -> bool:
        """Whether some function of the module assigns to the global variable `name`."""

    def read_free(self, name: str, cell: Any = None) -> Kind:
        """The kind of a free variable's content (of a `cell` of another function)."""

    def depend(self, mapping: Any, key: str, value: Any) -> None:
        """The compiled code relies on ``mapping.get(key) is value``."""

    def constructor(self, cls: type) -> Any:
        """A class's constructor as a function to its fields, or None where it is more than that."""

    def callee(
        self,
        function: Any,
        kinds: dict[str, Kind],
        active: frozenset[str],
        heap_active: bool,
        shared: frozenset[str],
    ) -> Callee | None:
        """The specialisation of a Python function, or None where it cannot be had."""


@struct
class Site:
    """How the adjoint treats one statement.

    `form` is one of: ``inert`` (run it, no adjoint), ``copy``, ``elementwise`` and ``rule`` (with
    `rule`), ``callee`` (with `callee` and `binding`: parameter name -> operand), ``construct``
    (plain dataclass; `binding`: field -> operand), ``field`` (by-value read of slot `slot`),
    ``item`` (the same, of a tuple), ``build`` (tuple, list or dict display), ``array_read``,
    ``array_write`` and ``update`` (an in-place operator on an array); ``buffer_read``,
    ``buffer_write`` and ``buffer_update`` for the arrays of `Facts.buffers`; ``unpack``,
    ``append``, ``iterate`` and ``generic`` (the runtime decides).
    """

    form: str
    rule: Any = None
    operands: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()
    callee: Any = None
    binding: dict[str, Any] = made_by(default_factory=dict)
    slot: Any = None
    function: Any = None
    fields: tuple[str, ...] = ()
    protect: bool = False


@struct
class Facts:
    """The result of inference: side tables keyed by the identity of the statement."""

    function: ir.Function
    params: dict[str, Kind]
    kinds: dict[int, Kind] = made_by(default_factory=dict)
    operand_kinds: dict[int, dict[Any, Kind]] = made_by(default_factory=dict)
    sites: dict[int, Site] = made_by(default_factory=dict)
    decided: dict[int, bool] = made_by(default_factory=dict)
    active: set[str] = made_by(default_factory=set)
    identity: set[str] = made_by(default_factory=set)
    written: set[str] = made_by(default_factory=set)
    buffers: dict[str, Member] = made_by(default_factory=dict)
    self_updates: frozenset[int] = frozenset()
    self_writes: set[int] = made_by(default_factory=set)
    exit_kinds: dict[str, Kind] = made_by(default_factory=dict)
    summary: Summary = made_by(default_factory=Summary)
    heap_active: bool = False
    heap_written: bool = False
    has_unknown_effects: bool = False

    def kind(self, statement: Any, atom: Any) -> Kind:
        """The kind of an operand at a statement."""
        if isinstance(atom, ir.Lit):
            return literal_kind(atom.value)
        if isinstance(atom, ir.Known):
            return kind_of(atom.value)
        if isinstance(atom, ir.Star):
            return UNKNOWN
        return self.operand_kinds.get(id(statement), {}).get(atom, UNKNOWN)

    def is_active(self, atom: Any) -> bool:
        """Whether an operand carries a derivative that is wanted."""
        if isinstance(atom, ir.Star):
            atom = atom.value
        return isinstance(atom, ir.Var) and atom.name in self.active


def literal_kind(value: Any) -> Kind:
    """The kind of a literal."""
    return Const(value, type(value))


class _Classes:
    """Union-find over variable names."""

    def __init__(self) -> None:
        self.parent: dict[str, str] = {}

    def find(self, a: str) -> str:
        parent = self.parent
        root = a
        while (up := parent.get(root, root)) != root:
            root = up
        while parent.get(a, a) != root:
            parent[a], a = root, parent.get(a, a)
        return root

    def union(self, a: str, b: str) -> bool:
        a, b = self.find(a), self.find(b)
        if a == b:
            return False
        if b == HEAP:
            a, b = b, a
        self.parent[b] = a
        return True


def infer(
    function: ir.Function,
    params: dict[str, Kind],
    active: frozenset[str],
    book: RuleBook,
    *,
    heap_active: bool = False,
    protect: bool = False,
    shared: frozenset[str] | None = None,
) -> Facts:
    """Kinds, sites, activity and effects of `function` for the given signature.

    `heap_active`: globals and closure cells may hold active values. `protect`: whatever comes
    from outside, and the result, may be written to after the function has returned. `shared`:
    the parameters that may share something mutable with each other or the heap (None: any may).
    """
    return _Inference(function, params, active, book, heap_active, protect, shared).run()


@record
class _Layout:
    """What does not depend on the signature: each function is inferred for many."""

    function: ir.Function
    statements: tuple[ir.Stmt, ...]
    uses: dict[str, int]
    stored_globals: frozenset[Any]
    direct_methods: set[int]


_MOST_LAYOUTS = 1024
_layouts: dict[int, _Layout] = {}


def _layout_of(function: ir.Function) -> _Layout:
    known = _layouts.get(id(function))
    if known is None:
        statements = tuple(ir.walk(function.body))
        stored = frozenset(
            s.value.args[0].value
            for s in statements
            if isinstance(s, ir.Assign)
            and isinstance(s.value, ir.Op)
            and s.value.name in ("setglobal", "delglobal")
        )
        known = _Layout(
            function, statements, _count_uses(function, statements), stored,
            direct_methods(function),
        )  # fmt: skip
        if len(_layouts) >= _MOST_LAYOUTS:
            _layouts.clear()
        _layouts[id(function)] = known
    return known


def _count_uses(function: ir.Function, statements: tuple[ir.Stmt, ...]) -> dict[str, int]:
    """How often each variable is read; under ``x=``, how often `x` is assigned."""
    counts: dict[str, int] = {}
    for s in statements:
        read: list[str] = []
        if isinstance(s, ir.Assign):
            read = _operands(s.value)
            targets = (s.target,) if isinstance(s.target, str) else s.target or ()
            read += [f"{t}=" for t in targets]
        elif isinstance(s, (ir.If, ir.While)):
            read = _operands(s.test)
        elif isinstance(s, ir.For):
            read = [*_operands(s.iter), *(f"{t}=" for t in (s.target,) if isinstance(t, str))]
        for name in read:
            counts[name] = counts.get(name, 0) + 1
    for name in _operands(function.result) if function.result is not None else ():
        counts[name] = counts.get(name, 0) + 1
    return counts


# Functions without a derivative that may run the user's code.
_CALL_BACK = frozenset({round, math.floor, math.ceil, math.trunc, any, all})


class _Inference:
    def __init__(
        self,
        function: ir.Function,
        params: dict[str, Kind],
        active: frozenset[str],
        book: RuleBook,
        heap_active: bool,
        protect: bool,
        shared: frozenset[str] | None,
    ) -> None:
        self.function = function
        self.params = params
        self.book = book
        self.protect = protect
        self.facts = Facts(function, params, heap_active=heap_active)
        self.varied: set[str] = {p for p in active if can_carry(params[p])}
        self.classes = _Classes()
        self.written: set[str] = set()
        self.stored_active: set[str] = set()
        self.by_runtime: set[str] = set()
        self.pending: set[str] = set()
        self.reads_heap = heap_active
        # What has been stored into the slots of each class: a read may give any of it.
        self.stores: dict[tuple[str, str], Kind] = {}
        self.unknown_stores: set[str] = set()
        self.non_atomic: set[str] = {HEAP}
        self.written_roots: frozenset[str] = frozenset()
        layout = _layout_of(function)
        self.statements = layout.statements
        self.uses = layout.uses
        self.stored_globals = layout.stored_globals
        self.direct_methods = layout.direct_methods
        self.loop_heads: dict[int, dict[str, Kind]] = {}
        self.assumed_written: set[str] = {HEAP} if protect else set()
        for name, kind in params.items():
            if not is_atomic(kind):
                self.non_atomic.add(name)
                if shared is None or name in shared:
                    self._alias(name, HEAP)
                if protect:
                    self.assumed_written.add(name)
        if heap_active:
            self.stored_active.add(HEAP)

    # --- the fixpoint -------------------------------------------------------------------------

    def run(self) -> Facts:
        for _ in range(30):
            before = self._state()
            env: dict[str, Kind] = dict(self.params)
            self.written_roots = self._roots()
            self._block(self.function.body, env)
            self._finish_result(env)
            self._spread_activity()
            if self._state() == before:
                break
        self._finish(env)
        return self.facts

    def _state(self) -> tuple[Any, ...]:
        classes = tuple(sorted((v, self.classes.find(v)) for v in self.non_atomic))
        roots = self._roots()
        return (
            frozenset(self.varied), classes, roots, frozenset(self.stored_active),
            frozenset(self.by_runtime), frozenset(self.stores.items()),
            frozenset(self.unknown_stores),
            self.facts.heap_active, self.facts.summary.result,
        )  # fmt: skip

    def _roots(self) -> frozenset[str]:
        """The classes that are, or may later be, written to."""
        return frozenset(map(self.classes.find, self.written | self.assumed_written))

    def _finish_result(self, env: dict[str, Kind]) -> None:
        result = self.function.result
        kind = self._kind(result, env)
        self.facts.summary.result = widen(kind) if not isinstance(kind, Method) else UNKNOWN
        self.facts.exit_kinds = dict(env)
        if self.protect and isinstance(result, ir.Var) and not is_atomic(kind):
            self.non_atomic.add(result.name)
            self.assumed_written.add(result.name)

    def _spread_activity(self) -> None:
        """Members of a written class share their activity; so does everything on the heap."""
        roots = self._roots()
        find = self.classes.find
        active_roots = {find(v) for v in self.stored_active} | {
            find(v) for v in self.varied & self.non_atomic
        }
        for name in self.non_atomic:
            root = find(name)
            if root in roots and root in active_roots:
                if name == HEAP:
                    self.facts.heap_active = True
                else:
                    self.varied.add(name)

    def _finish(self, env: dict[str, Kind]) -> None:
        facts = self.facts
        find = self.classes.find
        roots = set(self._roots())
        facts.written = {v for v in self.non_atomic if find(v) in roots and v != HEAP}
        self._meet_protected_callees(roots)
        # The runtime works by identity: so do all classes that it meets.
        by_identity = roots | set(map(find, self.by_runtime))
        facts.identity = {v for v in self.non_atomic if find(v) in by_identity and v != HEAP}
        self._pass_views_by_value(self.function.body, self.uses)
        facts.heap_written = find(HEAP) in roots
        facts.active = self.varied & self._useful()
        self._find_buffers(roots)
        result = self.function.result
        name = result.name if isinstance(result, ir.Var) else None
        summary = facts.summary
        summary.result_active = name in self.varied
        self._summarise_effects(name)
        summary.needs_acc = (
            bool(facts.identity)
            or facts.heap_active
            or facts.has_unknown_effects
            or any(map(_uses_accumulators, facts.sites.values()))
        )

    def _find_buffers(self, roots: set[str]) -> None:
        """Classes of arrays that need no accumulators: see `buffers`."""
        facts, find = self.facts, self.classes.find
        facts.self_updates = frozenset(
            key for key in self_updates(self.function.body) if self._site_form(key) == "update"
        )
        if not any(site.form in ("array_write", "update") for site in facts.sites.values()):
            return
        members: dict[str, set[str]] = {}
        for name in self.non_atomic:
            if find(name) in roots:
                members.setdefault(find(name), set()).add(name)
        shared = {HEAP, *self.params}
        local = {
            root: names for root, names in members.items()
            if not names & shared and names & facts.active
        }  # fmt: skip
        facts.buffers, facts.self_writes = find_buffers(facts, find, local)
        facts.identity -= facts.buffers.keys()
        for s in self.statements:
            form = self._site_form(id(s))
            if form in ("array_read", "array_write", "update"):
                assert isinstance(s, ir.Assign)
                if _operands(s.value)[0] in facts.buffers:
                    facts.sites[id(s)].form = f"buffer_{form.removeprefix('array_')}"

    def _site_form(self, key: int) -> str:
        site = self.facts.sites.get(key)
        return "" if site is None else site.form

    def _pass_views_by_value(self, block: ir.Block, uses: dict[str, int]) -> None:
        """A view that is read once, before anything is written, has its cotangent by value.

        ``u[1:] - u[:-1]``: nothing can happen between the views and the subtraction, so their
        cotangents may as well be added to that of the array where the views were made.
        """
        fleeting: set[str] = set()
        for s in block:
            if isinstance(s, ir.If):
                self._pass_views_by_value(s.body, uses)
                self._pass_views_by_value(s.orelse, uses)
            elif isinstance(s, (ir.For, ir.While)):
                self._pass_views_by_value(s.body, uses)
            site = self.facts.sites.get(id(s))
            if not isinstance(s, ir.Assign) or site is None:
                fleeting.clear()
                continue
            if site.form in ("elementwise", "rule") and (
                site.form == "elementwise" or site.rule.fresh
            ):
                used = fleeting & set(_operands(s.value))
                self.facts.identity -= used
                fleeting -= used
            elif site.form == "array_read" and site.slot == "view":
                name = s.target
                if isinstance(name, str) and uses.get(name) == 1 and uses.get(f"{name}=") == 1:
                    fleeting.add(name)
            elif site.form != "inert" or not isinstance(s.value, (ir.Global, ir.Lit, ir.Op)):
                fleeting.clear()
            elif isinstance(s.value, ir.Op) and s.value.name not in ARITHMETIC | {
                "slice": None, "getattr": None, "tuple": None,
            }:  # fmt: skip
                fleeting.clear()

    def _meet_protected_callees(self, roots: set[str]) -> None:
        """A callee that is given something written to works by identity throughout."""
        find = self.classes.find
        for s in self.statements:
            site = self.facts.sites.get(id(s))
            if site is None or site.form not in ("callee", "construct_fields"):
                continue
            names = [a.name for a in site.binding.values() if isinstance(a, ir.Var)]
            if isinstance(s, ir.Assign) and isinstance(s.target, str):
                names.append(s.target)
            names = [name for name in names if name in self.non_atomic]
            if find(HEAP) in roots or any(find(name) in roots for name in names):
                site.protect = True
                self.by_runtime.update(names)

    def _summarise_effects(self, result: str | None) -> None:
        """Which of parameters, heap and result share a class, and what happens to it."""
        summary, find = self.facts.summary, self.classes.find
        outside = [HEAP, *(p for p in self.params if p in self.non_atomic)]
        by_root: dict[str, set[str]] = {}
        for name in outside:
            by_root.setdefault(find(name), set()).add(name)
        if result in self.non_atomic:
            by_root.setdefault(find(result), set()).add(RESULT)
        summary.groups = frozenset(frozenset(g) for g in by_root.values() if len(g) > 1)
        really = {find(w) for w in self.written}
        summary.written = frozenset(name for name in outside if find(name) in really)
        active_roots = {find(v) for v in self.stored_active} | {
            find(v) for v in self.varied & self.non_atomic
        }
        summary.stored_active = frozenset(
            name for name in summary.written if find(name) in active_roots
        )
        unknown = set(map(find, self.unknown_stores))
        summary.unknown_stores = frozenset(name for name in outside if find(name) in unknown)
        summary.stores = frozenset(
            (name, slot, kind)
            for (owner, slot), kind in self.stores.items()
            for name in outside
            if find(name) == find(owner)
        )
        summary.reads_heap = self.reads_heap

    # --- usefulness: does the result depend on it? --------------------------------------------

    def _useful(self) -> set[str]:
        useful: set[str] = set()
        result = self.function.result
        if isinstance(result, ir.Var):
            useful.add(result.name)
        find = self.classes.find
        roots = set(self._roots())
        outside = {HEAP, *(p for p in self.params if p in self.non_atomic)}
        useful_roots = {find(name) for name in outside if find(name) in roots}
        statements = self.statements
        while True:
            before = len(useful), len(useful_roots)
            for name in self.non_atomic:
                root = find(name)
                if root in roots:
                    if name in useful:
                        useful_roots.add(root)
                    elif root in useful_roots:
                        useful.add(name)
            for s in reversed(statements):
                self._mark_useful(s, useful, useful_roots)
            if (len(useful), len(useful_roots)) == before:
                return useful

    def _mark_useful(self, s: ir.Stmt, useful: set[str], useful_roots: set[str]) -> None:
        if isinstance(s, ir.Assign):
            site = self.facts.sites.get(id(s))
            form = site.form if site is not None else "inert"
            if form == "inert":
                return
            operands = list(_operands(s.value))
            if site is not None:  # the owner of a bound method stands only there
                bound = (*site.operands, *site.binding.values())
                operands += [atom.name for atom in bound if isinstance(atom, ir.Var)]
            targets = (s.target,) if isinstance(s.target, str) else s.target or ()
            has_effect = form in ("array_write", "update")
            if form in ("generic", "callee", "construct_fields"):
                has_effect = (
                    any(o in self.non_atomic for o in operands)
                    or self.facts.heap_active
                    or (form != "generic" and site is not None and site.callee.summary.writes)
                )
            if form == "append":
                has_effect = operands[0] in useful
            if has_effect or any(t in useful for t in targets):
                useful.update(operands)
        elif isinstance(s, ir.For):
            targets = (s.target,) if isinstance(s.target, str) else s.target
            if isinstance(s.iter, ir.Var) and any(t in useful for t in targets):
                useful.add(s.iter.name)

    # --- statements ---------------------------------------------------------------------------

    def _block(self, block: ir.Block, env: dict[str, Kind]) -> None:
        for s in block:
            if isinstance(s, ir.Assign):
                self._assign(s, env)
            elif isinstance(s, ir.If):
                self._record(s, s.test, env)
                decided = self._decided(s.test, env)
                if decided is not None:
                    self.facts.decided[id(s)] = decided
                    self._block(s.body if decided else s.orelse, env)
                    continue
                self.facts.decided.pop(id(s), None)
                other = dict(env)
                self._block(s.body, env)
                self._block(s.orelse, other)
                for name, kind in other.items():
                    env[name] = join(env.get(name, BOTTOM), kind)
            elif isinstance(s, ir.For):
                self._for(s, env)
            elif isinstance(s, ir.While):
                self._while(s, env)

    def _decided(self, test: Any, env: dict[str, Kind]) -> bool | None:
        """The outcome of a test that the kinds decide (``isinstance``, ``is None``)."""
        kind = self._kind(test, env)
        return kind.value if isinstance(kind, Const) and kind.type is bool else None

    def _for(self, s: ir.For, env: dict[str, Kind]) -> None:
        assert isinstance(s.target, str)
        self._start_loop(s, env)
        for attempt in range(12):
            self._record(s, s.iter, env)
            inner = dict(env)
            item = self._item_kind(s, env)
            inner[s.target] = item
            self._block(s.body, inner)
            if self._merge_loop(s, env, inner, attempt):
                return

    def _while(self, s: ir.While, env: dict[str, Kind]) -> None:
        self._start_loop(s, env)
        for attempt in range(12):
            inner = dict(env)
            self._block(s.test_body, inner)
            self._record(s, s.test, inner)
            tested = dict(inner)
            self._block(s.body, inner)
            for name, kind in tested.items():
                inner[name] = join(inner.get(name, BOTTOM), kind)
            if self._merge_loop(s, env, inner, attempt):
                return

    def _start_loop(self, s: ir.For | ir.While, env: dict[str, Kind]) -> None:
        """Start from what an earlier pass found at the head of the loop: kinds only grow."""
        for name, kind in self.loop_heads.setdefault(id(s), {}).items():
            env[name] = join(env.get(name, BOTTOM), kind)

    def _merge_loop(
        self, s: ir.For | ir.While, env: dict[str, Kind], inner: dict[str, Kind], attempt: int
    ) -> bool:
        """Join the state after an iteration into the state before it; True when stable."""
        stable = True
        found = self.loop_heads[id(s)]
        for name, kind in inner.items():
            old = env.get(name, BOTTOM)
            new = join(old, kind)
            if new != old:
                if attempt > 6:
                    new = UNKNOWN
                stable = False
                env[name] = found[name] = new
        return stable

    def _item_kind(self, s: ir.For, env: dict[str, Kind]) -> Kind:
        kind = self._kind(s.iter, env)
        varied = self._is_varied(s.iter)
        item: Kind = UNKNOWN
        form = "iterate"
        if isinstance(kind, Other) and kind.type is range:
            item, form, varied = Number(int), "inert", False
        elif isinstance(kind, Const) and isinstance(kind.value, str):
            item, form, varied = Other(str), "inert", False
        elif isinstance(kind, Array):
            item = _element(kind, 1)
        elif isinstance(kind, List):
            item = self._slot_kind(s.iter, "[]", kind.item)
        elif isinstance(kind, Iterator):
            item = kind.item
        elif isinstance(kind, Tuple):
            item = BOTTOM
            for k in kind.items:
                item = join(item, k)
        elif isinstance(kind, Dict):
            item, form, varied = Other(str), "inert", False
        if not varied and form == "iterate":
            form = "inert"
        assert isinstance(s.target, str)
        self._bind(s.target, item, varied)
        if isinstance(s.iter, ir.Var) and not is_atomic(item):
            self._alias(s.target, s.iter.name)
        self.facts.sites[id(s)] = Site(form)
        return item

    def _assign(self, s: ir.Assign, env: dict[str, Kind]) -> None:
        value = s.value
        for atom in _atoms(value):
            self._record(s, atom, env)
        if isinstance(value, (ir.Var, ir.Lit, ir.Known)):
            kind = self._kind(value, env)
            site = Site("copy" if isinstance(value, ir.Var) else "inert")
            varied = self._is_varied(value)
            if self._is_pending(value, env):
                self._mark_pending(s)
            if isinstance(value, ir.Var) and isinstance(s.target, str) and not is_atomic(kind):
                self._alias(s.target, value.name)
        elif isinstance(value, ir.Global):
            kind, varied, site = self._global(s, value)
        elif isinstance(value, ir.Free):
            kind, varied, site = self._free(s, value)
        elif isinstance(value, ir.Cell):
            kind, varied, site = UNKNOWN, self.facts.heap_active, Site("inert")
            self._alias_target(s, HEAP)
        elif self._is_pending(value, env):
            kind, varied, site = BOTTOM, False, Site("inert")
            self._mark_pending(s)
        elif isinstance(value, ir.Op):
            kind, varied, site = self._op(s, value, env)
        elif isinstance(value, ir.Call):
            kind, varied, site = self._call(s, value, env)
        elif isinstance(value, ir.Closure):
            kind, varied, site = self._closure(s, value)
        else:
            kind, varied, site = UNKNOWN, True, Site("generic")
        self.facts.sites[id(s)] = site
        self.facts.kinds[id(s)] = kind
        if isinstance(s.target, str):
            env[s.target] = kind
            self._bind(s.target, kind, varied)

    def _is_pending(self, value: ir.Expr, env: dict[str, Kind]) -> bool:
        """Whether an operand is to come from a function that is being analysed itself."""
        return bool(self.pending) and any(
            name in self.pending and env.get(name) is BOTTOM for name in _operands(value)
        )

    def _mark_pending(self, s: ir.Assign) -> None:
        if isinstance(s.target, str):
            self.pending.add(s.target)

    def _bind(self, name: str, kind: Kind, varied: bool) -> None:
        if varied and can_carry(kind):
            self.varied.add(name)
        if not is_atomic(kind):
            self.non_atomic.add(name)

    # --- reads of the surroundings ------------------------------------------------------------

    def _global(self, s: ir.Assign, value: ir.Global) -> tuple[Kind, bool, Site]:
        kind, _ = self.book.read_global(value.name, value.home)
        if value.name in self.stored_globals or (
            not isinstance(kind, KnownObject) and self.book.is_stored(value.name, value.home)
        ):
            kind = UNKNOWN
        if is_atomic(kind):
            return kind, False, Site("inert")
        self._alias_target(s, HEAP)
        self.reads_heap = True
        varied = self.facts.heap_active
        return kind, varied, Site("generic" if varied else "inert")

    def _free(self, s: ir.Assign, value: ir.Free) -> tuple[Kind, bool, Site]:
        kind = self.book.read_free(value.name, value.cell)
        varied = self.facts.heap_active and can_carry(kind)
        if varied and is_number(kind):
            kind = UNKNOWN
        if not is_atomic(kind):
            self._alias_target(s, HEAP)
            self.reads_heap = True
        return kind, varied, Site("generic" if varied else "inert")

    def _closure(self, s: ir.Assign, value: ir.Closure) -> tuple[Kind, bool, Site]:
        varied = False
        for _, atom in value.cells:
            if isinstance(atom, ir.Var):
                self._alias_target(s, atom.name)
                varied = varied or self._is_varied(atom)
            else:
                self._alias_target(s, HEAP)
        has_defaults = False
        for atom in (*value.defaults, *(a for _, a in value.kwdefaults)):
            if isinstance(atom, ir.Var):
                self._alias_target(s, atom.name)
                has_defaults = has_defaults or self._is_varied(atom)
        self._alias_target_force(s)
        if isinstance(s.target, str) and (varied or has_defaults):
            self.by_runtime.add(s.target)
        return UNKNOWN, varied or has_defaults, Site("generic" if has_defaults else "inert")

    # --- operations ---------------------------------------------------------------------------

    def _op(self, s: ir.Assign, value: ir.Op, env: dict[str, Kind]) -> tuple[Kind, bool, Site]:
        name, args = value.name, value.args
        kinds = tuple(self._kind(a, env) for a in args)
        if name in ARITHMETIC:
            return self._arithmetic(s, ARITHMETIC[name], args, kinds)
        if name in IN_PLACE:
            return self._in_place(s, name, args, kinds)
        if name in _INERT_OPS:
            decided = _static_test(name, kinds)
            if decided is not None:
                return Const(decided, bool), False, Site("inert")
            return self._inert_op(name), False, Site("inert")
        if name == "contains":
            if any(k is UNKNOWN or isinstance(k, Object) for k in kinds):
                return self._generic(s, args, kinds, result=Number(bool))
            return Number(bool), False, Site("inert")
        if name in ("tuple", "list", "set", "dict"):
            return self._build(s, name, args, kinds)
        if name == "getattr":
            return self._getattr(s, args[0], args[1].value, kinds[0])
        if name == "getitem":
            return self._getitem(s, args, kinds)
        if name == "setitem" and isinstance(kinds[0], Array):
            return self._array_write(args, kinds)
        if name == "setitem" and isinstance(kinds[0], (List, Dict)):
            return self._container_write(s, args, kinds)
        if name == "setattr" and isinstance(kinds[0], Object):
            found = self._attribute_write(s, args, kinds)
            if found is not None:
                return found
        if name == "unpack":
            return self._unpack(s, args, kinds)
        if name == "append":
            self._alias_if(args[0], args[1], kinds[1])
            varied = self._is_varied(args[1])
            if varied:
                self.varied.add(args[0].name)
            old = kinds[0].item if isinstance(kinds[0], List) else UNKNOWN
            env[args[0].name] = List(join(old, widen(kinds[1])))
            return Other(type(None)), False, Site("append" if varied else "inert")
        if name in ("setglobal", "delglobal"):
            self.non_atomic.add(HEAP)
            self.written.add(HEAP)
            if self._is_varied(args[-1]):
                self.stored_active.add(HEAP)
            if isinstance(args[-1], ir.Var) and not is_atomic(kinds[-1]):
                self._alias(args[-1].name, HEAP)
            varied = self._any_varied(args) or self.facts.heap_active
            return Other(type(None)), False, Site("generic" if varied else "inert")
        if name == "new_cell":
            for a in args:
                self._alias_target_if(s, a, UNKNOWN)
            self._alias_target_force(s)
            if isinstance(s.target, str):
                self.written.add(s.target)
            return UNKNOWN, any(map(self._is_varied, args)), Site("generic")
        return self._generic(s, args, kinds)

    @staticmethod
    def _inert_op(name: str) -> Kind:
        if name in _BOOLEAN_OPS:
            return Number(bool)
        if name in ("format", "join"):
            return Other(str)
        if name == "slice":
            return Other(slice)
        return UNKNOWN

    def _arithmetic(
        self, s: ir.Assign, function: Any, args: tuple[Any, ...], kinds: tuple[Kind, ...]
    ) -> tuple[Kind, bool, Site]:
        if all(is_number(k) or isinstance(k, Array) for k in kinds):
            rule = self.book.rule(function, kinds)
            kind = self._primitive_kind(function, rule, args, kinds, ())
            varied = rule is not None and self._any_varied(args) and not rule.is_nondifferentiable
            if rule is None and self._any_varied(args):
                return self._generic(s, args, kinds)
            form = "inert"
            if varied:
                form = "elementwise" if rule.partials is not None else "rule"
            return kind, varied, Site(form, rule, args, function=function)
        if not any(map(self._needs_dispatch, kinds)) and not self._any_varied(args):
            kind = UNKNOWN
            if function in _COMPARISONS:
                kind = Number(bool)
            elif all(isinstance(k, (Other, Const)) for k in kinds):
                kind = _inert_result(kinds)
            return kind, False, Site("inert")
        if isinstance(kinds[0], Object) or (len(kinds) > 1 and isinstance(kinds[1], Object)):
            found = self._operator_method(s, function, args, kinds)
            if found is not None:
                return found
        return self._generic(s, args, kinds)

    @staticmethod
    def _needs_dispatch(kind: Kind) -> bool:
        return kind is UNKNOWN or isinstance(kind, Object)

    def _operator_method(
        self, s: ir.Assign, function: Any, args: tuple[Any, ...], kinds: tuple[Kind, ...]
    ) -> tuple[Kind, bool, Site] | None:
        """``a * b`` where one operand is an instance of a user's class: its method, directly."""
        base = function.__name__.strip("_")
        if function in _COMPARISONS or base not in _DUNDERS:
            return None
        left = kinds[0]
        if isinstance(left, Object):
            right_cls = kinds[1].cls if len(kinds) > 1 and isinstance(kinds[1], Object) else None
            overridden = right_cls is not None and (
                right_cls is not left.cls and issubclass(right_cls, left.cls)
            )
            method = None if overridden else self._class_function(left.cls, f"__{base}__")
            if method is None or _may_decline(method):
                return None
            return self._call_function(s, method, args, (), kinds, ())
        if len(kinds) == 2 and isinstance(kinds[1], Object) and is_number(left):
            method = self._class_function(kinds[1].cls, f"__r{base}__")
            if method is None or _may_decline(method):
                return None
            return self._call_function(s, method, args[::-1], (), kinds[::-1], ())
        return None

    def _class_function(self, cls: type, name: str) -> types.FunctionType | None:
        raw = self._class_attribute(cls, name)
        return raw if isinstance(raw, types.FunctionType) else None

    def _class_attribute(self, cls: type, name: str) -> Any:
        """The raw attribute in the class's MRO (recorded as a dependency), or a marker."""
        for c in cls.__mro__:
            raw = c.__dict__.get(name, _MISSING)
            if c.__module__ != "builtins":
                self.book.depend(_namespace(c), name, None if raw is _MISSING else raw)
            if raw is not _MISSING:
                return raw
        return _MISSING

    def _in_place(
        self, s: ir.Assign, name: str, args: tuple[Any, ...], kinds: tuple[Kind, ...]
    ) -> tuple[Kind, bool, Site]:
        plain = _PLAIN_OF[name]
        immutable = is_number(kinds[0]) or (
            isinstance(kinds[0], (Tuple, Const, Other)) and is_atomic(kinds[0])
        )
        if isinstance(kinds[0], Object):
            # Without an in-place method, Python falls back to the plain operator.
            immutable = self._class_attribute(kinds[0].cls, f"__{name}__") is _MISSING
        if immutable:
            return self._arithmetic(s, ARITHMETIC[plain], args, kinds)
        self._write(args[0], args[1:], kinds[1:])
        self._alias_target_if(s, args[0], kinds[0])
        if not self._any_varied(args) and isinstance(kinds[0], (Array, List)):
            return kinds[0] if isinstance(kinds[0], Array) else UNKNOWN, False, Site("inert")
        if isinstance(kinds[0], Array) and kinds[0].dtype.kind in "fc":
            rule = self._update_rule(ARITHMETIC[plain], kinds)
            if rule is not None:
                return kinds[0], True, Site("update", rule, args, function=ARITHMETIC[plain])
        kind, varied, site = self._generic(s, args, kinds, writes=isinstance(kinds[0], Array))
        if isinstance(kinds[0], Array):
            kind = kinds[0]
        return kind, varied, site

    def _update_rule(self, function: Any, kinds: tuple[Kind, ...]) -> Any:
        """The elementwise rule of an in-place operator on an array, where it has one."""
        if not (is_number(kinds[1]) or isinstance(kinds[1], Array)):
            return None
        rule = self.book.rule(function, kinds)
        if rule is None or rule.partials is None or rule.is_nondifferentiable:
            return None
        return rule

    def _build(
        self, s: ir.Assign, name: str, args: tuple[Any, ...], kinds: tuple[Kind, ...]
    ) -> tuple[Kind, bool, Site]:
        varied = self._any_varied(args)
        for a, k in zip(args, kinds, strict=True):
            self._alias_target_if(s, a, k)
        starred = any(isinstance(a, ir.Star) for a in args)
        kind: Kind = UNKNOWN
        if name == "tuple" and not starred:
            kind = Tuple(kinds)
        elif name == "list" and not starred:
            item: Kind = BOTTOM
            for k in kinds:
                item = join(item, widen(k))
            kind = List(item)
        elif name == "dict":
            keys = args[::2]
            if all(isinstance(k, ir.Lit) and isinstance(k.value, str) for k in keys):
                pairs = zip(keys, kinds[1::2], strict=True)
                kind = Dict(tuple((k.value, widen(v)) for k, v in pairs))
        if not is_atomic(kind):
            self._alias_target_force(s)
        if not varied:
            return kind, False, Site("inert")
        if starred or name == "set" or (name == "dict" and kind is UNKNOWN):
            return self._generic(s, args, kinds, writes=False)
        return kind, True, Site("build", slot=name)

    def _unpack(
        self, s: ir.Assign, args: tuple[Any, ...], kinds: tuple[Kind, ...]
    ) -> tuple[Kind, bool, Site]:
        source, n = args[0], args[1].value
        kind = kinds[0]
        varied = self._is_varied(source)
        if isinstance(kind, Tuple) and len(kind.items) == n:
            self._alias_target_if(s, source, kind)
            return kind, varied, Site("copy", operands=(source,)) if varied else Site("inert")
        item: Kind = UNKNOWN
        if isinstance(kind, Array) and kind.ndim:
            item = _element(kind, 1)
        elif isinstance(kind, List):
            item = self._slot_kind(source, "[]", kind.item)
        result = Tuple((item,) * n)
        self._alias_target_if(s, source, kind)
        return self._generic(s, args, kinds, writes=False, result=result)

    # --- attributes and items -----------------------------------------------------------------

    def _getattr(self, s: ir.Assign, owner: Any, name: str, kind: Kind) -> tuple[Kind, bool, Site]:
        found = self._attribute(s, owner, name, kind)
        if not isinstance(found[0], Method) or id(s) in self.direct_methods:
            return found
        return self._generic(s, (owner, ir.Lit(name)), (kind,), writes=False)

    def _attribute(
        self, s: ir.Assign, owner: Any, name: str, kind: Kind
    ) -> tuple[Kind, bool, Site]:
        if isinstance(kind, KnownObject):
            return self._known_attribute(s, owner, kind.value, name)
        if isinstance(kind, Object):
            return self._object_attribute(s, owner, kind, name)
        if isinstance(kind, Array):
            return self._array_attribute(s, owner, kind, name)
        if isinstance(kind, List) and name in _LIST_METHODS:
            return Method(KnownObject(getattr(list, name)), owner), False, Site("inert")
        varied = self._is_varied(owner)
        if not varied:
            self._alias_target_if(s, owner, UNKNOWN)
            return UNKNOWN, False, Site("inert")
        return self._generic(s, (owner, ir.Lit(name)), (kind,), writes=kind is UNKNOWN)

    def _known_attribute(
        self, s: ir.Assign, owner: Any, value: Any, name: str
    ) -> tuple[Kind, bool, Site]:
        if isinstance(value, types.ModuleType):
            found = value.__dict__.get(name, _MISSING)
            if found is _MISSING:
                return UNKNOWN, False, Site("inert")
            self.book.depend(value.__dict__, name, found)
            kind = KnownObject(found) if _is_named_constant(found) else kind_of(found)
        elif _is_named_constant(value):
            is_field = isinstance(getattr(type(value), name, None), types.MemberDescriptorType)
            return kind_of(getattr(value, name)) if is_field else UNKNOWN, False, Site("inert")
        elif isinstance(value, np.ufunc):
            method = getattr(np.ufunc, name, None)
            if isinstance(method, types.MethodDescriptorType):
                owner = ir.Known(value, value.__name__)
                return Method(KnownObject(method), owner), False, Site("inert")
            return UNKNOWN, False, Site("inert")
        elif isinstance(value, type):
            found = self._class_attribute(value, name) if type(value) is type else _MISSING
            if isinstance(found, staticmethod):
                found = found.__func__
            elif isinstance(found, classmethod):
                inner = found.__func__
                owner = ir.Known(value, value.__name__)
                return Method(KnownObject(inner), owner), False, Site("inert")
            elif hasattr(found, "__get__") and not isinstance(
                found, (types.FunctionType, types.MethodDescriptorType, types.WrapperDescriptorType)
            ):
                found = _MISSING
            if found is _MISSING:
                self._alias_target(s, HEAP)
                varied = self.facts.heap_active
                return UNKNOWN, varied, Site("generic" if varied else "inert")
            kind = kind_of(found)
        else:
            kind = UNKNOWN
        if is_atomic(kind):
            return kind, False, Site("inert")
        self._alias_target(s, HEAP)
        varied = self.facts.heap_active
        return kind, varied, Site("generic" if varied else "inert")

    def _object_attribute(
        self, s: ir.Assign, owner: Any, kind: Object, name: str
    ) -> tuple[Kind, bool, Site]:
        cls = kind.cls
        varied = self._is_varied(owner)
        if self._class_attribute(cls, "__getattribute__") is not _OBJECT_GETATTRIBUTE:
            if not issubclass(cls, tuple):
                return self._generic(s, (owner, ir.Lit(name)), (kind,))
        raw = self._class_attribute(cls, name)
        field_kind = kind.field(name)
        if isinstance(raw, property) and isinstance(raw.fget, types.FunctionType):
            if self._class_attribute(cls, "__getattr__") is not _MISSING:
                return self._generic(s, (owner, ir.Lit(name)), (kind,))
            return self._call_function(s, raw.fget, (owner,), (), (kind,), ())
        is_slot = isinstance(raw, types.MemberDescriptorType) or (
            issubclass(cls, tuple) and name in getattr(cls, "_fields", ())
        )
        if field_kind is not None and (raw is _MISSING or is_slot or not _is_data_descriptor(raw)):
            if self._is_written(owner):
                found = self._slot_kind(owner, name, field_kind)
                self._alias_target_if(s, owner, found)
                if not varied:
                    return found, False, Site("inert")
                return self._generic(s, (owner, ir.Lit(name)), (kind,), writes=False, result=found)
            self._alias_target_if(s, owner, field_kind)
            return field_kind, varied, Site("field" if varied else "inert", slot=name)
        if field_kind is None and not _is_data_descriptor(raw):
            is_data = not isinstance(raw, (types.FunctionType, staticmethod, classmethod))
            is_open = is_data and (kind.field(OPEN) is not None or self._adds_slots(owner, {}))
            # An attribute that the program sets hides that of the class.
            if is_open or self._slot_kind(owner, name, BOTTOM) is not BOTTOM:
                self._alias_target_if(s, owner, UNKNOWN)
                return self._generic(s, (owner, ir.Lit(name)), (kind,), writes=False)
        if isinstance(raw, types.FunctionType):
            return Method(KnownObject(raw), owner), False, Site("inert")
        if isinstance(raw, staticmethod):
            return kind_of(raw.__func__), False, Site("inert")
        if isinstance(raw, classmethod):
            known = ir.Known(cls, cls.__name__)
            return Method(KnownObject(raw.__func__), known), False, Site("inert")
        if raw is not _MISSING and not hasattr(raw, "__get__"):
            found = kind_of(raw)
            if is_atomic(found) and not self.facts.heap_active:
                return found, False, Site("inert")
        self._alias_target_if(s, owner, UNKNOWN)
        return self._generic(s, (owner, ir.Lit(name)), (kind,))

    def _array_attribute(
        self, s: ir.Assign, owner: Any, kind: Array, name: str
    ) -> tuple[Kind, bool, Site]:
        descriptor = getattr(np.ndarray, name, None)
        if isinstance(descriptor, (types.MethodDescriptorType, types.WrapperDescriptorType)):
            return Method(KnownObject(descriptor), owner), False, Site("inert")
        if name == "ndim":
            return Const(kind.ndim, int), False, Site("inert")
        if name == "shape":
            return Tuple((Number(int),) * kind.ndim), False, Site("inert")
        if name in ("size", "itemsize", "nbytes"):
            return Number(int), False, Site("inert")
        rule = self.book.rule(descriptor, (kind,))
        if rule is None:
            if not self._is_varied(owner):
                self._alias_target_if(s, owner, kind)
                return UNKNOWN, False, Site("inert")
            return self._generic(s, (owner, ir.Lit(name)), (kind,), writes=False)
        result = self._primitive_kind(rule.primal, rule, (owner,), (kind,), ())
        if not rule.fresh:
            self._alias_target_if(s, owner, result)
        varied = self._is_varied(owner) and not rule.is_nondifferentiable
        return result, varied, Site("rule" if varied else "inert", rule, (owner,))

    def _getitem(
        self, s: ir.Assign, args: tuple[Any, ...], kinds: tuple[Kind, ...]
    ) -> tuple[Kind, bool, Site]:
        owner, index = args
        kind, index_kind = kinds
        varied = self._is_varied(owner)
        if (
            isinstance(kind, Tuple)
            and isinstance(index_kind, Const)
            and type(index_kind.value) is int
        ):
            i = index_kind.value
            if -len(kind.items) <= i < len(kind.items):
                i %= len(kind.items)
                item = kind.items[i]
                self._alias_target_if(s, owner, item)
                return item, varied, Site("item" if varied else "inert", slot=i)
        if isinstance(kind, Dict) and isinstance(index_kind, Const):
            for key, item in kind.fields:
                if key == index_kind.value:
                    item = self._slot_kind(owner, "[]", self._slot_kind(owner, key, item))
                    self._alias_target_if(s, owner, item)
                    if self._is_written(owner) and varied:
                        return self._generic(s, args, kinds, writes=False, result=item)
                    return item, varied, Site("field" if varied else "inert", slot=key)
        if isinstance(kind, KnownObject) and _is_named_constant(kind.value):
            return _item_of_constant(kind.value, index_kind), False, Site("inert")
        if isinstance(kind, Array):
            result = _indexed(kind, index_kind)
            if result is UNKNOWN or _is_basic(index_kind):  # else it is a copy
                self._alias_target_if(s, owner, result)
            if not varied:
                return result, False, Site("inert")
            if result is UNKNOWN:
                return self._generic(s, args, kinds, writes=False)
            return result, True, Site("array_read", slot="view" if _is_basic(index_kind) else None)
        result = UNKNOWN
        if isinstance(kind, List) and number_type(index_kind) is int:
            result = self._slot_kind(owner, "[]", kind.item)
        elif isinstance(kind, Tuple) and number_type(index_kind) is int:
            result = BOTTOM
            for k in kind.items:
                result = join(result, k)
        self._alias_target_if(s, owner, result)
        if not varied:
            return result, False, Site("inert")
        dispatches = kind is UNKNOWN or isinstance(kind, Object)
        return self._generic(s, args, kinds, writes=dispatches, result=result)

    def _array_write(
        self, args: tuple[Any, ...], kinds: tuple[Kind, ...]
    ) -> tuple[Kind, bool, Site]:
        array, _, value = args
        self._write(array, (value,), (kinds[2],))
        varied = self._is_varied(array) or self._is_varied(value)
        simple = is_number(kinds[2]) or isinstance(kinds[2], Array)
        if not varied:
            return Other(type(None)), False, Site("inert")
        form = "array_write" if simple else "generic"
        region = _indexed(kinds[0], kinds[1]) if isinstance(kinds[0], Array) else UNKNOWN
        return Other(type(None)), False, Site(form, operands=args, slot=region)

    def _container_write(
        self, s: ir.Assign, args: tuple[Any, ...], kinds: tuple[Kind, ...]
    ) -> tuple[Kind, bool, Site]:
        """``xs[i] = v`` and ``d[key] = v`` on plain lists and dicts."""
        owner, _, value = args
        kind, index, stored = kinds
        slot = "[]"
        if isinstance(kind, Dict) and isinstance(index, Const) and type(index.value) is str:
            slot = index.value
        if isinstance(kind, List) and number_type(index) is not int:
            stored = UNKNOWN
        return self._write_slot(s, owner, slot, value, stored, args, kinds)

    def _attribute_write(
        self, s: ir.Assign, args: tuple[Any, ...], kinds: tuple[Kind, ...]
    ) -> tuple[Kind, bool, Site] | None:
        """``obj.name = v`` where this only sets an instance attribute."""
        owner, name, value = args
        cls = kinds[0].cls  # type: ignore[attr-defined]
        if self._class_attribute(cls, "__setattr__") is not _OBJECT_SETATTR:
            return None
        raw = self._class_attribute(cls, name.value)
        if _is_data_descriptor(raw) and not isinstance(raw, types.MemberDescriptorType):
            return None
        return self._write_slot(s, owner, name.value, value, kinds[2], args, kinds)

    def _write_slot(
        self,
        s: ir.Assign,
        owner: Any,
        slot: str,
        value: Any,
        stored: Kind,
        args: tuple[Any, ...],
        kinds: tuple[Kind, ...],
    ) -> tuple[Kind, bool, Site]:
        self._write(owner, (value,), (stored,))
        self._store(owner, slot, stored)
        if isinstance(value, ir.Var) and not is_atomic(stored):
            name = owner.name if isinstance(owner, ir.Var) else HEAP
            self._alias(name, value.name)
        if not self._is_varied(value) and not self._is_varied(owner):
            return Other(type(None)), False, Site("inert")
        return self._generic(s, args, kinds, writes=False, result=Other(type(None)))

    # --- calls --------------------------------------------------------------------------------

    def _call(self, s: ir.Assign, value: ir.Call, env: dict[str, Kind]) -> tuple[Kind, bool, Site]:
        args: tuple[Any, ...] = value.args
        kwargs: Any = value.kwargs
        func = self._kind(value.func, env)
        kinds = tuple(self._kind(a, env) for a in args)
        kw_kinds = tuple(self._kind(a, env) for _, a in kwargs)
        starred = any(isinstance(a, ir.Star) for a in args) or any(k is None for k, _ in kwargs)
        if isinstance(func, Method):
            args = (func.owner, *args)
            kinds = (self._kind(func.owner, env), *kinds)
            self._record(s, func.owner, env)
            func = func.function
        if isinstance(func, Object) and not starred:
            method = self._class_function(func.cls, "__call__")
            if method is not None:
                args, kinds, func = (value.func, *args), (func, *kinds), KnownObject(method)
        if not isinstance(func, KnownObject) or starred:
            return self._unknown_call(s, value, func, args, kinds, kwargs, kw_kinds)
        return self._call_known(s, func.value, args, kwargs, kinds, kw_kinds)

    def _unknown_call(
        self,
        s: ir.Assign,
        value: ir.Call,
        func: Kind,
        args: tuple[Any, ...],
        kinds: tuple[Kind, ...],
        kwargs: Any,
        kw_kinds: tuple[Kind, ...],
    ) -> tuple[Kind, bool, Site]:
        if isinstance(func, KnownObject):
            rule = self.book.rule(func.value, kinds)
            if rule is not None and rule.is_nondifferentiable:
                return UNKNOWN, False, Site("inert")
        operands = (value.func, *args, *(a for _, a in kwargs))
        return self._generic(s, operands, (func, *kinds, *kw_kinds))

    def _call_known(
        self,
        s: ir.Assign,
        function: Any,
        args: tuple[Any, ...],
        kwargs: tuple[tuple[str, Any], ...],
        kinds: tuple[Kind, ...],
        kw_kinds: tuple[Kind, ...],
    ) -> tuple[Kind, bool, Site]:
        operands = (*args, *(a for _, a in kwargs))
        all_kinds = (*kinds, *kw_kinds)
        maker = made_with(function)
        if maker is not None:
            return self._made(s, maker, args, kinds)
        if function is isinstance and len(kinds) == 2:
            decided = _static_isinstance(*kinds)
            if decided is not None:
                return Const(decided, bool), False, Site("inert")
        if function is hasattr and self._may_run_code(args, kinds):
            return self._generic(s, operands, all_kinds, result=Number(bool))
        rule = self.book.rule(function, kinds)
        if rule is not None:
            return self._call_rule(s, function, rule, args, kwargs, kinds, kw_kinds)
        if not kwargs:
            found = self._call_container(s, function, args, kinds)
            if found is not None:
                return found
        if isinstance(function, type) and is_plain_dataclass(function):
            found = self._construct(s, function, args, kwargs, kinds, kw_kinds)
            if found is not None:
                return found
        elif isinstance(function, type):
            found = self._construct_by_init(s, function, args, kwargs, kinds, kw_kinds)
            if found is not None:
                return found
        if isinstance(function, types.FunctionType):
            return self._call_function(s, function, args, kwargs, kinds, kw_kinds)
        if isinstance(function, np.ufunc) and not self._any_varied(operands) and not kwargs:
            simple = all(is_number(k) or isinstance(k, Array) for k in kinds)
            if simple and len(kinds) == function.nin:  # pure, whatever it computes
                return _kind_by_dummy(function, kinds, ()), False, Site("inert")
        if function is range and all(is_atomic(k) for k in kinds):
            return Other(range), False, Site("inert")
        if (
            not self._any_varied(operands)
            and all(map(is_atomic, all_kinds))
            and not isinstance(function, type)
        ):
            # A C function of plain values: it cannot reach the user's arrays.
            return UNKNOWN, False, Site("inert")
        return self._generic(s, operands, all_kinds)

    def _may_run_code(self, args: tuple[Any, ...], kinds: tuple[Kind, ...]) -> bool:
        """Whether ``hasattr`` may call a property or another method of the user's."""
        if kinds[:1] == (UNKNOWN,) or len(kinds) != 2:
            return True
        if not isinstance(kinds[0], Object):
            return False
        cls, name = kinds[0].cls, args[1]
        if not isinstance(name, ir.Lit) or not isinstance(name.value, str):
            return True
        raw = self._class_attribute(cls, name.value)
        return (
            self._class_attribute(cls, "__getattr__") is not _MISSING
            or self._class_attribute(cls, "__getattribute__") is not _OBJECT_GETATTRIBUTE
            or raw is not _MISSING
            and not isinstance(raw, types.FunctionType)
            and hasattr(raw, "__get__")
        )

    def _call_rule(
        self,
        s: ir.Assign,
        function: Any,
        rule: Any,
        args: tuple[Any, ...],
        kwargs: tuple[tuple[str, Any], ...],
        kinds: tuple[Kind, ...],
        kw_kinds: tuple[Kind, ...],
    ) -> tuple[Kind, bool, Site]:
        operands = (*args, *(a for _, a in kwargs))
        all_kinds = (*kinds, *kw_kinds)
        named = tuple((k, kind) for (k, _), kind in zip(kwargs, kw_kinds, strict=True))
        if rule.mutates is not None:
            self._write(args[rule.mutates], operands, all_kinds)
            if not self._any_varied(operands):
                return UNKNOWN, False, Site("inert")
            return self._generic(s, operands, all_kinds, writes=False)
        result = self._primitive_kind(function, rule, args, kinds, named)
        if any(k == "out" for k, _ in kwargs):
            return self._generic(s, operands, all_kinds)
        if rule.is_nondifferentiable:
            if function in _CALL_BACK and not all(
                is_number(k) or isinstance(k, Array) for k in kinds
            ):
                # a special method, or an iterator that calls functions when it is consumed
                result = Number(bool) if function in (any, all) else UNKNOWN
                writes = _calls_back(all_kinds)
                return self._generic(s, operands, all_kinds, writes=writes, result=result)
            return result, False, Site("inert")
        if not rule.fresh and not _copies(function, kwargs, result):
            for a, k in zip(operands, all_kinds, strict=True):
                if not is_atomic(k):
                    self._alias_target_if(s, a, result)
        varied = self._any_varied(operands)
        if not varied:
            return result, False, Site("inert", None, args, kwargs, function=function)
        if rule.partials is not None and not kwargs and len(args) == len(rule.partials):
            if all(is_number(k) or isinstance(k, Array) for k in kinds):
                return result, True, Site("elementwise", rule, args, function=function)
        simple = all(
            is_number(k) or isinstance(k, (Array, KnownObject, Other, Const))
            or isinstance(k, Tuple) and is_atomic(k)
            for k in all_kinds
        )  # fmt: skip
        certain = is_number(result) or isinstance(result, Array) or not rule.primal_is_user
        if rule.partials is None and simple and certain:
            return result, True, Site("rule", rule, args, kwargs, function=function)
        _, _, site = self._generic(s, operands, all_kinds, writes=_calls_back(all_kinds))
        return result, True, site

    def _construct(
        self,
        s: ir.Assign,
        cls: Any,
        args: tuple[Any, ...],
        kwargs: tuple[tuple[str, Any], ...],
        kinds: tuple[Kind, ...],
        kw_kinds: tuple[Kind, ...],
    ) -> tuple[Kind, bool, Site] | None:
        bound = _bind(cls.__init__, (None, *args), kwargs)
        if bound is None:
            return None
        init = cls.__dict__["__init__"]
        self.book.depend(_namespace(cls), "__init__", init)
        bound.pop(next(iter(bound)))
        atoms = (*args, *(a for _, a in kwargs))
        by_atom = {id(a): k for a, k in zip(atoms, (*kinds, *kw_kinds), strict=True)}
        signature = signature_of(init)
        fields = []
        for name, parameter in list(signature.parameters.items())[1:]:
            if name in bound:
                kind = by_atom[id(bound[name])]
                self._alias_target_if(s, bound[name], kind)
            else:
                kind = kind_of(parameter.default)
                if not is_atomic(kind):
                    return None
            fields.append((name, widen(kind) if not isinstance(kind, Method) else UNKNOWN))
        self._alias_target_force(s)
        varied = self._any_varied(tuple(bound.values()))
        kind = Object(cls, tuple(fields))
        if not varied:
            return kind, False, Site("inert")
        return kind, True, Site("construct", binding=bound, function=cls)

    def _made(
        self, s: ir.Assign, maker: Maker, args: tuple[Any, ...], kinds: tuple[Kind, ...]
    ) -> tuple[Kind, bool, Site]:
        """An object of which the attributes are all that its constructor makes."""
        for atom, kind in zip(args, kinds, strict=True):
            self._alias_target_if(s, atom, kind)
        self._alias_target_force(s)
        fields = (UNKNOWN if isinstance(k, Method) else widen(k) for k in kinds)
        kind = Object(maker.cls, tuple(zip(maker.fields, fields, strict=True)))
        if not self._any_varied(args):
            return kind, False, Site("inert")
        binding = dict(zip(maker.fields, args, strict=True))
        return kind, True, Site("construct", binding=binding, function=maker.cls)

    def _call_container(
        self, s: ir.Assign, function: Any, args: tuple[Any, ...], kinds: tuple[Kind, ...]
    ) -> tuple[Kind, bool, Site] | None:
        """Builtins and list methods whose effects are known exactly."""
        if function is tuple and len(args) == 1 and isinstance(kinds[0], Tuple):
            self._alias_target_if(s, args[0], kinds[0])
            varied = self._is_varied(args[0])
            return kinds[0], varied, Site("copy", operands=args) if varied else Site("inert")
        if function in _ITERATORS or function in (list, tuple):
            items = [self._iterated(a, k) for a, k in zip(args, kinds, strict=True)]
            if not items or any(item is None for item in items):
                return None
            return self._collect(s, function, args, kinds, tuple(items))  # type: ignore[arg-type]
        is_method = isinstance(function, types.MethodDescriptorType)
        if not is_method or function.__objclass__ is not list or not isinstance(kinds[0], List):
            return None
        name, owner = function.__name__, args[0]
        item = self._slot_kind(owner, "[]", kinds[0].item)
        if name in ("index", "count"):
            return self._generic(s, args, kinds, writes=False, result=Number(int))
        result: Kind = Other(type(None))
        stored: tuple[Any, Kind] | None = None
        if name in ("append", "insert") and len(args) == (2 if name == "append" else 3):
            stored = args[-1], kinds[-1]
        elif name == "extend" and len(args) == 2:
            found = self._iterated(args[1], kinds[1])
            stored = args[1], UNKNOWN if found is None else found
        elif name == "pop":
            result = item
        elif name not in ("clear", "reverse", "sort", "remove"):
            return None
        value, kind = stored if stored is not None else (ir.Lit(None), Other(type(None)))
        if stored is not None:
            return self._write_slot(s, owner, "[]", value, kind, args, kinds)
        self._write(owner, (), ())
        if not self._is_varied(owner):
            self._alias_target_if(s, owner, result)
            return result, False, Site("inert")
        return self._generic(s, args, kinds, writes=False, result=result)

    def _iterated(self, atom: Any, kind: Kind) -> Kind | None:
        """The kind of the items of an iterable; None where iteration may run user code."""
        if isinstance(kind, List):
            return self._slot_kind(atom, "[]", kind.item)
        if isinstance(kind, Iterator):
            return kind.item
        if isinstance(kind, Array) and kind.ndim:
            return _element(kind, 1)
        if isinstance(kind, Other) and kind.type is range:
            return Number(int)
        if isinstance(kind, Tuple):
            item: Kind = BOTTOM
            for k in kind.items:
                item = join(item, widen(k))
            return item
        return None

    def _collect(
        self,
        s: ir.Assign,
        function: Any,
        args: tuple[Any, ...],
        kinds: tuple[Kind, ...],
        items: tuple[Kind, ...],
    ) -> tuple[Kind, bool, Site] | None:
        if function is zip:
            result: Kind = Iterator(Tuple(items))
        elif len(args) != 1:
            return None
        elif function is enumerate:
            result = Iterator(Tuple((Number(int), items[0])))
        elif function is reversed:
            result = Iterator(items[0])
        else:
            result = List(items[0]) if function is list else UNKNOWN
        for a, k in zip(args, kinds, strict=True):
            self._alias_target_if(s, a, k)
        self._alias_target_force(s)
        if not self._any_varied(args):
            return result, False, Site("inert")
        return self._generic(s, args, kinds, writes=False, result=result)

    def _construct_by_init(
        self,
        s: ir.Assign,
        cls: Any,
        args: tuple[Any, ...],
        kwargs: tuple[tuple[str, Any], ...],
        kinds: tuple[Kind, ...],
        kw_kinds: tuple[Kind, ...],
    ) -> tuple[Kind, bool, Site] | None:
        """A constructor that only sets attributes: its fields come from a function."""
        constructor = self.book.constructor(cls)
        if constructor is None:
            return None
        for c in cls.__mro__[:-1]:
            for name in ("__init__", "__new__", "__post_init__", "__setattr__"):
                self.book.depend(_namespace(c), name, c.__dict__.get(name))
        bound = _bind(cls.__init__, (None, *args), kwargs)
        if bound is None:
            return None
        bound.pop(next(iter(bound)))
        found = self._call_bound(
            s, constructor, (*args, *(a for _, a in kwargs)), (*kinds, *kw_kinds), bound
        )
        if found is None or not isinstance(found[0], Tuple):
            return None
        result, varied, site = found
        assert isinstance(result, Tuple)
        self._alias_target_force(s)
        kind = Object(cls, tuple(zip(constructor.fields, result.items, strict=True)))
        if site.form == "callee":
            site.form, site.fields, site.function = "construct_fields", constructor.fields, cls
            site.slot = constructor
        return kind, varied, site

    def _call_function(
        self,
        s: ir.Assign,
        function: Any,
        args: tuple[Any, ...],
        kwargs: tuple[tuple[str, Any], ...],
        kinds: tuple[Kind, ...],
        kw_kinds: tuple[Kind, ...],
    ) -> tuple[Kind, bool, Site]:
        """A call of a Python function known at compile time."""
        operands = (*args, *(a for _, a in kwargs))
        all_kinds = (*kinds, *kw_kinds)
        rule = self.book.rule(function, kinds)
        if rule is not None:
            return self._call_rule(s, function, rule, args, kwargs, kinds, kw_kinds)
        bound = _bind(function, args, kwargs)
        if bound is None:
            return self._generic(s, operands, all_kinds)
        found = self._call_bound(s, function, operands, all_kinds, bound)
        return self._generic(s, operands, all_kinds) if found is None else found

    def _call_bound(
        self,
        s: ir.Assign,
        function: Any,
        operands: tuple[Any, ...],
        all_kinds: tuple[Kind, ...],
        bound: dict[str, Any],
    ) -> tuple[Kind, bool, Site] | None:
        """A call with every operand bound to a parameter; None where there is no callee."""
        by_atom = list(zip(operands, all_kinds, strict=True))
        param_kinds: dict[str, Kind] = {}
        for name, atom in bound.items():
            found = next((k for a, k in by_atom if a is atom), UNKNOWN)
            found = self._kind_now(atom, found)
            param_kinds[name] = UNKNOWN if isinstance(found, Method) else widen_argument(found)
        for name, default in _defaults(getattr(function, "init", function)).items():
            if name not in param_kinds:
                param_kinds[name] = kind_of(default)
        active = frozenset(n for n, a in bound.items() if self._is_varied(a))
        shared = self._shared(bound, param_kinds)
        callee = self.book.callee(function, param_kinds, active, self.facts.heap_active, shared)
        if callee is None:
            return None
        return self._apply_summary(s, callee, bound, operands, all_kinds, function)

    def _shared(self, bound: dict[str, Any], kinds: dict[str, Kind]) -> frozenset[str]:
        """The parameters that may share something mutable with another one or with the heap."""
        heap = self.classes.find(HEAP)
        shared: set[str] = set()
        owners: dict[str, str] = {}
        for name, kind in kinds.items():
            if is_atomic(kind):
                continue
            atom = bound.get(name)
            root = self.classes.find(atom.name) if isinstance(atom, ir.Var) else heap
            other = owners.setdefault(root, name)
            if root == heap or other != name:
                shared.update((name, other))
        return frozenset(shared)

    def _apply_summary(
        self,
        s: ir.Assign,
        callee: Callee,
        bound: dict[str, Any],
        operands: tuple[Any, ...],
        kinds: tuple[Kind, ...],
        function: Any,
    ) -> tuple[Kind, bool, Site]:
        summary = callee.summary
        result = summary.result
        if result is BOTTOM and not callee.is_settled:
            self._mark_pending(s)
        places = {HEAP: HEAP}
        if isinstance(s.target, str) and not is_atomic(result):
            places[RESULT] = s.target
            self.non_atomic.add(s.target)
        for name, atom in bound.items():
            if isinstance(atom, ir.Var) and atom.name in self.non_atomic:
                places[name] = atom.name
            else:
                places[name] = HEAP
        for group in summary.groups:
            first, *others = (places[name] for name in group if name in places)
            for other in others:
                self._alias(first, other)
        self.written.update(places.get(name, HEAP) for name in summary.written)
        self.stored_active.update(places.get(name, HEAP) for name in summary.stored_active)
        self.unknown_stores.update(places.get(name, HEAP) for name in summary.unknown_stores)
        for name, slot, kind in summary.stores:
            self._store(ir.Var(places.get(name, HEAP)), slot, kind)
        self.reads_heap = self.reads_heap or summary.reads_heap
        varied = summary.result_active
        if not varied and not summary.stored_active and not self.facts.heap_active:
            return result, False, Site("inert")
        if varied or summary.needs_acc:
            return result, varied, Site("callee", callee=callee, binding=bound, function=function)
        return result, varied, Site("inert")

    # --- the fallback -------------------------------------------------------------------------

    def _generic(
        self,
        s: ir.Assign,
        operands: tuple[Any, ...],
        kinds: tuple[Kind, ...],
        *,
        writes: bool = True,
        result: Kind = UNKNOWN,
    ) -> tuple[Kind, bool, Site]:
        """The runtime will decide: assume the worst of the effects."""
        kinds = (*kinds, *(UNKNOWN for _ in operands[len(kinds) :]))
        shared = []
        for atom, kind in zip(operands, kinds, strict=True):
            inner = atom.value if isinstance(atom, ir.Star) else atom
            if isinstance(inner, ir.Var) and (not is_atomic(kind) or isinstance(kind, Method)):
                shared.append(inner.name)
                if isinstance(kind, Method) and isinstance(kind.owner, ir.Var):
                    shared.append(kind.owner.name)
        varied = self._any_varied(operands) or self.facts.heap_active
        if varied:
            self.by_runtime.update(shared)
            if isinstance(s.target, str) and not is_atomic(result):
                self.non_atomic.add(s.target)
                self.by_runtime.add(s.target)
        for name in shared:
            if not is_atomic(result):
                self._alias_target(s, name)
        if writes:
            self.facts.has_unknown_effects = True
            self.unknown_stores.update((HEAP, *shared))
            self.written.update(shared)
            self.written.add(HEAP)
            for name in shared:
                self._alias(name, HEAP)
            if not is_atomic(result):
                self._alias_target(s, HEAP)
            if any(self._is_varied(a) for a in operands):
                self.stored_active.add(HEAP)
        form = "generic" if varied else "inert"
        return result, varied and can_carry(result), Site(form, operands=operands)

    # --- helpers ------------------------------------------------------------------------------

    def _primitive_kind(
        self, function: Any, rule: Any, args: tuple[Any, ...], kinds: tuple[Kind, ...], named: Any
    ) -> Kind:
        if function is operator.pow:
            return _power_kind(kinds)
        how = rule.kind if rule is not None else "dummy"
        if how == "unknown":
            return UNKNOWN
        if callable(how):
            return how(*kinds, **dict(named))
        return _kind_by_dummy(function, kinds, named)

    def _kind(self, atom: Any, env: dict[str, Kind]) -> Kind:
        if isinstance(atom, ir.Var):
            return env.get(atom.name, UNKNOWN)
        if isinstance(atom, ir.Lit):
            return literal_kind(atom.value)
        if isinstance(atom, ir.Known):
            return kind_of(atom.value)
        return UNKNOWN

    def _record(self, s: ir.Stmt, atom: Any, env: dict[str, Kind]) -> None:
        inner = atom.value if isinstance(atom, ir.Star) else atom
        if isinstance(inner, ir.Var):
            self.facts.operand_kinds.setdefault(id(s), {})[inner] = env.get(inner.name, UNKNOWN)

    def _is_varied(self, atom: Any) -> bool:
        if isinstance(atom, ir.Star):
            atom = atom.value
        return isinstance(atom, ir.Var) and atom.name in self.varied

    def _any_varied(self, atoms: tuple[Any, ...]) -> bool:
        return any(map(self._is_varied, atoms))

    def _store(self, owner: Any, slot: str, kind: Kind) -> None:
        """Note that a value of this kind is stored in a slot of `owner` ("[]": any item)."""
        name = owner.name if isinstance(owner, ir.Var) else HEAP
        key = (name, slot)
        kind = UNKNOWN if isinstance(kind, Method) else widen(kind)
        self.stores[key] = join(self.stores.get(key, BOTTOM), kind)

    def _slot_kind(self, owner: Any, slot: str, kind: Kind) -> Kind:
        """The kind read from a slot that held `kind` on entry."""
        root = self.classes.find(owner.name if isinstance(owner, ir.Var) else HEAP)
        find = self.classes.find
        if any(find(name) == root for name in self.unknown_stores):
            return UNKNOWN
        for (name, stored), stored_kind in self.stores.items():
            if stored == slot and find(name) == root:
                kind = join(kind, stored_kind)
        return kind

    def _kind_now(self, owner: Any, kind: Kind) -> Kind:
        """The kind of a value after all writes to its class; what is in it belongs to the class."""
        if is_atomic(kind) or isinstance(kind, Array):
            return kind
        if isinstance(kind, List):
            return List(self._slot_kind(owner, "[]", self._kind_now(owner, kind.item)))
        if isinstance(kind, Tuple):
            return Tuple(tuple(self._kind_now(owner, item) for item in kind.items))
        if isinstance(kind, (Object, Dict)):
            fields = {
                name: self._slot_kind(owner, name, self._kind_now(owner, k))
                for name, k in kind.fields
            }
            if isinstance(kind, Dict):
                fields = {n: self._slot_kind(owner, "[]", k) for n, k in fields.items()}
                if self._adds_slots(owner, fields):
                    return UNKNOWN
                return Dict(tuple(fields.items()))
            if self._adds_slots(owner, fields):
                fields[OPEN] = UNKNOWN
            return Object(kind.cls, tuple(fields.items()))
        return kind

    def _adds_slots(self, owner: Any, fields: dict[str, Kind]) -> bool:
        """Whether the program may have given the object attributes that it did not have."""
        find = self.classes.find
        root = find(owner.name if isinstance(owner, ir.Var) else HEAP)
        return any(find(name) == root for name in self.unknown_stores) or any(
            slot not in fields and slot != "[]" and find(name) == root for name, slot in self.stores
        )

    def _is_written(self, atom: Any) -> bool:
        name = atom.name if isinstance(atom, ir.Var) else HEAP
        return self.classes.find(name) in self.written_roots

    def _write(self, target: Any, values: tuple[Any, ...], kinds: tuple[Kind, ...]) -> None:
        name = target.name if isinstance(target, ir.Var) else HEAP
        self.non_atomic.add(name)
        self.written.add(name)
        for value, kind in zip(values, kinds, strict=True):
            if isinstance(value, ir.Var):
                if value.name in self.varied:
                    self.stored_active.add(name)
                if not is_atomic(kind) and not isinstance(kind, Array):
                    self._alias(name, value.name)

    def _alias(self, a: str, b: str) -> None:
        self.non_atomic.update((a, b))
        self.classes.union(a, b)

    def _alias_if(self, a: Any, b: Any, kind: Kind) -> None:
        if isinstance(a, ir.Var) and isinstance(b, ir.Var) and not is_atomic(kind):
            self._alias(a.name, b.name)

    def _alias_target(self, s: ir.Assign, name: str) -> None:
        if isinstance(s.target, str):
            self._alias(s.target, name)

    def _alias_target_if(self, s: ir.Assign, atom: Any, kind: Kind) -> None:
        inner = atom.value if isinstance(atom, ir.Star) else atom
        if isinstance(inner, ir.Var) and not is_atomic(kind) and inner.name in self.non_atomic:
            self._alias_target(s, inner.name)

    def _alias_target_force(self, s: ir.Assign) -> None:
        if isinstance(s.target, str):
            self.non_atomic.add(s.target)


def _class_of(kind: Kind) -> type | None:
    """The exact class of the values of a kind, where that is certain."""
    if isinstance(kind, Number):
        # "float" may stand for a Python int as well (see `join`).
        return None if kind.type in (float, int) else kind.type
    if isinstance(kind, Array):
        return np.ndarray
    if isinstance(kind, Object):
        return kind.cls
    if isinstance(kind, (Const, Other)):
        return kind.type
    plain: dict[type, type] = {Tuple: tuple, List: list, Dict: dict}
    return plain.get(type(kind))


def _static_isinstance(kind: Kind, wanted: Kind) -> bool | None:
    """``isinstance`` decided by kinds; None where the value or the class may say otherwise."""
    if isinstance(wanted, Tuple):
        found = [_static_isinstance(kind, item) for item in wanted.items]
        if any(f is True for f in found):
            return True
        return False if all(f is False for f in found) else None
    if not isinstance(wanted, KnownObject) or type(wanted.value) is not type:
        return None
    cls = _class_of(kind)
    if cls is None and isinstance(kind, Number):
        outcomes = {issubclass(t, wanted.value) for t in (float, int)}
        return outcomes.pop() if len(outcomes) == 1 else None
    if cls is None:
        return None
    if isinstance(kind, Object) and "__class__" in cls.__dict__:
        return None
    return issubclass(cls, wanted.value)


def _static_test(name: str, kinds: tuple[Kind, ...]) -> bool | None:
    """``x is None``, ``x is not None`` and ``not flag``, decided by kinds."""
    if name == "not_":
        kind = kinds[0]
        return not kind.value if isinstance(kind, Const) and kind.type is bool else None
    if name not in ("is_", "is_not"):
        return None
    for kind, other in (kinds, kinds[::-1]):
        if _is_none(other):
            if _is_none(kind):
                return name == "is_"
            if isinstance(kind, (Number, Array, Object, Tuple, List, Dict, KnownObject)) or (
                isinstance(kind, (Const, Other)) and kind.type is not type(None)
            ):
                return name == "is_not"
    return None


def _is_none(kind: Kind) -> bool:
    return isinstance(kind, (Const, Other)) and kind.type is type(None)


def _uses_accumulators(site: Site) -> bool:
    if site.form in ("callee", "construct_fields"):
        return bool(site.callee.summary.needs_acc)
    return site.form in ("generic", "array_write", "update", "iterate")


def _copies(function: Any, kwargs: tuple[tuple[str, Any], ...], result: Kind) -> bool:
    """Whether this is a call of ``np.array`` that copies numbers."""
    is_plain = function is np.array and not any(name == "copy" for name, _ in kwargs)
    return is_plain and isinstance(result, Array) and result.dtype.kind in "biufc"


_namespaces: weakref.WeakKeyDictionary[type, Any] = weakref.WeakKeyDictionary()


def _namespace(cls: type) -> Any:
    """The ``__dict__`` of a class, always the same proxy: dependencies go by its identity."""
    found = _namespaces.get(cls)
    if found is None:
        found = _namespaces[cls] = cls.__dict__
    return found


_COMPARISONS = {getattr(operator, n) for n in ("lt", "le", "eq", "ne", "gt", "ge")}
_LIST_METHODS = set("append extend insert pop clear reverse sort remove index count".split())
_ITERATORS = (zip, enumerate, reversed)
_OBJECT_SETATTR = object.__dict__["__setattr__"]
_OBJECT_GETATTRIBUTE = object.__dict__["__getattribute__"]
_PLAIN_OF = {
    "iadd": "add", "isub": "sub", "imul": "mul", "itruediv": "truediv", "ifloordiv": "floordiv",
    "imod": "mod", "ipow": "pow", "imatmul": "matmul", "iand": "and_", "ior": "or_",
    "ixor": "xor", "ilshift": "lshift", "irshift": "rshift",
}  # fmt: skip


def widen_argument(kind: Kind) -> Kind:
    """The kind under which an argument enters a callee's signature (constants lose their value)."""
    if isinstance(kind, Const) and kind.type in (int, float, complex):
        return Number(kind.type)
    return kind


def _operands(value: ir.Expr) -> list[str]:
    found = []
    for atom in _atoms(value):
        inner = atom.value if isinstance(atom, ir.Star) else atom
        if isinstance(inner, ir.Var):
            found.append(inner.name)
    return found


def _atoms(value: ir.Expr) -> tuple[Any, ...]:
    if isinstance(value, ir.Op):
        return value.args
    if isinstance(value, ir.Call):
        return (value.func, *value.args, *(a for _, a in value.kwargs))
    if isinstance(value, ir.Closure):
        return (*(a for _, a in value.cells), *value.defaults, *(a for _, a in value.kwdefaults))
    return (value,)


def _is_data_descriptor(raw: Any) -> bool:
    return hasattr(type(raw), "__set__") or hasattr(type(raw), "__delete__")


def _is_named_constant(value: Any) -> bool:
    """``sys.version_info``, ``sys.float_info`` and their like: tuples with names, made in C."""
    return isinstance(value, tuple) and hasattr(type(value), "n_sequence_fields")


def _item_of_constant(value: tuple[Any, ...], index: Kind) -> Kind:
    if isinstance(index, Const) and type(index.value) is int and abs(index.value) < len(value):
        return kind_of(value[index.value])
    return Other(tuple) if index == Other(slice) else UNKNOWN


def _may_decline(method: types.FunctionType) -> bool:
    """Whether an operator method may return NotImplemented (then the runtime dispatches)."""
    return "NotImplemented" in method.__code__.co_names


def _calls_back(kinds: tuple[Kind, ...]) -> bool:
    """A primitive given callables or objects, or containers of these, may run user code."""
    return any(
        isinstance(k, (KnownObject, Object, Method))
        or (isinstance(k, List) and _calls_back((k.item,)))
        or (isinstance(k, Tuple) and _calls_back(k.items))
        for k in kinds
    )


def _inert_result(kinds: tuple[Kind, ...]) -> Kind:
    types_ = {k.type for k in kinds if isinstance(k, (Other, Const))}
    return Other(str) if types_ == {str} else UNKNOWN


def _element(kind: Array, dims: int) -> Kind:
    """The kind of an array's element after indexing `dims` dimensions by integers."""
    if kind.ndim < dims:
        return UNKNOWN
    if kind.ndim == dims:
        return Number(kind.dtype.type) if kind.dtype.kind in "biufc" else UNKNOWN
    return Array(kind.dtype, kind.ndim - dims)


def _is_basic(index: Kind) -> bool:
    """Indexing with ints, slices, None and Ellipsis only: the result is a view."""
    parts = index.items if isinstance(index, Tuple) else (index,)
    return not any(isinstance(part, (Array, List)) for part in parts)


def _indexed(kind: Array, index: Kind) -> Kind:
    """The kind of ``array[index]``; UNKNOWN where the number of dimensions is not certain."""
    if kind.dtype.kind not in "biufc":
        return UNKNOWN
    parts = index.items if isinstance(index, Tuple) else (index,)
    removed = added = 0
    fancy: int | None = None
    for part in parts:
        if isinstance(part, Const) and part.value is None:
            added += 1
        elif isinstance(part, Const) and part.value is Ellipsis:
            continue
        elif isinstance(part, Other) and part.type is slice:
            continue
        elif isinstance(part, Other) and part.type is type(None):
            added += 1
        elif (t := number_type(part)) is not None and t not in (bool, np.bool_):
            if not (t is int or issubclass(t, np.integer)):
                return UNKNOWN
            removed += 1
        elif isinstance(part, Array) and part.dtype.kind in "iu":
            fancy = max(fancy or 0, part.ndim)
            removed += 1
        elif isinstance(part, Array) and part.dtype.kind == "b":
            fancy = max(fancy or 0, 1)
            removed += part.ndim
        elif isinstance(part, List) and number_type(part.item) is int:
            fancy = max(fancy or 0, 1)
            removed += 1
        else:
            return UNKNOWN
    ndim = kind.ndim - removed + added + (fancy or 0)
    if removed > kind.ndim:
        return UNKNOWN
    has_ellipsis = any(isinstance(p, Const) and p.value is Ellipsis for p in parts)
    if ndim == 0 and fancy is None and not has_ellipsis:
        return Number(kind.dtype.type)
    return Array(kind.dtype, ndim)


def _power_kind(kinds: tuple[Kind, ...]) -> Kind:
    base, exponent = kinds
    if is_number(base) and is_number(exponent):
        b, e = number_type(base), number_type(exponent)
        if b is int and e is int:
            if isinstance(exponent, Const):
                return Number(int) if exponent.value >= 0 else Number(float)
            return Number(float)
        if is_real_scalar(base) and is_real_scalar(exponent):
            return _kind_by_dummy(operator.pow, (widen(base), widen(exponent)), ())
    return _kind_by_dummy(operator.pow, kinds, ())


_dummy_cache: dict[Any, Kind] = {}


def _kind_by_dummy(function: Any, kinds: tuple[Kind, ...], named: Any) -> Kind:
    """Learn the kind of a pure primitive's result by running it on small values."""
    try:
        key = (function, kinds, named)
        if key in _dummy_cache:
            return _dummy_cache[key]
    except TypeError:
        key = None
    args = tuple(map(dummy_of, kinds))
    kwargs = {k: dummy_of(kind) for k, kind in named}
    if any(a is NotImplemented for a in (*args, *kwargs.values())):
        return UNKNOWN
    try:
        with np.errstate(all="ignore"):
            result = kind_of(function(*args, **kwargs))
    except Exception:
        result = UNKNOWN
    if isinstance(result, KnownObject):
        result = UNKNOWN
    if key is not None:
        if len(_dummy_cache) > 20_000:
            _dummy_cache.clear()
        _dummy_cache[key] = result
    return result


def _signature(function: Any) -> inspect.Signature | None:
    try:
        if isinstance(function, types.FunctionType):
            return signature_of(function)
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def _bind(
    function: Any, args: tuple[Any, ...], kwargs: tuple[tuple[str, Any], ...]
) -> dict[str, Any] | None:
    """Parameter name -> operand, or None if the call does not match one-to-one."""
    signature = _signature(function)
    if signature is None:
        return None
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in signature.parameters.values()):
        return None
    try:
        return dict(signature.bind(*args, **dict(kwargs)).arguments)
    except TypeError:
        return None


def _defaults(function: Any) -> dict[str, Any]:
    signature = _signature(function)
    assert signature is not None
    return {
        name: p.default
        for name, p in signature.parameters.items()
        if p.default is not inspect.Parameter.empty
    }
