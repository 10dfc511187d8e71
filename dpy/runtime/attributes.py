"""Attributes of actual values: read, written and deleted as Python does, and differentiated."""

from __future__ import annotations

import functools
import types
from fractions import Fraction
from typing import Any

import numpy as np

from dpy.adjoints import registry
from dpy.cotangent import ZERO, add
from dpy.runtime import entries, forward_run, item_cotangents
from dpy.runtime.attempts import Failed, attempt
from dpy.runtime.dispatch import dispatch
from dpy.runtime.failures import mutation_error, no_adjoint
from dpy.runtime.held import hold, take
from dpy.runtime.opaque import carries
from dpy.runtime.rule_calls import by_rule
from dpy.runtime.special_methods import user_method
from dpy.slots import slots_of

__all__ = ["delete_attribute", "read_attribute", "write_attribute"]

_MISSING = object()
_OF_FRACTION = frozenset({"numerator", "_numerator", "denominator", "_denominator"})
_NUMBERS = (np.ndarray, np.generic, float, int, complex)
_METHODS = (types.MethodDescriptorType, types.WrapperDescriptorType)
_MEMBERS = (types.MemberDescriptorType, types.GetSetDescriptorType)
_BOUND = (types.MethodType, types.BuiltinMethodType, types.MethodWrapperType)
_object_get = object.__getattribute__


def implements(cls: type, name: str) -> Any:
    """What the class or one of its bases has under a name, as it stands there; or None."""
    for c in cls.__mro__:
        if name in c.__dict__:
            return c.__dict__[name]
    return None


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
                return y, _slot_pullback(owner, name)
    return _read_slow(owner, name)


def _slot_pullback(owner: Any, name: str) -> Any:
    def attribute_pullback(d: Any, acc: Any) -> Any:
        if d is not ZERO:
            acc.add_slot(owner, name, d)
        return ZERO

    return attribute_pullback


def _read_slow(owner: Any, name: str) -> tuple[Any, Any]:
    cls = type(owner)
    if isinstance(owner, _NUMBERS):
        return _of_number(owner, name)
    if isinstance(owner, type):
        return _of_class(owner, name)
    if isinstance(owner, Fraction) and name in _OF_FRACTION:
        # A fraction is one number: its numerator moves with it, the denominator stays.
        y, below = getattr(owner, name), owner.denominator
        return y, (lambda d, acc: d * below) if name.endswith("numerator") else None
    if isinstance(owner, types.ModuleType) or cls is types.FunctionType:
        return _plain(owner, name)
    if cls is types.CellType:
        return _of_cell(owner)
    if cls is functools.partial:
        return _of_partial(owner, name)
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
    if isinstance(raw, property):
        if isinstance(raw.fget, types.FunctionType):
            return _with_fallback(owner, name, raw.fget)
    elif isinstance(raw, functools.cached_property):
        return _cached(owner, name, raw)
    elif raw is not None and user_method(type(raw), "__get__") is not None:
        if not _shadowed(owner, name, raw):
            getter = user_method(type(raw), "__get__")
            y, pb = dispatch(getter, (raw, owner, cls), {})
            return y, None if pb is None else lambda d, acc: pb(d, acc)[1][1]
    elif raw is None and not _in_class(cls, name) and not has_own(owner, name):
        fallback = implements(cls, "__getattr__")
        if fallback is not None:
            return _first(dispatch(fallback, (owner, name), {}))
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
    if not has_own(owner, name) and not isinstance(raw, _MEMBERS):
        return y, _slot_pullback(cls, name)
    return y, _slot_pullback(owner, name)


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
        return owner.__dict__[name], _slot_pullback(owner, name)
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
    return y, _slot_pullback(owner, name)


def _of_class(owner: type, name: str) -> tuple[Any, Any]:
    raw = implements(type(owner), name)
    if isinstance(raw, property) and isinstance(raw.fget, types.FunctionType):
        return _first(dispatch(raw.fget, (owner,), {}))
    return _plain(owner, name)


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
    return y, _slot_pullback(cell, "cell_contents")


def _of_partial(p: Any, name: str) -> tuple[Any, Any]:
    y = getattr(p, name)
    if name not in ("func", "args"):
        return y, lambda d, acc: ZERO
    return y, lambda d, acc: ZERO if d is ZERO else {name: d}


# --- writing --------------------------------------------------------------------------------------


def write_attribute(owner: Any, name: str, value: Any) -> Any:
    """``owner.name = value``; returns ``pb(acc) -> remainder of value``."""
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
    if isinstance(owner, np.ndarray):
        return _write_of_array(owner, name, value)
    if cls is types.FunctionType and name in ("__defaults__", "__kwdefaults__", "__code__"):
        return _write_refused(owner, name, value)
    setattr(owner, name, value)
    return lambda acc: acc.take_slot(owner, name)


def _last(pb: Any) -> Any:
    return lambda acc: ZERO if pb is None else pb(ZERO, acc)[1][-1]


def _write_of_array(owner: Any, name: str, value: Any) -> Any:
    """``a.shape = ...`` and the like: the memory is seen in another way from here on."""
    before = getattr(owner, name, None)
    setattr(owner, name, value)
    if name in ("shape", "strides", "dtype") and getattr(owner, name) != before:
        raise mutation_error(
            f"assignment to the {name} of an array",
            "the array's cotangent would have to change its layout with it",
            f"make a new view, with reshape or view, instead of setting {name}",
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


# --- the builtins ---------------------------------------------------------------------------------


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
        return False, lambda d, acc: back(acc) or item_cotangents.nothing(args)
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
        return item_cotangents.nothing(args)

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
        y, pb = _object_get(owner, name), _slot_pullback(owner, name)
    else:
        y, pb = default_attribute(owner, name)
    return y, None if pb is None else lambda d, acc: (ZERO, (pb(d, acc), ZERO), {})


@entries.entry(vars)
def vars_(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``vars(owner)`` is ``owner.__dict__``."""
    if not args:
        return None  # type: ignore[return-value]
    y, pb = read_attribute(args[0], "__dict__")
    return y, None if pb is None else lambda d, acc: (ZERO, (pb(d, acc),), {})
