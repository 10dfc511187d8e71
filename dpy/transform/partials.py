"""Turn the partials of elementwise rules into IR expressions, to be inlined.

Operators on plain numbers have their partials built here, in the shape that a person would
write; those of all other rules are read from the source of the rule's lambdas.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from dpy import cotangent
from dpy.kinds import Array, Const, Kind, is_real_scalar, number_type
from dpy.transform import ir
from dpy.transform.rule_reader import read_expression

__all__ = ["contributions", "mul", "neg", "regular_quotient_below", "short_name"]


def op(name: str, *args: Any) -> ir.Op:
    """An operation node."""
    return ir.Op(name, args)


def neg(x: Any) -> Any:
    """``-x``, simplified."""
    if isinstance(x, ir.Op) and x.name == "neg":
        return x.args[0]
    return op("neg", x)


def mul(a: Any, b: Any) -> Any:
    """``a * b``, simplified for a literal one."""
    if isinstance(b, ir.Lit) and type(b.value) in (int, float):
        if b.value == 1:
            return a
        if b.value == -1:
            return neg(a)
    return op("mul", a, b)


def contributions(
    rule: Any,
    function: Any,
    operands: tuple[Any, ...],
    kinds: tuple[Kind, ...],
    result: Kind,
    d_y: Any,
    y: Any,
) -> list[Any]:
    """For each operand the unprojected cotangent that it gets from `d_y` (None: no derivative).

    `operands` and `y` are placeholders (`Var`); the caller finds out which ones were used.
    """
    tables: Any = {}
    if all(is_real_scalar(k) for k in (*kinds, result)):
        tables = _real_operators
    elif isinstance(result, Array) and result.dtype.kind == "f":
        if all(is_real_scalar(k) or _has_dtype(k, result.dtype) for k in kinds):
            tables = _array_operators
    table = tables.get(function)
    if table is not None:
        found = table(operands, kinds, d_y, y)
        if found is not None:
            return found
    is_complex = any(_is_complex(k) for k in (*kinds, result))
    return [
        _from_rule(rule, partial, operands, (*kinds, result), d_y, y, is_complex)
        for partial in rule.partials
    ]


def _has_dtype(kind: Kind, dtype: Any) -> bool:
    return isinstance(kind, Array) and kind.dtype == dtype


def _is_complex(kind: Kind) -> bool:
    t = number_type(kind)
    dtype = getattr(kind, "dtype", None)
    return (
        t is complex or dtype is not None and dtype.kind == "c"
        or t is not None and getattr(t, "__name__", "").startswith("complex")
    )  # fmt: skip


# --- operators on real Python numbers -----------------------------------------------------------


def _mul_partials(x: Any, kinds: Any, d: Any, y: Any) -> list[Any]:
    a, b = x
    return [op("mul", d, b), op("mul", d, a)]


def _div_partials(x: Any, kinds: Any, d: Any, y: Any) -> list[Any]:
    a, b = x
    if any(number_type(k) not in (int, float) for k in kinds):  # NumPy scalars divide by zero
        below = cotangent.quotient_of_numbers_below
        return [
            ir.Call(ir.Known(cotangent.quotient_of_numbers, "quotient"), (d, b)),
            ir.Call(ir.Known(below, "quotient_below"), (d, b, y)),
        ]
    return [op("truediv", d, b), neg(op("truediv", op("mul", d, y), b))]


def regular_quotient_below(b: Any, d: Any, y: Any) -> Any:
    """What the denominator of ``y = a / b`` gets where it is certainly not zero."""
    return neg(op("mul", op("truediv", d, b), y))


def _pow_partials(x: Any, kinds: Any, d: Any, y: Any) -> list[Any] | None:
    a, p = x
    if not isinstance(kinds[1], Const):
        return None
    n = kinds[1].value
    if n == 2:
        return [op("mul", op("mul", ir.Lit(2), a), d), None]
    if n == 1:
        return [d, None]
    if type(n) is int and n > 2:
        return [op("mul", d, op("mul", ir.Lit(n), op("pow", a, ir.Lit(n - 1)))), None]
    return None


def _array_quotient(x: Any, kinds: Any, d: Any, y: Any) -> list[Any]:
    """Denominators of arrays may hold zeros: strong zeros, and no warnings."""
    a, b = x
    if isinstance(kinds[1], Const) and kinds[1].value:
        return [op("truediv", d, b), None]
    above = ir.Call(ir.Known(cotangent.quotient, "quotient"), (d, b))
    below = ir.Call(ir.Known(cotangent.quotient_below, "quotient_below"), (d, b, y))
    return [above, below]


def _array_power(x: Any, kinds: Any, d: Any, y: Any) -> list[Any] | None:
    """Squares; the partials of other powers may be singular."""
    is_square = isinstance(kinds[1], Const) and kinds[1].value in (1, 2)
    return _pow_partials(x, kinds, d, y) if is_square and isinstance(kinds[0], Array) else None


_real_operators: dict[Any, Any] = {
    operator.add: lambda x, k, d, y: [d, d],
    operator.sub: lambda x, k, d, y: [d, neg(d)],
    operator.neg: lambda x, k, d, y: [neg(d)],
    operator.pos: lambda x, k, d, y: [d],
    operator.mul: _mul_partials,
    operator.truediv: _div_partials,
    operator.pow: _pow_partials,
}
_array_operators: dict[Any, Any] = {
    operator.truediv: _array_quotient,
    np.divide: _array_quotient,
    operator.pow: _array_power,
    np.power: _array_power,
}


# --- lambdas of rules ---------------------------------------------------------------------------


def _from_rule(
    rule: Any,
    partial: Any,
    operands: tuple[Any, ...],
    kinds: tuple[Kind, ...],
    d_y: Any,
    y: Any,
    is_complex: bool,
) -> Any:
    if partial is None:
        return None
    expression = read_expression(partial, (*operands, y), kinds)
    if expression is None:
        expression = ir.Call(ir.Known(partial, f"{short_name(rule.name)}_partial"), (*operands, y))
    if is_complex:
        expression = ir.Call(ir.Known(cotangent.conjugate, "conjugate"), (expression,))
    if rule.primal is operator.pow and not is_complex:
        # The one operator of real numbers that may leave them.
        return ir.Call(ir.Known(cotangent.times_real, "times"), (d_y, expression))
    if rule.singular:
        return ir.Call(ir.Known(cotangent.times, "times"), (d_y, expression, ir.Lit(True)))
    return mul(d_y, expression)


def short_name(name: str) -> str:
    """The last part of a dotted name, as an identifier."""
    return "".join(c if c.isalnum() else "_" for c in name.rpartition(".")[2])
