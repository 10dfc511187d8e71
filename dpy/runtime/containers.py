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


def give_items(acc: Any, source: Any, d_items: list[Any], start: int = 0) -> Any:
    """Give the remainders of the items that iteration over `source` yielded, in order.

    Returns the remainder of `source` itself (for tuples and other values without identity).
    """
    if all(is_zero(d) for d in d_items):
        return ZERO
    if isinstance(source, np.ndarray):
        for i, d in enumerate(d_items, start):
            if not is_zero(d):
                acc.add_region(source, i, d)
        return ZERO
    if isinstance(source, tuple):
        padded = [ZERO] * start + list(d_items)
        padded += [ZERO] * (len(source) - len(padded))
        return tuple(padded)
    if isinstance(source, list):
        for i, d in enumerate(d_items, start):
            acc.add_slot(source, i, d)
        return ZERO
    giver = _givers.get(type(source))
    if giver is not None:
        return giver(acc, source, d_items, start)
    from dpy.runtime.failures import no_adjoint

    raise no_adjoint(type(source), (source,), "it yields values that carry a derivative")


def _give_dict_values(acc: Any, view: Any, d_items: list[Any], start: int) -> Any:
    mapping = view.mapping
    source = _origin(view)
    for key, d in zip(list(mapping)[start:], d_items, strict=False):
        acc.add_slot(source, key, d)
    return ZERO


def _give_dict_items(acc: Any, view: Any, d_items: list[Any], start: int) -> Any:
    source = _origin(view)
    for key, d in zip(list(view.mapping)[start:], d_items, strict=False):
        if type(d) is tuple:
            acc.add_slot(source, key, d[1])
    return ZERO


def _origin(view: Any) -> Any:
    """The dict behind a view (``mapping`` is only a read-only proxy of it)."""
    import gc

    for candidate in gc.get_referents(view):
        if isinstance(candidate, dict):
            return candidate
    raise TypeError("a dict view without its dict")


_givers: dict[type, Any] = {
    type({}.values()): _give_dict_values,
    type({}.items()): _give_dict_items,
}


class Tracked:
    """An iterator of the user's whose items' cotangents are collected by position."""

    __slots__ = ("give", "iterator", "position")

    def __init__(self, iterator: Any, give: Any) -> None:
        self.iterator = iterator
        self.give = give
        self.position = 0


def iterate(source: Any, by_identity: bool) -> tuple[Any, Any]:
    """The iterable for a ``for`` loop over active items, and what to do with their cotangents.

    ``pb(d_items, acc)`` gets the remainders in reverse order; it returns the remainder of
    `source`. Without `by_identity` containers get their cotangent by value.
    """
    start = 0
    if type(source) in _sequence_iterators:
        start = _position(source)
    keys = tuple(source.mapping) if type(source) in _givers else None

    def iterate_pullback(d_items: list[Any], acc: Any) -> Any:
        d_items = d_items[::-1]
        if type(source) in _sequence_iterators or type(source) in _lazy:
            for i, d in enumerate(d_items, start):
                acc.add_slot(source, i, d)
            return ZERO
        if keys is not None:
            origin = _origin(source)
            is_items = type(source) is type({}.items())
            for key, d in zip(keys, d_items, strict=False):
                if not is_zero(d):
                    acc.add_slot(origin, key, d[1] if is_items else d)
            return ZERO
        if by_identity or isinstance(source, tuple):
            return give_items(acc, source, d_items)
        return _items_by_value(source, d_items, acc)

    return source, iterate_pullback


def _items_by_value(source: Any, d_items: list[Any], acc: Any) -> Any:
    if all(is_zero(d) for d in d_items):
        return ZERO
    if isinstance(source, np.ndarray):
        dtype = source.dtype if source.dtype.kind in "fc" else np.dtype(float)
        total = np.zeros(source.shape, dtype)
        for i, d in enumerate(d_items):
            if not is_zero(d):
                total[i] = d
        return total
    if isinstance(source, list):
        return {i: d for i, d in enumerate(d_items) if not is_zero(d)}
    return give_items(acc, source, d_items)


_sequence_iterators = {type(iter([])), type(iter(()))}
_lazy: set[type] = {zip, enumerate, map, filter, reversed, type(reversed([]))}


def _position(it: Any) -> int:
    """How many items a list or tuple iterator has yielded."""
    state = it.__reduce__()
    return int(state[2]) if len(state) > 2 else 0


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
    source = args[0] if args else None
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
            d_source = give_items(acc, source, d_items) if isinstance(source, (list, tuple)) else ZERO
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


# --- iterators: their items' cotangents are slots of the iterator object ----------------------------


