"""The algebra of cotangents inside dpy.

A cotangent mirrors its primal:

- number -> number, ndarray -> ndarray of the same shape;
- tuple -> tuple of cotangents, slot by slot;
- list, dict, object -> a plain ``dict`` from slot (index, key, attribute name) to cotangent,
  in which missing slots are zero;
- ``ZERO`` stands for a zero of any kind. It never reaches a user.

Values of this module are never changed in place once another place may hold them.
"""

from __future__ import annotations

import math
from types import FunctionType
from typing import Any

import numpy as np

from dpy import config
from dpy.errors import NotDifferentiableError

__all__ = [
    "ZERO", "Zero", "add", "conjugate", "filled", "fit", "forced", "is_zero", "project",
    "quotient", "quotient_below", "quotient_of_numbers",
    "quotient_of_numbers_below", "times", "times_real", "unbroadcast",
]  # fmt: skip


_FLOAT = np.dtype(np.float64)
_TINY = 1e-30  # float32 numbers divided by more than this seldom overflow


class Zero:
    """The structural zero: absorbs products and vanishes in sums."""

    __slots__ = ()
    __array_ufunc__ = None  # makes ndarray * ZERO come to __rmul__

    def __repr__(self) -> str:
        return "ZERO"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return "ZERO"

    def __add__(self, other: Any) -> Any:
        return other

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return -other

    def __rsub__(self, other: Any) -> Any:
        return other

    def _absorb(self, *_: Any) -> Zero:
        return self

    __mul__ = __rmul__ = __truediv__ = __matmul__ = __rmatmul__ = _absorb
    __neg__ = __pos__ = __getitem__ = conjugate = _absorb


ZERO = Zero()


def is_zero(d: Any) -> bool:
    """True for the structural zero and for None, which rules may return instead."""
    return d is ZERO or d is None


def add(a: Any, b: Any) -> Any:
    """The sum of two cotangents of the same value; neither is changed."""
    if a is ZERO or a is None:
        return ZERO if b is None else b
    if b is ZERO or b is None:
        return a
    kind = type(a)
    if kind is dict:
        total = dict(a)
        for slot, d in b.items():
            total[slot] = add(total[slot], d) if slot in total else d
        return total
    if kind is tuple:
        return tuple(map(add, a, b))
    if kind is np.ndarray and a.dtype.names is not None:
        return _sum_of_records(a, b)
    return a + b


def _sum_of_records(a: Any, b: Any) -> Any:
    """Of arrays with the same fields."""
    total = a.copy()
    for name in a.dtype.names:
        total[name] = add(a[name], b[name])
    return total


def filled(shape: tuple[int, ...], d: Any, dtype: Any = None) -> Any:
    """A new array of this shape that holds `d`, which is broadcast.

    An own array, not a broadcast view: faster for small ones, and it may be written to.

    >>> filled((2, 2), 1.5)
    array([[1.5, 1.5],
           [1.5, 1.5]])
    """
    if dtype is None:
        dtype = d.dtype if hasattr(d, "dtype") else np.result_type(d)
    whole = np.empty(shape, dtype)
    whole[...] = d
    return whole


def unbroadcast(d: Any, shape: tuple[int, ...]) -> Any:
    """Sum `d` over the axes along which a value of `shape` was broadcast.

    >>> unbroadcast(np.ones((3, 2)), (2,))
    array([3., 3.])
    """
    if type(d) is np.ndarray:
        d_shape = d.shape
    elif d is ZERO:
        return d
    else:
        d_shape = np.shape(d)
    if d_shape == shape:
        return d
    extra = len(d_shape) - len(shape)
    if extra > 0:
        d = np.add.reduce(d, 0 if extra == 1 else tuple(range(extra)))
        d_shape = d.shape
        if d_shape == shape:
            return d
    elif extra < 0:
        return filled(shape, d)
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and d_shape[i] != 1)
    if axes:
        d = d.sum(axis=axes, keepdims=True)
        d_shape = d.shape
    return d if d_shape == shape else filled(shape, d)


