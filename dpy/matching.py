"""Matchers: whether a call looks like one that was compiled, and all is still as it was then.

`write_matcher` turns the kinds of the arguments and the guards of the compiled code into one
straight-line function ``match(f, args, kwargs)``. It accepts no call that `dpy.specialise` would
compile again, and runs no code of the user: attributes are read from the ``__dict__``.
"""

from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING, Any

import numpy as np

from dpy import config
from dpy.adjoints import registry
from dpy.kinds import (
    UNKNOWN,
    Array,
    Dict,
    Kind,
    KnownObject,
    List,
    Number,
    Object,
    Other,
    Tuple,
    kind_of,
)  # fmt: skip
from dpy.specialise import MISSING, Guards, are_disjoint, cell_kind
from dpy.straight import Writer

if TYPE_CHECKING:
    from dpy.entry import Form

__all__ = [
    "NO_MATCH", "attributes_of", "has_just_a_dict", "match_call", "share_memory", "write_matcher",
]  # fmt: skip

NO_MATCH = "(KeyError, ValueError)"  # names and numbers of items are not looked at before
_HEAP_TYPE = 1 << 9  # of a class made by a class statement


def write_matcher(
    code: types.CodeType, own_globals: Any, defaults: Any, form: Form, guards: Guards,
    settings: Any, version: int,
) -> Any:  # fmt: skip
    """``match(f, args, kwargs)`` for functions with this code.

    `own_globals` and the pair `defaults` (positional, keyword) are those of the function that was
    compiled, `settings` and the `version` of the rules those under which it was.
    """
    w = Writer("match(f, args, kwargs)", otherwise="False")
    match_call(w, code, own_globals, defaults, form, guards, settings, version)
    return w.function("True", catch=NO_MATCH)


def match_call(
    w: Writer, code: types.CodeType, own_globals: Any, defaults: Any, form: Form, guards: Guards,
    settings: Any, version: int,
) -> list[str]:  # fmt: skip
    """Write what `write_matcher` requires; returns the variables that hold the arguments."""
    places = _arguments(w, form)
    rules, current = w.constant(registry, "registry"), w.constant(config.current, "settings")
    w.require(
        f"f.__globals__ is {w.constant(own_globals, 'own_globals')}",
        f"{rules}._version == {version}",
        f"f not in {rules}._book",
        f"{current}() is {w.constant(settings, 'expected_settings')}",
    )
    _match_defaults(w, code, defaults, form)
    if form.cells:
        cells = w.locals(len(form.cells))
        w.unpack(cells, "f.__closure__")
        for cell, kind in zip(cells, form.cells, strict=True):
            _match_cell(w, cell, kind)
    _match_guards(w, guards)
    if form.is_disjoint:
        _match_disjoint(w, form, places)
    return places


def _arguments(w: Writer, form: Form) -> list[str]:
    names = w.locals(len(form.kinds))
    w.unpack(names, "args")
    if not names:
        w.require("not args")
    for name, kind in zip(names, form.kinds, strict=True):
        match_value(w, name, kind, 0)
    if form.keywords:
        keys = tuple(key for key, _ in form.keywords)
        values = w.locals(len(keys))
        w.require(f"(*kwargs,) == {keys!r}")
        w.unpack(values, "kwargs.values()")
        for value, (_, kind) in zip(values, form.keywords, strict=True):
            match_value(w, value, kind, 0)
        return names + values
    w.require("not kwargs")
    return names


def _match_defaults(w: Writer, code: types.CodeType, defaults: Any, form: Form) -> None:
    """Values of parameters that the call leaves out: of the compiled function, and of its kinds."""
    if not form.defaults:
        return
    positional = w.constant(defaults[0], "defaults")
    keyword = w.constant(defaults[1], "keyword_defaults")
    w.require(f"f.__defaults__ is {positional}", f"f.__kwdefaults__ is {keyword}")
    names = code.co_varnames[: code.co_argcount]
    offset = len(names) - len(defaults[0] or ())
    for name, kind in form.defaults:
        value = w.local()
        if name in names:
            w.line(f"{value} = {positional}[{names.index(name) - offset}]")
        else:
            w.line(f"{value} = {keyword}[{name!r}]")
        match_value(w, value, kind, 0)


