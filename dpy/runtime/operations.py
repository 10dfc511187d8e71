"""Operators, attributes, items and displays on values that the compiler knew nothing about."""

from __future__ import annotations

import operator
import types
from typing import Any

import numpy as np

from dpy.adjoints import registry
from dpy.cotangent import ZERO, is_zero
from dpy.runtime import containers
from dpy.runtime.dispatch import dispatch
from dpy.runtime.failures import mutation_error, no_adjoint
from dpy.runtime.held import Held, hold, sink, take

__all__ = ["operate", "read_attribute", "read_cell", "read_global", "write_attribute"]

_BINARY = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "truediv", "floordiv": "floordiv",
    "mod": "mod", "pow": "pow", "matmul": "matmul", "and_": "and", "or_": "or", "xor": "xor",
    "lshift": "lshift", "rshift": "rshift",
}  # fmt: skip
_UNARY = {"neg": "__neg__", "pos": "__pos__", "invert": "__invert__"}
_COMPARE = {
    "lt": ("__lt__", "__gt__"), "le": ("__le__", "__ge__"), "gt": ("__gt__", "__lt__"),
    "ge": ("__ge__", "__le__"), "eq": ("__eq__", "__eq__"), "ne": ("__ne__", "__ne__"),
}  # fmt: skip
_PLAIN = (float, int, complex, bool, np.ndarray, np.generic)
_MISSING = object()


def operate(name: str, active: tuple[bool, ...], /, *args: Any) -> tuple[Any, Any]:
    """The operation `name` of the IR on actual values: ``(y, pb)``, one cotangent per operand."""
    handler = _handlers.get(name)
    if handler is not None:
        y, pb = handler(*args)
    elif name in _BINARY:
        y, pb = _binary(name, *args)
    elif name in _UNARY:
        y, pb = _unary(name, *args)
    elif name in _COMPARE:
        y, pb = _compare(name, *args)
    elif name[0] == "i" and name[1:] in _IN_PLACE_BASE:
        y, pb = _in_place(name, *args)
    else:
        raise AssertionError(f"unknown operation {name}")
    if pb is None:
        nothing = (ZERO,) * len(args)
        return y, lambda d, acc: nothing
    return y, pb


def _through(found: tuple[Any, Any]) -> tuple[Any, Any]:
    """The protocol of `dispatch` brought to one cotangent per operand."""
    y, pb = found
    return y, None if pb is None else lambda d, acc: pb(d, acc)[1]


def _rule(function: Any, args: tuple[Any, ...]) -> tuple[Any, Any] | None:
    rule = registry.lookup(function, args)
    return None if rule is None else _through(dispatch(function, args, {}))


# --- operators ----------------------------------------------------------------------------------


def _binary(name: str, a: Any, b: Any) -> tuple[Any, Any]:
    function = getattr(operator, name)
    if isinstance(a, _PLAIN) and isinstance(b, _PLAIN):
        found = _rule(function, (a, b))
        if found is not None:
            return found
        return function(a, b), None
    sequence = _sequence_operator(name, a, b)
    if sequence is not None:
        return sequence
    return _dunders(function, f"__{_BINARY[name]}__", f"__r{_BINARY[name]}__", a, b)


def _unary(name: str, a: Any) -> tuple[Any, Any]:
    function = getattr(operator, name)
    if isinstance(a, _PLAIN):
        return _rule(function, (a,)) or (function(a), None)
    method = _user_method(type(a), _UNARY[name])
    if method is None:
        return _opaque(function, (a,))
    return _through(dispatch(method, (a,), {}))


def _compare(name: str, a: Any, b: Any) -> tuple[Any, Any]:
    function = getattr(operator, name)
    if isinstance(a, _PLAIN) and isinstance(b, _PLAIN):
        return function(a, b), None
    if _user_method(type(a), _COMPARE[name][0]) or _user_method(type(b), _COMPARE[name][1]):
        return _dunders(function, *_COMPARE[name], a, b)
    return function(a, b), None


