"""Items, read and written: of arrays, tuples, lists and dicts."""

from __future__ import annotations

import types
from typing import Any

from dpy.kinds import (
    UNKNOWN,
    Array,
    Const,
    Dict,
    Kind,
    KnownObject,
    List,
    Object,
    Other,
    Slice,
    Text,
    Tuple,
    is_number,
    is_text,
    kind_of,
    number_type,
)
from dpy.transform import ir
from dpy.transform.infer.callees import call_function
from dpy.transform.infer.containers import write_slot
from dpy.transform.infer.facts import HEAP, KEYS, Site
from dpy.transform.infer.kinds_of import NONE, indexed, is_basic, joined
from dpy.transform.infer.lookup import class_attribute, class_function, is_named_constant
from dpy.transform.infer.special import KEY, index_may_write, may_write
from dpy.transform.infer.state import Arguments, Atoms, Found, Kinds, State, generic, inert

__all__ = ["read_item", "write_item"]


def read_item(state: State, s: ir.Assign, args: Atoms, kinds: Kinds) -> Found:
    """The statement ``y = owner[index]``."""
    kind, index = kinds
    if _may_write(state, args[1], kind, index):
        return generic(state, s, args, kinds)
    if isinstance(index, Const):
        found = _constant_index(state, s, args, kinds)
        if found is not None:
            return found
    if isinstance(kind, KnownObject) and is_named_constant(kind.value):
        return inert(_item_of_constant(kind.value, index))
    if isinstance(kind, Array):
        return _read_array(state, s, args, kind, index)
    if isinstance(kind, Object):
        method = class_function(state.book, kind.cls, "__getitem__")
        if method is not None:
            return call_function(state, s, method, Arguments(args, kinds))
    if isinstance(kind, KnownObject) and isinstance(kind.value, type):
        raw = class_attribute(state.book, kind.value, "__class_getitem__")
        if isinstance(getattr(raw, "__func__", None), types.FunctionType):
            return generic(state, s, args, kinds)
    owner = args[0]
    result: Kind = UNKNOWN
    if isinstance(kind, List) and number_type(index) is int:
        result = state.effects.slot_kind(owner, "[]", kind.item)
    elif isinstance(kind, Tuple) and number_type(index) is int:
        result = joined(kind.items)
    elif isinstance(kind, Tuple) and isinstance(index, Slice):
        result = _part(kind, index)
    elif is_text(kind):
        result = Text() if state.is_varied(owner) else Other(str)
    state.effects.alias_target_if(s, owner, result)
    if kind is UNKNOWN or isinstance(kind, Object):
        return generic(state, s, args, kinds, result=result)
    if not state.is_varied(owner):
        return inert(result)
    return generic(state, s, args, kinds, writes=False, result=result)


def _part(kind: Tuple, index: Slice) -> Kind:
    """The kind of a slice of a tuple, if its bounds are known."""
    bounds: list[Any] = []
    for part in index.parts:
        if part == NONE:
            bounds.append(None)
        elif isinstance(part, Const) and type(part.value) in (int, type(None)):
            bounds.append(part.value)
        else:
            return UNKNOWN
    return UNKNOWN if bounds[-1] == 0 else Tuple(kind.items[slice(*bounds)])


def _may_write(state: State, atom: Any, kind: Kind, index: Kind) -> bool:
    """Whether the index is an object of the user's with a method that may write."""
    if isinstance(kind, Dict):
        is_object = isinstance(index, (Object, Tuple))
        return is_object and may_write(state, (atom,), (index,), KEY, deep=True)
    return isinstance(kind, (List, Tuple, Array)) and index_may_write(state, atom, index)


