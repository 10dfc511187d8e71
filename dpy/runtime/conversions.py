"""Truth, length and conversions to numbers, as Python asks objects for them: by special methods.

``if box:``, ``len(box)``, ``float(box)``, ``xs[box]``: what a method of the user's gives is
differentiated where it can be, and what it writes counts.
"""

from __future__ import annotations

import math
import operator
import types
from typing import Any

import numpy as np

from dpy.cotangent import ZERO
from dpy.errors import NotDifferentiableError
from dpy.runtime import item_cotangents
from dpy.runtime.attempts import callback
from dpy.runtime.dispatch import dispatch
from dpy.runtime.entries import entry
from dpy.runtime.special_methods import implements, user_method

__all__ = ["COMMON", "as_index", "call_method", "length", "length_hint", "number_of", "truth"]

COMMON = frozenset({
    bool, float, int, str, list, tuple, dict, type(None), complex, bytes, set, frozenset,
    np.ndarray, np.float64, np.bool_, np.int64, range, types.FunctionType, type,
})  # fmt: skip
"""Types of which no method is the user's."""

Made = tuple[Any, Any]


def call_method(method: Any, args: tuple[Any, ...]) -> Made:
    """A special method that a builtin calls: ``(y, pb)`` as of `dispatch`."""
    return callback(dispatch, method, args, _after_error)


def _after_error(acc: Any, pb: Any) -> None:
    if not all(map(item_cotangents.is_null, pb(ZERO, acc)[1])):
        raise NotDifferentiableError(
            "a cotangent would have to pass through a special method that ended by an exception",
            why="what it did before with its arguments has an influence on the result",
            repair="call the method by its name within the `try` statement",
        )


def _first(pb: Any) -> Any:
    """The cotangent of the object that a method was called on."""
    return None if pb is None else lambda d, acc: pb(ZERO, acc)[1][0]


# --- truth and length -----------------------------------------------------------------------------


def truth(x: Any) -> Made:
    """``bool(x)``: ``(y, pb)`` with ``pb(d, acc) -> remainder of x``, or pb None."""
    t = type(x)
    if t in COMMON:
        return bool(x), None
    method = implements(t, "__bool__")
    if type(method) is types.FunctionType:
        y, pb = call_method(method, (x,))
        if type(y) is not bool:
            raise TypeError(f"__bool__ should return bool, returned {type(y).__name__}")
        return y, _first(pb)
    if method is None and user_method(t, "__len__") is not None:
        y, pb = length(x)
        return y != 0, pb
    return bool(x), None


def length(x: Any) -> Made:
    """``len(x)``, in the same way."""
    t = type(x)
    method = None if t in COMMON else user_method(t, "__len__")
    if method is None:
        return len(x), None
    y, pb = call_method(method, (x,))
    y, back = as_index(y)
    if y < 0:
        raise ValueError("__len__() should return >= 0")
    return y, _in_turn(_first(pb), back)


def length_hint(x: Any) -> Any:
    """What ``list(x)`` asks before it reads items; the pullback, or None: the answer is a hint."""
    method = _hint_method(x)
    if method is None:
        return None
    try:
        y, pb = call_method(method, (x,))
        if y is not NotImplemented:
            operator.index(y)
    except TypeError:  # as Python has it
        return None
    return pb


def _hint_method(x: Any) -> Any:
    """The method of the user's that says how many items there may be, or None."""
    t = type(x)
    if t in COMMON:
        return None
    has_length = implements(t, "__len__") is not None
    return user_method(t, "__len__" if has_length else "__length_hint__")


@entry(operator.length_hint)
def _length_hint(dispatch: Any, args: Any, kwargs: Any) -> Any:
    if kwargs or not args:
        return None
    x, *default = args
    if _hint_method(x) is None:
        return operator.length_hint(*args), None
    y, pb = call_method(_hint_method(x), (x,))
    if y is NotImplemented:
        y = default[0] if default else 0
    rest = (ZERO,) * len(default)
    return y, None if pb is None else lambda d, acc: (ZERO, (pb(ZERO, acc)[1][0], *rest), {})


def _in_turn(first: Any, second: Any) -> Any:
    """The pullback of two steps that carry no derivative."""
    if second is None:
        return first

    def both(d: Any, acc: Any) -> Any:
        second(ZERO, acc)
        return ZERO if first is None else first(ZERO, acc)

    return both


def as_index(x: Any) -> Made:
    """``operator.index(x)``: ``(y, pb)`` with ``pb(d, acc) -> remainder of x``, or pb None."""
    t = type(x)
    method = None if t is int or t in COMMON else user_method(t, "__index__")
    if method is None:
        return operator.index(x), None
    y, pb = call_method(method, (x,))
    if not isinstance(y, int):
        raise TypeError(f"__index__ returned non-int (type {type(y).__name__})")
    return int(y), None if pb is None else lambda d, acc: pb(d, acc)[1][0]


@entry(bool, operator.truth)
def _truth(dispatch: Any, args: Any, kwargs: Any) -> Any:
    if len(args) != 1 or kwargs:
        return None
    y, pb = truth(args[0])
    return y, _of_one(pb)


@entry(operator.not_)
def _not(dispatch: Any, args: Any, kwargs: Any) -> Any:
    y, pb = truth(*args)
    return not y, _of_one(pb)


