"""Displays of containers, and unpacking: what puts values together and takes them apart."""

from __future__ import annotations

from typing import Any

from dpy.cotangent import ZERO, add
from dpy.runtime import iteration, sets, sources
from dpy.runtime.attempts import interrupted, state
from dpy.runtime.dict_keys import KeySlot, may_carry
from dpy.runtime.entries import entry
from dpy.runtime.hashing import check_key, check_keys
from dpy.runtime.item_cotangents import as_tuple, fresh_items
from dpy.runtime.mappings import Give, items_of
from dpy.runtime.starred_calls import call_spread
from dpy.slots import slots_of
from dpy.transform import helpers

__all__ = ["DISPLAYS", "display_spread"]


def _tuple(*parts: Any) -> tuple[Any, Any]:
    n = len(parts)
    return parts, lambda d, acc: as_tuple(d, n)


def _list(*parts: Any) -> tuple[Any, Any]:
    y = list(parts)
    n = len(parts)
    return y, lambda d, acc: tuple(fresh_items(acc, y, n, d))


def _dict(*pairs: Any) -> tuple[Any, Any]:
    y: dict[Any, Any] = {}
    owners: dict[Any, int] = {}
    spreads: dict[int, Give] = {}
    for i in range(0, len(pairs), 2):
        key, value = pairs[i], pairs[i + 1]
        if key is Ellipsis:
            found, spreads[i + 1] = items_of(value)
            for k, item in found:
                if may_carry(k) and k not in y:
                    owners[KeySlot(k)] = i + 1
                y[k] = item
                owners[k] = i + 1
        else:
            check_key(key)
            if may_carry(key) and key not in y:
                owners[KeySlot(key)] = i
            y[key] = value
            owners[key] = i + 1

    def dict_pullback(d: Any, acc: Any) -> Any:
        out = [ZERO] * len(pairs)
        by_spread: dict[int, dict[Any, Any]] = {place: {} for place in spreads}
        for key, part in acc.take_slots(y).items():
            place = owners.get(key)
            if place in spreads:
                by_spread[place][key] = part
            elif place is not None:
                out[place] = add(out[place], part)
        for place in reversed(spreads):
            spreads[place](acc, by_spread[place])
        return tuple(out)

    return y, dict_pullback


def _slice(start: Any, stop: Any, step: Any) -> tuple[Any, Any]:
    return slice(start, stop, step), _slice_pullback


def _slice_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
    slots = slots_of(d)
    return slots.get("start", ZERO), slots.get("stop", ZERO), slots.get("step", ZERO)


@entry(slice)
def make_slice(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``slice(stop)``, ``slice(start, stop)``, ``slice(start, stop, step)``."""
    y = slice(*args, **kwargs)
    names = ("stop",) if len(args) == 1 else ("start", "stop", "step")[: len(args)]

    def make_slice_pullback(d: Any, acc: Any) -> Any:
        slots = slots_of(d)
        return ZERO, tuple([slots.get(name, ZERO) for name in names]), {}

    return y, make_slice_pullback


def _set(*parts: Any) -> tuple[Any, Any]:
    check_keys(parts)
    y = set(parts)
    return y, lambda d, acc: tuple(sets.set_items(acc, y, parts))


def _append(xs: list[Any], value: Any) -> tuple[Any, Any]:
    place = len(xs)
    xs.append(value)
    return None, lambda d, acc: (ZERO, acc.take_slot(xs, place))


def _add_to_set(xs: set[Any], value: Any) -> tuple[Any, Any]:
    check_key(value)
    is_new = value not in xs
    xs.add(value)
    return None, lambda d, acc: (ZERO, acc.take_slot(xs, value) if is_new else ZERO)


def _unpack(source: Any, n: int) -> tuple[Any, Any]:
    if type(source) is tuple and len(source) == n:
        return source, lambda d, acc: (d, ZERO)
    part = sources.Part(source)
    base = len(state.orphans)
    try:
        y = helpers.unpack(part.iterable, n)
    except BaseException:
        count = 0 if part.marks is None else len(part.marks)
        interrupted(base, lambda acc: part.give_all(acc, count))
        raise

    def unpack_pullback(d: Any, acc: Any) -> Any:
        slots = as_tuple(d, n)
        part.end(acc)
        for k in range(n - 1, -1, -1):
            part.give(acc, k, slots[k])
        return part.remainder(acc), ZERO

    return y, unpack_pullback


def _unpack_star(source: Any, before: int, after: int) -> tuple[Any, Any]:
    found, give = iteration.collect(source)
    y = helpers.unpack_star(found, before, after)
    rest = y[before]
    size = len(rest)

    def unpack_pullback(d: Any, acc: Any) -> Any:
        slots = as_tuple(d, before + 1 + after)
        middle = fresh_items(acc, rest, size, slots[before])
        parts = [*slots[:before], *middle, *slots[before + 1 :]]
        return give(acc, parts), ZERO, ZERO

    return y, unpack_pullback


def display_spread(
    name: str, active: tuple[bool, ...], layout: tuple[str, ...], /, *operands: Any
) -> tuple[Any, Any]:
    """A list, tuple or set display with ``*`` operands; `layout` as of `call_spread`."""
    y, pb = call_spread((False, *active), layout, _MADE[name], *operands)
    return y, lambda d, acc: pb(d, acc)[1:]


def _make_list(*parts: Any) -> Any:
    return list(parts)


def _make_tuple(*parts: Any) -> Any:
    return parts


def _make_set(*parts: Any) -> Any:
    return set(parts)


_MADE = {"list": _make_list, "tuple": _make_tuple, "set": _make_set}

DISPLAYS: dict[str, Any] = {
    "tuple": _tuple, "list": _list, "set": _set, "dict": _dict, "slice": _slice, "append": _append,
    "add_to_set": _add_to_set, "unpack": _unpack, "unpack_star": _unpack_star,
}  # fmt: skip


def _as_entry(name: str) -> None:
    display = DISPLAYS[name]

    def make(dispatch: Any, args: Any, kwargs: Any) -> Any:
        y, pb = display(*args)
        return y, lambda d, acc: (ZERO, pb(d, acc), {})

    entry(_MADE[name])(make)


for _name in _MADE:
    _as_entry(_name)


@entry(type)
def type_(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``type(name, bases, namespace)``: the namespace becomes the attributes of a class."""
    if len(args) != 3:
        return None
    y = type(*args, **kwargs)
    namespace = args[2]

    def type_pullback(d: Any, acc: Any) -> Any:
        for name, part in acc.take_slots(y).items():
            acc.add_slot(namespace, name, part)
        return ZERO, (ZERO, ZERO, ZERO), {}

    return y, type_pullback