def _user_method(cls: type, name: str) -> Any:
    """The Python function that implements a special method, or None."""
    for c in cls.__mro__:
        raw = c.__dict__.get(name, _MISSING)
        if raw is not _MISSING:
            return raw if isinstance(raw, types.FunctionType) else None
    return None


def _implements(cls: type, name: str) -> Any:
    for c in cls.__mro__:
        if name in c.__dict__:
            return c.__dict__[name]
    return None


def _dunders(function: Any, name: str, reflected: str, a: Any, b: Any) -> tuple[Any, Any]:
    """Python's binary operator protocol, its methods differentiated."""
    left, right = type(a), type(b)
    attempts: list[Any] = [(left, name, (a, b), False)]
    if right is not left or name == reflected:
        swapped = (right, reflected, (b, a), True)
        overrides = (
            right is not left and issubclass(right, left)
            and _implements(right, reflected) is not _implements(left, reflected)
        )  # fmt: skip
        attempts = [swapped, *attempts] if overrides else [*attempts, swapped]
    for cls, method_name, args, is_swapped in attempts:
        raw = _implements(cls, method_name)
        if raw is None:
            continue
        if not callable(raw):
            raw = getattr(args[0], method_name)
            args = args[1:]
        if not isinstance(raw, types.FunctionType) and isinstance(args[0], _PLAIN):
            # float.__mul__(GG) and the like: they decline, or (NumPy) call the other side
            if isinstance(args[0], np.ndarray) and not _declines_arrays(args[1]):
                return _opaque(function, (a, b))
            continue
        y, pb = dispatch(raw, args, {})
        if y is NotImplemented:
            continue
        if pb is None:
            return y, None
        if is_swapped:
            return y, lambda d, acc, pb=pb: pb(d, acc)[1][::-1]
        return y, lambda d, acc, pb=pb: pb(d, acc)[1]
    return _opaque(function, (a, b))


def _declines_arrays(x: Any) -> bool:
    """Whether ndarray operators leave the operation to `x`."""
    return getattr(type(x), "__array_ufunc__", _MISSING) is None


def _opaque(function: Any, args: tuple[Any, ...]) -> tuple[Any, Any]:
    y = function(*args)  # raises as Python does if nothing implements it
    held = hold(y)

    def opaque_pullback(d: Any, acc: Any) -> Any:
        if not containers.is_null(take(acc, held, d)):
            raise no_adjoint(function, args)
        return (ZERO,) * len(args)

    return y, opaque_pullback


def _sequence_operator(name: str, a: Any, b: Any) -> tuple[Any, Any] | None:
    if name == "add" and type(a) is type(b) and type(a) in (list, tuple):
        return _concatenate(a, b)
    if name == "mul":
        if type(a) in (list, tuple) and isinstance(b, (int, np.integer)):
            return _repeat(a, b, swapped=False)
        if type(b) in (list, tuple) and isinstance(a, (int, np.integer)):
            return _repeat(b, a, swapped=True)
    if isinstance(a, (str, bytes, set, frozenset, range)) or isinstance(b, (str, bytes)):
        function = getattr(operator, name)
        return function(a, b), None
    return None


def _items_of(acc: Any, y: Any, d: Any) -> list[Any]:
    """The remainders of the items of a fresh list or tuple."""
    n = len(y)
    total = d if type(y) is tuple else acc.take(y)
    return list(containers.as_tuple(total, n))


def _concatenate(a: Any, b: Any) -> tuple[Any, Any]:
    y = a + b
    n = len(a)

    def concatenate_pullback(d: Any, acc: Any) -> Any:
        items = _items_of(acc, y, d)
        return containers.give_items(acc, a, items[:n]), containers.give_items(acc, b, items[n:])

    return y, concatenate_pullback


def _repeat(a: Any, times: Any, *, swapped: bool) -> tuple[Any, Any]:
    y = a * times
    n = len(a)

    def repeat_pullback(d: Any, acc: Any) -> Any:
        items = _items_of(acc, y, d)
        totals = [ZERO] * n
        for i, d_i in enumerate(items):
            totals[i % n] = containers.add(totals[i % n], d_i)
        d_a = containers.give_items(acc, a, totals)
        return (ZERO, d_a) if swapped else (d_a, ZERO)

    return y, repeat_pullback


