"""Attributes, read and written: of modules and classes, of the user's objects, and of arrays."""

from __future__ import annotations

import types
from typing import Any

import numpy as np

from dpy.kinds import (
    BOTTOM,
    UNKNOWN,
    Array,
    Const,
    Kind,
    KnownObject,
    List,
    Method,
    Number,
    Object,
    Slice,
    Tuple,
    can_carry,
    is_atomic,
    is_text,
    kind_of,
)
from dpy.transform import ir
from dpy.transform.infer.callees import call_function
from dpy.transform.infer.containers import write_slot
from dpy.transform.infer.facts import HEAP, OPEN, Site
from dpy.transform.infer.kinds_of import NONE, kind_by_rule
from dpy.transform.infer.lookup import (
    MISSING,
    OBJECT_GETATTRIBUTE,
    OBJECT_SETATTR,
    class_attribute,
    is_data_descriptor,
    is_importable,
    is_named_constant,
)
from dpy.transform.infer.state import Arguments, Atoms, Found, Kinds, State, generic, inert

__all__ = ["note_layout", "read_attribute", "write_attribute"]

_LAYOUT = frozenset({"shape", "strides", "dtype"})
_OF_DTYPES = frozenset({"kind", "char", "name", "itemsize"})
_LIST_METHODS = set("append extend insert pop clear reverse sort remove index count".split())
_BOUNDS = ("start", "stop", "step")
_PLAIN_METHODS = (types.FunctionType, types.MethodDescriptorType, types.WrapperDescriptorType)


def read_attribute(state: State, s: ir.Assign, owner: Any, name: str, kind: Kind) -> Found:
    """The statement ``y = owner.name``."""
    found = _read(state, s, owner, name, kind)
    if not isinstance(found[0], Method) or id(s) in state.layout.direct_methods:
        return found
    return _by_runtime(state, s, owner, name, kind, writes=False)


def _read(state: State, s: ir.Assign, owner: Any, name: str, kind: Kind) -> Found:
    if isinstance(kind, KnownObject):
        return _of_known(state, s, kind.value, name)
    if isinstance(kind, Object):
        return _of_object(state, s, owner, name, kind)
    if isinstance(kind, Array):
        return _of_array(state, s, owner, name, kind)
    if isinstance(kind, Const) and isinstance(kind.value, np.dtype) and name in _OF_DTYPES:
        found = getattr(kind.value, name)
        return inert(Const(found, type(found)))
    if isinstance(kind, Slice) and name in _BOUNDS:
        return _bound(state, s, owner, name, kind.parts[_BOUNDS.index(name)])
    if is_text(kind) and isinstance(getattr(str, name, None), types.MethodDescriptorType):
        return inert(Method(KnownObject(getattr(str, name)), owner))
    if isinstance(kind, List) and name in _LIST_METHODS:
        return inert(Method(KnownObject(getattr(list, name)), owner))
    if not state.is_varied(owner):
        state.effects.alias_target_if(s, owner, UNKNOWN)
        return inert(UNKNOWN)
    return _by_runtime(state, s, owner, name, kind, writes=kind is UNKNOWN)


def _bound(state: State, s: ir.Assign, owner: Any, name: str, bound: Kind) -> Found:
    """``start``, ``stop`` or ``step`` of a slice."""
    state.effects.alias_target_if(s, owner, bound)
    varied = state.is_varied(owner)
    return bound, varied and can_carry(bound), Site("field" if varied else "inert", slot=name)


def _by_runtime(
    state: State,
    s: ir.Assign,
    owner: Any,
    name: str,
    kind: Kind,
    *,
    writes: bool = True,
    result: Kind = UNKNOWN,
) -> Found:
    return generic(state, s, (owner, ir.Lit(name)), (kind,), writes=writes, result=result)


# --- of modules, classes and other things known themselves ----------------------------------------


