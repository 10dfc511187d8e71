"""Attributes of actual values: read, written and deleted as Python does, and differentiated."""

from __future__ import annotations

import functools
import types
from fractions import Fraction
from typing import Any

import numpy as np

from dpy.adjoints import registry
from dpy.cotangent import ZERO, add
from dpy.runtime import forward_run, item_cotangents
from dpy.runtime.attempts import Failed, attempt
from dpy.runtime.dispatch import dispatch
from dpy.runtime.failures import mutation_error, no_adjoint
from dpy.runtime.held import hold, take
from dpy.runtime.items import raw_write
from dpy.runtime.opaque import carries, opaque, refuse_shown
from dpy.runtime.rule_calls import by_rule
from dpy.runtime.special_methods import behind, implements, user_method
from dpy.runtime.stand_ins import write_flat
from dpy.slots import slots_of

__all__ = ["delete_attribute", "read_attribute", "write_attribute"]

_MISSING = object()
_HEAP_TYPE = 1 << 9  # of a class made by a class statement
_OF_FRACTION = frozenset({"numerator", "_numerator", "denominator", "_denominator"})
_EXACT_NUMBERS = frozenset({np.ndarray, float, int, complex, bool, np.float64})
_NUMBERS = (np.ndarray, np.generic, float, int, complex)
_METHODS = (types.MethodDescriptorType, types.WrapperDescriptorType)
_MEMBERS = (types.MemberDescriptorType, types.GetSetDescriptorType)
_PLAIN_DESCRIPTORS = (
    types.FunctionType, classmethod, staticmethod, types.ClassMethodDescriptorType, *_METHODS,
    *_MEMBERS, types.BuiltinFunctionType, type,
)  # fmt: skip
_BOUNDS = frozenset({"start", "stop", "step"})
_BOUND = (types.MethodType, types.BuiltinMethodType, types.MethodWrapperType)
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


def slot_pullback(owner: Any, name: str) -> Any:
    """The way back to one attribute of an object."""

    def attribute_pullback(d: Any, acc: Any) -> Any:
        if d is not ZERO:
            acc.add_slot(owner, name, d)
        return ZERO

    return attribute_pullback


def _read_slow(owner: Any, name: str) -> tuple[Any, Any]:
    owner = behind(owner)
    cls = type(owner)
    if isinstance(owner, _NUMBERS) and not _is_of_subclass(owner, name):
        return _of_number(owner, name)
    if isinstance(owner, type):
        return _of_class(owner, name)
    if isinstance(owner, Fraction) and name in _OF_FRACTION:
        # A fraction is one number: its numerator moves with it, the denominator stays.
        y, below = getattr(owner, name), owner.denominator
        return y, (lambda d, acc: d * below) if name.endswith("numerator") else None
    if cls is types.FunctionType and name == "__defaults__":
        return _defaults(owner)
    if isinstance(owner, types.ModuleType) or cls is types.FunctionType:
        return _plain(owner, name)
    if cls is types.CellType:
        return _of_cell(owner)
    if cls is functools.partial:
        return _of_partial(owner, name)
    if cls is super:
        return _of_super(owner, name)
    if cls is slice and name in _BOUNDS:
        return getattr(owner, name), lambda d, acc: ZERO if d is ZERO else {name: d}
    if name == "__dict__":
        return forward_run.instance_dict(owner), None
    custom = user_method(cls, "__getattribute__")
    if custom is not None and not isinstance(owner, tuple):
        return _first(dispatch(custom, (owner, name), {}))
    return default_attribute(owner, name)


def default_attribute(owner: Any, name: str) -> tuple[Any, Any]:
    """What ``object.__getattribute__`` does, then ``__getattr__``."""
    cls = type(owner)
    raw = implements(cls, name)
    if isinstance(raw, property) and raw.fget is not None:
        return _with_fallback(owner, name, raw.fget)
    if raw is None and not _in_class(cls, name) and not has_own(owner, name):
        fallback = implements(cls, "__getattr__")
        if fallback is not None:
            return _first(dispatch(fallback, (owner, name), {}))
    found = _by_descriptor(owner, name, raw)
    if found is not None:
        return found
    y = getattr(owner, name)
    if isinstance(y, _BOUND) and y.__self__ is owner:
        return y, _owner_of_method
    if isinstance(owner, tuple) and name in getattr(cls, "_fields", ()):
        place, n = cls._fields.index(name), len(owner)
        return (
            y,
            lambda d, acc: (
                ZERO if d is ZERO else tuple([d if i == place else ZERO for i in range(n)])
            ),
        )
    is_of_class = _in_class(cls, name) and not isinstance(raw, _MEMBERS)
    return y, slot_pullback(cls if is_of_class and not has_own(owner, name) else owner, name)


def _by_descriptor(owner: Any, name: str, raw: Any) -> tuple[Any, Any] | None:
    """What something in the class computes for `owner`; None for methods and plain values."""
    if isinstance(raw, functools.cached_property):
        return _cached(owner, name, raw)
    if raw is None or isinstance(raw, _PLAIN_DESCRIPTORS) or not hasattr(type(raw), "__get__"):
        return None
    if _shadowed(owner, name, raw):
        return None
    if isinstance(raw, property):
        return None if raw.fget is None else _first(dispatch(raw.fget, (owner,), {}))
    getter = user_method(type(raw), "__get__")
    if getter is None:
        if isinstance(owner, tuple) and name in getattr(type(owner), "_fields", ()):
            return None
        return _first(opaque(getattr, (owner, name), {}))
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
                return y, _owner_of_method
            is_member = isinstance(c.__dict__[name], _MEMBERS)
            return y, slot_pullback(owner if is_member else c, name)
    return y_of(), None  # an attribute of the super object