_IN_PLACE_BASE = set(_BINARY) | {"and", "or"}


def _in_place(name: str, a: Any, b: Any) -> tuple[Any, Any]:
    base = name[1:] + ("_" if name in ("iand", "ior") else "")
    if isinstance(a, np.ndarray):
        return _in_place_array(name, base, a, b)
    if type(a) is list and name == "iadd":
        _, pb = dispatch(list.extend, (a, b), {})
        return a, lambda d, acc: (d, pb(d, acc)[1][1])
    method = _user_method(type(a), f"__{name}__")
    if method is not None:
        y, pb = dispatch(method, (a, b), {})
        if y is not NotImplemented:
            return y, None if pb is None else lambda d, acc: pb(d, acc)[1]
    elif not isinstance(a, _PLAIN) and _implements(type(a), f"__{name}__") is not None:
        return _opaque(getattr(operator, name), (a, b))
    return _binary(base, a, b)


def _in_place_array(name: str, base: str, a: Any, b: Any) -> tuple[Any, Any]:
    """``a op= b``: the adjoint of the operation on the old contents, written over them."""
    function = getattr(operator, name)
    plain = getattr(operator, base)
    old = a if name in ("iadd", "isub") else a.copy()
    b_old = b.copy() if isinstance(b, np.ndarray) and name not in ("iadd", "isub") else b
    if isinstance(b, np.ndarray) and np.may_share_memory(a, b):
        old, b_old = a.copy(), b.copy()
    y = function(a, b)
    rule = registry.lookup(plain, (a, b))
    held_b = hold(b)

    def in_place_pullback(d: Any, acc: Any) -> Any:
        d_y = acc.take(a)
        if d_y is ZERO:
            return d, ZERO
        if name in ("iadd", "isub"):
            d_args: Any = (d_y, d_y if name == "iadd" else -d_y)
            d_b = containers.add(ZERO, d_args[1])
            from dpy.cotangent import project

            d_b = project(d_b, b)
        else:
            if rule is None:
                raise no_adjoint(function, (a, b))
            _, pullback = rule.apply((old, b_old), {})
            if pullback is None:
                return d, ZERO
            d_args, _ = pullback(d_y)
            d_b = d_args[1]
        acc.add(a, d_args[0])
        return d, sink(acc, held_b, d_b)

    return y, in_place_pullback


# --- attributes -----------------------------------------------------------------------------------


def read_attribute(owner: Any, name: str) -> tuple[Any, Any]:
    """``owner.name``: ``(y, pb)`` with ``pb(d, acc) -> remainder of owner``."""
    cls = type(owner)
    if isinstance(owner, (types.ModuleType, type)) or cls in (types.FunctionType,):
        y = getattr(owner, name)
        return y, lambda d, acc: _module_slot(acc, owner, name, d)
    if isinstance(owner, (np.ndarray, np.generic, float, int, complex)):
        return _plain_attribute(owner, name)
    if cls is types.CellType:
        return _cell_attribute(owner)
    custom = _user_method(cls, "__getattribute__")
    if custom is not None and not (isinstance(owner, tuple)):
        return _first(dispatch(custom, (owner, name), {}))
    raw = _implements(cls, name)
    if isinstance(raw, property):
        if isinstance(raw.fget, types.FunctionType):
            return _first(dispatch(raw.fget, (owner,), {}))
        return getattr(owner, name), None
    if raw is None:
        fallback = _user_method(cls, "__getattr__")
        if fallback is not None and not _has_instance_attribute(owner, name):
            return _first(dispatch(fallback, (owner, name), {}))
    if raw is not None and _is_user_descriptor(raw) and not _shadowed(owner, name, raw):
        getter = _user_method(type(raw), "__get__")
        y, pb = dispatch(getter, (raw, owner, cls), {})
        return y, None if pb is None else lambda d, acc: pb(d, acc)[1][1]
    y = getattr(owner, name)
    if isinstance(y, (types.MethodType, types.BuiltinMethodType)) and y.__self__ is owner:
        return y, _owner_of_method
    if isinstance(owner, tuple) and name in getattr(cls, "_fields", ()):
        place, n = cls._fields.index(name), len(owner)
        return y, lambda d, acc: tuple(d if i == place else ZERO for i in range(n))
    if not _has_instance_attribute(owner, name) and not isinstance(
        raw, (types.MemberDescriptorType, types.GetSetDescriptorType)
    ):
        return y, lambda d, acc: _module_slot(acc, cls, name, d)

    def attribute_pullback(d: Any, acc: Any) -> Any:
        acc.add_slot(owner, name, d)
        return ZERO

    return y, attribute_pullback