def _constant_index(state: State, s: ir.Assign, args: Atoms, kinds: Kinds) -> Found | None:
    """``t[0]`` of a tuple and ``d["key"]`` of a dict with that key: by value, like fields."""
    owner = args[0]
    kind, index = kinds
    assert isinstance(index, Const)
    if isinstance(kind, Tuple) and type(index.value) is int:
        n = len(kind.items)
        if -n <= index.value < n:
            i = index.value % n
            item = kind.items[i]
            state.effects.alias_target_if(s, owner, item)
            varied = state.is_varied(owner)
            return item, varied, Site("item" if varied else "inert", slot=i)
    if isinstance(kind, Dict):
        for key, item in kind.fields:
            if key == index.value:
                return _read_key(state, s, args, kinds, key, item)
    return None


def _read_key(state: State, s: ir.Assign, args: Atoms, kinds: Kinds, key: str, item: Kind) -> Found:
    owner, effects = args[0], state.effects
    varied = state.is_varied(owner)
    item = effects.slot_kind(owner, "[]", effects.slot_kind(owner, key, item))
    effects.alias_target_if(s, owner, item)
    if effects.is_written(owner) and varied:
        return generic(state, s, args, kinds, writes=False, result=item)
    return item, varied, Site("field" if varied else "inert", slot=key)


def _read_array(state: State, s: ir.Assign, args: Atoms, kind: Array, index: Kind) -> Found:
    owner = args[0]
    result = indexed(kind, index)
    if result is UNKNOWN or is_basic(index):  # else it is a copy
        state.effects.alias_target_if(s, owner, result)
    if not state.is_varied(owner):
        return inert(result)
    if result is UNKNOWN:
        return generic(state, s, args, (kind, index), writes=False)
    return result, True, Site("array_read", slot="view" if is_basic(index) else None)


def _item_of_constant(value: tuple[Any, ...], index: Kind) -> Kind:
    if isinstance(index, Const) and type(index.value) is int and abs(index.value) < len(value):
        return kind_of(value[index.value])
    return Other(tuple) if isinstance(index, Slice) else UNKNOWN


# --- writes ---------------------------------------------------------------------------------------


def write_item(state: State, s: ir.Assign, args: Atoms, kinds: Kinds) -> Found:
    """The statement ``owner[index] = value``."""
    if _may_write(state, args[1], kinds[0], kinds[1]):
        return generic(state, s, args, kinds)
    if isinstance(kinds[0], Array):
        return _write_array(state, args, kinds, kinds[0])
    if isinstance(kinds[0], (List, Dict)):
        return _write_container(state, s, args, kinds)
    return generic(state, s, args, kinds)


def _write_array(state: State, args: Atoms, kinds: Kinds, kind: Array) -> Found:
    array, _, value = args
    _, index, stored = kinds
    state.effects.write(array, (value,), (stored,))
    if not state.is_varied(array) and not state.is_varied(value):
        return inert(NONE)
    simple = is_number(stored) or isinstance(stored, Array)
    form = "array_write" if simple else "generic"
    return NONE, False, Site(form, operands=args, slot=indexed(kind, index))


def _write_container(state: State, s: ir.Assign, args: Atoms, kinds: Kinds) -> Found:
    """``xs[i] = v`` and ``d[key] = v`` on plain lists and dicts."""
    kind, index, stored = kinds
    slot = "[]"
    if isinstance(kind, Dict) and isinstance(index, Const) and type(index.value) is str:
        slot = index.value
    if isinstance(kind, List) and number_type(index) is not int:
        stored = UNKNOWN
    if isinstance(kind, Dict) and slot == "[]":
        name = args[0].name if isinstance(args[0], ir.Var) else HEAP
        state.effects.store(name, KEYS, index)
        if state.is_varied(args[1]) and number_type(index) not in (int, bool):
            state.effects.write(args[0], args[1:2], kinds[1:2])  # a loop gives it back
            write_slot(state, s, slot, args[2], stored, args, kinds)
            return generic(state, s, args, kinds, writes=False, result=NONE)
    return write_slot(state, s, slot, args[2], stored, args, kinds)
