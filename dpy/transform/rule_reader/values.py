"""Values while a rule is read: known now, computed by generated code, or something of the rule's.

A list is a tuple some of whose items are not known.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.kinds import UNKNOWN, Kind, Number
from dpy.records import record
from dpy.transform import ir

__all__ = [
    "Closure", "Dynamic", "Frame", "MethodOf", "Static", "Stuck", "expr_of", "is_cheap",
    "kind_of_value",
]  # fmt: skip


class Stuck(Exception):
    """The code does not become straight-line."""


@record
class Static:
    """A value that is known now; `expr` is how it was written, where that is by name."""

    value: Any
    expr: Any = None


@record
class Dynamic:
    """A value that generated code computes."""

    expr: Any
    kind: Kind = UNKNOWN
    shape_of: Any = None  # the operand whose shape it certainly has


@record
class Closure:
    """A function defined in a rule: its pullback."""

    node: Any
    frame: Frame


@record
class Frame:
    """The variables of a function that is read."""

    env: dict[str, Any]
    globals: dict[str, Any]


@record
class MethodOf(Kind):
    """A method of a value of this kind."""

    type: Kind


def expr_of(value: Any) -> Any:
    """The expression of a value."""
    if isinstance(value, Dynamic):
        return value.expr
    if isinstance(value, list):
        return ir.Op("tuple", tuple(map(expr_of, value)))
    if isinstance(value, Static):
        return value.expr or _literal(value.value)
    raise Stuck


def _literal(value: Any) -> Any:
    if value is None or type(value) in (bool, int, float, complex, str, type(Ellipsis)):
        return ir.Lit(value)
    if type(value) is tuple:
        return ir.Op("tuple", tuple(map(_literal, value)))
    if type(value) is slice:
        parts = (value.start, value.stop, value.step)
        return ir.Op("slice", tuple(map(_literal, parts)))
    if isinstance(value, np.dtype):
        return ir.Known(value, value.name)
    name = getattr(value, "__name__", None)
    if not isinstance(name, str) or not name.isidentifier():
        name = type(value).__name__
    return ir.Known(value, name)


def is_cheap(expr: Any) -> bool:
    """Whether an expression is an atom, or an attribute of one: nothing to keep in a variable."""
    if isinstance(expr, ir.Op) and expr.name == "getattr":
        return isinstance(expr.args[0], ir.Var) and expr.args[1].value in ("shape", "size", "T")
    return isinstance(expr, (ir.Var, ir.Lit, ir.Known))


def kind_of_value(value: Any) -> Kind:
    """The kind of a number or of what generated code computes."""
    if isinstance(value, Static):
        t = type(value.value)
        return Number(t) if t in (int, float) else UNKNOWN
    return value.kind if isinstance(value, Dynamic) else UNKNOWN
