"""The cotangent of the result that a reverse sweep starts from."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy import structs
from dpy.cotangent import ZERO, is_zero, project
from dpy.entry import UNITS
from dpy.errors import DpyError, NotScalarOutputError

__all__ = ["not_scalar", "seed_like", "seed_of", "seed_of_first"]


def seed_of(y: Any, f: Any) -> Any:
    """The unit seed of a real scalar result; an error that names the alternatives for others."""
    unit = UNITS.get(type(y))
    if unit is not None:
        return unit
    if isinstance(y, np.floating):
        return y.dtype.type(1)
    if isinstance(y, np.integer) or _is_rational(y):
        return 1.0 if isinstance(y, np.integer) else type(y)(1)
    if isinstance(y, np.ndarray) or hasattr(y, "__cuda_array_interface__"):
        if y.ndim == 0 and y.dtype.kind in "fiu":
            return np.ones((), y.dtype if y.dtype.kind == "f" else float)
    raise not_scalar(y, f)


def _is_rational(y: Any) -> bool:
    from fractions import Fraction

    return isinstance(y, Fraction)


def seed_of_first(y: Any, f: Any) -> Any:
    """The unit seed of a scalar, or of the first entry of a tuple or dict."""
    if isinstance(y, tuple) and y:
        return seed_of(y[0], f), *(ZERO for _ in y[1:])
    if type(y) is dict and y:
        first = next(iter(y))
        return {first: seed_of(y[first], f)}
    return seed_of(y, f)


def seed_like(dy: Any, y: Any) -> Any:
    """A user's cotangent in internal form."""
    t = type(y)
    if type(dy) is float and t is float:
        return dy
    if t is np.ndarray and type(dy) is t and dy.dtype is y.dtype and dy.shape == y.shape:
        if y.dtype.kind == "f":
            return dy.copy()
    if is_zero(dy):
        return ZERO
    if isinstance(y, tuple):
        return tuple(seed_like(d, v) for d, v in zip(dy, y, strict=True))
    if isinstance(y, list):
        return {i: seed_like(d, v) for i, (d, v) in enumerate(zip(dy, y, strict=True))}
    if isinstance(y, dict):
        return {key: seed_like(d, y[key]) for key, d in dy.items()}
    if isinstance(y, np.ndarray):
        shape = np.shape(dy)
        if shape != y.shape:
            raise DpyError(
                f"the cotangent has shape {shape}, the result has shape {y.shape}",
                repair="pass a cotangent of the result's shape",
            )
        return np.array(project(np.asarray(dy), y))
    if isinstance(y, (int, float, complex, np.generic)):
        return project(dy, y)
    slots = structs.slots_of(dy)
    return {name: seed_like(d, getattr(y, name, None)) for name, d in slots.items()}


def not_scalar(y: Any, f: Any) -> NotScalarOutputError:
    """The error for a result that is no real number."""
    name = getattr(f, "__qualname__", None) or type(f).__name__
    described = type(y).__name__
    if isinstance(y, np.ndarray):
        described = f"an array of shape {y.shape} and dtype {y.dtype}"
    why = "a gradient is defined for functions with one real number as result"
    if isinstance(y, (complex, np.complexfloating)):
        why = "the gradient of a complex result is not one number per argument"
    return NotScalarOutputError(
        f"gradient needs a real scalar result, but {name} returned {described}",
        why=why,
        repair="reduce the result (.sum(), .real, abs), or use dpy.pullback(f, *args) with a seed, "
        "or dpy.jacobian(f, *args)",
    )
