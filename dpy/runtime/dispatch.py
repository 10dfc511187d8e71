"""What generated code calls where the compiler did not know: decide on the actual values.

Every operation here has the same protocol. The forward returns ``(y, pb)``; ``pb(d_y, acc)``
returns one cotangent per operand. Values that are mutable (arrays, lists, dicts, objects) have
their cotangents in the accumulators `acc`, by identity; what `pb` takes and returns are the
*remainders*: cotangents of numbers, and tuples of these. So an operation first takes what has
been accumulated for a value it created, and sinks what it gives to mutable operands.
"""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.adjoints import registry
from dpy.config import current
from dpy.cotangent import ZERO, add, conjugate, is_zero, project, times
from dpy.errors import MutationError, NoAdjointError, UnsupportedSyntaxError
from dpy.runtime import entries, item_cotangents, iteration, sources
from dpy.runtime.held import hold, protect, sink, take
from dpy.runtime.library import substitute
from dpy.runtime.memory import owner_of
from dpy.runtime.opaque import carries, is_of_library, is_service, opaque
from dpy.slots import kind_of, slots_of

__all__ = [
    "by_rule", "call_", "call_spread", "class_call", "dispatch", "has_own_way", "set_compiler",
]  # fmt: skip

Pullback = Callable[[Any, Any], Any]
_CACHED = type(functools.lru_cache(lambda: None))
# What rules know; objects of other classes have their own behaviour.
_KNOWN_TO_RULES = (
    np.ndarray, np.generic, float, int, complex, str, bytes, list, tuple, dict, set, frozenset,
    type(None), type, slice, range, np.dtype, types.FunctionType, types.BuiltinFunctionType,
    types.MethodType, np.ufunc, functools.partial,
)  # fmt: skip
_SCALARS = frozenset({float, int, bool, str, type(None), np.float64, complex})
_QUICK = frozenset({float, int, np.ndarray, np.float64, bool, str, type(None), tuple, list})

_C_METHODS = (types.MethodDescriptorType, types.WrapperDescriptorType)

_compile: Callable[..., Any] | None = None


def set_compiler(compile_call: Callable[..., Any]) -> None:
    """Hand the runtime the function that compiles a Python function for given arguments.

    ``compile_call(function, args, kwargs, active, active_kw)`` returns None if it cannot, else
    ``(y, pb)`` with ``pb(d_y, acc) -> (d_args, d_kwargs)``.
    """
    global _compile
    _compile = compile_call


def call_(active: tuple[bool, ...], f: Any, /, *args: Any, **kwargs: Any) -> tuple[Any, Pullback]:
    """``f(*args, **kwargs)``; `active` says which of (f, args, kwargs values) carry derivatives."""
    n = len(args)
    y, pb = dispatch(f, args, kwargs, active[1 : n + 1], active[n + 1 :])
    if pb is None:
        nothing = (ZERO,) * len(active)
        return y, lambda d, acc: nothing
    if not kwargs:

        def plain_pullback(d: Any, acc: Any) -> tuple[Any, ...]:
            d_f, d_args, _ = pb(d, acc)
            return (d_f, *d_args)

        return y, plain_pullback
    names = tuple(kwargs)

    def call_pullback(d: Any, acc: Any) -> tuple[Any, ...]:
        d_f, d_args, d_kwargs = pb(d, acc)
        return (d_f, *d_args, *(d_kwargs.get(name, ZERO) for name in names))

    return y, call_pullback


class _Spread:
    """Where the operands of a starred call or display go among its arguments."""

    __slots__ = ("args", "flags", "gives", "kw_flags", "kwargs", "places")

    def __init__(self) -> None:
        self.args: list[Any] = []
        self.flags: list[bool] = []
        self.kwargs: dict[str, Any] = {}
        self.kw_flags: list[bool] = []
        self.places: list[Any] = []
        self.gives: list[Any] = []

    def put(self, f: Any, how: str | None, value: Any, flag: bool) -> None:
        give = None
        if how == "":
            self.places.append(len(self.args))
            self.args.append(value)
            self.flags.append(flag)
        elif how == "*":
            items, give = iteration.collect(value)
            self.places.append(range(len(self.args), len(self.args) + len(items)))
            self.args += items
            self.flags += [flag] * len(items)
        elif how == "**":
            keys = list(value.keys())
            self.places.append(tuple(keys))
            for key in keys:
                self._keyword(f, key, value[key], flag)
            give = value
        else:
            assert how is not None
            self.places.append(how)
            self._keyword(f, how, value, flag)
        self.gives.append(give)

    def _keyword(self, f: Any, key: Any, value: Any, flag: bool) -> None:
        name = getattr(f, "__qualname__", f)
        if type(key) is not str:
            raise TypeError(f"{name}() keywords must be strings")
        if key in self.kwargs:
            raise TypeError(f"{name}() got multiple values for keyword argument {key!r}")
        self.kwargs[key] = value
        self.kw_flags.append(flag)

    def back(self, acc: Any, d_args: Any, d_kwargs: dict[str, Any]) -> list[Any]:
        """Cotangents of the operands from those of the arguments."""
        out: list[Any] = []
        for place, give in zip(self.places, self.gives, strict=True):
            if isinstance(place, int):
                out.append(d_args[place])
            elif isinstance(place, str):
                out.append(d_kwargs.get(place, ZERO))
            elif isinstance(place, range):
                out.append(give(acc, [d_args[i] for i in place]))
            else:
                for key in place:
                    d_key = d_kwargs.get(key, ZERO)
                    if not is_zero(d_key):
                        acc.add_slot(give, key, d_key)
                out.append(ZERO)
        return out


