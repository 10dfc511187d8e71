"""Attributes of actual values: read, written and deleted as Python does, and differentiated."""

from __future__ import annotations

import functools
import types
from typing import Any

import numpy as np

from dpy.cotangent import ZERO, add
from dpy.runtime import forward_run, item_cotangents
from dpy.runtime.attempts import Failed, attempt
from dpy.runtime.builtin_attributes import (
    MEMBERS,
    METHODS,
    NOT_THERE,
    first_operand,
    has_own,
    owner_of_method,
    read_builtin,
    read_out_of_sight,
    slot_pullback,
)
from dpy.runtime.dispatch import dispatch
from dpy.runtime.failures import mutation_error
from dpy.runtime.items import raw_read, raw_write
from dpy.runtime.opaque import carries, opaque
from dpy.runtime.special_methods import behind, implements, user_method
from dpy.runtime.stand_ins import assign_flat
from dpy.runtime.watch import CACHED
from dpy.transform.infer.lookup import is_importable

__all__ = ["delete_attribute", "read_attribute", "write_attribute"]

_MISSING = object()
_PLAIN_DESCRIPTORS = (
    types.FunctionType, classmethod, staticmethod, types.ClassMethodDescriptorType, *METHODS,
    *MEMBERS, types.BuiltinFunctionType, type, CACHED,
)  # fmt: skip
_BOUNDS = frozenset({"start", "stop", "step"})
_BOUND = (types.MethodType, types.BuiltinMethodType, types.MethodWrapperType)
_BY_VALUE = (float, complex, np.inexact, tuple)
_object_get = object.__getattribute__


def _in_class(cls: type, name: str) -> bool:
    """Whether the class has something under a name: it may be None."""
    return any(name in c.__dict__ for c in cls.__mro__)


# --- reading --------------------------------------------------------------------------------------


def read_attribute(owner: Any, name: str) -> tuple[Any, Any]:
    """``owner.name``: ``(y, pb)`` with ``pb(d, acc) -> remainder of owner``."""
    cls = type(owner)
    if cls.__getattribute__ is object.__getattribute__:  # type: ignore[comparison-overlap]
        # An attribute of the instance that nothing in its class stands before: the common case.
        try:
            fields = _object_get(owner, "__dict__")
        except AttributeError:
            fields = {}
        y = fields.get(name, _MISSING)
        if y is not _MISSING and type(fields) is dict:
            for c in cls.__mro__:
                if name in c.__dict__:
                    break
            else:
                return y, slot_pullback(owner, name)
    return _read_slow(owner, name)


def _read_slow(owner: Any, name: str) -> tuple[Any, Any]:
    owner = behind(owner)
    cls = type(owner)
    if forward_run.is_hidden(owner):
        return read_out_of_sight(owner, name)
    if _is_field(owner, name) and isinstance(owner, np.record) and not hasattr(np.void, name):
        return first_operand(raw_read(owner, name))
    found = read_builtin(owner, name)
    if found is not NOT_THERE:
        return found
    if cls is super:
        return _of_super(owner, name)
    if cls is slice and name in _BOUNDS:
        return getattr(owner, name), lambda d, acc: ZERO if d is ZERO else {name: d}
    if name == "__dict__":
        return forward_run.instance_dict(owner), None
    custom = user_method(cls, "__getattribute__")
    if custom is not None and not isinstance(owner, tuple):
        return first_operand(dispatch(custom, (owner, name), {}))
    return default_attribute(owner, name)


def _is_field(owner: Any, name: str) -> bool:
    """Whether this is a field of records that have their fields as attributes."""
    return isinstance(owner, (np.record, np.recarray)) and name in (owner.dtype.names or ())


def default_attribute(owner: Any, name: str) -> tuple[Any, Any]:
    """What ``object.__getattribute__`` does, then ``__getattr__``."""
    cls = type(owner)
    raw = implements(cls, name)
    if isinstance(raw, property) and raw.fget is not None:
        return _with_fallback(owner, name, raw.fget)
    if raw is None and not _in_class(cls, name) and not has_own(owner, name):
        fallback = implements(cls, "__getattr__")
        if fallback is not None:
            return first_operand(dispatch(fallback, (owner, name), {}))
    found = _by_descriptor(owner, name, raw)
    if found is not None:
        return found
    y = getattr(owner, name)
    if isinstance(y, _BOUND) and y.__self__ is owner:
        return y, owner_of_method
    if isinstance(owner, tuple) and name in getattr(cls, "_fields", ()):
        place, n = cls._fields.index(name), len(owner)
        return (
            y,
            lambda d, acc: (
                ZERO if d is ZERO else tuple([d if i == place else ZERO for i in range(n)])
            ),
        )
    return y, slot_pullback(_holder(owner, name, raw), name)


