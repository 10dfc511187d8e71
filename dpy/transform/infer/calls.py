"""Calls: what is called decides who knows about it.

In this order: builtins that kinds decide, functions with a rule, containers and iterators, classes,
Python functions, C functions that can reach nothing; all else is for the runtime.
"""

from __future__ import annotations

import types
from typing import Any

import numpy as np

from dpy.kinds import (
    UNKNOWN,
    Array,
    Const,
    Kind,
    KnownObject,
    List,
    Method,
    Number,
    Object,
    Other,
    Slice,
    Text,
    Tuple,
    is_atomic,
    number_type,
    widen,
)
from dpy.transform import ir
from dpy.transform.constructors import made_with
from dpy.transform.infer.attributes import note_layout
from dpy.transform.infer.callees import call_function
from dpy.transform.infer.construct import construct, made
from dpy.transform.infer.containers import call_container
from dpy.transform.infer.decided import decided_isinstance
from dpy.transform.infer.kinds_of import NONE, kind_by_dummy, numeric
from dpy.transform.infer.layout import atoms_of
from dpy.transform.infer.lookup import (
    MISSING,
    OBJECT_GETATTRIBUTE,
    class_attribute,
    class_function,
)
from dpy.transform.infer.primitives import call_rule
from dpy.transform.infer.state import (
    Arguments,
    Environment,
    Found,
    State,
    generic,
    inert,
    kind_at,
)

__all__ = ["call"]


def _kind_of_gradients(function: Any, given: Arguments) -> Kind:
    """The kind of what dpy's own functions return: gradients are like the arguments."""
    kinds = tuple(map(widen, given.kinds[1:]))
    is_known = all(number_type(k) is float or _is_of_floats(k) for k in kinds)
    if not is_known or function.__name__ not in ("gradient", "value_and_gradient"):
        return UNKNOWN
    gradients = Tuple(kinds)
    return gradients if function.__name__ == "gradient" else Tuple((UNKNOWN, gradients))


def _is_of_floats(kind: Kind) -> bool:
    return isinstance(kind, Array) and kind.dtype.kind == "f"


def _is_exception(state: State, cls: type) -> bool:
    """Whether this is a class of exceptions that only keeps what it is given."""
    return (
        issubclass(cls, BaseException)
        and type(cls) is type
        and not any(class_function(state.book, cls, name) for name in ("__init__", "__new__"))
    )


def _is_message(state: State, given: Arguments) -> bool:
    """Whether all that varies among the operands is text."""
    pairs = zip(given.operands, given.all_kinds, strict=True)
    is_varied = [state.is_varied(a) and not isinstance(kind, Text) for a, kind in pairs]
    return not any(is_varied) and all(map(is_atomic, given.all_kinds))


_PUBLIC = "dpy.api"
_GIVE_TEXT = frozenset(
    getattr(str, name)
    for name in (
        "capitalize casefold center expandtabs format join ljust lower lstrip removeprefix "
        "removesuffix replace rjust rstrip strip swapcase title translate upper zfill"
    ).split()
)


def call(state: State, s: ir.Assign, value: ir.Call, env: Environment) -> Found:
    """The statement ``y = f(...)``."""
    args: tuple[Any, ...] = value.args
    kwargs: tuple[Any, ...] = value.kwargs
    func = kind_at(value.func, env)
    given = Arguments(
        args,
        tuple(kind_at(a, env) for a in args),
        kwargs,
        tuple(kind_at(a, env) for _, a in kwargs),
    )
    starred = any(isinstance(a, ir.Star) for a in args) or any(k is None for k, _ in kwargs)
    if isinstance(func, Method):
        given = given.after(func.owner, kind_at(func.owner, env))
        state.record(s, (*atoms_of(value), func.owner), env)
        func = func.function
    if isinstance(func, Object) and not starred:
        method = class_function(state.book, func.cls, "__call__")
        if method is not None:
            given, func = given.after(value.func, func), KnownObject(method)
    if not isinstance(func, KnownObject) or starred:
        return _unknown_call(state, s, value.func, func, given)
    return _known_call(state, s, func.value, given)


def _unknown_call(state: State, s: ir.Assign, atom: Any, func: Kind, given: Arguments) -> Found:
    """A call where the function, or the number of its arguments, is not known."""
    if isinstance(func, KnownObject):
        rule = state.book.rule(func.value, given.kinds)
        if rule is not None and rule.is_nondifferentiable:
            return inert(UNKNOWN)
    return generic(state, s, (atom, *given.operands), (func, *given.all_kinds))