def _with_fallback(owner: Any, name: str, getter: Any) -> tuple[Any, Any]:
    """A property; when it raises AttributeError the class's ``__getattr__`` is asked."""
    fallback = user_method(type(owner), "__getattr__")
    if fallback is None:
        return _first(dispatch(getter, (owner,), {}))
    found = attempt(AttributeError, dispatch, getter, (owner,), {})
    if type(found) is not Failed:
        return _first(found)
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


def _owner_of_method(d: Any, acc: Any) -> Any:
    return ZERO if d is ZERO else slots_of(d).get("__self__", ZERO)


def _first(found: tuple[Any, Any]) -> tuple[Any, Any]:
    y, pb = found
    return y, None if pb is None else lambda d, acc: pb(d, acc)[1][0]


def _plain(owner: Any, name: str) -> tuple[Any, Any]:
    y = getattr(owner, name)
    return y, slot_pullback(owner, name)


def _of_class(owner: type, name: str) -> tuple[Any, Any]:
    raw = implements(type(owner), name)
    if isinstance(raw, property) and isinstance(raw.fget, types.FunctionType):
        return _first(dispatch(raw.fget, (owner,), {}))
    own = implements(owner, name)
    getter = user_method(type(own), "__get__") if raw is None and own is not None else None
    if getter is not None:
        y, pb = dispatch(getter, (own, None, owner), {})
        return y, None if pb is None else lambda d, acc: pb(d, acc)[1][2]
    return _plain(owner, name)


def _defaults(function: Any) -> tuple[Any, Any]:
    y = function.__defaults__
    code = function.__code__

    def defaults_pullback(d: Any, acc: Any) -> Any:
        names = code.co_varnames[code.co_argcount - len(y) : code.co_argcount]
        for name, part in zip(names, item_cotangents.as_tuple(d, len(y)), strict=True):
            acc.add_slot(function, ("default", name), part)
        return ZERO

    return y, None if y is None else defaults_pullback


def _is_of_subclass(owner: Any, name: str) -> bool:
    """Whether a number or array has an attribute from a class that a user derived."""
    cls = type(owner)
    if cls in _EXACT_NUMBERS:
        return False
    if has_own(owner, name):
        return True
    definer = next((c for c in cls.__mro__ if name in c.__dict__), None)
    return definer is not None and bool(definer.__flags__ & _HEAP_TYPE)


def _shadowed(owner: Any, name: str, raw: Any) -> bool:
    is_data = hasattr(type(raw), "__set__") or hasattr(type(raw), "__delete__")
    return not is_data and has_own(owner, name)


def has_own(owner: Any, name: str) -> bool:
    """Whether the instance itself has the attribute, in its ``__dict__``."""
    try:
        return name in _object_get(owner, "__dict__")
    except AttributeError:
        return False


def _of_number(owner: Any, name: str) -> tuple[Any, Any]:
    """Attributes of numbers and arrays: by their rules, and methods."""
    descriptor = getattr(type(owner), name, None)
    rule = registry.lookup(descriptor) if descriptor is not None else None
    if rule is not None and not isinstance(descriptor, _METHODS):
        return _first(by_rule(rule, (owner,), {}))
    y = getattr(owner, name)
    if name == "ctypes" and isinstance(owner, np.ndarray):
        return y, lambda d, acc: refuse_shown(acc, owner)
    if isinstance(y, (types.BuiltinMethodType, types.MethodType, types.MethodWrapperType)):
        return y, _owner_of_method
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


def _of_cell(cell: Any) -> tuple[Any, Any]:
    try:
        y = cell.cell_contents
    except ValueError:
        raise NameError("free variable referenced before assignment in enclosing scope") from None
    return y, slot_pullback(cell, "cell_contents")


def _of_partial(p: Any, name: str) -> tuple[Any, Any]:
    y = getattr(p, name)
    if isinstance(y, _BOUND) and y.__self__ is p:
        return y, _owner_of_method
    if name not in ("func", "args"):
        return y, lambda d, acc: ZERO
    return y, lambda d, acc: ZERO if d is ZERO else {name: d}


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
_PARTS = {"real": raw_write, "imag": raw_write, "flat": write_flat}


def _write_of_array(owner: Any, name: str, value: Any) -> Any:
    """``a.shape = ...`` and the like: the memory is seen in another way from here on."""
    part = _PARTS.get(name)
    if part is not None:
        view, write = getattr(owner, name), part
        if name == "imag" and owner.dtype.kind != "c":
            setattr(owner, name, value)  # an error, or nothing
            return lambda acc: ZERO
        _, pb = write(view, ..., value)
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
    """Attributes of modules and classes are read as constants: active values may not go there."""
    setattr(owner, name, value)
    return _write_refused_if_active(owner, name, value)


def _write_refused_if_active(owner: Any, name: str, value: Any) -> Any:
    if isinstance(value, (float, complex, np.ndarray, np.inexact, list, dict, tuple)):
        raise mutation_error(
            f"a value that carries a derivative was stored in {owner.__name__}.{name}",
            "attributes of modules and classes are constants for dpy",
        )
    return lambda acc: ZERO


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
