"""Arithmetic of `decimal.Decimal`: the values are exact decimals, their cotangents are floats."""

from __future__ import annotations

import math
import operator
from decimal import Decimal
from typing import Any

from dpy.adjoints import registry
from dpy.cotangent import ZERO, is_zero
from dpy.runtime.entries import entry, inert
from dpy.runtime.rule_calls import by_rule

__all__ = ["has_decimals", "of_decimals"]


def has_decimals(operands: tuple[Any, ...]) -> bool:
    """Whether an operator is one of decimals: those take integers beside them, but no floats."""
    return any(isinstance(x, Decimal) for x in operands)


def of_decimals(function: Any, operands: tuple[Any, ...]) -> tuple[Any, Any]:
    """An operator on decimals: ``(y, pb)``, with one cotangent for each operand."""
    y = function(*operands)
    if not isinstance(y, Decimal):
        return y, None
    if function is operator.floordiv:
        return y, None
    if function is operator.mod:  # of the sign of the first operand, other than that of floats
        turns = float((operands[0] - y) / operands[1])
        return y, lambda d, acc: (d, ZERO if is_zero(d) else -turns * _as_float(d))
    pb = _of_floats(function, operands)
    return y, lambda d, acc: pb(_as_float(d), acc)[1]


def _of_floats(function: Any, operands: tuple[Any, ...]) -> Any:
    """The pullback of a function at the same place, by its rule for floats."""
    rule = registry.lookup(function, operands)
    return by_rule(rule, tuple(map(float, operands)), {})[1]


def _as_float(d: Any) -> Any:
    return float(d) if isinstance(d, Decimal) else d


@entry(Decimal, Decimal.from_float)
def make_decimal(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``Decimal(x)`` of a number."""
    if kwargs or not args or not isinstance(args[0], (float, int, Decimal)):
        return None
    rest = (ZERO,) * (len(args) - 1)
    return Decimal(*args), lambda d, acc: (ZERO, (_as_float(d), *rest), {})


def _method(method: Any, function: Any) -> None:
    def call(dispatch: Any, args: Any, kwargs: Any) -> Any:
        x, *rest = args
        y = method(*args, **kwargs)
        pb = _of_floats(function, (x,))

        def method_pullback(d: Any, acc: Any) -> Any:
            d_x = pb(_as_float(d), acc)[1][0]
            return ZERO, (d_x, *[ZERO for _ in rest]), dict.fromkeys(kwargs, ZERO)

        return y, method_pullback

    entry(method)(call)


for _name, _function in {
    "sqrt": math.sqrt, "exp": math.exp, "ln": math.log, "log10": math.log10,
    "copy_abs": operator.abs, "copy_negate": operator.neg, "normalize": operator.pos,
}.items():  # fmt: skip
    _method(getattr(Decimal, _name), _function)


@entry(Decimal.fma)
def fma(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``a.fma(b, c)``: ``a * b + c``, rounded once."""
    a, b, *_ = args
    y = Decimal.fma(*args, **kwargs)

    def fma_pullback(d: Any, acc: Any) -> Any:
        if is_zero(d):
            return ZERO, (ZERO,) * len(args), dict.fromkeys(kwargs, ZERO)
        d = _as_float(d)
        found = (d * float(b), d * float(a), d)[: len(args)]
        return ZERO, found, dict.fromkeys(kwargs, d if "third" in kwargs else ZERO)

    return y, fma_pullback


def _choice(name: str, prefers: Any) -> None:
    method = getattr(Decimal, name)

    def call(dispatch: Any, args: Any, kwargs: Any) -> Any:
        y = method(*args, **kwargs)
        if kwargs or len(args) != 2:
            return None
        is_first = prefers(args[0], args[1])
        return y, lambda d, acc: (ZERO, (d, ZERO) if is_first else (ZERO, d), {})

    entry(method)(call)


_choice("max", operator.ge)
_choice("min", operator.le)
# Steps, whose derivative is zero, as that of `round`.
inert(
    Decimal.quantize, Decimal.to_integral_value, Decimal.to_integral_exact, Decimal.to_integral,
    Decimal.compare, Decimal.as_tuple, Decimal.adjusted, Decimal.is_nan, Decimal.is_finite,
    Decimal.is_infinite, Decimal.is_signed, Decimal.is_zero, Decimal.same_quantum,
)  # fmt: skip
