"""Calls of functions that have a rule: inlined where kinds allow it, else left to the runtime."""

from __future__ import annotations

import math
import types
from typing import Any

import numpy as np

from dpy.kinds import (
    BOTTOM,
    UNKNOWN,
    Array,
    Const,
    Kind,
    KnownObject,
    List,
    Number,
    Object,
    Other,
    Text,
    Tuple,
    is_atomic,
    is_number,
    is_real_scalar,
    join,
)
from dpy.transform import ir
from dpy.transform.infer.facts import Site
from dpy.transform.infer.kinds_of import calls_back, kind_by_rule, numeric
from dpy.transform.infer.special import writes_by_methods
from dpy.transform.infer.state import Arguments, Found, State, generic, inert

__all__ = ["call_rule"]

# What they give may carry a derivative after all, and what they consume may run code.
_GIVE_WHAT_METHODS_GIVE = frozenset({round, math.floor, math.ceil, math.trunc, any, all})


def call_rule(state: State, s: ir.Assign, function: Any, rule: Any, given: Arguments) -> Found:
    """A call of `function`, which has a rule."""
    operands, all_kinds = given.operands, given.all_kinds
    if rule.mutates is not None:
        target = rule.target(given.args, dict(given.kwargs))
        state.effects.write(target, operands, all_kinds)
        if not state.any_varied(operands):
            return inert(UNKNOWN)
        return generic(state, s, operands, all_kinds, writes=False)
    outputs = _outputs(rule, given)
    if outputs:
        return _into(state, s, outputs, given)
    named = tuple((k, kind) for (k, _), kind in zip(given.kwargs, given.kw_kinds, strict=True))
    result = kind_by_rule(function, rule, given.kinds, named)
    if function is sum and len(operands) == 1 and is_number(_total(given.kinds[0])):
        return _sum_of_numbers(state, s, given)
    if rule.is_nondifferentiable:
        return _without_derivative(state, s, function, given, result)
    if not rule.fresh and not _copies(function, given, result):
        for a, k in zip(operands, all_kinds, strict=True):
            if not is_atomic(k):
                state.effects.alias_target_if(s, a, result)
    writes = writes_by_methods(state, function, given)
    if not state.any_varied(operands) and not (writes or _reads_heap(state, given)):
        # what is called is noted all the same: the forward may have a shorter way to call it
        site = Site("inert", None, given.args, given.kwargs, function=function)
        return result, False, site
    form = _form(rule, given, result)
    if form == "elementwise":
        return result, True, Site(form, rule, given.args, function=function)
    if form == "rule":
        return result, True, Site(form, rule, given.args, given.kwargs, function=function)
    writes = writes or calls_back(all_kinds)
    _, varied, site = generic(state, s, operands, all_kinds, writes=writes)
    return result, varied, site


def _sum_of_numbers(state: State, s: ir.Assign, given: Arguments) -> Found:
    result = _total(given.kinds[0])
    if not state.any_varied(given.args):
        return inert(result)
    return generic(state, s, given.args, given.kinds, writes=False, result=result)


def _total(kind: Kind) -> Kind:
    """The kind of the sum of a list of real numbers."""
    if isinstance(kind, List) and (kind.item is BOTTOM or is_real_scalar(kind.item)):
        return join(kind.item, Number(int))
    return UNKNOWN


def _outputs(rule: Any, given: Arguments) -> list[Any]:
    """The operands that the call writes its value to."""
    found = rule.outputs(given.args, dict(given.kwargs))
    return [a for _, a in found if not (isinstance(a, ir.Lit) and a.value is None)]


def _into(state: State, s: ir.Assign, outputs: list[Any], given: Arguments) -> Found:
    """A call with ``out=``: the value is the array that was written to."""
    operands, all_kinds = given.operands, given.all_kinds
    for atom in outputs:
        state.effects.write(atom, operands, all_kinds)
        state.effects.alias_target_if(s, atom, UNKNOWN)
    if not state.any_varied(operands):
        return inert(UNKNOWN)
    return generic(state, s, operands, all_kinds, writes=calls_back(all_kinds))


def _without_derivative(
    state: State, s: ir.Assign, function: Any, given: Arguments, result: Kind
) -> Found:
    """A special method may write, and so may an iterator when it is consumed."""
    if function is type and len(given.args) == 3:  # it makes a class
        _, _, site = generic(state, s, given.operands, given.all_kinds)
        return UNKNOWN, True, site
    if result == Other(str) and state.any_varied(given.operands):
        writes = writes_by_methods(state, function, given)
        kinds = given.all_kinds
        return generic(state, s, given.operands, kinds, writes=writes, result=Text())
    if function is print and any(name == "file" for name, _ in given.kwargs):
        writes = writes_by_methods(state, function, given)
        return generic(state, s, given.operands, given.all_kinds, writes=writes, result=result)
    if numeric(given.all_kinds) or isinstance(function, types.FunctionType):
        return inert(result)
    writes = writes_by_methods(state, function, given)
    if writes or function in _GIVE_WHAT_METHODS_GIVE:
        result = UNKNOWN if function in (round, math.floor, math.ceil, math.trunc) else result
        found = generic(state, s, given.operands, given.all_kinds, writes=writes, result=result)
        if len(given.operands) == len(given.args) == 1:
            found[2].function = function
        return found
    return inert(result)


def _reads_heap(state: State, given: Arguments) -> bool:
    """Whether a method of an argument may give what globals or cells hold."""
    return state.heap_active and any(k is UNKNOWN or isinstance(k, Object) for k in given.all_kinds)


def _form(rule: Any, given: Arguments, result: Kind) -> str:
    """How the adjoint treats a call that carries derivatives."""
    if rule.partials is not None:
        plain = not given.kwargs and len(given.args) == len(rule.partials)
        return "elementwise" if plain and numeric(given.kinds) else "generic"
    if rule.primal in (max, min) and any(name == "default" for name, _ in given.kwargs):
        return "generic"  # whether it is given back depends on the values
    certain = not rule.primal_is_user or all(
        is_number(k) or isinstance(k, Array)
        for k in (result.items if isinstance(result, Tuple) else (result,))
    )
    return "rule" if certain and all(map(_is_simple, given.all_kinds)) else "generic"


def _is_simple(kind: Kind) -> bool:
    """Whether an operand carries derivatives by value or not at all."""
    return (
        is_number(kind)
        or isinstance(kind, (Array, KnownObject, Other, Const))
        or (isinstance(kind, Tuple) and is_atomic(kind))
    )


def _copies(function: Any, given: Arguments, result: Kind) -> bool:
    """Whether this is a call of ``np.array`` that copies numbers."""
    is_plain = function is np.array and not any(name == "copy" for name, _ in given.kwargs)
    return is_plain and isinstance(result, Array) and result.dtype.kind in "biufc"
