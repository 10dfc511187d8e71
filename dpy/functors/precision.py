"""The same model in another floating-point type."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.functors.trees import fmap

__all__ = ["f16", "f32", "f64"]


def f16(model: Any) -> Any:
    """A copy whose real arrays are of float16; complex ones, of which none is so short, stay.

    >>> f16([np.ones(2), np.arange(2)])
    [array([1., 1.], dtype=float16), array([0, 1])]
    """
    return _cast(model, np.dtype(np.float16), None)


def f32(model: Any) -> Any:
    """A copy whose arrays are of float32 or complex64; those that are already stay shared.

    >>> f32((np.ones(2), np.arange(2)))
    (array([1., 1.], dtype=float32), array([0, 1]))
    """
    return _cast(model, np.dtype(np.float32), np.dtype(np.complex64))


def f64(model: Any) -> Any:
    """A copy whose arrays are of float64 or complex128; those that are already stay shared.

    >>> f64(f32([np.ones(2)]))
    [array([1., 1.])]
    """
    return _cast(model, np.dtype(np.float64), np.dtype(np.complex128))


def _cast(model: Any, real: np.dtype[Any], pairs: np.dtype[Any] | None) -> Any:
    wanted = {"f": real, "c": pairs}

    def cast(a: Any) -> Any:
        dtype = wanted.get(a.dtype.kind)
        return a if dtype is None else a.astype(dtype, copy=False)

    return fmap(cast, model)
