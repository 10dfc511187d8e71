"""What generated code calls where the compiler did not know: decide on the actual values.

Every operation here has the same protocol. The forward returns ``(y, pb)``; ``pb(d_y, acc)``
returns one cotangent per operand. Values that are mutable (arrays, lists, dicts, objects) have
their cotangents in the accumulators `acc`, by identity; what `pb` takes and returns are the
*remainders*: cotangents of numbers, and tuples of these. So an operation first takes what has
been accumulated for a value it created, and sinks what it gives to mutable operands.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

from dpy.adjoints import registry
from dpy.cotangent import ZERO
from dpy.errors import (
    MutationError,
    NoAdjointError,
    NotDifferentiableError,
    UnsupportedSyntaxError,
)
from dpy.runtime import entries
from dpy.runtime.failures import mutation_error, user_place
from dpy.runtime.forward_run import hide, is_hidden, run
from dpy.runtime.held import hold, sink
from dpy.runtime.hidden import hide_text, is_text, reads_hidden
from dpy.runtime.library import substitute
from dpy.runtime.opaque import carries, is_drawing, is_of_library, is_service, opaque
from dpy.runtime.partials import call_partial
from dpy.runtime.rule_calls import SCALARS, call_by_rule
from dpy.runtime.special_methods import behind, user_method
from dpy.runtime.watch import reachable_arrays

__all__ = ["Pullback", "call_", "dispatch", "has_own_way", "may_write", "set_compiler"]

Pullback = Callable[[Any, Any], Any]
_C_METHODS = (types.MethodDescriptorType, types.WrapperDescriptorType)

_compile: Callable[..., Any] | None = None
_may_write: Callable[..., bool] | None = None


def set_compiler(compile_call: Callable[..., Any], may_write: Callable[..., bool]) -> None:
    """Hand the runtime what the layer above knows of Python functions for given arguments.

    ``compile_call(function, args, kwargs, active, active_kw)`` returns None if it cannot, else
    ``(y, pb)`` with ``pb(d_y, acc) -> (d_args, d_kwargs)``. ``may_write(function, args)`` tells
    whether a call may write to what is there before it.
    """
    global _compile, _may_write
    _compile, _may_write = compile_call, may_write


def may_write(function: Any, args: tuple[Any, ...]) -> bool:
    """Whether a call of a Python function may write to what is there before it."""
    assert _may_write is not None
    return _may_write(function, args)


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
        return call_partial(dispatch, f, args, kwargs, active, active_kw)
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
            if type(found[0]) is str and (any(active) or any(active_kw)):
                given = (*args, *kwargs.values())
                hide_text(found[0], given, is_of_active=carries(*given))
            return found
    rule = registry.lookup(key, args)
    if rule is not None:
        if run.hidden and reads_hidden(args) and not rule.is_nondifferentiable:
            return _of_text(key, args, kwargs)
        found = call_by_rule(rule, args, kwargs) or (None if kwargs else _with_numbers(f, args))
        if found is not None:
            if is_text(found[0]) and any(active):
                hide_text(found[0], args, is_of_active=carries(*args))
            return found
    if t is types.FunctionType:
        return _python_function(f, args, kwargs, active, active_kw)
    if isinstance(f, type):
        from dpy.runtime.construct import construct

        return construct(f, args, kwargs, active, active_kw)
    return _of_instance(f, args, kwargs, active, active_kw)


def _with_numbers(f: Any, args: tuple[Any, ...]) -> Any:
    from dpy.runtime.number_arguments import with_numbers

    return with_numbers(f, args)


def _of_instance(
    f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], active: Any, active_kw: Any
) -> tuple[Any, Any]:
    """An object that can be called. It is not looked up: that may run a ``__hash__``."""
    for c in type(f).__mro__:
        if c in entries.CALLABLES:
            found: tuple[Any, Any] | None = entries.CALLABLES[c](dispatch, f, args, kwargs)
            if found is not None:
                return found
    call = user_method(type(f), "__call__")
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


def _python_function(
    f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], active: Any, active_kw: Any
) -> tuple[Any, Any]:
    if _is_own(f):
        return _inner_run(f, args, kwargs, active, active_kw)
    if not is_service(f) or is_drawing(f, args, kwargs):
        f = substitute(f) or f
        assert _compile is not None
        count = len(run.reshaped)
        try:
            found = _compile(f, args, kwargs, active, active_kw)
        except UnsupportedSyntaxError as error:
            if not is_of_library(f):
                raise
            return _refused_later(error, f, args, kwargs, active, active_kw)
        if found is not None:
            y, pb = found
            if len(run.reshaped) > count:
                _refuse_reshaped(f, run.reshaped[count:], (args, kwargs))
            return y, None if pb is None else _sinking(pb, args, kwargs)
        if f.__code__.co_filename.startswith("<"):
            from dpy.runtime.construct import generated

            made = generated(f, args, kwargs)
            if made is not None:
                return made
    else:
        special = entries.of_service(f)
        found = None if special is None else special(dispatch, args, kwargs)
        if found is not None:
            return found
    return opaque(f, args, kwargs, active, active_kw)


_OWN = frozenset({"dpy.api", "dpy.checking", "dpy.debugging", "dpy.listing", "dpy.numerical"})


def _is_own(f: Any) -> bool:
    """Whether a function is dpy's own, and runs as it is: ``gradient``, ``check_gradient``."""
    return f.__module__ in _OWN


