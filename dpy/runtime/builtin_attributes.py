"""Attributes of what is no object of the user's: numbers, functions, classes, modules, frames."""

from __future__ import annotations

import functools
import types
from fractions import Fraction
from typing import Any

import numpy as np

from dpy.adjoints import registry
from dpy.cotangent import ZERO
from dpy.runtime import forward_run, item_cotangents
from dpy.runtime.dispatch import dispatch
from dpy.runtime.failures import no_adjoint
from dpy.runtime.held import hold, take
from dpy.runtime.opaque import carries, opaque, refuse_shown
from dpy.runtime.rule_calls import by_rule
from dpy.runtime.special_methods import implements, user_method
from dpy.slots import slots_of

__all__ = [
    "MEMBERS", "METHODS", "NOT_THERE", "first_operand", "has_own", "owner_of_method",
    "read_builtin", "read_out_of_sight", "slot_pullback",
]  # fmt: skip

NOT_THERE = object()  # what `read_builtin` returns for objects
_NUMBERS = (np.ndarray, np.generic, float, int, complex)
_EXACT_NUMBERS = frozenset({np.ndarray, float, int, complex, bool, np.float64})
_HEAP_TYPE = 1 << 9  # of a class made by a class statement
_BOUND = (types.MethodType, types.BuiltinMethodType, types.MethodWrapperType)
MEMBERS = (types.MemberDescriptorType, types.GetSetDescriptorType)
METHODS = (types.MethodDescriptorType, types.WrapperDescriptorType)
_OF_FRACTION = frozenset({"numerator", "_numerator", "denominator", "_denominator"})


def has_own(owner: Any, name: str) -> bool:
    """Whether the instance itself has the attribute, in its ``__dict__``."""
    try:
        return name in object.__getattribute__(owner, "__dict__")
    except AttributeError:
        return False


def slot_pullback(owner: Any, name: str) -> Any:
    """The way back to one attribute of an object."""

    def attribute_pullback(d: Any, acc: Any) -> Any:
        if d is not ZERO:
            acc.add_slot(owner, name, d)
        return ZERO

    return attribute_pullback


def first_operand(found: tuple[Any, Any]) -> tuple[Any, Any]:
    """A call on the owner, in the protocol of attributes."""
    y, pb = found
    return y, None if pb is None else lambda d, acc: pb(d, acc)[1][0]


def owner_of_method(d: Any, acc: Any) -> Any:
    """The pullback of a bound method: its cotangent has that of its owner."""
    return ZERO if d is ZERO else slots_of(d).get("__self__", ZERO)


def read_out_of_sight(owner: Any, name: str) -> tuple[Any, Any]:
    """``owner.name`` where nobody knows what it was made of."""

    def attribute(x: Any) -> Any:
        return getattr(x, name)

    attribute.__module__ = type(owner).__module__
    attribute.__qualname__ = f"{type(owner).__qualname__}.{name}"
    return first_operand(opaque(attribute, (owner,), {}))


def read_builtin(owner: Any, name: str) -> Any:
    """``owner.name`` with its pullback; NOT_THERE where `owner` is looked at as objects are."""
    cls = type(owner)
    if isinstance(owner, _NUMBERS):
        return NOT_THERE if _is_of_subclass(owner, name) else _of_number(owner, name)
    if isinstance(owner, type):
        return _of_class(owner, name)
    if isinstance(owner, Fraction) and name in _OF_FRACTION:
        # A fraction is one number: its numerator moves with it, the denominator stays.
        y, below = getattr(owner, name), owner.denominator
        return y, (lambda d, acc: d * below) if name.endswith("numerator") else None
    if isinstance(owner, types.ModuleType):
        return _of_module(owner, name)
    reader = _READERS.get(cls)
    return NOT_THERE if reader is None else reader(owner, name)


# --- numbers and arrays ---------------------------------------------------------------------------


def _is_of_subclass(owner: Any, name: str) -> bool:
    """Whether a number or array has an attribute from a class that a user derived."""
    cls = type(owner)
    if cls in _EXACT_NUMBERS:
        return False
    if has_own(owner, name):
        return True
    definer = next((c for c in cls.__mro__ if name in c.__dict__), None)
    return definer is not None and bool(definer.__flags__ & _HEAP_TYPE)


