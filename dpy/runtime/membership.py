"""``item in container``."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from dpy.cotangent import ZERO
from dpy.runtime import iteration, sources
from dpy.runtime.attempts import Thrown, interrupted, state
from dpy.runtime.dispatch import dispatch
from dpy.runtime.special_methods import user_method

__all__ = ["contains"]

_PLAIN_CONTAINERS = frozenset({list, tuple, dict, set, frozenset, str, range, np.ndarray})


def contains(container: Any, item: Any) -> tuple[Any, Any]:
    """By ``__contains__``, or by going through the items up to the first that is equal."""
    method = user_method(type(container), "__contains__")
    if method is None:
        if type(container) not in _PLAIN_CONTAINERS and _is_searched(container):
            return _search(container, item)
        return operator.contains(container, item), None
    y, pb = dispatch(method, (container, item), {})
    if type(y) is Thrown:
        return y, lambda d, acc: pb(ZERO, acc)[1]
    return bool(y), None if pb is None else lambda d, acc: pb(ZERO, acc)[1]


def _is_searched(container: Any) -> bool:
    if isinstance(container, (*sources.VIEWS, set, frozenset)):
        return False
    return sources.is_lazy(container) or sources.is_user_iterable(container)


def _search(iterable: Any, item: Any) -> tuple[Any, Any]:
    """``item in iterable``: reads up to the first that is equal."""
    walked, pb = iteration.iterate(iterable, True)
    count, found = 0, False
    base = len(state.orphans)

    def back(acc: Any) -> Any:
        giver = pb(count, acc)
        for _ in range(count):
            giver.give(ZERO)
        return giver.finish()

    try:
        for value in walked:
            count += 1
            if value is item or value == item:
                found = True
                break
    except BaseException:
        interrupted(base, back)
        raise
    return found, lambda d, acc: (back(acc), ZERO)
