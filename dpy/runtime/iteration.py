"""Iteration over active values: where each item came from, and how its cotangent gets back there.

An item is read at the moment it is yielded, and the program may write to its source right after.
So the reverse sweep gives the cotangent of an item back at the iteration that read it, not when
the loop or the iterator was made. A `Source` says where the items of an iterable come from;
sources of lazy iterators (zip, enumerate, map, ...) are kept per run, by the iterator's identity.
"""

from __future__ import annotations

import collections
import gc
import itertools
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dpy.cotangent import ZERO, is_zero
from dpy.errors import Place, UnsupportedSyntaxError
from dpy.runtime.attempts import Failed, attempt, callback, interrupted, is_guarded, may_lose, state
from dpy.runtime.entries import entry
from dpy.runtime.failures import no_adjoint
from dpy.runtime.item_cotangents import as_tuple, is_null
from dpy.runtime.opaque import carries
from dpy.slots import slots_of

__all__ = [
    "SOURCES", "VIEWS", "Lazy", "Part", "Source", "collect", "fresh_run", "give_items", "is_lazy",
    "iterate", "keep", "source_of",
]  # fmt: skip

VIEWS: tuple[Any, ...] = (
    type({}.values()), type({}.items()), type(collections.OrderedDict().values()),
    type(collections.OrderedDict().items()),
)  # fmt: skip
_ITEMS: tuple[Any, ...] = (type({}.items()), type(collections.OrderedDict().items()))
_INERT: tuple[Any, ...] = (
    str, bytes, bytearray, range, dict, type({}.keys()), type(collections.OrderedDict().keys()),
    type(iter(range(0))), type(iter("")), type(iter({})), np.ndindex,
)  # fmt: skip
_ITERATORS: tuple[Any, ...] = (
    zip, enumerate, map, filter, reversed, types.GeneratorType, type(iter([])), type(iter(())),
    type(reversed([])),
)  # fmt: skip


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

    def remainder(self, acc: Any) -> Any:
        """What travels by value to the iterable itself, at the place where it was made."""
        taken = acc.take_slots(self)
        return ZERO if not taken else self.rest(taken)

    def rest(self, slots: dict[int, Any]) -> Any:
        """The remainders of items, by number, as one of the iterable."""
        raise no_adjoint(
            type(self.iterable), (self.iterable,), "it yields values that carry a derivative"
        )


class _OfArray(Source):
    def give(self, acc: Any, k: int, d: Any) -> None:
        if not is_zero(d):
            acc.add_region(self.iterable, k, d)


class _OfList(Source):
    def give(self, acc: Any, k: int, d: Any) -> None:
        if not is_zero(d):
            acc.add_slot(self.iterable, k, d)


class _OfTuple(Source):
    def rest(self, slots: dict[int, Any]) -> Any:
        return tuple([slots.get(i, ZERO) for i in range(len(self.iterable))])


class _OfView(Source):
    def __init__(self, iterable: Any) -> None:
        super().__init__(iterable)
        origin = origin_of_view(iterable)
        self.origin = instance_of(origin)
        self.keys = tuple(origin)
        self.is_items = isinstance(iterable, _ITEMS)

    def give(self, acc: Any, k: int, d: Any) -> None:
        if self.is_items:
            d = as_tuple(d, 2)[1]
        acc.add_slot(self.origin, self.keys[k], d)


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
        self.is_inert = frame is not None and not carries(*frame.f_locals.values())

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


class Part:
    """One iterable that an iterator or a loop consumes, item by item.

    An iterator may be consumed elsewhere too, so of its items the numbers are noted.
    """

    __slots__ = ("iterable", "marks", "source")

    def __init__(self, iterable: Any) -> None:
        source = self.source = source_of(iterable)
        self.marks: list[int] | None = None
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
        if self.marks is not None and self.source.ended_by is self.marks:
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


class _Zip(Lazy):
    def give(self, acc: Any, k: int, d: Any) -> None:
        n = len(self.parts)
        for part, d_i in zip(reversed(self.parts), reversed(as_tuple(d, n)), strict=True):
            part.give(acc, k, d_i)


class _Enumerate(Lazy):
    def give(self, acc: Any, k: int, d: Any) -> None:
        self.parts[0].give(acc, k, as_tuple(d, 2)[1])


class _Same(Lazy):
    """``iter(xs)``."""

    def give(self, acc: Any, k: int, d: Any) -> None:
        self.parts[0].give(acc, k, d)


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