def call_spread(
    active: tuple[bool, ...], layout: tuple[str | None, ...], f: Any, /, *operands: Any
) -> tuple[Any, Pullback]:
    """A call with ``*`` or ``**`` operands.

    `layout` has, per operand: "" (positional), "*", "**" or the name of a keyword.
    """
    spread = _Spread()
    for how, value, flag in zip(layout, operands, active[1:], strict=True):
        spread.put(f, how, value, flag)
    y, pb = dispatch(
        f, tuple(spread.args), spread.kwargs, tuple(spread.flags), tuple(spread.kw_flags)
    )

    def spread_pullback(d: Any, acc: Any) -> tuple[Any, ...]:
        if pb is None:
            d_f, d_args, d_kwargs = ZERO, (ZERO,) * len(spread.args), {}
        else:
            d_f, d_args, d_kwargs = pb(d, acc)
        return (d_f, *spread.back(acc, d_args, d_kwargs))

    return y, spread_pullback


def dispatch(
    f: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    active: tuple[bool, ...] | None = None,
    active_kw: tuple[bool, ...] | None = None,
) -> tuple[Any, Any]:
    """Call `f`: ``(y, pb)`` with ``pb(d, acc) -> (d_f, d_args, d_kwargs)``, or pb None if inert."""
    t = type(f)
    if active is None:
        active = (True,) * len(args)
    if active_kw is None:
        active_kw = (True,) * len(kwargs)
    if t is types.MethodType:
        return _bound(f, f.__func__, args, kwargs, active, active_kw)
    if t is functools.partial:
        return _partial(f, args, kwargs, active, active_kw)
    key = f
    if t is types.BuiltinFunctionType or t is types.MethodWrapperType:
        key = _unbound(f)
        if key is not f:
            return _bound(f, key, args, kwargs, active, active_kw)
    if type(t.__hash__) is types.FunctionType and not isinstance(f, type):
        return _of_instance(f, args, kwargs, active, active_kw)
    special = entries.lookup(key)
    if special is not None:
        found = special(dispatch, args, kwargs)
        if found is not None:
            return found
    rule = registry.lookup(key, args)
    if rule is not None:
        if len(args) == 1 and sources.is_user_iterable(args[0]) and _takes_iterables(rule):
            return _over_items(rule, args, kwargs)
        if rule.primal_is_user or rule.types or _rule_knows(args):
            return by_rule(rule, args, kwargs)
    if t is types.FunctionType:
        return _python_function(f, args, kwargs, active, active_kw)
    if isinstance(f, type):
        from dpy.runtime.construct import construct

        return construct(f, args, kwargs, active, active_kw)
    if t is _CACHED and carries(*args, *kwargs.values()) and (any(active) or any(active_kw)):
        return dispatch(f.__wrapped__, args, kwargs, active, active_kw)
    return _of_instance(f, args, kwargs, active, active_kw)


def _of_instance(
    f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], active: Any, active_kw: Any
) -> tuple[Any, Any]:
    """An object that can be called. It is not looked up: that may run a ``__hash__``."""
    getter = entries.CALLABLES.get(type(f))
    if getter is not None:
        found: tuple[Any, Any] = getter(dispatch, f, args, kwargs)
        return found
    call = class_call(type(f))
    if call is not None:
        return _with_self(call, f, args, kwargs, active, active_kw)
    return opaque(f, args, kwargs, active, active_kw)


