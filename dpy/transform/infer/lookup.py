"""Look things up in the user's classes, and note what the compiled code then relies on."""

from __future__ import annotations

import sys
import types
import weakref
from typing import Any

from dpy.transform.infer.facts import RuleBook

__all__ = [
    "MISSING", "OBJECT_GETATTRIBUTE", "OBJECT_SETATTR", "class_attribute", "class_function",
    "is_data_descriptor", "is_importable", "is_named_constant", "namespace",
]  # fmt: skip

MISSING: Any = object()
OBJECT_SETATTR = object.__dict__["__setattr__"]
OBJECT_GETATTRIBUTE = object.__dict__["__getattribute__"]

_namespaces: weakref.WeakKeyDictionary[type, Any] = weakref.WeakKeyDictionary()


def namespace(cls: type) -> Any:
    """The ``__dict__`` of a class, always the same proxy: dependencies go by its identity."""
    found = _namespaces.get(cls)
    if found is None:
        found = _namespaces[cls] = cls.__dict__
    return found


def class_attribute(book: RuleBook, cls: type, name: str) -> Any:
    """The attribute as it stands in the classes of the MRO, not bound to anything; or MISSING."""
    for c in cls.__mro__:
        raw = c.__dict__.get(name, MISSING)
        if c.__module__ != "builtins":
            book.depend(namespace(c), name, None if raw is MISSING else raw)
        if raw is not MISSING:
            return raw
    return MISSING


def class_function(book: RuleBook, cls: type, name: str) -> types.FunctionType | None:
    """The same, if it is a Python function."""
    raw = class_attribute(book, cls, name)
    return raw if isinstance(raw, types.FunctionType) else None


def is_data_descriptor(raw: Any) -> bool:
    """Whether it comes before what an instance holds under its name."""
    return hasattr(type(raw), "__set__") or hasattr(type(raw), "__delete__")


def is_named_constant(value: Any) -> bool:
    """``sys.version_info``, ``sys.float_info`` and their like: tuples with names, made in C."""
    return isinstance(value, tuple) and hasattr(type(value), "n_sequence_fields")


def is_importable(value: Any) -> bool:
    """Whether a class or module can be imported: compiled code takes its numbers for constants.

    One that the program has made is an object like others.
    """
    if isinstance(value, types.ModuleType):
        return sys.modules.get(value.__name__) is value
    found: Any = sys.modules.get(value.__module__)
    for name in value.__qualname__.split("."):
        found = getattr(found, "__dict__", {}).get(name)
    return found is value
