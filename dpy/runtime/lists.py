"""Lists, tuples and deques: their making, and the methods that write to them or read them."""

from __future__ import annotations

import collections
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.cotangent import ZERO
from dpy.runtime.attempts import interrupted, state
from dpy.runtime.comparisons import searched
from dpy.runtime.conversions import as_index, length_hint
from dpy.runtime.entries import entry, inert
from dpy.runtime.item_cotangents import as_tuple, fresh_items, nothing
from dpy.runtime.iteration import collect, iterate

__all__: list[str] = []


@entry(list)
def list_(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``list(iterable)``."""
    if kwargs or len(args) != 1:
        return list(*args, **kwargs), None
    items, give = collect(args[0], length_hint)
    n = len(items)
    return items, lambda d, acc: (ZERO, (give(acc, fresh_items(acc, items, n, d)),), {})


@entry(tuple)
def tuple_(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``tuple(iterable)``."""
    if kwargs or len(args) != 1:
        return tuple(*args, **kwargs), None
    if type(args[0]) is tuple:
        return args[0], lambda d, acc: (ZERO, (d,), {})
    items, give = collect(args[0], length_hint)
    n = len(items)
    return tuple(items), lambda d, acc: (ZERO, (give(acc, list(as_tuple(d, n))),), {})


# --- methods of lists and deques ------------------------------------------------------------------


def _base(xs: Any) -> Any:
    return list if isinstance(xs, list) else collections.deque


def _most(xs: Any) -> int | None:
    """How many items a deque may hold; None for any number."""
    return xs.maxlen if isinstance(xs, collections.deque) else None


@entry(list.append, collections.deque.append)
def append(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``xs.append(value)``; a full deque drops its first item."""
    xs, value = args
    back = _push(xs, value)
    return None, lambda d, acc: (ZERO, (ZERO, back(acc)), {})


def _push(xs: Any, value: Any) -> Callable[[Any], Any]:
    """Append an item; what gives its cotangent."""
    place, most = len(xs), _most(xs)
    _base(xs).append(xs, value)
    if most is None or place < most:
        return lambda acc: acc.take_slot(xs, place)
    if most == 0:
        return lambda acc: ZERO

    def back(acc: Any) -> Any:
        d = acc.take_slot(xs, most - 1)
        acc.insert(xs, 0)
        return d

    return back


@entry(list.insert, collections.deque.insert)
def insert(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``xs.insert(index, value)``."""
    xs, index, value = args
    i = operator.index(index)
    place = max(0, i + len(xs)) if i < 0 else min(i, len(xs))
    _base(xs).insert(xs, index, value)
    return None, lambda d, acc: (ZERO, (ZERO, ZERO, acc.remove(xs, place)), {})


@entry(collections.deque.appendleft)
def appendleft(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``xs.appendleft(value)``; a full deque drops its last item, whose slot is zero."""
    xs, value = args
    collections.deque.appendleft(xs, value)
    is_kept = _most(xs) != 0
    return None, lambda d, acc: (ZERO, (ZERO, acc.remove(xs, 0) if is_kept else ZERO), {})


@entry(list.pop, collections.deque.pop)
def pop(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``xs.pop([index])``."""
    xs = args[0]
    n = len(xs)
    i, back = as_index(args[1]) if len(args) > 1 else (-1, None)
    y = _base(xs).pop(xs, i) if len(args) == 2 else _base(xs).pop(*args)
    popped = _popped(xs, i + n if i < 0 else i, args)
    if back is None:
        return y, popped
    return y, lambda d, acc: (popped(d, acc), (ZERO, (ZERO, back(ZERO, acc)), {}))[1]


@entry(collections.deque.popleft)
def popleft(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``xs.popleft()``."""
    return collections.deque.popleft(*args), _popped(args[0], 0, args)


def _popped(xs: Any, place: int, args: Any) -> Any:
    def pop_pullback(d: Any, acc: Any) -> Any:
        acc.insert(xs, place)
        acc.add_slot(xs, place, d)
        return nothing(args)

    return pop_pullback


@entry(list.remove, collections.deque.remove)
def remove(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``xs.remove(value)``: deletes the first that is equal."""
    xs, value = args
    base = _base(xs)

    def find(items: Any, sought: Any) -> int:
        for place, item in enumerate(items):
            if item is sought or item == sought:
                return place
        is_list = base is list
        raise ValueError(
            "list.remove(x): x not in list" if is_list else f"{sought!r} is not in deque"
        )

    found = searched(find, xs, value)
    place, back = (find(xs, value), None) if found is None else found
    base.__delitem__(xs, place)

    def remove_pullback(d: Any, acc: Any) -> Any:
        acc.insert(xs, place)
        return nothing(args) if back is None else (ZERO, back(ZERO, acc), {})

    return None, remove_pullback


_AT_REST = frozenset({list, tuple, dict, str, range, set, frozenset, np.ndarray})


def _extend_one_by_one(xs: Any, source: Any) -> Any:
    """The list grows while the items are made, and whoever makes them may look at it."""
    walked, pb = iterate(source, True)
    asked = length_hint(source) if isinstance(xs, list) else None
    pushed: list[Callable[[Any], Any]] = []

    def back(acc: Any) -> Any:
        giver = pb(len(pushed), acc)
        for give_back in reversed(pushed):
            giver.give(give_back(acc))
        if asked is not None:
            asked(ZERO, acc)
        return giver.finish()

    base = len(state.orphans)
    try:
        for item in walked:
            pushed.append(_push(xs, item))
    except BaseException:
        interrupted(base, back)
        raise
    return None, lambda d, acc: (ZERO, (ZERO, back(acc)), {})


@entry(list.extend, collections.deque.extend)
def extend(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``xs.extend(iterable)``."""
    xs, source = args
    if type(source) not in _AT_REST:
        return _extend_one_by_one(xs, source)
    items, give = collect(source)
    before = len(xs)
    _base(xs).extend(xs, items)
    kept = min(len(items), len(xs))
    start = len(xs) - kept

    def extend_pullback(d: Any, acc: Any) -> Any:
        d_items = [ZERO] * (len(items) - kept) + acc.splice(xs, start, kept, 0)
        acc.splice(xs, 0, 0, before - start)  # what a full deque has dropped
        return ZERO, (ZERO, give(acc, d_items)), {}

    return None, extend_pullback


@entry(collections.deque.extendleft)
def extendleft(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``xs.extendleft(iterable)``: the items end up in reverse order."""
    xs, source = args
    items, give = collect(source)
    collections.deque.extendleft(xs, items)
    kept = min(len(items), len(xs))

    def extendleft_pullback(d: Any, acc: Any) -> Any:
        d_items = [ZERO] * (len(items) - kept) + acc.splice(xs, 0, kept, 0)[::-1]
        return ZERO, (ZERO, give(acc, d_items)), {}

    return None, extendleft_pullback


@entry(list.clear, collections.deque.clear)
def clear(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``xs.clear()``."""
    (xs,) = args
    _base(xs).clear(xs)

    def clear_pullback(d: Any, acc: Any) -> Any:
        for slot in [slot for slot in acc.slots.get(id(xs), (xs, {}))[1] if type(slot) is int]:
            acc.take_slot(xs, slot)
        return nothing(args)

    return None, clear_pullback


@entry(list.copy, collections.deque.copy, collections.deque.__copy__)
def copy(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``xs.copy()``."""
    (xs,) = args
    y = _base(xs).copy(xs)
    n = len(y)

    def copy_pullback(d: Any, acc: Any) -> Any:
        for i, d_i in enumerate(fresh_items(acc, y, n, d)):
            acc.add_slot(xs, i, d_i)
        return nothing(args)

    return y, copy_pullback


def _permuted(xs: Any, order: Any, args: Any) -> Any:
    def permute_pullback(d: Any, acc: Any) -> Any:
        acc.permute(xs, order)
        return nothing(args)

    return None, permute_pullback


@entry(list.reverse, collections.deque.reverse)
def reverse(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``xs.reverse()``."""
    (xs,) = args
    _base(xs).reverse(xs)
    return _permuted(xs, range(len(xs) - 1, -1, -1), args)


@entry(collections.deque.rotate)
def rotate(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``xs.rotate(steps=1)``."""
    xs = args[0]
    collections.deque.rotate(*args)
    n = len(xs)
    steps = operator.index(args[1]) if len(args) > 1 else 1
    return _permuted(xs, [(i - steps) % n for i in range(n)], args)


@entry(list.__init__)
def init_list(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``list.__init__(self, iterable)`` of a subclass."""
    xs, *sources = args
    if len(xs) or not sources:
        return None if len(xs) else (None, None)
    return extend(dispatch, (xs, sources[0]), {})


@entry(collections.deque.__init__)
def init_deque(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``deque.__init__(self, iterable=(), maxlen=None)``."""
    xs, *rest = args
    maxlen = rest[1] if len(rest) > 1 else kwargs.get("maxlen")
    source = rest[0] if rest else kwargs.get("iterable", ())
    items, give = collect(source)
    collections.deque.__init__(xs, items, maxlen)
    n = len(xs)
    dropped = len(items) - n

    def init_pullback(d: Any, acc: Any) -> Any:
        d_source = give(acc, [ZERO] * dropped + fresh_items(acc, xs, n, ZERO))
        if rest:
            return ZERO, (ZERO, d_source, *(ZERO,) * (len(rest) - 1)), {}
        return ZERO, (ZERO,), {"iterable": d_source}

    return None, init_pullback


inert(
    list.__len__, tuple.__len__,
)  # fmt: skip
