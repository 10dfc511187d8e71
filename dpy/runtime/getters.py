"""Callable objects of the standard library that read: itemgetter, attrgetter, methodcaller, ref."""

from __future__ import annotations

import functools
import operator
from typing import Any

from dpy.cotangent import ZERO, add
from dpy.runtime.attributes import read_attribute
from dpy.runtime.entries import CALLABLES, entry
from dpy.runtime.item_cotangents import as_tuple
from dpy.runtime.items import read_item

__all__: list[str] = []


def _getters(read: Any) -> Any:
    def call_getter(dispatch: Any, getter: Any, args: Any, kwargs: Any) -> Any:
        (owner,) = args
        keys = getter.__reduce__()[1]
        found = [read(owner, key) for key in keys]
        values = tuple([y for y, _ in found])

        def getter_pullback(d: Any, acc: Any) -> Any:
            parts = (d,) if len(keys) == 1 else as_tuple(d, len(keys))
            d_owner: Any = ZERO
            for (_, pb), part in zip(reversed(found), reversed(parts), strict=True):
                if pb is not None:
                    d_owner = add(d_owner, pb(part, acc))
            return ZERO, (d_owner,), {}

        return values[0] if len(keys) == 1 else values, getter_pullback

    return call_getter


def _read_item(owner: Any, key: Any) -> Any:
    y, pb = read_item(owner, key)
    return y, None if pb is None else lambda d, acc: pb(d, acc)[0]


def _read_dotted(owner: Any, dotted: str) -> Any:
    pbs = []
    y = owner
    for name in dotted.split("."):
        y, pb = read_attribute(y, name)
        pbs.append(pb)

    def dotted_pullback(d: Any, acc: Any) -> Any:
        for pb in reversed(pbs):
            d = ZERO if pb is None else pb(d, acc)
        return d

    return y, dotted_pullback


def _call_method(dispatch: Any, caller: Any, args: Any, kwargs: Any) -> Any:
    (owner,) = args
    made, given = caller.__reduce__()
    keywords = made.keywords if isinstance(made, functools.partial) else {}
    name, *rest = (*made.args, *given) if isinstance(made, functools.partial) else given
    method, read_pb = read_attribute(owner, name)
    y, pb = dispatch(method, tuple(rest), dict(keywords))

    def method_pullback(d: Any, acc: Any) -> Any:
        d_method: Any = ZERO
        if pb is not None:
            d_method, d_rest, d_keywords = pb(d, acc)
            for slot, part in (*enumerate(d_rest, 1), *d_keywords.items()):
                acc.add_slot(caller, slot, part)
        return ZERO, (ZERO if read_pb is None else read_pb(d_method, acc),), {}

    return y, method_pullback


@entry(operator.methodcaller)
def make_caller(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``methodcaller(name, *args, **kwargs)``: calls leave cotangents of the arguments with it."""
    y = operator.methodcaller(*args, **kwargs)

    def make_caller_pullback(d: Any, acc: Any) -> Any:
        slots = acc.take_slots(y)
        d_args = tuple([slots.get(i, ZERO) for i in range(len(args))])
        return ZERO, d_args, {name: slots.get(name, ZERO) for name in kwargs}

    return y, make_caller_pullback


CALLABLES[operator.itemgetter] = _getters(_read_item)
CALLABLES[operator.attrgetter] = _getters(_read_dotted)
CALLABLES[operator.methodcaller] = _call_method
