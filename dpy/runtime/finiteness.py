"""Checks for ``dpy.settings(check_finite=True)``: the first operation to make a NaN or infinity.

Compiled code calls `expect_finite` after an operation of the forward and `finite` around a
cotangent (see `dpy.transform.check_finite`); what has a rule is checked by `apply` and
`checked_rule`. Which operation is to blame is decided in `dpy.finite`.
"""

from __future__ import annotations

import copy
import functools
import types
from typing import Any

import numpy as np

from dpy.adjoints import registry
from dpy.cotangent import ZERO, forced
from dpy.errors import NonFiniteError
from dpy.finite import UNKNOWN, Doubt, Operation, blame, describe, doubt_of, is_finite
from dpy.runtime.failures import dotted_name, user_place

__all__ = [
    "SIGNS", "apply", "checked_rule", "doubts_before", "expect_finite", "expect_finite_after",
    "expect_finite_call", "finite", "name_of",
]  # fmt: skip

_DISPATCHER = type(np.sum)
_CONVERSIONS = (float, complex, np.inexact)
# What they return is not computed from their arguments.
_NOT_COMPUTED = (np.empty, np.empty_like)
SIGNS = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**",
    "matmul": "@", "neg": "-", "pos": "+",
}  # fmt: skip


# --- compiled code: forward -----------------------------------------------------------------------


def expect_finite(at: Operation, y: Any, *operands: Any) -> None:
    """Raise if the operation that gave `y` is to blame for what is not finite in it."""
    if not is_finite(y):
        _judge(at, y, operands, map(doubt_of, operands))


def expect_finite_call(at: Operation | None, y: Any, f: Any, /, *args: Any, **kwargs: Any) -> None:
    """The same for a call of `f`."""
    if is_finite(y):
        return
    operands = (*args, *kwargs.values())
    if _is_judged(f, operands):
        at = at or Operation(name_of(f), None, type(f) is np.ufunc)
        y = _without_rest(y, kwargs)
        _judge(at, y, operands, [_doubt_of_owner(f), *map(doubt_of, operands)])


def _without_rest(y: Any, kwargs: dict[str, Any]) -> Any:
    """The result of a ufunc without what its ``where=`` left as it was."""
    where = kwargs.get("where", True)
    return y if where is True or not isinstance(y, np.ndarray) else np.where(where, y, 0.0)


def doubts_before(*operands: Any) -> list[Doubt | None]:
    """What is not finite in operands that the operation writes to."""
    return [doubt_of(x) for x in operands]


def expect_finite_after(at: Operation, y: Any, before: list[Doubt | None]) -> None:
    """`expect_finite` for such an operation."""
    if not is_finite(y):
        _judge(at, y, (), before)


def _is_judged(f: Any, operands: tuple[Any, ...]) -> bool:
    """Whether what is not finite in the result of a call can be the function's own fault.

    The bodies of Python functions are checked themselves; and what moves, reads or makes values,
    without computing them, is not to blame.
    """
    if any(f is known for known in _NOT_COMPUTED):
        return False
    if isinstance(f, type):
        return issubclass(f, _CONVERSIONS)
    if type(f) is np.ufunc:
        return True
    if type(f) is not types.BuiltinFunctionType and type(f) is not _DISPATCHER:
        return False
    if registry.lookup(registry.key_of(f)) is not None:
        return True
    return any(isinstance(x, (float, complex, np.inexact, np.ndarray)) for x in operands)


def _doubt_of_owner(f: Any) -> Doubt | None:
    """That of the object of a bound method of a builtin type."""
    owner = getattr(f, "__self__", None)
    if owner is None or isinstance(owner, (types.ModuleType, type)):
        return None
    if isinstance(owner, (int, float, complex, np.generic, np.ndarray, np.ufunc)):
        return doubt_of(owner)
    return UNKNOWN  # it may have held what it returns


# --- compiled code: pullback ----------------------------------------------------------------------


