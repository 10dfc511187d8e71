"""Convolutions in one, two or three dimensions, and their rules.

Inputs are ``(N, C, *spatial)``, weights ``(out, in // groups, *kernel)``. As in Flux, `conv`
mirrors the kernel, as a convolution does in mathematics, and `crosscor` does not, as other
libraries have it: ``conv(x, w) == crosscor(x, w[:, :, ::-1, ::-1])``. `conv_transpose` is the
adjoint of `conv` in `x`; its weights are ``(in, out // groups, *kernel)``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dpy.adjoints.registry import adjoint
from dpy.errors import ShapeError
from dpy.kinds import UNKNOWN, Array
from dpy.nn.functional.correlation import correlate, correlate_weights, spread
from dpy.nn.functional.windows import Windows, is_same, pairs, per_axis, same_padding

__all__ = ["conv", "conv_transpose", "crosscor", "depthwise_conv"]

_SETTINGS = ("stride", "padding", "dilation", "groups")


def conv(
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """The convolution of `x` with `weight`, plus `bias`; the kernel is mirrored.

    Args:
        x: ``(N, C, *spatial)`` with one, two or three spatial axes.
        weight: ``(out, C // groups, *kernel)``.
        bias: None, or one number for each output channel.
        stride: the distance of neighbouring windows; one integer, or one for each axis.
        padding: zeros around the input: an integer, one for each axis, pairs of them (before and
            after), or "same": windows for ``ceil(size / stride)`` outputs.
        dilation: the distance of neighbouring elements of a window.
        groups: the channels are cut into so many groups, each convolved on its own.

    Returns:
        ``(N, out, *spatial)`` with ``(size + padding - dilation * (kernel - 1) - 1) // stride + 1``
        places along each axis.

    Raises:
        ShapeError: the shapes do not fit.

    >>> conv(np.array([[[1.0, 2.0, 4.0]]]), np.array([[[1.0, 10.0]]]))
    array([[[12., 24.]]])
    """
    windows = _windows_of("conv", x, weight, bias, stride, padding, dilation, groups)
    return correlate(x, mirrored(weight), bias, windows, groups)


def crosscor(
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """The cross-correlation: like `conv`, with the kernel as it is.

    >>> crosscor(np.array([[[1.0, 2.0, 4.0]]]), np.array([[[1.0, 10.0]]]))
    array([[[21., 42.]]])
    """
    windows = _windows_of("crosscor", x, weight, bias, stride, padding, dilation, groups)
    return correlate(x, weight, bias, windows, groups)


def depthwise_conv(
    x: Any, weight: Any, bias: Any = None, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1
) -> Any:
    """`conv` with a group for each channel of `x`: ``weight: (C * multiplier, 1, *kernel)``.

    >>> x = np.array([[[1.0, 2.0], [3.0, 4.0]]])
    >>> depthwise_conv(x, np.array([[[1.0]], [[10.0]]]))
    array([[[ 1.,  2.],
            [30., 40.]]])
    """
    settings = {"stride": stride, "padding": padding, "dilation": dilation}
    return conv(x, weight, bias, groups=x.shape[1], **settings)


def conv_transpose(
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """The adjoint of `conv` in its input, plus `bias`: from its outputs back to its inputs' shape.

    Args:
        x: ``(N, C, *spatial)``.
        weight: ``(C, out // groups, *kernel)``: the weights of the `conv` whose adjoint this is.
        bias: None, or one number for each output channel.
        stride: as for that `conv`, and so are `dilation` and `groups`.
        padding: as for that `conv`; "same" gives ``size * stride`` places.
        output_padding: places to add at the end of each axis; of the inputs that a `conv` with
            strides takes to the same shape this chooses one.

    Returns:
        ``(N, out, *spatial)`` with
        ``(size - 1) * stride - padding + dilation * (kernel - 1) + 1 + output_padding`` places.

    Raises:
        ShapeError: the shapes do not fit.

    >>> conv_transpose(np.array([[[1.0, 2.0]]]), np.array([[[1.0, 10.0]]]), stride=2)
    array([[[10.,  1., 20.,  2.]]])
    """
    settings = (stride, padding, output_padding, dilation, groups)
    windows = _windows_before(x, weight, bias, *settings)
    return _spread_all(x, mirrored(weight), bias, windows, groups)


# --- rules ----------------------------------------------------------------------------------------


def _kind(x: Any, *others: Any, **settings: Any) -> Any:
    """What the compiler knows of the result: as many axes as `x`, all of one dtype."""
    arrays = [k for k in (x, *others) if isinstance(k, Array)]
    is_one = isinstance(x, Array) and len({k.dtype for k in arrays}) == 1
    return x if is_one and x.dtype.kind in "fc" and len(arrays) > 1 else UNKNOWN


@adjoint(conv, fresh=True, kind=_kind)
def conv_rule(
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """Bilinear: the adjoint in `x` spreads, that in the weights correlates `x` with ``d_y``."""
    windows = _windows_of("conv", x, weight, bias, stride, padding, dilation, groups)
    kernel = mirrored(weight)

    def conv_pullback(d_y: Any) -> Any:
        return (
            lambda: spread(d_y, _conj(kernel), windows, groups),
            lambda: mirrored(correlate_weights(_conj(x), d_y, windows, groups)),
            lambda: _bias_sum(d_y, bias),
        )

    return correlate(x, kernel, bias, windows, groups), conv_pullback


@adjoint(crosscor, fresh=True, kind=_kind)
def crosscor_rule(
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """As for `conv`."""
    windows = _windows_of("crosscor", x, weight, bias, stride, padding, dilation, groups)

    def crosscor_pullback(d_y: Any) -> Any:
        return (
            lambda: spread(d_y, _conj(weight), windows, groups),
            lambda: correlate_weights(_conj(x), d_y, windows, groups),
            lambda: _bias_sum(d_y, bias),
        )

    return correlate(x, weight, bias, windows, groups), crosscor_pullback


@adjoint(conv_transpose, fresh=True, kind=_kind)
def conv_transpose_rule(
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """The adjoint of the adjoint is `conv`."""
    settings = (stride, padding, output_padding, dilation, groups)
    windows = _windows_before(x, weight, bias, *settings)
    kernel = mirrored(weight)

    def conv_transpose_pullback(d_y: Any) -> Any:
        return (
            lambda: correlate(d_y, _conj(kernel), None, windows, groups),
            lambda: mirrored(correlate_weights(d_y, _conj(x), windows, groups)),
            lambda: _bias_sum(d_y, bias),
        )

    return _spread_all(x, kernel, bias, windows, groups), conv_transpose_pullback


def _bias_sum(d_y: Any, bias: Any) -> Any:
    if bias is None:
        return None
    rows = d_y.reshape(len(d_y), d_y.shape[1], math.prod(d_y.shape[2:]))
    return np.add.reduce(np.add.reduce(rows, 2), 0)


def _conj(x: Any) -> Any:
    return x.conj() if x.dtype.kind == "c" else x


# --- shapes ---------------------------------------------------------------------------------------


def mirrored(weight: Any) -> Any:
    """The weights with all spatial axes reversed, contiguous."""
    axes = weight.ndim - 2
    return np.ascontiguousarray(weight[(..., *(slice(None, None, -1),) * axes)])


def _spread_all(x: Any, kernel: Any, bias: Any, windows: Windows, groups: int) -> Any:
    y = spread(x, kernel, windows, groups)
    if bias is not None:
        y += bias.reshape((-1,) + (1,) * len(windows.size))
    return y


def _windows_of(
    name: str,
    x: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Windows:
    """The windows of a convolution, if the shapes fit."""
    axes = _expect_arrays(name, x, weight, bias, weight.shape[0])
    width = x.shape[1]
    if weight.shape[1] * groups != width or weight.shape[0] % groups:
        raise ShapeError(
            f"{name} of an input with {width} channels, of shape {x.shape}, and weights of shape"
            f" {weight.shape} in groups={groups}",
            why="weights are (out, in // groups, *kernel), and out is a multiple of groups",
            repair="the second axis of the input, after the batch, is that of the channels",
        )
    kernel = weight.shape[2:]
    dilation = per_axis(dilation, axes, "dilation")
    sides = same_padding(kernel, dilation) if is_same(padding) else pairs(padding, axes)
    return Windows(x.shape[2:], kernel, per_axis(stride, axes, "stride"), sides, dilation)


def _windows_before(
    x: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    dilation: Any,
    groups: int,
) -> Windows:
    """The windows of the convolution that takes the result to the shape of `x`."""
    channels = weight.shape[1] * groups
    axes = _expect_arrays("conv_transpose", x, weight, bias, channels)
    if weight.shape[0] != x.shape[1] or x.shape[1] % groups:
        raise ShapeError(
            f"conv_transpose of an input with {x.shape[1]} channels, of shape {x.shape}, and"
            f" weights of shape {weight.shape} in groups={groups}",
            why="weights are (in, out // groups, *kernel), and in is a multiple of groups",
            repair="the second axis of the input, after the batch, is that of the channels",
        )
    kernel = weight.shape[2:]
    stride = per_axis(stride, axes, "stride")
    dilation = per_axis(dilation, axes, "dilation")
    extra = per_axis(output_padding, axes, "output_padding")
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    if is_same(padding):
        total = [r - s for r, s in zip(reach, stride, strict=True)]
        extra = tuple(e + max(0, -t) for e, t in zip(extra, total, strict=True))
        sides = tuple((max(0, t) - max(0, t) // 2, max(0, t) // 2) for t in total)
    else:
        sides = pairs(padding, axes)
    if any(e < 0 or e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        raise ShapeError(
            f"output_padding={output_padding!r} with stride {stride}",
            why="only less than a stride can be missing at the end",
            repair="pad the result, or choose another stride",
        )
    size = tuple(
        (n - 1) * s - low - high + r + e
        for n, s, (low, high), r, e in zip(x.shape[2:], stride, sides, reach, extra, strict=True)
    )
    return Windows(size, kernel, stride, sides, dilation)


def _expect_arrays(name: str, x: Any, weight: Any, bias: Any, channels: int) -> int:
    """The number of spatial axes, if there are as many in both."""
    if x.ndim != weight.ndim or x.ndim < 3:
        raise ShapeError(
            f"{name} of an input of shape {x.shape} and weights of shape {weight.shape}",
            why="the input is (N, C, *spatial), the weights are (out, in, *kernel)",
            repair="give both as many axes: a single example needs a batch of one, x[None]",
        )
    if bias is not None and bias.shape != (channels,):
        raise ShapeError(
            f"{name} with a bias of shape {bias.shape} and {channels} output channels",
            repair="the bias has one number for each output channel",
        )
    return int(x.ndim) - 2
