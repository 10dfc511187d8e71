"""Weak references: what they give is the object itself, whose cotangents are its own."""

from __future__ import annotations

import weakref
from typing import Any

from dpy.cotangent import ZERO
from dpy.runtime.alive import alive
from dpy.runtime.entries import CALLABLES, entry

__all__: list[str] = []


def _referent(dispatch: Any, f: Any, args: Any, kwargs: Any) -> Any:
    if type(f).__call__ is not weakref.ref.__call__:
        return None
    y = alive(f(*args, **kwargs))

    def referent_pullback(d: Any, acc: Any) -> Any:
        if y is not None:
            acc.add(y, d)
        return ZERO, (), {}

    return y, referent_pullback


CALLABLES[weakref.ref] = _referent


@entry(weakref.ref.__call__)
def call_reference(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``super().__call__()`` in a class of weak references."""
    (reference,) = args
    y = alive(weakref.ref.__call__(reference))
    return y, lambda d, acc: (acc.add(y, d) if y is not None else None) or (ZERO, (ZERO,), {})


@entry(
    weakref.WeakSet.__len__, weakref.WeakValueDictionary.__len__, weakref.WeakKeyDictionary.__len__
)
def count(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``len(found)``: those count that are still there."""
    (found,) = args
    is_of_values = isinstance(found, weakref.WeakValueDictionary)
    for reference in list(found.data.values() if is_of_values else found.data):
        alive(reference())
    return len(found), None
