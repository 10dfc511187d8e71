"""Operators and comparisons on values that the compiler knew nothing about."""

from __future__ import annotations

import operator
import types
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from dpy.adjoints import registry
from dpy.cotangent import ZERO
from dpy.runtime.array_classes import is_derived
from dpy.runtime.comparisons import compare_sequences
from dpy.runtime.decimals import has_decimals, of_decimals
from dpy.runtime.dispatch import dispatch
from dpy.runtime.opaque import opaque
from dpy.runtime.rule_calls import by_rule
from dpy.runtime.sequence_operators import sequence_operator
from dpy.runtime.special_methods import implements, user_method

__all__ = [
    "BINARY", "OPERATORS", "PLAIN", "REAL", "UFUNCS", "builtin_binary", "dunders", "per_operand",
    "run_opaque",
]  # fmt: skip

BINARY = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "truediv", "floordiv": "floordiv",
    "mod": "mod", "pow": "pow", "matmul": "matmul", "and_": "and", "or_": "or", "xor": "xor",
    "lshift": "lshift", "rshift": "rshift",
}  # fmt: skip
_UNARY = {"neg": "__neg__", "pos": "__pos__", "invert": "__invert__", "abs": "__abs__"}
_COMPARE = {
    "lt": ("__lt__", "__gt__"), "le": ("__le__", "__ge__"), "gt": ("__gt__", "__lt__"),
    "ge": ("__ge__", "__le__"), "eq": ("__eq__", "__eq__"), "ne": ("__ne__", "__ne__"),
}  # fmt: skip
PLAIN = (float, int, complex, bool, np.ndarray, np.generic)
_TEXT = frozenset({str, bytes, bool, type(None), type})
_EXACT = (Fraction, Decimal)
REAL = frozenset({float, int, np.float64, Fraction})
_SEQUENCES = frozenset({list, tuple, range})
_NOT_THERE = object()
# Of these all methods are builtin.
_EXACT_TYPES = frozenset({
    float, int, bool, complex, np.ndarray, np.float64, np.float32, np.int64, np.bool_, Fraction,
    Decimal,
})  # fmt: skip


def per_operand(found: tuple[Any, Any]) -> tuple[Any, Any]:
    """The protocol of `dispatch` brought to one cotangent per operand."""
    y, pb = found
    return y, None if pb is None else lambda d, acc: pb(d, acc)[1]


def run_opaque(function: Any, args: tuple[Any, ...]) -> tuple[Any, Any]:
    """A function that is run as it is, in the protocol of operations."""
    return per_operand(opaque(function, args, {}))


def _run_rule(function: Any, args: tuple[Any, ...]) -> tuple[Any, Any] | None:
    rule = registry.lookup(function, args)
    return None if rule is None else per_operand(by_rule(rule, args, {}))


# --- arithmetic on real scalars: the common case, without any bookkeeping -------------------------


def _add(a: Any, b: Any) -> tuple[Any, Any]:
    if type(a) in REAL and type(b) in REAL:
        return a + b, _add_pullback
    return _binary("add", a, b)


def _add_pullback(d: Any, acc: Any) -> tuple[Any, Any]:
    return d, d


def _sub(a: Any, b: Any) -> tuple[Any, Any]:
    if type(a) in REAL and type(b) in REAL:
        return a - b, _sub_pullback
    return _binary("sub", a, b)


def _sub_pullback(d: Any, acc: Any) -> tuple[Any, Any]:
    return d, -d


def _mul(a: Any, b: Any) -> tuple[Any, Any]:
    if type(a) in REAL and type(b) in REAL:
        return a * b, lambda d, acc: (d * b, d * a)
    return _binary("mul", a, b)


def _truediv(a: Any, b: Any) -> tuple[Any, Any]:
    if type(a) in REAL and type(b) in REAL and b != 0:
        y = a / b

        def truediv_pullback(d: Any, acc: Any) -> tuple[Any, Any]:
            d_a = d / b
            return d_a, -d_a * y

        return y, truediv_pullback
    return _binary("truediv", a, b)