def _inner_run(f: Any, args: Any, kwargs: Any, active: Any, active_kw: Any) -> tuple[Any, Any]:
    """A gradient within a differentiated function: a constant, if its arguments are."""
    given = zip((*args, *kwargs.values()), (*active, *active_kw), strict=True)
    if not is_hidden(f) and not carries(*[x for x, may_matter in given if may_matter]):
        return f(*args, **kwargs), None
    y, pb = opaque(f, args, kwargs, active, active_kw)
    for part in y if type(y) is tuple else (y,):
        if type(part) is types.FunctionType:
            hide(part)  # the pullback knows what it was made of
    if pb is None:
        return y, None

    def inner_pullback(d: Any, acc: Any) -> Any:
        try:
            return pb(d, acc)
        except (NoAdjointError, MutationError):
            raise UnsupportedSyntaxError(
                f"a cotangent reached dpy.{f.__qualname__.removeprefix('_')}",
                place=user_place(),
                why="gradients of gradients are not supported",
                repair="write the inner gradient as a formula, or hold it fixed with "
                "dpy.stop_gradient(...)",
            ) from None

    return y, inner_pullback


def _refuse_reshaped(f: Any, arrays: list[Any], given: Any) -> None:
    """Code that was compiled for arrays of certain dimensions has called what it did not know."""
    known: dict[int, Any] = {id(x): x for x in reachable_arrays([f, given])}
    for x in arrays:
        if id(x) in known:
            raise mutation_error(
                f"{f.__qualname__} changed the shape of an array of its caller's",
                "the caller was compiled for the shape that the array had",
                "return a new view, x.reshape(...), instead of setting x.shape",
            )


def _of_text(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """A number made of text that was made of a number."""
    y, pb = opaque(f, args, kwargs)

    def text_pullback(d: Any, acc: Any) -> Any:
        try:
            return pb(d, acc)
        except (NoAdjointError, MutationError):
            raise NotDifferentiableError(
                f"a cotangent reached {getattr(f, '__qualname__', f)} of a text",
                place=user_place(),
                why="the text was made of a number that carries a derivative, and text has none",
                repair="use the number itself",
            ) from None

    return y, text_pullback


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
    held = args if all(type(x) in SCALARS for x in args) else tuple(map(hold, args))
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
        or _is_own(f)
        or substitute(f) is not None
    )


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
    if behind(owner) is not owner:
        return _of_proxy(getattr(behind(owner), f.__name__), args, kwargs, active, active_kw)
    is_of_service = isinstance(f, types.FunctionType) and is_service(type(owner))
    if is_of_service and entries.of_service(f) is None and not is_drawing(f, args, kwargs):
        return opaque(method, args, kwargs, active, active_kw)
    y, pb = dispatch(f, (owner, *args), kwargs, (True, *active), active_kw)
    if pb is None:
        return y, None

    def method_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        _, d_args, d_kwargs = pb(d, acc)
        d_owner = d_args[0]
        return ZERO if d_owner is ZERO else {"__self__": d_owner}, d_args[1:], d_kwargs

    return y, method_pullback


def _of_proxy(
    method: Any, args: tuple[Any, ...], kwargs: dict[str, Any], active: Any, active_kw: Any
) -> tuple[Any, Any]:
    """A method of the object behind a proxy."""
    y, pb = dispatch(method, args, kwargs, active, active_kw)
    return y, None if pb is None else lambda d, acc: (ZERO, *pb(d, acc)[1:])


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
