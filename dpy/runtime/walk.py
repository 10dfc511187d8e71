"""Totals of structured values: what accumulators hold for an object and all that it contains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dpy.cotangent import ZERO, add
from dpy.errors import MutationError
from dpy.runtime.memory import overlaps_itself, owner_of
from dpy.slots import Slots, kind_of, slots_of
from dpy.structs import Snapshot

if TYPE_CHECKING:
    from dpy.runtime.accumulators import Accumulators

__all__ = ["Walk", "by_value", "remainder"]

_MISSING = object()


class Walk:
    """A walk over values and all they contain (as they were on entry, if that is known)."""

    __slots__ = ("_acc", "_entry", "copy", "seen")

    def __init__(self, acc: Accumulators, entry: Snapshot | None) -> None:
        self._acc = acc
        self._entry = entry
        self.copy = False
        self.seen: dict[int, Any] = {}

    def _contents(self, x: Any) -> Slots | None:
        record = self._entry.get(id(x)) if self._entry is not None else None
        if record is not None:
            return record[1]
        read = kind_of(type(x)).read
        return None if read is None else read(x)

    def is_plain(self, xs: Sequence[Any]) -> bool:
        """Whether no two places in `xs` share a mutable object or memory."""
        seen: dict[int, Any] = {}
        stack = list(xs)
        while stack:
            x = stack.pop()
            if isinstance(x, np.ndarray):
                x = owner_of(x)
            else:
                slots = self._contents(x)
                if slots is None:
                    continue
                stack.extend([held for held in slots.values() if type(held) is not float])
                if kind_of(type(x)).frozen:
                    continue  # by place, but what it contains need not be
            if id(x) in seen:
                return False
            seen[id(x)] = x
        return True

    def sink(self, x: Any, d: Any) -> Any:
        """Move `d` into the accumulators of `x` and its contents; return the by-value rest."""
        if d is ZERO or d is None:
            return ZERO
        slots = self._contents(x)
        if slots is None:
            if isinstance(x, np.ndarray) and overlaps_itself(x) and not self._acc.holds(x):
                return d  # by value as long as nothing else reaches its memory
            return self._acc.add(x, d)
        if kind_of(type(x)).frozen:
            return remainder(x, d, slots, self.sink)
        for slot, part in slots_of(d).items():
            self._acc.add_slot(x, slot, self.sink(slots.get(slot), part))
        return ZERO

    def sink_held(self, x: Any) -> None:
        """Move what slots hold for mutable values on to the accumulators of those values."""
        stack = [x]
        while stack:
            value = stack.pop()
            slots = self._contents(value)
            if slots is None:
                if isinstance(value, np.ndarray):
                    self.seen[id(value)] = value
                continue
            if id(value) in self.seen:
                continue
            self.seen[id(value)] = value
            stack.extend(slots.values())
            held = self._acc.slots.pop(id(value), None)
            if held is not None:
                for slot, part in held[1].items():
                    rest = self.sink(slots.get(slot), part) if slot in slots else part
                    self._acc.add_slot(value, slot, rest)

    def total(self, x: Any, rest: Any) -> Any:
        """The cotangent of `x` and its contents, after everything has been sunk."""
        slots = self._contents(x)
        if slots is None:
            return self._array(x, rest) if isinstance(x, np.ndarray) else rest
        is_frozen = kind_of(type(x)).frozen
        if not is_frozen:
            known = self.seen.get(id(x), _MISSING)
            if known is not _MISSING:
                return known
        held = self._acc.slots.get(id(x))
        parts = add(slots_of(rest), held[1]) if held is not None else slots_of(rest)
        totals: Slots = {}
        if not is_frozen:
            self.seen[id(x)] = totals
        for slot, value in slots.items():
            total = self.total(value, parts.get(slot, ZERO))
            if total is not ZERO:
                totals[slot] = total
        return by_value(x, totals)

    def _array(self, x: Any, rest: Any) -> Any:
        acc = self._acc
        buffer = acc.arrays.get(id(x))
        if buffer is not None and buffer.array.shape == x.shape:
            return buffer.array.copy() if self.copy else buffer.array
        view = acc.existing(x)
        if view is None:
            return rest
        if overlaps_itself(x):
            raise MutationError(
                "an argument is an array whose items overlap in memory",
                why="several indices reach the same item, so its gradient belongs to none of them",
                repair="copy the broadcast or sliding-window view before passing it",
            )
        return view.copy() if self.copy else view


def by_value(x: Any, parts: Slots) -> Any:
    """A cotangent from its parts: a tuple for a tuple, else a dict; ZERO for a zero tuple."""
    if not isinstance(x, tuple):
        return parts
    if all(part is ZERO for part in parts.values()):
        return ZERO
    if any(type(slot) is not int for slot in parts):  # a subclass with attributes
        return parts
    return tuple(parts.get(i, ZERO) for i in range(tuple.__len__(x)))


def remainder(x: Any, d: Any, slots: Slots, sink: Callable[[Any, Any], Any]) -> Any:
    """Sink the cotangents of what an immutable `x` contains; return what stays by value."""
    parts = slots_of(d)
    return by_value(x, {slot: sink(value, parts.get(slot, ZERO)) for slot, value in slots.items()})
