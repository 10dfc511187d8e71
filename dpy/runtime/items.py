"""Items of actual values: ``x[i]`` read, written and deleted."""

from __future__ import annotations

import collections
import operator
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.cotangent import ZERO
from dpy.runtime import entries, forward_run, item_cotangents, iteration, object_arrays
from dpy.runtime.array_classes import handed_on
from dpy.runtime.conversions import COMMON, as_index
from dpy.runtime.dict_keys import may_carry, take_key
from dpy.runtime.dispatch import dispatch
from dpy.runtime.failures import mutation_error
from dpy.runtime.hashing import check_key
from dpy.runtime.held import hold, sink, take
from dpy.runtime.helpers import project_written
from dpy.runtime.memory import owner_of
from dpy.runtime.opaque import carries, opaque
from dpy.runtime.special_methods import behind, implements, is_foreign, user_method
from dpy.runtime.stand_ins import read_flat, read_view, write_flat, write_view
from dpy.structured import as_array, has_fields
from dpy.transform.infer.lookup import is_importable

__all__ = ["delete_item", "raw_delete", "raw_read", "raw_write", "read_item", "write_item"]

_SEQUENCES = (list, tuple, collections.deque)
_PLAIN_INDICES = frozenset({int, np.int64, np.ndarray, list, bool, str, type(None), type(...)})
_BOUNDS = ("start", "stop", "step")


# --- reading --------------------------------------------------------------------------------------


def read_item(owner: Any, index: Any) -> tuple[Any, Any]:
    """``owner[index]``: ``(y, pb)``, with one cotangent for each of the two."""
    t = type(owner)
    if t is list:
        if type(index) is int:
            y = owner[index]
            place = index if index >= 0 else index + len(owner)

            def list_item_pullback(d: Any, acc: Any) -> Any:
                if d is not ZERO:
                    acc.add_slot(owner, place, d)
                return ZERO, ZERO

            return y, list_item_pullback
        return by_plain_index(_of_sequence, owner, index)
    if t is tuple:
        return by_plain_index(_of_sequence, owner, index)
    if t is dict:
        return _of_dict(owner, index)
    if t is np.ndarray:
        return by_plain_index(_of_array, owner, index)
    method = user_method(t, "__getitem__")
    if method is not None and method.__module__ != "enum":
        return _through(dispatch(method, (owner, index), {}))
    if isinstance(owner, type):
        return _of_class(owner, index)
    if behind(owner) is not owner:
        y, pb = read_item(behind(owner), index)
        return y, None if pb is None else lambda d, acc: (ZERO, pb(d, acc)[1])
    return raw_read(owner, index)


def _of_class(cls: Any, index: Any) -> tuple[Any, Any]:
    """``cls[index]``, by a ``__class_getitem__`` of the user's; ``list[int]`` carries nothing."""
    raw = implements(cls, "__class_getitem__")
    method = getattr(raw, "__func__", None)
    if not isinstance(method, types.FunctionType) or method.__module__ == "typing":
        return cls[index], None
    y, pb = dispatch(method, (cls, index), {})
    return y, None if pb is None else lambda d, acc: (ZERO, pb(d, acc)[1][1])


def raw_read(owner: Any, index: Any) -> tuple[Any, Any]:
    """What the builtin type does, whatever a subclass defines."""
    if isinstance(owner, dict):
        return _of_dict(owner, index)
    if isinstance(owner, (np.ndarray, *_SEQUENCES)):
        return by_plain_index(_of_builtin, owner, index)
    if isinstance(owner, (str, bytes, range)):
        y = owner[index]
        if forward_run.is_hidden(owner):
            forward_run.hide(y)
        return y, None
    if isinstance(owner, (np.number, np.bool_)):
        method = np.generic.__getitem__  # type: ignore[misc]
        return _through(dispatch(method, (owner, index), {}))
    if isinstance(owner, np.flatiter):
        return read_flat(owner, index)
    if isinstance(owner, np.void) and has_fields(owner) and as_array(owner) is not None:
        return _of_record(owner, index)
    found = read_view(owner, index) if isinstance(owner, memoryview) else None
    if found is not None:
        return found
    if type(owner) in entries.ITEMS:
        own: tuple[Any, Any] = entries.ITEMS[type(owner)](owner, index)
        return own
    return _through(opaque(operator.getitem, (owner, index), {}))