def _of_known(state: State, s: ir.Assign, value: Any, name: str) -> Found:
    if isinstance(value, types.ModuleType):
        found = value.__dict__.get(name, MISSING)
        if found is MISSING:
            return inert(UNKNOWN)
        state.book.depend(value.__dict__, name, found)
        kind = KnownObject(found) if is_named_constant(found) else kind_of(found)
        return _from_outside(state, s, _now(state, value, kind))
    if is_named_constant(value):
        is_field = isinstance(getattr(type(value), name, None), types.MemberDescriptorType)
        return inert(kind_of(getattr(value, name)) if is_field else UNKNOWN)
    if isinstance(value, np.ufunc):
        method = getattr(np.ufunc, name, None)
        if isinstance(method, types.MethodDescriptorType):
            return inert(Method(KnownObject(method), ir.Known(value, value.__name__)))
        return inert(UNKNOWN)
    if isinstance(value, type):
        return _of_class(state, s, value, name)
    return _from_outside(state, s, UNKNOWN)


def _of_class(state: State, s: ir.Assign, cls: type, name: str) -> Found:
    found = class_attribute(state.book, cls, name) if type(cls) is type else MISSING
    if isinstance(found, staticmethod):
        found = found.__func__
    elif isinstance(found, classmethod):
        return inert(Method(KnownObject(found.__func__), ir.Known(cls, cls.__name__)))
    elif hasattr(found, "__get__") and not isinstance(found, _PLAIN_METHODS):
        found = MISSING
    return _from_outside(
        state, s, UNKNOWN if found is MISSING else _now(state, cls, kind_of(found))
    )


def _now(state: State, owner: Any, kind: Kind) -> Kind:
    """The kind of an attribute of a class or module at this point, if it is `kind` at first."""
    may_be_active = state.heap_active and can_carry(kind)
    return UNKNOWN if may_be_active and not is_importable(owner) else kind


def _from_outside(state: State, s: ir.Assign, kind: Kind) -> Found:
    """What globals, classes and modules hold is of the heap, unless nothing can change it."""
    if is_atomic(kind):
        return inert(kind)
    state.effects.alias_target(s, HEAP)
    varied = state.heap_active
    return kind, varied, Site("generic" if varied else "inert")


# --- of the user's objects ------------------------------------------------------------------------


def _of_object(state: State, s: ir.Assign, owner: Any, name: str, kind: Object) -> Found:
    """As Python looks it up: data descriptors, the instance, then the rest of the class."""
    cls, book = kind.cls, state.book
    if class_attribute(book, cls, "__getattribute__") is not OBJECT_GETATTRIBUTE:
        if not issubclass(cls, tuple):
            return _by_runtime(state, s, owner, name, kind)
    raw = class_attribute(book, cls, name)
    if isinstance(raw, property) and isinstance(raw.fget, types.FunctionType):
        if class_attribute(book, cls, "__getattr__") is not MISSING:
            return _by_runtime(state, s, owner, name, kind)
        return call_function(state, s, raw.fget, Arguments((owner,), (kind,)))
    is_slot = isinstance(raw, types.MemberDescriptorType) or (
        issubclass(cls, tuple) and name in getattr(cls, "_fields", ())
    )
    field = kind.field(name)
    if field is not None and (raw is MISSING or is_slot or not is_data_descriptor(raw)):
        return _field(state, s, owner, name, kind, field)
    if field is None and not is_data_descriptor(raw):
        if _may_be_set(state, owner, name, kind, raw):
            state.effects.alias_target_if(s, owner, UNKNOWN)
            return _by_runtime(state, s, owner, name, kind, writes=False)
    found = _of_its_class(state, owner, cls, raw)
    if found is not None:
        return inert(found)
    state.effects.alias_target_if(s, owner, UNKNOWN)
    return _by_runtime(state, s, owner, name, kind)


def _field(state: State, s: ir.Assign, owner: Any, name: str, kind: Object, field: Kind) -> Found:
    """What the instance holds under the name."""
    varied = state.is_varied(owner)
    if not state.effects.is_written(owner):
        state.effects.alias_target_if(s, owner, field)
        return field, varied, Site("field" if varied else "inert", slot=name)
    field = state.effects.slot_kind(owner, name, field)
    state.effects.alias_target_if(s, owner, field)
    if not varied:
        return inert(field)
    return _by_runtime(state, s, owner, name, kind, writes=False, result=field)