def _of_number(owner: Any, name: str) -> tuple[Any, Any]:
    """Attributes of numbers and arrays: by their rules, and methods."""
    descriptor = getattr(type(owner), name, None)
    rule = registry.lookup(descriptor) if descriptor is not None else None
    if rule is not None and not isinstance(descriptor, METHODS):
        return first_operand(by_rule(rule, (owner,), {}))
    y = getattr(owner, name)
    if name == "ctypes" and isinstance(owner, np.ndarray):
        return y, lambda d, acc: refuse_shown(acc, owner)
    if isinstance(y, (types.BuiltinMethodType, types.MethodType, types.MethodWrapperType)):
        return y, owner_of_method
    if isinstance(owner, (float, int)):
        return y, (lambda d, acc: d) if name in ("real", "numerator") else None
    if isinstance(owner, complex):
        factor = 1.0 if name == "real" else 1j
        return y, lambda d, acc: d * factor
    if not carries(y) or isinstance(y, (str, int, tuple)):
        return y, None  # shape, dtype, strides and the like
    held = hold(y)

    def unknown_pullback(d: Any, acc: Any) -> Any:
        if isinstance(y, np.ndarray) and np.may_share_memory(y, owner):
            return ZERO  # a view: its accumulator is a view of the owner's
        if not item_cotangents.is_null(take(acc, held, d)):
            raise no_adjoint(descriptor, (owner,))
        return ZERO

    return y, unknown_pullback


# --- classes and modules --------------------------------------------------------------------------


def _of_class(owner: type, name: str) -> tuple[Any, Any]:
    """Data descriptors of the metaclass, then the class and its bases, then the metaclass."""
    meta = type(owner)
    of_meta = implements(meta, name)
    if isinstance(of_meta, property) and isinstance(of_meta.fget, types.FunctionType):
        return first_operand(dispatch(of_meta.fget, (owner,), {}))
    if name == "__dict__":
        return forward_run.class_dict(owner), None
    holder = next((c for c in owner.__mro__ if name in c.__dict__), None)
    if holder is None:
        fallback = user_method(meta, "__getattr__") if of_meta is None else None
        if fallback is not None:
            return first_operand(dispatch(fallback, (owner, name), {}))
        return getattr(owner, name), slot_pullback(owner, name)
    getter = user_method(type(holder.__dict__[name]), "__get__")
    if getter is not None:
        y, pb = dispatch(getter, (holder.__dict__[name], None, owner), {})
        return y, None if pb is None else lambda d, acc: pb(d, acc)[1][2]
    return getattr(owner, name), slot_pullback(holder, name)


def _of_module(owner: Any, name: str) -> tuple[Any, Any]:
    if name == "__dict__":
        return forward_run.instance_dict(owner), None
    fields = owner.__dict__
    fallback = None if name in fields else fields.get("__getattr__")
    if isinstance(fallback, types.FunctionType) and not hasattr(types.ModuleType, name):
        y, pb = dispatch(fallback, (name,), {})
        return y, None if pb is None else lambda d, acc: pb(d, acc)[0]
    return getattr(owner, name), slot_pullback(owner, name)


# --- functions, cells, partials, frames -----------------------------------------------------------


def _of_function(f: Any, name: str) -> tuple[Any, Any]:
    if name == "__dict__":
        return forward_run.instance_dict(f), None
    y = getattr(f, name)
    if name != "__defaults__" or not y:
        return y, slot_pullback(f, name)
    n, code = len(y), f.__code__
    names = code.co_varnames[code.co_argcount - n : code.co_argcount]

    def defaults_pullback(d: Any, acc: Any) -> Any:
        for parameter, part in zip(names, item_cotangents.as_tuple(d, n), strict=True):
            acc.add_slot(f, ("default", parameter), part)
        return ZERO

    return y, defaults_pullback


def _of_cell(cell: Any, name: str) -> tuple[Any, Any]:
    if name != "cell_contents":
        return getattr(cell, name), None
    try:
        y = cell.cell_contents
    except ValueError:
        raise NameError("free variable referenced before assignment in enclosing scope") from None
    return y, slot_pullback(cell, "cell_contents")


def _of_partial(p: Any, name: str) -> tuple[Any, Any]:
    y = getattr(p, name)
    if isinstance(y, _BOUND) and y.__self__ is p:
        return y, owner_of_method
    if name not in ("func", "args"):
        return y, lambda d, acc: ZERO
    return y, lambda d, acc: ZERO if d is ZERO else {name: d}


def _of_frame(frame: Any, name: str) -> Any:
    """The variables of a frame are another function's: nobody knows where their values are from."""
    if name != "f_locals":
        return NOT_THERE
    return read_out_of_sight(frame, name)


_READERS: dict[type, Any] = {
    types.FunctionType: _of_function,
    types.CellType: _of_cell,
    functools.partial: _of_partial,
    types.FrameType: _of_frame,
}
