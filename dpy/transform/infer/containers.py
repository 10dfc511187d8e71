"""Lists, tuples, dicts and iterators: displays, unpacking, methods whose effects are known, writes.

What is stored goes into `Effects.stores`, so that a read later still has a kind.
"""

from __future__ import annotations

import types
from typing import Any

from dpy.kinds import (
    UNKNOWN,
    Array,
    Dict,
    Iterator,
    Kind,
    List,
    Number,
    Object,
    Other,
    Slice,
    Tuple,
    is_atomic,
    join,
    widen,
)
from dpy.transform import ir
from dpy.transform.infer.facts import HEAP, Site
from dpy.transform.infer.kinds_of import NONE, element, joined
from dpy.transform.infer.special import KEY, ORDER, index_may_write, may_write
from dpy.transform.infer.state import Atoms, Environment, Found, Kinds, State, generic, inert

__all__ = ["append", "build", "call_container", "items_of", "unpack", "write_slot"]

_ITERATORS = (zip, enumerate, reversed)


# --- displays and unpacking -----------------------------------------------------------------------


def build(state: State, s: ir.Assign, name: str, args: Atoms, kinds: Kinds) -> Found:
    """The display of a tuple, list, set or dict; a slice."""
    varied = state.any_varied(args)
    for a, k in zip(args, kinds, strict=True):
        state.effects.alias_target_if(s, a, k)
    starred = any(isinstance(a, ir.Star) for a in args)
    if name in ("set", "dict") and _hashes(state, name, args, kinds):
        return generic(state, s, args, kinds)
    kind = UNKNOWN if starred and name != "dict" else _built(name, args, kinds)
    if not is_atomic(kind):
        state.effects.make_target(s)
    if not varied:
        return inert(kind)
    if starred or name == "set" or (name == "dict" and kind is UNKNOWN):
        return generic(state, s, args, kinds, writes=False)
    return kind, True, Site("build", slot=name)


def _hashes(state: State, name: str, args: Atoms, kinds: Kinds) -> bool:
    """Whether hashing the keys may run methods of the user's that write."""
    step = 2 if name == "dict" else 1
    keys = [(a, k) for a, k in zip(args[::step], kinds[::step], strict=True) if _is_object(k)]
    return may_write(state, tuple(a for a, _ in keys), tuple(k for _, k in keys), KEY, deep=True)


def _is_object(kind: Kind) -> bool:
    return isinstance(kind, (Object, Tuple))


def _built(name: str, args: Atoms, kinds: Kinds) -> Kind:
    if name == "tuple":
        return Tuple(kinds)
    if name == "slice":
        return Slice(kinds)
    if name == "list":
        return List(joined(tuple(map(widen, kinds))))
    if name == "dict":
        keys = args[::2]
        if all(isinstance(k, ir.Lit) and isinstance(k.value, str) for k in keys):
            pairs = zip(keys, kinds[1::2], strict=True)
            return Dict(tuple((k.value, widen(v)) for k, v in pairs))
    return UNKNOWN


def unpack(state: State, s: ir.Assign, args: Atoms, kinds: Kinds) -> Found:
    """What is unpacked into a number of variables, as a tuple."""
    source, n = args[0], args[1].value
    kind = kinds[0]
    if isinstance(kind, Tuple) and len(kind.items) == n:
        state.effects.alias_target_if(s, source, kind)
        if not state.is_varied(source):
            return inert(kind)
        return kind, True, Site("copy", operands=(source,))
    item: Kind = UNKNOWN
    if isinstance(kind, Array) and kind.ndim:
        item = element(kind, 1)
    elif isinstance(kind, List):
        item = state.effects.slot_kind(source, "[]", kind.item)
    result = Tuple((item,) * n)
    state.effects.alias_target_if(s, source, kind)
    return generic(state, s, args, kinds, writes=False, result=result)


def append(state: State, args: Atoms, kinds: Kinds, env: Environment) -> Found:
    """A comprehension appends to its list, which nothing else can reach yet."""
    owner, item = args
    if isinstance(item, ir.Var) and not is_atomic(kinds[1]):
        state.effects.alias(owner.name, item.name)
    varied = state.is_varied(item)
    if varied:
        state.varied.add(owner.name)
    old = kinds[0].item if isinstance(kinds[0], List) else UNKNOWN
    env[owner.name] = List(join(old, widen(kinds[1])))
    return NONE, False, Site("append" if varied else "inert")


# --- builtins and methods -------------------------------------------------------------------------


