"""Cotangents of mutable objects, by identity: the bookkeeping of one reverse sweep.

Reading ``obj.a``, ``xs[i]`` or ``a[i]`` adds to the accumulator of the object that was read;
writing takes the entry out, hands it to the written value, and leaves zero. Aliases need no
special case.

- An array's accumulator is memory laid out like its own, shared by all its views.
- A list, dict, object, cell or globals dict has one cotangent per slot (see `dpy.slots`), which
  holds what travels by value (numbers, tuples); the mutable values in its slots have accumulators
  of their own.

Objects are held strongly as long as they have an accumulator, so that an identity is never reused,
and compared by nothing else: no ``__eq__``, ``__hash__`` or ``__add__`` of the user's runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from dpy.cotangent import ZERO, add, project
from dpy.errors import MutationError, NotDifferentiableError
from dpy.runtime.item_cotangents import is_null
from dpy.runtime.memory import (
    Buffer,
    cotangent_dtype,
    overlaps_itself,
    owner_of,
    refuse_bits,
    refuse_shared,
    repeated,
    set_shape,
)
from dpy.runtime.object_arrays import refuse_objects
from dpy.runtime.walk import Walk, by_value, remainder
from dpy.slots import Slots, kind_of, slots_of
from dpy.structs import Snapshot
from dpy.structured import add_fields, added, as_array, taken

__all__ = ["Accumulators"]

_MOST_VIEWS = 256


class Accumulators:
    """The cotangents of all mutable objects that one reverse sweep has met.

    Generated code uses the methods; `arrays`, `slots`, `holds` and `existing` are for `walk`.

    >>> acc = Accumulators()
    >>> a = np.zeros(3)
    >>> acc.add(a[1:], np.ones(2)), acc.take(a)
    (ZERO, array([0., 1., 1.]))
    """

    __slots__ = ("_foreign", "_shapes", "_views", "arrays", "slots")

    def __init__(self) -> None:
        self.arrays: dict[int, Buffer] = {}  # by id of the owner of the memory
        self.slots: dict[int, tuple[Any, Slots]] = {}  # by id of the object
        # The last views used, with their accumulators: finding a place in memory takes a while.
        self._views: dict[int, tuple[Any, Any]] = {}
        self._foreign: list[Buffer] = []  # of memory that NumPy does not own
        self._shapes: list[tuple[Any, tuple[int, ...]]] = []  # what arrays have after the sweep

    # --- any value -----------------------------------------------------------------------------

    def add(self, x: Any, d: Any) -> Any:
        """Add the cotangent `d` to what is held for `x`; return the part that goes by value.

        ZERO is returned for arrays and mutable objects; `d` itself for numbers and other
        immutable leaves; tuples, bound methods and partials are sunk item by item.
        """
        if d is ZERO or d is None:
            return ZERO
        buffer = self.arrays.get(id(x))
        if buffer is not None:
            total = buffer.array
            try:
                total += d
            except (TypeError, ValueError):  # a complex cotangent; a shape changed in place
                self._add_array(x, project(d, x))
            return ZERO
        if isinstance(x, np.ndarray):
            if cotangent_dtype(x.dtype) is not None or x.dtype.kind == "O":
                self._add_array(x, d)
            return ZERO
        kind = kind_of(type(x))
        if kind.read is None:
            return self._add_record(x, d) if isinstance(x, np.void) else d
        if kind.is_by_value:
            return remainder(x, d, kind.read(x), self.add)
        for slot, part in slots_of(d).items():
            self.add_slot(x, slot, part)
        return ZERO

    def take(self, x: Any, d: Any = ZERO, *, deep: bool = False) -> Any:
        """The whole cotangent of `x`, `d` included, and zero from now on.

        Arrays in the result belong to the caller. With `deep`, what is held for the mutable
        contents of `x`, as they are now, is taken too and stands in the slots; where contents
        refer back to each other, so do the dicts of the result.
        """
        if deep:
            return self._take_deep(x, d)
        if isinstance(x, np.ndarray):
            taken = self._take_array(x)
            if taken is ZERO or d is ZERO or d is None:
                return d if taken is ZERO and d is not None else taken
            _add_to(taken, project(d, x))
            return taken
        kind = kind_of(type(x))
        if kind.read is None:
            if isinstance(x, np.void) and as_array(x) is not None:
                return self.take(as_array(x), d)
            return ZERO if d is None else d
        if kind.is_by_value:
            parts = slots_of(d)
            return by_value(
                x, {slot: self.take(v, parts.get(slot, ZERO)) for slot, v in kind.read(x).items()}
            )
        held = self.slots.pop(id(x), None)
        return d if held is None else add(d if d is ZERO else slots_of(d), held[1])

    def peek(self, x: Any) -> Any:
        """A copy of what is held for `x` itself, ZERO if nothing is."""
        if isinstance(x, np.ndarray):
            view = self.existing(x)
            return ZERO if view is None else view.copy()
        held = self.slots.get(id(x))
        return ZERO if held is None else dict(held[1])

    def clear(self) -> None:
        """Forget everything."""
        self.arrays.clear()
        self.slots.clear()
        self._views.clear()
        self._foreign.clear()

    # --- arrays that the program has given another shape -----------------------------------------

    def set_shape(self, a: Any, shape: tuple[int, ...]) -> None:
        """Reverse of ``a.shape = ...``: the array has its earlier shape until the sweep is over.

        All that the sweep still runs, rules and generated code, asks the array for its shape.
        """
        self._shapes.append((a, a.shape))
        set_shape(a, shape)
        self._views.clear()
        buffer = self.arrays.get(id(a))
        if buffer is not None:
            buffer.array = buffer.view(a)

    def sweep(self, run: Any, *args: Any) -> Any:
        """``run(self, *args)``, a whole sweep, after which arrays have the shapes they had."""
        try:
            return run(self, *args)
        finally:
            if self._shapes:
                try:
                    self._restore_shapes()
                except BaseException:  # an interrupt, before it was done
                    self._restore_shapes()
                    raise

    def _restore_shapes(self) -> None:
        while self._shapes:
            set_shape(*self._shapes[-1])
            del self._shapes[-1]

    def _add_record(self, x: Any, d: Any) -> Any:
        """A record of an array looks at the memory of the array."""
        array = as_array(x)
        return d if array is None else self.add(array, d)

    # --- arrays --------------------------------------------------------------------------------

    def view(self, a: Any) -> Any:
        """The accumulator of array `a`, to work on in place: an array of its shape."""
        view = self._writable(a)
        buffer = self.arrays.get(id(owner_of(a)))
        if buffer is not None:
            buffer.is_exported = True
        return view

    def _writable(self, a: Any) -> Any:
        buffer = self.arrays.get(id(a))
        if buffer is not None and buffer.array.shape == a.shape:
            return buffer.array
        if cotangent_dtype(a.dtype) is None and a.dtype.kind != "O":
            return np.zeros(a.shape)  # bools and strings: whatever is put here vanishes
        self._refuse_overlap(a)
        buffer = self._buffer(a)
        is_whole = buffer.owner is a and buffer.array.shape == a.shape
        return buffer.array if is_whole else self._view(a)

    def add_region(self, a: Any, index: Any, d: Any) -> None:
        """Add the cotangent of ``a[index]`` (repeated positions add up)."""
        if d is ZERO or d is None:
            return
        if overlaps_itself(a):
            whole = np.zeros(a.shape, cotangent_dtype(a.dtype) or np.float64)
            np.add.at(whole, index, d)
            self.add(a, whole)
            return
        view = self._writable(a)
        if view.dtype.names is not None:
            added(view, index, d, np.add.at)
        elif _is_advanced(index):
            np.add.at(view, index, d)
        else:
            view[index] += d

    def take_region(self, a: Any, index: Any) -> Any:
        """The cotangent of the value written by ``a[index] = value``; zero is left in its place.

        Where an index array names a position twice, the last value written is the one that
        stayed: only its entry gets the cotangent.
        """
        view = self.existing(a)
        if view is None:
            return ZERO
        self._refuse_overlap(a)
        if view.dtype.names is not None:
            part = taken(view, index)
            if _is_advanced(index) and isinstance(part, np.ndarray) and part.size > 1:
                if not isinstance(index, list) or not isinstance(index[0], str):
                    _keep_last(part, a.shape, index)
            return part
        part = view[index]
        if isinstance(part, np.ndarray):
            if not _is_advanced(index):
                part = part.copy()
            elif part.size > 1:
                _keep_last(part, a.shape, index)
        view[index] = 0
        return part

    def _add_array(self, x: Any, d: Any) -> None:
        known = self._views.get(id(x))
        if known is not None and known[1].shape == x.shape:
            _add_to(known[1], d)
            return
        owner = owner_of(x)
        buffer = self.arrays.get(id(owner))
        if buffer is None and owner is x and type(d) is np.ndarray and d.shape == x.shape:
            self._keep(Buffer(x, d if d.dtype.kind != "c" or x.dtype.kind == "c" else d.real))
        elif overlaps_itself(x):
            self._buffer(x).scatter(x, d)
        else:
            _add_to(self._view(x), d)

    def _take_array(self, x: Any) -> Any:
        buffer = self.arrays.get(id(x))
        if buffer is not None and not buffer.is_exported and buffer.array.shape == x.shape:
            del self.arrays[id(x)]
            self._views.clear()
            if buffer in self._foreign:
                self._foreign.remove(buffer)
            return buffer.array
        view = self.existing(x)
        if view is None:
            return ZERO
        taken = view.copy()
        if overlaps_itself(x):  # what several indices reach is given to the first of them
            taken[repeated(x)] = 0
        view[...] = 0
        return taken

    def existing(self, x: Any) -> Any:
        """The accumulator of `x`, None if nothing has been added to its memory."""
        return self._view(x) if self.holds(x) else None

    def holds(self, x: Any) -> bool:
        """Whether anything has been added to the memory of `x`."""
        owner = owner_of(x)
        if id(owner) in self.arrays:
            if cotangent_dtype(x.dtype) is None:
                refuse_bits(x, owner)
                return False
            return True
        if not owner.flags.owndata:
            refuse_shared(owner, self.arrays.values())
        elif self._foreign:
            refuse_shared(owner, self._foreign)
        return False

    def _view(self, x: Any) -> Any:
        known = self._views.get(id(x))
        if known is not None and known[1].shape == x.shape:
            return known[1]
        view = self._buffer(x).view(x)
        if overlaps_itself(x):
            return view
        if len(self._views) >= _MOST_VIEWS:
            self._views.clear()
        self._views[id(x)] = (x, view)
        return view

    def _buffer(self, x: Any) -> Buffer:
        owner = owner_of(x)
        buffer = self.arrays.get(id(owner))
        return self._keep(Buffer(owner)) if buffer is None else buffer

    def _keep(self, buffer: Buffer) -> Buffer:
        """Enter a new buffer, after a look at memory that did not come from NumPy."""
        owner = buffer.owner
        if not owner.flags.owndata:
            refuse_shared(owner, self.arrays.values())
            self._foreign.append(buffer)
        elif self._foreign:
            refuse_shared(owner, self._foreign)
        self.arrays[id(owner)] = buffer
        return buffer

    @staticmethod
    def _refuse_overlap(x: Any) -> None:
        if overlaps_itself(x):
            raise MutationError(
                "a write through an array whose items overlap in memory",
                why="several indices reach the same item, so its cotangent belongs to none of them",
                repair="copy the broadcast or sliding-window view before writing to it",
            )

    # --- slots of lists, dicts, objects, cells, globals ------------------------------------------

    def add_slot(self, x: Any, slot: Any, d: Any) -> None:
        """Add the by-value cotangent `d` of one slot; list indices count from the front."""
        if d is ZERO or d is None:
            return
        held = self.slots.get(id(x))
        if held is None:
            self.slots[id(x)] = (x, {slot: d})
            return
        slots = held[1]
        slots[slot] = add(slots[slot], d) if slot in slots else d

    def take_slot(self, x: Any, slot: Any) -> Any:
        """The cotangent of one slot, ZERO if it has none, and zero from now on."""
        held = self.slots.get(id(x))
        return ZERO if held is None else held[1].pop(slot, ZERO)

    def take_slots(self, x: Any) -> Slots:
        """The cotangents of all slots of any object (an iterator, say), and zero from now on."""
        held = self.slots.pop(id(x), None)
        return {} if held is None else held[1]

    def insert(self, xs: Any, i: int) -> None:
        """Reverse of ``del xs[i]`` and ``xs.pop(i)``: make room for a slot with zero at `i`."""
        self.splice(xs, i, 0, 1)

    def remove(self, xs: Any, i: int) -> Any:
        """Reverse of ``xs.insert(i, value)``: the cotangent of slot `i`, which disappears."""
        return self.splice(xs, i, 1, 0)[0]

    def splice(self, xs: Any, start: int, removed: int, inserted: int) -> list[Any]:
        """Replace `removed` slots at `start` by `inserted` new ones with zero.

        Returns the cotangents of the removed slots. With `removed` the number of values that
        ``xs[start:stop] = values`` wrote and `inserted` = stop - start, this is its reverse.
        """
        held = self.slots.get(id(xs))
        if held is None:
            return [ZERO] * removed
        slots = held[1]
        taken = [slots.pop(i, ZERO) for i in range(start, start + removed)]
        shift = inserted - removed
        if shift:
            self.permute(xs, lambda slot: slot + shift if slot >= start else slot)
        return taken

    def permute(
        self, xs: Any, places: Sequence[int] | Mapping[int, int] | Callable[[int], int]
    ) -> None:
        """Move the cotangent of each list slot `i` to slot ``places[i]`` (or ``places(i)``).

        Reverse of a sort in which position `i` of the result came from position ``order[i]``:
        ``permute(xs, order)``. Slots that a mapping or sequence does not name stay.
        """
        held = self.slots.get(id(xs))
        if held is None:
            return
        slots = held[1]
        moved: Slots = {}
        for slot, d in slots.items():
            place = slot if type(slot) is not int else _place(places, slot)
            moved[place] = add(moved[place], d) if place in moved else d
        slots.clear()
        slots.update(moved)

    # --- the end of a sweep ----------------------------------------------------------------------

    def finish(
        self, xs: Sequence[Any], ds: Sequence[Any], entry: Snapshot | None = None
    ) -> list[Any]:
        """The total cotangents of the arguments `xs` of a sweep that is over.

        `ds` are their by-value cotangents and `entry` the snapshot of their contents, which the
        reverse sweep has come back to. An object or piece of memory at several places has its
        total at each. Forgets everything, so that nothing else refers to the arrays returned.
        """
        walk = Walk(self, entry)
        if not self.arrays and not self.slots and walk.is_plain(xs):
            return list(ds)
        self._show_defaults()
        rest = [walk.sink(x, d) for x, d in zip(xs, ds, strict=True)]
        for x in xs:
            walk.sink_held(x)
        self._refuse_lost(walk.seen)
        refuse_objects(self, walk.seen)
        walk.seen.clear()
        totals = [walk.total(x, d) for x, d in zip(xs, rest, strict=True)]
        self.clear()
        return totals

    def _show_defaults(self) -> None:
        """What defaults got from calls goes to the slots under which a function shows them."""
        for obj, slots in self.slots.values():
            if type(obj) is FunctionType:
                for slot in [slot for slot in slots if type(slot) is tuple]:
                    d = slots.pop(slot)
                    slots[slot[1]] = add(slots[slot[1]], d) if slot[1] in slots else d

    def _refuse_lost(self, seen: dict[int, Any]) -> None:
        """An exception whose making nobody has noted cannot hand on what it was given."""
        for obj, slots in self.slots.values():
            if not (isinstance(obj, BaseException) or _is_log(obj)) or id(obj) in seen:
                continue
            if not all(map(is_null, slots.values())):
                name = type(obj).__name__
                raise NotDifferentiableError(
                    f"a cotangent reached what a {name} carries",
                    why=f"the {name} was made by code that dpy does not follow, so it is unknown "
                    "what it was given",
                    repair=f"use the value itself instead of what the {name} says of it",
                )

    def _take_deep(self, x: Any, d: Any) -> Any:
        walk = Walk(self, None)
        rest = walk.sink(x, d)
        walk.sink_held(x)
        reached = list(walk.seen.values())
        walk.seen.clear()
        walk.copy = True
        total = walk.total(x, rest)
        for value in reached:
            if isinstance(value, np.ndarray):
                self._take_array(value)
            else:
                self.slots.pop(id(value), None)
        return total


def _is_log(x: Any) -> bool:
    """Whether this is the record of a log, which keeps what was logged."""
    return any(c.__module__ == "logging" and c.__name__ == "LogRecord" for c in type(x).__mro__)


def _place(places: Any, slot: int) -> int:
    if callable(places):
        return int(places(slot))
    if isinstance(places, Mapping):
        return int(places.get(slot, slot))
    return int(places[slot]) if slot < len(places) else slot


def _add_to(total: Any, d: Any) -> None:
    if total.dtype.names is not None:
        add_fields(total, d)
    else:
        total += d


def _is_advanced(index: Any) -> bool:
    """Whether NumPy copies for this index (arrays and lists of positions, masks)."""
    if isinstance(index, tuple):
        return any(map(_is_advanced, index))
    return isinstance(index, (np.ndarray, list, bool, np.bool_))


def _keep_last(part: Any, shape: tuple[int, ...], index: Any) -> None:
    """Zero the entries of ``a[index]`` whose position a later entry names again."""
    order = np.arange(part.size).reshape(part.shape)
    last = np.empty(shape, np.intp)  # only the positions that `index` names are ever touched
    last[index] = order
    part[last[index] != order] = 0