def _pow(a: Any, b: Any) -> tuple[Any, Any]:
    if type(b) is int and (b == 2 or type(a) in _EXACT) and type(a) in REAL and a != 0:
        return a**b, lambda d, acc: (d * (b * a ** (b - 1)), ZERO)
    return _binary("pow", a, b)


def _neg(a: Any) -> tuple[Any, Any]:
    if type(a) in REAL:
        return -a, _neg_pullback
    return _unary("neg", a)


def _neg_pullback(d: Any, acc: Any) -> tuple[Any]:
    return (-d,)


def _comparison(name: str) -> Callable[[Any, Any], tuple[Any, Any]]:
    function = getattr(operator, name)

    def compare(a: Any, b: Any) -> tuple[Any, Any]:
        if type(a) in REAL and type(b) in REAL:
            return function(a, b), None
        return _compare(name, a, b)

    return compare


# --- operators ------------------------------------------------------------------------------------


UFUNCS = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide,
    "floordiv": np.floor_divide, "mod": np.remainder, "pow": np.power, "matmul": np.matmul,
    "and_": np.bitwise_and, "or_": np.bitwise_or, "xor": np.bitwise_xor,
    "lshift": np.left_shift, "rshift": np.right_shift, "lt": np.less, "le": np.less_equal,
    "gt": np.greater, "ge": np.greater_equal, "eq": np.equal, "ne": np.not_equal,
    "neg": np.negative, "pos": np.positive, "invert": np.invert, "abs": np.absolute,
}  # fmt: skip


def _binary(name: str, a: Any, b: Any) -> tuple[Any, Any]:
    base = BINARY[name]
    is_builtin = not _is_users(a, f"__{base}__") and not _is_users(b, f"__r{base}__")
    if is_builtin and not is_derived(a) and not is_derived(b):
        found = builtin_binary(name, a, b)
        if found is not None:
            return found
    return dunders(getattr(operator, name), f"__{base}__", f"__r{base}__", a, b)


def _is_users(x: Any, name: str) -> bool:
    """Whether a number, or another value of a builtin type, has a special method of the user's."""
    return type(x) not in _EXACT_TYPES and user_method(type(x), name) is not None


def builtin_binary(name: str, a: Any, b: Any) -> tuple[Any, Any] | None:
    """What the builtin types make of an operator, or None."""
    function = getattr(operator, name)
    if isinstance(a, PLAIN) and isinstance(b, PLAIN):
        if is_derived(a) or is_derived(b):  # whatever their classes define
            return per_operand(dispatch(UFUNCS[name], (a, b), {}))
        return _run_rule(function, (a, b)) or (function(a, b), None)
    if isinstance(a, _EXACT) or isinstance(b, _EXACT):
        if isinstance(a, (*PLAIN, *_EXACT)) and isinstance(b, (*PLAIN, *_EXACT)):
            if has_decimals((a, b)):
                return of_decimals(function, (a, b))
            return _run_rule(function, (a, b)) or (function(a, b), None)
    if _takes_sequence(name, a, b) or _takes_sequence(name, b, a):
        return per_operand(dispatch(UFUNCS[name], (a, b), {}))
    return sequence_operator(name, a, b)


def _takes_sequence(name: str, array: Any, x: Any) -> bool:
    """Whether the operators of an array make one of the other operand, a sequence."""
    if type(x) not in _SEQUENCES:
        return False
    # Scalars have no product with a sequence of their own.
    return isinstance(array, np.ndarray) or (isinstance(array, np.generic) and name != "mul")


