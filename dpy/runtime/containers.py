"""Lists, dicts, tuples and iterators: builtins whose adjoints need identity or call back.

Each entry is ``(dispatch, args, kwargs) -> (y, pb)``, with ``pb(d, acc) -> (d_f, d_args,
d_kwargs)`` in the remainder protocol of `dpy.runtime.dispatch`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.cotangent import ZERO, add, is_zero
from dpy.runtime.held import Held, hold, sink, take

__all__ = ["add", "as_tuple", "give_items", "is_null", "iterate", "lookup", "pop_items"]

_entries: dict[Any, Any] = {}


def lookup(f: Any) -> Any:
    """The entry for a builtin, or None."""
    try:
        return _entries.get(f)
    except TypeError:
        return None


def entry(*functions: Any) -> Callable[[Any], Any]:
    """Register an entry under these callables."""

    def register(handler: Any) -> Any:
        for f in functions:
            _entries[f] = handler
        return handler

    return register


def is_null(d: Any) -> bool:
    """Whether a cotangent is zero everywhere."""
    if is_zero(d):
        return True
    if type(d) is dict:
        return all(map(is_null, d.values()))
    if type(d) in (tuple, list):
        return all(map(is_null, d))
    return not np.any(d)


def as_tuple(d: Any, n: int) -> tuple[Any, ...]:
    """The cotangent of a tuple of `n` items, slot by slot."""
    if type(d) is tuple:
        return d
    if type(d) is dict:
        return tuple(d.get(i, ZERO) for i in range(n))
    return (ZERO,) * n


def nothing(args: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    """No cotangent for anybody."""
    return ZERO, (ZERO,) * len(args), {}


# --- items of iterables -------------------------------------------------------------------------


def give_items(acc: Any, source: Any, d_items: list[Any]) -> Any:
    """Give the remainders of the items of `source`, in order; returns that of `source` itself."""
    from dpy.runtime.iteration import source_of

    if all(is_zero(d) for d in d_items):
        return ZERO
    origin = source_of(source)
    for i, d in enumerate(d_items):
        if not is_zero(d):
            origin.give(acc, i, d)
    return origin.remainder(acc)


def iterate(source: Any, by_identity: bool) -> tuple[Any, Any]:
    """All items at once: ``(items, pb)``, with ``pb(d_items, acc)`` given them in reverse order."""
    from dpy.runtime.iteration import collect

    items, give = collect(source)
    return items, lambda d_items, acc: give(acc, d_items[::-1])


# --- lists built by comprehensions ----------------------------------------------------------------


def pop_items(d: Any, held: Any) -> list[Any]:
    """The item cotangents of a list, to be popped from the end."""
    n = len(held.contents) if isinstance(held, Held) else len(held)
    if is_zero(d):
        return [ZERO] * n
    if type(d) is dict:
        return [d.get(i, ZERO) for i in range(n)]
    return list(d)


# --- constructors -------------------------------------------------------------------------------


def _source_items(dispatch: Any, source: Any) -> tuple[list[Any], Any]:
    """The items of an iterable, and ``give(acc, d_items) -> remainder of source``."""
    iterable, pb = iterate(source, True)
    items = list(iterable)
    return items, lambda acc, d_items: pb(d_items[::-1], acc)


@entry(list)
def list_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    if kwargs or len(args) != 1:
        return list(*args, **kwargs), None
    items, give = _source_items(dispatch, args[0])
    held = tuple(map(hold, items))
    n = len(items)

    def list_pullback(d: Any, acc: Any) -> Any:
        total = acc.take(items)
        slots = [total.get(i, ZERO) for i in range(n)] if type(total) is dict else [ZERO] * n
        rests = [sink(acc, x, d_i) for x, d_i in zip(held, slots, strict=True)]
        return ZERO, (give(acc, rests),), {}

    return items, list_pullback


@entry(tuple)
def tuple_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    if kwargs or len(args) != 1:
        return tuple(*args, **kwargs), None
    items, give = _source_items(dispatch, args[0])

    def tuple_pullback(d: Any, acc: Any) -> Any:
        return ZERO, (give(acc, list(as_tuple(d, len(items)))),), {}

    return tuple(items), tuple_pullback


@entry(dict)
def dict_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    y = dict(*args, **kwargs)
    source: Any = args[0] if args else None
    pairs = None
    if args and not hasattr(source, "keys"):
        pairs = list(source)
        y = dict(pairs, **kwargs)
    keys = list(source.keys()) if source is not None and pairs is None else []

    def dict_pullback(d: Any, acc: Any) -> Any:
        total = acc.take(y)
        slots = dict(total) if type(total) is dict else {}
        d_kwargs = {name: slots.pop(name, ZERO) for name in kwargs}
        d_source: Any = ZERO
        if pairs is not None:
            d_items: list[Any] = [ZERO] * len(pairs)
            for i in reversed(range(len(pairs))):
                d_items[i] = (ZERO, slots.pop(pairs[i][0], ZERO))
            for pair, d_pair in zip(pairs, d_items, strict=True):
                sink(acc, hold(pair), d_pair)
            d_source = (
                give_items(acc, source, d_items) if isinstance(source, (list, tuple)) else ZERO
            )
        else:
            for key in keys:
                acc.add_slot(source, key, slots.pop(key, ZERO))
        return ZERO, (d_source,) if args else (), d_kwargs

    return y, dict_pullback


@entry(sorted)
def sorted_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    items, give = _source_items(dispatch, args[0])
    key = kwargs.get("key")
    keys = items if key is None else [key(item) for item in items]
    order = sorted(range(len(items)), key=keys.__getitem__, reverse=bool(kwargs.get("reverse")))
    y = [items[i] for i in order]

    def sorted_pullback(d: Any, acc: Any) -> Any:
        total = acc.take(y)
        d_items: list[Any] = [ZERO] * len(items)
        if type(total) is dict:
            for place, i in enumerate(order):
                d_items[i] = total.get(place, ZERO)
        return ZERO, (give(acc, d_items), *(ZERO,) * (len(args) - 1)), {}

    return y, sorted_pullback


# --- methods of lists and dicts -------------------------------------------------------------------


@entry(list.append)
def append(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    xs, value = args
    place = len(xs)
    xs.append(value)
    return None, lambda d, acc: (ZERO, (ZERO, acc.take_slot(xs, place)), {})


@entry(list.insert)
def insert(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    xs, index, value = args
    i = operator_index(index)
    place = max(0, i + len(xs)) if i < 0 else min(i, len(xs))
    xs.insert(index, value)
    return None, lambda d, acc: (ZERO, (ZERO, ZERO, acc.remove(xs, place)), {})


def operator_index(i: Any) -> int:
    import operator

    return operator.index(i)


@entry(list.pop)
def pop(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    xs = args[0]
    n = len(xs)
    y = xs.pop(*args[1:])
    i = operator_index(args[1]) if len(args) > 1 else -1
    place = i + n if i < 0 else i

    def pop_pullback(d: Any, acc: Any) -> Any:
        acc.insert(xs, place)
        acc.add_slot(xs, place, d)
        return nothing(args)

    return y, pop_pullback


@entry(list.extend)
def extend(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    xs, source = args
    items, give = _source_items(dispatch, source)
    start = len(xs)
    xs.extend(items)

    def extend_pullback(d: Any, acc: Any) -> Any:
        d_items = [acc.take_slot(xs, start + i) for i in range(len(items))]
        return ZERO, (ZERO, give(acc, d_items)), {}

    return None, extend_pullback


@entry(list.clear)
def clear(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    args[0].clear()
    return None, None


@entry(list.copy, dict.copy)
def copy(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    source = args[0]
    y = source.copy()

    def copy_pullback(d: Any, acc: Any) -> Any:
        total = acc.take(y)
        if type(total) is dict:
            for slot, d_slot in total.items():
                acc.add_slot(source, slot, d_slot)
        return ZERO, (ZERO,), {}

    return y, copy_pullback


@entry(list.reverse)
def reverse(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    xs = args[0]
    xs.reverse()
    n = len(xs)

    def reverse_pullback(d: Any, acc: Any) -> Any:
        acc.permute(xs, range(n - 1, -1, -1))
        return nothing(args)

    return None, reverse_pullback


@entry(list.sort)
def sort(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    xs = args[0]
    key = kwargs.get("key")
    before = list(xs)
    keys = before if key is None else [key(item) for item in before]
    order = sorted(range(len(before)), key=keys.__getitem__, reverse=bool(kwargs.get("reverse")))
    xs[:] = [before[i] for i in order]

    def sort_pullback(d: Any, acc: Any) -> Any:
        acc.permute(xs, order)
        return nothing(args)

    return None, sort_pullback


@entry(dict.get)
def get(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    mapping, key, *default = args
    found = key in mapping
    y = mapping.get(key, *default)

    def get_pullback(d: Any, acc: Any) -> Any:
        if found:
            acc.add_slot(mapping, key, d)
            return nothing(args)
        return ZERO, (ZERO, ZERO, *(d for _ in default)), {}

    return y, get_pullback


@entry(dict.setdefault)
def setdefault(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    mapping, key, *default = args
    found = key in mapping
    y = mapping.setdefault(key, *default)

    def setdefault_pullback(d: Any, acc: Any) -> Any:
        acc.add_slot(mapping, key, d)
        if found:
            return nothing(args)
        taken = acc.take_slot(mapping, key)
        return ZERO, (ZERO, ZERO, *(taken for _ in default)), {}

    return y, setdefault_pullback


@entry(dict.pop)
def dict_pop(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    mapping, key, *default = args
    found = key in mapping
    y = mapping.pop(key, *default)

    def dict_pop_pullback(d: Any, acc: Any) -> Any:
        if found:
            acc.add_slot(mapping, key, d)
            return nothing(args)
        return ZERO, (ZERO, ZERO, *(d for _ in default)), {}

    return y, dict_pop_pullback


@entry(dict.update)
def update(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    mapping, *sources = args
    source = sources[0] if sources else {}
    given = dict(source)
    mapping.update(given, **kwargs)

    def update_pullback(d: Any, acc: Any) -> Any:
        d_kwargs = {name: acc.take_slot(mapping, name) for name in kwargs}
        for key in given:
            d_slot = acc.take_slot(mapping, key)
            if isinstance(source, dict):
                acc.add_slot(source, key, d_slot)
            elif not is_null(d_slot):
                from dpy.runtime.failures import no_adjoint

                raise no_adjoint(dict.update, args, "its argument is not a dict")
        return ZERO, (ZERO,) * len(args), d_kwargs

    return None, update_pullback


def _inert_view(name: str) -> Any:
    method = getattr(dict, name)

    def view(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
        return method(*args), None

    return view


for _name in ("values", "items", "keys"):
    _entries[getattr(dict, _name)] = _inert_view(_name)
for _method in (list.index, list.count, dict.__contains__, list.__contains__, dict.__len__):
    _entries[_method] = (lambda m: lambda dispatch, args, kwargs: (m(*args, **kwargs), None))(
        _method
    )


@entry(getattr)
def getattr_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    from dpy.runtime.operations import read_attribute

    owner, name, *default = args
    if default and not hasattr(owner, name):
        return default[0], lambda d, acc: (ZERO, (ZERO, ZERO, d), {})
    y, pb = read_attribute(owner, name)
    if pb is None:
        return y, None
    return y, lambda d, acc: (ZERO, (pb(d, acc), *(ZERO,) * (len(args) - 1)), {})


@entry(setattr)
def setattr_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    from dpy.runtime.operations import write_attribute

    pb = write_attribute(*args)
    return None, lambda d, acc: (ZERO, (ZERO, ZERO, pb(acc)), {})


@entry(object.__setattr__)
def object_setattr(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    owner, name, _ = args
    object.__setattr__(*args)
    return None, lambda d, acc: (ZERO, (ZERO, ZERO, acc.take_slot(owner, name)), {})


_ = take