def finite(at: Operation, d: Any, *operands: Any) -> Any:
    """The cotangent `d`, computed from `operands`; an error if it is not finite but they are."""
    if d is not ZERO and not is_finite(d):
        _judge(at, d, operands, map(doubt_of, operands), "pullback")
    return d


# --- rules ----------------------------------------------------------------------------------------


def name_of(f: Any) -> str:
    """The name of a callable for messages; of operators the sign."""
    rule = registry.lookup(registry.key_of(f))
    return _name_of_rule(rule) if rule is not None else dotted_name(f)


def _name_of_rule(rule: Any) -> str:
    module, _, name = rule.name.rpartition(".")
    return SIGNS.get(name, name) if module == "_operator" else rule.name


def apply(rule: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """``rule.apply(args, kwargs)``, checked."""
    at = _operation(rule)
    operands = (*args, *kwargs.values())
    doubts = doubts_before(*operands)
    y, pullback = rule.apply(args, kwargs)
    _expect_value(rule, at, y, args, kwargs, doubts)
    if pullback is None:
        return y, None

    def checked_pullback(*d: Any) -> Any:
        found = pullback(*d)
        _expect_cotangents(at, (*found[0], *found[1].values()), d, operands, doubts)
        return found

    return y, checked_pullback


@functools.cache
def checked_rule(rule: Any) -> Any:
    """The rule for compiled code; rules of partial derivatives are written there, and checked."""
    forward = rule.forward
    if forward is None or rule.is_nondifferentiable:
        return rule
    at = _operation(rule)

    def checked_forward(*args: Any, **kwargs: Any) -> Any:
        operands = (*args, *kwargs.values())
        doubts = doubts_before(*operands)
        result = forward(*args, **kwargs)
        if not (isinstance(result, tuple) and len(result) == 2 and callable(result[1])):
            return result  # an error that is found where it always is
        y, pullback = result
        _expect_value(rule, at, y, args, kwargs, doubts)

        def checked_pullback(*d: Any) -> Any:
            found = pullback(*d)
            if isinstance(found, tuple):
                found = tuple(map(forced, found))
                _expect_cotangents(at, found, d, operands, doubts)
            return found

        return y, checked_pullback

    new = copy.copy(rule)
    new._signature = rule.signature
    new.forward = checked_forward
    return new


def _operation(rule: Any) -> Operation:
    return Operation(_name_of_rule(rule), None, rule.partials is not None)


def _expect_value(
    rule: Any,
    at: Operation,
    y: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    doubts: list[Doubt | None],
) -> None:
    if any(rule.primal is known for known in _NOT_COMPUTED):
        return
    if rule.mutates is not None:
        y = (y, rule.target(args, kwargs))
    if not is_finite(y):
        y = _without_rest(y, kwargs)
        _judge(at, y, (*args, *kwargs.values()), doubts)


def _expect_cotangents(
    at: Operation,
    found: tuple[Any, ...],
    d: tuple[Any, ...],
    operands: tuple[Any, ...],
    doubts: list[Doubt | None],
) -> None:
    for d_x in found:
        if d_x is not ZERO and d_x is not None and not is_finite(d_x):
            _judge(at, d_x, (*d, *operands), [*map(doubt_of, d), *doubts], "pullback")


# --- the error ------------------------------------------------------------------------------------


def _judge(
    at: Operation,
    y: Any,
    operands: tuple[Any, ...],
    doubts: Any,
    direction: str = "forward",
) -> None:
    """Raise if the operation is to blame for what is not finite in its result `y`."""
    found = blame(y, doubts, at.by_position)
    if found is None:
        return
    shown = " and ".join([describe(x) for x in operands if not callable(x)][:3])
    what = f"`{at.name}`" if direction == "forward" else f"the derivative of `{at.name}`"
    raise NonFiniteError(
        f"{what} gives {found}",
        operation=at.name,
        direction=direction,
        place=at.place or user_place(),
        why=f"in the {direction}{shown and f', from {shown}'}; nothing before it has made a NaN or "
        "an infinity",
        repair="keep the operands away from this point; a mask has to come before the operation: "
        "np.log(np.where(x > 0, x, 1.0))",
    )
