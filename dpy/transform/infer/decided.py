"""Tests that kinds decide: ``isinstance``, ``is None``, dtypes, and ``not`` of what these give.

A branch that cannot be taken then needs no adjoint, and adds no kinds to what follows.
"""

from __future__ import annotations

import numpy as np

from dpy.kinds import Array, Const, Dict, Kind, KnownObject, List, Number, Object, Other, Tuple

__all__ = ["decided_equal", "decided_isinstance", "decided_test"]


def decided_isinstance(kind: Kind, wanted: Kind) -> bool | None:
    """``isinstance`` decided by kinds; None where the value or the class may say otherwise.

    >>> from dpy.kinds import Number, UNKNOWN, kind_of
    >>> decided_isinstance(Number(complex), kind_of((str, complex)))
    True
    >>> decided_isinstance(UNKNOWN, kind_of(str)) is None
    True
    """
    if isinstance(wanted, Tuple):
        found = [decided_isinstance(kind, item) for item in wanted.items]
        if any(f is True for f in found):
            return True
        return False if all(f is False for f in found) else None
    if not isinstance(wanted, KnownObject) or type(wanted.value) is not type:
        return None
    cls = _class_of(kind)
    if cls is None and isinstance(kind, Number):
        outcomes = {issubclass(t, wanted.value) for t in (float, int)}
        return outcomes.pop() if len(outcomes) == 1 else None
    if cls is None:
        return None
    if isinstance(kind, Object) and "__class__" in cls.__dict__:
        return None
    return issubclass(cls, wanted.value)


def decided_equal(kinds: tuple[Kind, ...]) -> bool | None:
    """``x.dtype == y.dtype`` and ``x.dtype.kind == "f"`` decided by kinds.

    One of two dtypes may be a class of NumPy's.

    >>> from dpy.kinds import Const, KnownObject
    >>> single = np.dtype(np.float32)
    >>> decided_equal((Const(single, type(single)), KnownObject(np.float64)))
    False
    """
    values = [getattr(kind, "value", None) for kind in kinds]
    if all(isinstance(kind, Const) and kind.type is str for kind in kinds):
        return bool(values[0] == values[1])
    if not any(isinstance(value, np.dtype) for value in values):
        return None
    for value in values:
        if not isinstance(value, np.dtype) and not (
            isinstance(value, type) and issubclass(value, np.generic)
        ):
            return None
    return bool(values[0] == values[1])


def decided_test(name: str, kinds: tuple[Kind, ...]) -> bool | None:
    """``x is None``, ``x is not None`` and ``not flag``, decided by kinds."""
    if name == "not_":
        kind = kinds[0]
        return not kind.value if isinstance(kind, Const) and kind.type is bool else None
    if name not in ("is_", "is_not"):
        return None
    for kind, other in (kinds, kinds[::-1]):
        if _is_none(other):
            if _is_none(kind):
                return name == "is_"
            if isinstance(kind, (Number, Array, Object, Tuple, List, Dict, KnownObject)) or (
                isinstance(kind, (Const, Other)) and kind.type is not type(None)
            ):
                return name == "is_not"
    return None


def _class_of(kind: Kind) -> type | None:
    """The exact class of the values of a kind, where that is certain."""
    if isinstance(kind, Number):
        # "float" may stand for a Python int as well (see `join`).
        return None if kind.type in (float, int) else kind.type
    if isinstance(kind, Array):
        return np.ndarray
    if isinstance(kind, Object):
        return kind.cls
    if isinstance(kind, (Const, Other)):
        return kind.type
    plain: dict[type, type] = {Tuple: tuple, List: list, Dict: dict}
    return plain.get(type(kind))


def _is_none(kind: Kind) -> bool:
    return isinstance(kind, (Const, Other)) and kind.type is type(None)