def _unbound(f: Any) -> Any:
    """The C function behind a bound method, also where a subclass overrides its name."""
    owner = f.__self__
    if owner is None or isinstance(owner, types.ModuleType):
        return f
    if isinstance(owner, type) and type(f) is types.BuiltinFunctionType:
        return f  # a class method of a builtin type
    name = f.__name__
    for c in type(owner).__mro__:
        raw = c.__dict__.get(name)
        if raw is not None and type(raw) in _C_METHODS and raw.__get__(owner) == f:
            return raw
    return registry.key_of(f)


_OF_ITERABLES = frozenset({max, min, sum, any, all, math.fsum, math.prod, math.hypot})


def _takes_iterables(rule: Any) -> bool:
    """Whether a function walks over any iterable: ``max``, ``any``, ``math.fsum``."""
    return rule.primal in _OF_ITERABLES


def _rule_knows(args: tuple[Any, ...]) -> bool:
    """Whether a rule for numbers and arrays applies: not to objects with special methods."""
    for x in args:
        if type(x) not in _QUICK and not isinstance(x, _KNOWN_TO_RULES):
            kind = kind_of(type(x))
            if kind.read is not None and not isinstance(x, sources.VIEWS):
                return False
    return True


def _python_function(
    f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], active: Any, active_kw: Any
) -> tuple[Any, Any]:
    if not is_service(f):
        f = substitute(f) or f
        assert _compile is not None
        try:
            found = _compile(f, args, kwargs, active, active_kw)
        except UnsupportedSyntaxError as error:
            if not is_of_library(f):
                raise
            return _refused_later(error, f, args, kwargs, active, active_kw)
        if found is not None:
            y, pb = found
            return y, None if pb is None else _sinking(pb, args, kwargs)
        if f.__code__.co_filename.startswith("<"):
            from dpy.runtime.construct import generated

            made = generated(f, args, kwargs)
            if made is not None:
                return made
    return opaque(f, args, kwargs, active, active_kw)


def _refused_later(
    error: UnsupportedSyntaxError,
    f: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    active: Any,
    active_kw: Any,
) -> tuple[Any, Any]:
    """A library function that cannot be transformed runs as it is, until a cotangent comes."""
    y, pb = opaque(f, args, kwargs, active, active_kw)
    if pb is None:
        return y, None

    def refusing_pullback(d: Any, acc: Any) -> Any:
        try:
            return pb(d, acc)
        except (NoAdjointError, MutationError):
            raise error from None

    return y, refusing_pullback


def _sinking(pb: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A compiled function returns whole cotangents: mutable arguments get theirs by identity."""
    held = args if all(type(x) in _SCALARS for x in args) else tuple(map(hold, args))
    held_kw = {name: hold(x) for name, x in kwargs.items()} if kwargs else kwargs

    def sinking_pullback(d: Any, acc: Any) -> Any:
        d_args, d_kwargs = pb(d, acc)
        rests = tuple([sink(acc, x, d_x) for x, d_x in zip(held, d_args, strict=True)])
        if d_kwargs:
            d_kwargs = {name: sink(acc, held_kw[name], d_x) for name, d_x in d_kwargs.items()}
        return ZERO, rests, d_kwargs

    return sinking_pullback


def has_own_way(f: Any) -> bool:
    """Whether the runtime calls a Python function in another way than by compiling it."""
    return (
        (entries.may_have_entry(f) and entries.lookup(f) is not None)
        or is_service(f)
        or substitute(f) is not None
    )


def class_call(t: type) -> Any:
    """The Python function that runs when instances of a class are called, or None."""
    for c in t.__mro__:
        raw = c.__dict__.get("__call__")
        if raw is not None:
            return raw if isinstance(raw, types.FunctionType) else None
    return None


def _bound(
    method: Any,
    f: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    active: tuple[bool, ...],
    active_kw: tuple[bool, ...],
) -> tuple[Any, Any]:
    """A bound method: its cotangent has that of its owner in the slot ``__self__``."""
    owner = method.__self__
    if isinstance(f, types.FunctionType) and is_service(type(owner)):
        return opaque(method, args, kwargs, active, active_kw)
    y, pb = dispatch(f, (owner, *args), kwargs, (True, *active), active_kw)
    if pb is None:
        return y, None

    def method_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        _, d_args, d_kwargs = pb(d, acc)
        d_owner = d_args[0]
        return ZERO if d_owner is ZERO else {"__self__": d_owner}, d_args[1:], d_kwargs

    return y, method_pullback


def _with_self(
    f: Any,
    owner: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    active: tuple[bool, ...],
    active_kw: tuple[bool, ...],
) -> tuple[Any, Any]:
    """``owner(...)`` by its class's ``__call__``."""
    y, pb = dispatch(f, (owner, *args), kwargs, (True, *active), active_kw)
    if pb is None:
        return y, None

    def method_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        _, d_args, d_kwargs = pb(d, acc)
        return d_args[0], d_args[1:], d_kwargs

    return y, method_pullback


def _partial(
    f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], active: Any, active_kw: Any
) -> tuple[Any, Any]:
    """A partial's cotangent: slots ``func`` and ``args``; its keywords are a dict of their own."""
    keywords = f.keywords
    merged = {**keywords, **kwargs}
    n = len(f.args)
    names = [name for name in keywords if name not in kwargs]
    flags_kw = tuple(
        active_kw[list(kwargs).index(name)] if name in kwargs else True for name in merged
    )
    y, pb = dispatch(f.func, (*f.args, *args), merged, (True,) * n + tuple(active), flags_kw)
    if pb is None:
        return y, None

    def partial_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        d_func, d_args, d_kwargs = pb(d, acc)
        for name in names:
            acc.add_slot(keywords, name, d_kwargs.get(name, ZERO))
        bound = tuple(d_args[:n])
        d_f: Any = {"func": d_func, "args": bound}
        if is_zero(d_func) and all(map(is_zero, bound)):
            d_f = ZERO
        return d_f, d_args[n:], {name: d_kwargs.get(name, ZERO) for name in kwargs}

    return y, partial_pullback


