"""The builtins that make iterators, or advance them: zip, enumerate, reversed, map, iter, next."""

from __future__ import annotations

import itertools
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from dpy.cotangent import ZERO
from dpy.runtime.attempts import Failed, callback, interrupted, is_guarded, state
from dpy.runtime.entries import entry
from dpy.runtime.failures import no_adjoint
from dpy.runtime.item_cotangents import as_tuple, is_null
from dpy.runtime.iteration import iterate
from dpy.runtime.sources import (
    ITERATORS,
    POSITIONED,
    SOURCES,
    VIEWS,
    Lazy,
    Part,
    Same,
    is_lazy,
    keep,
    source_of,
)
from dpy.runtime.special_methods import user_method
from dpy.runtime.stand_ins import view_of
from dpy.runtime.user_iterables import attempt_call
from dpy.slots import slots_of

__all__ = ["next_"]


class _Zip(Lazy):
    def give(self, acc: Any, k: int, d: Any) -> None:
        n = len(self.parts)
        for part, d_i in zip(reversed(self.parts), reversed(as_tuple(d, n)), strict=True):
            part.give(acc, k, d_i)


class _Enumerate(Lazy):
    def give(self, acc: Any, k: int, d: Any) -> None:
        self.parts[0].give(acc, k, as_tuple(d, 2)[1])


class _Reversed(Lazy):
    def __init__(self, iterable: Any, parts: list[Part], n: int) -> None:
        super().__init__(iterable, parts)
        self.n = n

    def give(self, acc: Any, k: int, d: Any) -> None:
        self.parts[0].source.give(acc, self.n - 1 - k, d)


class _Map(Lazy):
    """Each item was a call; its pullback runs when the sweep comes back to the item.

    An item that its consumer dropped, and so gives nothing back, is reversed with the one before.
    """

    def __init__(self, iterable: Any, parts: list[Part], calls: list[Any]) -> None:
        super().__init__(iterable, parts)
        self.calls = calls
        self.seen: set[int] = set()  # the items that were read where dpy sees it
        self._left: dict[int, tuple[Any, int]] = {}  # by sweep: how many are still to be reversed

    def mark(self) -> int:
        k = super().mark()
        self.seen.add(k)
        return k

    def finish(self, acc: Any) -> None:
        """Where the iterator was made: reverse what is left."""
        self._back_to(acc, 0)
        del self._left[id(acc)]

    def give_end(self, acc: Any) -> None:
        for part in reversed(self.parts):
            part.give_rest(acc, len(self.calls))
        self._back_to(acc, self.position)

    def thrown(self, acc: Any, pb: Any) -> None:
        """Go back over a call that ended by an exception."""
        d_f, d_args, _ = pb(ZERO, acc)
        acc.add_slot(self, "function", d_f)
        for part, d_x in zip(reversed(self.parts), reversed(d_args), strict=True):
            part.give(acc, len(self.calls), d_x)

    def give(self, acc: Any, k: int, d: Any) -> None:
        self._back_to(acc, k + 1)
        self._reverse(acc, k, d)

    def _back_to(self, acc: Any, k: int) -> None:
        known = self._left.get(id(acc))
        left = len(self.calls) if known is None or known[0] is not acc else known[1]
        for i in range(left - 1, k - 1, -1):
            self._reverse(acc, i, ZERO)
        self._left[id(acc)] = acc, min(k, left)

    def _reverse(self, acc: Any, k: int, d: Any) -> None:
        self._left[id(acc)] = acc, k
        pb = self.calls[k]
        d_args: Any = (ZERO,) * len(self.parts)
        if pb is not None:
            d_f, d_args, _ = pb(d, acc)
            acc.add_slot(self, "function", d_f)
        if k not in self.seen and not is_null(d_args):
            raise no_adjoint(
                type(self.iterable), (self.iterable,), "it was read by code out of sight"
            )
        for part, d_x in zip(reversed(self.parts), reversed(d_args), strict=True):
            part.give(acc, k, d_x)


def _remainders(parts: list[Part], acc: Any) -> tuple[Any, ...]:
    return tuple([part.remainder(acc) for part in parts])


@entry(zip)
def zip_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``zip(*iterables, strict=False)``."""
    parts = list(map(Part, args))
    y = zip(*[part.iterable for part in parts], **kwargs)  # noqa: B905 - strict is in kwargs
    keep(_Zip(y, parts))
    return y, lambda d, acc: (ZERO, _remainders(parts, acc), {})


@entry(enumerate)
def enumerate_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``enumerate(iterable, start=0)``."""
    if "iterable" in kwargs:
        args = (kwargs.pop("iterable"), *args)
    parts = [Part(args[0])]
    y = enumerate(parts[0].iterable, *args[1:], **kwargs)
    keep(_Enumerate(y, parts))
    rest = (ZERO,) * (len(args) - 1)
    return y, lambda d, acc: (ZERO, (*_remainders(parts, acc), *rest), {})


@entry(reversed)
def reversed_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``reversed(sequence)``."""
    (source,) = args
    method = user_method(type(source), "__reversed__")
    if method is not None:
        return dispatch(method, args, {})
    getitem = user_method(type(source), "__getitem__")
    if getitem is not None:
        y, pb = map_(dispatch, (source.__getitem__, range(len(source) - 1, -1, -1)), {})
        return y, lambda d, acc: (ZERO, (slots_of(pb(d, acc)[1][0]).get("__self__", ZERO),), {})
    y = reversed(source)
    parts = [Part(source)]
    keep(_Reversed(y, parts, len(source)))
    return y, lambda d, acc: (ZERO, _remainders(parts, acc), {})


@entry(iter)
def iter_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``iter(iterable)``, ``iter(function, sentinel)``."""
    if len(args) == 2:
        return _until(dispatch, *args)
    (source,) = args
    method = None if type(source) in SOURCES else user_method(type(source), "__iter__")
    if method is not None:
        return dispatch(method, args, {})
    if is_lazy(source) and not isinstance(source, (*VIEWS, set, frozenset)):
        return source, lambda d, acc: (ZERO, (d,), {})
    parts = [Part(source)]
    y = iter(parts[0].iterable)
    keep(Same(y, parts))
    return y, lambda d, acc: (ZERO, _remainders(parts, acc), {})


