"""Builtin functions that stand for special methods: ``abs``, ``float``, ``len``, ``operator.*``.

For numbers and arrays the rules hold; here are objects whose class defines the method in Python.
An entry returns None where it has nothing to say, and the rule is used.
"""

from __future__ import annotations

import collections
import copy
import functools
import math
import operator
import weakref
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from dpy.cotangent import ZERO, add
from dpy.errors import MutationError, NoAdjointError, UnsupportedSyntaxError
from dpy.runtime import attempts, entries, item_cotangents, iteration
from dpy.runtime.entries import entry
from dpy.runtime.failures import no_adjoint, user_place
from dpy.runtime.opaque import opaque
from dpy.runtime.special_methods import user_method

__all__: list[str] = []

_MISSING = object()
_PLAIN = (float, int, complex, np.ndarray, np.generic)


def _unary(function: Any, name: str) -> None:
    def through_method(dispatch: Any, args: Any, kwargs: Any) -> Any:
        if not args or type(args[0]) in _COMMON:
            return None
        method = user_method(type(args[0]), name)
        if method is None:
            return None
        y, pb = dispatch(method, args, kwargs)
        return _checked(function, y), pb

    entry(function)(through_method)


def _checked(function: Any, y: Any) -> Any:
    """What the builtin makes of the method's result: ``bool`` and ``len`` insist on a type."""
    if function is bool or function is operator.truth:
        if type(y) is not bool:
            raise TypeError(f"__bool__ should return bool, returned {type(y).__name__}")
    elif function in (float, int, complex) and not isinstance(y, function):
        raise TypeError(f"__{function.__name__}__ returned non-{function.__name__}")
    return y


_COMMON = frozenset({
    float, int, complex, bool, str, bytes, list, tuple, dict, set, frozenset, np.ndarray,
    np.float64, type(None), range,
})  # fmt: skip

for _function, _name in (
    (abs, "__abs__"), (float, "__float__"), (int, "__int__"), (complex, "__complex__"),
    (round, "__round__"), (len, "__len__"), (bool, "__bool__"), (math.floor, "__floor__"),
    (math.ceil, "__ceil__"), (math.trunc, "__trunc__"), (hash, "__hash__"), (repr, "__repr__"),
    (str, "__str__"), (operator.index, "__index__"),
):  # fmt: skip
    _unary(_function, _name)


# --- operators as functions -----------------------------------------------------------------------


def _operator(function: Any, name: str) -> None:
    def operation(dispatch: Any, args: Any, kwargs: Any) -> Any:
        from dpy.runtime.operations import operate

        if kwargs or all(isinstance(x, _PLAIN) for x in args):
            return None
        y, pb = operate(name, (True,) * len(args), *args)
        return y, lambda d, acc: (ZERO, pb(d, acc), {})

    entry(function)(operation)


_OPERATORS = (
    "add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift rshift neg pos invert lt le "
    "eq ne gt ge getitem setitem delitem contains concat"
).split()
for _name in _OPERATORS:
    _operator(getattr(operator, _name), "add" if _name == "concat" else _name)
_operator(operator.abs, "abs")


def _in_place_operator(name: str) -> None:
    def operation(dispatch: Any, args: Any, kwargs: Any) -> Any:
        from dpy.runtime.operations import operate

        y, pb = operate(name, (True, True), *args)
        return y, lambda d, acc: (ZERO, pb(d, acc), {})

    entry(getattr(operator, name))(operation)


for _name in "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split():
    _in_place_operator("i" + _name)


def _binary_builtin(function: Any, name: str, reflected: str) -> None:
    def operation(dispatch: Any, args: Any, kwargs: Any) -> Any:
        from dpy.runtime.operations import dunders

        if len(args) != 2 or kwargs or all(isinstance(x, _PLAIN) for x in args):
            return None
        if not any(user_method(type(x), m) for x, m in zip(args, (name, reflected), strict=True)):
            return None
        y, pb = dunders(function, name, reflected, *args)
        return y, None if pb is None else lambda d, acc: (ZERO, pb(d, acc), {})

    entry(function)(operation)


