"""Where the items of an iterable come from, and how their cotangents get back there.

An item is read at the moment it is yielded, and the program may write to its source right after.
So the reverse sweep gives the cotangent of an item back at the iteration that read it, not when
the loop or the iterator was made. Sources of lazy iterators (zip, enumerate, map, ...) are kept
per run, by the iterator's identity.
"""

from __future__ import annotations

import collections
import gc
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dpy.cotangent import ZERO, is_zero
from dpy.errors import Place, UnsupportedSyntaxError
from dpy.runtime.dict_keys import give_key
from dpy.runtime.failures import no_adjoint
from dpy.runtime.forward_run import instance_of, is_hidden, run
from dpy.runtime.item_cotangents import as_tuple, is_null
from dpy.runtime.opaque import carries
from dpy.runtime.special_methods import user_method
from dpy.structured import as_array, has_fields

__all__ = [
    "KEYS",
    "CONTAINERS", "ITERATORS", "SOURCES", "VIEWS", "Lazy", "OfArray", "Part", "Same",
    "Source", "is_lazy", "is_user_iterable", "keep", "source_of",
]  # fmt: skip

VIEWS: tuple[Any, ...] = (
    type({}.values()), type({}.items()), type(collections.OrderedDict().values()),
    type(collections.OrderedDict().items()),
)  # fmt: skip
_ITEMS: tuple[Any, ...] = (type({}.items()), type(collections.OrderedDict().items()))
KEYS: tuple[Any, ...] = (dict, type({}.keys()), type(collections.OrderedDict().keys()))
_INERT: tuple[Any, ...] = (
    str, bytes, bytearray, range, type(iter(range(0))), type(iter("")), type(iter({})), np.ndindex,
)  # fmt: skip
ITERATORS: tuple[Any, ...] = (
    zip, enumerate, map, filter, reversed, types.GeneratorType, type(iter([])), type(iter(())),
    type(reversed([])),
)  # fmt: skip
POSITIONED: tuple[Any, ...] = (type(iter([])), type(iter(())))
_BUILTIN = frozenset({float, int, np.ndarray, np.float64, bool, str, list, tuple, dict, set})
# By type: iterators of dpy's own, which know their source.
SOURCES: dict[type, Callable[[Any], Source]] = {}
# By type: containers of other kinds than Python's own; None if it is not of that kind after all.
CONTAINERS: dict[type, Callable[[Any], Source | None]] = {}


class Source:
    """Items that come one after the other; `give` returns the cotangent of item `k`."""

    def __init__(self, iterable: Any) -> None:
        self.iterable = iterable
        self.position = 0
        self.ended_by: Any = None  # who read it to its end

    def mark(self) -> int:
        """The number of the item that was just read."""
        k = self.position
        self.position += 1
        return k

    def give(self, acc: Any, k: int, d: Any) -> None:
        """Give back the remainder `d` of item `k`."""
        if not is_null(d):
            acc.add_slot(self, k, d)

    def give_end(self, acc: Any) -> None:
        """Go back over what ran after the last item, up to the end."""

    def collected(self, acc: Any, found: dict[int, Any]) -> Any:
        """The cotangent, by value, of a container from those of its items."""
        for k in sorted(found, reverse=True):
            self.give(acc, k, found[k])
        return ZERO

    def remainder(self, acc: Any) -> Any:
        """What travels by value to the iterable itself, at the place where it was made."""
        taken = acc.take_slots(self)
        return ZERO if not taken else self.rest(taken)

    def rest(self, slots: dict[int, Any]) -> Any:
        """The remainders of items, by number, as one of the iterable."""
        raise no_adjoint(
            type(self.iterable), (self.iterable,), "it yields values that carry a derivative"
        )


class OfArray(Source):
    """The items of an array, or of what stands for one."""

    def __init__(self, iterable: Any, array: Any = None) -> None:
        super().__init__(iterable)
        self.array = iterable if array is None else array

    def give(self, acc: Any, k: int, d: Any) -> None:
        """To the array."""
        if not is_zero(d):
            acc.add_region(self.array, k, d)

    def collected(self, acc: Any, found: dict[int, Any]) -> Any:
        """An array."""
        x = self.array
        total = np.zeros(x.shape, x.dtype if x.dtype.kind in "fc" else float)
        for k, d in found.items():
            total[k] = d
        return total


class _OfRecord(Source):
    """The fields of a record of an array, which looks at the memory of that."""

    def give(self, acc: Any, k: int, d: Any) -> None:
        name = self.iterable.dtype.names[k]
        value = self.iterable[name]
        if isinstance(value, np.ndarray):
            acc.add(value, d)
        elif not is_null(d):
            acc.add_region(as_array(self.iterable), name, d)

    def collected(self, acc: Any, found: dict[int, Any]) -> Any:
        for k, d in found.items():
            self.give(acc, k, d)
        return ZERO