def _may_be_set(state: State, owner: Any, name: str, kind: Object, raw: Any) -> bool:
    """Whether the instance may have the attribute after all: then it hides that of the class."""
    is_data = not isinstance(raw, (types.FunctionType, staticmethod, classmethod))
    if is_data and (kind.field(OPEN) is not None or state.effects.adds_slots(owner, {})):
        return True
    return state.effects.slot_kind(owner, name, BOTTOM) is not BOTTOM


def _of_its_class(state: State, owner: Any, cls: type, raw: Any) -> Kind | None:
    """The kind of what the class has for its instances; None where the runtime looks it up."""
    if isinstance(raw, types.FunctionType):
        return Method(KnownObject(raw), owner)
    if isinstance(raw, staticmethod):
        return kind_of(raw.__func__)
    if isinstance(raw, classmethod):
        return Method(KnownObject(raw.__func__), ir.Known(cls, cls.__name__))
    if raw is not MISSING and not hasattr(raw, "__get__"):
        found = kind_of(raw)
        if is_atomic(found) and not state.heap_active:
            return found
    return None


def write_attribute(state: State, s: ir.Assign, args: Atoms, kinds: Kinds) -> Found | None:
    """``obj.name = v`` where this only sets an instance attribute."""
    owner, name, value = args
    if not isinstance(kinds[0], Object):
        return _write_of_array(state, s, owner, name.value, args, kinds)
    cls = kinds[0].cls
    if class_attribute(state.book, cls, "__setattr__") is not OBJECT_SETATTR:
        return None
    raw = class_attribute(state.book, cls, name.value)
    if is_data_descriptor(raw) and not isinstance(raw, types.MemberDescriptorType):
        return None
    return write_slot(state, s, name.value, value, kinds[2], args, kinds)


def note_layout(state: State, owner: Any, name: Any) -> None:
    """An attribute of this name (None: of any) is set: arrays may have another shape after it."""
    if (name is None or name in _LAYOUT) and isinstance(owner, ir.Var):
        state.effects.reshaped.add(owner.name)


def _write_of_array(
    state: State, s: ir.Assign, owner: Any, name: str, args: Atoms, kinds: Kinds
) -> Found | None:
    """``a.shape = ...`` and ``a.real = ...``, of what is, or may be, an array."""
    note_layout(state, owner, name)
    if not isinstance(kinds[0], Array):
        return None
    state.effects.write(owner, args[2:], kinds[2:])
    if not state.any_varied(args):
        return inert(NONE)
    return generic(state, s, args, kinds, writes=False, result=NONE)


# --- of arrays ------------------------------------------------------------------------------------


def _of_array(state: State, s: ir.Assign, owner: Any, name: str, kind: Array) -> Found:
    descriptor = getattr(np.ndarray, name, None)
    if isinstance(descriptor, (types.MethodDescriptorType, types.WrapperDescriptorType)):
        return inert(Method(KnownObject(descriptor), owner))
    if name == "ndim":
        return inert(Const(kind.ndim, int))
    if name == "dtype":
        return inert(Const(kind.dtype, type(kind.dtype)))
    if name == "shape":
        return inert(Tuple((Number(int),) * kind.ndim))
    if name in ("size", "itemsize", "nbytes"):
        return inert(Number(int))
    rule = state.book.rule(descriptor, (kind,))
    if rule is None:
        if state.is_varied(owner):
            return _by_runtime(state, s, owner, name, kind, writes=False)
        state.effects.alias_target_if(s, owner, kind)
        return inert(UNKNOWN)
    result = kind_by_rule(rule.primal, rule, (kind,), ())
    if not rule.fresh:
        state.effects.alias_target_if(s, owner, result)
    varied = state.is_varied(owner) and not rule.is_nondifferentiable
    return result, varied, Site("rule" if varied else "inert", rule, (owner,))
