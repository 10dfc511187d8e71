"""Algebra that is exact in floating point: signs, ones, structural zeros.

>>> from dpy.transform.ir import *
>>> from dpy.transform.show import show
>>> e = Op("add", (Op("neg", (Var("a"),)), Op("mul", (Var("b"), Lit(1)))))
>>> body = (Def(Function("pb", (Param("a"), Param("b")), (Return(e),), None)), Return(Var("pb")))
>>> print(show(run(Function("f", (), body, None))))
def f():
<BLANKLINE>
    def pb(a, b):
        return b - a
    return pb
"""

from __future__ import annotations

from typing import Any

from dpy.cotangent import ZERO
from dpy.records import replace
from dpy.transform import ir
from dpy.transform.optimise.blocks import map_blocks
from dpy.transform.optimise.nodes import map_compounds, pullback_of, rewrite, with_pullback

__all__ = ["run", "simplified"]


def run(function: ir.Function) -> ir.Function:
    """Simplify the expressions of the pullback."""
    pullback = pullback_of(function)
    if pullback is None:
        return function
    body = map_blocks(pullback.body, lambda s: rewrite(s, lambda e: map_compounds(e, simplified)))
    return with_pullback(function, replace(pullback, body=body))


def simplified(e: Any) -> Any:
    """One node, whose operands are simplified already."""
    if isinstance(e, ir.Op):
        rule = _OPS.get(e.name)
        return e if rule is None else rule(e, *e.args)
    if isinstance(e, ir.Call) and isinstance(e.func, ir.Known) and len(e.args) == 2:
        a, b = e.args
        if e.func.name == "add":
            return b if _is_zero(a) else a if _is_zero(b) else e
        if e.func.name in ("project", "unbroadcast", "slot") and _is_zero(a):
            return a
    return e


def _is_zero(e: Any) -> bool:
    return isinstance(e, ir.Known) and e.value is ZERO


def _is_literal(e: Any, value: int) -> bool:
    inner = _negated(e)
    if inner is not None:
        return _is_literal(inner, -value)
    return isinstance(e, ir.Lit) and type(e.value) in (int, float) and e.value == value


def _negated(e: Any) -> Any:
    """What `e` is the negative of, or None."""
    return e.args[0] if isinstance(e, ir.Op) and e.name == "neg" else None


def _neg(e: ir.Op, a: Any) -> Any:
    inner = _negated(a)
    return e if inner is None else inner


def _add(e: ir.Op, a: Any, b: Any) -> Any:
    if _is_zero(a) or _is_zero(b):
        return b if _is_zero(a) else a
    if (inner := _negated(b)) is not None:
        return ir.Op("sub", (a, inner))
    if (inner := _negated(a)) is not None:
        return ir.Op("sub", (b, inner))
    return e


def _sub(e: ir.Op, a: Any, b: Any) -> Any:
    inner = _negated(b)
    return e if inner is None else ir.Op("add", (a, inner))


def _mul(e: ir.Op, a: Any, b: Any) -> Any:
    for one, other in ((b, a), (a, b)):
        if _is_literal(one, 1):
            return other
        if _is_literal(one, -1):
            inner = _negated(other)
            return ir.Op("neg", (other,)) if inner is None else inner
    return _sign_outside(e)


def _sign_outside(e: ir.Op) -> ir.Op:
    """``-a * b`` as ``-(a * b)``: the sign may meet another one there."""
    a, b = map(_negated, e.args)
    if a is None and b is None:
        return e
    product = ir.Op(e.name, (e.args[0] if a is None else a, e.args[1] if b is None else b))
    return ir.Op("neg", (product,)) if a is None or b is None else product


_OPS: dict[str, Any] = {
    "neg": _neg, "add": _add, "sub": _sub, "mul": _mul, "truediv": lambda e, a, b: _sign_outside(e)
}  # fmt: skip
