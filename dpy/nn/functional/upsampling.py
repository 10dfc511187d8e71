"""Larger images from smaller ones: repeated, interpolated, or put together from channels.

Inputs are ``(N, C, *spatial)``.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from dpy.adjoints.registry import adjoint, nondifferentiable
from dpy.errors import ShapeError
from dpy.kinds import UNKNOWN, Array
from dpy.nn.functional.windows import per_axis

__all__ = [
    "pixel_shuffle", "upsample_bilinear", "upsample_linear", "upsample_nearest",
    "upsample_trilinear",
]  # fmt: skip


def upsample_nearest(x: Any, scale: Any = None, *, size: Any = None) -> Any:
    """Each element repeated along the spatial axes.

    Args:
        x: ``(N, C, *spatial)``.
        scale: how often, one number or one for each spatial axis; or else
        size: the spatial size of the result. Place `i` of it shows element ``i * old // new``.

    Raises:
        ShapeError: neither or both of `scale` and `size` are given, or they do not fit.

    >>> upsample_nearest(np.array([[[1.0, 2.0]]]), 2)
    array([[[1., 1., 2., 2.]]])
    """
    size = new_size(x.shape, scale, size)
    if all(m % n == 0 for n, m in zip(x.shape[2:], size, strict=True)):
        return repeat(x, tuple(m // n for n, m in zip(x.shape[2:], size, strict=True)))
    for axis, m in enumerate(size, 2):
        x = _along(nearest_matrix(x.shape[axis], m, x.dtype), x, axis)
    return x


def upsample_linear(
    x: Any, scale: Any = None, *, size: Any = None, align_corners: bool = True
) -> Any:
    """Linear interpolation along each spatial axis, of any number.

    Args:
        x: ``(N, C, *spatial)``.
        scale: ``new / old`` size, one number or one for each spatial axis; or else
        size: the spatial size of the result.
        align_corners: the first and last places of the result are those of `x`; otherwise places
            stand for the middles of cells, and the borders are constant.

    Raises:
        ShapeError: neither or both of `scale` and `size` are given, or they do not fit.

    >>> upsample_linear(np.array([[[0.0, 2.0]]]), size=3)
    array([[[0., 1., 2.]]])
    """
    for axis, m in enumerate(new_size(x.shape, scale, size), 2):
        x = _along(linear_matrix(x.shape[axis], m, x.dtype, align_corners), x, axis)
    return x


def upsample_bilinear(
    x: Any, scale: Any = None, *, size: Any = None, align_corners: bool = True
) -> Any:
    """`upsample_linear` of images.

    >>> upsample_bilinear(np.array([[[[0.0, 2.0], [2.0, 4.0]]]]), size=(2, 3))
    array([[[[0., 1., 2.],
             [2., 3., 4.]]]])
    """
    _expect_axes("upsample_bilinear", x, 2)
    return upsample_linear(x, scale, size=size, align_corners=align_corners)


def upsample_trilinear(
    x: Any, scale: Any = None, *, size: Any = None, align_corners: bool = True
) -> Any:
    """`upsample_linear` of volumes.

    >>> upsample_trilinear(np.zeros((1, 1, 2, 2, 2)), 2).shape
    (1, 1, 4, 4, 4)
    """
    _expect_axes("upsample_trilinear", x, 3)
    return upsample_linear(x, scale, size=size, align_corners=align_corners)


def pixel_shuffle(x: Any, r: int) -> Any:
    """Channels put side by side: ``(N, C * r**d, *spatial)`` to ``(N, C, *(r * spatial))``.

    With ``r = 2`` and images, four channels are the corners of a square: upper left, upper right,
    lower left, lower right.

    >>> pixel_shuffle(np.array([[[1.0, 2.0], [10.0, 20.0]]]), 2)
    array([[[ 1., 10.,  2., 20.]]])
    """
    axes = x.ndim - 2
    count, channels = x.shape[:2]
    size = x.shape[2:]
    if axes < 1 or channels % r**axes:
        raise ShapeError(
            f"pixel_shuffle by {r} of an input of shape {x.shape}",
            why=f"the number of channels, the second axis, is a multiple of {r}**{axes}",
            repair="give the layer before more channels",
        )
    parts = x.reshape((count, channels // r**axes) + (r,) * axes + size)
    order = [0, 1]
    for axis in range(axes):
        order += [2 + axes + axis, 2 + axis]
    return parts.transpose(order).reshape((count, channels // r**axes, *[n * r for n in size]))


# --- repetition -----------------------------------------------------------------------------------


def repeat(x: Any, times: tuple[int, ...]) -> Any:
    """Each element repeated so many times along each spatial axis.

    >>> repeat(np.array([[[1.0, 2.0]]]), (3,))
    array([[[1., 1., 1., 2., 2., 2.]]])
    """
    size = tuple(n * k for n, k in zip(x.shape[2:], times, strict=True))
    y = np.empty((*x.shape[:2], *size), x.dtype)
    for place in _copies(times):
        y[place] = x
    return y


def _kind(x: Any, *others: Any, **settings: Any) -> Any:
    """What the compiler knows of the result: it is an array like `x`."""
    return x if isinstance(x, Array) and x.dtype.kind in "fc" else UNKNOWN


@adjoint(repeat, static=("times",), fresh=True, kind=_kind)
def repeat_rule(x: Any, times: tuple[int, ...]) -> Any:
    """The sum over the copies."""

    def repeat_pullback(d_y: Any) -> Any:
        places = list(_copies(times))
        total = d_y[places[0]].copy()
        for place in places[1:]:
            total += d_y[place]
        return (total,)

    return repeat(x, times), repeat_pullback


def _copies(times: tuple[int, ...]) -> Any:
    """For each copy, the index of the places that show it."""
    for at in np.ndindex(*times):
        yield (..., *(slice(i, None, k) for i, k in zip(at, times, strict=True)))


# --- interpolation --------------------------------------------------------------------------------


@nondifferentiable
@functools.lru_cache(maxsize=64)
def linear_matrix(old: int, new: int, dtype: Any, align_corners: bool) -> Any:
    """The matrix that takes `old` values to `new` interpolated ones.

    >>> linear_matrix(2, 3, np.float64, True)
    array([[1. , 0. ],
           [0.5, 0.5],
           [0. , 1. ]])
    """
    i = np.arange(new)
    if align_corners:
        at = i * ((old - 1) / max(1, new - 1))
    else:
        at = np.clip((i + 0.5) * (old / new) - 0.5, 0.0, None)
    below = np.minimum(at.astype(int), old - 1)
    share = at - below
    matrix = np.zeros((new, old))
    np.add.at(matrix, (i, below), 1 - share)
    np.add.at(matrix, (i, np.minimum(below + 1, old - 1)), share)
    return _frozen(matrix.astype(dtype))


@nondifferentiable
@functools.lru_cache(maxsize=64)
def nearest_matrix(old: int, new: int, dtype: Any) -> Any:
    """The matrix that takes `old` values to `new` places, each of which shows one.

    >>> nearest_matrix(2, 3, np.float64)
    array([[1., 0.],
           [1., 0.],
           [0., 1.]])
    """
    matrix = np.zeros((new, old), dtype)
    i = np.arange(new)
    matrix[i, i * old // new] = 1
    return _frozen(matrix)


def _frozen(matrix: Any) -> Any:
    """A cached matrix is everybody's."""
    matrix.flags.writeable = False
    return matrix