def _first(found: tuple[Any, Any]) -> tuple[Any, Any]:
    y, pb = found
    return y, None if pb is None else lambda d, acc: pb(d, acc)[1][0]


def _owner_of_method(d: Any, acc: Any) -> Any:
    """The owner's part of the cotangent of a bound method."""
    return d.get("__self__", ZERO) if type(d) is dict else ZERO


def _module_slot(acc: Any, owner: Any, name: str, d: Any) -> Any:
    if not is_zero(d):
        acc.add_slot(owner, name, d)
    return ZERO


def _is_user_descriptor(raw: Any) -> bool:
    return _user_method(type(raw), "__get__") is not None


def _shadowed(owner: Any, name: str, raw: Any) -> bool:
    is_data = hasattr(type(raw), "__set__") or hasattr(type(raw), "__delete__")
    return not is_data and _has_instance_attribute(owner, name)


def _has_instance_attribute(owner: Any, name: str) -> bool:
    try:
        return name in object.__getattribute__(owner, "__dict__")
    except AttributeError:
        return False


def _plain_attribute(owner: Any, name: str) -> tuple[Any, Any]:
    descriptor = getattr(type(owner), name, None)
    rule = registry.lookup(descriptor) if descriptor is not None else None
    if rule is not None and not isinstance(descriptor, types.MethodDescriptorType):
        return (
            _first(dispatch(descriptor, (owner,), {}))
            if callable(descriptor)
            else _getset(rule, owner)
        )
    y = getattr(owner, name)
    if isinstance(y, types.BuiltinMethodType):
        return y, _owner_of_method
    if name in ("shape", "ndim", "size", "dtype", "itemsize", "nbytes", "strides", "flags"):
        return y, None
    if isinstance(owner, (float, int)) and name in ("real", "numerator"):
        return y, lambda d, acc: d
    if isinstance(owner, complex) and name in ("real", "imag"):
        factor = 1.0 if name == "real" else 1j
        return y, lambda d, acc: d * factor
    if isinstance(y, (str, int, type(None))) or isinstance(owner, (float, int)):
        return y, None
    held = hold(y)

    def unknown_pullback(d: Any, acc: Any) -> Any:
        if isinstance(y, np.ndarray) and np.may_share_memory(y, owner):
            return ZERO  # a view: its accumulator is a view of the owner's
        if not containers.is_null(take(acc, held, d)):
            raise no_adjoint(descriptor, (owner,))
        return ZERO

    return y, unknown_pullback


def _getset(rule: Any, owner: Any) -> tuple[Any, Any]:
    from dpy.runtime.dispatch import _by_rule

    return _first(_by_rule(rule, (owner,), {}))


def _cell_attribute(cell: Any) -> tuple[Any, Any]:
    try:
        y = cell.cell_contents
    except ValueError:
        raise NameError("free variable referenced before assignment in enclosing scope") from None

    def cell_pullback(d: Any, acc: Any) -> Any:
        acc.add_slot(cell, "cell_contents", d)
        return ZERO

    return y, cell_pullback