def _collected(acc: Any, it: Any) -> list[Any]:
    """The cotangents of the items that an iterator has yielded, in order."""
    total = acc.take_slots(it)
    if not total:
        return []
    return [total.get(i, ZERO) for i in range(max(total) + 1)]


@entry(zip)
def zip_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    pairs = [iterate(source, True) for source in args]
    y = zip(*(p[0] for p in pairs), **kwargs)

    def zip_pullback(d: Any, acc: Any) -> Any:
        d_items = _collected(acc, y)
        out = []
        for k, (_, pb) in enumerate(pairs):
            column = [as_tuple(d_i, len(pairs))[k] for d_i in d_items]
            out.append(pb(column[::-1], acc))
        return ZERO, tuple(out), {}

    return y, zip_pullback


@entry(enumerate)
def enumerate_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    source, pb = iterate(args[0], True)
    y = enumerate(source, *args[1:], **kwargs)

    def enumerate_pullback(d: Any, acc: Any) -> Any:
        d_items = [as_tuple(d_i, 2)[1] for d_i in _collected(acc, y)]
        return ZERO, (pb(d_items[::-1], acc), *(ZERO,) * (len(args) - 1)), {}

    return y, enumerate_pullback


@entry(reversed)
def reversed_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    source = args[0]
    y = reversed(source)
    n = len(source) if hasattr(source, "__len__") else 0
    origin = _origin(source) if type(source) in _givers else source

    def reversed_pullback(d: Any, acc: Any) -> Any:
        d_items = _collected(acc, y)
        d_items += [ZERO] * (n - len(d_items))
        if isinstance(origin, dict):
            return ZERO, (give_items(acc, source, d_items[::-1]),), {}
        return ZERO, (give_items(acc, source, d_items[::-1]),), {}

    return y, reversed_pullback


@entry(iter)
def iter_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    source = args[0]
    y = iter(*args)
    if y is source:
        return y, lambda d, acc: (ZERO, (d,), {})

    def iter_pullback(d: Any, acc: Any) -> Any:
        return ZERO, (give_items(acc, source, _collected(acc, y)), *(ZERO,) * (len(args) - 1)), {}

    return y, iter_pullback


@entry(next)
def next_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    it = args[0]
    if type(it) not in _sequence_iterators:
        from dpy.runtime.dispatch import _opaque

        return _opaque(next, args, kwargs)
    place = _position(it)
    size = it.__length_hint__()
    y = next(*args)

    def next_pullback(d: Any, acc: Any) -> Any:
        if size == 0 and len(args) > 1:
            return ZERO, (ZERO, d), {}
        acc.add_slot(it, place, d)
        return ZERO, (ZERO,) * len(args), {}

    return y, next_pullback


@entry(map)
def map_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    function, *sources = args
    pairs = [iterate(source, True) for source in sources]
    calls: list[Any] = []

    def run() -> Any:
        for items in zip(*(p[0] for p in pairs), strict=False):
            y, pb = dispatch(function, items, {})
            calls.append((y, pb))
            yield y

    it = run()

    def map_pullback(d: Any, acc: Any) -> Any:
        d_items = _collected(acc, it)
        d_items += [ZERO] * (len(calls) - len(d_items))
        columns: list[list[Any]] = [[] for _ in pairs]
        d_f: Any = ZERO
        for (_, pb), d_y in zip(reversed(calls), reversed(d_items), strict=True):
            if pb is None:
                d_args: Any = (ZERO,) * len(pairs)
            else:
                d_call, d_args, _ = pb(d_y, acc)
                d_f = add(d_f, d_call)
            for column, d_x in zip(columns, d_args, strict=True):
                column.append(d_x)
        out = [pb(column, acc) for (_, pb), column in zip(pairs, columns, strict=True)]
        return ZERO, (d_f, *out), {}

    return it, map_pullback


@entry(filter)
def filter_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    function, source = args
    iterable, pb = iterate(source, True)
    kept: list[int] = []
    count = 0

    def run() -> Any:
        nonlocal count
        for item in iterable:
            count += 1
            if item if function is None else function(item):
                kept.append(count - 1)
                yield item

    it = run()

    def filter_pullback(d: Any, acc: Any) -> Any:
        d_items: list[Any] = [ZERO] * count
        for place, d_i in zip(kept, _collected(acc, it), strict=False):
            d_items[place] = d_i
        return ZERO, (ZERO, pb(d_items[::-1], acc)), {}

    return it, filter_pullback


_lazy.add(type(x for x in ()))


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
    _entries[_method] = (lambda m: lambda dispatch, args, kwargs: (m(*args, **kwargs), None))(_method)


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
