"""What generated code calls where the compiler did not know: decide on the actual values.

Every operation here has the same protocol. The forward returns ``(y, pb)``; ``pb(d_y, acc)``
returns one cotangent per operand. Values that are mutable (arrays, lists, dicts, objects) have
their cotangents in the accumulators `acc`, by identity; what `pb` takes and returns are the
*remainders*: cotangents of numbers, and tuples of these. So an operation first takes what has
been accumulated for a value it created, and sinks what it gives to mutable operands.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.adjoints import registry
from dpy.cotangent import ZERO, is_zero
from dpy.runtime import containers
from dpy.runtime.failures import no_adjoint
from dpy.runtime.held import hold, protect, sink, take

__all__ = ["call_", "call_spread", "dispatch", "set_compiler"]

Pullback = Callable[[Any, Any], Any]

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
    names = tuple(kwargs)

    def call_pullback(d: Any, acc: Any) -> tuple[Any, ...]:
        d_f, d_args, d_kwargs = pb(d, acc)
        return (d_f, *d_args, *(d_kwargs.get(name, ZERO) for name in names))

    return y, call_pullback


def call_spread(
    active: tuple[bool, ...], layout: tuple[str | None, ...], f: Any, /, *operands: Any
) -> tuple[Any, Pullback]:
    """A call with ``*`` or ``**`` operands.

    `layout` has, per operand: "" (positional), "*", "**" or the name of a keyword.
    """
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    flags: list[bool] = []
    kw_flags: list[bool] = []
    places: list[Any] = []
    held: list[Any] = []
    for how, value, flag in zip(layout, operands, active[1:], strict=True):
        if how == "":
            places.append(len(args))
            args.append(value)
            flags.append(flag)
        elif how == "*":
            items = list(value)
            places.append(range(len(args), len(args) + len(items)))
            args += items
            flags += [flag] * len(items)
        elif how == "**":
            keys = list(value.keys())
            places.append(tuple(keys))
            for key in keys:
                if key in kwargs:
                    raise TypeError(
                        f"{getattr(f, '__qualname__', f)}() got multiple values for keyword "
                        f"argument {key!r}"
                    )
                kwargs[key] = value[key]
                kw_flags.append(flag)
        else:
            assert how is not None
            places.append(how)
            kwargs[how] = value
            kw_flags.append(flag)
        held.append(value)
    y, pb = dispatch(f, tuple(args), kwargs, tuple(flags), tuple(kw_flags))

    def spread_pullback(d: Any, acc: Any) -> tuple[Any, ...]:
        if pb is None:
            return (ZERO,) * (len(layout) + 1)
        d_f, d_args, d_kwargs = pb(d, acc)
        out: list[Any] = [d_f]
        for place, value in zip(places, held, strict=True):
            if isinstance(place, int):
                out.append(d_args[place])
            elif isinstance(place, str):
                out.append(d_kwargs.get(place, ZERO))
            elif isinstance(place, range):
                out.append(containers.give_items(acc, value, [d_args[i] for i in place]))
            else:
                for key in place:
                    d_key = d_kwargs.get(key, ZERO)
                    if not is_zero(d_key):
                        acc.add_slot(value, key, d_key)
                out.append(ZERO)
        return tuple(out)

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
        return _bound(f.__func__, f.__self__, args, kwargs, active, active_kw)
    if t is functools.partial:
        return _partial(f, args, kwargs, active, active_kw)
    key = f
    if t is types.BuiltinFunctionType or t is types.MethodWrapperType:
        key = registry.key_of(f)
        if key is not f:
            return _bound(key, f.__self__, args, kwargs, active, active_kw)
    special = containers.lookup(key)
    if special is not None:
        return special(dispatch, args, kwargs)
    rule = registry.lookup(key, args)
    if rule is not None:
        return _by_rule(rule, args, kwargs)
    if t is types.FunctionType:
        assert _compile is not None
        found = _compile(f, args, kwargs, active, active_kw)
        if found is not None:
            y, pb = found
            if pb is None:
                return y, None
            return y, lambda d, acc: (ZERO, *pb(d, acc))
    elif isinstance(f, type):
        return _construct(f, args, kwargs, active, active_kw)
    else:
        call = _class_call(t)
        if call is not None:
            return _with_self(call, f, args, kwargs, active, active_kw)
    return _opaque(f, args, kwargs)


def _class_call(t: type) -> Any:
    for c in t.__mro__:
        raw = c.__dict__.get("__call__")
        if raw is not None:
            return raw if isinstance(raw, types.FunctionType) else None
    return None


def _with_self(
    f: Any,
    owner: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    active: tuple[bool, ...],
    active_kw: tuple[bool, ...],
) -> tuple[Any, Any]:
    """A call with `owner` before the arguments: its cotangent is that of what is called."""
    y, pb = dispatch(f, (owner, *args), kwargs, (True, *active), active_kw)
    if pb is None:
        return y, None

    def method_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        _, d_args, d_kwargs = pb(d, acc)
        return d_args[0], d_args[1:], d_kwargs

    return y, method_pullback


def _bound(f: Any, owner: Any, *call: Any) -> tuple[Any, Any]:
    """A call of a bound method, whose cotangent has one slot: its owner."""
    y, pb = _with_self(f, owner, *call)
    if pb is None:
        return y, None

    def bound_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        d_owner, d_args, d_kwargs = pb(d, acc)
        return ZERO if is_zero(d_owner) else {"__self__": d_owner}, d_args, d_kwargs

    return y, bound_pullback


def _partial(
    f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], active: Any, active_kw: Any
) -> tuple[Any, Any]:
    merged = {**f.keywords, **kwargs}
    n = len(f.args)
    y, pb = dispatch(f.func, (*f.args, *args), merged)
    if pb is None:
        return y, None

    def partial_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        _, d_args, d_kwargs = pb(d, acc)
        return ZERO, d_args[n:], d_kwargs

    return y, partial_pullback


def _by_rule(rule: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    if rule.is_nondifferentiable:
        return rule.primal(*args, **kwargs), None
    held = tuple(map(hold, args))
    held_kw = {name: hold(value) for name, value in kwargs.items()} if kwargs else kwargs
    y, pullback = rule.apply(args, kwargs)
    if pullback is None:
        return y, None
    protect(pullback)
    if rule.mutates is not None:
        return _mutating(rule, y, pullback, held, held_kw)
    held_y = hold(y)

    def by_rule(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        d = take(acc, held_y, d)
        if d is ZERO:
            return ZERO, (ZERO,) * len(held), {}
        d_args, d_kwargs = pullback(d)
        return (
            ZERO,
            tuple(sink(acc, x, d_x) for x, d_x in zip(held, d_args, strict=True)),
            {name: sink(acc, held_kw[name], d_x) for name, d_x in d_kwargs.items()},
        )

    return y, by_rule


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
            tuple(sink(acc, x, d_x) for x, d_x in zip(held, d_args, strict=True)),
            {name: sink(acc, held_kw[name], d_x) for name, d_x in d_kwargs.items()},
        )

    return y, mutating


def _opaque(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """A function with neither rule nor source: an error only if a cotangent comes back to it."""
    before = [(x, x.copy()) for x in (*args, *kwargs.values()) if type(x) is np.ndarray]
    y = f(*args, **kwargs)
    written = [x for x, old in before if not _equal(x, old)]
    held_y = hold(y)

    def opaque_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        for x in written:
            if not containers.is_null(acc.take(x)):
                raise no_adjoint(f, args, "it wrote to an array that carries a derivative")
        if not containers.is_null(take(acc, held_y, d)):
            raise no_adjoint(f, args)
        return ZERO, (ZERO,) * len(args), {}

    return y, opaque_pullback


def _equal(a: np.ndarray, b: np.ndarray) -> bool:
    try:
        return bool(np.array_equal(a, b, equal_nan=True))
    except TypeError:
        return bool(np.array_equal(a, b))


# --- construction -----------------------------------------------------------------------------


def _construct(
    cls: type, args: tuple[Any, ...], kwargs: dict[str, Any], active: Any, active_kw: Any
) -> tuple[Any, Any]:
    if type(cls).__call__ is not type.__call__ or issubclass(cls, BaseException):
        return _opaque(cls, args, kwargs)
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return _named_tuple(cls, args, kwargs)
    init = cls.__init__
    new = cls.__new__
    if not isinstance(init, types.FunctionType):
        if new is object.__new__ and init is object.__init__ and not args and not kwargs:
            return cls(), None
        return _opaque(cls, args, kwargs)
    if isinstance(new, types.FunctionType):
        obj, new_pb = dispatch(new, (cls, *args), kwargs, (False, *active), active_kw)
        if not isinstance(obj, cls):
            return obj, _drop_first(new_pb)
    elif new is object.__new__:
        obj, new_pb = object.__new__(cls), None
    else:
        return _opaque(cls, args, kwargs)
    if dataclasses.is_dataclass(cls) and init.__code__.co_filename == "<string>":
        pb = _dataclass_init(cls, obj, args, kwargs)
    else:
        _, pb = dispatch(init, (obj, *args), kwargs, (True, *active), active_kw)

    def construct_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        d_args: Any = (ZERO,) * len(args)
        d_kwargs: dict[str, Any] = {}
        if pb is not None:
            _, (_, *d_args), d_kwargs = pb(ZERO, acc)
        if new_pb is not None:
            _, (_, *more), more_kw = new_pb(ZERO, acc)
            d_args = tuple(map(containers.add, d_args, more))
            d_kwargs = containers.add(d_kwargs, more_kw)
        return ZERO, tuple(d_args), d_kwargs

    return obj, construct_pullback


def _drop_first(pb: Any) -> Any:
    if pb is None:
        return None

    def without_class(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        _, d_args, d_kwargs = pb(d, acc)
        return ZERO, d_args[1:], d_kwargs

    return without_class


def _named_tuple(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    y = cls(*args, **kwargs)
    fields = cls._fields
    held_y = hold(y)

    def named_tuple_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        slots = containers.as_tuple(take(acc, held_y, d), len(fields))
        d_args = tuple(sink(acc, x, d_x) for x, d_x in zip(args, slots, strict=False))
        d_kwargs = {
            name: sink(acc, value, slots[fields.index(name)]) for name, value in kwargs.items()
        }
        return ZERO, d_args, d_kwargs

    return y, named_tuple_pullback


def _dataclass_init(cls: Any, obj: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Do what the generated ``__init__`` of a dataclass does (it has no source to transform)."""
    import inspect

    bound = inspect.signature(cls.__init__).bind(obj, *args, **kwargs).arguments
    bound.pop(next(iter(bound)))
    given = dict(bound)
    steps: list[tuple[str, Any]] = []
    init_vars: list[Any] = []
    pbs: list[Any] = []
    store = object.__setattr__ if cls.__dataclass_params__.frozen else setattr
    for name, f in cls.__dataclass_fields__.items():
        kind = f._field_type.name
        if kind == "_FIELD_CLASSVAR":
            continue
        if f.init and name in given:
            value = given[name]
        elif f.default is not dataclasses.MISSING:
            value = f.default
        elif f.default_factory is not dataclasses.MISSING:
            value, pb = dispatch(f.default_factory, (), {})
            pbs.append(pb)
        else:
            continue
        if kind == "_FIELD_INITVAR":
            init_vars.append((name, value))
        else:
            store(obj, name, value)
            steps.append((name, value))
    post_pb = None
    if hasattr(cls, "__post_init__"):
        _, post_pb = dispatch(cls.__post_init__, (obj, *(value for _, value in init_vars)), {})

    def dataclass_init_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        d_given: dict[str, Any] = {}
        if post_pb is not None:
            _, (_, *d_vars), _ = post_pb(ZERO, acc)
            for (name, _), d_var in zip(init_vars, d_vars, strict=True):
                d_given[name] = d_var
        for name, value in reversed(steps):
            d_slot = acc.take_slot(obj, name)
            d_given[name] = containers.add(d_given.get(name, ZERO), sink(acc, value, d_slot))
        names = list(given)
        positional = names[: len(args)]
        return (
            ZERO,
            (ZERO, *(d_given.get(name, ZERO) for name in positional)),
            {name: d_given.get(name, ZERO) for name in names[len(args) :]},
        )

    return dataclass_init_pullback


_operators = {
    name: getattr(operator, name)
    for name in (
        "add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift rshift neg pos invert "
        "lt le eq ne gt ge"
    ).split()
}
