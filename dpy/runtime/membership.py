"""``item in container``, and whether a value is an instance of a class."""

from __future__ import annotations

import collections
import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from dpy.cotangent import ZERO, add
from dpy.runtime import iteration, sources
from dpy.runtime.attempts import Thrown, interrupted, state
from dpy.runtime.comparisons import searched
from dpy.runtime.conversions import call_method, truth
from dpy.runtime.dispatch import dispatch
from dpy.runtime.entries import entry
from dpy.runtime.hashing import check_key
from dpy.runtime.opaque import is_of_library
from dpy.runtime.special_methods import user_method

__all__ = ["contains"]

_PLAIN_CONTAINERS = frozenset({list, tuple, dict, set, frozenset, str, range, np.ndarray})


def contains(container: Any, item: Any) -> tuple[Any, Any]:
    """By ``__contains__``, or by going through the items up to the first that is equal."""
    method = user_method(type(container), "__contains__")
    if method is None:
        if type(container) not in _PLAIN_CONTAINERS and _is_searched(container):
            return _search(container, item)
        if isinstance(container, (list, tuple, collections.deque)):
            found = searched(operator.contains, container, item)
            if found is not None:
                return found
        elif isinstance(container, (dict, set, frozenset)):
            check_key(item)
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


# --- isinstance and issubclass --------------------------------------------------------------------


def _checks(function: Any, name: str) -> None:
    def check(dispatch: Any, args: Any, kwargs: Any) -> Any:
        """Where a metaclass of the user's decides."""
        if len(args) != 2 or kwargs:
            return None
        x, wanted = args
        classes = list(_flat(wanted))
        if all(_metaclass_method(c, name) is None for c in classes):
            return None
        steps: list[Any] = []  # (acc) -> remainder of x
        found = False
        for c in classes:
            method = _metaclass_method(c, name)
            if method is None or (function is isinstance and type(x) is c):
                found = function(x, c)
            else:
                found = _ask(method, c, x, steps)
            if found:
                break

        def check_pullback(d: Any, acc: Any) -> Any:
            d_x: Any = ZERO
            for step in reversed(steps):
                d_x = add(d_x, step(acc))
            return ZERO, (d_x, ZERO), {}

        return found, check_pullback

    entry(function)(check)


def _ask(method: Any, cls: Any, x: Any, steps: list[Any]) -> bool:
    answer, pb = call_method(method, (cls, x))
    if pb is not None:
        steps.append(lambda acc: pb(ZERO, acc)[1][1])
    found, then = truth(answer)
    if then is not None:
        steps.append(lambda acc: (then(ZERO, acc), ZERO)[1])
    return bool(found)


def _flat(wanted: Any) -> Iterator[Any]:
    if isinstance(wanted, tuple):
        for part in wanted:
            yield from _flat(part)
    else:
        yield wanted


def _metaclass_method(cls: Any, name: str) -> Any:
    method = None if type(cls) is type else user_method(type(cls), name)
    return None if method is None or is_of_library(method) else method


_checks(isinstance, "__instancecheck__")
_checks(issubclass, "__subclasscheck__")
