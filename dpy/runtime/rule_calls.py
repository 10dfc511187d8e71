"""Calls by an adjoint rule, on values of any kind."""

from __future__ import annotations

import collections
import functools
import math
import types
from typing import Any

import numpy as np

from dpy.config import current
from dpy.cotangent import ZERO, add, conjugate, is_zero, project, times
from dpy.runtime import iteration, object_arrays, sources
from dpy.runtime.array_classes import as_plain, handed_on, has_own_methods, is_derived, wraps
from dpy.runtime.dict_keys import may_carry
from dpy.runtime.failures import no_adjoint
from dpy.runtime.held import hold, hold_whole, protect, sink, take
from dpy.runtime.item_cotangents import is_null, nothing
from dpy.runtime.memory import owner_of
from dpy.runtime.opaque import opaque
from dpy.runtime.outputs import call_into
from dpy.runtime.special_methods import has_foreign, user_method
from dpy.runtime.stand_ins import array_of, stands_in
from dpy.slots import kind_of, slots_of

__all__ = ["SCALARS", "apply", "by_rule", "call_by_rule"]

# What rules know; objects of other classes have their own behaviour.
_KNOWN_TO_RULES = (
    np.ndarray, np.generic, float, int, complex, str, bytes, list, tuple, dict, set, frozenset,
    type(None), type, slice, range, np.dtype, types.FunctionType, types.BuiltinFunctionType,
    types.MethodType, np.ufunc, functools.partial, type(np._NoValue),
)  # fmt: skip
SCALARS = frozenset({float, int, bool, str, type(None), np.float64, complex})
_QUICK = frozenset({float, int, np.ndarray, np.float64, bool, str, type(None), tuple, list})
_OF_ITERABLES = frozenset({
    max, min, sum, any, all, math.fsum, math.prod, math.hypot, math.dist, np.fromiter,
    getattr(math, "sumprod", sum),  # since Python 3.12
})  # fmt: skip
# These look at an object, and run nothing of its class.
_LOOKING = frozenset({isinstance, issubclass, callable, id, type})
_FUNCTION, _METHOD = type(np.sum), type(np.ndarray.sum)
_OF_NUMPY = frozenset({np.ufunc, _FUNCTION})
_OF_LISTS = frozenset({math.fsum, math.dist})