def _known_call(state: State, s: ir.Assign, function: Any, given: Arguments) -> Found:
    found = _call_builtin(state, s, function, given)
    if found is not None:
        return found
    rule = state.book.rule(function, given.kinds)
    if rule is not None:
        return call_rule(state, s, function, rule, given)
    if function.__class__ is types.FunctionType and function.__module__ == _PUBLIC:
        kind = _kind_of_gradients(function, given)
        return generic(state, s, given.operands, given.all_kinds, result=kind)
    if not given.kwargs:
        found = call_container(state, s, function, given.args, given.kinds)
        if found is not None:
            return found
    if isinstance(function, type):
        if _is_exception(state, function) and _is_message(state, given):
            return inert(UNKNOWN)  # nobody gets the numbers back from there
        found = construct(state, s, function, given)
        if found is not None:
            return found
    if isinstance(function, types.FunctionType):
        return call_function(state, s, function, given)
    if getattr(function, "__objclass__", None) is str:
        found = _text_method(state, s, function, given)
        if found is not None:
            return found
    result = _harmless(state, function, given)
    if function is iter and state.heap_active:
        # A generator takes this from the heap, where all may be active: its items go back here.
        return generic(state, s, given.operands, given.all_kinds, writes=False)
    if result is not None:
        return inert(result)
    return generic(state, s, given.operands, given.all_kinds)


def _call_builtin(state: State, s: ir.Assign, function: Any, given: Arguments) -> Found | None:
    """What needs no rule, or must come before one."""
    kinds = given.kinds
    maker = made_with(function)
    if maker is not None:
        return made(state, s, maker, given)
    if function is isinstance and len(kinds) == 2:
        decided = decided_isinstance(*kinds)
        if decided is not None:
            return inert(Const(decided, bool))
    if function is setattr and len(given.args) == 3:
        name = given.args[1]
        note_layout(state, given.args[0], name.value if isinstance(name, ir.Lit) else None)
    if function is slice and 1 <= len(kinds) <= 3 and not given.kwargs:
        parts = (NONE, *kinds) if len(kinds) == 1 else kinds
        kind = Slice((*parts, *(NONE,) * (3 - len(parts))))
        return generic(state, s, given.operands, kinds, writes=False, result=kind)
    if function is hasattr and _may_run_code(state, given):
        return generic(state, s, given.operands, given.all_kinds, result=Number(bool))
    return None


def _text_method(state: State, s: ir.Assign, function: Any, given: Arguments) -> Found | None:
    """A method of a str, which changes nothing if all that it is given is known to be idle."""
    kinds = given.all_kinds
    if not all(is_atomic(k) or (isinstance(k, List) and is_atomic(k.item)) for k in kinds):
        return None
    is_varied = state.any_varied(given.operands)
    result: Kind = UNKNOWN
    if function in _GIVE_TEXT:
        result = Text() if is_varied else Other(str)
    elif function.__name__.startswith(("is", "starts", "ends")):
        return inert(Number(bool))
    return generic(state, s, given.operands, kinds, writes=False, result=result)


def _harmless(state: State, function: Any, given: Arguments) -> Kind | None:
    """The result of a C function that carries no derivative and changes nothing; else None."""
    kinds = given.kinds
    if function is range and all(map(is_atomic, kinds)):
        return Other(range)
    if state.any_varied(given.operands):
        return None
    if isinstance(function, np.ufunc) and not given.kwargs:
        if numeric(kinds) and len(kinds) == function.nin:  # pure, whatever it computes
            return kind_by_dummy(function, kinds, ())
    if all(map(is_atomic, given.all_kinds)) and not isinstance(function, type):
        return UNKNOWN  # a C function of plain values cannot reach the user's arrays
    return None


def _may_run_code(state: State, given: Arguments) -> bool:
    """Whether ``hasattr`` may call a property or another method of the user's."""
    kinds = given.kinds
    if kinds[:1] == (UNKNOWN,) or len(kinds) != 2:
        return True
    if not isinstance(kinds[0], Object):
        return False
    cls, name = kinds[0].cls, given.args[1]
    if not isinstance(name, ir.Lit) or not isinstance(name.value, str):
        return True
    raw = class_attribute(state.book, cls, name.value)
    return (
        class_attribute(state.book, cls, "__getattr__") is not MISSING
        or class_attribute(state.book, cls, "__getattribute__") is not OBJECT_GETATTRIBUTE
        or raw is not MISSING
        and not isinstance(raw, types.FunctionType)
        and hasattr(raw, "__get__")
    )