def _holder(owner: Any, name: str, raw: Any) -> Any:
    """Whose slot an attribute is: the object's own, or that of the class that has it.

    The attributes of objects that keep them in C (`threading.local`, structures of `ctypes`) have
    data descriptors in the class, or nothing at all.
    """
    if has_own(owner, name) or isinstance(raw, MEMBERS) or hasattr(type(raw), "__set__"):
        return owner
    return next((c for c in type(owner).__mro__ if name in c.__dict__), owner)


def _by_descriptor(owner: Any, name: str, raw: Any) -> tuple[Any, Any] | None:
    """What something in the class computes for `owner`; None for methods and plain values."""
    if isinstance(raw, functools.cached_property):
        return _cached(owner, name, raw)
    if raw is None or isinstance(raw, _PLAIN_DESCRIPTORS) or not hasattr(type(raw), "__get__"):
        return None
    if _shadowed(owner, name, raw):
        return None
    if isinstance(raw, property):
        return None if raw.fget is None else first_operand(dispatch(raw.fget, (owner,), {}))
    getter = user_method(type(raw), "__get__")
    if getter is None:
        if isinstance(owner, tuple) and name in getattr(type(owner), "_fields", ()):
            return None
        return first_operand(opaque(getattr, (owner, name), {}))
    y, pb = dispatch(getter, (raw, owner, type(owner)), {})
    return y, None if pb is None else lambda d, acc: pb(d, acc)[1][1]


def _of_super(s: Any, name: str) -> tuple[Any, Any]:
    """``super().name``. The cotangent of a super object is that of the object behind it."""
    owner, cls = s.__self__, s.__self_class__
    y_of = functools.partial(getattr, s, name)
    if owner is None or isinstance(owner, type):
        return y_of(), None
    mro = cls.__mro__
    for c in mro[mro.index(s.__thisclass__) + 1 :]:
        if name in c.__dict__:
            found = _by_descriptor(owner, name, c.__dict__[name])
            if found is not None:
                return found
            y = y_of()
            if isinstance(y, _BOUND) and y.__self__ is owner:
                return y, owner_of_method
            is_member = isinstance(c.__dict__[name], MEMBERS)
            return y, slot_pullback(owner if is_member else c, name)
    return y_of(), None  # an attribute of the super object


def _with_fallback(owner: Any, name: str, getter: Any) -> tuple[Any, Any]:
    """A property; when it raises AttributeError the class's ``__getattr__`` is asked."""
    fallback = user_method(type(owner), "__getattr__")
    if fallback is None:
        return first_operand(dispatch(getter, (owner,), {}))
    found = attempt(AttributeError, dispatch, getter, (owner,), {})
    if type(found) is not Failed:
        return first_operand(found)
    y, pb = dispatch(fallback, (owner, name), {})
    back = found.back

    def fallback_pullback(d: Any, acc: Any) -> Any:
        d_owner = ZERO if pb is None else pb(d, acc)[1][0]
        back(acc)
        return d_owner

    return y, fallback_pullback


def _cached(owner: Any, name: str, raw: Any) -> tuple[Any, Any]:
    """A `functools.cached_property`: computed at the first read, then an attribute."""
    if has_own(owner, name):
        return owner.__dict__[name], slot_pullback(owner, name)
    y, pb = dispatch(raw.func, (owner,), {})
    owner.__dict__[name] = y

    def cached_pullback(d: Any, acc: Any) -> Any:
        d = add(d, acc.take_slot(owner, name))
        return ZERO if pb is None else pb(d, acc)[1][0]

    return y, cached_pullback


def _shadowed(owner: Any, name: str, raw: Any) -> bool:
    is_data = hasattr(type(raw), "__set__") or hasattr(type(raw), "__delete__")
    return not is_data and has_own(owner, name)


# --- writing --------------------------------------------------------------------------------------


