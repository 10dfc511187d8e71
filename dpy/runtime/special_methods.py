"""Special methods of the user's classes, as Python looks them up: on the class."""

from __future__ import annotations

import types
from typing import Any

__all__ = ["implements", "user_method"]

_MISSING = object()


def user_method(cls: type, name: str) -> Any:
    """The Python function that implements a special method, or None."""
    for c in cls.__mro__:
        raw = c.__dict__.get(name, _MISSING)
        if raw is not _MISSING:
            return raw if isinstance(raw, types.FunctionType) else None
    return None


def implements(cls: type, name: str) -> Any:
    """What stands under the name of a special method in a class or its bases, or None."""
    for c in cls.__mro__:
        if name in c.__dict__:
            return c.__dict__[name]
    return None