def _unary(name: str, a: Any) -> tuple[Any, Any]:
    function = getattr(operator, name)
    method = None if type(a) in _EXACT_TYPES else user_method(type(a), _UNARY[name])
    if is_derived(a) and method is None:
        return per_operand(dispatch(UFUNCS[name], (a,), {}))
    if isinstance(a, Decimal) and method is None:
        return of_decimals(function, (a,))
    if isinstance(a, (*PLAIN, *_EXACT)) and (method is None or isinstance(a, Fraction)):
        return _run_rule(function, (a,)) or (function(a), None)
    if method is None:
        return run_opaque(function, (a,))
    return per_operand(dispatch(method, (a,), {}))


def _compare(name: str, a: Any, b: Any) -> tuple[Any, Any]:
    function = getattr(operator, name)
    if type(a) in _EXACT_TYPES and type(b) in _EXACT_TYPES:
        return function(a, b), None
    is_plain = isinstance(a, PLAIN) and isinstance(b, PLAIN)
    if user_method(type(a), _COMPARE[name][0]) or user_method(type(b), _COMPARE[name][1]):
        return dunders(function, *_COMPARE[name], a, b)
    if is_plain and (is_derived(a) or is_derived(b)):
        return per_operand(dispatch(UFUNCS[name], (a, b), {}))
    if is_plain:
        return function(a, b), None
    if type(a) in _TEXT or type(b) in _TEXT:
        return function(a, b), None
    if type(a) is type(b) and type(a) in (list, tuple):
        return compare_sequences(function, a, b) or (function(a, b), None)
    return run_opaque(function, (a, b))  # what is in containers may have comparisons of its own


def dunders(function: Any, name: str, reflected: str, a: Any, b: Any) -> tuple[Any, Any]:
    """Python's binary operator protocol, its methods differentiated."""
    left, right = type(a), type(b)
    attempts = [(left, name, (a, b), False)]
    if right is not left or name == reflected:
        swapped = (right, reflected, (b, a), True)
        overrides = (
            right is not left and issubclass(right, left)
            and implements(right, reflected) is not implements(left, reflected)
        )  # fmt: skip
        attempts = [swapped, *attempts] if overrides else [*attempts, swapped]
    for cls, method_name, pair, is_swapped in attempts:
        args: tuple[Any, ...] = pair
        raw = implements(cls, method_name)
        if raw is None:
            continue
        if isinstance(raw, (staticmethod, classmethod)) or not callable(raw):
            raw = getattr(args[0], method_name)
            args = args[1:]
        if not isinstance(raw, types.FunctionType) and isinstance(pair[0], PLAIN):
            # float.__mul__(GG) and the like mostly decline, or (NumPy) call the other side
            if isinstance(pair[0], np.ndarray) and not _declines_arrays(pair[0], pair[1]):
                ufunc = UFUNCS.get(function.__name__)
                return per_operand(dispatch(ufunc or function, (a, b), {}))
            if isinstance(pair[0], (np.ndarray, np.generic)) or raw(*args) is NotImplemented:
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
    return run_opaque(function, (a, b))


def _one_operand(pb: Any, is_first: bool) -> Any:
    def operand_pullback(d: Any, acc: Any) -> Any:
        d_x = pb(d, acc)[1][0]
        return (d_x, ZERO) if is_first else (ZERO, d_x)

    return operand_pullback


def _declines_arrays(array: Any, x: Any) -> bool:
    """Whether the operators of an array leave the operation to `x`."""
    ufunc = getattr(type(x), "__array_ufunc__", _NOT_THERE)
    if ufunc is not _NOT_THERE:
        return ufunc is None
    return bool(getattr(x, "__array_priority__", -1e6) > array.__array_priority__)


def _by_name(name: str, function: Any) -> Any:
    return lambda *args: function(name, *args)


OPERATORS: dict[str, Any] = {
    **{name: _by_name(name, _binary) for name in BINARY},
    **{name: _by_name(name, _unary) for name in _UNARY},
    **{name: _comparison(name) for name in _COMPARE},
    "add": _add, "sub": _sub, "mul": _mul, "truediv": _truediv, "pow": _pow, "neg": _neg,
}  # fmt: skip