def fit(d: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Bring `d` to this shape and dtype, as `project` does for an array of floats."""
    if type(d) is np.ndarray and d.shape == shape and d.dtype == dtype:
        return d
    if d is ZERO or d is None:
        return ZERO
    if not hasattr(d, "dtype"):
        d = np.asarray(d)
    return _cast(unbroadcast(d, shape), dtype)


def forced(d: Any) -> Any:
    """A cotangent that a rule may have put off: a function of nothing, called if it is wanted."""
    return d() if type(d) is FunctionType else d


def project(d: Any, x: Any) -> Any:
    """Bring `d` to the shape, dtype and realness of the primal `x` (used on what rules return).

    Integers and integer arrays are the real numbers they stand for; bools and other values
    without a gradient give ZERO. A float32 primal gets a float32 cotangent. A function is a
    cotangent that was put off (see `forced`).
    """
    if type(d) is FunctionType:
        d = d()
    if d is ZERO or d is None:
        return ZERO
    kind = type(x)
    if kind is float or kind is int:
        return _project_scalar(d)
    if isinstance(x, np.ndarray):
        return _project_array(d, x)
    if kind is complex:
        return d if type(d) is complex else complex(d.sum() if isinstance(d, np.ndarray) else d)
    if isinstance(x, np.generic):
        return _project_generic(d, x)
    if kind is bool or x is None or kind is str:
        return ZERO
    if isinstance(x, (tuple, list)) and isinstance(d, np.ndarray):
        d = unbroadcast(d, np.shape(x))  # a sequence that a function took as an array
    if isinstance(x, tuple):
        items = [d.get(i, ZERO) for i in range(len(x))] if isinstance(d, dict) else d
        return tuple(map(project, items, x))
    if isinstance(x, list):
        slots = d if isinstance(d, dict) else dict(enumerate(d))
        return {i: project(d_i, x[i]) for i, d_i in slots.items() if not is_zero(d_i)}
    if hasattr(x, "__cuda_array_interface__"):
        return _project_array(d, x)
    return d


def _project_scalar(d: Any) -> Any:
    kind = type(d)
    if kind is float or kind is int:
        return d
    if isinstance(d, (complex, np.complexfloating)):
        return d.real
    if isinstance(d, np.ndarray):
        total = d.sum() if d.ndim else d[()]
        return total.real
    return d


def _project_array(d: Any, x: Any) -> Any:
    dtype = x.dtype
    if type(d) is np.ndarray and d.dtype is dtype and d.shape == x.shape:
        return d
    if dtype.kind in "iuO":
        dtype = _FLOAT
    elif dtype.kind not in "fc":
        if dtype.names is not None and not _has_fields(d):
            raise _without_fields()
        return d if dtype.names is not None else ZERO
    if not hasattr(d, "dtype"):
        d = np.asarray(d)
    if d.shape != x.shape:
        d = unbroadcast(d, x.shape)
    return _cast(d, dtype)


def _without_fields() -> NotDifferentiableError:
    return NotDifferentiableError(
        "a cotangent without fields reached an array with fields",
        why="dpy follows fields that are read and written by their names",
        repair="use separate arrays for the fields of a record",
    )


def _has_fields(d: Any) -> bool:
    return isinstance(d, np.ndarray) and d.dtype.names is not None


def _cast(d: Any, dtype: Any) -> Any:
    if d.dtype == dtype:
        return d
    if d.dtype.kind == "c" and dtype.kind != "c":
        d = d.real
    return d.astype(dtype) if hasattr(d, "astype") else np.asarray(d, dtype)


def _project_generic(d: Any, x: np.generic) -> Any:
    kind = x.dtype.kind
    if kind in "iu":
        return _project_scalar(d)
    if kind not in "fc":
        return d if _has_fields(d) else ZERO
    if isinstance(d, np.ndarray):
        d = d.sum() if d.ndim else d[()]
    if kind == "f" and isinstance(d, (complex, np.complexfloating)):
        d = d.real
    return d if type(d) is type(x) else x.dtype.type(d)


def conjugate(partial: Any) -> Any:
    """The conjugate of a partial, which costs nothing for real values."""
    kind = type(partial)
    if kind is float or kind is int:
        return partial
    dtype = getattr(partial, "dtype", None)
    if dtype is not None and dtype.kind != "c":
        return partial
    return partial.conjugate()


def times(d_y: Any, partial: Any, singular: bool = False) -> Any:
    """``d_y * partial``; for a singular partial an exactly zero `d_y` gives zero (strong zero)."""
    if not singular:
        return d_y * partial
    if isinstance(d_y, float) and isinstance(partial, float):  # NumPy's float64 is one
        if d_y == 0.0 and config.current().strong_zero:
            return 0.0
        return float.__mul__(d_y, partial)
    if d_y is ZERO:
        return d_y
    return _strong_product(d_y, partial)


# As a decorator, errstate costs a third of what a `with` block costs.
@np.errstate(all="ignore")
def _strong_product(d_y: Any, partial: Any) -> Any:
    return _strong(d_y, d_y * partial)


def quotient(d_y: Any, b: Any) -> Any:
    """``d_y / b`` for arrays: the cotangent of `a` in ``y = a / b``, with strong zeros."""
    if type(b) is not np.ndarray and _TINY < abs(b) < math.inf:
        return d_y / b
    return _any_quotient(d_y, b)


@np.errstate(all="ignore")
def _any_quotient(d_y: Any, b: Any) -> Any:
    return _strong(d_y, d_y / b)


def quotient_below(d_y: Any, b: Any, y: Any) -> Any:
    """The cotangent of `b` in ``y = a / b`` for arrays, with strong zeros."""
    if type(y) is np.ndarray and y.dtype.kind == "f" and _is_finite(y):
        return d_y / -b * y  # nothing was divided by zero
    return _any_quotient_below(d_y, b, y)


@np.errstate(all="ignore")
def _any_quotient_below(d_y: Any, b: Any, y: Any) -> Any:
    return _strong(d_y, d_y / -b * y)


def quotient_of_numbers(d_y: Any, b: Any) -> Any:
    """``d_y / b`` for real numbers, NumPy's among them: infinite where `b` is 0, strong zeros.

    >>> quotient_of_numbers(3.0, np.float64(2.0)), quotient_of_numbers(-1.0, np.int64(0))
    (1.5, -inf)
    """
    if d_y and b and isinstance(d_y, float):
        return float.__truediv__(d_y, float(b))  # without warnings
    return times(d_y, _divided(1.0, b), True)


def quotient_of_numbers_below(d_y: Any, b: Any, y: Any) -> Any:
    """The cotangent of `b` in ``y = a / b`` for such numbers."""
    if d_y and b and isinstance(d_y, float) and isinstance(y, float):
        return -(float.__truediv__(d_y, float(b)) * float(y))
    return times(d_y, -_divided(y, b), True)


@np.errstate(all="ignore")
def _divided(a: Any, b: Any) -> Any:
    return np.divide(a, b)


def _strong(d_y: Any, d_x: Any) -> Any:
    """`d_x`, but zero where `d_y` is exactly zero."""
    if _is_finite(d_x) or not config.current().strong_zero:
        return d_x
    return np.where(d_y == 0, d_y, d_x)[()]


def _is_finite(x: Any) -> bool:
    """Whether all elements are finite; large ones may be taken for infinite."""
    if type(x) is np.ndarray and x.dtype.kind == "f":
        flat = x.ravel("K")
        return math.isfinite(flat.dot(flat))  # one pass, without an array of bools
    return bool(np.isfinite(x).all())


def times_real(d_y: Any, partial: Any) -> Any:
    """``times(d_y, partial, True)`` where everything has been taken for real.

    Raises:
        NotDifferentiableError: the partial is complex, because the power of a negative number was.
    """
    if isinstance(partial, (complex, np.complexfloating)):
        raise NotDifferentiableError(
            "a real number to a fractional power gave a complex number",
            why="the code was compiled for real numbers",
            repair="start from a complex number (x + 0j), or take the power of abs(x)",
        )
    return times(d_y, partial, True)
