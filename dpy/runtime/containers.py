"""Lists, dicts, tuples and deques: builtins and methods whose adjoints need identity.

Each entry is ``(dispatch, args, kwargs) -> (y, pb)``, with ``pb(d, acc) -> (d_f, d_args,
d_kwargs)`` in the remainder protocol of `dpy.runtime.dispatch`; or it returns None where a rule
or the generic way is right.
"""

from __future__ import annotations

import collections
import operator
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.cotangent import ZERO, add, is_zero
from dpy.runtime.attempts import interrupted, state
from dpy.runtime.held import Held

__all__ = [
    "CALLABLES", "as_tuple", "entry", "fresh_items", "give_items", "is_null", "lookup", "nothing",
    "pop_items",
]  # fmt: skip

_entries: dict[Any, Any] = {}
# By the type of a callable object: ``(dispatch, callable, args, kwargs) -> (y, pb)``.
CALLABLES: dict[type, Any] = {}
_WITH_ENTRIES = frozenset({"copy", "dataclasses", "fractions", "numpy", "dpy"})


def lookup(f: Any) -> Any:
    """The entry for a builtin, or None."""
    load_entries()
    try:
        return _entries.get(f)
    except TypeError:
        return None


def load_entries() -> None:
    """Import what registers entries: a program whose values are all known needs none."""
    from dpy.runtime import operations  # noqa: F401


def may_have_entry(f: types.FunctionType) -> bool:
    """Whether a Python function may have an entry: those of libraries alone do."""
    return str(f.__module__).partition(".")[0] in _WITH_ENTRIES


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


def as_tuple(d: Any, n: int, fields: tuple[str, ...] = ()) -> tuple[Any, ...]:
    """The cotangent of a tuple of `n` items, slot by slot (or by the names of its fields)."""
    if type(d) is tuple:
        return d
    if is_zero(d):
        return (ZERO,) * n
    if type(d) is dict:
        named = {i: d[name] for i, name in enumerate(fields) if name in d}
        return tuple([add(d.get(i, ZERO), named.get(i, ZERO)) for i in range(n)])
    return tuple(d)


def fresh_items(acc: Any, y: Any, n: int, d: Any) -> list[Any]:
    """The remainders of the `n` items of a list or tuple that is taken back to its making."""
    if type(y) is tuple:
        return list(as_tuple(d, n))
    total = acc.take_slots(y)
    if not is_zero(d):
        total = add(total, d if type(d) is dict else dict(enumerate(d)))
    return [total.get(i, ZERO) for i in range(n)]


