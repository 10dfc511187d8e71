"""Cotangents of lists, tuples and dicts, item by item."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.cotangent import ZERO, add, is_zero
from dpy.runtime.held import Held
from dpy.structured import has_fields

__all__ = ["as_tuple", "fresh_items", "is_null", "nothing", "pop_items"]


def is_null(d: Any) -> bool:
    """Whether a cotangent is zero everywhere."""
    if is_zero(d):
        return True
    if type(d) is dict:
        return all(map(is_null, d.values()))
    if type(d) in (tuple, list):
        return all(map(is_null, d))
    if has_fields(d):
        return all(is_null(d[name]) for name in d.dtype.names)
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


def pop_items(d: Any, held: Any) -> list[Any]:
    """The item cotangents of a list, to be popped from the end."""
    n = len(held.contents) if isinstance(held, Held) else len(held)
    if is_zero(d):
        return [ZERO] * n
    if type(d) is dict:
        return [d.get(i, ZERO) for i in range(n)]
    return list(d)
