"""The gradient of an object that cannot be rebuilt, with the arithmetic of a vector."""

from __future__ import annotations

import numbers
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.slots import Slots, kind_of, slots_of

__all__ = ["Tangent"]


class Tangent:
    """The gradient of an object that cannot be rebuilt: a light struct with the same names.

    >>> g = Tangent(r=1.0, g=2.0)
    >>> g.r, 2 * g
    (1.0, Tangent(r=2.0, g=4.0))
    """

    __slots__ = ("__dict__", "__mirrored", "__weakref__")

    def __init__(self, _mirrored: str = "", /, **fields: Any) -> None:
        object.__setattr__(self, "_Tangent__mirrored", _mirrored)
        self.__dict__.update(fields)

    def __getattr__(self, name: str) -> Any:  # only called when the field is missing
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)  # copy, pickle and numpy probe for such names
        of = f" of {self.__mirrored}" if self.__mirrored else ""
        known = ", ".join(self.__dict__) or "none"
        raise AttributeError(f"the gradient{of} has no field {name!r}; its fields: {known}")

    def __repr__(self) -> str:
        return f"Tangent({', '.join(f'{k}={v!r}' for k, v in self.__dict__.items())})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tangent):
            return NotImplemented
        return _equal(self, other)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return _tangent, (self.__mirrored, self.__dict__)

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Tangent):
            return self if type(other) is int and other == 0 else NotImplemented
        return _combine(operator.add, self, other)

    __radd__ = __add__  # 0 + tangent: sum() starts from 0

    def __sub__(self, other: Any) -> Any:
        return _combine(operator.sub, self, other) if isinstance(other, Tangent) else NotImplemented

    def __mul__(self, factor: Any) -> Any:
        return _scale(factor, self) if _is_number(factor) else NotImplemented

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> Any:
        if not _is_number(divisor):
            return NotImplemented
        return _map(lambda leaf: leaf / divisor, self)

    def __neg__(self) -> Any:
        return _map(operator.neg, self)

    def __pos__(self) -> Any:
        return _map(operator.pos, self)


def _tangent(mirrored: str, fields: Slots) -> Tangent:
    return Tangent(mirrored, **fields)


def _is_number(x: Any) -> bool:
    return isinstance(x, (numbers.Number, np.generic)) or (
        isinstance(x, np.ndarray) and x.ndim == 0
    )


def _scale(factor: Any, x: Any) -> Any:
    return _map(lambda leaf: leaf * factor, x)


def _map(op: Callable[[Any], Any], x: Any) -> Any:
    if x is None:
        return None
    kind = kind_of(type(x))
    if kind.read is None:
        return op(x)
    return kind.build(x, {slot: _map(op, value) for slot, value in kind.read(x).items()})


def _combine(op: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    """`op` leaf by leaf, over two gradients of one structure; None counts as zero."""
    if a is None:
        return b if b is None or op is operator.add else _map(operator.neg, b)
    if b is None:
        return a
    kind = kind_of(type(a))
    if kind.read is None:
        return op(a, b)
    left, right = kind.read(a), slots_of(b)
    if type(a) is not type(b) or left.keys() != right.keys():
        raise TypeError(f"gradients of different structure: {a!r} and {b!r}")
    return kind.build(a, {slot: _combine(op, left[slot], right[slot]) for slot in left})


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.shape(a) == np.shape(b) and bool(np.all(np.equal(a, b)))
    kind = kind_of(type(a))
    if kind.read is None:
        return bool(a == b)
    if type(a) is not type(b):
        return False
    left, right = kind.read(a), kind.read(b)
    return left.keys() == right.keys() and all(_equal(left[slot], right[slot]) for slot in left)
