"""Iteration over active values: where each item came from, and how its cotangent gets back there.

An item is read at the moment it is yielded, and the program may write to its source right after.
So the reverse sweep gives the cotangent of an item back at the iteration that read it, not when
the loop or the iterator was made. A `Source` says where the items of an iterable come from;
sources of lazy iterators (zip, enumerate, map, ...) are kept per run, by the iterator's identity.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dpy.cotangent import ZERO, add, is_zero
from dpy.runtime.containers import as_tuple, entry

__all__ = ["Source", "fresh_run", "iterate", "source_of"]

_VIEWS: tuple[type, ...] = (type({}.values()), type({}.items()))
_INERT: tuple[type, ...] = (str, bytes, range, type({}.keys()), set, frozenset, dict)


class Source:
    """Items that come one after the other; `give` returns the cotangent of item `k`."""

    def __init__(self, iterable: Any) -> None:
        self.iterable = iterable
        self.position = 0

    def give(self, acc: Any, k: int, d: Any) -> None:
        """Give back the remainder `d` of item `k`."""
        if not is_zero(d):
            acc.add_slot(self, k, d)

    def remainder(self, acc: Any) -> Any:
        """What travels by value to the iterable itself, at the place where it was made."""
        taken = acc.take_slots(self)
        return ZERO if not taken else self.rest(taken)

    def rest(self, slots: dict[int, Any]) -> Any:
        """The remainders of items, by number, as one of the iterable."""
        from dpy.runtime.failures import no_adjoint

        raise no_adjoint(
            type(self.iterable), (self.iterable,), "it yields values that carry a derivative"
        )


class _OfArray(Source):
    def give(self, acc: Any, k: int, d: Any) -> None:
        if not is_zero(d):
            acc.add_region(self.iterable, k, d)


class _OfList(Source):
    def give(self, acc: Any, k: int, d: Any) -> None:
        acc.add_slot(self.iterable, k, d)


class _OfTuple(Source):
    def rest(self, slots: dict[int, Any]) -> Any:
        return tuple(slots.get(i, ZERO) for i in range(len(self.iterable)))


class _OfView(Source):
    def __init__(self, iterable: Any) -> None:
        super().__init__(iterable)
        self.origin = origin_of_view(iterable)
        self.keys = tuple(iterable.mapping)
        self.is_items = isinstance(iterable, type({}.items()))

    def give(self, acc: Any, k: int, d: Any) -> None:
        if self.is_items:
            d = as_tuple(d, 2)[1]
        acc.add_slot(self.origin, self.keys[k], d)


class _OfNothing(Source):
    def give(self, acc: Any, k: int, d: Any) -> None:
        """Items that carry no derivative."""


class _Lazy(Source):
    """An iterator made from others: says how item `k` divides among these."""

    def __init__(self, iterable: Any, parts: list[tuple[Source, int]]) -> None:
        super().__init__(iterable)
        self.parts = parts


class _Zip(_Lazy):
    def give(self, acc: Any, k: int, d: Any) -> None:
        if is_zero(d):
            return
        for (source, start), d_i in zip(self.parts, as_tuple(d, len(self.parts)), strict=True):
            source.give(acc, start + k, d_i)


class _Enumerate(_Lazy):
    def give(self, acc: Any, k: int, d: Any) -> None:
        source, start = self.parts[0]
        source.give(acc, start + k, as_tuple(d, 2)[1])


class _Same(_Lazy):
    """``iter(xs)``."""

    def give(self, acc: Any, k: int, d: Any) -> None:
        source, start = self.parts[0]
        source.give(acc, start + k, d)


class _Reversed(_Lazy):
    def __init__(self, iterable: Any, parts: list[tuple[Source, int]], n: int) -> None:
        super().__init__(iterable, parts)
        self.n = n

    def give(self, acc: Any, k: int, d: Any) -> None:
        self.parts[0][0].give(acc, self.n - 1 - k, d)


class _Filter(_Lazy):
    kept: list[int]

    def give(self, acc: Any, k: int, d: Any) -> None:
        source, start = self.parts[0]
        source.give(acc, start + self.kept[k], d)


class _Map(_Lazy):
    """Each item was a call; its pullback runs when the item's cotangent comes."""

    calls: list[Any]

    def give(self, acc: Any, k: int, d: Any) -> None:
        pb = self.calls[k]
        if pb is None:
            return
        d_f, d_args, _ = pb(d, acc)
        acc.add_slot(self, "function", d_f)
        for (source, start), d_x in zip(self.parts, d_args, strict=True):
            source.give(acc, start + k, d_x)


