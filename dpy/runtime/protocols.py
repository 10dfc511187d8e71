"""Builtin functions that stand for operators and items: ``operator.*``, ``divmod``, ``pow``.

For numbers and arrays the rules hold; here are objects whose class defines the method in Python.
An entry returns None where it has nothing to say, and the rule is used.
"""

from __future__ import annotations

import collections
import operator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from dpy.cotangent import ZERO
from dpy.errors import MutationError, NoAdjointError, UnsupportedSyntaxError
from dpy.runtime.entries import entry
from dpy.runtime.failures import user_place
from dpy.runtime.opaque import opaque
from dpy.runtime.operations import operate, operate_raw
from dpy.runtime.operators import PLAIN, dunders
from dpy.runtime.special_methods import user_method

__all__: list[str] = []


# --- operators as functions -----------------------------------------------------------------------


_ON_ITEMS = frozenset({"getitem", "setitem", "delitem", "contains"})


def _operator(function: Any, name: str) -> None:
    has_rule = name not in _ON_ITEMS

    def operation(dispatch: Any, args: Any, kwargs: Any) -> Any:
        if kwargs or (has_rule and all(isinstance(x, PLAIN) for x in args)):
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
        y, pb = operate(name, (True, True), *args)
        return y, lambda d, acc: (ZERO, pb(d, acc), {})

    entry(getattr(operator, name))(operation)


for _name in "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split():
    _in_place_operator("i" + _name)


def _binary_builtin(function: Any, name: str, reflected: str) -> None:
    def operation(dispatch: Any, args: Any, kwargs: Any) -> Any:
        if len(args) != 2 or kwargs or all(isinstance(x, PLAIN) for x in args):
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


# By builtin type: the value of an instance of a subclass, whatever that defines.
_EXACT: dict[Any, Any] = {
    float: float.__float__, int: int.__int__, complex: complex.__pos__,
}  # fmt: skip


def _slot_method(cls: type, method: str, name: str, swapped: bool) -> None:
    raw = cls.__dict__.get(method)
    if raw is None:
        return

    def operation(dispatch: Any, args: Any, kwargs: Any) -> Any:
        if cls in _EXACT:
            if raw(*args) is NotImplemented:
                return NotImplemented, None
            args = tuple([_EXACT[cls](x) if isinstance(x, cls) else x for x in args])
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


# --- what runs as it is ---------------------------------------------------------------------------


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


@entry(np.lib.stride_tricks.as_strided)
def as_strided(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """A view, however it overlaps: its cotangents lie in the memory of what it looks at."""
    return opaque(np.lib.stride_tricks.as_strided, args, kwargs)
