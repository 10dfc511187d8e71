"""``functools.reduce`` and ``sum``: one value from all items."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from dpy.cotangent import ZERO, add
from dpy.runtime import attempts, iteration
from dpy.runtime.entries import entry
from dpy.runtime.item_cotangents import as_tuple
from dpy.runtime.operations import operate

__all__: list[str] = []

_PLAIN = (float, int, complex, np.ndarray, np.generic)


@entry(functools.reduce)
def reduce(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``functools.reduce(function, iterable[, initial])``."""
    function, iterable, *initial = args
    walked, pb_items = iteration.iterate(iterable, True)
    items = iter(walked)
    pbs: list[Any] = []
    try:
        y = initial[0] if initial else next(items)
    except StopIteration:
        raise TypeError("reduce() of empty iterable with no initial value") from None

    def back(acc: Any, d: Any, found: list[Any]) -> tuple[Any, Any, Any]:
        giver = pb_items(len(found) + (not initial), acc)
        d_f: Any = ZERO
        for pb in reversed(found):
            d_item = ZERO
            if pb is None:
                d = ZERO
            else:
                d_call, (d, d_item), _ = pb(d, acc)
                d_f = add(d_f, d_call)
            giver.give(d_item)
        if not initial:
            giver.give(d)
        return ZERO, (d_f, giver.finish(), *((d,) if initial else ())), {}

    is_guarded = attempts.is_guarded()
    base = len(attempts.state.orphans)
    try:
        for item in items:
            if is_guarded:
                attempts.state.callee = function
            y, pb = dispatch(function, (y, item), {})
            del attempts.state.orphans[base:]
            pbs.append(pb)
            if type(y) is attempts.Thrown:
                break
    except BaseException:
        attempts.interrupted(base, lambda acc: back(acc, ZERO, pbs) and None)
        raise
    return y, lambda d, acc: back(acc, d, pbs)


@entry(sum)
def sum_(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``sum`` of objects, lists or tuples is a loop over ``+``; of numbers there is a rule.

    Numbers before the first object are added by Python's own ``sum``, which since version 3.12
    carries along what rounding lost: a loop over ``+`` would have another result.
    """
    source = args[0]
    start = args[1] if len(args) > 1 else kwargs.get("start", 0)
    if type(source) is list or type(source) is tuple:
        if isinstance(start, _PLAIN) and all(isinstance(x, _PLAIN) for x in source):
            return None
    elif isinstance(source, np.ndarray):
        return None
    items, give = iteration.collect(source)
    total = start
    n_plain = 0
    plain_pb: Any = None
    if isinstance(start, _PLAIN):
        n_plain = next((i for i, x in enumerate(items) if not isinstance(x, _PLAIN)), len(items))
        total, plain_pb = dispatch(sum, (tuple(items[:n_plain]), start), {})
    pbs = []
    for item in items[n_plain:]:
        total, pb = operate("add", (True, True), total, item)
        pbs.append(pb)

    def sum_pullback(d: Any, acc: Any) -> Any:
        d_items: list[Any] = [ZERO] * len(items)
        for i in range(len(items) - 1, n_plain - 1, -1):
            d, d_items[i] = pbs[i - n_plain](d, acc)
        if plain_pb is not None:
            _, (d_plain, d), _ = plain_pb(d, acc)
            d_items[:n_plain] = as_tuple(d_plain, n_plain)
        d_source = give(acc, d_items)
        if len(args) > 1:
            return ZERO, (d_source, d), {}
        return ZERO, (d_source,), {"start": d}

    return total, sum_pullback
