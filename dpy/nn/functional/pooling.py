"""Pools: the greatest element or the mean of each window, in one, two or three dimensions.

Inputs are ``(N, C, *spatial)``. Of equal greatest elements the first one, by rows, gets the
gradient. Padding is never the greatest; the mean counts it as zeros.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.adjoints.registry import adjoint
from dpy.errors import ShapeError
from dpy.kinds import UNKNOWN, Array
from dpy.nn.functional.windows import Windows, is_same, pairs, per_axis, same_padding

__all__ = [
    "adaptive_maxpool", "adaptive_meanpool", "global_maxpool", "global_meanpool", "maxpool",
    "meanpool",
]  # fmt: skip


def maxpool(x: Any, window: Any, *, stride: Any = None, padding: Any = 0) -> Any:
    """The greatest element of each window.

    Args:
        x: ``(N, C, *spatial)``.
        window: its extent; one integer, or one for each spatial axis.
        stride: the distance of neighbouring windows; by default they lie side by side.
        padding: as for `conv`; it is never the greatest.

    Raises:
        ShapeError: no window fits.

    >>> maxpool(np.array([[[1.0, 3.0, 2.0, 0.0]]]), 2)
    array([[[3., 2.]]])
    """
    return _greatest(x, _windows_of(x, window, stride, padding))[0]


def meanpool(x: Any, window: Any, *, stride: Any = None, padding: Any = 0) -> Any:
    """The mean of each window; padding counts as zeros. The arguments are those of `maxpool`.

    >>> meanpool(np.array([[[1.0, 3.0, 2.0, 0.0]]]), 2)
    array([[[2., 1.]]])
    """
    return _mean(x, _windows_of(x, window, stride, padding))


def adaptive_maxpool(x: Any, out: Any) -> Any:
    """`maxpool` with windows that give `out` places along each axis.

    They start ``size // out`` apart and overlap or leave nothing out, as in Flux.

    >>> adaptive_maxpool(np.array([[[1.0, 3.0, 2.0, 0.0, 5.0]]]), 2)
    array([[[3., 5.]]])
    """
    window, stride = adaptive(x.shape, out)
    return maxpool(x, window, stride=stride)


def adaptive_meanpool(x: Any, out: Any) -> Any:
    """`meanpool` with windows that give `out` places along each axis.

    >>> adaptive_meanpool(np.array([[[1.0, 3.0, 2.0, 0.0]]]), 1)
    array([[[1.5]]])
    """
    window, stride = adaptive(x.shape, out)
    return meanpool(x, window, stride=stride)


def global_maxpool(x: Any) -> Any:
    """The greatest element of each channel: ``(N, C, 1, ..., 1)``.

    >>> global_maxpool(np.array([[[1.0, 3.0, 2.0]]]))
    array([[[3.]]])
    """
    return maxpool(x, x.shape[2:])


def global_meanpool(x: Any) -> Any:
    """The mean of each channel: ``(N, C, 1, ..., 1)``.

    >>> global_meanpool(np.array([[[1.0, 3.0, 2.0]]]))
    array([[[2.]]])
    """
    return x.mean(axis=tuple(range(2, x.ndim)), keepdims=True)


def adaptive(shape: tuple[int, ...], out: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The windows and strides that give `out` places along the spatial axes of an input.

    >>> adaptive((1, 3, 10, 7), (5, 3))
    ((2, 3), (2, 2))
    """
    size = shape[2:]
    wanted = per_axis(out, len(size), "out")
    if any(not 1 <= m <= n for n, m in zip(size, wanted, strict=True)):
        raise ShapeError(
            f"an adaptive pool from spatial size {size} to {wanted}",
            repair="the result is never larger than the input",
        )
    stride = tuple(n // m for n, m in zip(size, wanted, strict=True))
    places = zip(size, wanted, stride, strict=True)
    return tuple(n - (m - 1) * s for n, m, s in places), stride


# --- rules ----------------------------------------------------------------------------------------


def _kind(x: Any, *others: Any, **settings: Any) -> Any:
    """What the compiler knows of the result: it is an array like `x`."""
    return x if isinstance(x, Array) and x.dtype.kind == "f" else UNKNOWN


@adjoint(maxpool, static=("window",), fresh=True, kind=_kind)
def maxpool_rule(x: Any, window: Any, *, stride: Any = None, padding: Any = 0) -> Any:
    """The gradient goes to the first of the greatest elements of each window."""
    windows = _windows_of(x, window, stride, padding)
    y, padded = _greatest(x, windows)

    def maxpool_pullback(d_y: Any) -> Any:
        d_padded = np.zeros(padded.shape, d_y.dtype)
        left = np.ones(y.shape, np.bool_)  # windows whose greatest element was not met yet
        undefined = np.isnan(y)
        with_nan = bool(undefined.any())
        hit = np.empty(y.shape, np.bool_)
        for _, place in windows.places():
            element = padded[place]
            np.equal(element, y, out=hit)
            if with_nan:
                hit |= undefined & np.isnan(element)
            hit &= left
            left ^= hit
            _add_to(d_padded, place, hit * d_y, windows)
        return (windows.crop(d_padded),)

    return y, maxpool_pullback


@adjoint(meanpool, static=("window",), fresh=True, kind=_kind)
def meanpool_rule(x: Any, window: Any, *, stride: Any = None, padding: Any = 0) -> Any:
    """Each element of a window gets the same share."""
    windows = _windows_of(x, window, stride, padding)
    y = _mean(x, windows)
    shape = (*x.shape[:2], *windows.padded)

    def meanpool_pullback(d_y: Any) -> Any:
        d_padded = np.zeros(shape, d_y.dtype)
        share = d_y * (1 / windows.volume)
        for _, place in windows.places():
            _add_to(d_padded, place, share, windows)
        return (windows.crop(d_padded),)

    return y, meanpool_pullback


def _add_to(total: Any, place: Any, d: Any, windows: Windows) -> None:
    if all(k <= s for k, s in zip(windows.kernel, windows.stride, strict=True)):
        total[place] = d  # no element is in two windows
    else:
        total[place] += d


def _greatest(x: Any, windows: Windows) -> tuple[Any, Any]:
    """The greatest elements, and the array with padding."""
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    padded = windows.pad(x, lowest)
    return _along_axes(np.maximum, padded, windows), padded


def _mean(x: Any, windows: Windows) -> Any:
    total = _along_axes(np.add, windows.pad(x), windows)
    return total / windows.volume if total.dtype.kind not in "fc" else total * (1 / windows.volume)


def _along_axes(combine: Any, y: Any, windows: Windows) -> Any:
    """The elements of each window combined, one axis after the other, the last axis first."""
    for axis in reversed(range(len(windows.size))):
        kernel, stride, count = windows.kernel[axis], windows.stride[axis], windows.out[axis]
        before = (slice(None),) * (2 + axis)
        parts = [
            y[(*before, slice(i, i + stride * (count - 1) + 1, stride))] for i in range(kernel)
        ]
        y = combine(parts[0], parts[1]) if kernel > 1 else parts[0].copy()
        for part in parts[2:]:
            combine(y, part, out=y)
    return y


def _windows_of(x: Any, window: Any, stride: Any, padding: Any) -> Windows:
    axes = x.ndim - 2
    if axes < 1:
        raise ShapeError(
            f"a pool over an input of shape {x.shape}",
            why="the input is (N, C, *spatial)",
            repair="a single example needs a batch of one, x[None]",
        )
    kernel = per_axis(window, axes, "window")
    once = (1,) * axes
    sides = same_padding(kernel, once) if is_same(padding) else pairs(padding, axes)
    step = kernel if stride is None else per_axis(stride, axes, "stride")
    return Windows(x.shape[2:], kernel, step, sides, once)