_binary_builtin(divmod, "__divmod__", "__rdivmod__")
_binary_builtin(pow, "__pow__", "__rpow__")


# --- special methods of builtin types, called by name ---------------------------------------------

_SLOTS = {
    "__getitem__": "getitem", "__setitem__": "setitem", "__delitem__": "delitem",
    "__contains__": "contains", "__add__": "add", "__mul__": "mul", "__sub__": "sub",
    "__truediv__": "truediv", "__pow__": "pow", "__neg__": "neg", "__pos__": "pos",
    "__matmul__": "matmul", "__iadd__": "iadd", "__imul__": "imul", "__isub__": "isub",
    "__itruediv__": "itruediv", "__ior__": "ior", "__or__": "or_", "__and__": "and_",
}  # fmt: skip
_REFLECTED = {"__radd__": "add", "__rmul__": "mul", "__rsub__": "sub", "__rtruediv__": "truediv",
              "__rpow__": "pow", "__rmatmul__": "matmul"}  # fmt: skip


def _slot_method(cls: type, method: str, name: str, swapped: bool) -> None:
    raw = cls.__dict__.get(method)
    if raw is None:
        return

    def operation(dispatch: Any, args: Any, kwargs: Any) -> Any:
        from dpy.runtime.operations import operate_raw

        if cls in (float, int, complex) and raw(*args) is NotImplemented:
            return NotImplemented, None
        if swapped:
            y, pb = operate_raw(name, args[1], args[0])
            return y, None if pb is None else lambda d, acc: (ZERO, pb(d, acc)[::-1], {})
        y, pb = operate_raw(name, *args)
        return y, None if pb is None else lambda d, acc: (ZERO, pb(d, acc), {})

    entry(raw)(operation)


for _cls in (
    float, int, complex, np.ndarray, np.float64, list, tuple, dict, set, collections.deque,
    collections.OrderedDict, collections.defaultdict, Fraction, Decimal,
):  # fmt: skip
    for _method, _name in _SLOTS.items():
        _slot_method(_cls, _method, _name, swapped=False)
    for _method, _name in _REFLECTED.items():
        _slot_method(_cls, _method, _name, swapped=True)


# --- copies ---------------------------------------------------------------------------------------

_OWN_COPY = (
    "__deepcopy__",
    "__copy__",
    "__reduce__",
    "__reduce_ex__",
    "__getstate__",
    "__setstate__",
    "__getnewargs__",
)


def _copied(function: Any, x: Any, y: Any, pairs: list[tuple[Any, Any]]) -> Any:
    """The cotangents of copies go to the originals, slot by slot."""

    def copied_pullback(d: Any, acc: Any) -> Any:
        for original, made in pairs:
            if isinstance(made, np.ndarray):
                acc.add(original, acc.take(made))
                continue
            slots = acc.take_slots(made)
            if slots and any(user_method(type(made), name) for name in _OWN_COPY):
                if not item_cotangents.is_null(slots):
                    raise no_adjoint(function, (x,), f"{type(made).__name__} copies itself")
            for slot, part in slots.items():
                acc.add_slot(original, slot, part)
        return ZERO, (d,), {}

    return y, copied_pullback


