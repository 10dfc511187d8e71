"""The gradient of a leaf: a number, an array, or an atom that can have no gradient.

Each function takes the cotangent (ZERO and None count as zero), the primal, and whether the
cotangent may be handed out as it is because nobody else refers to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from dpy.cotangent import ZERO, project
from dpy.structured import add_fields, promoted

if TYPE_CHECKING:
    from decimal import Decimal

__all__ = [
    "array_gradient", "complex_gradient", "cuda_gradient", "decimal_gradient", "exact_gradient",
    "fraction_gradient", "generic_gradient", "no_gradient", "number_gradient", "real_gradient",
]  # fmt: skip


def no_gradient(d: Any, x: Any, owned: bool) -> None:
    """Of what can have none: strings, bools, None."""


def real_gradient(d: Any, x: Any, owned: bool) -> float:
    """Of a float, or of an integer taken as the real number that it stands for."""
    if type(d) is float:
        return d
    if type(d) is np.float64:
        return float(d)
    return 0.0 if d is ZERO or d is None else float(project(d, 1.0))


def complex_gradient(d: Any, x: Any, owned: bool) -> complex:
    """Of a complex number."""
    return 0j if d is ZERO or d is None else complex(d)


def fraction_gradient(d: Any, x: Any, owned: bool) -> Any:
    """Of a Fraction: exact where the cotangent is finite."""
    from fractions import Fraction

    if d is ZERO or d is None:
        return Fraction(0)
    try:
        return Fraction(d)
    except (ValueError, OverflowError, TypeError):  # inf, nan, a NumPy scalar
        d = float(project(d, 1.0))
        return Fraction(d) if np.isfinite(d) else d


def decimal_gradient(d: Any, x: Any, owned: bool) -> Decimal:
    """Of a Decimal."""
    from decimal import Decimal
    from fractions import Fraction

    if d is ZERO or d is None:
        return Decimal(0)
    if isinstance(d, Fraction):
        return Decimal(d.numerator) / Decimal(d.denominator)
    return d if isinstance(d, Decimal) else Decimal(float(project(d, 1.0)))


def exact_gradient(cls: type) -> Callable[[Any, Any, bool], Any] | None:
    """That of Fraction or Decimal, for such a class (which is not imported for the question)."""
    for c in cls.__mro__:
        found = _EXACT.get((c.__module__, c.__name__))
        if found is not None:
            return found
    return None


_EXACT = {
    ("fractions", "Fraction"): fraction_gradient,
    ("decimal", "Decimal"): decimal_gradient,
}


def number_gradient(d: Any, x: Any, owned: bool) -> Any:
    """Of a number type from elsewhere (mpmath, gmpy2): its own arithmetic makes the zero."""
    return 0 * x if d is ZERO or d is None else d


def generic_gradient(d: Any, x: Any, owned: bool) -> Any:
    """Of a NumPy scalar, in its own type; of an integer one, a float."""
    kind = x.dtype.kind
    if kind in "iu":
        return real_gradient(d, x, owned)
    if kind not in "fc":
        return None
    return x.dtype.type(0 if d is ZERO or d is None else project(d, x))


def array_gradient(d: Any, x: Any, owned: bool) -> Any:
    """Of an array, in its shape and dtype; of one of integers, float64."""
    dtype = x.dtype
    kind = dtype.kind
    if kind in "iu" or (kind == "O" and all(type(item) in (float, int) for item in x.flat)):
        dtype = np.dtype(np.float64)
    elif dtype.names is not None:
        return _records_gradient(d, x)
    elif kind not in "fc":
        return None
    if d is ZERO or d is None:
        return np.zeros(x.shape, dtype)
    if type(d) is np.ndarray and d.dtype == dtype and d.shape == x.shape:
        if owned and d.base is None:
            flags = d.flags
            if flags.owndata and flags.writeable:
                return d
        return d.copy("K")
    d = project(d, x)
    return np.array(d if d.shape == x.shape else np.broadcast_to(d, x.shape), dtype)  # a copy


def _records_gradient(d: Any, x: Any) -> Any:
    """Of an array with fields: of those that are numbers, under their names."""
    dtype = promoted(x.dtype)
    if dtype is None:
        return None
    total = np.zeros(x.shape, dtype)
    if d is not ZERO and d is not None:
        add_fields(total, d)
    return total


def cuda_gradient(d: Any, x: Any, owned: bool) -> Any:
    """Of an array on a GPU."""
    if x.dtype.kind not in "fciu":
        return None
    if d is ZERO or d is None:
        return x * 0.0 if x.dtype.kind in "iu" else x * 0
    return project(d, x).copy()
