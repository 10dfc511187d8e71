"""The operations of the IR on actual values, by name: what generated code calls."""

from __future__ import annotations

import operator
from typing import Any

from dpy.cotangent import ZERO
from dpy.runtime import items
from dpy.runtime.array_classes import is_derived
from dpy.runtime.attributes import delete_attribute, read_attribute, write_attribute
from dpy.runtime.conversions import length, truth
from dpy.runtime.dispatch import dispatch
from dpy.runtime.displays import DISPLAYS, display_spread
from dpy.runtime.hidden import hide_text
from dpy.runtime.in_place import IN_PLACE, builtin_in_place
from dpy.runtime.membership import contains
from dpy.runtime.operators import BINARY, OPERATORS, UFUNCS, builtin_binary, per_operand, run_opaque
from dpy.runtime.texts import format_, join
from dpy.runtime.variables import closure, new_cell, read_cell, read_global, write_global

__all__ = [
    "OPERATIONS", "closure", "display_spread", "length", "operate", "operate_raw", "read_cell",
    "read_global", "truth", "write_global",
]  # fmt: skip

_TWO_ZEROS = (ZERO, ZERO)


def operate(name: str, active: tuple[bool, ...], /, *args: Any) -> tuple[Any, Any]:
    """The operation `name` of the IR on actual values: ``(y, pb)``, one cotangent per operand."""
    y, pb = OPERATIONS[name](*args)
    if type(y) is str:
        hide_text(y, args, is_of_active=True in active)
    if pb is None:
        n = len(args)
        return y, _inert_two if n == 2 else _inert(n)
    return y, pb


def operate_raw(name: str, *args: Any) -> tuple[Any, Any]:
    """The operation of the builtin type itself, whatever a subclass defines."""
    handler = _raw.get(name)
    if handler is not None:
        return handler(*args)
    if name in BINARY:
        if is_derived(args[0]):
            return per_operand(dispatch(UFUNCS[name], args, {}))
        return builtin_binary(name, *args) or run_opaque(getattr(operator, name), args)
    if name in UFUNCS and is_derived(args[0]):
        return per_operand(dispatch(UFUNCS[name], args, {}))
    return OPERATIONS[name](*args)


def _inert_two(d: Any, acc: Any) -> tuple[Any, Any]:
    return _TWO_ZEROS


def _inert(n: int) -> Any:
    nothing = (ZERO,) * n
    return lambda d, acc: nothing


def _getattr(owner: Any, name: str) -> tuple[Any, Any]:
    y, pb = read_attribute(owner, name)
    return y, None if pb is None else lambda d, acc: (pb(d, acc), ZERO)


def _setattr(owner: Any, name: str, value: Any) -> tuple[Any, Any]:
    pb = write_attribute(owner, name, value)
    return None, lambda d, acc: (ZERO, ZERO, pb(acc))


def _delattr(owner: Any, name: str) -> tuple[Any, Any]:
    pb = delete_attribute(owner, name)

    def delattr_pullback(d: Any, acc: Any) -> Any:
        pb(acc)
        return _TWO_ZEROS

    return None, delattr_pullback


#: By name: ``(*operands) -> (y, pb)``, pb None for what carries no derivative.
OPERATIONS: dict[str, Any] = {
    **OPERATORS, **IN_PLACE, **DISPLAYS,
    "getattr": _getattr, "setattr": _setattr, "delattr": _delattr, "getitem": items.read_item,
    "setitem": items.write_item, "delitem": items.delete_item, "contains": contains,
    "new_cell": new_cell, "put": items.raw_write, "format": format_, "join": join,
}  # fmt: skip
_raw: dict[str, Any] = {
    "getitem": items.raw_read, "setitem": items.raw_write, "delitem": items.raw_delete,
    "contains": lambda c, item: (
        next(b for b in (list, tuple, dict, set) if isinstance(c, b)).__contains__(c, item), None
    ),
    **{
        name: lambda a, b, name=name: builtin_in_place(name, a, b) or OPERATIONS[name](a, b)
        for name in IN_PLACE
    },
}  # fmt: skip
