"""The items of any mapping, as ``dict(m)`` and ``f(**m)`` read them; read-only proxies.

A read-only proxy has no slots of its own: what it shows belongs to the mapping behind it.
"""

from __future__ import annotations

import collections
import types
from collections.abc import Callable
from typing import Any

from dpy.cotangent import ZERO, is_zero
from dpy.runtime import entries, iteration
from dpy.runtime.dict_keys import KeySlot
from dpy.runtime.dispatch import dispatch
from dpy.runtime.forward_run import instance_of
from dpy.runtime.items import read_item
from dpy.runtime.special_methods import behind

__all__ = ["Give", "items_of"]

Give = Callable[[Any, dict[Any, Any]], None]
_PLAIN = (dict.__iter__, collections.OrderedDict.__iter__)


def items_of(mapping: Any) -> tuple[list[tuple[Any, Any]], Give]:
    """The items, and ``give(acc, cotangents)``: of values by key, of keys by their `KeySlot`."""
    if type(mapping) is types.MappingProxyType:
        return items_of(behind(mapping))
    if isinstance(mapping, dict) and type(mapping).__iter__ in _PLAIN:
        holder = instance_of(mapping)

        def give_slots(acc: Any, found: dict[Any, Any]) -> None:
            for slot, d in found.items():
                if not is_zero(d):
                    acc.add_slot(holder, slot, d)

        return list(dict.items(mapping)), give_slots
    return _by_methods(mapping)


def _by_methods(mapping: Any) -> tuple[list[tuple[Any, Any]], Give]:
    """Of a mapping that says itself what its keys are, and gives a value for each."""
    keys, keys_pb = dispatch(mapping.keys, (), {})
    listed, give_keys = iteration.collect(keys)
    pairs: list[tuple[Any, Any]] = []
    pbs: list[Any] = []
    for key in listed:
        y, pb = read_item(mapping, key)
        pairs.append((key, y))
        pbs.append(pb)

    def give(acc: Any, found: dict[Any, Any]) -> None:
        for key, pb in zip(reversed(listed), reversed(pbs), strict=True):
            if pb is not None:
                pb(found.get(key, ZERO), acc)
        d_keys = give_keys(acc, [found.get(KeySlot(key), ZERO) for key in listed])
        if keys_pb is not None:
            keys_pb(d_keys, acc)

    return pairs, give


# --- read-only proxies ----------------------------------------------------------------------------


@entries.entry(types.MappingProxyType)
def make_proxy(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``types.MappingProxyType(mapping)``."""
    return types.MappingProxyType(*args, **kwargs), None
