"""Special methods of the user's classes, as Python looks them up: on the class."""

from __future__ import annotations

import gc
import types
import weakref
from typing import Any

import numpy as np

from dpy.slots import kind_of

__all__ = [
    "behind", "has_foreign", "implements", "is_foreign", "is_written_by_dataclass", "user_method",
]  # fmt: skip

_MISSING = object()
_KNOWN = frozenset(
    {float, int, bool, str, np.ndarray, np.float64, type(None), complex, type, slice}
)


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


def is_foreign(x: Any) -> bool:
    """Whether `x` is neither a number nor an array, and its class is a user's."""
    t = type(x)
    if t in _KNOWN or isinstance(x, (np.ndarray, np.generic, tuple, list, dict, str, type)):
        return False
    return kind_of(t).read is not None


def has_foreign(items: Any) -> bool:
    """Whether a list or tuple contains such objects, at any depth that NumPy looks into."""
    return any(
        type(x) not in _KNOWN and (has_foreign(x) if type(x) in (list, tuple) else is_foreign(x))
        for x in items
    )


def behind(x: Any) -> Any:
    """The object that a proxy stands for; `x` itself if it is none.

    >>> behind(types.MappingProxyType({"a": 1.0}))
    {'a': 1.0}
    """
    if type(x) is types.MappingProxyType:
        return gc.get_referents(x)[0]
    if type(x) in weakref.ProxyTypes:
        from dpy.runtime.alive import alive

        return alive(x.__init__.__self__)
    return x


def is_written_by_dataclass(cls: type, method: Any) -> bool:
    """Whether `dataclasses` wrote the method: it asks the fields one by one, and does no more."""
    written = getattr(method, "__wrapped__", method)
    if not isinstance(written, types.FunctionType) or written.__code__.co_filename != "<string>":
        return False
    return any("__dataclass_fields__" in vars(c) for c in cls.__mro__)
