"""Functions of the user's that a builtin calls for each item: ``key`` of ``sorted``, ``max``, ...

Their results choose, and carry no derivative any further; but what such a call writes counts.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.cotangent import ZERO, add
from dpy.runtime import entries, item_cotangents
from dpy.runtime.attempts import callback
from dpy.runtime.comparisons import are_plain
from dpy.runtime.conversions import length_hint
from dpy.runtime.delegates import StandIns
from dpy.runtime.iteration import collect

__all__ = ["Keys", "keys_of"]

_PLAIN = frozenset({float, int, bool, str, bytes, np.float64, type(None)})


class Keys:
    """The keys of items, and the way back through the calls that made them."""

    __slots__ = ("_compared", "_pbs", "values")

    def __init__(self, values: list[Any], pbs: list[Any]) -> None:
        self.values = values
        self._pbs = pbs
        self._compared: StandIns | None = None

    def compare(self, choose: Any, give: Any, **kwargs: Any) -> Any:
        """``choose(range(n), key=...)``. Comparisons of the user's are followed: they may write.

        ``give(acc, d_items)`` is called after one that ended by an exception.
        """
        if are_plain(self.values):
            return choose(range(len(self.values)), key=self.values.__getitem__, **kwargs)
        made = self._compared = StandIns()
        standing = made.all_of(self.values)

        def after_error(acc: Any, d_keys: list[Any]) -> None:
            d_items: list[Any] = [ZERO] * len(standing)
            self._back(acc, d_items, d_keys)
            give(acc, d_items)

        return made.run(
            lambda: choose(range(len(standing)), key=standing.__getitem__, **kwargs), after_error
        )

    def back(self, acc: Any, d_items: list[Any]) -> Any:
        """Add to the cotangents of the items; return that of the key function."""
        made = self._compared
        return self._back(acc, d_items, None if made is None else made.back(acc))

    def _back(self, acc: Any, d_items: list[Any], d_keys: list[Any] | None) -> Any:
        d_f: Any = ZERO
        if d_keys is None:
            d_keys = [ZERO] * len(d_items)
        elif not self._pbs:  # the items are the keys
            d_items[:] = map(add, d_items, d_keys)
        for i in range(len(self._pbs) - 1, -1, -1):
            pb = self._pbs[i]
            if pb is not None:
                d_own, (d_item,), _ = pb(d_keys[i], acc)
                d_f = add(d_f, d_own)
                d_items[i] = add(d_items[i], d_item)
        return d_f


def keys_of(dispatch: Any, key: Any, items: list[Any], give: Any) -> Keys:
    """What ``key(item)`` gives for each item, in order; the items themselves without a key.

    ``give(acc, d_items)`` is called after a key that ended by an exception.
    """
    if key is None:
        return Keys(items, [])
    values: list[Any] = []
    pbs: list[Any] = []
    keys = Keys(values, pbs)

    def thrown(acc: Any, pb: Any) -> None:
        d_items: list[Any] = [ZERO] * len(items)
        d_items[len(pbs)] = pb(ZERO, acc)[1][0]
        keys.back(acc, d_items)
        give(acc, d_items)

    for item in items:
        y, pb = callback(dispatch, key, (item,), thrown)
        values.append(y)
        pbs.append(pb)
    return keys


def _has_objects(args: Any) -> bool:
    items = args if len(args) > 1 else args[0]
    if type(items) is not list and type(items) is not tuple:
        return False
    return not all(type(x) in _PLAIN or isinstance(x, (np.ndarray, np.generic)) for x in items)


def _picking(primal: Callable[..., Any]) -> Any:
    def pick(dispatch: Any, args: Any, kwargs: Any) -> Any:
        """``max`` and ``min`` with a key, or of objects with a comparison of their own."""
        key = kwargs.get("key")
        if not args or (key is None and not _has_objects(args)):
            return None
        items, give = collect(args if len(args) > 1 else args[0])
        if not items:
            kept = {name: value for name, value in kwargs.items() if name != "key"}
            y = primal(items, **kept)
            return y, lambda d, acc: (ZERO, (ZERO,), {"default": d})
        keys = keys_of(dispatch, key, items, give)
        place = keys.compare(primal, give)

        def pick_pullback(d: Any, acc: Any) -> Any:
            d_items: list[Any] = [ZERO] * len(items)
            d_items[place] = d
            d_key = keys.back(acc, d_items)
            d_args = tuple(d_items) if len(args) > 1 else (give(acc, d_items),)
            return ZERO, d_args, {"key": d_key}

        return items[place], pick_pullback

    return pick


entries.entry(builtins.max)(_picking(builtins.max))
entries.entry(builtins.min)(_picking(builtins.min))


@entries.entry(sorted)
def sorted_(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``sorted(iterable, key=None, reverse=False)``."""
    items, give = collect(args[0], length_hint)
    keys = keys_of(dispatch, kwargs.get("key"), items, give)
    order = keys.compare(sorted, give, **{n: v for n, v in kwargs.items() if n != "key"})
    y = [items[i] for i in order]
    n = len(items)

    def sorted_pullback(d: Any, acc: Any) -> Any:
        d_items: list[Any] = [ZERO] * n
        for i, d_i in zip(order, item_cotangents.fresh_items(acc, y, n, d), strict=True):
            d_items[i] = d_i
        d_key = keys.back(acc, d_items)
        return ZERO, (give(acc, d_items),), {"key": d_key}

    return y, sorted_pullback


@entries.entry(list.sort)
def sort(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``xs.sort(key=None, reverse=False)``."""
    (xs,) = args
    before = list(list.__iter__(xs))

    def give(acc: Any, d_items: list[Any]) -> None:
        for place, d_item in enumerate(d_items):
            acc.add_slot(xs, place, d_item)

    keys = keys_of(dispatch, kwargs.get("key"), before, give)
    order = keys.compare(sorted, give, **{n: v for n, v in kwargs.items() if n != "key"})
    list.__setitem__(xs, slice(None), [before[i] for i in order])
    n = len(before)

    def sort_pullback(d: Any, acc: Any) -> Any:
        slots = acc.take_slots(xs)
        d_items: list[Any] = [ZERO] * n
        for place, i in enumerate(order):
            d_items[i] = slots.pop(place, ZERO)
        d_key = keys.back(acc, d_items)
        give(acc, d_items)
        for slot, part in slots.items():
            acc.add_slot(xs, slot, part)
        return ZERO, (d,), {"key": d_key}

    return None, sort_pullback
