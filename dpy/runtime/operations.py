"""Operators and displays on values that the compiler knew nothing about."""

from __future__ import annotations

import operator
import types
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from dpy.adjoints import registry
from dpy.cotangent import ZERO, add, is_zero, project
from dpy.runtime import entries, item_cotangents, items, iteration, protocols, sets, sources
from dpy.runtime.attempts import Thrown, interrupted, state
from dpy.runtime.attributes import delete_attribute, read_attribute, write_attribute
from dpy.runtime.dispatch import by_rule, call_spread, dispatch
from dpy.runtime.failures import no_adjoint
from dpy.runtime.held import hold, sink
from dpy.runtime.opaque import opaque
from dpy.runtime.special_methods import user_method

__all__ = [
    "OPERATIONS", "display_spread", "dunders", "operate", "operate_raw", "read_attribute",
    "read_cell", "read_global", "write_attribute", "write_global",
]  # fmt: skip

_BINARY = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "truediv", "floordiv": "floordiv",
    "mod": "mod", "pow": "pow", "matmul": "matmul", "and_": "and", "or_": "or", "xor": "xor",
    "lshift": "lshift", "rshift": "rshift",
}  # fmt: skip
_UNARY = {"neg": "__neg__", "pos": "__pos__", "invert": "__invert__", "abs": "__abs__"}
_COMPARE = {
    "lt": ("__lt__", "__gt__"), "le": ("__le__", "__ge__"), "gt": ("__gt__", "__lt__"),
    "ge": ("__ge__", "__le__"), "eq": ("__eq__", "__eq__"), "ne": ("__ne__", "__ne__"),
}  # fmt: skip
_PLAIN = (float, int, complex, bool, np.ndarray, np.generic)
_TEXT = frozenset({str, bytes, bool, type(None), type})
_EXACT = (Fraction, Decimal)
_REAL = frozenset({float, int, np.float64, Fraction, Decimal})
_TWO_ZEROS = (ZERO, ZERO)


def operate(name: str, active: tuple[bool, ...], /, *args: Any) -> tuple[Any, Any]:
    """The operation `name` of the IR on actual values: ``(y, pb)``, one cotangent per operand."""
    y, pb = OPERATIONS[name](*args)
    if pb is None:
        n = len(args)
        return y, _inert_two if n == 2 else _inert(n)
    return y, pb


def operate_raw(name: str, *args: Any) -> tuple[Any, Any]:
    """The operation of the builtin type itself, whatever a subclass defines."""
    handler = _raw.get(name)
    if handler is not None:
        return handler(*args)
    if name in _BINARY:
        return _builtin_binary(name, *args) or _opaque(getattr(operator, name), args)
    return OPERATIONS[name](*args)


def _inert_two(d: Any, acc: Any) -> tuple[Any, Any]:
    return _TWO_ZEROS


def _inert(n: int) -> Any:
    nothing = (ZERO,) * n
    return lambda d, acc: nothing


def _through(found: tuple[Any, Any]) -> tuple[Any, Any]:
    """The protocol of `dispatch` brought to one cotangent per operand."""
    y, pb = found
    return y, None if pb is None else lambda d, acc: pb(d, acc)[1]


def _opaque(function: Any, args: tuple[Any, ...]) -> tuple[Any, Any]:
    return _through(opaque(function, args, {}))


def _rule(function: Any, args: tuple[Any, ...]) -> tuple[Any, Any] | None:
    rule = registry.lookup(function, args)
    return None if rule is None else _through(by_rule(rule, args, {}))


# --- arithmetic on real scalars: the common case, without any bookkeeping -------------------------


def _add(a: Any, b: Any) -> tuple[Any, Any]:
    if type(a) in _REAL and type(b) in _REAL:
        return a + b, _add_pullback
    return _binary("add", a, b)


def _add_pullback(d: Any, acc: Any) -> tuple[Any, Any]:
    return d, d


def _sub(a: Any, b: Any) -> tuple[Any, Any]:
    if type(a) in _REAL and type(b) in _REAL:
        return a - b, _sub_pullback
    return _binary("sub", a, b)


