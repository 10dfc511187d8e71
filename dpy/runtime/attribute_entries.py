"""Builtins that read and write attributes, or make classes: ``getattr``, ``vars``, ``super``."""

from __future__ import annotations

import functools
import types
from typing import Any

from dpy.cotangent import ZERO
from dpy.runtime import entries, forward_run
from dpy.runtime.attempts import Failed, attempt
from dpy.runtime.attributes import (
    default_attribute,
    default_write,
    delete_attribute,
    read_attribute,
    write_attribute,
)
from dpy.runtime.builtin_attributes import slot_pullback
from dpy.runtime.item_cotangents import nothing
from dpy.runtime.opaque import opaque
from dpy.runtime.special_methods import implements, user_method
from dpy.slots import slots_of

__all__: list[str] = []


@entries.entry(getattr)
def getattr_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``getattr(owner, name[, default])``."""
    owner, name, *default = args
    rest = (ZERO,) * (len(args) - 1)
    if not default:
        y, pb = read_attribute(owner, name)
    else:
        found = _attempt_read(owner, name)
        if type(found) is Failed:
            back = found.back

            def default_pullback(d: Any, acc: Any) -> Any:
                back(acc)
                return ZERO, (ZERO, ZERO, d), {}

            return default[0], default_pullback
        y, pb = found
    return y, None if pb is None else lambda d, acc: (ZERO, (pb(d, acc), *rest), {})


def _attempt_read(owner: Any, name: str) -> Any:
    if _runs_code(owner, name):
        return attempt(AttributeError, read_attribute, owner, name)
    try:
        return read_attribute(owner, name)
    except AttributeError as error:
        return Failed(error, [])


def _runs_code(owner: Any, name: str) -> bool:
    """Whether code of the user's may run when an attribute is read."""
    cls = type(owner)
    if user_method(cls, "__getattr__") or user_method(cls, "__getattribute__"):
        return True
    for c in (cls, type(cls)):
        raw = implements(c, name)
        if isinstance(raw, (property, functools.cached_property)):
            return True
        if raw is not None and user_method(type(raw), "__get__") is not None:
            return True
    return False


@entries.entry(hasattr)
def hasattr_(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``hasattr(owner, name)``, where that runs code of the user's."""
    if len(args) != 2 or type(args[1]) is not str or not _runs_code(*args):
        return None
    found = _attempt_read(*args)
    if type(found) is Failed:
        back = found.back
        return False, lambda d, acc: back(acc) or nothing(args)
    pb = found[1]
    if pb is None:
        return True, None
    return True, lambda d, acc: (ZERO, (pb(ZERO, acc), ZERO), {})


@entries.entry(setattr)
def setattr_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``setattr(owner, name, value)``."""
    pb = write_attribute(*args)
    return None, lambda d, acc: (ZERO, (ZERO, ZERO, pb(acc)), {})


@entries.entry(delattr)
def delattr_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``delattr(owner, name)``."""
    pb = delete_attribute(*args)

    def delattr_pullback(d: Any, acc: Any) -> Any:
        pb(acc)
        return nothing(args)

    return None, delattr_pullback


@entries.entry(object.__setattr__)
def object_setattr(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``object.__setattr__(owner, name, value)``, also of frozen classes."""
    owner, name, value = args
    raw = implements(type(owner), name)
    if raw is None or isinstance(raw, types.MemberDescriptorType) or not hasattr(raw, "__set__"):
        object.__setattr__(owner, name, value)
        return None, lambda d, acc: (ZERO, (ZERO, ZERO, acc.take_slot(owner, name)), {})
    pb = default_write(owner, name, value)
    return None, lambda d, acc: (ZERO, (ZERO, ZERO, pb(acc)), {})


@entries.entry(object.__getattribute__)
def object_getattribute(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``object.__getattribute__(owner, name)``: without ``__getattr__``."""
    owner, name = args
    if name == "__dict__":
        y, pb = forward_run.instance_dict(owner), None
    elif implements(type(owner), name) is None:
        y, pb = object.__getattribute__(owner, name), slot_pullback(owner, name)
    else:
        y, pb = default_attribute(owner, name)
    return y, None if pb is None else lambda d, acc: (ZERO, (pb(d, acc), ZERO), {})


@entries.entry(super)
def super_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``super(cls, obj)``: what is read from it is bound to the object itself."""
    rests = (ZERO,) * (len(args) - 2)
    return super(*args, **kwargs), lambda d, acc: (ZERO, (ZERO, d, *rests)[: len(args)], {})


@entries.entry(vars)
def vars_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``vars(owner)`` is ``owner.__dict__``."""
    if not args:
        return None  # type: ignore[return-value]
    y, pb = read_attribute(args[0], "__dict__")
    return y, None if pb is None else lambda d, acc: (ZERO, (pb(d, acc),), {})


@entries.entry(types.FunctionType.__get__)
def bind(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``function.__get__(obj, cls)``: a bound method."""
    y = types.FunctionType.__get__(*args, **kwargs)
    rests = (ZERO,) * (len(args) - 2)

    def bind_pullback(d: Any, acc: Any) -> Any:
        d_owner = ZERO if d is ZERO else slots_of(d).get("__self__", ZERO)
        return ZERO, (ZERO, d_owner, *rests)[: len(args)], {}

    return y, bind_pullback


@entries.entry(type, type.__new__)
def make_class(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``type(name, bases, namespace)``: the items of the namespace are attributes of the class."""
    if len(args) < 3:
        return None
    namespace = args[-1]
    y, pb = opaque(type if len(args) == 3 else type.__new__, args, kwargs)
    if pb is None:
        return y, None

    def class_pullback(d: Any, acc: Any) -> Any:
        slots = acc.take_slots(y)
        _, d_args, d_kwargs = pb(d, acc)
        for name, part in slots.items():
            acc.add_slot(namespace, name, part)
        return ZERO, d_args, d_kwargs

    return y, class_pullback
