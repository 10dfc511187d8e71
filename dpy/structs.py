"""The gradient of structured data mirrors it: same types, same names, rebuilt without its code."""

from __future__ import annotations

import sys
from typing import Any, TypeAlias

import numpy as np

from dpy.cotangent import ZERO
from dpy.errors import DpyError
from dpy.slots import Slots, contents, fields_of, is_leaf, kind_of, slots_of

__all__ = [
    "Snapshot", "contents", "fields_of", "gradients", "is_leaf", "mirror", "slots_of",
    "snapshot", "zero_like",
]  # fmt: skip

Snapshot: TypeAlias = dict[int, tuple[Any, Slots]]


def snapshot(x: Any) -> Snapshot | None:
    """What every mutable container reachable from `x` holds now, by identity.

    None (for numbers, arrays, tuples and frozen structs of those) means: nothing to remember.
    """
    if kind_of(type(x)).read is None:
        return None
    record: Snapshot = {}
    seen: dict[int, Any] = {}
    stack = [x]
    while stack:
        value = stack.pop()
        kind = kind_of(type(value))
        if kind.read is None or id(value) in seen:
            continue
        seen[id(value)] = value
        slots = kind.read(value)
        if not kind.frozen:
            record[id(value)] = (value, slots)
        stack.extend([held for held in slots.values() if type(held) is not float])
    return record or None


# Repeated objects are shown at each place; beyond this number, as a tree, there are too many.
_MOST_PLACES = 200_000


class _Mirror:
    """One walk over a primal and its cotangent.

    An array of the cotangent is handed out as it is only if nobody else refers to it, which the
    count of references tells; `limit` is the count of an array that one container holds.
    """

    __slots__ = ("entry", "path", "places", "seen")

    limit = 0

    def __init__(self, entry: Snapshot | None) -> None:
        self.entry = entry
        self.path: set[int] = set()
        self.seen: set[int] = set()
        self.places = 0

    def mirror(self, d: Any, x: Any, owned: bool) -> Any:
        kind = kind_of(type(x))
        if kind.read is None:
            return kind.leaf(d, x, owned)
        key = id(x)
        if key in self.path:
            return None  # a cycle: shown where it begins
        self._count(key, x)
        record = self.entry.get(key) if self.entry is not None else None
        slots = kind.read(x) if record is None else record[1]
        self.path.add(key)
        values = self._slots(d if type(d) is dict else slots_of(d), slots, owned)
        self.path.discard(key)
        return kind.build(x, values)

    def _slots(self, cotangents: Slots, slots: Slots, owned: bool) -> Slots:
        values: Slots = {}
        for slot, value in slots.items():
            d = cotangents.get(slot, ZERO)
            if type(d) is float and type(value) is float:
                values[slot] = d
                continue
            alone = owned and sys.getrefcount(d) <= self.limit
            values[slot] = self.mirror(d, value, alone)
        return values

    def _count(self, key: int, x: Any) -> None:
        if key not in self.seen:
            self.seen.add(key)
            return
        self.places += 1
        if self.places > _MOST_PLACES:
            raise DpyError(
                f"the gradient of {type(x).__name__} is too entangled to be shown as a tree",
                why="an object that stands at several places shows its gradient at each of them",
                repair="use Params([...]) with the arrays, or pass them as arguments",
            )


class _Probe(_Mirror):
    """Measures `limit` by running the loop that uses it: Python versions count differently."""

    count = 0

    def mirror(self, d: Any, x: Any, owned: bool) -> Any:
        # dict, the loop's local, this frame's `d`, getrefcount's argument: one more than the loop
        type(self).count = sys.getrefcount(d) - 1


_Probe(None)._slots({0: np.zeros(1)}, {0: None}, False)
_Mirror.limit = _Probe.count


def mirror(d: Any, x: Any, entry: Snapshot | None = None, *, owned: bool = False) -> Any:
    """The user's gradient for the internal cotangent `d` of the primal `x`.

    Args:
        d: the cotangent: ZERO, a number, an array, a tuple, or a dict from slot to cotangent.
        x: the primal; its type, shape and dtype are those of the gradient.
        entry: `snapshot` of `x` (or of all arguments) before it may have been mutated.
        owned: promise that nobody else refers to `d`, so that its arrays need no copy.

    Objects at several places are shown at each of them. Where `x` refers back to an object that
    contains it (a child's `parent`), the gradient has None.

    >>> mirror({"r": 2.0}, __import__("types").SimpleNamespace(r=1, g=2.5, name="red"))
    Tangent(r=2.0, g=0.0, name=None)
    """
    kind = kind_of(type(x))
    if kind.read is None:
        return kind.leaf(d, x, owned)
    return _Mirror(entry).mirror(d, x, owned)


def gradients(ds: list[Any], xs: tuple[Any, ...], entry: Snapshot | None = None) -> tuple[Any, ...]:
    """`mirror` for all arguments. Empties `ds`, the only reference to what may go uncopied."""
    slots: Slots = {}
    for i in range(len(ds) - 1, -1, -1):
        slots[i] = ds.pop()
    walk = _Mirror(entry)
    return tuple(walk._slots(slots, dict(enumerate(xs)), True).values())


def zero_like(x: Any) -> Any:
    """The gradient of a result that does not depend on `x`.

    >>> zero_like((1, "a", np.ones(2)))
    (0.0, None, array([0., 0.]))
    """
    return mirror(ZERO, x)
