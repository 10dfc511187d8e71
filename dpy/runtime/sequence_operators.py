"""Operators of the builtin containers: ``+`` and ``*`` of lists and tuples, ``|`` of dicts."""

from __future__ import annotations

import collections
import operator
from typing import Any

import numpy as np

from dpy.cotangent import ZERO, add
from dpy.runtime import sets
from dpy.runtime.conversions import COMMON, as_index
from dpy.runtime.dict_keys import KeySlot
from dpy.runtime.item_cotangents import fresh_items
from dpy.runtime.iteration import give_items
from dpy.runtime.special_methods import implements
from dpy.runtime.texts import percent

__all__ = ["repeat_in_place", "sequence_operator"]


_SETS = frozenset({set, frozenset})
_VIEWS: frozenset[type] = frozenset({
    type({}.keys()), type({}.items()), type(collections.OrderedDict().keys()),
    type(collections.OrderedDict().items()),
})  # fmt: skip
_OF_SETS = frozenset({"or_", "and_", "sub", "xor"})


def sequence_operator(name: str, a: Any, b: Any) -> tuple[Any, Any] | None:
    """``+`` and ``*`` of lists and tuples, ``|`` of dicts, operators of sets; else None."""
    if name == "add" and type(a) is type(b) and type(a) in (list, tuple):
        return _concatenate(a, b)
    if name == "mul":
        if type(a) in (list, tuple) and _is_count(b):
            return _repeat(a, b, swapped=False)
        if type(b) in (list, tuple) and _is_count(a):
            return _repeat(b, a, swapped=True)
    if name == "or_" and type(a) is dict and type(b) is dict:
        return _merge(a, b)
    if type(a) in _SETS and type(b) in _SETS:
        return sets.merged_set(getattr(operator, name), a, b)
    if name in _OF_SETS and (type(a) in _VIEWS or type(b) in _VIEWS):
        return sets.merged_set(getattr(operator, name), a, b)  # the other may be any iterable
    if name == "mod" and type(a) is str:
        return percent(a, b)
    if isinstance(a, (str, bytes, range)) or isinstance(b, (str, bytes)):
        return getattr(operator, name)(a, b), None
    return None


def _concatenate(a: Any, b: Any) -> tuple[Any, Any]:
    y = a + b
    n, size = len(a), len(y)

    def concatenate_pullback(d: Any, acc: Any) -> Any:
        parts = fresh_items(acc, y, size, d)
        return give_items(acc, a, parts[:n]), give_items(acc, b, parts[n:])

    return y, concatenate_pullback


def _is_count(x: Any) -> bool:
    """Whether a list can be repeated so many times: also objects with an ``__index__``, no more."""
    if isinstance(x, (int, np.integer)):
        return True
    t = type(x)
    return (
        t not in COMMON
        and implements(t, "__index__") is not None
        and not any(implements(t, name) is not None for name in ("__mul__", "__rmul__"))
    )


def _repeat(a: Any, count: Any, *, swapped: bool) -> tuple[Any, Any]:
    times, back = as_index(count)
    y = a * times
    n, size = len(a), len(y)

    def repeat_pullback(d: Any, acc: Any) -> Any:
        totals = [ZERO] * n
        for i, d_i in enumerate(fresh_items(acc, y, size, d)):
            totals[i % n] = add(totals[i % n], d_i)
        d_a = give_items(acc, a, totals)
        d_count = ZERO if back is None else back(ZERO, acc)
        return (d_count, d_a) if swapped else (d_a, d_count)

    return y, repeat_pullback


def repeat_in_place(a: list[Any], times: Any) -> tuple[Any, Any]:
    """``a *= times``."""
    n = len(a)
    size = n * max(0, operator.index(times))
    a *= times

    def repeat_pullback(d: Any, acc: Any) -> Any:
        slots = acc.take_slots(a)
        for slot, part in slots.items():
            acc.add_slot(a, slot % n if type(slot) is int and slot < size else slot, part)
        return d, ZERO

    return a, repeat_pullback


def _merge(a: dict[Any, Any], b: dict[Any, Any]) -> tuple[Any, Any]:
    y = a | b
    values_of_b, keys_of_a = frozenset(b), frozenset(a)

    def merge_pullback(d: Any, acc: Any) -> Any:
        for slot, part in acc.take_slots(y).items():
            is_of_key = isinstance(slot, KeySlot)
            is_of_b = slot.key not in keys_of_a if is_of_key else slot in values_of_b
            acc.add_slot(b if is_of_b else a, slot, part)
        return ZERO, ZERO

    return y, merge_pullback