def _of_builtin(owner: Any, index: Any) -> tuple[Any, Any]:
    return _of_array(owner, index) if isinstance(owner, np.ndarray) else _of_sequence(owner, index)


def by_plain_index(
    operation: Callable[..., tuple[Any, Any]], owner: Any, index: Any, *value: Any
) -> tuple[Any, Any]:
    """An operation on an item, whose index may be an object with an ``__index__``."""
    if type(index) in _PLAIN_INDICES or (plain := _plain_index(index)) is None:
        return operation(owner, index, *value)
    index, back = plain
    y, pb = operation(owner, index, *value)

    def index_pullback(d: Any, acc: Any) -> Any:
        d_owner, _, *d_value = pb(d, acc)
        return d_owner, back(acc), *d_value

    return y, index_pullback


def _plain_index(index: Any) -> tuple[Any, Any] | None:
    """An index without objects of the user's, and the way back to them; None if it has none."""
    t = type(index)
    if t in _PLAIN_INDICES:
        return None
    if t is tuple or t is slice:
        parts = index if t is tuple else (index.start, index.stop, index.step)
        found = [_plain_index(part) for part in parts]
        if all(part is None for part in found):
            return None
        plain = [x if part is None else part[0] for x, part in zip(parts, found, strict=True)]

        def parts_back(acc: Any) -> Any:
            d = [ZERO if part is None else part[1](acc) for part in reversed(found)][::-1]
            return tuple(d) if t is tuple else dict(zip(_BOUNDS, d, strict=True))

        return tuple(plain) if t is tuple else slice(*plain), parts_back
    if user_method(t, "__index__") is None:
        return None
    y, pb = as_index(index)
    return y, lambda acc: ZERO if pb is None else pb(ZERO, acc)


def _through(found: tuple[Any, Any]) -> tuple[Any, Any]:
    y, pb = found
    return y, None if pb is None else lambda d, acc: pb(d, acc)[1]


def _of_dict(owner: Any, key: Any) -> tuple[Any, Any]:
    check_key(key)
    holder = forward_run.instance_of(owner)
    if type(owner) is dict or dict.__contains__(owner, key):
        y = dict.__getitem__(owner, key)
    else:
        missing = user_method(type(owner), "__missing__")
        if missing is not None:
            return _through(dispatch(missing, (owner, key), {}))
        if isinstance(owner, collections.defaultdict) and owner.default_factory is not None:
            return _of_default(owner, key)
        y = owner[key]  # a KeyError, or a subclass in C

    def dict_item_pullback(d: Any, acc: Any) -> Any:
        if d is not ZERO:
            acc.add_slot(holder, key, d)
        return ZERO, ZERO

    return y, dict_item_pullback


def _of_default(owner: Any, key: Any) -> tuple[Any, Any]:
    y, pb = dispatch(owner.default_factory, (), {})
    dict.__setitem__(owner, key, y)

    def default_pullback(d: Any, acc: Any) -> Any:
        acc.add_slot(owner, key, d)
        d = acc.take_slot(owner, key)
        if pb is not None:
            pb(d, acc)
        return ZERO, take_key(acc, owner, key)

    return y, default_pullback


def _of_sequence(owner: Any, index: Any) -> tuple[Any, Any]:
    base = _base_of(owner)
    y = base.__getitem__(owner, index)
    n = base.__len__(owner)
    if isinstance(index, slice):
        places = range(*index.indices(n))

        def slice_pullback(d: Any, acc: Any) -> Any:
            items = item_cotangents.fresh_items(acc, y, len(places), d)
            if base is tuple:
                out = [ZERO] * n
                for place, d_i in zip(places, items, strict=True):
                    out[place] = d_i
                return (ZERO if all(d_i is ZERO for d_i in out) else tuple(out)), ZERO
            for place, d_i in zip(places, items, strict=True):
                if d_i is not ZERO:
                    acc.add_slot(owner, place, d_i)
            return ZERO, ZERO

        return y, slice_pullback
    place = operator.index(index) % n

    def item_pullback(d: Any, acc: Any) -> Any:
        if d is ZERO:
            return ZERO, ZERO
        if base is tuple:
            return tuple([d if i == place else ZERO for i in range(n)]), ZERO
        acc.add_slot(owner, place, d)
        return ZERO, ZERO

    return y, item_pullback


