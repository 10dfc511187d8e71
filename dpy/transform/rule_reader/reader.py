"""Evaluate functions on values some of which are known.

What follows from kinds is decided, helpers are entered, and what costs something to compute twice
goes into a variable. Code that does not become straight-line raises `Stuck`.
"""

from __future__ import annotations

import ast
import math
import operator
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.kinds import UNKNOWN, Kind, Number
from dpy.kinds import Tuple as TupleKind
from dpy.transform import ir
from dpy.transform.rule_reader.functions import (
    attempt,
    bind,
    definition_of,
    is_hashable,
    is_of_rules,
)
from dpy.transform.rule_reader.knowledge import (
    attribute_kind,
    binary_kind,
    call_kind,
    is_never_singleton,
    known_attribute,
    known_call,
    method_kind,
)
from dpy.transform.rule_reader.values import (
    Closure,
    Dynamic,
    Frame,
    Static,
    Stuck,
    expr_of,
    is_cheap,
)

__all__ = ["Reader"]

_DEPTH = 6

_BINARY: dict[Any, tuple[str, Callable[..., Any]]] = {
    ast.Add: ("add", operator.add), ast.Sub: ("sub", operator.sub),
    ast.Mult: ("mul", operator.mul), ast.Div: ("truediv", operator.truediv),
    ast.Pow: ("pow", operator.pow), ast.FloorDiv: ("floordiv", operator.floordiv),
    ast.Mod: ("mod", operator.mod), ast.MatMult: ("matmul", operator.matmul),
    ast.BitAnd: ("and_", operator.and_), ast.BitOr: ("or_", operator.or_),
}  # fmt: skip
_COMPARE: dict[Any, tuple[str, Callable[..., Any]]] = {
    ast.Lt: ("lt", operator.lt), ast.LtE: ("le", operator.le), ast.Gt: ("gt", operator.gt),
    ast.GtE: ("ge", operator.ge), ast.Eq: ("eq", operator.eq), ast.NotEq: ("ne", operator.ne),
    ast.Is: ("is_", operator.is_), ast.IsNot: ("is_not", operator.is_not),
}  # fmt: skip
# Called now where the arguments are known.
_PURE = {len, isinstance, type, max, min, tuple, int, bool, float, str, range, np.ndim, np.shape,
         np.dtype, math.prod, hasattr, issubclass}  # fmt: skip


