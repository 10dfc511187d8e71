"""Dicts and namespaces: their making, and the methods that write to them or read them."""

from __future__ import annotations

import collections
import types
from typing import Any

from dpy.cotangent import ZERO, add
from dpy.runtime.dict_keys import KeySlot, give_key, may_carry, take_key
from dpy.runtime.entries import entry, inert
from dpy.runtime.forward_run import instance_of
from dpy.runtime.hashing import check_key, check_keys
from dpy.runtime.item_cotangents import as_tuple, nothing
from dpy.runtime.iteration import collect
from dpy.runtime.mappings import items_of

__all__: list[str] = []


@entry(dict)
def dict_(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``dict(mapping or pairs, **more)``."""
    y: dict[Any, Any] = {}
    _, pb = _update(y, args, kwargs)
    return y, lambda d, acc: (ZERO, *pb(acc))


def _update(y: Any, sources: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Put the items of a mapping, or pairs, and keywords into `y`."""
    holder = instance_of(y)
    put = collections.OrderedDict if isinstance(y, collections.OrderedDict) else dict
    if len(sources) > 1:
        raise TypeError(f"dict expected at most 1 argument, got {len(sources)}")
    origin: dict[Any, Any] = {}
    new_keys: dict[Any, int] = {}
    pairs: Any = None
    source = sources[0] if sources else {}
    give_values = None
    if hasattr(source, "keys"):
        found, give_values = items_of(source)
    else:
        found, pairs = collect(source)
    gives: list[Any] = []
    for i, pair in enumerate(found):
        (key, value), give = collect(pair) if pairs is not None else (pair, None)
        check_key(key)
        if may_carry(key) and not dict.__contains__(y, key):
            new_keys[key] = i
        put.__setitem__(y, key, value)
        origin[key] = i
        gives.append(give)
    for name, value in kwargs.items():
        put.__setitem__(y, name, value)
        origin[name] = name

    def update_pullback(acc: Any) -> tuple[Any, dict[str, Any]]:
        d_pairs: list[list[Any]] = [[ZERO, ZERO] for _ in found]
        d_named: dict[Any, Any] = {}
        d_kwargs = {}
        for key, place in new_keys.items():
            d_named[KeySlot(key)] = d_pairs[place][0] = take_key(acc, holder, key)
        for key, place in origin.items():
            d = acc.take_slot(holder, key)
            if type(place) is str:
                d_kwargs[place] = d
            elif give_values is not None:
                d_named[key] = d
            else:
                d_pairs[place][1] = d
        if give_values is not None:
            give_values(acc, d_named)
        d_items: list[Any] = [ZERO] * len(found)
        if pairs is not None:
            for i in range(len(found) - 1, -1, -1):
                d_items[i] = gives[i](acc, d_pairs[i])
        d_source = ZERO if pairs is None else pairs(acc, d_items)
        return (d_source,) * len(sources), d_kwargs

    return y, update_pullback


@entry(dict.get)
def get(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``mapping.get(key[, default])``."""
    mapping, key, *default = args
    check_key(key)
    found = dict.__contains__(mapping, key)
    y = dict.get(mapping, key, *default)
    return y, _from_slot(instance_of(mapping), key, default) if found else _default(default)


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
    check_key(key)
    holder = instance_of(mapping)
    found = dict.__contains__(mapping, key)
    y = dict.setdefault(mapping, key, *default)
    if found:
        return y, _from_slot(holder, key, default)

    def setdefault_pullback(d: Any, acc: Any) -> Any:
        acc.add_slot(holder, key, d)
        taken = acc.take_slot(holder, key)
        return ZERO, (ZERO, take_key(acc, holder, key), *[taken for _ in default]), {}

    return y, setdefault_pullback


@entry(dict.pop, collections.OrderedDict.pop)
def dict_pop(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``mapping.pop(key[, default])``."""
    mapping, key, *default = args
    check_key(key)
    found = dict.__contains__(mapping, key)
    base = collections.OrderedDict if isinstance(mapping, collections.OrderedDict) else dict
    y = base.pop(mapping, key, *default)
    return y, _from_popped(instance_of(mapping), key, default) if found else _default(default)


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
    holder = instance_of(mapping)

    def popitem_pullback(d: Any, acc: Any) -> Any:
        d_key, d_value = as_tuple(d, 2)
        acc.take_slot(holder, y[0])
        acc.add_slot(holder, y[0], d_value)
        give_key(acc, holder, y[0], d_key)
        return nothing(args)

    return y, popitem_pullback


@entry(dict.clear, collections.OrderedDict.clear)
def dict_clear(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``mapping.clear()``."""
    (mapping,) = args
    keys = list(mapping)
    base = collections.OrderedDict if isinstance(mapping, collections.OrderedDict) else dict
    base.clear(mapping)
    holder = instance_of(mapping)

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
    holder = instance_of(mapping)

    def copy_pullback(d: Any, acc: Any) -> Any:
        for key, part in acc.take_slots(y).items():
            acc.add_slot(holder, key, part)
        return nothing(args)

    return y, copy_pullback


@entry(dict.fromkeys)
def fromkeys(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``dict.fromkeys(keys[, value])``."""
    source, *value = args
    keys, give = collect(source)
    check_keys(keys)
    y = dict.fromkeys(keys, *value)

    def fromkeys_pullback(d: Any, acc: Any) -> Any:
        total: Any = ZERO
        places = {key: i for i, key in reversed([*enumerate(keys)]) if may_carry(key)}
        d_keys: list[Any] = [ZERO] * len(keys)
        for key, i in places.items():
            d_keys[i] = take_key(acc, y, key)
        for part in acc.take_slots(y).values():
            total = add(total, part)
        return ZERO, (give(acc, d_keys), *[total for _ in value]), {}

    return y, fromkeys_pullback


@entry(collections._count_elements)  # type: ignore[attr-defined]
def count_elements(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """What ``Counter(items)`` ends in."""
    return dispatch(_count_elements, args, kwargs)


def _count_elements(mapping: Any, iterable: Any) -> None:
    for item in iterable:
        mapping[item] = mapping.get(item, 0) + 1


inert(
    dict.values, dict.items, dict.keys, dict.__len__, collections.OrderedDict.values,
    collections.OrderedDict.items, collections.OrderedDict.keys,
    collections.OrderedDict.move_to_end,
)  # fmt: skip