@entry(len)
def _len(dispatch: Any, args: Any, kwargs: Any) -> Any:
    if len(args) != 1 or kwargs:
        return None
    y, pb = length(args[0])
    return y, _of_one(pb)


@entry(operator.index)
def _index(dispatch: Any, args: Any, kwargs: Any) -> Any:
    if len(args) != 1 or type(args[0]) in COMMON or user_method(type(args[0]), "__index__") is None:
        return None
    y, pb = as_index(args[0])
    return y, _of_one(pb)


def _of_one(pb: Any) -> Any:
    return None if pb is None else lambda d, acc: (ZERO, (pb(d, acc),), {})


# --- numbers --------------------------------------------------------------------------------------

# In the order in which the builtin asks for them; the last part of what it says otherwise.
_NUMBERS: dict[Any, tuple[str, ...]] = {
    float: ("__float__", "__index__"),
    int: ("__int__", "__index__", "__trunc__"),
    complex: ("__complex__", "__float__", "__index__"),
    round: ("__round__",),
    math.floor: ("__floor__", "__float__"),
    math.ceil: ("__ceil__", "__float__"),
    math.trunc: ("__trunc__",),
    abs: ("__abs__",),
    hash: ("__hash__",),
}


def _number(function: Any, names: tuple[str, ...]) -> None:
    def convert(dispatch: Any, args: Any, kwargs: Any) -> Any:
        if not args or type(args[0]) in COMMON:
            return None
        t = type(args[0])
        name = next((name for name in names if implements(t, name) is not None), None)
        method = None if name is None else user_method(t, name)
        if method is None or (kwargs and function is not round):
            return None
        if len(args) > 1 and function is not round:
            return None if function is not complex else _complex(dispatch, args)
        if kwargs:
            args = (args[0], *kwargs.values())
        y, pb = call_method(method, args)
        if name in _RETURNS and not isinstance(y, _RETURNS[name]):
            wanted = _RETURNS[name].__name__
            raise TypeError(f"{t.__name__}.{name} returned non-{wanted} (type {type(y).__name__})")
        made = y, None if pb is None else _keywords_again(pb, kwargs)
        if name in ("__float__", "__index__", "__trunc__") and function is not math.trunc:
            return _chained(made, function)
        return made

    entry(function)(convert)


_RETURNS: dict[str, type] = {"__float__": float, "__complex__": complex, "__int__": int,
                             "__index__": int, "__hash__": int}  # fmt: skip


def _keywords_again(pb: Any, kwargs: dict[str, Any]) -> Any:
    """``round(x, ndigits=2)``: the method was given it by its place."""
    if not kwargs:
        return pb

    def keywords_pullback(d: Any, acc: Any) -> Any:
        d_f, d_args, _ = pb(d, acc)
        return d_f, d_args[: -len(kwargs)], dict(zip(kwargs, d_args[-len(kwargs) :], strict=True))

    return keywords_pullback


def _chained(made: Made, function: Any) -> Made:
    """What the builtin does with the number that the method gave."""
    number, pb = made
    y, then = dispatch(function, (number,), {})
    if then is None or pb is None:
        return y, None if pb is None else lambda d, acc: pb(ZERO, acc)
    return y, lambda d, acc: pb(then(d, acc)[1][0], acc)


for _function, _names in _NUMBERS.items():
    _number(_function, _names)


def number_of(x: Any, number: Any) -> Made | None:
    """``number(x)`` by a method of the user's, as C code asks for a number; None without one.

    ``(y, pb)`` with ``pb(d, acc) -> remainder of x``.
    """
    t = type(x)
    if t in COMMON:
        return None
    name = next((name for name in _NUMBERS[number] if implements(t, name) is not None), None)
    if name is None or user_method(t, name) is None:
        return None
    y, pb = dispatch(number, (x,), {})
    return y, lambda d, acc: ZERO if pb is None else pb(d, acc)[1][0]


def _complex(dispatch: Any, args: Any) -> Any:
    """``complex(real, imag)`` of objects."""
    made = [number_of(x, kind) for x, kind in zip(args, (complex, float), strict=True)]
    parts = [x if m is None else m[0] for x, m in zip(args, made, strict=True)]
    y, pb = dispatch(complex, tuple(parts), {})

    def complex_pullback(d: Any, acc: Any) -> Any:
        d_args: list[Any] = [ZERO, ZERO] if pb is None else list(pb(d, acc)[1])
        for i in (1, 0):
            m = made[i]
            if m is not None:
                d_args[i] = m[1](d_args[i], acc)
        return ZERO, tuple(d_args), {}

    return y, complex_pullback


def _of_indices(function: Any) -> None:
    def call(dispatch: Any, args: Any, kwargs: Any) -> Any:
        if kwargs or all(type(x) in COMMON for x in args):
            return None
        made = [as_index(x) if user_method(type(x), "__index__") else (x, None) for x in args]
        y = function(*[x for x, _ in made])

        def index_pullback(d: Any, acc: Any) -> Any:
            d_args = [ZERO if pb is None else pb(ZERO, acc) for _, pb in reversed(made)]
            return ZERO, tuple(reversed(d_args)), {}

        return y, index_pullback

    entry(function)(call)


for _function in (
    bin, oct, hex, chr, range, math.factorial, math.comb, math.perm, math.gcd, math.lcm, math.isqrt,
):  # fmt: skip
    _of_indices(_function)
