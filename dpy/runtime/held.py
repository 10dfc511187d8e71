"""Keep hold of a value as it was at one moment, and route cotangents to and from it.

Numbers and arrays are held by themselves. Of a container the contents at that moment are noted,
because it may hold other objects by the time the reverse sweep comes back to it.
"""

from __future__ import annotations

import collections
import types
from typing import Any

import numpy as np

from dpy.cotangent import ZERO, add, is_zero
from dpy.runtime.memory import owner_of
from dpy.slots import kind_of, slots_of

__all__ = ["Held", "hold", "hold_whole", "protect", "sink", "take"]

_ATOMS = (
    float, int, np.ndarray, np.float64, bool, str, type(None), complex, np.float32, type,
    types.FunctionType, types.BuiltinFunctionType, types.ModuleType, range, slice, bytes,
)  # fmt: skip
_ATOM_SET = frozenset(_ATOMS)
_PLAIN = _ATOM_SET - {np.ndarray, types.FunctionType}


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
    if isinstance(x, (list, dict, collections.deque)):
        if memo is None:
            memo = {}
        known = memo.get(id(x))
        if known is not None:
            return known
        held = memo[id(x)] = Held(x, None)
        pairs = dict.items(x) if isinstance(x, dict) else enumerate(x)
        held.contents = {slot: hold(item, memo) for slot, item in pairs}
        return held
    return x


def hold_whole(x: Any, memo: dict[int, Any] | None = None) -> Any:
    """Like `hold`, for a value that was made just now: the contents of objects are noted too."""
    if type(x) in _ATOM_SET:
        return x
    kind = kind_of(type(x))
    if kind.read is None or isinstance(x, types.FunctionType):
        return x
    if isinstance(x, tuple):
        return tuple(hold_whole(item, memo) for item in x)
    if memo is None:
        memo = {}
    known = memo.get(id(x))
    if known is not None:
        return known
    held = memo[id(x)] = Held(x, None)
    held.contents = {slot: hold_whole(value, memo) for slot, value in kind.read(x).items()}
    return held


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
        return _take_held(acc, x, d, set())
    if t is tuple:
        if type(d) is dict:
            d = tuple(d.get(i, ZERO) for i in range(len(x)))
        parts = d if type(d) is tuple else (ZERO,) * len(x)
        total = tuple([take(acc, x_i, d_i) for x_i, d_i in zip(x, parts, strict=True)])
        return ZERO if all(p is ZERO for p in total) else total
    return acc.take(x, d)


def _take_held(acc: Any, x: Held, d: Any, seen: set[int]) -> Any:
    """The slots of a container and all below; what contains itself counts once."""
    seen.add(id(x))
    slots: dict[Any, Any] = {}
    if not kind_of(type(x.obj)).is_by_value:  # such a value is its contents
        own = acc.take(x.obj)
        if type(own) is dict:
            slots.update(own)
    if not is_zero(d):
        slots = add(slots, slots_of(d)) if slots else dict(slots_of(d))
    for slot, content in x.contents.items():
        rest = slots.get(slot, ZERO)
        if type(content) is not Held:
            total = take(acc, content, rest)
        elif id(content) in seen:
            total = rest
        else:
            total = _take_held(acc, content, rest, seen)
        if total is not ZERO:
            slots[slot] = total
    return slots or ZERO


# --- what pullbacks of rules have saved -----------------------------------------------------------


def protect(pullback: Any, values: Any = None) -> Any:
    """The pullback of a rule with copies of what it saved and the program may write to later.

    With `values` (the result and the arguments) only memory that they share is copied; without,
    every array. The cells of the rule may belong to functions of the user as well: they stay as
    they are, the copies stand in new ones.
    """
    closure = getattr(pullback, "__closure__", None)
    if not closure:
        return pullback
    shared = None if values is None else _identities(values)
    if shared is not None and not _may_share(closure, shared):
        return pullback
    return _Protection(shared).function(pullback)


def _may_share(closure: tuple[Any, ...], shared: set[int]) -> bool:
    """Whether cells hold memory that is `shared`, or what takes a closer look."""
    for cell in closure:
        try:
            x = cell.cell_contents
        except ValueError:
            continue
        if type(x) is np.ndarray:
            if id(owner_of(x)) in shared:
                return True
        elif type(x) is tuple:
            if any(type(item) not in _PLAIN for item in x):
                return True
        elif type(x) not in _PLAIN:
            return True
    return False


def _identities(values: Any) -> set[int]:
    """Owners of the memory of all arrays, and all lists and dicts, within `values`."""
    found: set[int] = set()
    stack = [values]
    while stack:
        x = stack.pop()
        t = type(x)
        if t is float or t is int:
            continue
        if isinstance(x, np.ndarray):
            found.add(id(owner_of(x)))
        elif isinstance(x, (tuple, list, collections.deque)):
            if id(x) not in found:
                found.add(id(x))
                stack.extend(x)
        elif isinstance(x, dict) and id(x) not in found:
            found.add(id(x))
            stack.extend(dict.values(x))
    return found


class _Protection:
    """Copies by identity, so that what was one object stays one."""

    def __init__(self, shared: set[int] | None) -> None:
        self.shared = shared
        self.memo: dict[int, Any] = {}
        self.keep: list[Any] = []  # keys of the memo stay alive

    def function(self, f: Any) -> Any:
        closure = getattr(f, "__closure__", None)
        if not closure or id(f) in self.memo:
            return self.memo.get(id(f), f)
        self.memo[id(f)] = f
        is_library = f.__module__ is not None and f.__module__.startswith("dpy.")
        cells = tuple([self.cell(cell, is_library) for cell in closure])
        if all(new is old for new, old in zip(cells, closure, strict=True)):
            return f
        new = types.FunctionType(f.__code__, f.__globals__, f.__name__, f.__defaults__, cells)
        new.__kwdefaults__ = f.__kwdefaults__
        new.__qualname__ = f.__qualname__
        new.__module__ = f.__module__
        self.memo[id(f)] = new
        self.keep.append(f)
        return new

    def cell(self, cell: Any, is_library: bool) -> Any:
        known = self.memo.get(id(cell))
        if known is not None:
            return known
        try:
            content = cell.cell_contents
        except ValueError:
            return cell
        copied = self.copied(content, is_library)
        new = cell if copied is content else types.CellType(copied)
        self.memo[id(cell)] = new
        self.keep.append(cell)
        return new

    def copied(self, x: Any, is_library: bool) -> Any:
        t = type(x)
        if t is float or t is int:
            return x
        if isinstance(x, np.ndarray):
            if self.shared is not None and id(owner_of(x)) not in self.shared:
                return x
            return self._once(x, x.copy)
        if t is tuple:
            items = [self.copied(item, is_library) for item in x]
            if all(a is b for a, b in zip(items, x, strict=True)):
                return x
            return tuple(items)
        if t is list or t is dict:
            if not (is_library if self.shared is None else id(x) in self.shared or is_library):
                return x
            if id(x) in self.memo:
                return self.memo[id(x)]
            new = self.memo[id(x)] = t(x)
            self.keep.append(x)
            for slot, item in list(enumerate(x) if t is list else x.items()):
                new[slot] = self.copied(item, is_library)
            return new
        if t is types.FunctionType:
            return self.function(x)
        return x

    def _once(self, x: Any, make: Any) -> Any:
        if id(x) not in self.memo:
            self.memo[id(x)] = make()
            self.keep.append(x)
        return self.memo[id(x)]