def write_attribute(owner: Any, name: str, value: Any) -> Any:
    """``owner.name = value``; returns ``pb(acc) -> remainder of value``."""
    cls = type(owner)
    custom = _user_method(cls, "__setattr__")
    raw = _implements(cls, name)
    if custom is not None and not _is_frozen_setter(custom):
        _, pb = dispatch(custom, (owner, name, value), {})
        return _last(pb)
    if isinstance(raw, property) and isinstance(raw.fset, types.FunctionType):
        _, pb = dispatch(raw.fset, (owner, value), {})
        return _last(pb)
    setter = _user_method(type(raw), "__set__") if raw is not None else None
    if setter is not None:
        _, pb = dispatch(setter, (raw, owner, value), {})
        return _last(pb)
    if isinstance(owner, (types.ModuleType, type)):
        return _write_shared(owner, name, value)
    setattr(owner, name, value)
    if isinstance(owner, np.ndarray):

        def refuse(acc: Any) -> Any:
            if not containers.is_null(acc.peek(owner)):
                raise mutation_error(
                    f"assignment to the {name} of an array", "it is not reversible"
                )
            return ZERO

        return refuse
    return lambda acc: acc.take_slot(owner, name)


def _write_shared(owner: Any, name: str, value: Any) -> Any:
    """Attributes of modules and classes are read as constants: active values may not go there."""
    setattr(owner, name, value)
    if isinstance(value, (float, complex, np.ndarray, np.inexact, list, dict, tuple)):
        raise mutation_error(
            f"a value that carries a derivative was stored in {owner.__name__}.{name}",
            "attributes of modules and classes are constants for dpy",
        )
    return lambda acc: ZERO


def _is_frozen_setter(method: Any) -> bool:
    """The ``__setattr__`` of a frozen dataclass: raises by itself."""
    return bool(method.__code__.co_filename == "<string>")


def _last(pb: Any) -> Any:
    return lambda acc: ZERO if pb is None else pb(ZERO, acc)[1][-1]


def _getattr(owner: Any, name: str) -> tuple[Any, Any]:
    y, pb = read_attribute(owner, name)
    return y, None if pb is None else lambda d, acc: (pb(d, acc), ZERO)


def _setattr(owner: Any, name: str, value: Any) -> tuple[Any, Any]:
    pb = write_attribute(owner, name, value)
    return None, lambda d, acc: (ZERO, ZERO, pb(acc))


def _delattr(owner: Any, name: str) -> tuple[Any, Any]:
    delattr(owner, name)
    return None, None


# --- items ----------------------------------------------------------------------------------------


def _getitem(owner: Any, index: Any) -> tuple[Any, Any]:
    t = type(owner)
    if t is list or t is tuple:
        return _sequence_item(owner, index)
    if isinstance(owner, dict) and _user_method(t, "__getitem__") is None:
        y = owner[index]

        def item_pullback(d: Any, acc: Any) -> Any:
            acc.add_slot(owner, index, d)
            return ZERO, ZERO

        return y, item_pullback
    if isinstance(owner, np.ndarray):
        return _array_item(owner, index)
    method = _user_method(t, "__getitem__")
    if method is not None:
        return _through(dispatch(method, (owner, index), {}))
    if isinstance(owner, (list, tuple)):
        return _sequence_item(owner, index)
    if isinstance(owner, (str, bytes, range)):
        return owner[index], None
    if isinstance(owner, type):
        return owner[index], None  # type: ignore[index]
    return _opaque(operator.getitem, (owner, index))


def _sequence_item(owner: Any, index: Any) -> tuple[Any, Any]:
    y = owner[index]
    n = len(owner)
    if isinstance(index, slice):
        places = range(*index.indices(n))

        def slice_pullback(d: Any, acc: Any) -> Any:
            items = [ZERO] * n
            for place, d_i in zip(places, _items_of(acc, y, d), strict=True):
                items[place] = d_i
            return containers.give_items(acc, owner, items), ZERO

        return y, slice_pullback
    place = operator.index(index) % n

    def item_pullback(d: Any, acc: Any) -> Any:
        if isinstance(owner, tuple):
            if d is ZERO:
                return ZERO, ZERO
            return tuple(d if i == place else ZERO for i in range(n)), ZERO
        acc.add_slot(owner, place, d)
        return ZERO, ZERO

    return y, item_pullback