class _OfObject(Lazy):
    """An object whose class defines ``__iter__`` (or ``__next__``) in Python."""

    def __init__(self, obj: Any, dispatch: Any) -> None:
        from dpy.runtime.protocols import user_method

        super().__init__(obj, [])
        self.pbs: list[Any] = []
        self.last: Any = None  # the call that found the end
        method = user_method(type(obj), "__iter__")
        self.begin: Any = None
        it: Any = obj
        if method is not None:
            it, self.begin = dispatch(method, (obj,), {})
        advance = user_method(type(it), "__next__")
        if advance is None:
            part = Part(it)
            self.parts = [part]
            self.iterable = part.iterable
        else:
            self.iterable = self._steps(it, advance, dispatch)

    def _steps(self, it: Any, advance: Any, dispatch: Any) -> Iterator[Any]:
        while True:
            found = _attempt(StopIteration, dispatch, advance, (it,))
            if type(found) is Failed:
                self.last = found
                return
            y, pb = found
            self.pbs.append(pb)
            yield y

    def give_end(self, acc: Any) -> None:
        if self.last is not None:
            self.last.back(acc)
        super().give_end(acc)

    def give(self, acc: Any, k: int, d: Any) -> None:
        if self.parts:
            self.parts[0].give(acc, k, d)
        elif self.pbs[k] is not None:
            self.pbs[k](d, acc)

    def remainder(self, acc: Any) -> Any:
        d = self.parts[0].remainder(acc) if self.parts else ZERO
        return ZERO if self.begin is None else self.begin(d, acc)[1][0]


class _OfIndexed(Lazy):
    """An object that is iterated by ``__getitem__`` with 0, 1, 2, ..."""

    def __init__(self, obj: Any, dispatch: Any, method: Any) -> None:
        super().__init__(obj, [])
        self.pbs: list[Any] = []
        self.last: Any = None  # the call that found the end
        self.iterable = self._steps(obj, method, dispatch)

    def _steps(self, obj: Any, method: Any, dispatch: Any) -> Iterator[Any]:
        for i in itertools.count():
            found = _attempt((IndexError, StopIteration), dispatch, method, (obj, i))
            if type(found) is Failed:
                self.last = found
                return
            y, pb = found
            self.pbs.append(pb)
            yield y

    def give_end(self, acc: Any) -> None:
        if self.last is not None:
            self.last.back(acc)

    def give(self, acc: Any, k: int, d: Any) -> None:
        if self.pbs[k] is not None:
            self.pbs[k](d, acc)

    def remainder(self, acc: Any) -> Any:
        return ZERO


def _attempt(kinds: Any, dispatch: Any, method: Any, args: tuple[Any, ...]) -> Any:
    """A call that tells by an exception that there is no more."""
    if may_lose(method.__code__):
        return attempt(kinds, dispatch, method, args, {})
    try:
        return dispatch(method, args, {})
    except kinds as error:
        return Failed(error, [])


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
        self.instances: dict[int, tuple[Any, Any]] = {}


_run = _Run()


def fresh_run() -> Any:
    """Start a forward run without sources; returns those of the run around it, to be restored."""
    outer = _run.sources, _run.instances
    _run.sources, _run.instances = {}, {}
    return outer


def end_run(outer: Any) -> None:
    """Forget the sources of the run that ends."""
    _run.sources, _run.instances = outer


def instance_dict(owner: Any) -> Any:
    """``owner.__dict__``, remembered: its items are the attributes of `owner`."""
    fields = object.__getattribute__(owner, "__dict__")
    if type(fields) is dict:
        _run.instances[id(fields)] = fields, owner
    return fields


def instance_of(mapping: Any) -> Any:
    """Who has the slots of a dict: the object whose ``__dict__`` it is, else the dict itself."""
    known = _run.instances.get(id(mapping))
    return mapping if known is None or known[0] is not mapping else known[1]


# By type: iterators of dpy's own, which know their source.
SOURCES: dict[type, Callable[[Any], Source]] = {}


def source_of(iterable: Any) -> Source:
    """Where the items of an iterable come from."""
    own = SOURCES.get(type(iterable))
    if own is not None:
        return own(iterable)
    known = _run.sources.get(id(iterable))
    if known is not None and known.iterable is iterable:
        return known
    if isinstance(iterable, np.ndarray):
        return _OfArray(iterable)
    if type(iterable) is list or type(iterable) is tuple:
        return _OfList(iterable) if type(iterable) is list else _OfTuple(iterable)
    return _other_source(iterable)


