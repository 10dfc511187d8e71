"""Reverse elementwise operations, whose partial derivatives are written in place."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.cotangent import filled, quotient, quotient_below
from dpy.kinds import Array, Kind
from dpy.transform import ir, partials
from dpy.transform.adjoint.bounds import is_regular_quotient
from dpy.transform.adjoint.expressions import NP, RESULT, attribute, places_of, sum_of
from dpy.transform.adjoint.fitting import projected
from dpy.transform.adjoint.sweep import Sweep
from dpy.transform.generic import call
from dpy.transform.infer import Site

__all__ = ["reverse_elementwise"]


def reverse_elementwise(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``y = f(a, b)``, with one partial derivative per operand."""
    maybe = sweep.states.get(s.target) == "maybe" and s.target in sweep.scalars
    sweep.with_cotangent(s, lambda d: _give_all(sweep, s, site, d, maybe), scalars_may_be_zero=True)


def _give_all(sweep: Sweep, s: ir.Assign, site: Site, d: Any, maybe: bool) -> None:
    facts = sweep.facts
    operands = site.operands
    found = _contributions(sweep, s, site, d)
    if s.target in sweep.uniform:
        found = _of_number(sweep, s, site, d, found)
    gives = [
        (atom, sweep.saved.fill(s, value, operands))
        for atom, value in zip(operands, found, strict=True)
        if value is not None and facts.is_active(atom)
    ]
    # The cotangent of a variable that is also the target is assigned last.
    gives.sort(key=lambda give: give[0].name == s.target)
    for atom, value in gives:
        fitted = projected(sweep, s, value, atom, facts.kinds[id(s)], operands)
        sweep.give(s, atom, fitted, maybe=maybe)


def _contributions(sweep: Sweep, s: ir.Assign, site: Site, d: Any) -> list[Any]:
    """What each operand gets, with placeholders; where both are the same, the first gets all."""
    facts = sweep.facts
    operands = site.operands
    kinds = tuple(facts.kind(s, a) for a in operands)
    if is_regular_quotient(sweep.saved, s, site):
        return [None, partials.regular_quotient_below(places_of(operands)[1], d, RESULT)]
    found = partials.contributions(
        site.rule, site.function, places_of(operands), kinds, facts.kinds[id(s)], d, RESULT
    )
    if len(operands) == 2 and operands[0] == operands[1] and facts.is_active(operands[0]):
        return [_twice(found[0], found[1]), None]
    return found


def _twice(a: Any, b: Any) -> Any:
    """The sum of two contributions to the same operand; twice the one, where they are equal."""
    if a is None or b is None:
        return a if b is None else b
    if _with_one_place(a) != _with_one_place(b):
        return sum_of(a, b)
    if isinstance(a, ir.Op) and a.name == "mul":
        d, x = a.args
        return ir.Op("mul", (ir.Op("mul", (ir.Lit(2), x)), d))
    return ir.Op("mul", (ir.Lit(2), a))


def _with_one_place(e: Any) -> Any:
    """The expression with both operands' placeholders made one."""
    if isinstance(e, ir.Var):
        return ir.Var("<0>") if e.name == "<1>" else e
    if isinstance(e, ir.Op):
        return ir.Op(e.name, tuple(map(_with_one_place, e.args)))
    if isinstance(e, ir.Call):
        return ir.Call(_with_one_place(e.func), tuple(map(_with_one_place, e.args)), e.kwargs)
    return e


# --- cotangents that are numbers though the result is an array ----------------------------------


def _of_number(sweep: Sweep, s: ir.Assign, site: Site, d: ir.Var, found: list[Any]) -> list[Any]:
    """The contributions where `d` is a number that stands for an array filled with it.

    Arithmetic with the operands makes arrays of it; where it does not, the array is made first.
    """
    facts = sweep.facts
    wanted = [v for a, v in zip(site.operands, found, strict=True) if facts.is_active(a)]
    kinds = tuple(facts.kind(s, a) for a in site.operands)
    if all(v is None or _spans(v, site.operands, kinds, d) for v in wanted):
        return [None if v is None else _number_first(v, d) for v in found]
    result = facts.kinds[id(s)]
    assert isinstance(result, Array)
    dtype = ir.Known(result.dtype, result.dtype.name)
    whole = call(ir.Known(filled, "filled"), attribute(RESULT, "shape"), d, dtype)
    sweep.emit(d, sweep.saved.fill(s, whole, site.operands))
    return found


def _spans(value: Any, operands: tuple[Any, ...], kinds: tuple[Kind, ...], d: Any) -> bool:
    """Whether a contribution has the result's shape though `d` is a number.

    It has if it combines all array operands, or the result, by elementwise functions.
    """
    read: set[Any] = set()

    def visit(e: Any) -> bool:
        if isinstance(e, ir.Var):
            read.add(e if e in (d, RESULT) else operands[int(e.name[1:-1])])
            return True
        if isinstance(e, ir.Op):
            is_arithmetic = e.name in ("add", "sub", "mul", "truediv", "pow", "neg")
            return is_arithmetic and all(map(visit, e.args))
        if isinstance(e, ir.Call):
            return _is_elementwise(e.func) and not e.kwargs and all(map(visit, e.args))
        return isinstance(e, ir.Lit)

    if not visit(value):
        return False
    arrays = {a for a, k in zip(operands, kinds, strict=True) if isinstance(k, Array)}
    return RESULT in read or arrays <= read


def _is_elementwise(function: Any) -> bool:
    if isinstance(function, ir.Known):
        return function.value in (quotient, quotient_below)
    if isinstance(function, ir.Op) and function.args[0] == NP:
        return isinstance(getattr(np, function.args[1].value), np.ufunc)
    return False


def _number_first(value: Any, d: Any) -> Any:
    """``2 * x * d`` as ``2 * d * x``: one product of arrays less where `d` is a number."""
    if isinstance(value, ir.Op) and value.name == "mul" and value.args[1] == d:
        first = value.args[0]
        if isinstance(first, ir.Op) and first.name == "mul" and isinstance(first.args[0], ir.Lit):
            return ir.Op("mul", (ir.Op("mul", (first.args[0], d)), first.args[1]))
    return value