def nothing(args: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    """No cotangent for anybody."""
    return ZERO, (ZERO,) * len(args), {}


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


def _collect(source: Any) -> tuple[list[Any], Any]:
    from dpy.runtime.iteration import collect

    return collect(source)


def _holder(mapping: Any) -> Any:
    """Who has the slots of a dict: the object whose ``__dict__`` it may be."""
    from dpy.runtime.iteration import instance_of

    return instance_of(mapping)


def pop_items(d: Any, held: Any) -> list[Any]:
    """The item cotangents of a list, to be popped from the end."""
    n = len(held.contents) if isinstance(held, Held) else len(held)
    if is_zero(d):
        return [ZERO] * n
    if type(d) is dict:
        return [d.get(i, ZERO) for i in range(n)]
    return list(d)


# --- constructors ---------------------------------------------------------------------------------


@entry(list)
def list_(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``list(iterable)``."""
    if kwargs or len(args) != 1:
        return list(*args, **kwargs), None
    items, give = _collect(args[0])
    n = len(items)
    return items, lambda d, acc: (ZERO, (give(acc, fresh_items(acc, items, n, d)),), {})


@entry(tuple)
def tuple_(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``tuple(iterable)``."""
    if kwargs or len(args) != 1:
        return tuple(*args, **kwargs), None
    if type(args[0]) is tuple:
        return args[0], lambda d, acc: (ZERO, (d,), {})
    items, give = _collect(args[0])
    n = len(items)
    return tuple(items), lambda d, acc: (ZERO, (give(acc, list(as_tuple(d, n))),), {})


@entry(dict)
def dict_(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``dict(mapping or pairs, **more)``."""
    y: dict[Any, Any] = {}
    _, pb = _update(y, args, kwargs)
    return y, lambda d, acc: (ZERO, *pb(acc))


def _update(y: Any, sources: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Put the items of a mapping, or pairs, and keywords into `y`."""
    holder = _holder(y)
    put = collections.OrderedDict if isinstance(y, collections.OrderedDict) else dict
    if len(sources) > 1:
        raise TypeError(f"dict expected at most 1 argument, got {len(sources)}")
    origin: dict[Any, Any] = {}
    pairs: Any = None
    source = sources[0] if sources else {}
    if hasattr(source, "keys"):
        found = [(key, source[key]) for key in source]
        from_keys = source
    else:
        found, pairs = _collect(source)
        from_keys = None
    gives = []
    for i, pair in enumerate(found):
        (key, value), give = _collect(pair) if pairs is not None else (pair, None)
        put.__setitem__(y, key, value)
        origin[key] = i
        gives.append(give)
    for name, value in kwargs.items():
        put.__setitem__(y, name, value)
        origin[name] = name

    def update_pullback(acc: Any) -> tuple[Any, dict[str, Any]]:
        d_items: list[Any] = [ZERO] * len(found)
        d_kwargs = {}
        for key, place in origin.items():
            d = acc.take_slot(holder, key)
            if type(place) is str:
                d_kwargs[place] = d
            elif from_keys is not None:
                if not is_zero(d):
                    acc.add_slot(_holder(from_keys), key, d)
            else:
                d_items[place] = gives[place](acc, [ZERO, d])
        d_source = ZERO if pairs is None else pairs(acc, d_items)
        return (d_source,) * len(sources), d_kwargs

    return y, update_pullback


# --- methods of lists and deques ------------------------------------------------------------------


def _base(xs: Any) -> Any:
    return list if isinstance(xs, list) else collections.deque


def _is_full(xs: Any) -> bool:
    return isinstance(xs, collections.deque) and xs.maxlen is not None


@entry(list.append, collections.deque.append)
def append(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``xs.append(value)``."""
    xs, value = args
    if type(xs) is not list and _is_full(xs):
        return None
    place = len(xs)
    _base(xs).append(xs, value)
    return None, lambda d, acc: (ZERO, (ZERO, acc.take_slot(xs, place)), {})


@entry(list.insert, collections.deque.insert)
def insert(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``xs.insert(index, value)``."""
    xs, index, value = args
    if _is_full(xs):
        return None
    i = operator.index(index)
    place = max(0, i + len(xs)) if i < 0 else min(i, len(xs))
    _base(xs).insert(xs, index, value)
    return None, lambda d, acc: (ZERO, (ZERO, ZERO, acc.remove(xs, place)), {})


@entry(collections.deque.appendleft)
def appendleft(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``xs.appendleft(value)``."""
    xs, value = args
    if _is_full(xs):
        return None
    collections.deque.appendleft(xs, value)
    return None, lambda d, acc: (ZERO, (ZERO, acc.remove(xs, 0)), {})


@entry(list.pop, collections.deque.pop)
def pop(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``xs.pop([index])``."""
    xs = args[0]
    n = len(xs)
    y = _base(xs).pop(xs, *args[1:])
    i = operator.index(args[1]) if len(args) > 1 else -1
    return y, _popped(xs, i + n if i < 0 else i, args)


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
    try:
        place = base.index(xs, value)
    except ValueError:
        base.remove(xs, value)
        raise
    base.__delitem__(xs, place)

    def remove_pullback(d: Any, acc: Any) -> Any:
        acc.insert(xs, place)
        return nothing(args)

    return None, remove_pullback


_AT_REST = frozenset({list, tuple, dict, str, range, set, frozenset, np.ndarray})


def _extend_one_by_one(xs: Any, source: Any) -> Any:
    """The list grows while the items are made, and whoever makes them may look at it."""
    from dpy.runtime.iteration import iterate

    walked, pb = iterate(source, True)
    places: list[int] = []

    def back(acc: Any) -> Any:
        giver = pb(len(places), acc)
        for place in reversed(places):
            giver.give(acc.take_slot(xs, place))
        return giver.finish()

    base = len(state.orphans)
    try:
        for item in walked:
            places.append(len(xs))
            _base(xs).append(xs, item)
    except BaseException:
        interrupted(base, back)
        raise
    return None, lambda d, acc: (ZERO, (ZERO, back(acc)), {})


@entry(list.extend, collections.deque.extend)
def extend(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``xs.extend(iterable)``."""
    xs, source = args
    if _is_full(xs):
        return None
    if type(source) not in _AT_REST:
        return _extend_one_by_one(xs, source)
    items, give = _collect(source)
    start = len(xs)
    _base(xs).extend(xs, items)

    def extend_pullback(d: Any, acc: Any) -> Any:
        return ZERO, (ZERO, give(acc, acc.splice(xs, start, len(items), 0))), {}

    return None, extend_pullback


@entry(collections.deque.extendleft)
def extendleft(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``xs.extendleft(iterable)``: the items end up in reverse order."""
    xs, source = args
    if _is_full(xs):
        return None
    items, give = _collect(source)
    collections.deque.extendleft(xs, items)

    def extendleft_pullback(d: Any, acc: Any) -> Any:
        return ZERO, (ZERO, give(acc, acc.splice(xs, 0, len(items), 0)[::-1])), {}

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
    items, give = _collect(source)
    collections.deque.__init__(xs, items, maxlen)
    n = len(xs)
    dropped = len(items) - n

    def init_pullback(d: Any, acc: Any) -> Any:
        d_source = give(acc, [ZERO] * dropped + fresh_items(acc, xs, n, ZERO))
        if rest:
            return ZERO, (ZERO, d_source, *(ZERO,) * (len(rest) - 1)), {}
        return ZERO, (ZERO,), {"iterable": d_source}

    return None, init_pullback


# --- methods of dicts -----------------------------------------------------------------------------


@entry(dict.get)
def get(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``mapping.get(key[, default])``."""
    mapping, key, *default = args
    found = dict.__contains__(mapping, key)
    y = dict.get(mapping, key, *default)
    return y, _from_slot(_holder(mapping), key, default) if found else _default(default)


def _from_slot(holder: Any, key: Any, default: Any) -> Any:
    rest = (ZERO, ZERO, *[ZERO for _ in default])

    def slot_pullback(d: Any, acc: Any) -> Any:
        acc.add_slot(holder, key, d)
        return ZERO, rest, {}

    return slot_pullback


def _default(default: Any) -> Any:
    return lambda d, acc: (ZERO, (ZERO, ZERO, *[d for _ in default]), {})


@entry(dict.setdefault)
def setdefault(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``mapping.setdefault(key[, default])``."""
    mapping, key, *default = args
    holder = _holder(mapping)
    found = dict.__contains__(mapping, key)
    y = dict.setdefault(mapping, key, *default)
    if found:
        return y, _from_slot(holder, key, default)

    def setdefault_pullback(d: Any, acc: Any) -> Any:
        acc.add_slot(holder, key, d)
        taken = acc.take_slot(holder, key)
        return ZERO, (ZERO, ZERO, *[taken for _ in default]), {}

    return y, setdefault_pullback


@entry(dict.pop, collections.OrderedDict.pop)
def dict_pop(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``mapping.pop(key[, default])``."""
    mapping, key, *default = args
    found = dict.__contains__(mapping, key)
    base = collections.OrderedDict if isinstance(mapping, collections.OrderedDict) else dict
    y = base.pop(mapping, key, *default)
    return y, _from_popped(_holder(mapping), key, default) if found else _default(default)


def _from_popped(holder: Any, key: Any, default: Any) -> Any:
    give = _from_slot(holder, key, default)

    def pop_pullback(d: Any, acc: Any) -> Any:
        acc.take_slot(holder, key)  # a later value under this key was another one
        return give(d, acc)

    return pop_pullback


@entry(dict.popitem, collections.OrderedDict.popitem)
def popitem(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``mapping.popitem()``."""
    mapping = args[0]
    base = collections.OrderedDict if isinstance(mapping, collections.OrderedDict) else dict
    y = base.popitem(*args, **kwargs)
    holder = _holder(mapping)

    def popitem_pullback(d: Any, acc: Any) -> Any:
        acc.take_slot(holder, y[0])
        acc.add_slot(holder, y[0], as_tuple(d, 2)[1])
        return nothing(args)

    return y, popitem_pullback


@entry(dict.clear, collections.OrderedDict.clear)
def dict_clear(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``mapping.clear()``."""
    (mapping,) = args
    keys = list(mapping)
    base = collections.OrderedDict if isinstance(mapping, collections.OrderedDict) else dict
    base.clear(mapping)
    holder = _holder(mapping)

    def clear_pullback(d: Any, acc: Any) -> Any:
        for key in keys:
            acc.take_slot(holder, key)
        return nothing(args)

    return None, clear_pullback


@entry(dict.update, dict.__ior__)
def update(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``mapping.update(source, **more)``."""
    mapping, *sources = args
    _, pb = _update(mapping, tuple(sources), kwargs)

    def update_pullback(d: Any, acc: Any) -> Any:
        d_sources, d_kwargs = pb(acc)
        return ZERO, (ZERO, *d_sources), d_kwargs

    return None, update_pullback


@entry(dict.__init__, collections.OrderedDict.__init__, collections.OrderedDict.update)
def init_dict(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``dict.__init__(self, source, **more)`` of a subclass."""
    return update(dispatch, args, kwargs)


@entry(collections.defaultdict.__init__)
def init_defaultdict(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``defaultdict.__init__(self, factory=None, source, **more)``."""
    mapping, *rest = args
    collections.defaultdict.__init__(mapping, *rest[:1])
    _, pb = _update(mapping, tuple(rest[1:]), kwargs)

    def init_pullback(d: Any, acc: Any) -> Any:
        d_sources, d_kwargs = pb(acc)
        return ZERO, (ZERO, *[ZERO for _ in rest[:1]], *d_sources), d_kwargs

    return None, init_pullback


@entry(types.SimpleNamespace.__init__)
def init_namespace(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``SimpleNamespace(**fields)``."""
    (obj,) = args
    types.SimpleNamespace.__init__(obj, **kwargs)
    return None, lambda d, acc: (
        ZERO, (ZERO,), {name: acc.take_slot(obj, name) for name in kwargs}
    )  # fmt: skip


@entry(dict.copy, collections.OrderedDict.copy, collections.defaultdict.copy)
def dict_copy(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``mapping.copy()``."""
    (mapping,) = args
    base: Any = dict
    for cls in (collections.OrderedDict, collections.defaultdict):
        base = cls if isinstance(mapping, cls) else base
    y = base.copy(mapping)
    holder = _holder(mapping)

    def copy_pullback(d: Any, acc: Any) -> Any:
        for key, part in acc.take_slots(y).items():
            acc.add_slot(holder, key, part)
        return nothing(args)

    return y, copy_pullback


@entry(dict.fromkeys)
def fromkeys(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``dict.fromkeys(keys[, value])``."""
    keys, *value = args
    y = dict.fromkeys(keys, *value)

    def fromkeys_pullback(d: Any, acc: Any) -> Any:
        total: Any = ZERO
        for part in acc.take_slots(y).values():
            total = add(total, part)
        return ZERO, (ZERO, *[total for _ in value]), {}

    return y, fromkeys_pullback


def _inert(method: Any) -> Any:
    return lambda dispatch, args, kwargs: (method(*args, **kwargs), None)


for _method in (
    dict.values, dict.items, dict.keys, collections.OrderedDict.values,
    collections.OrderedDict.items, collections.OrderedDict.keys, list.index, list.count,
    tuple.index, tuple.count, collections.deque.index, collections.deque.count, dict.__len__,
    list.__len__, tuple.__len__, collections.OrderedDict.move_to_end,
):  # fmt: skip
    _entries[_method] = _inert(_method)
