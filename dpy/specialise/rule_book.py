"""The rule book: what the compiler asks about the surroundings of one function.

Each answer that may change later is noted among the guards of the function that is compiled.
"""

from __future__ import annotations

import builtins
import inspect
import re
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy import config
from dpy.adjoints import registry
from dpy.errors import DpyError
from dpy.kinds import UNKNOWN, Array, Kind, KnownObject, kind_of, widen
from dpy.runtime import dispatch
from dpy.specialise.constructors import Constructor, constructor_of
from dpy.specialise.guards import MISSING, Guards, cell_kind, identity_of
from dpy.specialise.specialisation import Specialisation
from dpy.specialise.taped import keeps_tape
from dpy.transform import ir
from dpy.transform.signatures import signature_of
from dpy.transform.source import Source

__all__ = ["Surroundings"]


class Surroundings:
    """The surroundings of one function, as `transform.infer.RuleBook` asks for them.

    `specialise` compiles the functions that it calls.
    """

    def __init__(
        self, owner: Specialisation, function: Any, specialise: Callable[..., Specialisation]
    ) -> None:
        self._specialise = specialise
        self.owner = owner
        self.function = function
        self.globals = function.__globals__
        self.cells = dict(zip(function.__code__.co_freevars, owner.key.cells, strict=True))
        owner.guards = Guards()
        owner.callees = []
        owner.guards.codes[id(function)] = identity_of(function)

    def rule(self, function: Any, kinds: tuple[Kind, ...]) -> Any:
        """The rule for a callable given the kinds of its arguments, or None."""
        rule = registry.lookup(function)
        if rule is not None and rule.types is not None:
            rule = _restricted_rule(function, kinds)
        if rule is None:
            return None
        settings = config.current()
        if settings.check_rules:
            rule = rule.checked
        if settings.check_finite:
            from dpy.runtime.finiteness import checked_rule

            return checked_rule(rule)
        return rule

    def read_global(self, name: str, home: ir.Home | None = None) -> tuple[Kind, Any]:
        """The kind and the value of a global variable."""
        names = self.globals if home is None else home.globals
        value = names.get(name, MISSING)
        guards = self.owner.guards
        if value is MISSING:
            value = getattr(builtins, name, MISSING)
            guards.entries[id(names), name] = (names, name, MISSING)
            if value is MISSING:
                return UNKNOWN, None
            return kind_of(value), value
        kind = kind_of(value)
        if isinstance(kind, KnownObject):
            guards.entries[id(names), name] = (names, name, value)
            return kind, value
        if kind is not UNKNOWN:
            guards.kinds[id(names), name] = (names, name, kind)
        return kind, value

    def is_stored(self, name: str, home: ir.Home | None = None) -> bool:
        """Whether some function of the module assigns to the global variable."""
        return name in _stored_globals(self.owner.source if home is None else home.source)

    def read_free(self, name: str, cell: Any = None) -> Kind:
        """The kind of what a free variable holds (or the `cell` of another function)."""
        if cell is None:  # those of the function itself are part of its signature
            return self.cells.get(name, UNKNOWN)
        kind = cell_kind(cell)
        self.owner.guards.cells[id(cell)] = (cell, kind)
        return kind

    def depend(self, mapping: Any, key: str, value: Any) -> None:
        """The compiled code relies on ``mapping.get(key) is value``."""
        expected = MISSING if value is None and key not in mapping else value
        self.owner.guards.entries[id(mapping), key] = (mapping, key, expected)

    def constructor(self, cls: type) -> Any:
        """The class's constructor as a function to its fields, or None."""
        return constructor_of(cls)

    def callee(
        self,
        function: Any,
        kinds: dict[str, Kind],
        active: frozenset[str],
        heap_active: bool,
        shared: frozenset[str],
    ) -> Any:
        """The specialisation of a function, or None where it cannot be had."""
        if isinstance(function, types.FunctionType) and keeps_tape(function):
            return None
        if isinstance(function, Constructor):
            order: Any = [p.name for p in function.lowered.params]
        elif not isinstance(function, types.FunctionType) or _is_special(function.__code__):
            return None
        elif dispatch.has_own_way(function):
            return None
        else:
            order = signature_of(function).parameters
        kinds = {name: widen(kinds[name]) for name in order if name in kinds}
        try:
            found = self._specialise(
                function, kinds, active, heap_active=heap_active, protect=self.owner.protect,
                shared=shared,
            )  # fmt: skip
        except DpyError:
            return None
        self.owner.guards.codes[id(function)] = identity_of(function)
        self.owner.callees.append(found)
        return found

    def protected(self, callee: Specialisation, function: Any) -> Specialisation:
        """The variant of a callee whose arguments or result may be written to later."""
        if callee.protect:
            return callee
        found = self._specialise(
            function, callee.kinds, callee.key.active, heap_active=callee.key.heap_active,
            protect=True, shared=callee.key.shared,
        )  # fmt: skip
        self.owner.callees.append(found)
        return found


_GLOBAL_STATEMENT = r"\bglobal\s+(\w+(?:\s*,\s*\w+)*)"  # compiled by the first file that has one
_stored: dict[str, tuple[Any, frozenset[str]]] = {}


def _stored_globals(source: Source) -> frozenset[str]:
    """The names that stand in some ``global`` statement of the function's file."""
    known = _stored.get(source.filename)
    if known is None or known[0] is not source.lines:
        text = "\n".join(source.lines)
        statements = re.findall(_GLOBAL_STATEMENT, text) if "global" in text else ()
        names = {name.strip() for found in statements for name in found.split(",")}
        known = _stored[source.filename] = (source.lines, frozenset(names))
    return known[1]


def _is_special(code: types.CodeType) -> bool:
    """Generators and coroutines are not ordinary functions."""
    kinds = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
    return bool(code.co_flags & kinds)


def _restricted_rule(function: Any, kinds: tuple[Kind, ...]) -> Any:
    """Rules restricted by types are chosen by the classes of the kinds, where these are known."""
    classes = [_class_of(kind) for kind in kinds]
    for rule in registry.group(function):
        if rule.types is None:
            return rule
        pairs = list(zip(rule.types, classes, strict=False))
        if any(cls is None for _, cls in pairs):
            return None
        if all(issubclass(cls, wanted) for wanted, cls in pairs if cls is not None):
            return rule
    return None


def _class_of(kind: Kind) -> type | None:
    if isinstance(kind, Array):
        return np.ndarray
    return getattr(kind, "type", None) or getattr(kind, "cls", None)
