"""Subclasses of `float` and its like: an instance is a number, made of what its class is given."""

from __future__ import annotations

from typing import Any

from dpy.cotangent import ZERO
from dpy.runtime.entries import entry

__all__ = ["make_number", "makes_number"]

_BASES: tuple[Any, ...] = (float, complex, int)


def makes_number(cls: type) -> bool:
    """Whether instances of a class are made by ``float.__new__`` or its like alone."""
    return issubclass(cls, _BASES) and any(cls.__new__ is base.__new__ for base in _BASES)


@entry(*[base.__new__ for base in _BASES])
def make_number(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``float.__new__(cls, x)``, ``complex.__new__(cls, real, imag)``, as subclasses call it."""
    cls, *parts = args
    base = next(base for base in _BASES if issubclass(cls, base))
    value, pb = dispatch(base, tuple(parts), {})
    y = base.__new__(cls, value)
    return y, None if pb is None else lambda d, acc: (ZERO, (ZERO, *pb(d, acc)[1]), {})