def _sub_pullback(d: Any, acc: Any) -> tuple[Any, Any]:
    return d, -d


def _mul(a: Any, b: Any) -> tuple[Any, Any]:
    if type(a) in _REAL and type(b) in _REAL:
        return a * b, lambda d, acc: (d * b, d * a)
    return _binary("mul", a, b)


def _truediv(a: Any, b: Any) -> tuple[Any, Any]:
    if type(a) in _REAL and type(b) in _REAL and b != 0:
        y = a / b

        def truediv_pullback(d: Any, acc: Any) -> tuple[Any, Any]:
            d_a = d / b
            return d_a, -d_a * y

        return y, truediv_pullback
    return _binary("truediv", a, b)


def _pow(a: Any, b: Any) -> tuple[Any, Any]:
    if type(b) is int and (b == 2 or type(a) in _EXACT) and type(a) in _REAL and a != 0:
        return a**b, lambda d, acc: (d * (b * a ** (b - 1)), ZERO)
    return _binary("pow", a, b)


def _neg(a: Any) -> tuple[Any, Any]:
    if type(a) in _REAL:
        return -a, _neg_pullback
    return _unary("neg", a)


def _neg_pullback(d: Any, acc: Any) -> tuple[Any]:
    return (-d,)


def _comparison(name: str) -> Callable[[Any, Any], tuple[Any, Any]]:
    function = getattr(operator, name)

    def compare(a: Any, b: Any) -> tuple[Any, Any]:
        if type(a) in _REAL and type(b) in _REAL:
            return function(a, b), None
        return _compare(name, a, b)

    return compare


# --- operators ------------------------------------------------------------------------------------


def _binary(name: str, a: Any, b: Any) -> tuple[Any, Any]:
    found = _builtin_binary(name, a, b)
    if found is not None:
        return found
    base = _BINARY[name]
    return dunders(getattr(operator, name), f"__{base}__", f"__r{base}__", a, b)


def _builtin_binary(name: str, a: Any, b: Any) -> tuple[Any, Any] | None:
    function = getattr(operator, name)
    if isinstance(a, _PLAIN) and isinstance(b, _PLAIN):
        return _rule(function, (a, b)) or (function(a, b), None)
    if isinstance(a, _EXACT) or isinstance(b, _EXACT):
        if isinstance(a, (*_PLAIN, *_EXACT)) and isinstance(b, (*_PLAIN, *_EXACT)):
            return _rule(function, (a, b)) or (function(a, b), None)
    return _sequence_operator(name, a, b)


def _unary(name: str, a: Any) -> tuple[Any, Any]:
    function = getattr(operator, name)
    if isinstance(a, (*_PLAIN, *_EXACT)):
        return _rule(function, (a,)) or (function(a), None)
    method = user_method(type(a), _UNARY[name])
    if method is None:
        return _opaque(function, (a,))
    return _through(dispatch(method, (a,), {}))


def _compare(name: str, a: Any, b: Any) -> tuple[Any, Any]:
    function = getattr(operator, name)
    if isinstance(a, _PLAIN) and isinstance(b, _PLAIN):
        return function(a, b), None
    if user_method(type(a), _COMPARE[name][0]) or user_method(type(b), _COMPARE[name][1]):
        return dunders(function, *_COMPARE[name], a, b)
    if type(a) in _TEXT or type(b) in _TEXT:
        return function(a, b), None
    return _opaque(function, (a, b))  # what is in containers may have comparisons of its own


def _implements(cls: type, name: str) -> Any:
    for c in cls.__mro__:
        if name in c.__dict__:
            return c.__dict__[name]
    return None


