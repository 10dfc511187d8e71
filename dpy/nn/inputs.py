"""What a layer does with its input before it computes: its dtype, and friendly errors.

A float64 input to a float32 layer is converted, with one warning in each process: mostly it is data
that was never meant to be in double precision, and slows down all that comes after.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np

from dpy.adjoints.registry import nondifferentiable
from dpy.errors import DpyWarning, ShapeError
from dpy.nn.functional._kinds import gives

__all__ = ["check_features", "matched", "wrong_features"]


class _Warned:
    """Whether the warning about float64 inputs was given."""

    once = False


def matched(x: Any, weight: Any) -> Any:
    """The input `x` in the dtype of `weight`, where that is narrower, or `x` has whole numbers.

    >>> matched(np.array([1, 0]), np.ones(2, np.float32))
    array([1., 0.], dtype=float32)
    """
    if isinstance(x, (list, tuple)):
        x = np.asarray(x)
    if x.dtype != weight.dtype:
        x = _converted(x, weight)
    return x


def _converted(x: Any, weight: Any) -> Any:
    if x.dtype == np.float64 and weight.dtype == np.float32:
        _warn(x)
        return x.astype(np.float32)
    if x.dtype.kind in "iu" and weight.dtype.kind == "f":
        return x.astype(weight.dtype)
    return x


def _warn(x: Any) -> None:
    if not _Warned.once:
        _Warned.once = True
        warnings.warn(
            f"a layer with float32 parameters got a float64 input of shape {np.shape(x)}; it is "
            "converted, but what comes before may be slower than it need be (this is said once)",
            DpyWarning,
            stacklevel=_depth_of_caller(),
        )


def _depth_of_caller() -> int:
    """How many frames above `_warn` the program is, beyond the layers."""
    depth, frame = 2, sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("dpy."):
        depth, frame = depth + 1, frame.f_back
    return depth


def check_features(layer: Any, x: Any, n: int) -> None:
    """Raise if the last axis of `x` has not `n` items.

    Raises:
        ShapeError: naming the layer, and the shape.
    """
    if x.shape[-1:] != (n,):
        raise wrong_features(layer, x, n)


def wrong_features(layer: Any, x: Any, n: int) -> ShapeError:
    """The error for an input of the wrong number of features."""
    from dpy.nn.show import one_line

    shape = np.shape(x)
    has = "a number"
    if shape:
        has = f"an input with {shape[-1]} features in its last axis, of shape {shape}"
    return ShapeError(
        f"{one_line(layer)} got {has}",
        why=f"it needs {n} features in the last axis; any number of batch axes come before",
        repair="transpose the input, or give the layer another size",
    )


nondifferentiable(_warn, kind=gives(type(None)))
nondifferentiable(wrong_features, kind=gives(ShapeError))
