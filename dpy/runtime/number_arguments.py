"""Functions of numbers that are given objects: ``math.sin(box)`` asks it by ``__float__``.

The method of the user's is called, differentiated; for the number that it gives there is a rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from dpy.cotangent import ZERO
from dpy.runtime import item_cotangents
from dpy.runtime.conversions import number_of
from dpy.runtime.dispatch import dispatch
from dpy.runtime.iteration import give_items

__all__ = ["with_numbers"]

# What stands for an argument, and ``back(d, acc) -> remainder of the argument``; or None.
_Converted = tuple[Any, Callable[[Any, Any], Any]] | None
_OF_ITEMS = frozenset({math.fsum, math.dist})


def with_numbers(f: Any, args: tuple[Any, ...]) -> Any:
    """The call of a function, its arguments converted before: ``(y, pb)`` as of `dispatch`.

    None where none has to be.
    """
    module = getattr(f, "__module__", None)
    if module == "math":
        made = [_items(x) if f in _OF_ITEMS else number_of(x, float) for x in args]
    elif module == "cmath":
        made = [number_of(x, complex) for x in args]
    else:
        return None
    if not any(made):
        return None
    new = [x if m is None else m[0] for x, m in zip(args, made, strict=True)]
    y, pb = dispatch(f, tuple(new), {})

    def numbers_pullback(d: Any, acc: Any) -> Any:
        d_args: list[Any] = [ZERO] * len(args) if pb is None else list(pb(d, acc)[1])
        _go_back(made, d_args, acc)
        return ZERO, tuple(d_args), {}

    return y, numbers_pullback


def _go_back(made: list[_Converted], ds: list[Any], acc: Any) -> None:
    """From the cotangents of the numbers to those of the objects, the last one first."""
    for i in range(len(made) - 1, -1, -1):
        m = made[i]
        if m is not None:
            ds[i] = m[1](ds[i], acc)


def _items(xs: Any) -> _Converted:
    """A list or tuple in which there are objects."""
    if type(xs) not in (list, tuple):
        return None
    made = [number_of(x, float) for x in xs]
    if not any(made):
        return None
    new = [x if m is None else m[0] for x, m in zip(xs, made, strict=True)]

    def items_back(d: Any, acc: Any) -> Any:
        d_items = list(item_cotangents.fresh_items(acc, new, len(new), d))
        _go_back(made, d_items, acc)
        return give_items(acc, xs, d_items)

    return new, items_back