def dunders(function: Any, name: str, reflected: str, a: Any, b: Any) -> tuple[Any, Any]:
    """Python's binary operator protocol, its methods differentiated."""
    left, right = type(a), type(b)
    attempts = [(left, name, (a, b), False)]
    if right is not left or name == reflected:
        swapped = (right, reflected, (b, a), True)
        overrides = (
            right is not left and issubclass(right, left)
            and _implements(right, reflected) is not _implements(left, reflected)
        )  # fmt: skip
        attempts = [swapped, *attempts] if overrides else [*attempts, swapped]
    for cls, method_name, pair, is_swapped in attempts:
        args: tuple[Any, ...] = pair
        raw = _implements(cls, method_name)
        if raw is None:
            continue
        if isinstance(raw, (staticmethod, classmethod)) or not callable(raw):
            raw = getattr(args[0], method_name)
            args = args[1:]
        if not isinstance(raw, types.FunctionType) and isinstance(pair[0], _PLAIN):
            # float.__mul__(GG) and the like: they decline, or (NumPy) call the other side
            if isinstance(pair[0], np.ndarray) and not _declines_arrays(pair[1]):
                return _opaque(function, (a, b))
            continue
        y, pb = dispatch(raw, args, {})
        if y is NotImplemented:
            continue
        if pb is None:
            return y, None
        if len(args) == 1:  # an attribute that is called without self
            return y, _one_operand(pb, is_swapped)
        if is_swapped:
            return y, lambda d, acc, pb=pb: pb(d, acc)[1][::-1]
        return y, lambda d, acc, pb=pb: pb(d, acc)[1]
    return _opaque(function, (a, b))


def _one_operand(pb: Any, is_first: bool) -> Any:
    def operand_pullback(d: Any, acc: Any) -> Any:
        d_x = pb(d, acc)[1][0]
        return (d_x, ZERO) if is_first else (ZERO, d_x)

    return operand_pullback


def _declines_arrays(x: Any) -> bool:
    """Whether ndarray operators leave the operation to `x`."""
    return getattr(type(x), "__array_ufunc__", protocols) is None


def _sequence_operator(name: str, a: Any, b: Any) -> tuple[Any, Any] | None:
    """``+`` and ``*`` of lists and tuples, ``|`` of dicts, operators of sets; else None."""
    if name == "add" and type(a) is type(b) and type(a) in (list, tuple):
        return _concatenate(a, b)
    if name == "mul":
        if type(a) in (list, tuple) and isinstance(b, (int, np.integer)):
            return _repeat(a, b, swapped=False)
        if type(b) in (list, tuple) and isinstance(a, (int, np.integer)):
            return _repeat(b, a, swapped=True)
    if name == "or_" and type(a) is dict and type(b) is dict:
        return _merge(a, b)
    if type(a) in (set, frozenset) and type(b) in (set, frozenset):
        return sets.merged_set(getattr(operator, name), a, b)
    if isinstance(a, (str, bytes, range)) or isinstance(b, (str, bytes)):
        return getattr(operator, name)(a, b), None
    return None


def _concatenate(a: Any, b: Any) -> tuple[Any, Any]:
    y = a + b
    n, size = len(a), len(y)

    def concatenate_pullback(d: Any, acc: Any) -> Any:
        parts = item_cotangents.fresh_items(acc, y, size, d)
        return iteration.give_items(acc, a, parts[:n]), iteration.give_items(acc, b, parts[n:])

    return y, concatenate_pullback


def _repeat(a: Any, times: Any, *, swapped: bool) -> tuple[Any, Any]:
    y = a * times
    n, size = len(a), len(y)

    def repeat_pullback(d: Any, acc: Any) -> Any:
        totals = [ZERO] * n
        for i, d_i in enumerate(item_cotangents.fresh_items(acc, y, size, d)):
            totals[i % n] = add(totals[i % n], d_i)
        d_a = iteration.give_items(acc, a, totals)
        return (ZERO, d_a) if swapped else (d_a, ZERO)

    return y, repeat_pullback


def _merge(a: dict[Any, Any], b: dict[Any, Any]) -> tuple[Any, Any]:
    y = a | b
    from_b = frozenset(b)

    def merge_pullback(d: Any, acc: Any) -> Any:
        for key, part in acc.take_slots(y).items():
            acc.add_slot(b if key in from_b else a, key, part)
        return _TWO_ZEROS

    return y, merge_pullback