def match_value(w: Writer, x: str, kind: Kind, depth: int) -> None:
    """Require that the variable `x`, at this depth of an argument, is of this kind."""
    if isinstance(kind, (Number, Other)):
        w.require(f"type({x}) is {w.constant(kind.type, kind.type.__name__)}")
    elif isinstance(kind, Array):
        dtype = w.constant(kind.dtype, str(kind.dtype) if kind.dtype.names is None else "record")
        w.require(
            f"type({x}) is {w.constant(np.ndarray, 'ndarray')}",
            f"({x}.dtype is {dtype} or {x}.dtype == {dtype})",
            f"{x}.ndim == {kind.ndim}",
        )
    elif isinstance(kind, KnownObject):
        w.require(f"{x} is {w.constant(kind.value, getattr(kind.value, '__name__', 'known'))}")
    elif isinstance(kind, Tuple):
        w.require(f"type({x}) is tuple", f"len({x}) == {len(kind.items)}")
        items = w.locals(len(kind.items))
        w.unpack(items, x)
        for i, (item, inner) in enumerate(zip(items, kind.items, strict=True)):
            w.hold(f"{x}[{i}]", item)
            match_value(w, item, inner, depth + 1)
    elif isinstance(kind, List) and isinstance(kind.item, Number):
        only = w.constant({kind.item.type}, f"only_{kind.item.type.__name__}")
        mixed = f"{w.constant(kind_of, 'kind_of')}({x}, {depth}) == {w.constant(kind, 'kind')}"
        w.require(f"type({x}) is list", f"({{*map(type, {x})}} == {only} or {mixed})")
    elif isinstance(kind, Dict):
        w.require(f"type({x}) is dict", f"len({x}) == {len(kind.fields)}")
        if kind.fields:
            w.require(f"{{*map(type, {x})}} == {w.constant({str}, 'only_str')}")
        _match_items(w, x, kind.fields, depth)
    elif isinstance(kind, Object) and has_just_a_dict(kind.cls):
        w.require(f"type({x}) is {w.constant(kind.cls, kind.cls.__name__)}")
        fields = w.held(f"{attributes_of(w, kind.cls)}({x})")
        _match_attributes(w, fields, kind.fields, depth)
    else:
        expected = w.constant(kind, "kind")
        w.require(f"{w.constant(kind_of, 'kind_of')}({x}, {depth}) == {expected}")


def _match_items(w: Writer, x: str, kinds: Any, depth: int) -> None:
    """Require that a dict has these keys in this order, and values of these kinds."""
    names = tuple(name for name, _ in kinds)
    w.require(f"(*{x},) == {names!r}")
    values = w.locals(len(names))
    w.unpack(values, f"{x}.values()")
    for value, (name, kind) in zip(values, kinds, strict=True):
        w.hold(f"{x}[{name!r}]", value)
        match_value(w, value, kind, depth + 1)


def _match_attributes(w: Writer, fields: str, kinds: Any, depth: int) -> None:
    """`_match_items` for a ``__dict__``, whose keys are names that Python keeps once."""
    if not kinds:
        w.require(f"not {fields}")
    keys = w.locals(len(kinds))
    w.unpack(keys, fields)
    for key, (name, _) in zip(keys, kinds, strict=True):
        w.require(f"{key} is {w.constant(sys.intern(name), f'name_{name}')}")
    for key, (name, kind) in zip(keys, kinds, strict=True):
        if isinstance(kind, (Number, Other, KnownObject)):
            match_value(w, f"{fields}[{key}]", kind, depth + 1)
            continue
        value = w.local()
        w.line(f"{value} = {fields}[{key}]")
        w.hold(f"{fields}[{name!r}]", value)
        match_value(w, value, kind, depth + 1)