def _along(matrix: Any, x: Any, axis: int) -> Any:
    """`matrix` times `x` along one axis."""
    if axis == x.ndim - 1:
        return x @ matrix.T
    shape = x.shape
    flat = x.reshape((math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])))
    return (matrix @ flat).reshape((*shape[:axis], matrix.shape[0], *shape[axis + 1 :]))


@nondifferentiable
def new_size(shape: tuple[int, ...], scale: Any, size: Any) -> tuple[int, ...]:
    """The spatial size that was asked for.

    >>> new_size((1, 1, 2, 4), 1.5, None), new_size((1, 1, 2, 4), None, (5, 6))
    ((3, 6), (5, 6))
    """
    old = shape[2:]
    if (scale is None) == (size is None):
        raise ShapeError(
            f"upsampling with scale={scale!r} and size={size!r}", repair="give exactly one of them"
        )
    if size is not None:
        return per_axis(size, len(old), "size")
    factors = tuple(scale) if np.iterable(scale) else (scale,) * len(old)
    if len(factors) != len(old):
        raise ShapeError(
            f"scale={scale!r} does not fit {len(old)} spatial axes",
            repair=f"give one number, or a tuple of {len(old)}",
        )
    return tuple(math.floor(n * factor) for n, factor in zip(old, factors, strict=True))


def _expect_axes(name: str, x: Any, axes: int) -> None:
    if x.ndim != axes + 2:
        raise ShapeError(
            f"{name} of an input of shape {x.shape}",
            why=f"the input is (N, C, *spatial) with {axes} spatial axes",
            repair="use upsample_linear for another number of axes",
        )