# --- in place -------------------------------------------------------------------------------------


def _in_place(name: str) -> Callable[[Any, Any], tuple[Any, Any]]:
    base = name[1:] + ("_" if name in ("iand", "ior") else "")
    plain = OPERATIONS[base]
    method_name = f"__{name}__"

    def operate_in_place(a: Any, b: Any) -> tuple[Any, Any]:
        if type(a) in _REAL:
            return plain(a, b)
        if isinstance(a, np.ndarray):
            return _in_place_array(name, base, a, b)
        method = user_method(type(a), method_name)
        if method is not None:
            y, pb = dispatch(method, (a, b), {})
            if y is not NotImplemented:
                return y, None if pb is None else lambda d, acc: pb(d, acc)[1]
        else:
            found = _builtin_in_place(name, a, b)
            if found is not None:
                return found
        return plain(a, b)

    return operate_in_place


def _builtin_in_place(name: str, a: Any, b: Any) -> tuple[Any, Any] | None:
    if isinstance(a, list) and name == "iadd":
        _, pb = dispatch(list.extend, (a, b), {})
        return a, lambda d, acc: (d, pb(d, acc)[1][1])
    if isinstance(a, list) and name == "imul":
        return _repeat_in_place(a, b)
    if isinstance(a, dict) and name == "ior":
        _, pb = dispatch(dict.update, (a, b), {})
        return a, lambda d, acc: (d, pb(d, acc)[1][1])
    if isinstance(a, set) and isinstance(b, (set, frozenset)):
        function = getattr(operator, name)
        _, pb = sets.update_set(lambda x, items: function(x, set(items)), a, b)
        return a, lambda d, acc: (d, pb(d, acc)[1][1])
    if not isinstance(a, _PLAIN) and _implements(type(a), f"__{name}__") is not None:
        return _opaque(getattr(operator, name), (a, b))
    return None


def _repeat_in_place(a: list[Any], times: Any) -> tuple[Any, Any]:
    n = len(a)
    size = n * max(0, operator.index(times))
    a *= times

    def repeat_pullback(d: Any, acc: Any) -> Any:
        slots = acc.take_slots(a)
        for slot, part in slots.items():
            acc.add_slot(a, slot % n if type(slot) is int and slot < size else slot, part)
        return d, ZERO

    return a, repeat_pullback


def _in_place_array(name: str, base: str, a: Any, b: Any) -> tuple[Any, Any]:
    """``a op= b``: the adjoint of the operation on the old contents, written over them."""
    function = getattr(operator, name)
    linear = name in ("iadd", "isub")
    overlaps = isinstance(b, np.ndarray) and np.may_share_memory(a, b)
    old = a if linear and not overlaps else a.copy()
    b_old = hold(b)
    if isinstance(b, np.ndarray) and (not linear or overlaps):
        b_old = b.copy()
    elif isinstance(b, list):
        b_old = list(b)
    rule = registry.lookup(getattr(operator, base), (a, b))
    y = function(a, b)
    held_b = hold(b)

    def in_place_pullback(d: Any, acc: Any) -> Any:
        d_y = acc.take(a)
        if d_y is ZERO:
            return d, ZERO
        if linear:
            d_a, d_b = d_y, project(d_y if name == "iadd" else -d_y, b_old)
        elif rule is None:
            raise no_adjoint(function, (a, b))
        else:
            _, pullback = rule.apply((old, b_old), {})
            if pullback is None:
                return d, ZERO
            (d_a, d_b), _ = pullback(d_y)
        acc.add(a, d_a)
        return d, sink(acc, held_b, d_b)

    return y, in_place_pullback


# --- attributes and items -------------------------------------------------------------------------


def _getattr(owner: Any, name: str) -> tuple[Any, Any]:
    y, pb = read_attribute(owner, name)
    return y, None if pb is None else lambda d, acc: (pb(d, acc), ZERO)


def _setattr(owner: Any, name: str, value: Any) -> tuple[Any, Any]:
    pb = write_attribute(owner, name, value)
    return None, lambda d, acc: (ZERO, ZERO, pb(acc))


