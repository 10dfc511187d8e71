"""Builtins and methods whose adjoints need identity: the table that they are registered in.

Each entry is ``(dispatch, args, kwargs) -> (y, pb)``, with ``pb(d, acc) -> (d_f, d_args,
d_kwargs)`` in the remainder protocol of `dpy.runtime.dispatch`; or it returns None where a rule
or the generic way is right.
"""

from __future__ import annotations

import importlib
import types
from collections.abc import Callable
from typing import Any

__all__ = [
    "CALLABLES", "ITEMS", "entry", "inert", "load_entries", "lookup", "may_have_entry",
    "of_service",
]  # fmt: skip

_entries: dict[Any, Any] = {}
# By the type of a callable object: ``(dispatch, callable, args, kwargs) -> (y, pb)``.
CALLABLES: dict[type, Any] = {}
# By type of what is indexed: ``(owner, index) -> (y, pb)``, one cotangent for each of the two.
ITEMS: dict[type, Any] = {}
_is_loaded = False
_WITH_ENTRIES = frozenset({
    "copy", "dataclasses", "fractions", "numpy", "dpy", "weakref", "_weakrefset",
})  # fmt: skip
_SOLVERS = {
    "scipy.optimize._zeros": "roots", "scipy.optimize._minpack": "roots",
    "scipy.integrate._quadpack": "quadrature",
}  # fmt: skip
_OF_THREADS = frozenset({"concurrent", "threading"})


def lookup(f: Any) -> Any:
    """The entry for a builtin, or None."""
    if not _is_loaded:
        load_entries()
    try:
        found = _entries.get(f)
    except TypeError:
        return None
    if found is None and type(f) is types.BuiltinFunctionType and f.__module__ in _SOLVERS:
        importlib.import_module(f"dpy.runtime.{_SOLVERS[f.__module__]}")  # registers them
        return _entries.get(f)
    return found


def of_service(f: types.FunctionType) -> Any:
    """The entry for a function of a standard module that only serves a program, or None."""
    if str(f.__module__).partition(".")[0] not in _OF_THREADS:
        return None
    from dpy.runtime import threads  # noqa: F401 - registers them

    return _entries.get(f)


def load_entries() -> None:
    """Import what registers entries: a program whose values are all known needs none."""
    from dpy.runtime import (  # noqa: F401
        array_protocols,
        attribute_entries,
        caches,
        callbacks,
        class_bodies,
        comparisons,
        construct,
        conversions,
        copies,
        dicts,
        displays,
        exception_groups,
        folds,
        getters,
        iterators,
        itertools_,
        lazily,
        lists,
        mappings,
        ordered,
        protocols,
        sets,
        texts,
        weak_references,
    )

    global _is_loaded
    _is_loaded = True


def may_have_entry(f: types.FunctionType) -> bool:
    """Whether a Python function may have an entry: those of libraries alone do."""
    return str(f.__module__).partition(".")[0] in _WITH_ENTRIES


def entry(*functions: Any) -> Callable[[Any], Any]:
    """Register an entry under these callables."""

    def register(handler: Any) -> Any:
        for f in functions:
            _entries[f] = handler
        return handler

    return register


def inert(*methods: Any) -> None:
    """Register methods that give no item and carry no derivative."""
    for method in methods:
        _entries[method] = _called(method)


def _called(method: Any) -> Any:
    return lambda dispatch, args, kwargs: (method(*args, **kwargs), None)
