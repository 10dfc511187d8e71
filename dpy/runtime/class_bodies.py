"""Class statements within functions: the body runs as it is, and may read the function's variables.

What the body only puts into the class, or into containers there, has its derivatives: it is found
again by identity. For numbers that the body computes of active ones there is an error where a
cotangent reaches them.
"""

from __future__ import annotations

import builtins
from typing import Any

from dpy.cotangent import ZERO
from dpy.errors import MutationError, NoAdjointError, UnsupportedSyntaxError
from dpy.runtime.entries import entry
from dpy.runtime.failures import user_place
from dpy.runtime.opaque import Way, carries
from dpy.runtime.watch import Watch

__all__: list[str] = []


@entry(builtins.__build_class__)
def build_class(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """What a ``class`` statement calls: ``__build_class__(body, name, *bases, **keywords)``."""
    body = args[0]
    if not carries(*args, *kwargs.values()):
        return builtins.__build_class__(*args, **kwargs), None
    watch = Watch([*args, *kwargs.values()])
    y: Any = builtins.__build_class__(*args, **kwargs)
    if not isinstance(y, type):
        return y, None
    names = {name: _opened(value) for name, value in vars(y).items()}
    constants = body.__code__.co_consts
    way = Way(y, watch, [*enumerate(args), *kwargs.items()], names)

    def build_pullback(d: Any, acc: Any) -> Any:
        for name, part in acc.take_slots(y).items():
            if not any(names.get(name) is constant for constant in constants):
                _give(acc, names, name, part)
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