def _delattr(owner: Any, name: str) -> tuple[Any, Any]:
    pb = delete_attribute(owner, name)

    def delattr_pullback(d: Any, acc: Any) -> Any:
        pb(acc)
        return _TWO_ZEROS

    return None, delattr_pullback


_PLAIN_CONTAINERS = frozenset({list, tuple, dict, set, frozenset, str, range, np.ndarray})


def _is_searched(container: Any) -> bool:
    if isinstance(container, (*sources.VIEWS, set, frozenset)):
        return False
    return sources.is_lazy(container) or sources.is_user_iterable(container)


def _search(iterable: Any, item: Any) -> tuple[Any, Any]:
    """``item in iterable``: reads up to the first that is equal."""
    walked, pb = iteration.iterate(iterable, True)
    count, found = 0, False
    base = len(state.orphans)

    def back(acc: Any) -> Any:
        giver = pb(count, acc)
        for _ in range(count):
            giver.give(ZERO)
        return giver.finish()

    try:
        for value in walked:
            count += 1
            if value is item or value == item:
                found = True
                break
    except BaseException:
        interrupted(base, back)
        raise
    return found, lambda d, acc: (back(acc), ZERO)


def _contains(container: Any, item: Any) -> tuple[Any, Any]:
    method = user_method(type(container), "__contains__")
    if method is None:
        if type(container) not in _PLAIN_CONTAINERS and _is_searched(container):
            return _search(container, item)
        return operator.contains(container, item), None
    y, pb = dispatch(method, (container, item), {})
    if type(y) is Thrown:
        return y, lambda d, acc: pb(ZERO, acc)[1]
    return bool(y), None if pb is None else lambda d, acc: pb(ZERO, acc)[1]


# --- displays -------------------------------------------------------------------------------------


def _tuple(*parts: Any) -> tuple[Any, Any]:
    n = len(parts)
    return parts, lambda d, acc: item_cotangents.as_tuple(d, n)


def _list(*parts: Any) -> tuple[Any, Any]:
    y = list(parts)
    n = len(parts)
    return y, lambda d, acc: tuple(item_cotangents.fresh_items(acc, y, n, d))


def _dict(*pairs: Any) -> tuple[Any, Any]:
    y: dict[Any, Any] = {}
    owners: dict[Any, int] = {}
    spreads: dict[int, Any] = {}
    for i in range(0, len(pairs), 2):
        key, value = pairs[i], pairs[i + 1]
        if key is Ellipsis:
            for k in value:
                y[k] = value[k]
                owners[k] = i + 1
            spreads[i + 1] = value
        else:
            y[key] = value
            owners[key] = i + 1

    def dict_pullback(d: Any, acc: Any) -> Any:
        out = [ZERO] * len(pairs)
        for key, part in acc.take_slots(y).items():
            place = owners.get(key)
            if place in spreads:
                acc.add_slot(spreads[place], key, part)
            elif place is not None:
                out[place] = add(out[place], part)
        return tuple(out)

    return y, dict_pullback


def _set(*parts: Any) -> tuple[Any, Any]:
    y = set(parts)
    return y, lambda d, acc: tuple(sets.set_items(acc, y, parts))


def display_spread(
    name: str, active: tuple[bool, ...], layout: tuple[str, ...], /, *operands: Any
) -> tuple[Any, Any]:
    """A list, tuple or set display with ``*`` operands; `layout` as of `call_spread`."""
    y, pb = call_spread((False, *active), layout, _DISPLAYS[name], *operands)
    return y, lambda d, acc: pb(d, acc)[1:]


def _make_list(*parts: Any) -> Any:
    return list(parts)


def _make_tuple(*parts: Any) -> Any:
    return parts


def _make_set(*parts: Any) -> Any:
    return set(parts)


_DISPLAYS = {"list": _make_list, "tuple": _make_tuple, "set": _make_set}