def origin_of_view(view: Any) -> Any:
    """The dict behind a view (its ``mapping`` is only a read-only proxy)."""
    for candidate in gc.get_referents(view):
        if isinstance(candidate, dict):
            return candidate
    raise TypeError("a dict view without its dict")


class _Run(threading.local):
    """The sources of the lazy iterators of the forward run in progress."""

    def __init__(self) -> None:
        self.sources: dict[int, Source] = {}


_run = _Run()


def fresh_run() -> dict[int, Source]:
    """Start a forward run without sources; returns those of the run around it, to be restored."""
    outer = _run.sources
    _run.sources = {}
    return outer


def end_run(outer: dict[int, Source]) -> None:
    """Forget the sources of the run that ends."""
    _run.sources = outer


def source_of(iterable: Any) -> Source:
    """Where the items of an iterable come from."""
    known = _run.sources.get(id(iterable))
    if known is not None and known.iterable is iterable:
        return known
    if isinstance(iterable, np.ndarray):
        return _OfArray(iterable)
    if isinstance(iterable, list):
        return _OfList(iterable)
    if isinstance(iterable, tuple):
        return _OfTuple(iterable)
    if isinstance(iterable, _VIEWS):
        return _OfView(iterable)
    if isinstance(iterable, _INERT):
        return _OfNothing(iterable)
    return Source(iterable)


def _keep(source: Source) -> None:
    _run.sources[id(source.iterable)] = source


def _counted(source: Source) -> Iterator[Any]:
    """The items of an iterator, its position kept: a part of it may be consumed elsewhere."""
    for item in source.iterable:
        source.position += 1
        yield item


def iterate(iterable: Any, by_identity: bool) -> tuple[Any, Callable[[int, Any], Any]]:
    """The iterable for a ``for`` loop over active items, and how their cotangents get back.

    ``pb(n, acc)`` starts the reverse sweep over the `n` items read: an object with ``give(d)``,
    called from the last item to the first, and ``finish()``, which returns what goes to the
    iterable by value. Without `by_identity` that is the whole cotangent of a container.
    """
    source = source_of(iterable)
    start = source.position
    is_iterator = isinstance(source, _Lazy)
    walked = _counted(source) if is_iterator else iterable
    if by_identity or is_iterator:
        return walked, lambda n, acc: _Giver(source, start + n, acc)
    return walked, lambda n, acc: _Collector(source, n, acc)


class _Giver:
    __slots__ = ("acc", "k", "source")

    def __init__(self, source: Source, k: int, acc: Any) -> None:
        self.source = source
        self.k = k
        self.acc = acc

    def give(self, d: Any) -> None:
        self.k -= 1
        if d is not ZERO:
            self.source.give(self.acc, self.k, d)

    def finish(self) -> Any:
        return ZERO if isinstance(self.source, _Lazy) else self.source.remainder(self.acc)


class _Collector:
    """Cotangents of items for a container that has its own by value."""

    __slots__ = ("acc", "found", "k", "source")

    def __init__(self, source: Source, k: int, acc: Any) -> None:
        self.source = source
        self.k = k
        self.acc = acc
        self.found: dict[int, Any] = {}

    def give(self, d: Any) -> None:
        self.k -= 1
        if not is_zero(d):
            self.found[self.k] = d

    def finish(self) -> Any:
        source = self.source
        if not self.found:
            return ZERO
        if isinstance(source, _OfArray):
            x = source.iterable
            total = np.zeros(x.shape, x.dtype if x.dtype.kind in "fc" else float)
            for k, d in self.found.items():
                total[k] = d
            return total
        if isinstance(source, _OfList):
            return self.found
        if isinstance(source, _OfTuple):
            return source.rest(self.found)
        for k in sorted(self.found, reverse=True):
            source.give(self.acc, k, self.found[k])
        return ZERO