def _base_of(owner: Any) -> Any:
    for base in _SEQUENCES:
        if isinstance(owner, base):
            return base
    raise TypeError(type(owner))


def _of_array(owner: Any, index: Any) -> tuple[Any, Any]:
    y = np.ndarray.__getitem__(owner, index)
    if owner.dtype.kind in "SUV" and forward_run.is_hidden(owner):
        forward_run.hide(y)
    if isinstance(y, np.void) and has_fields(owner):
        return y, lambda d, acc: (acc.add(y, d), ZERO)
    if isinstance(y, np.ndarray) and y.base is not None and owner_of(y) is owner_of(owner):

        def view_pullback(d: Any, acc: Any) -> Any:
            if d is not ZERO:
                acc.add(y, d)
            return ZERO, ZERO

        return y, handed_on(y, (owner,), view_pullback)
    if owner.dtype.kind == "O" and object_arrays.is_element(owner, index):
        return y, object_arrays.element_pullback(owner, index, y)
    index = kept_index(index)
    held = hold(y)

    def array_item_pullback(d: Any, acc: Any) -> Any:
        acc.add_region(owner, index, take(acc, held, d))
        return ZERO, ZERO

    return y, handed_on(y, (owner,), array_item_pullback)


def _of_record(record: Any, index: Any) -> tuple[Any, Any]:
    """A field of a record of an array, which looks at the memory of that."""
    y = record[index]
    array, name = as_array(record), _name_of_field(record, index)

    def field_pullback(d: Any, acc: Any) -> Any:
        if isinstance(y, np.ndarray):
            acc.add(y, d)
        else:
            acc.add_region(array, name, d)
        return ZERO, ZERO

    return y, field_pullback


def _name_of_field(record: Any, index: Any) -> Any:
    return index if isinstance(index, (str, list)) else record.dtype.names[index]


def kept_index(index: Any) -> Any:
    """Index arrays and lists may be written to later."""
    if isinstance(index, (np.ndarray, list)):
        return index.copy()
    if isinstance(index, tuple):
        return tuple(map(kept_index, index))
    return index


# --- writing --------------------------------------------------------------------------------------


def write_item(owner: Any, index: Any, value: Any) -> tuple[Any, Any]:
    """``owner[index] = value``: ``(None, pb)``, with one cotangent for each of the three."""
    t = type(owner)
    if t is list and type(index) is int:
        owner[index] = value
        place = index if index >= 0 else index + len(owner)
        return None, lambda d, acc: (ZERO, ZERO, acc.take_slot(owner, place))
    if t is not dict and t is not np.ndarray:
        method = user_method(t, "__setitem__")
        if method is not None:
            return _through(dispatch(method, (owner, index, value), {}))
    return raw_write(owner, index, value)


def raw_write(owner: Any, index: Any, value: Any) -> tuple[Any, Any]:
    """What the builtin type does, whatever a subclass defines."""
    if isinstance(owner, np.ndarray):
        return by_plain_index(_to_array, owner, index, value)
    if isinstance(owner, (list, collections.deque)):
        return by_plain_index(_to_sequence, owner, index, value)
    if isinstance(owner, dict):
        check_key(index)
        holder = forward_run.instance_of(owner)
        is_of_module = isinstance(holder, types.ModuleType) and is_importable(holder)
        if "__builtins__" in owner or is_of_module:
            _refuse_in_module(value)
        is_new = may_carry(index) and not dict.__contains__(owner, index)
        if isinstance(owner, collections.OrderedDict):
            collections.OrderedDict.__setitem__(owner, index, value)
        else:
            dict.__setitem__(owner, index, value)
        if not is_new:
            return None, lambda d, acc: (ZERO, ZERO, acc.take_slot(holder, index))
        return None, lambda d, acc: (
            ZERO, take_key(acc, holder, index), acc.take_slot(holder, index)
        )  # fmt: skip
    if isinstance(owner, np.flatiter):
        return write_flat(owner, index, value)
    if isinstance(owner, np.void) and has_fields(owner) and as_array(owner) is not None:
        return _to_array(as_array(owner), _name_of_field(owner, index), value)
    found = write_view(owner, index, value) if isinstance(owner, memoryview) else None
    if found is not None:
        return found
    return _through(opaque(operator.setitem, (owner, index, value), {}))


