"""Convolutional layers, in as many dimensions as their kernel has.

Inputs are ``(N, C, *spatial)``, weights ``(out, in // groups, *kernel)``; see
`dpy.nn.functional.convolution`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dpy.adjoints.registry import nondifferentiable
from dpy.errors import ShapeError
from dpy.nn.basic import activation_shown, identity
from dpy.nn.functional._kinds import gives
from dpy.nn.functional.convolution import conv, conv_transpose, crosscor
from dpy.nn.functional.windows import is_same, pairs, per_axis, same_padding
from dpy.nn.initialisers import create_bias, glorot_uniform
from dpy.nn.inputs import matched
from dpy.nn.show import layer_repr

__all__ = ["Conv", "ConvTranspose", "CrossCor", "DepthwiseConv"]


@dataclass(init=False, repr=False, eq=False)
class Conv:
    """``sigma(conv(x, weight) + bias)``: ``(N, inputs, *spatial)`` to ``(N, outputs, *spatial)``.

    Args:
        kernel: the extent of the window, an integer for each spatial axis; an integer alone is a
            kernel in one dimension. Or the weight itself, ``(outputs, inputs // groups, *kernel)``.
        inputs: how many channels come in; or a pair ``(inputs, outputs)``.
        outputs: how many go out.
        sigma: the activation, any callable.
        stride: the distance of neighbouring windows; an integer, or one for each axis.
        padding: zeros around the input: an integer, one for each axis, pairs (before and after), or
            "same" (`SamePad()`): the size stays the same, or is divided by the stride.
        dilation: the distance of neighbouring elements of a window.
        groups: the channels are cut into so many groups, each with weights of its own.
        bias: False for none, or an array.
        init: makes the weight from its shape.
        rng: the generator for `init`.

    Raises:
        ShapeError: numbers that do not fit; when called, an input that does not fit.

    The kernel is mirrored, as in Flux and in mathematics; `CrossCor` takes it as it is.

    >>> layer = Conv((5, 5), 3, 7, np.tanh)
    >>> layer(np.ones((2, 3, 10, 10), np.float32)).shape
    (2, 7, 6, 6)
    >>> layer
    Conv((5, 5), 3, 7, tanh)  # 532 parameters
    """

    weight: Any
    bias: Any
    sigma: Callable[..., Any]
    stride: tuple[int, ...]
    padding: Any
    dilation: tuple[int, ...]
    groups: int

    def __init__(
        self,
        kernel: Any,
        inputs: Any = None,
        outputs: Any = None,
        sigma: Any = identity,
        *,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: Any = True,
        init: Callable[..., Any] = glorot_uniform,
        rng: np.random.Generator | None = None,
    ) -> None:
        if isinstance(kernel, np.ndarray):
            weight = kernel
            sigma = next((f for f in (inputs, outputs) if callable(f)), sigma)
        else:
            if isinstance(inputs, tuple):  # as Flux writes inputs => outputs
                sigma = outputs if callable(outputs) else sigma
                inputs, outputs = inputs
            shape = self._weight_shape(_sizes(kernel), inputs, outputs, groups)
            weight = init(*shape) if rng is None else init(*shape, rng=rng)
        axes = weight.ndim - 2
        self.weight = weight
        self.bias = create_bias(weight, bias, self._channels(weight, groups)[1])
        self.sigma = sigma
        self.stride = per_axis(stride, axes, "stride")
        self.dilation = per_axis(dilation, axes, "dilation")
        self.padding = self._sides(padding, weight.shape[2:])
        self.groups = groups

    def _weight_shape(
        self, kernel: tuple[int, ...], inputs: int, outputs: int, groups: int
    ) -> tuple[int, ...]:
        _expect_multiples(self, inputs, outputs, groups)
        return (outputs, inputs // groups, *kernel)

    def _channels(self, weight: Any, groups: int) -> tuple[int, int]:
        """How many channels come in and go out."""
        return weight.shape[1] * groups, weight.shape[0]

    def _sides(self, padding: Any, kernel: tuple[int, ...]) -> Any:
        if is_same(padding):
            return same_padding(kernel, self.dilation)
        return pairs(padding, len(kernel))

    def __call__(self, x: Any) -> Any:
        """The activation of the convolution."""
        x = matched(x, self.weight)
        check_channels(self, x)
        y = conv(
            x,
            self.weight,
            self.bias,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
        )
        return self.sigma(y)

    def _shown(self) -> str:
        return _shown(self)

    __repr__ = layer_repr


class CrossCor(Conv):
    """`Conv` with the kernel as it is, not mirrored: what other libraries call a convolution.

    >>> CrossCor((5, 5), 3, 6, bias=False)
    CrossCor((5, 5), 3, 6, bias=False)  # 450 parameters
    """

    def __call__(self, x: Any) -> Any:
        """The activation of the cross-correlation."""
        x = matched(x, self.weight)
        check_channels(self, x)
        y = crosscor(
            x,
            self.weight,
            self.bias,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
        )
        return self.sigma(y)


@dataclass(init=False, repr=False, eq=False)
class ConvTranspose(Conv):
    """``sigma(conv_transpose(x, weight) + bias)``: the adjoint of a `Conv` in its input.

    The arguments are those of `Conv`; the weight is ``(inputs, outputs // groups, *kernel)``, and
    ``padding="same"`` multiplies the size by the stride.

    Args:
        output_padding: places to add at the end of each axis.

    >>> layer = ConvTranspose((5, 5), 3, 7, stride=2)
    >>> layer(np.ones((2, 3, 100, 100), np.float32)).shape
    (2, 7, 203, 203)
    """

    output_padding: tuple[int, ...]

    def __init__(self, *args: Any, output_padding: Any = 0, **options: Any) -> None:
        super().__init__(*args, **options)
        self.output_padding = per_axis(output_padding, len(self.stride), "output_padding")

    def _weight_shape(
        self, kernel: tuple[int, ...], inputs: int, outputs: int, groups: int
    ) -> tuple[int, ...]:
        _expect_multiples(self, inputs, outputs, groups)
        return (inputs, outputs // groups, *kernel)

    def _channels(self, weight: Any, groups: int) -> tuple[int, int]:
        return weight.shape[0], weight.shape[1] * groups

    def _sides(self, padding: Any, kernel: tuple[int, ...]) -> Any:
        return "same" if is_same(padding) else pairs(padding, len(kernel))

    def __call__(self, x: Any) -> Any:
        """The activation of the transposed convolution."""
        x = matched(x, self.weight)
        check_channels(self, x)
        y = conv_transpose(
            x,
            self.weight,
            self.bias,
            stride=self.stride,
            padding=self.padding,
            output_padding=self.output_padding,
            dilation=self.dilation,
            groups=self.groups,
        )
        return self.sigma(y)


def DepthwiseConv(
    kernel: Any, inputs: Any, outputs: Any = None, sigma: Any = identity, **options: Any
) -> Conv:
    """A `Conv` with a group for each input channel; `outputs` is a multiple of `inputs`.

    >>> DepthwiseConv((5, 5), 3, 6, bias=False)
    Conv((5, 5), 3, 6, groups=3, bias=False)  # 150 parameters
    """
    if isinstance(inputs, tuple):
        sigma = outputs if callable(outputs) else sigma
        inputs, outputs = inputs
    return Conv(kernel, inputs, outputs, sigma, groups=inputs, **options)


# --- checks and text ------------------------------------------------------------------------------


def check_channels(layer: Conv, x: Any) -> None:
    """Raise if an input has not the axes or channels that a layer needs.

    Raises:
        ShapeError: naming the layer, and the shape.
    """
    inputs = layer._channels(layer.weight, layer.groups)[0]
    if x.ndim != layer.weight.ndim or x.shape[1] != inputs:
        raise wrong_channels(layer, x, inputs)


def wrong_channels(layer: Conv, x: Any, inputs: int) -> ShapeError:
    """The error for an input that does not fit."""
    axes = layer.weight.ndim - 2
    spatial = ", ".join(f"size_{i}" for i in range(1, axes + 1))
    return ShapeError(
        f"{layer._shown()} got an input of shape {x.shape}",
        why=f"its input is a batch with {inputs} channels: (N, {inputs}, {spatial})",
        repair="move the axes, or add one of length 1 for a batch or channel: x[None], x[:, None]",
    )


nondifferentiable(wrong_channels, kind=gives(ShapeError))


def _sizes(kernel: Any) -> tuple[int, ...]:
    return tuple(map(int, kernel)) if np.iterable(kernel) else (int(kernel),)


def _expect_multiples(layer: Conv, inputs: Any, outputs: Any, groups: int) -> None:
    if not all(isinstance(n, (int, np.integer)) and n > 0 for n in (inputs, outputs, groups)):
        raise ShapeError(
            f"{type(layer).__name__} from {inputs!r} to {outputs!r} channels",
            repair="write the kernel, the input channels and the output channels: (5, 5), 3, 7",
        )
    if inputs % groups or outputs % groups:
        raise ShapeError(
            f"{type(layer).__name__} from {inputs} to {outputs} channels in groups={groups}",
            why="each group has as many channels as the others",
            repair="both numbers of channels are multiples of groups",
        )


def _shown(layer: Any) -> str:
    """How a layer was made, as far as it is not by default."""
    inputs, outputs = layer._channels(layer.weight, layer.groups)
    kernel = tuple(layer.weight.shape[2:])
    parts = [str(kernel), str(inputs), str(outputs), *activation_shown(layer.sigma)]
    for name in ("stride", "dilation", "output_padding"):
        value = getattr(layer, name, None)
        if value is not None and set(value) != ({0} if name == "output_padding" else {1}):
            parts.append(f"{name}={_short(value)}")
    if layer.padding == "same":
        parts.append('padding="same"')
    elif any(map(any, layer.padding)):
        even = all(low == high for low, high in layer.padding)
        sides = tuple(low for low, _ in layer.padding) if even else layer.padding
        parts.append(f"padding={_short(sides)}")
    if layer.groups != 1:
        parts.append(f"groups={layer.groups}")
    if layer.bias is None:
        parts.append("bias=False")
    return f"{type(layer).__name__}({', '.join(parts)})"


def _short(value: tuple[Any, ...]) -> Any:
    """One number where it stands for all."""
    return value[0] if len(set(value)) == 1 and isinstance(value[0], int) else value