# --- the builtins that make iterators -----------------------------------------------------------


def _part(iterable: Any) -> tuple[Source, int]:
    source = source_of(iterable)
    return source, source.position


def _remainders(parts: list[tuple[Source, int]], acc: Any) -> tuple[Any, ...]:
    return tuple(
        ZERO if isinstance(source, _Lazy) else source.remainder(acc) for source, _ in parts
    )


@entry(zip)
def zip_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``zip(*iterables, strict=False)``."""
    parts = list(map(_part, args))
    y = zip(*args, **kwargs)  # noqa: B905 - strict, if it is given, is in kwargs
    _keep(_Zip(y, parts))
    return y, lambda d, acc: (ZERO, _remainders(parts, acc), {})


@entry(enumerate)
def enumerate_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``enumerate(iterable, start=0)``."""
    parts = [_part(args[0])]
    y = enumerate(*args, **kwargs)
    _keep(_Enumerate(y, parts))
    rest = (ZERO,) * (len(args) - 1)
    return y, lambda d, acc: (ZERO, (*_remainders(parts, acc), *rest), {})


@entry(reversed)
def reversed_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``reversed(sequence)``."""
    parts = [_part(args[0])]
    y = reversed(*args)
    _keep(_Reversed(y, parts, len(args[0])))
    return y, lambda d, acc: (ZERO, _remainders(parts, acc), {})


@entry(iter)
def iter_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``iter(iterable)``; the form with a sentinel calls back, and carries no derivative."""
    y = iter(*args)
    if len(args) > 1 or y is args[0]:
        return y, lambda d, acc: (ZERO, (d, *(ZERO,) * (len(args) - 1)), {})
    parts = [_part(args[0])]
    _keep(_Same(y, parts))
    return y, lambda d, acc: (ZERO, _remainders(parts, acc), {})


@entry(next)
def next_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``next(iterator[, default])``."""
    source = source_of(args[0])
    k = source.position
    missing = object()
    y = next(args[0], missing)
    if y is missing:
        if len(args) == 1:
            raise StopIteration
        return args[1], lambda d, acc: (ZERO, (ZERO, d), {})
    source.position += 1

    def next_pullback(d: Any, acc: Any) -> Any:
        if not is_zero(d):
            source.give(acc, k, d)
        rest = ZERO if isinstance(source, _Lazy) else source.remainder(acc)
        return ZERO, (rest, *(ZERO,) * (len(args) - 1)), {}

    return y, next_pullback


@entry(map)
def map_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``map(function, *iterables)``: the calls happen, and are reversed, one by one."""
    function, *iterables = args
    parts = list(map(_part, iterables))
    calls: list[Any] = []

    def run() -> Iterator[Any]:
        for items in zip(*iterables, strict=False):
            y, pb = dispatch(function, items, {})
            calls.append(pb)
            yield y

    it = run()
    source = _Map(it, parts)
    source.calls = calls
    _keep(source)

    def map_pullback(d: Any, acc: Any) -> Any:
        d_f = acc.take_slot(source, "function")
        return ZERO, (d_f, *_remainders(parts, acc)), {}

    return it, map_pullback


@entry(filter)
def filter_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``filter(function, iterable)``; the test carries no derivative."""
    function, iterable = args
    parts = [_part(iterable)]
    kept: list[int] = []

    def run() -> Iterator[Any]:
        for k, item in enumerate(iterable):
            if item if function is None else function(item):
                kept.append(k)
                yield item

    it = run()
    source = _Filter(it, parts)
    source.kept = kept
    _keep(source)
    return it, lambda d, acc: (ZERO, (ZERO, *_remainders(parts, acc)), {})


def collect(iterable: Any) -> tuple[list[Any], Callable[[Any, list[Any]], Any]]:
    """All items at once, and ``give(acc, d_items) -> remainder`` with their cotangents in order."""
    walked, pb = iterate(iterable, True)
    items = list(walked)

    def give(acc: Any, d_items: list[Any]) -> Any:
        giver = pb(len(d_items), acc)
        for d in reversed(d_items):
            giver.give(d)
        return giver.finish()

    return items, give


_ = add
