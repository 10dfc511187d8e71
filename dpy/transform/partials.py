"""Turn the partials of elementwise rules into IR expressions, to be inlined.

Operators on plain numbers have their partials built here, in the shape that a person would
write; those of all other rules are read from the source of the rule's lambdas.
"""

from __future__ import annotations

import operator
from typing import Any

import gast

from dpy import cotangent
from dpy.kinds import Const, Kind, is_real_scalar, number_type
from dpy.transform import ir
from dpy.transform.source import read_source

__all__ = ["contributions", "mul", "neg"]

_BINARY = {
    gast.Add: "add", gast.Sub: "sub", gast.Mult: "mul", gast.Div: "truediv", gast.Pow: "pow",
    gast.FloorDiv: "floordiv", gast.Mod: "mod", gast.MatMult: "matmul",
}  # fmt: skip
_COMPARE = {
    gast.Lt: "lt", gast.LtE: "le", gast.Gt: "gt", gast.GtE: "ge", gast.Eq: "eq", gast.NotEq: "ne",
    gast.Is: "is_", gast.IsNot: "is_not",
}  # fmt: skip


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
    if all(is_real_scalar(k) for k in (*kinds, result)):
        table = _real_operators.get(function)
        if table is not None:
            found = table(operands, kinds, d_y, y)
            if found is not None:
                return found
    is_complex = any(_is_complex(k) for k in (*kinds, result))
    return [_from_rule(rule, partial, operands, d_y, y, is_complex) for partial in rule.partials]


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


def _div_partials(x: Any, kinds: Any, d: Any, y: Any) -> list[Any] | None:
    a, b = x
    if any(number_type(k) not in (int, float) for k in kinds):
        return None  # NumPy scalars divide by zero
    return [op("truediv", d, b), neg(op("truediv", op("mul", d, y), b))]


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


_real_operators: dict[Any, Any] = {
    operator.add: lambda x, k, d, y: [d, d],
    operator.sub: lambda x, k, d, y: [d, neg(d)],
    operator.neg: lambda x, k, d, y: [neg(d)],
    operator.pos: lambda x, k, d, y: [d],
    operator.mul: _mul_partials,
    operator.truediv: _div_partials,
    operator.pow: _pow_partials,
}


# --- lambdas of rules ---------------------------------------------------------------------------


def _from_rule(
    rule: Any, partial: Any, operands: tuple[Any, ...], d_y: Any, y: Any, is_complex: bool
) -> Any:
    if partial is None:
        return None
    expression = _inline(partial, (*operands, y))
    if expression is None:
        expression = ir.Call(ir.Known(partial, f"{_short(rule.name)}_partial"), (*operands, y))
    if is_complex:
        expression = ir.Call(ir.Known(cotangent.conjugate, "conjugate"), (expression,))
    if rule.singular:
        return ir.Call(ir.Known(cotangent.times, "times"), (d_y, expression, ir.Lit(True)))
    return mul(d_y, expression)


def _short(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name.rpartition(".")[2])


_parsed: dict[Any, Any] = {}


def _inline(partial: Any, arguments: tuple[Any, ...]) -> Any:
    code = getattr(partial, "__code__", None)
    if code is None or partial.__closure__ or partial.__defaults__:
        return None
    node = _parsed.get(code)
    if node is None:
        try:
            node = read_source(partial).node
        except Exception:
            node = False
        _parsed[code] = node
    if not isinstance(node, gast.Lambda):
        return None
    names = [a.id for a in node.args.args]
    if len(names) != len(arguments):
        return None
    return _convert(node.body, dict(zip(names, arguments, strict=True)), partial.__globals__)


def _convert(node: Any, env: dict[str, Any], globals_: dict[str, Any]) -> Any:
    """A ``gast`` expression as an IR expression; None where the IR has no such expression."""

    def go(n: Any) -> Any:
        return _convert(n, env, globals_)

    if isinstance(node, gast.Name):
        if node.id in env:
            return env[node.id]
        if node.id in globals_:
            return ir.Known(globals_[node.id], node.id)
        builtins = globals_["__builtins__"]
        builtins = builtins if isinstance(builtins, dict) else vars(builtins)
        return ir.Known(builtins[node.id], node.id) if node.id in builtins else None
    if isinstance(node, gast.Constant):
        return ir.Lit(node.value)
    if isinstance(node, gast.BinOp) and type(node.op) in _BINARY:
        parts = (go(node.left), go(node.right))
        return None if None in parts else ir.Op(_BINARY[type(node.op)], parts)
    if isinstance(node, gast.UnaryOp) and isinstance(node.op, (gast.USub, gast.Not)):
        inner = go(node.operand)
        if inner is None:
            return None
        return neg(inner) if isinstance(node.op, gast.USub) else op("not_", inner)
    if isinstance(node, gast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARE:
        parts = (go(node.left), go(node.comparators[0]))
        return None if None in parts else ir.Op(_COMPARE[type(node.ops[0])], parts)
    if isinstance(node, gast.Attribute):
        inner = go(node.value)
        return None if inner is None else op("getattr", inner, ir.Lit(node.attr))
    if isinstance(node, gast.Call):
        func, args = go(node.func), [go(a) for a in node.args]
        kwargs = tuple((k.arg, go(k.value)) for k in node.keywords)
        if func is None or None in args or any(v is None or k is None for k, v in kwargs):
            return None
        return ir.Call(func, tuple(args), kwargs)
    return None
