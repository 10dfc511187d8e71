"""Calls of classes whose instances are made of their arguments: objects with fields, by value."""

from __future__ import annotations

import weakref
from typing import Any

from dpy.kinds import UNKNOWN, Object, Tuple, is_atomic, is_plain_dataclass, kind_of
from dpy.transform import ir
from dpy.transform.constructors import Maker
from dpy.transform.infer.callees import bind, call_bound
from dpy.transform.infer.facts import Site
from dpy.transform.infer.kinds_of import storable
from dpy.transform.infer.lookup import class_function, namespace
from dpy.transform.infer.state import Arguments, Found, State, generic, inert
from dpy.transform.signatures import signature_of

__all__ = ["construct", "made"]


def construct(state: State, s: ir.Assign, cls: type, given: Arguments) -> Found | None:
    """A new instance; None where more than its fields is to it."""
    if cls is weakref.finalize or class_function(state.book, cls, "__del__") is not None:
        _, _, site = generic(state, s, given.operands, given.all_kinds)
        site.form = "generic"  # whatever it is given: the runtime refuses it
        return UNKNOWN, False, site
    if is_plain_dataclass(cls):
        return _dataclass(state, s, cls, given)
    return _by_init(state, s, cls, given)


def made(state: State, s: ir.Assign, maker: Maker, given: Arguments) -> Found:
    """An object of which the attributes are all that its constructor makes."""
    args = given.args
    for atom, kind in zip(args, given.kinds, strict=True):
        state.effects.alias_target_if(s, atom, kind)
    state.effects.make_target(s)
    fields = map(storable, given.kinds)
    kind = Object(maker.cls, tuple(zip(maker.fields, fields, strict=True)))
    if not state.any_varied(args):
        return inert(kind)
    binding = dict(zip(maker.fields, args, strict=True))
    return kind, True, Site("construct", binding=binding, function=maker.cls)


def _dataclass(state: State, s: ir.Assign, cls: Any, given: Arguments) -> Found | None:
    """Its ``__init__`` stores the arguments, and has been written by `dataclasses`."""
    bound = _bind_init(cls, given)
    if bound is None:
        return None
    init = cls.__dict__["__init__"]
    state.book.depend(namespace(cls), "__init__", init)
    by_atom = {id(a): k for a, k in zip(given.operands, given.all_kinds, strict=True)}
    fields = []
    for name, parameter in list(signature_of(init).parameters.items())[1:]:
        if name in bound:
            kind = by_atom[id(bound[name])]
            state.effects.alias_target_if(s, bound[name], kind)
        else:
            kind = kind_of(parameter.default)
            if not is_atomic(kind):
                return None
        fields.append((name, storable(kind)))
    state.effects.make_target(s)
    made_kind = Object(cls, tuple(fields))
    if not state.any_varied(tuple(bound.values())):
        return inert(made_kind)
    return made_kind, True, Site("construct", binding=bound, function=cls)


def _by_init(state: State, s: ir.Assign, cls: Any, given: Arguments) -> Found | None:
    """A constructor that only sets attributes: its fields come from a function."""
    constructor = state.book.constructor(cls)
    if constructor is None:
        return None
    for c in cls.__mro__[:-1]:
        for name in ("__init__", "__new__", "__post_init__", "__setattr__"):
            state.book.depend(namespace(c), name, c.__dict__.get(name))
    bound = _bind_init(cls, given)
    if bound is None:
        return None
    found = call_bound(state, s, constructor, given, bound)
    if found is None:
        return None
    result, varied, site = found
    if not isinstance(result, Tuple):
        return None
    state.effects.make_target(s)
    kind = Object(cls, tuple(zip(constructor.fields, result.items, strict=True)))
    if site.form == "callee":
        site.form, site.fields, site.function = "construct_fields", constructor.fields, cls
        site.slot = constructor
    return kind, varied, site


def _bind_init(cls: Any, given: Arguments) -> dict[str, Any] | None:
    """The arguments by the names of ``__init__``'s parameters, without ``self``."""
    bound = bind(cls.__init__, given.after(None, UNKNOWN))
    if bound is not None:
        bound.pop(next(iter(bound)))
    return bound
