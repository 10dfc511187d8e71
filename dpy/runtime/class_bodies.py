"""Class statements within functions: the body runs as it is, and may read the function's variables.

What the body only puts into the class, or into containers there, has its derivatives: it is found
again by identity. For numbers that the body computes of active ones there is an error where a
cotangent reaches them.
"""

from __future__ import annotations

import builtins
import types
from typing import Any

import numpy as np

from dpy.cotangent import ZERO
from dpy.errors import MutationError, NoAdjointError, UnsupportedSyntaxError
from dpy.runtime.entries import entry
from dpy.runtime.failures import user_place
from dpy.runtime.opaque import Way, carries, is_of_library
from dpy.runtime.watch import Watch

__all__: list[str] = []

_HOOKS = ("__init_subclass__", "__set_name__", "__init__")
_MOST_FUNCTIONS = 100


@entry(builtins.__build_class__)
def build_class(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """What a ``class`` statement calls: ``__build_class__(body, name, *bases, **keywords)``."""
    body = args[0]
    named = _named_by(body, args[2:])
    if not carries(*args, *kwargs.values(), *named):
        return builtins.__build_class__(*args, **kwargs), None
    watch = Watch([*args, *kwargs.values(), *named])
    y: Any = builtins.__build_class__(*args, **kwargs)
    if not isinstance(y, type):
        return y, None
    names = {name: _opened(value) for name, value in vars(y).items()}
    defaults = names.get("_field_defaults", {})  # of a named tuple
    constants = body.__code__.co_consts
    way = Way(y, watch, [*enumerate(args), *kwargs.items()], names)

    def build_pullback(d: Any, acc: Any) -> Any:
        for name, part in acc.take_slots(y).items():
            holder = defaults if name in defaults else names
            if not any(holder.get(name) is constant for constant in constants):
                _give(acc, holder, name, part)
        d_args: dict[Any, Any] = {}
        try:
            way.back(acc, ZERO, d_args)
        except (NoAdjointError, MutationError):
            raise UnsupportedSyntaxError(
                f"a cotangent reached what the body of class {y.__name__} computed",
                place=user_place(),
                why="the body of a class runs as it is; what it takes over is followed",
                repair="compute the value before the class statement, and name it in the body",
            ) from None
        return ZERO, tuple([d_args.get(i, ZERO) for i in range(len(args))]), {
            name: d_args.get(name, ZERO) for name in kwargs
        }  # fmt: skip

    return y, build_pullback


def _named_by(body: Any, bases: Any) -> list[Any]:
    """The globals that the body may write to, with ``__init_subclass__`` and ``__set_name__``."""
    found: dict[int, Any] = {}
    seen: set[Any] = set()
    waiting = [body, *_hooks(*[c for base in bases for c in getattr(base, "__mro__", ())])]
    while waiting and len(seen) < _MOST_FUNCTIONS:
        function = waiting.pop()
        if function.__code__ in seen or is_of_library(function):
            continue
        seen.add(function.__code__)
        for name in _names(function.__code__):
            value = function.__globals__.get(name)
            if isinstance(value, type):
                waiting.extend(_hooks(*value.__mro__))
            elif isinstance(value, types.FunctionType):
                waiting.append(value)
            elif isinstance(value, (list, dict, set, np.ndarray)) or hasattr(value, "__dict__"):
                if not isinstance(value, types.ModuleType):
                    found[id(value)] = value
    return list(found.values())


def _names(code: types.CodeType) -> set[str]:
    inner = [const for const in code.co_consts if isinstance(const, types.CodeType)]
    return set(code.co_names).union(*map(_names, inner))


def _hooks(*classes: type) -> list[Any]:
    """What is called when a class is made of these, or of their instances."""
    raws = [vars(c).get(name) for c in classes for name in _HOOKS]
    functions = [getattr(raw, "__func__", raw) for raw in raws]
    return [f for f in functions if isinstance(f, types.FunctionType)]


def _opened(value: Any) -> Any:
    """A tuple as a list, whose items can be told apart; other values as they are."""
    return list(map(_opened, value)) if type(value) is tuple else value


def _give(acc: Any, names: Any, slot: Any, d: Any) -> None:
    """The cotangent of a value, or those of the items of what was a tuple."""
    value = names[slot] if slot in names or type(names) is list else None
    if type(value) is list and type(d) is tuple:
        for i, part in enumerate(d):
            _give(acc, value, i, part)
    else:
        acc.add_slot(names, slot, d)
