"""Operators in place: on arrays, containers, and objects with methods for them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.adjoints import registry
from dpy.cotangent import ZERO, project
from dpy.runtime import object_arrays, sets
from dpy.runtime.array_classes import as_plain, is_derived
from dpy.runtime.array_protocols import override_ufunc
from dpy.runtime.dispatch import dispatch
from dpy.runtime.failures import no_adjoint
from dpy.runtime.held import hold, sink
from dpy.runtime.operators import OPERATORS, PLAIN, REAL, UFUNCS, per_operand, run_opaque
from dpy.runtime.rule_calls import apply
from dpy.runtime.sequence_operators import repeat_in_place
from dpy.runtime.special_methods import implements, user_method

__all__ = ["IN_PLACE", "builtin_in_place"]


def _in_place(name: str) -> Callable[[Any, Any], tuple[Any, Any]]:
    base = name[1:] + ("_" if name in ("iand", "ior") else "")
    plain = OPERATORS[base]
    method_name = f"__{name}__"

    def operate_in_place(a: Any, b: Any) -> tuple[Any, Any]:
        if type(a) in REAL:
            return plain(a, b)
        method = None if type(a) is np.ndarray else user_method(type(a), method_name)
        if method is None and isinstance(a, np.ndarray):
            return _in_place_array(name, base, a, b)
        if method is not None:
            y, pb = dispatch(method, (a, b), {})
            if y is not NotImplemented:
                return y, None if pb is None else lambda d, acc: pb(d, acc)[1]
        else:
            found = builtin_in_place(name, a, b)
            if found is not None:
                return found
        return plain(a, b)

    return operate_in_place


def builtin_in_place(name: str, a: Any, b: Any) -> tuple[Any, Any] | None:
    """What the builtin types make of an operator in place, or None."""
    if isinstance(a, np.ndarray):
        return _in_place_array(name, name[1:] + ("_" if name in ("iand", "ior") else ""), a, b)
    if isinstance(a, list) and isinstance(b, (np.ndarray, np.generic)):
        if isinstance(b, np.ndarray) or name != "imul":
            return None  # an array is made of the list
    if isinstance(a, list) and name == "iadd":
        _, pb = dispatch(list.extend, (a, b), {})
        return a, lambda d, acc: (d, pb(d, acc)[1][1])
    if isinstance(a, list) and name == "imul":
        return repeat_in_place(a, b)
    if isinstance(a, dict) and name == "ior":
        _, pb = dispatch(dict.update, (a, b), {})
        return a, lambda d, acc: (d, pb(d, acc)[1][1])
    if isinstance(a, set) and isinstance(b, (set, frozenset)):
        function = getattr(operator, name)
        _, pb = sets.update_set(lambda x, items: function(x, set(items)), a, b)
        return a, lambda d, acc: (d, pb(d, acc)[1][1])
    if not isinstance(a, PLAIN) and implements(type(a), f"__{name}__") is not None:
        return run_opaque(getattr(operator, name), (a, b))
    return None


def _in_place_array(name: str, base: str, a: Any, b: Any) -> tuple[Any, Any]:
    """``a op= b``: the adjoint of the operation on the old contents, written over them."""
    if is_derived(a) or is_derived(b):
        return _in_place_derived(name, base, a, b)
    if a.dtype.kind == "O":
        return object_arrays.in_place(OPERATORS[base], a, b)
    function = getattr(operator, name)
    linear = name in ("iadd", "isub")
    overlaps = isinstance(b, np.ndarray) and np.may_share_memory(a, b)
    old = a if linear and not overlaps else a.copy()
    b_old = hold(b)
    if isinstance(b, np.ndarray) and (not linear or overlaps):
        b_old = b.copy()
    elif isinstance(b, list):
        b_old = list(b)
    rule = registry.lookup(getattr(operator, base), (a, b))
    y = function(a, b)
    held_b = hold(b)

    def in_place_pullback(d: Any, acc: Any) -> Any:
        d_y = acc.take(a)
        if d_y is ZERO:
            return d, ZERO
        if linear:
            d_a, d_b = d_y, project(d_y if name == "iadd" else -d_y, b_old)
        elif rule is None:
            raise no_adjoint(function, (a, b))
        else:
            _, pullback = apply(rule, (old, b_old), {})
            if pullback is None:
                return d, ZERO
            (d_a, d_b), _ = pullback(d_y)
        acc.add(a, d_a)
        return d, sink(acc, held_b, d_b)

    return y, in_place_pullback


def _in_place_derived(name: str, base: str, a: Any, b: Any) -> tuple[Any, Any]:
    """The same for arrays of subclasses, whose methods for this have been asked already."""
    found = override_ufunc(dispatch, UFUNCS[base], "__call__", (a, b), {"out": (a,)})
    if found is not None:
        return per_operand(found)
    y, pb = _in_place_array(name, base, as_plain(a), as_plain(b))
    return a if isinstance(a, np.ndarray) else y, pb


IN_PLACE: dict[str, Any] = {
    name: _in_place(name)
    for name in (
        "iadd isub imul itruediv ifloordiv imod ipow imatmul iand ior ixor ilshift irshift"
    ).split()
}