def _array_item(owner: Any, index: Any) -> tuple[Any, Any]:
    y = owner[index]
    if isinstance(y, np.ndarray) and y.base is not None and np.may_share_memory(y, owner):
        return y, None
    index = _kept_index(index)
    held = hold(y)

    def array_item_pullback(d: Any, acc: Any) -> Any:
        acc.add_region(owner, index, take(acc, held, d))
        return ZERO, ZERO

    return y, array_item_pullback


def _kept_index(index: Any) -> Any:
    """Index arrays and lists may be written to later."""
    if isinstance(index, (np.ndarray, list)):
        return index.copy()
    if isinstance(index, tuple):
        return tuple(map(_kept_index, index))
    return index


def _setitem(owner: Any, index: Any, value: Any) -> tuple[Any, Any]:
    t = type(owner)
    method = _user_method(t, "__setitem__")
    if method is not None:
        return _through(dispatch(method, (owner, index, value), {}))
    if isinstance(owner, np.ndarray):
        from dpy.runtime.helpers import project_written

        kept = _kept_index(index)
        held_value = hold(value)
        owner[index] = value

        def array_pullback(d: Any, acc: Any) -> Any:
            d_value = acc.take_region(owner, kept)
            if d_value is ZERO:
                return ZERO, ZERO, ZERO
            return ZERO, ZERO, sink(acc, held_value, project_written(d_value, value, owner))

        return None, array_pullback
    if isinstance(owner, list):
        if isinstance(index, slice):
            return _set_slice(owner, index, value)
        place = operator.index(index) % len(owner) if len(owner) else 0
        owner[index] = value
        return None, lambda d, acc: (ZERO, ZERO, acc.take_slot(owner, place))
    if isinstance(owner, dict):
        owner[index] = value
        return None, lambda d, acc: (ZERO, ZERO, acc.take_slot(owner, index))
    owner[index] = value
    return None, None


def _set_slice(owner: Any, index: slice, value: Any) -> tuple[Any, Any]:
    source, pb = containers.iterate(value, True)
    items = list(source)
    places = range(*index.indices(len(owner)))
    owner[index] = items
    if places.step == 1:
        start = places.start
        removed = len(places)

        def splice_pullback(d: Any, acc: Any) -> Any:
            taken = acc.splice(owner, start, len(items), removed)
            return ZERO, ZERO, pb(taken[::-1], acc)

        return None, splice_pullback

    def slice_pullback(d: Any, acc: Any) -> Any:
        taken = [acc.take_slot(owner, place) for place in places]
        return ZERO, ZERO, pb(taken[::-1], acc)

    return None, slice_pullback


def _delitem(owner: Any, index: Any) -> tuple[Any, Any]:
    method = _user_method(type(owner), "__delitem__")
    if method is not None:
        return _through(dispatch(method, (owner, index), {}))
    if not isinstance(owner, list):
        del owner[index]
        return None, None
    n = len(owner)
    places = (
        sorted(range(*index.indices(n)))
        if isinstance(index, slice)
        else [operator.index(index) % n if n else 0]
    )
    del owner[index]

    def del_pullback(d: Any, acc: Any) -> Any:
        for place in places:
            acc.insert(owner, place)
        return ZERO, ZERO

    return None, del_pullback


def _contains(container: Any, item: Any) -> tuple[Any, Any]:
    return operator.contains(container, item), None


# --- displays and the rest ----------------------------------------------------------------------


def _display(make: Any) -> Any:
    def build(*items: Any) -> tuple[Any, Any]:
        y = make(items)

        def display_pullback(d: Any, acc: Any) -> Any:
            return tuple(_items_of(acc, y, d))

        return y, display_pullback

    return build


