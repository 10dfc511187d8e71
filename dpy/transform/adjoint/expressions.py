"""The expressions that the reverse sweep is written in: short functions that make them.

>>> from dpy.transform.rule_reader import show_expression
>>> d, x = ir.Var("d"), ir.Var("x")
>>> show_expression(sum_of(x, ir.Op("neg", (d,)))), show_expression(adds_to(part(x, d), d))
('x - d', 'add_to(x[d], d)')
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.cotangent import ZERO
from dpy.transform import ir
from dpy.transform.helpers import add_to, subtract_from
from dpy.transform.rule_reader import RESULT

__all__ = [
    "NP", "RESULT", "ZERO_NODE", "adds_to", "args_of", "attribute", "copied", "identifier",
    "is_everything", "is_new", "method_call", "overwrite", "part", "places_of", "sum_of",
    "total_of",
]  # fmt: skip

ZERO_NODE = ir.Known(ZERO, "ZERO")
NP = ir.Known(np, "np")

_ALL = ir.Lit(...)
_ADD_TO = ir.Known(add_to, "add_to")
_SUBTRACT_FROM = ir.Known(subtract_from, "subtract_from")
_ARITHMETIC = ("add", "sub", "mul", "truediv", "pow", "neg", "matmul")


def attribute(owner: Any, name: str) -> ir.Op:
    """``owner.name``."""
    return ir.Op("getattr", (owner, ir.Lit(name)))


def method_call(owner: Any, name: str, *args: Any) -> ir.Call:
    """``owner.name(*args)``."""
    return ir.Call(attribute(owner, name), args)


def copied(array: Any) -> ir.Call:
    """``array.copy()``."""
    return method_call(array, "copy")


def total_of(array: Any) -> ir.Call:
    """``array.sum()``."""
    return method_call(array, "sum")


def part(whole: Any, index: Any) -> ir.Op:
    """``whole[index]``."""
    return ir.Op("getitem", (whole, index))


def overwrite(region: Any, value: Any) -> ir.Op:
    """``region[...] = value``."""
    if isinstance(region, ir.Op):
        return ir.Op("setitem", (*region.args, value))
    return ir.Op("setitem", (region, _ALL, value))


def adds_to(region: Any, value: Any) -> ir.Call:
    """``region += value``, summed where `value` was broadcast."""
    if isinstance(value, ir.Op) and value.name == "neg":
        return ir.Call(_SUBTRACT_FROM, (region, value.args[0]))
    return ir.Call(_ADD_TO, (region, value))


def sum_of(a: Any, b: Any) -> ir.Op:
    """``a + b``, as a difference where `b` is negative."""
    if isinstance(b, ir.Op) and b.name == "neg":
        return ir.Op("sub", (a, b.args[0]))
    return ir.Op("add", (a, b))


def is_everything(index: Any) -> bool:
    """Whether an index is ``:`` or ``...``."""
    nothing = ir.Lit(None)
    return index in (_ALL, ir.Op("slice", (nothing, nothing, nothing)))


def is_new(value: Any) -> bool:
    """Whether an expression makes an array that nothing else holds."""
    if isinstance(value, ir.Op):
        return value.name in _ARITHMETIC
    if isinstance(value, ir.Call) and isinstance(value.func, ir.Known):
        if value.func.name in ("unbroadcast", "project", "fit"):
            return is_new(value.args[0])
        return value.func.name == "filled"
    return False


def places_of(atoms: tuple[Any, ...] | list[Any]) -> tuple[Any, ...]:
    """The placeholders of operands; literals and known objects stand for themselves."""
    return tuple(ir.Var(f"<{i}>") if isinstance(a, ir.Var) else a for i, a in enumerate(atoms))


def args_of(s: ir.Assign) -> tuple[Any, ...]:
    """The operands of a statement that assigns an operation."""
    assert isinstance(s.value, ir.Op)
    return s.value.args


def identifier(text: str) -> str:
    """A name that Python accepts, for a variable or function named like `text`."""
    cleaned = "".join(c if c.isalnum() or c == "_" else "_" for c in str(text))
    if cleaned.isidentifier():
        return cleaned
    return cleaned.strip("_") or "lambda_"
