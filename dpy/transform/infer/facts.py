"""What inference finds out: `Facts` of a function, a `Site` per statement, a `Summary` for callers.

`RuleBook` is all that it asks of its surroundings, so that this stage imports no rule.
"""

from __future__ import annotations

from typing import Any, Protocol

from dpy.kinds import BOTTOM, UNKNOWN, Const, Kind, kind_of
from dpy.records import made_by, same_fields, struct
from dpy.transform import ir
from dpy.transform.buffers import Member
from dpy.transform.number_lists import Listed

__all__ = [
    "HEAP",
    "OPEN",
    "RESULT",
    "Callee",
    "Facts",
    "RuleBook",
    "Site",
    "Summary",
    "literal_kind",
]

HEAP = "<heap>"
"""Stands for all that is reached from outside: globals, cells, what unknown code may keep."""
RESULT = "<result>"
KEYS = "{}"
"""The slot of `Effects.stores` for keys of dicts that are not written in the program."""
OPEN = "*"
"""The field of an `Object` kind that says that the instance may have more attributes."""


@struct
class Summary:
    """What a caller must know of a function.

    `groups` are the alias classes among its parameters, its result and the heap (names `RESULT`
    and `HEAP`); `written` and `stored_active` name members of classes that it writes to, and of
    those into which it stores active values. `reads_heap_surely`: also when all that can be inlined
    has been; `has_generic`: some statement is left to the runtime.
    """

    result: Kind = BOTTOM
    result_active: bool = False
    groups: frozenset[frozenset[str]] = frozenset()
    written: frozenset[str] = frozenset()
    stored_active: frozenset[str] = frozenset()
    stores: frozenset[tuple[str, str, Kind]] = frozenset()
    unknown_stores: frozenset[str] = frozenset()
    reshaped: frozenset[str] = frozenset()
    reads_heap: bool = False
    reads_heap_surely: bool = False
    has_generic: bool = False
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
    ``buffer_write`` and ``buffer_update`` for the arrays of `Facts.buffers`; ``list_make``,
    ``list_alias``, ``list_repeat``, ``list_append``, ``list_pop``, ``list_read``, ``list_write``,
    ``list_total`` and ``list_iterate`` for the lists of `Facts.number_lists`; ``unpack``,
    ``append``, ``iterate`` and ``generic`` (the runtime decides; `is_pure` if it is known that this
    changes nothing).
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
    is_pure: bool = False


@struct
class Facts:
    """The result of inference: side tables keyed by the identity of the statement.

    `kinds` are of what statements assign, `operand_kinds` of what they read; `decided` has the
    outcome of tests that the kinds decide. `first_sources` are the kinds of what loops go through
    as the first pass found them, when it was not known yet what unknown code writes to.
    `active` variables have cotangents. `written` ones may
    reach an object that is written to, and those of `identity` keep the cotangents of their objects
    in accumulators; for `buffers`, `self_updates` and `self_writes` see `dpy.transform.buffers`,
    and for `number_lists` the module of that name.
    `gathers_result`: the result has a buffer here, but with its caller it is by identity.
    `implicit` are the statements in which Python calls what may be a method of the user's that
    writes: see `dpy.transform.explicit`.
    """

    function: ir.Function
    params: dict[str, Kind]
    kinds: dict[int, Kind] = made_by(default_factory=dict)
    operand_kinds: dict[int, dict[str, Kind]] = made_by(default_factory=dict)
    sites: dict[int, Site] = made_by(default_factory=dict)
    decided: dict[int, bool] = made_by(default_factory=dict)
    first_sources: dict[int, Kind] = made_by(default_factory=dict)
    active: set[str] = made_by(default_factory=set)
    identity: set[str] = made_by(default_factory=set)
    written: set[str] = made_by(default_factory=set)
    buffers: dict[str, Member] = made_by(default_factory=dict)
    number_lists: dict[str, Listed] = made_by(default_factory=dict)
    self_updates: frozenset[int] = frozenset()
    self_writes: set[int] = made_by(default_factory=set)
    implicit: set[int] = made_by(default_factory=set)
    exit_kinds: dict[str, Kind] = made_by(default_factory=dict)
    summary: Summary = made_by(default_factory=Summary)
    heap_active: bool = False
    heap_written: bool = False
    has_unknown_effects: bool = False
    gathers_result: bool = False

    def kind(self, statement: Any, atom: Any) -> Kind:
        """The kind of an operand at a statement."""
        if type(atom) is ir.Var:
            return self.operand_kinds.get(id(statement), _NOTHING).get(atom.name, UNKNOWN)
        if isinstance(atom, ir.Lit):
            return literal_kind(atom.value)
        return kind_of(atom.value) if isinstance(atom, ir.Known) else UNKNOWN

    def is_active(self, atom: Any) -> bool:
        """Whether an operand carries a derivative that is wanted."""
        if isinstance(atom, ir.Star):
            atom = atom.value
        return isinstance(atom, ir.Var) and atom.name in self.active


_NOTHING: dict[str, Kind] = {}


def literal_kind(value: Any) -> Kind:
    """The kind of a literal."""
    return Const(value, type(value))
