"""``functools.partial``: made, and called.

The cotangent of a partial has the slots ``func`` and ``args``; its keywords are a dict of their
own.
"""

from __future__ import annotations

import functools
from typing import Any

from dpy.cotangent import ZERO, is_zero
from dpy.runtime.entries import entry
from dpy.runtime.item_cotangents import as_tuple
from dpy.slots import slots_of

__all__ = ["call_partial"]


def call_partial(
    dispatch: Any,
    f: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    active: Any,
    active_kw: Any,
) -> tuple[Any, Any]:
    """``f(*args, **kwargs)`` for a partial object."""
    keywords = f.keywords
    merged = {**keywords, **kwargs}
    n = len(f.args)
    names = [name for name in keywords if name not in kwargs]
    flags_kw = tuple(
        active_kw[list(kwargs).index(name)] if name in kwargs else True for name in merged
    )
    y, pb = dispatch(f.func, (*f.args, *args), merged, (True,) * n + tuple(active), flags_kw)
    if pb is None:
        return y, None

    def partial_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        d_func, d_args, d_kwargs = pb(d, acc)
        for name in names:
            acc.add_slot(keywords, name, d_kwargs.get(name, ZERO))
        bound = tuple(d_args[:n])
        d_f: Any = {"func": d_func, "args": bound}
        if is_zero(d_func) and all(map(is_zero, bound)):
            d_f = ZERO
        return d_f, d_args[n:], {name: d_kwargs.get(name, ZERO) for name in kwargs}

    return y, partial_pullback


@entry(functools.partial)
def make_partial(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``functools.partial(f, *args, **keywords)``; a partial of a partial becomes one."""
    y = functools.partial(*args, **kwargs)
    inner = args[0]
    is_flat = y.func is not inner
    n = len(inner.args) if is_flat else 0

    def make_partial_pullback(d: Any, acc: Any) -> Any:
        slots = slots_of(d)
        d_bound = as_tuple(slots.get("args", ZERO), len(y.args))
        d_keywords = acc.take_slots(y.keywords)
        d_inner = slots.get("func", ZERO)
        if is_flat:
            d_inner = {"func": d_inner, "args": d_bound[:n]}
            for name in inner.keywords:
                if name not in kwargs:
                    acc.add_slot(inner.keywords, name, d_keywords.pop(name, ZERO))
        return ZERO, (d_inner, *d_bound[n:]), {name: d_keywords.get(name, ZERO) for name in kwargs}

    return y, make_partial_pullback