def call_container(
    state: State, s: ir.Assign, function: Any, args: Atoms, kinds: Kinds
) -> Found | None:
    """Builtins and list methods whose effects are known exactly."""
    if function is tuple and len(args) == 1 and isinstance(kinds[0], Tuple):
        state.effects.alias_target_if(s, args[0], kinds[0])
        if not state.is_varied(args[0]):
            return inert(kinds[0])
        return kinds[0], True, Site("copy", operands=args)
    if function in _ITERATORS or function in (list, tuple):
        return _iterator(state, s, function, args, kinds)
    is_method = isinstance(function, types.MethodDescriptorType)
    if is_method and function.__objclass__ is list and isinstance(kinds[0], List):
        return _list_method(state, s, function.__name__, args, kinds)
    return None


def _iterator(state: State, s: ir.Assign, function: Any, args: Atoms, kinds: Kinds) -> Found | None:
    items = []
    for atom, kind in zip(args, kinds, strict=True):
        item = items_of(state, atom, kind)
        if item is None:
            return None
        items.append(item)
    if not items or (function is not zip and len(items) != 1):
        return None
    for a, k in zip(args, kinds, strict=True):
        state.effects.alias_target_if(s, a, k)
    state.effects.make_target(s)
    result = _collected(function, tuple(items))
    if not state.any_varied(args):
        return inert(result)
    return generic(state, s, args, kinds, writes=False, result=result)


def _collected(function: Any, items: Kinds) -> Kind:
    """What ``zip``, ``enumerate``, ``reversed``, ``list`` or ``tuple`` makes of iterables."""
    if function is zip:
        return Iterator(Tuple(items))
    if function is enumerate:
        return Iterator(Tuple((Number(int), items[0])))
    if function is reversed:
        return Iterator(items[0])
    return List(items[0]) if function is list else UNKNOWN


def items_of(state: State, atom: Any, kind: Kind) -> Kind | None:
    """The kind of the items of an iterable; None where iteration may run user code."""
    if isinstance(kind, List):
        return state.effects.slot_kind(atom, "[]", kind.item)
    if isinstance(kind, Iterator):
        return kind.item
    if isinstance(kind, Array) and kind.ndim:
        return element(kind, 1)
    if isinstance(kind, Other) and kind.type is range:
        return Number(int)
    if isinstance(kind, Tuple):
        return joined(tuple(map(widen, kind.items)))
    return None


def _list_method(state: State, s: ir.Assign, name: str, args: Atoms, kinds: Kinds) -> Found | None:
    owner = args[0]
    assert isinstance(kinds[0], List)
    compares = name in ("index", "count", "remove", "sort") and may_write(
        state, args, kinds, ORDER, deep=True
    )
    if name in ("index", "count"):
        return generic(state, s, args, kinds, writes=compares, result=Number(int))
    if name in ("append", "insert") and len(args) == (2 if name == "append" else 3):
        return write_slot(state, s, "[]", args[-1], kinds[-1], args, kinds)
    if name == "extend" and len(args) == 2:
        found = items_of(state, args[1], kinds[1])
        stored = UNKNOWN if found is None else found
        return write_slot(state, s, "[]", args[1], stored, args, kinds)
    if name not in ("pop", "clear", "reverse", "sort", "remove"):
        return None
    result: Kind = NONE
    if name == "pop":
        result = state.effects.slot_kind(owner, "[]", kinds[0].item)
    state.effects.write(owner, (), ())
    if compares or (name == "pop" and index_may_write(state, args[-1], kinds[-1])):
        return generic(state, s, args, kinds, result=result)
    if not state.is_varied(owner):
        state.effects.alias_target_if(s, owner, result)
        return inert(result)
    return generic(state, s, args, kinds, writes=False, result=result)


# --- writes ---------------------------------------------------------------------------------------


def write_slot(
    state: State, s: ir.Assign, slot: str, value: Any, stored: Kind, args: Atoms, kinds: Kinds
) -> Found:
    """`value` is stored in a slot of the first operand, under the kind `stored`."""
    owner = args[0]
    name = owner.name if isinstance(owner, ir.Var) else HEAP
    state.effects.write(owner, (value,), (stored,))
    state.effects.store(name, slot, stored)
    if isinstance(value, ir.Var) and not is_atomic(stored):
        state.effects.alias(name, value.name)
    if not state.is_varied(value) and not state.is_varied(owner):
        return inert(NONE)
    return generic(state, s, args, kinds, writes=False, result=NONE)
