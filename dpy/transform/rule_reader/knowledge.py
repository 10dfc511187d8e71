"""What the kinds of arrays and numbers answer: attributes, questions, the kinds of results."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dpy import cotangent
from dpy.kinds import UNKNOWN, Array, Kind, Number, is_number, number_type
from dpy.kinds import Tuple as TupleKind
from dpy.transform import ir
from dpy.transform.rule_reader.values import Dynamic, MethodOf, Static, kind_of_value

__all__ = [
    "attribute_kind", "binary_kind", "call_kind", "cotangent_kind", "is_never_singleton",
    "known_attribute", "known_call", "method_kind",
]  # fmt: skip


# --- attributes and methods -----------------------------------------------------------------------


def known_attribute(owner: Dynamic, name: str) -> Any:
    """An attribute that the kind of its owner tells; None where it does not."""
    kind = owner.kind
    if isinstance(kind, Array):
        if name == "ndim":
            return Static(kind.ndim)
        if name == "dtype":
            return Static(kind.dtype)
        if name == "shape" and kind.ndim == 0:
            return Static(())
        if name == "T" and kind.ndim < 2:
            return owner
    t = number_type(kind)
    if t is not None and issubclass(t, np.generic):
        if name in ("ndim", "shape"):
            return Static(0 if name == "ndim" else ())
        if name == "dtype":
            return Static(np.dtype(t))
    return None


def attribute_kind(owner: Dynamic, name: str) -> Kind:
    """The kind of an attribute that generated code reads."""
    if isinstance(owner.kind, Array):
        if name in ("T", "mT"):
            return owner.kind
        if name == "shape":
            return TupleKind((Number(int),) * owner.kind.ndim)
        if name == "size":
            return Number(int)
        return MethodOf(owner.kind)
    return UNKNOWN


def method_kind(method: Any, args: list[Any]) -> tuple[Kind, Any]:
    """The kind of what a method of an array returns, and the operand whose shape it has."""
    owner = method.expr.args[0] if isinstance(method.expr, ir.Op) else None
    name = method.expr.args[1].value if owner is not None else ""
    kind = method.kind.type if isinstance(method.kind, MethodOf) else UNKNOWN
    if name == "reshape" and isinstance(kind, Array) and len(args) == 1:
        return _shaped_like(args[0], kind.dtype)
    if name == "transpose" and isinstance(kind, Array):
        return kind, None
    return UNKNOWN, None


def _shaped_like(shape: Any, dtype: Any) -> tuple[Kind, Any]:
    """The kind of an array of this shape, and the operand whose shape that is."""
    if not isinstance(shape, Dynamic) or not isinstance(shape.kind, TupleKind):
        return UNKNOWN, None
    expr = shape.expr
    is_shape = isinstance(expr, ir.Op) and expr.args[1:] == (ir.Lit("shape"),)
    return Array(dtype, len(shape.kind.items)), expr.args[0] if is_shape else None


# --- calls ----------------------------------------------------------------------------------------


def known_call(function: Any, args: list[Any]) -> Any:
    """Questions about one argument that its kind answers."""
    if not args or not isinstance(args[0], (Dynamic, list)) or len(args) > 2:
        return None
    if isinstance(args[0], list):
        return Static(len(args[0])) if function is len and len(args) == 1 else None
    x = args[0]
    kind = x.kind
    if len(args) == 2:
        return _known_question(function, kind, args[1])
    if function is len and isinstance(kind, TupleKind):
        return Static(len(kind.items))
    if isinstance(kind, Array):
        if function is type:
            return Static(np.ndarray)
        if function is np.ndim:
            return Static(kind.ndim)
        if function is np.asarray:
            return x
        if function is np.shape:
            return known_attribute(x, "shape") or Dynamic(
                ir.Op("getattr", (x.expr, ir.Lit("shape"))), attribute_kind(x, "shape")
            )
    elif is_number(kind):
        if function is np.ndim:
            return Static(0)
        if function is np.shape:
            return Static(())
    if function is math.prod and isinstance(kind, TupleKind):
        expr = x.expr
        if isinstance(expr, ir.Op) and expr.name == "getattr" and expr.args[1].value == "shape":
            return Dynamic(ir.Op("getattr", (expr.args[0], ir.Lit("size"))), Number(int))
    return None


def _known_question(function: Any, kind: Kind, other: Any) -> Any:
    if not isinstance(other, Static):
        return None
    if function is isinstance:
        classes = other.value if isinstance(other.value, tuple) else (other.value,)
        if isinstance(kind, Array):
            return Static(issubclass(np.ndarray, classes))
        if is_number(kind) and all(issubclass(c, np.ndarray) for c in classes):
            return Static(False)
        if kind == Number(int):
            return Static(issubclass(int, classes))
        if isinstance(kind, TupleKind):
            return Static(issubclass(tuple, classes))
    if function is hasattr and isinstance(kind, Array):
        return Static(hasattr(np.ndarray, other.value))
    return None


def call_kind(function: Any, args: list[Any]) -> tuple[Kind, Any]:
    """The kind of what a called function returns, and the operand whose shape it has."""
    if function is max and all(_is_int(a) for a in args):
        return Number(int), None
    if function is cotangent.filled and isinstance(args[2], Static) and args[2].value is not None:
        return _shaped_like(args[0], args[2].value)
    return UNKNOWN, None


def _is_int(value: Any) -> bool:
    if isinstance(value, Static):
        return type(value.value) is int
    return isinstance(value, Dynamic) and value.kind == Number(int)


# --- operators ------------------------------------------------------------------------------------


def binary_kind(name: str, a: Any, b: Any) -> Kind:
    """The kind of ``a op b`` where that is plain."""
    x, y = kind_of_value(a), kind_of_value(b)
    if name not in ("add", "sub", "mul", "truediv", "matmul"):
        return UNKNOWN
    if isinstance(x, Array) and isinstance(y, Array):
        if x.dtype != y.dtype or x.dtype.kind not in "fc":
            return UNKNOWN
        if name != "matmul":
            return Array(x.dtype, max(x.ndim, y.ndim))
        ndim = max(x.ndim, y.ndim) if min(x.ndim, y.ndim) > 1 else x.ndim + y.ndim - 2
        return Array(x.dtype, ndim) if ndim else UNKNOWN
    for array, other in ((x, y), (y, x)):
        if isinstance(array, Array) and array.dtype.kind in "fc" and _is_weak(other):
            return array
        t = number_type(other)
        if isinstance(array, Array) and t is not None and issubclass(t, np.inexact):
            return array if np.dtype(t) == array.dtype else UNKNOWN
    if is_number(x) and _is_weak(y):
        return x
    return UNKNOWN


def _is_weak(kind: Kind) -> bool:
    """A Python number, which leaves the dtype of what it meets."""
    return number_type(kind) in (int, float)


def is_never_singleton(a: Any, b: Any) -> bool:
    """A comparison by identity of a computed number or array with None, True, a class..."""
    value, other = (a, b) if isinstance(a, Dynamic) else (b, a)
    known = isinstance(value, Dynamic) and (isinstance(value.kind, (Array, TupleKind)) or (
        is_number(value.kind) and number_type(value.kind) not in (bool, np.bool_)
    ))  # fmt: skip
    return known and isinstance(other, Static)


# --- cotangents -----------------------------------------------------------------------------------


def cotangent_kind(kind: Kind) -> Kind:
    """The kind of a cotangent of a value of this kind: integers stand for reals."""
    if isinstance(kind, Array):
        if kind.dtype.kind in "iu":
            return Array(np.dtype(np.float64), kind.ndim)
        return kind if kind.dtype.kind in "fc" else UNKNOWN
    t = number_type(kind)
    if t is None:
        return UNKNOWN
    return Number(float) if t is int or issubclass(t, np.integer) else Number(t)
