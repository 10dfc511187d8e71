"""Read a rule, or the lambda of a partial derivative."""

from __future__ import annotations

import ast
import operator
from typing import Any

import numpy as np

from dpy.cotangent import ZERO
from dpy.kinds import UNKNOWN, Array, Const, Kind, KnownObject, Other, dummy_of
from dpy.kinds import Tuple as TupleKind
from dpy.transform import ir
from dpy.transform.rule_reader.functions import definition_of, is_of_rules
from dpy.transform.rule_reader.knowledge import cotangent_kind
from dpy.transform.rule_reader.plans import D_Y, Cotangent, Inlined
from dpy.transform.rule_reader.reader import Reader
from dpy.transform.rule_reader.values import Closure, Dynamic, Static, Stuck, expr_of

__all__ = ["read_expression", "read_rule"]


def read_rule(
    rule: Any,
    operands: tuple[Any, ...],
    kwargs: tuple[tuple[str, Any], ...],
    kinds: tuple[Kind, ...],
    result: Kind,
) -> Inlined | None:
    """The rule for operands (placeholders or literals) of these kinds; None if it stays a call.

    `kinds` are those of the operands and then of the keyword arguments.
    """
    if rule.primal_is_user or rule.mutates is not None or rule.forward.__closure__:
        return None
    node = definition_of(rule.forward)
    if node is None:
        return None
    reader = Reader()
    try:
        atoms = (*operands, *(atom for _, atom in kwargs))
        values = [_argument(a, k) for a, k in zip(atoms, kinds, strict=True)]
        n = len(operands)
        named = {name: value for (name, _), value in zip(kwargs, values[n:], strict=True)}
        found = reader.enter(node, rule.forward, values[:n], named)
        if not (isinstance(found, list) and len(found) == 2 and isinstance(found[1], Closure)):
            return None
        value, pullback = found
        forward, reader.lets = reader.lets, []
        parts = _parts(reader.enter_closure(pullback, [Dynamic(D_Y, cotangent_kind(result))]))
        slots = [_cotangent(rule, p, kinds, reader.lets) for p in parts]
        return Inlined(tuple(forward), expr_of(value), tuple(reader.lets), tuple(slots))
    except Stuck:
        return None


def _parts(returned: Any) -> list[Any]:
    """What a pullback returns, one value per operand."""
    if isinstance(returned, Static) and type(returned.value) is tuple:
        return list(map(Static, returned.value))
    if isinstance(returned, list):
        return returned
    raise Stuck


def read_expression(function: Any, arguments: tuple[Any, ...], kinds: tuple[Kind, ...]) -> Any:
    """The body of a lambda for these arguments, as an expression; None where that is impossible."""
    if function.__closure__ or function.__defaults__:
        return None
    node = definition_of(function)
    if not isinstance(node, ast.Lambda):
        return None
    reader = Reader(enters=False)
    values = [_argument(a, k) for a, k in zip(arguments, kinds, strict=True)]
    try:
        found = expr_of(reader.enter(node, function, values, {}))
    except Stuck:
        return None
    return None if reader.lets else found


def _argument(atom: Any, kind: Kind) -> Any:
    if isinstance(atom, ir.Lit):
        return Static(atom.value)
    if isinstance(atom, ir.Known):
        return Static(atom.value)
    if _is_static(kind):
        return Static(dummy_of(kind))
    return Dynamic(atom, kind, atom)


def _is_static(kind: Kind) -> bool:
    """Whether there is one value of this kind."""
    if isinstance(kind, TupleKind):
        return all(map(_is_static, kind.items))
    return isinstance(kind, (Const, KnownObject)) or kind == Other(type(None))


def _cotangent(
    rule: Any, value: Any, kinds: tuple[Kind, ...], lets: list[tuple[ir.Var, Any]]
) -> Cotangent | None:
    if isinstance(value, Static):
        if value.value is None or value.value is ZERO:
            return None
        return Cotangent(expr_of(value), UNKNOWN, None, True)
    if not isinstance(value, Dynamic):
        raise Stuck
    shape = value.shape_of
    if shape is None and rule.primal in _KEEP_SHAPE:
        shape = all(isinstance(k, Array) and k.ndim <= 2 or _is_static(k) for k in kinds) or None
    return Cotangent(value.expr, value.kind, shape, _is_certain(value.expr, dict(lets)))


# Functions whose pullback gives exactly the operand's shape, for matrices and vectors.
_KEEP_SHAPE = {
    operator.matmul, np.matmul, np.dot, np.ndarray.dot, np.transpose, np.ndarray.transpose,
    np.outer, np.cumsum, np.ndarray.cumsum,
}  # fmt: skip


def _is_certain(expr: Any, lets: dict[ir.Var, Any]) -> bool:
    """Whether an expression can be neither None nor ZERO, given that `D_Y` is not."""
    if isinstance(expr, ir.Var):
        return _is_certain(lets[expr], lets) if expr in lets else True
    if isinstance(expr, ir.Op):
        return all(_is_certain(a, lets) for a in expr.args)
    if isinstance(expr, ir.Call) and isinstance(expr.func, ir.Known):
        return not is_of_rules(expr.func.value)  # those of `dpy.adjoints.safe` go by their module
    return True