def write_attribute(owner: Any, name: str, value: Any) -> Any:
    """``owner.name = value``; returns ``pb(acc) -> remainder of value``."""
    owner = behind(owner)
    cls = type(owner)
    if cls.__setattr__ is object.__setattr__:  # type: ignore[comparison-overlap]
        for c in cls.__mro__:
            if name in c.__dict__:
                break
        else:
            setattr(owner, name, value)
            return lambda acc: acc.take_slot(owner, name)
    if _is_field(owner, name):
        pb = raw_write(owner, name, value)[1]
        return lambda acc: pb(ZERO, acc)[2]
    custom = user_method(cls, "__setattr__")
    if custom is not None and not custom.__code__.co_filename.startswith("<"):
        return _last(dispatch(custom, (owner, name, value), {})[1])
    return default_write(owner, name, value)


def default_write(owner: Any, name: str, value: Any) -> Any:
    """What ``object.__setattr__`` does (or what a frozen class's does: refuse)."""
    cls = type(owner)
    raw = implements(cls, name)
    if isinstance(raw, property) and isinstance(raw.fset, types.FunctionType):
        return _last(dispatch(raw.fset, (owner, value), {})[1])
    setter = user_method(type(raw), "__set__") if raw is not None else None
    if setter is not None:
        return _last(dispatch(setter, (raw, owner, value), {})[1])
    if isinstance(owner, (types.ModuleType, type)):
        return _write_shared(owner, name, value)
    if isinstance(owner, np.ndarray) and name in np.ndarray.__dict__:
        return _write_of_array(owner, name, value)
    if cls is types.FunctionType and name in ("__defaults__", "__kwdefaults__", "__code__"):
        return _write_refused(owner, name, value)
    setattr(owner, name, value)
    return lambda acc: acc.take_slot(owner, name)


def _last(pb: Any) -> Any:
    return lambda acc: ZERO if pb is None else pb(ZERO, acc)[1][-1]


#: Attributes of arrays that stand for their items: to assign one is to write all of these.
_PARTS = {
    "real": lambda array, value: raw_write(array.real, ..., value),
    "imag": lambda array, value: raw_write(array.imag, ..., value),
    "flat": assign_flat,
}


def _write_of_array(owner: Any, name: str, value: Any) -> Any:
    """``a.shape = ...`` and the like: the memory is seen in another way from here on."""
    part = _PARTS.get(name)
    if part is not None:
        if name == "imag" and owner.dtype.kind != "c":
            setattr(owner, name, value)  # an error, or nothing
            return lambda acc: ZERO
        _, pb = part(owner, value)
        return lambda acc: pb(ZERO, acc)[2]
    if name == "shape":
        before = owner.shape
        owner.shape = value
        forward_run.run.reshaped.append(owner)

        def reshape_back(acc: Any) -> Any:
            acc.set_shape(owner, before)
            return ZERO

        return reshape_back
    before = getattr(owner, name, None)
    setattr(owner, name, value)
    if name in ("strides", "dtype"):
        if getattr(owner, name) == before:
            return lambda acc: ZERO
        raise mutation_error(
            f"assignment to the {name} of an array",
            "the array's cotangent would have to change its layout with it",
            f"make a new view instead of setting {name}",
        )

    def refuse(acc: Any) -> Any:
        if not item_cotangents.is_null(acc.peek(owner)):
            raise mutation_error(f"assignment to the {name} of an array", "it is not reversible")
        return ZERO

    return refuse


def _write_shared(owner: Any, name: str, value: Any) -> Any:
    """Numbers in modules and classes that can be imported are constants for compiled code."""
    setattr(owner, name, value)
    if isinstance(value, _BY_VALUE) and carries(value) and is_importable(owner):
        raise mutation_error(
            f"a value that carries a derivative was stored in {owner.__name__}.{name}",
            "attributes of modules and classes are constants for dpy",
        )
    return lambda acc: acc.take_slot(owner, name)


def _write_refused(owner: Any, name: str, value: Any) -> Any:
    setattr(owner, name, value)
    if carries(value):
        raise mutation_error(
            f"a value that carries a derivative was stored in {owner.__name__}.{name}",
            "it becomes part of a function that dpy has compiled",
        )
    return lambda acc: ZERO


def delete_attribute(owner: Any, name: str) -> Any:
    """``del owner.name``; returns ``pb(acc)``: what is read afterwards did not come from before."""
    cls = type(owner)
    custom = user_method(cls, "__delattr__")
    raw = implements(cls, name)
    if custom is not None:
        _, pb = dispatch(custom, (owner, name), {})
    elif isinstance(raw, property) and isinstance(raw.fdel, types.FunctionType):
        _, pb = dispatch(raw.fdel, (owner,), {})
    else:
        delattr(owner, name)
        return lambda acc: acc.take_slot(owner, name)
    return lambda acc: None if pb is None else pb(ZERO, acc)
