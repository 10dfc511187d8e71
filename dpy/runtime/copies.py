"""``copy.copy`` and ``copy.deepcopy``: the cotangents of copies go to the originals."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from dpy.cotangent import ZERO
from dpy.runtime.entries import entry
from dpy.runtime.failures import no_adjoint
from dpy.runtime.item_cotangents import is_null
from dpy.runtime.special_methods import user_method

__all__: list[str] = []

_OWN_COPY = (
    "__deepcopy__",
    "__copy__",
    "__reduce__",
    "__reduce_ex__",
    "__getstate__",
    "__setstate__",
    "__getnewargs__",
)


def _copied(function: Any, x: Any, y: Any, pairs: list[tuple[Any, Any]]) -> Any:
    """The cotangents of copies go to the originals, slot by slot."""

    def copied_pullback(d: Any, acc: Any) -> Any:
        for original, made in pairs:
            if isinstance(made, (np.ndarray, np.void)):
                acc.add(original, acc.take(made))
                continue
            slots = acc.take_slots(made)
            if slots and any(user_method(type(made), name) for name in _OWN_COPY):
                if not is_null(slots):
                    raise no_adjoint(function, (x,), f"{type(made).__name__} copies itself")
            for slot, part in slots.items():
                acc.add_slot(original, slot, part)
        return ZERO, (d,), {}

    return y, copied_pullback


@entry(copy.copy)
def copy_(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``copy.copy(x)``."""
    (x,) = args
    method = user_method(type(x), "__copy__")
    if method is not None:
        return dispatch(method, args, kwargs)
    if isinstance(x, np.ndarray):
        return dispatch(np.ndarray.copy, (x,), {})
    y = copy.copy(x)
    return _copied(copy.copy, x, y, [] if y is x or isinstance(y, tuple) else [(x, y)])


@entry(copy.deepcopy)
def deepcopy(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``copy.deepcopy(x[, memo])``: all mutable objects within `x` are copied once each."""
    x, *rest = args
    method = user_method(type(x), "__deepcopy__")
    memo: dict[int, Any] = rest[0] if rest else kwargs.get("memo", None)
    memo = {} if memo is None else memo
    if method is not None:
        y, pb = dispatch(method, (x, memo), {})
        return y, None if pb is None else lambda d, acc: (ZERO, (pb(d, acc)[1][0],), {})
    known = set(memo)
    y = copy.deepcopy(x, memo)
    originals = memo.get(id(memo), [])
    pairs = [
        (original, memo[id(original)])
        for original in originals
        if id(original) in memo and id(original) not in known and not isinstance(original, tuple)
    ]
    _, pb = _copied(copy.deepcopy, x, y, pairs)
    rests = (ZERO,) * len(rest)
    return y, lambda d, acc: (ZERO, (*pb(d, acc)[1], *rests), {})