def _to_sequence(owner: Any, index: Any, value: Any) -> tuple[Any, Any]:
    if isinstance(index, slice):
        return _to_slice(owner, index, value)
    base = _base_of(owner)
    base.__setitem__(owner, index, value)
    place = operator.index(index) % base.__len__(owner)
    return None, lambda d, acc: (ZERO, ZERO, acc.take_slot(owner, place))


def _refuse_in_module(value: Any) -> None:
    if carries(value):
        raise mutation_error(
            "a value that carries a derivative was stored in globals()",
            "dpy follows globals by `global` statements",
            "declare the name in a `global` statement and assign to it",
        )


def _to_array(owner: Any, index: Any, value: Any) -> tuple[Any, Any]:
    if owner.dtype.kind == "O":
        return object_arrays.write(owner, kept_index(index), value)
    if type(value) not in COMMON and is_foreign(value):
        return _of_foreign(owner, index, value)
    kept = kept_index(index)
    value_before = value
    if isinstance(value, np.ndarray) and np.may_share_memory(owner, value):
        value_before = value.copy()
    held = hold(value)
    np.ndarray.__setitem__(owner, index, value)
    target = owner[index] if isinstance(index, str) else owner

    def array_pullback(d: Any, acc: Any) -> Any:
        d_value = acc.take_region(owner, kept)
        if d_value is ZERO:
            return ZERO, ZERO, ZERO
        d_value = project_written(d_value, value_before, target)
        return ZERO, ZERO, sink(acc, held, d_value)

    return None, array_pullback


def _of_foreign(owner: Any, index: Any, value: Any) -> tuple[Any, Any]:
    """What is written is an object, which gives a number or an array."""
    array, back = dispatch(np.asarray, (value, owner.dtype), {})
    _, pb = _to_array(owner, index, array)

    def foreign_pullback(d: Any, acc: Any) -> Any:
        d_array = pb(d, acc)[2]
        return ZERO, ZERO, ZERO if back is None else back(d_array, acc)[1][0]

    return None, foreign_pullback


def _to_slice(owner: Any, index: slice, value: Any) -> tuple[Any, Any]:
    items, give = iteration.collect(value)
    places = range(*index.indices(len(owner)))
    list.__setitem__(owner, index, items)
    n = len(items)
    if places.step == 1:
        start, removed = places.start, len(places)

        def splice_pullback(d: Any, acc: Any) -> Any:
            return ZERO, ZERO, give(acc, acc.splice(owner, start, n, removed))

        return None, splice_pullback

    def slice_pullback(d: Any, acc: Any) -> Any:
        return ZERO, ZERO, give(acc, [acc.take_slot(owner, place) for place in places])

    return None, slice_pullback


# --- deleting -------------------------------------------------------------------------------------


def delete_item(owner: Any, index: Any) -> tuple[Any, Any]:
    """``del owner[index]``: ``(None, pb)``."""
    method = user_method(type(owner), "__delitem__")
    if method is not None:
        return _through(dispatch(method, (owner, index), {}))
    return raw_delete(owner, index)


def raw_delete(owner: Any, index: Any) -> tuple[Any, Any]:
    """What the builtin type does, whatever a subclass defines."""
    if isinstance(owner, dict):
        check_key(index)
        holder = forward_run.instance_of(owner)
        base = collections.OrderedDict if isinstance(owner, collections.OrderedDict) else dict
        base.__delitem__(owner, index)

        def forget(d: Any, acc: Any) -> Any:
            acc.take_slot(holder, index)  # a later value under this key was another one
            return ZERO, ZERO

        return None, forget
    if not isinstance(owner, (list, collections.deque)):
        return _through(opaque(operator.delitem, (owner, index), {}))
    return by_plain_index(_delete_of_sequence, owner, index)


def _delete_of_sequence(owner: Any, index: Any) -> tuple[Any, Any]:
    n = len(owner)
    if isinstance(index, slice):
        places = sorted(range(*index.indices(n)))
    else:
        places = [operator.index(index) % n] if n else []
    _base_of(owner).__delitem__(owner, index)

    def delete_pullback(d: Any, acc: Any) -> Any:
        for place in places:
            acc.insert(owner, place)
        return ZERO, ZERO

    return None, delete_pullback
