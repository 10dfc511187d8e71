"""The types that joint functions deal in, and how two of them merge.

Beside its machine type a number has a *flavour*: Python's numbers and NumPy's scalars agree on
values but not on errors (division by zero raises or gives an infinity, integers grow or wrap), so
the stage must know which of them a number would be.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from dpy.kinds import Array, Const, Kind, KnownObject, Number
from dpy.records import record

__all__ = [
    "MIXED", "NOTHING", "NUMPY", "PYTHON", "RANGE", "TAPE", "ArrayType", "KnownType", "Scalar",
    "Simple", "TupleType", "Type", "literal_type", "merge", "type_of_kind",
]  # fmt: skip

PYTHON = frozenset({"python"})
NUMPY = frozenset({"numpy"})
MIXED = PYTHON | NUMPY
_EXACT = 2**53


@record
class Scalar:
    """A number. `base` is "float", "int" or "bool"; `is_literal`: an int that a float holds."""

    base: str
    flavours: frozenset[str] = PYTHON
    is_literal: bool = False


@record
class ArrayType:
    """An array of "float", "int" or "bool" items."""

    base: str
    ndim: int


@record
class TupleType:
    """A tuple."""

    items: tuple[Any, ...]


@record
class KnownType:
    """One object known at compile time; it is not there at run time."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KnownType) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


@record
class Simple:
    """A type without parameters."""

    name: str


RANGE, TAPE, NOTHING = Simple("range"), Simple("tape"), Simple("None")
Type: TypeAlias = Scalar | ArrayType | TupleType | KnownType | Simple

_BASES: dict[Any, tuple[str, frozenset[str]]] = {
    float: ("float", PYTHON), int: ("int", PYTHON), bool: ("bool", PYTHON),
    np.float64: ("float", NUMPY), np.int64: ("int", NUMPY), np.bool_: ("bool", NUMPY),
}  # fmt: skip
_ITEMS = {
    np.dtype(np.float64): "float",
    np.dtype(np.int64): "int",
    np.dtype(np.bool_): "bool",
}


def type_of_kind(kind: Kind) -> Type | None:
    """The type of values of a kind; None if joint functions cannot hold them."""
    if isinstance(kind, KnownObject):
        return KnownType(kind.value)
    if isinstance(kind, Array):
        base = _ITEMS.get(kind.dtype)
        return None if base is None or kind.ndim == 0 else ArrayType(base, kind.ndim)
    if isinstance(kind, (Number, Const)) and kind.type in _BASES:
        return Scalar(*_BASES[kind.type])
    return None


def literal_type(value: Any) -> Type | None:
    """The type of a literal."""
    if value is None:
        return NOTHING
    if type(value) is int:
        if not -(2**63) <= value < 2**63:
            return None
        return Scalar("int", PYTHON, abs(value) <= _EXACT)
    return Scalar(*_BASES[type(value)]) if type(value) in (float, bool) else None


def merge(a: Type | None, b: Type) -> Type | None:
    """The type of a variable that holds values of both types, or None if there is none."""
    if a is None or a in (b, NOTHING):
        return b
    if b == NOTHING:
        return a
    if isinstance(a, Scalar) and isinstance(b, Scalar):
        flavours = a.flavours | b.flavours
        if a.base == b.base:
            return Scalar(a.base, flavours, a.is_literal and b.is_literal)
        for one, other in ((a, b), (b, a)):
            if one.base == "float" and other.base == "int" and other.is_literal:
                return Scalar("float", flavours)
        return None
    if isinstance(a, TupleType) and isinstance(b, TupleType) and len(a.items) == len(b.items):
        items = tuple(map(merge, a.items, b.items))
        return None if None in items else TupleType(items)
    return None