class _Returned(Exception):
    """Ends the function that is read."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Reader:
    """Evaluates functions on values some of which are known.

    Attributes:
        lets: local variables, in order: their placeholders and expressions.
    """

    def __init__(self, enters: bool = True) -> None:
        """`enters`: whether helpers of the rules are read too, or called."""
        self.lets: list[tuple[ir.Var, Any]] = []
        self._enters = enters
        self._count = 0
        self._depth = 0

    # --- functions ----------------------------------------------------------------------------

    def enter(self, node: Any, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """The value of a call of a module-level function."""
        env = bind(node, function, args, kwargs)
        return self._body(node, Frame(env, function.__globals__))

    def enter_closure(self, closure: Closure, args: list[Any]) -> Any:
        """The value of a call of a pullback."""
        names = [a.arg for a in closure.node.args.args]
        if len(names) != len(args) or closure.node.args.defaults:
            raise Stuck
        env = {**closure.frame.env, **dict(zip(names, args, strict=True))}
        return self._body(closure.node, Frame(env, closure.frame.globals))

    def _body(self, node: Any, frame: Frame) -> Any:
        if self._depth >= _DEPTH:
            raise Stuck
        self._depth += 1
        try:
            if isinstance(node, ast.Lambda):
                return self._read(node.body, frame)
            self._block(node.body, frame)
            return Static(None)
        except _Returned as returned:
            return returned.value
        finally:
            self._depth -= 1

    def _block(self, statements: list[Any], frame: Frame) -> None:
        for s in statements:
            if isinstance(s, ast.Return):
                value = Static(None) if s.value is None else self._read(s.value, frame)
                raise _Returned(value)
            if isinstance(s, ast.If):
                self._block(s.body if self._test(s.test, frame) else s.orelse, frame)
            elif isinstance(s, ast.Assign) and len(s.targets) == 1:
                self._assign(s.targets[0], self._read(s.value, frame), frame)
            elif isinstance(s, ast.FunctionDef) and not s.decorator_list:
                frame.env[s.name] = Closure(s, frame)
            elif not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)):
                raise Stuck

    def _assign(self, target: Any, value: Any, frame: Frame) -> None:
        if isinstance(target, ast.Name):
            frame.env[target.id] = self._let(target.id, value)
        elif isinstance(target, ast.Tuple) and isinstance(value, list):
            for t, v in zip(target.elts, value, strict=True):
                self._assign(t, v, frame)
        else:
            raise Stuck

    def _let(self, name: str, value: Any) -> Any:
        """Keep what it would cost something to compute twice."""
        if not isinstance(value, Dynamic) or is_cheap(value.expr):
            return value
        var = ir.Var(f"<{name}:{self._count}>")
        self._count += 1
        self.lets.append((var, value.expr))
        return Dynamic(var, value.kind, value.shape_of)

    def _test(self, node: Any, frame: Frame) -> bool:
        return self._truth(self._read(node, frame))

    def _truth(self, value: Any) -> bool:
        if isinstance(value, Static):
            return bool(value.value)
        if isinstance(value, Dynamic) and isinstance(value.kind, TupleKind):
            return bool(value.kind.items)
        raise Stuck

    # --- expressions --------------------------------------------------------------------------

    def _read(self, node: Any, frame: Frame) -> Any:
        """The value of an expression."""
        method = _EXPRESSIONS.get(type(node))
        if method is None:
            raise Stuck
        return method(self, node, frame)

    def _read_name(self, node: Any, frame: Frame) -> Any:
        if node.id in frame.env:
            return frame.env[node.id]
        if node.id in frame.globals:
            value = frame.globals[node.id]
            is_module = isinstance(value, types.ModuleType)
            return Static(value, ir.Known(value, node.id) if is_module else None)
        found = frame.globals["__builtins__"]
        found = found if isinstance(found, dict) else vars(found)
        if node.id not in found:
            raise Stuck
        return Static(found[node.id])

    def _read_constant(self, node: Any, frame: Frame) -> Any:
        return Static(node.value)

    def _read_tuple(self, node: Any, frame: Frame) -> Any:
        items = self._items(node.elts, frame)
        if all(isinstance(item, Static) for item in items):
            return Static(tuple(item.value for item in items))
        return items

    def _items(self, nodes: list[Any], frame: Frame) -> list[Any]:
        """The values of items or arguments, starred ones in full."""
        found: list[Any] = []
        for node in nodes:
            if not isinstance(node, ast.Starred):
                found.append(self._read(node, frame))
                continue
            value = self._read(node.value, frame)
            if isinstance(value, Static) and type(value.value) in (tuple, list):
                found += map(Static, value.value)
            elif isinstance(value, list):
                found += value
            else:
                raise Stuck
        return found

    def _read_slice(self, node: Any, frame: Frame) -> Any:
        parts = [
            Static(None) if part is None else self._read(part, frame)
            for part in (node.lower, node.upper, node.step)
        ]
        if all(isinstance(part, Static) for part in parts):
            return Static(slice(*(part.value for part in parts)))
        return Dynamic(ir.Op("slice", tuple(map(expr_of, parts))))

    def _read_ifexp(self, node: Any, frame: Frame) -> Any:
        return self._read(node.body if self._test(node.test, frame) else node.orelse, frame)

    def _read_boolop(self, node: Any, frame: Frame) -> Any:
        ends = isinstance(node.op, ast.Or)
        value: Any = Static(not ends)
        for part in node.values:
            value = self._read(part, frame)
            if self._truth(value) == ends:
                break
        return value

    def _read_unaryop(self, node: Any, frame: Frame) -> Any:
        inner = self._read(node.operand, frame)
        if isinstance(node.op, ast.Not):
            return Static(not self._truth(inner))
        if isinstance(inner, Static):
            if isinstance(node.op, ast.USub):
                return Static(-inner.value)
            raise Stuck
        if not isinstance(inner, Dynamic) or not isinstance(node.op, (ast.USub, ast.Invert)):
            raise Stuck
        if isinstance(node.op, ast.Invert):
            return Dynamic(ir.Op("invert", (inner.expr,)), inner.kind, inner.shape_of)
        expr = inner.expr
        negated = expr.args[0] if isinstance(expr, ir.Op) and expr.name == "neg" else None
        return Dynamic(negated or ir.Op("neg", (expr,)), inner.kind, inner.shape_of)

    def _read_binop(self, node: Any, frame: Frame) -> Any:
        known = _BINARY.get(type(node.op))
        if known is None:
            raise Stuck
        a, b = self._read(node.left, frame), self._read(node.right, frame)
        name, function = known
        if isinstance(a, Static) and isinstance(b, Static):
            return Static(attempt(function, a.value, b.value))
        return Dynamic(ir.Op(name, (expr_of(a), expr_of(b))), binary_kind(name, a, b))

    def _read_compare(self, node: Any, frame: Frame) -> Any:
        if len(node.ops) != 1:
            raise Stuck
        a, b = self._read(node.left, frame), self._read(node.comparators[0], frame)
        op = type(node.ops[0])
        if isinstance(a, Static) and isinstance(b, Static):
            if op in (ast.In, ast.NotIn):
                return Static(attempt(operator.contains, b.value, a.value) == (op is ast.In))
            return Static(attempt(_COMPARE[op][1], a.value, b.value))
        if op in (ast.Is, ast.IsNot) and is_never_singleton(a, b):
            return Static(op is ast.IsNot)
        if op not in _COMPARE:
            raise Stuck
        return Dynamic(ir.Op(_COMPARE[op][0], (expr_of(a), expr_of(b))))

    def _read_attribute(self, node: Any, frame: Frame) -> Any:
        owner = self._read(node.value, frame)
        name = node.attr
        if isinstance(owner, Static):
            value = attempt(getattr, owner.value, name)
            is_module = isinstance(owner.value, types.ModuleType)
            written = ir.Op("getattr", (expr_of(owner), ir.Lit(name))) if is_module else None
            return Static(value, written)
        if not isinstance(owner, Dynamic):
            raise Stuck
        known = known_attribute(owner, name)
        if known is not None:
            return known
        return Dynamic(ir.Op("getattr", (owner.expr, ir.Lit(name))), attribute_kind(owner, name))

    def _read_subscript(self, node: Any, frame: Frame) -> Any:
        owner, index = self._read(node.value, frame), self._read(node.slice, frame)
        if isinstance(owner, list) and isinstance(index, Static) and type(index.value) is int:
            return attempt(operator.getitem, owner, index.value)
        if isinstance(owner, Static) and isinstance(index, Static):
            return Static(attempt(operator.getitem, owner.value, index.value))
        if not isinstance(owner, Dynamic):
            raise Stuck
        is_length = isinstance(owner.kind, TupleKind) and isinstance(index, Static)
        kind = Number(int) if is_length and type(index.value) is int else UNKNOWN
        return Dynamic(ir.Op("getitem", (expr_of(owner), expr_of(index))), kind)

    def _read_call(self, node: Any, frame: Frame) -> Any:
        function = self._read(node.func, frame)
        args = self._items(node.args, frame)
        if any(k.arg is None for k in node.keywords):
            raise Stuck
        kwargs = {k.arg: self._read(k.value, frame) for k in node.keywords}
        if isinstance(function, Closure) and not kwargs:
            return self.enter_closure(function, args)
        if isinstance(function, Static):
            return self._call_known(function, args, kwargs)
        return _made_call(expr_of(function), args, kwargs, *method_kind(function, args))

    def _call_known(self, called: Static, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """A call of a function that is known: now, or of its code, or by the generated code."""
        function = called.value
        known = known_call(function, args) if not kwargs else None
        if known is not None:
            return known
        ours = is_of_rules(function)
        if all(isinstance(v, Static) for v in (*args, *kwargs.values())) and (
            ours or is_hashable(function) and function in _PURE
        ):
            values = {name: v.value for name, v in kwargs.items()}
            return Static(attempt(function, *(a.value for a in args), **values))
        if ours and self._enters:
            value = self._entered(function, args, kwargs)
            if value is not None:
                return value
        kind, shape = call_kind(function, args)
        return _made_call(expr_of(called), args, kwargs, kind, shape)

    def _entered(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """A helper's value for these arguments; None where it is better called."""
        node = definition_of(function)
        if node is None or function.__closure__:
            return None
        count = len(self.lets)
        try:
            values = [self._let("x", a) for a in args]
            named = {name: self._let("x", v) for name, v in kwargs.items()}
            return self.enter(node, function, values, named)
        except Stuck:
            del self.lets[count:]
            return None


# How each sort of expression is read.
_EXPRESSIONS: dict[type, Callable[[Reader, Any, Frame], Any]] = {
    ast.Name: Reader._read_name,
    ast.Constant: Reader._read_constant,
    ast.Tuple: Reader._read_tuple,
    ast.Slice: Reader._read_slice,
    ast.IfExp: Reader._read_ifexp,
    ast.BoolOp: Reader._read_boolop,
    ast.UnaryOp: Reader._read_unaryop,
    ast.BinOp: Reader._read_binop,
    ast.Compare: Reader._read_compare,
    ast.Attribute: Reader._read_attribute,
    ast.Subscript: Reader._read_subscript,
    ast.Call: Reader._read_call,
}


def _made_call(
    function: Any, args: list[Any], kwargs: dict[str, Any], kind: Kind, shape: Any = None
) -> Dynamic:
    named = tuple((name, expr_of(v)) for name, v in kwargs.items())
    return Dynamic(ir.Call(function, tuple(map(expr_of, args)), named), kind, shape)