def _other_source(iterable: Any) -> Source:
    from dpy.runtime.dispatch import dispatch
    from dpy.runtime.protocols import user_method

    t = type(iterable)
    if user_method(t, "__iter__") is not None or user_method(t, "__next__") is not None:
        return _OfObject(iterable, dispatch)
    if isinstance(iterable, (list, collections.deque)):
        return _OfList(iterable)
    if isinstance(iterable, tuple):
        return _OfTuple(iterable)
    if isinstance(iterable, VIEWS):
        return _OfView(iterable)
    if isinstance(iterable, (set, frozenset)):
        return _OfSet(iterable)
    if isinstance(iterable, _INERT):
        return _OfNothing(iterable)
    if t is types.GeneratorType:
        return _OfGenerator(iterable)
    indexed = user_method(t, "__getitem__")
    if indexed is not None and not hasattr(t, "__iter__"):
        return _OfIndexed(iterable, dispatch, indexed)
    if t in _POSITIONED:
        return _positioned(iterable)
    return Source(iterable)


_POSITIONED: tuple[Any, ...] = (type(iter([])), type(iter(())))


def _positioned(it: Any) -> Source:
    """An iterator over a list or tuple that was made out of sight: it knows where it stands."""
    state = it.__reduce__()
    source = _Same(it, [Part(state[1][0])])
    source.position = state[2] if len(state) > 2 else 0
    return source


def is_lazy(x: Any) -> bool:
    """Whether `x` is iterated over, not indexed: iterators, views of dicts, sets."""
    if isinstance(x, (*_ITERATORS, *VIEWS, set, frozenset)) or type(x) in SOURCES:
        return True
    known = _run.sources.get(id(x))
    return known is not None and known.iterable is x


def is_user_iterable(x: Any) -> bool:
    """Whether the class of `x` says in Python how it is iterated over."""
    t = type(x)
    if t in _BUILTIN:
        return False
    from dpy.runtime.protocols import user_method

    return user_method(t, "__iter__") is not None or (
        user_method(t, "__getitem__") is not None and not hasattr(t, "__iter__")
    )


_BUILTIN = frozenset({float, int, np.ndarray, np.float64, bool, str, list, tuple, dict, set})


def keep(source: Source) -> None:
    """The source of an iterator that the program has in its hands."""
    if isinstance(source, Lazy):
        source.is_kept = True
    _run.sources[id(source.iterable)] = source


def iterate(iterable: Any, by_identity: bool) -> tuple[Any, Callable[[int, Any], Any]]:
    """The iterable for a ``for`` loop over active items, and how their cotangents get back.

    ``pb(n, acc)`` starts the reverse sweep over the `n` items read: an object with ``give(d)``,
    called from the last item to the first, and ``finish()``, which returns what goes to the
    iterable by value. Without `by_identity` that is the whole cotangent of a container.
    """
    part = Part(iterable)
    source = part.source
    if by_identity or isinstance(source, Lazy):
        return part.iterable, lambda n, acc: _Giver(part, n, acc)
    return part.iterable, lambda n, acc: _Collector(source, n, acc)


class _Giver:
    __slots__ = ("acc", "k", "part")

    def __init__(self, part: Part, k: int, acc: Any) -> None:
        self.part = part
        self.k = k
        self.acc = acc
        part.end(acc)

    def give(self, d: Any) -> None:
        self.k -= 1
        if d is not ZERO or self.part.marks is not None:
            self.part.give(self.acc, self.k, d)

    def finish(self) -> Any:
        return self.part.remainder(self.acc)


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


# --- the builtins that make iterators -------------------------------------------------------------


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
    from dpy.runtime.protocols import user_method

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
    from dpy.runtime.protocols import user_method

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
    keep(_Same(y, parts))
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
    from dpy.runtime.protocols import user_method

    it, *default = args
    method = None if type(it) in SOURCES else user_method(type(it), "__next__")
    rest = (ZERO,) * len(default)
    if method is not None:
        if default:
            found = _attempt(StopIteration, dispatch, method, (it,))
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


@entry(*(t.__next__ for t in (*_ITERATORS, *_POSITIONED) if t is not types.GeneratorType))
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


def collect(iterable: Any) -> tuple[list[Any], Callable[[Any, list[Any]], Any]]:
    """All items at once, and ``give(acc, d_items) -> remainder`` with their cotangents in order."""
    part = Part(iterable)
    items: list[Any] = []
    base = len(state.orphans)
    try:
        items.extend(part.iterable)
    except BaseException:
        interrupted(base, lambda acc: part.give_all(acc, len(items)))
        raise

    def give(acc: Any, d_items: list[Any]) -> Any:
        giver = _Giver(part, len(d_items), acc)
        for d in reversed(d_items):
            giver.give(d)
        return giver.finish()

    return items, give


def give_items(acc: Any, source: Any, d_items: list[Any]) -> Any:
    """Give the remainders of the items of `source`, in order; returns that of `source` itself."""
    if all(is_zero(d) for d in d_items):
        return ZERO
    origin = source_of(source)
    for i, d in enumerate(d_items):
        if not is_zero(d):
            origin.give(acc, i, d)
    return origin.remainder(acc)


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