def _until(dispatch: Any, function: Any, sentinel: Any) -> tuple[Any, Any]:
    calls: list[Any] = []

    def run() -> Iterator[Any]:
        while True:
            y, pb = dispatch(function, (), {})
            calls.append(pb)
            if y is sentinel or y == sentinel:
                source.seen.add(len(calls) - 1)  # no item: it belongs to the end
                return
            yield y

    it = run()
    source = _Map(it, [], calls)
    keep(source)

    def until_pullback(d: Any, acc: Any) -> Any:
        source.finish(acc)
        return ZERO, (acc.take_slot(source, "function"), ZERO), {}

    return it, until_pullback


@entry(next)
def next_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``next(iterator[, default])``."""
    it, *default = args
    method = None if type(it) in SOURCES else user_method(type(it), "__next__")
    rest = (ZERO,) * len(default)
    if method is not None:
        if default:
            found = attempt_call(StopIteration, method, (it,))
            if type(found) is Failed:
                return default[0], _instead(found.back)
            y, pb = found
        else:
            y, pb = dispatch(method, (it,), {})
        if pb is None:
            return y, None
        return y, lambda d, acc: (ZERO, (pb(d, acc)[1][0], *rest), {})
    source = source_of(it)
    base = len(state.orphans)
    try:
        y = next(it)
    except StopIteration:
        ends_here = source.ended_by is None
        source.ended_by = source.ended_by or next
        end = source.give_end if ends_here else _no_end
        if not default:
            if is_guarded() and type(it) not in SOURCES:
                state.orphans.append(lambda d, acc: end(acc) or ())
            raise
        return default[0], _instead(end)
    except BaseException:
        interrupted(base, source.give_end)
        raise
    k = source.mark()
    if not isinstance(source, Lazy):
        keep(source)  # its position is kept from now on

    def next_pullback(d: Any, acc: Any) -> Any:
        source.give(acc, k, d)
        own = ZERO if isinstance(source, Lazy) and source.is_kept else source.remainder(acc)
        return ZERO, (own, *rest), {}

    return y, next_pullback


def _no_end(acc: Any) -> None:
    """What had ended before."""


def _instead(back: Any) -> Any:
    """The pullback of a call that gave its default, after an attempt."""

    def default_pullback(d: Any, acc: Any) -> Any:
        back(acc)
        return ZERO, (ZERO, d), {}

    return default_pullback


_BUILTIN = (*ITERATORS, *POSITIONED, np.flatiter)


@entry(*(t.__next__ for t in _BUILTIN if t is not types.GeneratorType))
def next_by_method(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``iterator.__next__()``."""
    return next_(dispatch, args, kwargs)


@entry(map)
def map_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``map(function, *iterables)``: the calls happen, and are reversed, one by one."""
    function, *iterables = args
    if not iterables:
        raise TypeError("map() must have at least two arguments.")
    parts = list(map(Part, iterables))
    calls: list[Any] = []

    def run() -> Iterator[Any]:
        for items in zip(*[part.iterable for part in parts], strict=False):
            y, pb = callback(dispatch, function, items, source.thrown)
            calls.append(pb)
            yield y

    it = run()
    source = _Map(it, parts, calls)
    keep(source)

    def map_pullback(d: Any, acc: Any) -> Any:
        source.finish(acc)
        d_f = acc.take_slot(source, "function")
        return ZERO, (d_f, *_remainders(parts, acc)), {}

    return it, map_pullback


@entry(np.fromiter)
def fromiter(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``np.fromiter(iterable, dtype, count=-1)``."""
    named = dict(zip(("iter", "dtype", "count"), args, strict=False)) | kwargs
    count = named.get("count", -1)
    walked, pb = iterate(named["iter"], True)
    items = list(walked if count < 0 else itertools.islice(walked, count))
    y = np.fromiter(items, **{k: v for k, v in named.items() if k != "iter"})
    n = len(items)

    def fromiter_pullback(d: Any, acc: Any) -> Any:
        d_y = acc.take(y, d)
        giver = pb(n, acc)
        for i in range(n - 1, -1, -1):
            giver.give(ZERO if d_y is ZERO else d_y[i])
        rest = giver.finish()
        return ZERO, (rest, *(ZERO for _ in args[1:]))[: len(args)], {} if args else {"iter": rest}

    return y, fromiter_pullback


@entry(memoryview)
def memoryview_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any] | None:
    """``memoryview(array)``: what is read and written there are items of the array."""
    y = memoryview(*args, **kwargs)
    return (y, None) if isinstance(y.obj, np.ndarray) else None


@entry(memoryview.tolist)
def tolist_of_view(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any] | None:
    """``memoryview(array).tolist()``."""
    array = view_of(args[0])
    return None if array is None else dispatch(np.ndarray.tolist, (array,), {})


@entry(np.flatiter.copy)
def copy_of_flat(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``array.flat.copy()``."""
    found: tuple[Any, Any] = dispatch(np.ndarray.flatten, (args[0].base,), {})
    return found