class _OfList(Source):
    def give(self, acc: Any, k: int, d: Any) -> None:
        if not is_zero(d):
            acc.add_slot(self.iterable, k, d)

    def collected(self, acc: Any, found: dict[int, Any]) -> Any:
        return found


class _OfTuple(Source):
    def collected(self, acc: Any, found: dict[int, Any]) -> Any:
        return self.rest(found)

    def rest(self, slots: dict[int, Any]) -> Any:
        return tuple([slots.get(i, ZERO) for i in range(len(self.iterable))])


class _OfView(Source):
    def __init__(self, iterable: Any) -> None:
        super().__init__(iterable)
        origin = _origin_of_view(iterable)
        self.origin = instance_of(origin)
        self.keys = tuple(origin)
        self.is_items = isinstance(iterable, _ITEMS)

    def give(self, acc: Any, k: int, d: Any) -> None:
        if self.is_items:
            d_key, d = as_tuple(d, 2)
            give_key(acc, self.origin, self.keys[k], d_key)
        acc.add_slot(self.origin, self.keys[k], d)


class _OfKeys(Source):
    """A dict, or the view of its keys."""

    def __init__(self, iterable: Any) -> None:
        super().__init__(iterable)
        origin = iterable if isinstance(iterable, dict) else _origin_of_view(iterable)
        self.origin = instance_of(origin)
        self.keys = tuple(origin)

    def give(self, acc: Any, k: int, d: Any) -> None:
        give_key(acc, self.origin, self.keys[k], d)


class _OfSet(Source):
    """The slots of a set are its items."""

    def __init__(self, iterable: Any) -> None:
        super().__init__(iterable)
        self.keys = tuple(iterable)

    def give(self, acc: Any, k: int, d: Any) -> None:
        acc.add_slot(self.iterable, self.keys[k], d)


class _OfNothing(Source):
    def give(self, acc: Any, k: int, d: Any) -> None:
        """Items that carry no derivative."""


class _OfGenerator(Source):
    """A generator of the user's: its body runs piecewise, which cannot be reversed."""

    def __init__(self, iterable: Any) -> None:
        super().__init__(iterable)
        frame = iterable.gi_frame
        self.is_inert = (
            frame is not None and not is_hidden(iterable) and not carries(*frame.f_locals.values())
        )

    def give(self, acc: Any, k: int, d: Any) -> None:
        if self.is_inert or is_null(d):
            return
        code = self.iterable.gi_code
        raise UnsupportedSyntaxError(
            f"{code.co_qualname} is a generator, and a cotangent reached what it yields",
            place=Place(code.co_filename, code.co_firstlineno, function=code.co_name),
            why="its body runs piecewise, between the statements of its consumer",
            repair="return a list, or loop in the caller",
        )


class Lazy(Source):
    """An iterator made from others: says how item `k` divides among these."""

    def __init__(self, iterable: Any, parts: list[Part]) -> None:
        super().__init__(iterable)
        self.parts = parts
        self.is_kept = False  # the program has it: by-value cotangents go back where it was made

    def give_end(self, acc: Any) -> None:
        """Of the parts, what was read beyond the last item."""
        for part in reversed(self.parts):
            part.give_rest(acc, self.position)

    def remainder(self, acc: Any) -> Any:
        """Of an iterator that was made out of sight there is nobody to hand it to."""
        for part in self.parts:
            if not is_null(part.remainder(acc)):
                raise no_adjoint(type(self.iterable), (self.iterable,), "it was made out of sight")
        return ZERO


class Same(Lazy):
    """``iter(xs)``."""

    def give(self, acc: Any, k: int, d: Any) -> None:
        """To the only part."""
        self.parts[0].give(acc, k, d)


