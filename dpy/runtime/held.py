"""Keep hold of a value as it was at one moment, and route cotangents to and from it.

Numbers and arrays are held by themselves. Of a container the contents at that moment are noted,
because it may hold other objects by the time the reverse sweep comes back to it.
"""

from __future__ import annotations

import types
from typing import Any

import numpy as np

from dpy.cotangent import ZERO, add, is_zero

__all__ = ["Held", "hold", "protect", "sink", "take", "take_shallow"]

_ATOMS = (
    float, int, np.ndarray, np.float64, bool, str, type(None), complex, np.float32, type,
    types.FunctionType, types.BuiltinFunctionType, types.ModuleType, range, slice, bytes,
)  # fmt: skip
_ATOM_SET = frozenset(_ATOMS)


class Held:
    """A container, with its contents at one moment (each held in turn)."""

    __slots__ = ("contents", "obj")

    def __init__(self, obj: Any, contents: Any) -> None:
        self.obj = obj
        self.contents = contents


def hold(x: Any, memo: dict[int, Any] | None = None) -> Any:
    """Note the contents of `x` where it is a tuple, list or dict; other values hold themselves."""
    t = type(x)
    if t in _ATOM_SET:
        return x
    if t is tuple or (isinstance(x, tuple) and hasattr(t, "_fields")):
        return (
            tuple(hold(item, memo) for item in x)
            if any(type(i) not in _ATOM_SET for i in x)
            else tuple(x)
        )
    if t is list or t is dict:
        if memo is None:
            memo = {}
        known = memo.get(id(x))
        if known is not None:
            return known
        held = memo[id(x)] = Held(x, None)
        pairs = enumerate(x) if t is list else x.items()
        held.contents = {slot: hold(item, memo) for slot, item in pairs}
        return held
    return x


def sink(acc: Any, x: Any, d: Any) -> Any:
    """Give the cotangent `d` of the (held) value `x` to the accumulators; what remains by value."""
    if d is ZERO or d is None:
        return ZERO
    t = type(x)
    if t is float or t is int:
        return d
    if t is Held:
        slots = d if type(d) is dict else dict(enumerate(d))
        for slot, d_slot in slots.items():
            rest = sink(acc, x.contents.get(slot), d_slot) if slot in x.contents else d_slot
            if rest is not ZERO:
                acc.add_slot(x.obj, slot, rest)
        return ZERO
    if t is tuple:
        if type(d) is dict:
            d = tuple(d.get(i, ZERO) for i in range(len(x)))
        rests = tuple(sink(acc, x_i, d_i) for x_i, d_i in zip(x, d, strict=True))
        return ZERO if all(r is ZERO for r in rests) else rests
    if acc is None:
        return d
    if t is list or t is dict:
        return sink(acc, hold(x), d)
    return acc.add(x, d)


def take(acc: Any, x: Any, d: Any = ZERO) -> Any:
    """All that has been accumulated for the (held) value `x`, plus the remainder `d`."""
    t = type(x)
    if t is float or t is int or acc is None:
        return d
    if t is np.ndarray:
        return acc.take(x, d)
    if t is Held:
        return _take_held(acc, x, d)
    if t is tuple:
        parts = d if type(d) is tuple else (ZERO,) * len(x)
        total = tuple(take(acc, x_i, d_i) for x_i, d_i in zip(x, parts, strict=True))
        return ZERO if all(p is ZERO for p in total) else total
    return acc.take(x, d)


def _take_held(acc: Any, x: Held, d: Any) -> Any:
    slots: dict[Any, Any] = {}
    own = acc.take(x.obj)
    if type(own) is dict:
        slots.update(own)
    for slot, content in x.contents.items():
        total = take(acc, content, slots.get(slot, ZERO)) if content is not x else ZERO
        if total is not ZERO:
            slots[slot] = total
    if not slots:
        return ZERO if is_zero(d) else d
    return add(slots, d)


def take_shallow(acc: Any, x: Any, d: Any = ZERO) -> Any:
    """The remainders in the slots of a container; its mutable contents keep theirs."""
    if type(x) is tuple or isinstance(x, tuple):
        return d
    return acc.take(x, d)


def protect(pullback: Any) -> Any:
    """Copy the arrays that a rule's pullback has saved: the program may write to them later."""
    memo: dict[int, Any] = {}
    _protect_cells(pullback, memo)
    return pullback


def _protect_cells(function: Any, memo: dict[int, Any]) -> None:
    for cell in getattr(function, "__closure__", None) or ():
        try:
            content = cell.cell_contents
        except ValueError:
            continue
        copied = _copied(content, memo)
        if copied is not content:
            cell.cell_contents = copied


def _copied(x: Any, memo: dict[int, Any]) -> Any:
    t = type(x)
    if t is np.ndarray:
        known = memo.get(id(x))
        if known is None:
            known = memo[id(x)] = x.copy() if x.size else x
        return known
    if t is tuple or t is list:
        items = [_copied(item, memo) for item in x]
        if all(a is b for a, b in zip(items, x, strict=True)):
            return x
        return t(items)
    if t is types.FunctionType:
        if id(x) not in memo:
            memo[id(x)] = x
            _protect_cells(x, memo)
    return x
