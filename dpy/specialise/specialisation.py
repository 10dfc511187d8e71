"""One function compiled for one signature."""

from __future__ import annotations

import ast
import weakref
from types import CellType
from typing import Any, NamedTuple

from dpy.adjoints import registry
from dpy.depth import in_room
from dpy.kinds import Kind
from dpy.pause import paused
from dpy.specialise import store
from dpy.specialise.generation import generate
from dpy.specialise.guards import Guards
from dpy.transform import ir
from dpy.transform.emit import Emitted
from dpy.transform.infer import Facts, Summary
from dpy.transform.source import Source

__all__ = ["Signature", "Specialisation", "analyses"]

_WITHOUT_NOTES = frozenset({
    "dpy.runtime.held", "dpy.runtime.helpers", "dpy.runtime.item_cotangents",
})  # fmt: skip
_MOST_FORWARDS = 64
analyses = [0]  # counts those that were not started by another one


class Signature(NamedTuple):
    """What a function is compiled for; another signature is other code."""

    globals_id: int
    cells: tuple[Kind, ...]
    kinds: tuple[tuple[str, Kind], ...]
    active: frozenset[str]
    heap_active: bool
    protect: bool
    strong_zero: bool
    shared: frozenset[str]
    """The parameters that may share something mutable with another one or with the heap."""
    cls: type | None
    """The class whose constructor it is."""
    check_rules: bool
    check_finite: bool
    listings: bool
    """Whether the code bears its own lines, and not the user's."""
    stops: bool
    """Whether it calls the debugger."""

    @property
    def mode(self) -> tuple[Any, ...]:
        """What is differentiated and how, whatever the arguments are: limits count by mode."""
        return self.active, self.heap_active, self.protect


class Specialisation:
    """One function compiled for one signature. The pullback is generated at the first call."""

    def __init__(self, source: Source, key: Signature, kinds: dict[str, Kind]) -> None:
        self.source = source
        self.name = source.name
        self.key = key
        self.kinds = kinds
        self.protect = key.protect
        self.summary = Summary(needs_acc=True)
        self.facts: Facts | None = None
        self.params: list[tuple[str, str]] = []
        self.guards = Guards()
        self.rules_version = registry.version()
        self.is_ready = False
        self.lowest_dependence: int | None = None  # while it is not settled; see `Progress`
        self.is_recursive = False
        self.callees: list[Specialisation] = []
        self.inlined: list[Specialisation] = []
        self.is_inlinable: bool | None = None
        self.home: ir.Home | None = None
        self._emitted: Emitted | None = None
        self._handles: list[_Handle] = []  # of the callees
        self._forwards: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        self._all_guards: Guards | None = None
        self._checked_in = analyses[0]

    @property
    def is_settled(self) -> bool:
        """Whether the summary is final, and nothing of it rests on the function itself."""
        return self.is_ready and self.lowest_dependence is None and not self.is_recursive

    def lower_dependence(self, depth: int) -> None:
        """Depends on the unsettled function at this depth of the analysis."""
        if self.lowest_dependence is None or depth < self.lowest_dependence:
            self.lowest_dependence = depth

    def emitted(self) -> Emitted:
        """The generated code."""
        if self._emitted is None:
            with store.lock:
                if self._emitted is None:
                    self._emitted = in_room(paused, self._generate)
        return self._emitted

    def _generate(self) -> Emitted:
        store.counts["compiles"] += 1
        emitted = self._generated().without_tree()
        for cell in emitted.bound.values():
            value = cell.cell_contents
            if type(value) is _Handle:
                value.cells.append(cell)
                self._handles.append(value)
        return emitted

    def _generated(self) -> Emitted:
        assert self.facts is not None
        return generate(
            self.facts,
            self.source,
            checks_finite=self.key.check_finite,
            as_listed=self.key.listings,
            stops=self.key.stops,
        )

    def tree(self) -> ast.FunctionDef:
        """The generated code as a tree, made again for who wants to look at it."""
        with store.lock:
            tree = in_room(paused, self._generated).tree
        assert tree is not None
        return tree

    def forward(self, function: Any) -> Any:
        """The forward for one function object (its cells and defaults)."""
        forward = self._forwards.get(function)
        if (
            forward is None
            or forward.__defaults__ is not function.__defaults__
            or forward.__kwdefaults__ is not function.__kwdefaults__
        ):
            if len(self._forwards) >= _MOST_FORWARDS:  # that of a recursive closure keeps it alive
                self._forwards.clear()
            forward = self._forwards[function] = self.emitted().bind(function)
        return forward

    def handle(self, function: Any) -> Any:
        """What a caller's code holds: compiles at the first call, then steps aside."""
        return _Handle(self, function)

    def is_valid(self) -> bool:
        """Whether neither rules nor globals nor callees have changed since."""
        if self.rules_version != registry.version():
            return False
        return self.all_guards().hold()

    def is_valid_now(self) -> bool:
        """The same, looked up once per analysis from the top: no user's code runs meanwhile."""
        now = analyses[0]
        pending, seen = [self], {id(self): self}
        while pending:
            found = pending.pop()
            if found._checked_in == now:
                continue
            if found.rules_version != registry.version() or not found.guards.hold():
                return False
            for callee in (*found.callees, *found.inlined):
                if id(callee) not in seen:
                    seen[id(callee)] = callee
                    pending.append(callee)
        for found in seen.values():
            found._checked_in = now
        return True

    def all_guards(self) -> Guards:
        """What this code and that of its callees relies on."""
        if self._all_guards is None:
            found = Guards()
            pending, seen = [self], {id(self)}
            while pending:
                one = pending.pop()
                found.update(one.guards)
                for callee in (*one.callees, *one.inlined):
                    if id(callee) not in seen:
                        seen.add(id(callee))
                        pending.append(callee)
            self._all_guards = found
        return self._all_guards

    @property
    def is_for_distinct(self) -> bool:
        """Whether the arguments must not share memory or objects."""
        return not self.key.shared

    def is_flat(self) -> bool:
        """Whether a call runs generated code only, none of which calls itself.

        Then it keeps no notes for the run (`forward_run`), and needs no more of the stack than a
        plain call.
        """
        return self._is_flat([], set())

    def _is_flat(self, callers: list[Specialisation], flat: set[int]) -> bool:
        if id(self) in flat:
            return True
        if self._emitted is None or self in callers:
            return False
        within = [*callers, self]
        values = (cell.cell_contents for cell in self._emitted.bound.values())
        if not all(map(_keeps_no_notes, values)):
            return False
        if not all(handle.specialisation._is_flat(within, flat) for handle in self._handles):
            return False
        flat.add(id(self))
        return True


def _keeps_no_notes(value: Any) -> bool:
    """Whether this is so for a value that generated code holds; it holds no inlined callee."""
    module = getattr(value, "__module__", None) or ""
    return not module.startswith("dpy.runtime.") or module in _WITHOUT_NOTES


class _Handle:
    """Stands for a specialisation's forward in the code of a caller.

    The first call compiles it, and puts it in the place of the handle: after that, a call takes
    one frame of Python's stack, as it does without dpy.
    """

    __slots__ = ("_forward", "_function", "cells", "specialisation")

    def __init__(self, specialisation: Specialisation, function: Any) -> None:
        self.specialisation = specialisation
        self._function = function
        self._forward: Any = None
        self.cells: list[CellType] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        forward = self._forward
        if forward is None:
            forward = self._forward = self.specialisation.forward(self._function)
            for cell in self.cells:
                cell.cell_contents = forward
        return forward(*args, **kwargs)
