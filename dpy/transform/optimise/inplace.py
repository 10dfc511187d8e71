"""Write ``d_x = d_x + e`` as ``d_x += e`` where `d_x` is a number.

Never for arrays: there ``+=`` would write into what others hold. The adjoint marks sums of numbers
by the in-place operations; the passes between `remove` and `run` see plain sums.

>>> from dpy.transform.ir import *
>>> from dpy.transform.show import show
>>> inner = (Assign("d_x", Op("iadd", (Var("d_x"), Lit(1.0)))), Return(Var("d_x")))
>>> body = (Def(Function("pb", (Param("d_x"),), inner, None)), Return(Var("pb")))
>>> function = remove(Function("f", (), body, None))
>>> print(show(function))
def f():
<BLANKLINE>
    def pb(d_x):
        d_x = d_x + 1.0
        return d_x
    return pb
>>> print(show(run(function)))
def f():
<BLANKLINE>
    def pb(d_x):
        d_x += 1.0
        return d_x
    return pb
"""

from __future__ import annotations

from dpy.records import replace
from dpy.transform import ir
from dpy.transform.optimise.blocks import map_blocks
from dpy.transform.optimise.nodes import pullback_of, with_pullback

__all__ = ["remove", "run"]


def remove(function: ir.Function) -> ir.Function:
    """Plain sums for in-place sums; the names of numbers are kept in the pullback's `locals`."""
    pullback = pullback_of(function)
    if pullback is None:
        return function
    numbers: set[str] = set()
    others: set[str] = set()

    def plain(s: ir.Stmt) -> ir.Stmt:
        if isinstance(s, ir.Assign) and isinstance(s.target, str):
            value = s.value
            if isinstance(value, ir.Op) and value.name in ("iadd", "isub"):
                numbers.add(s.target)
                return replace(s, value=ir.Op(value.name[1:], value.args))
            if _adds_to_itself(s):
                others.add(s.target)
        return s

    body = map_blocks(pullback.body, plain)
    marked = frozenset(numbers - others)
    return with_pullback(function, replace(pullback, body=body, locals=marked))


def _adds_to_itself(s: ir.Assign) -> bool:
    value = s.value
    operands = value.args if isinstance(value, (ir.Op, ir.Call)) else ()
    known = isinstance(value, ir.Call) or isinstance(value, ir.Op) and value.name in ("add", "sub")
    return known and bool(operands) and operands[0] == ir.Var(s.target)  # type: ignore[arg-type]


def run(function: ir.Function) -> ir.Function:
    """In-place sums for the numbers that `remove` has noted."""
    pullback = pullback_of(function)
    if pullback is None or not pullback.locals:
        return function
    numbers = pullback.locals

    def short(s: ir.Stmt) -> ir.Stmt:
        if isinstance(s, ir.Assign) and s.target in numbers and isinstance(s.value, ir.Op):
            name, args = s.value.name, s.value.args
            if name in ("add", "sub") and args[0] == ir.Var(s.target):
                return replace(s, value=ir.Op(f"i{name}", args))
        return s

    body = map_blocks(pullback.body, short)
    return with_pullback(function, replace(pullback, body=body, locals=frozenset()))
