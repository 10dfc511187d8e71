"""Cells, globals and closures: variables that other functions may read and write."""

from __future__ import annotations

import types
from typing import Any

from dpy.cotangent import ZERO, add, is_zero

__all__ = ["closure", "new_cell", "read_cell", "read_global", "write_global"]


def new_cell(*value: Any) -> tuple[Any, Any]:
    """A cell for a captured variable, empty or with its first value."""
    cell = types.CellType(*value)

    def new_cell_pullback(d: Any, acc: Any) -> Any:
        taken = acc.take_slot(cell, "cell_contents")
        return (taken,) if value else ()

    return cell, new_cell_pullback


def closure(function: Any) -> tuple[Any, Any]:
    """A new function whose defaults are active: calls leave their cotangents in its slots."""
    annotations = function.__annotations__
    code = function.__code__
    n = len(function.__defaults__ or ())
    names = list(code.co_varnames[code.co_argcount - n : code.co_argcount])
    by_keyword = function.__kwdefaults__ or {}

    def closure_pullback(d: Any, acc: Any) -> tuple[Any, ...]:
        positional = [acc.take_slot(function, ("default", name)) for name in names]
        shown = acc.take_slots(by_keyword)  # what was read from the dict itself
        noted = acc.take_slots(annotations)
        return (*positional, *[
            add(acc.take_slot(function, ("default", name)), shown.get(name, ZERO))
            for name in by_keyword
        ], *[noted.get(name, ZERO) for name in annotations])  # fmt: skip

    return function, closure_pullback


def write_global(globals_: Any, name: str, value: Any) -> tuple[Any, Any]:
    """``global name; name = value`` with an active value."""
    globals_[name] = value
    return None, lambda d, acc: (ZERO, acc.take_slot(globals_, name))


def read_global(name: str, globals_: Any, value: Any) -> tuple[Any, Any]:
    """A global read while globals may hold active values: its slot is in the module's dict."""

    def global_pullback(d: Any, acc: Any) -> tuple[()]:
        if not is_zero(d):
            acc.add_slot(globals_, name, d)
        return ()

    return value, global_pullback


def read_cell(cell: Any, value: Any) -> tuple[Any, Any]:
    """The content of a captured cell, which may be active."""

    def cell_pullback(d: Any, acc: Any) -> tuple[()]:
        if not is_zero(d):
            acc.add_slot(cell, "cell_contents", d)
        return ()

    return value, cell_pullback
