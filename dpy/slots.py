"""User data as trees of slots: how each type is read, and how its gradient is built.

Every value is either a *leaf* (a number, an array, or an atom without a gradient) or holds other
values in *slots*:

- list, tuple, deque: slot = position; dict: slot = key;
- object, dataclass, NamedTuple subclass with attributes: slot = attribute name;
- function: slot = name of a free variable (its value is the *cell*), of a parameter with a
  default, or of a function attribute; cell: the one slot ``"cell_contents"``;
- bound method: ``"__self__"`` and ``"__func__"``; `functools.partial`: func, args, keywords.

An internal cotangent (see `dpy.cotangent`) names the same slots. Nothing here runs the user's code.
"""

from __future__ import annotations

import collections
import weakref
from collections.abc import Callable
from typing import Any, TypeAlias

from dpy import leaves
from dpy.cotangent import ZERO
from dpy.errors import DpyError
from dpy.records import record

__all__ = ["Kind", "Slots", "contents", "fields_of", "is_leaf", "kind_of", "slots_of"]

Slots: TypeAlias = dict[Any, Any]


@record
class Kind:
    """A leaf has `leaf`; anything else `read` (its slots) and `build` (from mirrored slots).

    `frozen`: which values its slots hold can never change.
    `is_by_value`: besides, its identity means nothing: its cotangent lives in locals only.
    `is_whole`: whether the slots are all that it holds; a class in C may keep more to itself.
    """

    leaf: Callable[[Any, Any, bool], Any] = leaves.no_gradient
    read: Callable[[Any], Slots] | None = None
    build: Callable[[Any, Slots], Any] = lambda x, values: None
    frozen: bool = False
    is_by_value: bool = False
    is_whole: bool = True


# By identity of the class: entries of user classes go when the class does.
_kinds: dict[int, Kind] = {}
_classes: dict[int, weakref.ref[type]] = {}


def kind_of(cls: type) -> Kind:
    """How values of a type are read and rebuilt."""
    kind = _kinds.get(id(cls))
    return _remember(cls) if kind is None else kind


def _remember(cls: type) -> Kind:
    key = id(cls)

    def forget(_: Any) -> None:
        _kinds.pop(key, None)
        _classes.pop(key, None)

    from dpy.slot_kinds import classify  # which reads by means of this module

    kind = classify(cls)
    _classes[key] = weakref.ref(cls, forget)
    _kinds[key] = kind
    return kind


def is_leaf(x: Any) -> bool:
    """Whether `x` holds no other values: a number, an array, or an atom without a gradient."""
    return kind_of(type(x)).read is None


def contents(x: Any) -> Slots | None:
    """The slots of `x` and their values, a new dict; None for a leaf."""
    read = kind_of(type(x)).read
    return None if read is None else read(x)


def fields_of(x: Any) -> list[str] | None:
    """The attribute names that can hold differentiable data; None for atoms and plain containers.

    >>> from types import SimpleNamespace
    >>> fields_of(SimpleNamespace(a=1, b=2.0))
    ['a', 'b']
    """
    if isinstance(x, tuple) and hasattr(type(x), "_fields"):
        return list(getattr(x, "_fields", ()))
    kind = kind_of(type(x))
    if kind.read is None or isinstance(x, (list, tuple, dict, collections.deque)):
        return None
    return [name for name in kind.read(x) if isinstance(name, str)]


def slots_of(d: Any) -> Slots:
    """The slots of a cotangent, however a rule wrote it: dict, tuple, list, Tangent or struct."""
    if type(d) is dict:
        return d
    if d is ZERO or d is None:
        return {}
    slots = contents(d)
    if slots is None:
        raise DpyError(
            f"a cotangent of type {type(d).__name__} for a value that holds other values",
            why="the cotangent of a container or object has one entry per slot",
            repair="return a dict, a Tangent or an instance of the same class from the rule",
        )
    return slots
