"""Weak references: what they give is the object itself, whose cotangents are its own."""

from __future__ import annotations

import weakref
from typing import Any

from dpy.cotangent import ZERO
from dpy.runtime.entries import CALLABLES

__all__: list[str] = []


def _referent(dispatch: Any, f: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    y = f(*args, **kwargs)

    def referent_pullback(d: Any, acc: Any) -> Any:
        if y is not None:
            acc.add(y, d)
        return ZERO, (), {}

    return y, referent_pullback


CALLABLES[weakref.ref] = _referent