class Part:
    """One iterable that an iterator or a loop consumes, item by item.

    An iterator may be consumed elsewhere too, so of its items the numbers are noted.
    """

    __slots__ = ("is_last", "iterable", "marks", "source")

    def __init__(self, iterable: Any) -> None:
        source = self.source = source_of(iterable)
        self.marks: list[int] | None = None
        self.is_last = False  # its consumer was left, and a generator died with it
        self.iterable = source.iterable
        if isinstance(source, Lazy):
            self.marks = []
            self.iterable = self._marked(source, self.marks)

    @staticmethod
    def _marked(source: Source, marks: list[int]) -> Iterator[Any]:
        for item in source.iterable:
            marks.append(source.mark())
            yield item
        if source.ended_by is None:
            source.ended_by = marks

    def end(self, acc: Any) -> None:
        """Go back over what ran between the last item and the end, if it ended here."""
        if self.is_last:
            self.source.iterable.go_back(acc, self.source.iterable.died_at)
        elif self.marks is not None and self.source.ended_by is self.marks:
            self.source.give_end(acc)

    def give_all(self, acc: Any, count: int) -> None:
        """Go back over `count` items that nobody has used, read until an exception came."""
        self.give_extra(acc)
        for k in range(count - 1, -1, -1):
            self.give(acc, k, ZERO)

    def give_extra(self, acc: Any) -> None:
        """Go back over what was done for an item that an exception kept from coming."""
        if self.marks is not None:
            self.source.give_end(acc)

    def give_rest(self, acc: Any, first: int) -> None:
        """Go back over what was consumed here from number `first` on, and nobody has used."""
        if self.marks is not None:
            self.end(acc)
            for mark in reversed(self.marks[first:]):
                self.source.give(acc, mark, ZERO)

    def give(self, acc: Any, k: int, d: Any) -> None:
        """The cotangent of the `k`-th item that was consumed here."""
        self.source.give(acc, k if self.marks is None else self.marks[k], d)

    def remainder(self, acc: Any) -> Any:
        """What goes by value to the iterable (iterators give theirs where they were made)."""
        source = self.source
        return ZERO if isinstance(source, Lazy) and source.is_kept else source.remainder(acc)


def _origin_of_view(view: Any) -> Any:
    """The dict behind a view (its ``mapping`` is only a read-only proxy)."""
    for candidate in gc.get_referents(view):
        if isinstance(candidate, dict):
            return candidate
    raise TypeError("a dict view without its dict")


def source_of(iterable: Any) -> Source:
    """Where the items of an iterable come from."""
    own = SOURCES.get(type(iterable))
    if own is not None:
        return own(iterable)
    known = run.sources.get(id(iterable))
    if known is not None and known.iterable is iterable:
        return known
    if type(iterable) is np.ndarray:
        return OfArray(iterable)
    if type(iterable) is list or type(iterable) is tuple:
        return _OfList(iterable) if type(iterable) is list else _OfTuple(iterable)
    return _other_source(iterable)


def _other_source(iterable: Any) -> Source:
    t = type(iterable)
    if t in CONTAINERS:
        found = CONTAINERS[t](iterable)
        if found is not None:
            return found
    if user_method(t, "__iter__") is not None or user_method(t, "__next__") is not None:
        from dpy.runtime.user_iterables import OfObject

        return OfObject(iterable)
    if isinstance(iterable, np.ndarray):
        indexed = user_method(t, "__getitem__")
        if indexed is None:
            return OfArray(iterable)
        from dpy.runtime.user_iterables import OfIndexed

        return OfIndexed(iterable, indexed)
    if isinstance(iterable, (list, collections.deque)):
        return _OfList(iterable)
    if isinstance(iterable, tuple):
        return _OfTuple(iterable)
    if isinstance(iterable, VIEWS):
        return _OfView(iterable)
    if isinstance(iterable, (set, frozenset)):
        return _OfSet(iterable)
    if isinstance(iterable, KEYS):
        return _OfKeys(iterable)
    if isinstance(iterable, _INERT):
        return _OfNothing(iterable)
    if t is types.GeneratorType:
        return _OfGenerator(iterable)
    if isinstance(iterable, np.void) and has_fields(iterable) and as_array(iterable) is not None:
        return _OfRecord(iterable)
    indexed = user_method(t, "__getitem__")
    if indexed is not None and not hasattr(t, "__iter__"):
        from dpy.runtime.user_iterables import OfIndexed

        return OfIndexed(iterable, indexed)
    if t in POSITIONED:
        return _positioned(iterable)
    return Source(iterable)


def _positioned(it: Any) -> Source:
    """An iterator over a list or tuple that was made out of sight: it knows where it stands."""
    state = it.__reduce__()
    source = Same(it, [Part(state[1][0])])
    source.position = state[2] if len(state) > 2 else 0
    return source


def is_lazy(x: Any) -> bool:
    """Whether `x` is iterated over, not indexed: iterators, views of dicts, sets."""
    if isinstance(x, (*ITERATORS, *VIEWS, set, frozenset)) or type(x) in SOURCES:
        return True
    known = run.sources.get(id(x))
    return known is not None and known.iterable is x


def is_user_iterable(x: Any) -> bool:
    """Whether the class of `x` says in Python how it is iterated over."""
    t = type(x)
    if t in _BUILTIN:
        return False
    return user_method(t, "__iter__") is not None or (
        user_method(t, "__getitem__") is not None and not hasattr(t, "__iter__")
    )


def keep(source: Source) -> None:
    """The source of an iterator that the program has in its hands."""
    if isinstance(source, Lazy):
        source.is_kept = True
    run.sources[id(source.iterable)] = source