def _as_entry(name: str) -> None:
    def make(dispatch: Any, args: Any, kwargs: Any) -> Any:
        y, pb = OPERATIONS[name](*args)
        return y, lambda d, acc: (ZERO, pb(d, acc), {})

    entries.entry(_DISPLAYS[name])(make)


def _append(xs: list[Any], value: Any) -> tuple[Any, Any]:
    place = len(xs)
    xs.append(value)
    return None, lambda d, acc: (ZERO, acc.take_slot(xs, place))


def _add_to_set(xs: set[Any], value: Any) -> tuple[Any, Any]:
    is_new = value not in xs
    xs.add(value)
    return None, lambda d, acc: (ZERO, acc.take_slot(xs, value) if is_new else ZERO)


def _unpack(source: Any, n: int) -> tuple[Any, Any]:
    from dpy.transform.helpers import unpack

    if type(source) is tuple and len(source) == n:
        return source, lambda d, acc: (d, ZERO)
    part = sources.Part(source)
    base = len(state.orphans)
    try:
        y = unpack(part.iterable, n)
    except BaseException:
        count = 0 if part.marks is None else len(part.marks)
        interrupted(base, lambda acc: part.give_all(acc, count))
        raise

    def unpack_pullback(d: Any, acc: Any) -> Any:
        slots = item_cotangents.as_tuple(d, n)
        part.end(acc)
        for k in range(n - 1, -1, -1):
            part.give(acc, k, slots[k])
        return part.remainder(acc), ZERO

    return y, unpack_pullback


def _unpack_star(source: Any, before: int, after: int) -> tuple[Any, Any]:
    from dpy.transform.helpers import unpack_star

    found, give = iteration.collect(source)
    y = unpack_star(found, before, after)
    rest = y[before]
    size = len(rest)

    def unpack_pullback(d: Any, acc: Any) -> Any:
        slots = item_cotangents.as_tuple(d, before + 1 + after)
        middle = item_cotangents.fresh_items(acc, rest, size, slots[before])
        parts = [*slots[:before], *middle, *slots[before + 1 :]]
        return give(acc, parts), ZERO, ZERO

    return y, unpack_pullback


# --- cells, globals, closures ---------------------------------------------------------------------


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
        return tuple([acc.take_slot(function, ("default", name)) for name in names])

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


def _by_name(name: str, function: Any) -> Any:
    return lambda *args: function(name, *args)


#: By name: ``(*operands) -> (y, pb)``, pb None for what carries no derivative.
OPERATIONS: dict[str, Any] = {
    **{name: _by_name(name, _binary) for name in _BINARY},
    **{name: _by_name(name, _unary) for name in _UNARY},
    **{name: _comparison(name) for name in _COMPARE},
    "add": _add, "sub": _sub, "mul": _mul, "truediv": _truediv, "pow": _pow, "neg": _neg,
    "getattr": _getattr, "setattr": _setattr, "delattr": _delattr, "getitem": items.read_item,
    "setitem": items.write_item, "delitem": items.delete_item, "contains": _contains,
    "tuple": _tuple, "list": _list, "set": _set, "dict": _dict, "unpack": _unpack,
    "unpack_star": _unpack_star, "new_cell": _new_cell, "append": _append,
    "add_to_set": _add_to_set, "put": items.raw_write,
}  # fmt: skip
OPERATIONS.update({
    name: _in_place(name)
    for name in (
        "iadd isub imul itruediv ifloordiv imod ipow imatmul iand ior ixor ilshift irshift"
    ).split()
})  # fmt: skip
_raw: dict[str, Any] = {
    "getitem": items.raw_read, "setitem": items.raw_write, "delitem": items.raw_delete,
    "contains": lambda c, item: (
        next(b for b in (list, tuple, dict, set) if isinstance(c, b)).__contains__(c, item), None
    ),
    **{
        name: lambda a, b, name=name: _builtin_in_place(name, a, b) or OPERATIONS[name](a, b)
        for name in ("iadd", "imul", "ior")
    },
}  # fmt: skip
for _name in _DISPLAYS:
    _as_entry(_name)