def _dict(*pairs: Any) -> tuple[Any, Any]:
    y: dict[Any, Any] = {}
    owners: dict[Any, int] = {}
    spreads: list[tuple[int, Any]] = []
    for i in range(0, len(pairs), 2):
        key, value = pairs[i], pairs[i + 1]
        if key is Ellipsis:
            for k in value.keys():  # noqa: SIM118 - any object with keys() will do
                y[k] = value[k]
                owners[k] = i + 1
            spreads.append((i + 1, value))
        else:
            y[key] = value
            owners[key] = i + 1
    sources = dict(spreads)

    def dict_pullback(d: Any, acc: Any) -> Any:
        out = [ZERO] * len(pairs)
        total = acc.take(y)
        if type(total) is dict:
            for key, d_key in total.items():
                place = owners.get(key)
                if place is None:
                    continue
                if place in sources:
                    acc.add_slot(sources[place], key, d_key)
                else:
                    out[place] = d_key
        return tuple(out)

    return y, dict_pullback


def _set(*items: Any) -> tuple[Any, Any]:
    y = set(items)

    def set_pullback(d: Any, acc: Any) -> Any:
        if not containers.is_null(acc.take(y)):
            raise no_adjoint(set, items, "a set has no places for cotangents")
        return (ZERO,) * len(items)

    return y, set_pullback


def _unpack(source: Any, n: int) -> tuple[Any, Any]:
    iterable, pb = containers.iterate(source, True)
    y = _exactly(iterable, n)
    return y, lambda d, acc: (pb(list(containers.as_tuple(d, n))[::-1], acc), ZERO)


def _exactly(source: Any, n: int) -> tuple[Any, ...]:
    """Unpack as Python does, with its messages."""
    from dpy.transform.helpers import unpack

    return unpack(source, n)


def _unpack_star(source: Any, before: int, after: int) -> tuple[Any, Any]:
    from dpy.transform.helpers import unpack_star

    iterable, pb = containers.iterate(source, True)
    y = unpack_star(iterable, before, after)
    rest = y[before]

    def unpack_pullback(d: Any, acc: Any) -> Any:
        slots = containers.as_tuple(d, before + 1 + after)
        middle = _items_of(acc, rest, ZERO)
        items = [*slots[:before], *middle, *slots[before + 1 :]]
        return pb(items[::-1], acc), ZERO, ZERO

    return y, unpack_pullback


def _new_cell(*value: Any) -> tuple[Any, Any]:
    cell = types.CellType(*value)

    def new_cell_pullback(d: Any, acc: Any) -> Any:
        taken = acc.take_slot(cell, "cell_contents")
        return (taken,) if value else ()

    return cell, new_cell_pullback


def closure(function: Any) -> tuple[Any, Any]:
    """A new function whose defaults are active: calls leave their cotangents in its slots."""
    code = function.__code__
    n = len(function.__defaults__ or ())
    names = list(code.co_varnames[code.co_argcount - n : code.co_argcount])
    names += list(function.__kwdefaults__ or ())

    def closure_pullback(d: Any, acc: Any) -> tuple[Any, ...]:
        return tuple(acc.take_slot(function, ("default", name)) for name in names)

    return function, closure_pullback


def write_global(globals_: Any, name: str, value: Any) -> tuple[Any, Any]:
    """``global name; name = value`` with an active value."""
    globals_[name] = value
    return None, lambda d, acc: (ZERO, acc.take_slot(globals_, name))


def read_global(name: str, globals_: Any, value: Any) -> tuple[Any, Any]:
    """A global read while globals may hold active values: its slot is in the module's dict."""

    def global_pullback(d: Any, acc: Any) -> tuple[()]:
        if not is_zero(d):
            acc.add_slot(globals_, name, d)
        return ()

    return value, global_pullback


def read_cell(cell: Any, value: Any) -> tuple[Any, Any]:
    """The content of a captured cell, which may be active."""

    def cell_pullback(d: Any, acc: Any) -> tuple[()]:
        if not is_zero(d):
            acc.add_slot(cell, "cell_contents", d)
        return ()

    return value, cell_pullback


_handlers: dict[str, Any] = {
    "getattr": _getattr, "setattr": _setattr, "delattr": _delattr, "getitem": _getitem,
    "setitem": _setitem, "delitem": _delitem, "contains": _contains, "tuple": _display(tuple),
    "list": _display(list), "set": _set, "dict": _dict, "unpack": _unpack,
    "unpack_star": _unpack_star, "new_cell": _new_cell,
}  # fmt: skip
_ = Held