def has_just_a_dict(cls: type) -> bool:
    """Whether `dpy.kinds.kind_of` looks at nothing but the ``__dict__`` of instances."""
    return (
        cls.__dictoffset__ != 0
        and cls.__module__ != "builtins"
        and _dict_descriptor(cls) is not None
        and all(
            "__slots__" not in c.__dict__ and bool(c.__flags__ & _HEAP_TYPE)
            for c in cls.__mro__[:-1]
        )
    )


def _dict_descriptor(cls: type) -> Any:
    for c in cls.__mro__:
        found = c.__dict__.get("__dict__")
        if isinstance(found, types.GetSetDescriptorType):
            return found
    return None


def attributes_of(w: Writer, cls: type) -> str:
    """The name of a function that gives the ``__dict__`` of an instance, past the user's code."""
    return w.bound(_dict_descriptor(cls), f"attributes_of_{cls.__name__}")


def _match_cell(w: Writer, cell: str, kind: Kind) -> None:
    if kind is UNKNOWN:
        w.require(f"{w.constant(cell_kind, 'cell_kind')}({cell}) == {w.constant(kind, 'unknown')}")
        return
    value = w.local()
    w.line(f"{value} = {cell}.cell_contents")
    match_value(w, value, kind, 0)


def _match_guards(w: Writer, guards: Guards) -> None:
    missing = w.constant(MISSING, "MISSING")
    for mapping, key, value in guards.entries.values():
        place = w.constant(mapping, "names")
        if type(mapping) is not dict and type(mapping) is not types.MappingProxyType:
            w.require(f"{place}.get({key!r}, {missing}) is {w.constant(value, key)}")
        elif value is MISSING:
            w.require(f"{key!r} not in {place}")
        else:
            w.require(f"{place}[{key!r}] is {w.constant(value, key)}")
    for function, code, defaults, kwdefaults in guards.codes.values():
        f = w.constant(function, function.__name__)
        w.require(f"{f}.__code__ is {w.constant(code, f'code_of_{function.__name__}')}")
        if defaults is not None or kwdefaults is not None:  # else each call gives all arguments
            w.require(
                f"{f}.__defaults__ is {w.constant(defaults, 'defaults')}",
                f"{f}.__kwdefaults__ is {w.constant(kwdefaults, 'keyword_defaults')}",
            )
    for mapping, key, kind in guards.kinds.values():
        value = w.local()
        w.line(f"{value} = {w.constant(mapping, 'names')}[{key!r}]")
        match_value(w, value, kind, 0)
    for cell, kind in guards.cells.values():
        _match_cell(w, w.constant(cell, "cell"), kind)


def _match_disjoint(w: Writer, form: Form, places: list[str]) -> None:
    """Arguments that the function writes to: whether they share anything is looked up each time."""
    kinds = [*form.kinds, *(kind for _, kind in form.keywords)]
    others = [
        (x, kind)
        for x, kind in zip(places, kinds, strict=True)
        if not isinstance(kind, (Number, Other))
    ]
    if all(isinstance(kind, Array) for _, kind in others) and not form.defaults:
        arrays = ", ".join(x for x, _ in others)
        w.require(f"not {w.constant(share_memory, 'share_memory')}({arrays})")
        return
    held = ", ".join(places)
    if form.defaults:
        held += ", *(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values()"
    w.require(f"{w.constant(are_disjoint, 'are_disjoint')}(({held},))")


def share_memory(*arrays: Any) -> bool:
    """Whether two of the arrays may look at one piece of memory."""
    for a in arrays:
        if a.base is not None:
            return not are_disjoint(arrays)
    return len({*map(id, arrays)}) < len(arrays)