@entry(copy.copy)
def copy_(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``copy.copy(x)``."""
    (x,) = args
    method = user_method(type(x), "__copy__")
    if method is not None:
        return dispatch(method, args, kwargs)
    if isinstance(x, np.ndarray):
        return dispatch(np.ndarray.copy, (x,), {})
    y = copy.copy(x)
    return _copied(copy.copy, x, y, [] if y is x or isinstance(y, tuple) else [(x, y)])


@entry(copy.deepcopy)
def deepcopy(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``copy.deepcopy(x[, memo])``: all mutable objects within `x` are copied once each."""
    x, *rest = args
    method = user_method(type(x), "__deepcopy__")
    memo: dict[int, Any] = rest[0] if rest else kwargs.get("memo", None)
    memo = {} if memo is None else memo
    if method is not None:
        y, pb = dispatch(method, (x, memo), {})
        return y, None if pb is None else lambda d, acc: (ZERO, (pb(d, acc)[1][0],), {})
    known = set(memo)
    y = copy.deepcopy(x, memo)
    originals = memo.get(id(memo), [])
    pairs = [
        (original, memo[id(original)])
        for original in originals
        if id(original) in memo and id(original) not in known and not isinstance(original, tuple)
    ]
    _, pb = _copied(copy.deepcopy, x, y, pairs)
    rests = (ZERO,) * len(rest)
    return y, lambda d, acc: (ZERO, (*pb(d, acc)[1], *rests), {})


# --- source text as data --------------------------------------------------------------------------


def _evaluating(function: Any) -> None:
    def evaluate(dispatch: Any, args: Any, kwargs: Any) -> Any:
        y, pb = opaque(function, args, kwargs)
        if pb is None:
            return y, None

        def evaluate_pullback(d: Any, acc: Any) -> Any:
            try:
                return pb(d, acc)
            except (NoAdjointError, MutationError):
                raise UnsupportedSyntaxError(
                    f"a cotangent reached what {function.__name__}() computed",
                    place=user_place(),
                    why="code in a string is not transformed",
                    repair="write the code as a function",
                ) from None

        return y, evaluate_pullback

    entry(function)(evaluate)


_evaluating(exec)
_evaluating(eval)

# --- itemgetter, attrgetter, methodcaller, reduce -------------------------------------------------


def _getters(read: Any) -> Any:
    def call_getter(dispatch: Any, getter: Any, args: Any, kwargs: Any) -> Any:
        (owner,) = args
        keys = getter.__reduce__()[1]
        found = [read(owner, key) for key in keys]
        values = tuple([y for y, _ in found])

        def getter_pullback(d: Any, acc: Any) -> Any:
            parts = (d,) if len(keys) == 1 else item_cotangents.as_tuple(d, len(keys))
            d_owner: Any = ZERO
            for (_, pb), part in zip(reversed(found), reversed(parts), strict=True):
                if pb is not None:
                    d_owner = add(d_owner, pb(part, acc))
            return ZERO, (d_owner,), {}

        return values[0] if len(keys) == 1 else values, getter_pullback

    return call_getter


def _read_item(owner: Any, key: Any) -> Any:
    from dpy.runtime.items import read_item

    y, pb = read_item(owner, key)
    return y, None if pb is None else lambda d, acc: pb(d, acc)[0]


def _read_dotted(owner: Any, dotted: str) -> Any:
    from dpy.runtime.attributes import read_attribute

    pbs = []
    y = owner
    for name in dotted.split("."):
        y, pb = read_attribute(y, name)
        pbs.append(pb)

    def dotted_pullback(d: Any, acc: Any) -> Any:
        for pb in reversed(pbs):
            d = ZERO if pb is None else pb(d, acc)
        return d

    return y, dotted_pullback


def _call_method(dispatch: Any, caller: Any, args: Any, kwargs: Any) -> Any:
    from dpy.runtime.attributes import read_attribute

    (owner,) = args
    made, given = caller.__reduce__()
    keywords = made.keywords if isinstance(made, functools.partial) else {}
    name, *rest = (*made.args, *given) if isinstance(made, functools.partial) else given
    method, read_pb = read_attribute(owner, name)
    y, pb = dispatch(method, tuple(rest), dict(keywords))

    def method_pullback(d: Any, acc: Any) -> Any:
        d_method: Any = ZERO
        if pb is not None:
            d_method, d_rest, d_keywords = pb(d, acc)
            for slot, part in (*enumerate(d_rest, 1), *d_keywords.items()):
                acc.add_slot(caller, slot, part)
        return ZERO, (ZERO if read_pb is None else read_pb(d_method, acc),), {}

    return y, method_pullback


@entry(operator.methodcaller)
def make_caller(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``methodcaller(name, *args, **kwargs)``: calls leave cotangents of the arguments with it."""
    y = operator.methodcaller(*args, **kwargs)

    def make_caller_pullback(d: Any, acc: Any) -> Any:
        slots = acc.take_slots(y)
        d_args = tuple([slots.get(i, ZERO) for i in range(len(args))])
        return ZERO, d_args, {name: slots.get(name, ZERO) for name in kwargs}

    return y, make_caller_pullback


def _follow(dispatch: Any, reference: Any, args: Any, kwargs: Any) -> Any:
    """``weakref.ref(x)()``: what existed before."""
    y = reference(*args, **kwargs)

    def follow_pullback(d: Any, acc: Any) -> Any:
        if d is not ZERO:
            acc.add(y, d)
        return ZERO, (), {}

    return y, follow_pullback


@entry(np.lib.stride_tricks.as_strided)
def as_strided(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """A view, however it overlaps: its cotangents lie in the memory of what it looks at."""
    return opaque(np.lib.stride_tricks.as_strided, args, kwargs)


# By the type of the callable: ``(dispatch, callable, args, kwargs) -> (y, pb)``.
entries.CALLABLES[weakref.ref] = _follow
entries.CALLABLES[operator.itemgetter] = _getters(_read_item)
entries.CALLABLES[operator.attrgetter] = _getters(_read_dotted)
entries.CALLABLES[operator.methodcaller] = _call_method


@entry(functools.reduce)
def reduce(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``functools.reduce(function, iterable[, initial])``."""
    function, iterable, *initial = args
    walked, pb_items = iteration.iterate(iterable, True)
    items = iter(walked)
    pbs: list[Any] = []
    try:
        y = initial[0] if initial else next(items)
    except StopIteration:
        raise TypeError("reduce() of empty iterable with no initial value") from None

    def back(acc: Any, d: Any, found: list[Any]) -> tuple[Any, Any, Any]:
        giver = pb_items(len(found) + (not initial), acc)
        d_f: Any = ZERO
        for pb in reversed(found):
            d_item = ZERO
            if pb is None:
                d = ZERO
            else:
                d_call, (d, d_item), _ = pb(d, acc)
                d_f = add(d_f, d_call)
            giver.give(d_item)
        if not initial:
            giver.give(d)
        return ZERO, (d_f, giver.finish(), *((d,) if initial else ())), {}

    is_guarded = attempts.is_guarded()
    base = len(attempts.state.orphans)
    try:
        for item in items:
            if is_guarded:
                attempts.state.callee = function
            y, pb = dispatch(function, (y, item), {})
            del attempts.state.orphans[base:]
            pbs.append(pb)
            if type(y) is attempts.Thrown:
                break
    except BaseException:
        attempts.interrupted(base, lambda acc: back(acc, ZERO, pbs) and None)
        raise
    return y, lambda d, acc: back(acc, d, pbs)


@entry(sum)
def sum_(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``sum`` of objects, lists or tuples is a loop over ``+``; of numbers there is a rule.

    Numbers before the first object are added by Python's own ``sum``, which since version 3.12
    carries along what rounding lost: a loop over ``+`` would have another result.
    """
    source = args[0]
    start = args[1] if len(args) > 1 else kwargs.get("start", 0)
    if type(source) is list or type(source) is tuple:
        if isinstance(start, _PLAIN) and all(isinstance(x, _PLAIN) for x in source):
            return None
    elif isinstance(source, np.ndarray):
        return None
    from dpy.runtime.operations import operate

    items, give = iteration.collect(source)
    total = start
    n_plain = 0
    plain_pb: Any = None
    if isinstance(start, _PLAIN):
        n_plain = next((i for i, x in enumerate(items) if not isinstance(x, _PLAIN)), len(items))
        total, plain_pb = dispatch(sum, (tuple(items[:n_plain]), start), {})
    pbs = []
    for item in items[n_plain:]:
        total, pb = operate("add", (True, True), total, item)
        pbs.append(pb)

    def sum_pullback(d: Any, acc: Any) -> Any:
        d_items: list[Any] = [ZERO] * len(items)
        for i in range(len(items) - 1, n_plain - 1, -1):
            d, d_items[i] = pbs[i - n_plain](d, acc)
        if plain_pb is not None:
            _, (d_plain, d), _ = plain_pb(d, acc)
            d_items[:n_plain] = item_cotangents.as_tuple(d_plain, n_plain)
        d_source = give(acc, d_items)
        if len(args) > 1:
            return ZERO, (d_source, d), {}
        return ZERO, (d_source,), {"start": d}

    return total, sum_pullback