def call_by_rule(rule: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The call as `by_rule` makes it, or None where the rule does not know such arguments."""
    if rule.is_nondifferentiable and rule.primal in _LOOKING:
        return rule.primal(*args, **kwargs), None
    if len(args) == 1 and type(args[0]) not in _QUICK and _takes_iterables(rule):
        if _is_walked(args[0]) or sources.is_user_iterable(args[0]):
            return _over_items(rule, args, kwargs)
    if rule.primal_is_user or rule.types or _rule_knows(args, rule):
        return by_rule(rule, args, kwargs)
    return None


def _takes_iterables(rule: Any) -> bool:
    """Whether a function walks over any iterable: ``max``, ``any``, ``math.fsum``."""
    return rule.primal in _OF_ITERABLES


def _is_walked(x: Any) -> bool:
    """Whether an argument has items that no rule finds in it: iterators, deques, keys of dicts."""
    if isinstance(x, sources.KEYS):
        return any(map(may_carry, x))
    return isinstance(x, collections.deque) or sources.is_lazy(x)


def _rule_knows(args: tuple[Any, ...], rule: Any) -> bool:
    """Whether the rule of a function of numbers and arrays applies: not to objects with methods."""
    f = rule.primal
    looks_inside = type(f) in _OF_NUMPY or f in _OF_LISTS  # of lists and tuples
    for x in args:
        t = type(x)
        if is_derived(x):
            if _replaces(x, type(f), rule):
                return False
        elif t not in _QUICK and not isinstance(x, _KNOWN_TO_RULES):
            kind = kind_of(t)
            if kind.read is not None and not isinstance(x, sources.VIEWS):
                return False
        elif (t is list or t is tuple) and looks_inside and has_foreign(x):
            return False
    return True


def _replaces(x: Any, t: type, rule: Any) -> bool:
    """Whether the class of an array has its own way for a function of type `t`."""
    cls = type(x)
    if t is np.ufunc or t is _METHOD:
        return user_method(cls, "__array_ufunc__") is not None
    if t is not _FUNCTION:
        return False
    if user_method(cls, "__array_function__") is not None:
        return True
    written = getattr(rule.primal, "_implementation", None)
    if type(written) is not types.FunctionType or written.__module__.startswith("numpy.linalg"):
        return False  # in C, or by LAPACK: the methods of the class are not called
    return has_own_methods(cls) or user_method(cls, "__array_ufunc__") is not None


def by_rule(rule: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """A call by its adjoint rule."""
    if any(type(x) not in _QUICK and (_is_walked(x) or stands_in(x)) for x in args):
        if _takes_iterables(rule) or any(map(stands_in, args)):
            return _over_items(rule, args, kwargs)
        if not rule.is_nondifferentiable and not rule.primal_is_user:
            return opaque(rule.primal, args, kwargs)  # it looks at the object, not at items
    if object_arrays.meets_objects(args, kwargs) and not rule.primal_is_user:
        return object_arrays.by_rule(rule, args, kwargs)
    if kwargs or len(args) > 1:
        outputs = rule.outputs(args, kwargs)
        if outputs and rule.mutates is None:
            return call_into(apply, rule, args, kwargs, outputs)
    if rule.is_nondifferentiable:
        return rule.primal(*args, **kwargs), None
    if not rule.primal_is_user and any(type(x) not in _QUICK and is_derived(x) for x in args):
        return _of_derived(rule, args, kwargs)
    if len(args) == 1 and type(args[0]) is float and rule.partials is not None and not kwargs:
        if len(rule.partials) == 1:
            settings = current()
            if not settings.check_rules and not settings.check_finite:
                return _of_float(rule, args[0])
    held = tuple(map(hold, args))
    held_kw = {name: hold(value) for name, value in kwargs.items()} if kwargs else kwargs
    y, pullback = apply(rule, args, kwargs)
    if pullback is None:
        return y, None
    if type(y) not in SCALARS or kwargs or any(type(x) not in SCALARS for x in args):
        if _is_view(rule, y, args, kwargs):
            if not rule.primal_is_user:
                return y, _view_pullback(y, len(args))
            y = y.copy()  # an alias would share the accumulator of the argument
        pullback = protect(pullback, (y, args, kwargs))
    if rule.mutates is not None:
        return _mutating(rule, y, pullback, held, held_kw)
    held_y = hold_whole(y) if rule.primal_is_user else hold(y)
    n = len(held)

    def rule_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        d = take(acc, held_y, d)
        if d is ZERO:
            return ZERO, (ZERO,) * n, {}
        d_args, d_kwargs = pullback(d)
        return (
            ZERO,
            tuple([sink(acc, x, d_x) for x, d_x in zip(held, d_args, strict=True)]),
            {name: sink(acc, held_kw[name], d_x) for name, d_x in d_kwargs.items()},
        )

    return y, rule_pullback


def _of_derived(rule: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Arrays of subclasses: the value is NumPy's, the pullback that of plain arrays."""
    plain = tuple(map(as_plain, args))
    named = {name: as_plain(x) for name, x in kwargs.items()}
    if rule.mutates is not None:
        return by_rule(rule, plain, named)
    # the class has been asked whether it replaces the function
    y = getattr(rule.primal, "_implementation", rule.primal)(*args, **kwargs)
    if _is_view(rule, y, args, kwargs):
        return y, handed_on(y, args, _view_pullback(y, len(args)))
    if isinstance(rule.primal, np.ufunc) and wraps(args):
        return y, _refuse_wrapped(rule, args, hold(y))
    value, pullback = by_rule(rule, plain, named)
    if pullback is None:
        return y, None
    held_y, held = hold(y), hold(value)

    def derived_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        d = take(acc, held_y, d)
        if isinstance(d, np.ndarray) and d.shape != np.shape(value):
            d = d.reshape(np.shape(value))  # a matrix stays one
        found: tuple[Any, Any, Any] = pullback(sink(acc, held, d), acc)
        return found

    return y, handed_on(y, args, derived_pullback)


def _refuse_wrapped(rule: Any, args: tuple[Any, ...], held_y: Any) -> Any:
    def wrapped_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        if not is_null(take(acc, held_y, d)):
            raise no_adjoint(rule.primal, args, "__array_wrap__ changes its value out of sight")
        return nothing(args)

    return wrapped_pullback


def apply(rule: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """``rule.apply(args, kwargs)``, checked if the settings ask for it."""
    if current().check_finite:
        from dpy.runtime import finiteness

        return finiteness.apply(rule, args, kwargs)
    found: tuple[Any, Any] = rule.apply(args, kwargs)
    return found


def _of_float(rule: Any, x: float) -> tuple[Any, Any]:
    """A function of one number: the common case, without any bookkeeping."""
    y = rule.primal(x)
    partial, singular = rule.partials[0], rule.singular

    def float_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        if d is ZERO or partial is None:
            return ZERO, (ZERO,), {}
        d_x = times(d, conjugate(partial(x, y)), singular)
        return ZERO, (d_x if type(d_x) is float else project(d_x, x),), {}

    return y, float_pullback


def _is_view(rule: Any, y: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether the value looks at the memory of the first argument."""
    if not isinstance(y, np.ndarray) or not args or not isinstance(args[0], np.ndarray):
        return False
    if rule.mutates is not None or isinstance(rule.primal, np.ufunc):
        return False
    return owner_of(y) is owner_of(args[0]) and not any(x is y for x in args[1:])


def _view_pullback(y: Any, n: int) -> Any:
    """A view of an argument: its accumulator is a view of the argument's."""

    def view_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        if not is_zero(d):
            acc.add(y, d)
        return ZERO, (ZERO,) * n, {}

    return view_pullback


def _over_items(rule: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """A rule over an iterator (or the values of a dict): over a list of its items."""
    gives: dict[int, Any] = {}
    arrays: list[Any] = []
    new: list[Any] = []
    for i, x in enumerate(args):
        if type(x) in _QUICK:
            pass
        elif stands_in(x) and not _takes_iterables(rule):
            x, give_array = array_of(x)
            arrays.append(give_array)
        elif stands_in(x) or _is_walked(x) or sources.is_user_iterable(x):
            x, gives[i] = iteration.collect(x)
        new.append(x)
    y, pb = by_rule(rule, tuple(new), kwargs)

    def items_pullback(d: Any, acc: Any) -> Any:
        d_args, d_kwargs = ((ZERO,) * len(new), {}) if pb is None else pb(d, acc)[1:]
        out = list(d_args)
        for give_array in arrays:
            give_array(acc)
        for i, give in gives.items():
            total = acc.take_slots(new[i])
            own = slots_of(out[i]) if out[i] is not ZERO else {}
            out[i] = give(
                acc, [add(total.get(k, ZERO), own.get(k, ZERO)) for k in range(len(new[i]))]
            )
        return ZERO, tuple(out), d_kwargs

    return y, items_pullback


def _mutating(
    rule: Any, y: Any, pullback: Any, held: tuple[Any, ...], held_kw: dict[str, Any]
) -> tuple[Any, Any]:
    target = rule.target(held, held_kw)

    def mutating(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        d_after = acc.take(target)
        if d_after is ZERO and is_zero(d):
            return ZERO, (ZERO,) * len(held), {}
        if d_after is ZERO:
            d_after = np.zeros(np.shape(target))
        d_args, d_kwargs = pullback(d, d_after)
        return (
            ZERO,
            tuple([sink(acc, x, d_x) for x, d_x in zip(held, d_args, strict=True)]),
            {name: sink(acc, held_kw[name], d_x) for name, d_x in d_kwargs.items()},
        )

    return y, mutating