@entries.entry(functools.partial)
def make_partial(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``functools.partial(f, *args, **keywords)``; a partial of a partial becomes one."""
    y = functools.partial(*args, **kwargs)
    inner = args[0]
    is_flat = y.func is not inner
    n = len(inner.args) if is_flat else 0

    def make_partial_pullback(d: Any, acc: Any) -> Any:
        slots = slots_of(d)
        d_bound = item_cotangents.as_tuple(slots.get("args", ZERO), len(y.args))
        d_keywords = acc.take_slots(y.keywords)
        d_inner = slots.get("func", ZERO)
        if is_flat:
            d_inner = {"func": d_inner, "args": d_bound[:n]}
            for name in inner.keywords:
                if name not in kwargs:
                    acc.add_slot(inner.keywords, name, d_keywords.pop(name, ZERO))
        return ZERO, (d_inner, *d_bound[n:]), {name: d_keywords.get(name, ZERO) for name in kwargs}

    return y, make_partial_pullback


# --- rules ----------------------------------------------------------------------------------------


def by_rule(rule: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """A call by its adjoint rule."""
    if any(type(x) not in _QUICK and sources.is_lazy(x) for x in args):
        return _over_items(rule, args, kwargs)
    if rule.is_nondifferentiable:
        return rule.primal(*args, **kwargs), None
    if len(args) == 1 and type(args[0]) is float and rule.partials is not None and not kwargs:
        if len(rule.partials) == 1 and not current().check_rules:
            return _of_float(rule, args[0])
    held = tuple(map(hold, args))
    held_kw = {name: hold(value) for name, value in kwargs.items()} if kwargs else kwargs
    y, pullback = rule.apply(args, kwargs)
    if pullback is None:
        return y, None
    if type(y) not in _SCALARS or kwargs or any(type(x) not in _SCALARS for x in args):
        if _is_view(rule, y, args, kwargs):
            if not rule.primal_is_user:
                return y, _view_pullback(y, len(args))
            y = y.copy()  # an alias would share the accumulator of the argument
        pullback = protect(pullback, (y, args, kwargs))
    if rule.mutates is not None:
        return _mutating(rule, y, pullback, held, held_kw)
    held_y = hold(y)
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
    """Whether the value looks at the memory of the first argument (and is no ``out=`` array)."""
    if not isinstance(y, np.ndarray) or not args or not isinstance(args[0], np.ndarray):
        return False
    if rule.mutates is not None or "out" in kwargs or isinstance(rule.primal, np.ufunc):
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
    new: list[Any] = []
    for i, x in enumerate(args):
        if type(x) not in _QUICK and (sources.is_lazy(x) or sources.is_user_iterable(x)):
            x, gives[i] = iteration.collect(x)
        new.append(x)
    y, pb = by_rule(rule, tuple(new), kwargs)

    def items_pullback(d: Any, acc: Any) -> Any:
        d_args, d_kwargs = ((ZERO,) * len(new), {}) if pb is None else pb(d, acc)[1:]
        out = list(d_args)
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
    target = held[rule.mutates]

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
