"""Layers that are one linear or bilinear map: Dense, Scale, Bilinear; and flatten.

Features are the last axis, and any number of batch axes come before it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dpy.nn.initialisers import create_bias, glorot_uniform, ones32
from dpy.nn.inputs import check_features, matched, wrong_features
from dpy.nn.show import layer_repr, name_of_callable

__all__ = ["Bilinear", "Dense", "Scale", "flatten", "identity"]


def identity(x: Any) -> Any:
    """`x` itself: the activation of a layer that has none."""
    return x


def flatten(x: Any) -> Any:
    """All axes but the first, the batch, made one.

    >>> flatten(np.ones((64, 1, 28, 28))).shape
    (64, 784)
    """
    return x.reshape(x.shape[0], int(np.prod(x.shape[1:])))


def activation_shown(sigma: Any) -> list[str]:
    """How a layer's activation is shown among its arguments: not at all if it has none."""
    return [] if sigma is identity else [name_of_callable(sigma)]


@dataclass(init=False, repr=False, eq=False)
class Dense:
    """``sigma(x @ weight.T + bias)``: shape ``(..., inputs)`` to ``(..., outputs)``.

    Args:
        inputs: how many features come in; or a pair ``(inputs, outputs)``; or the weight itself.
        outputs: how many go out; the bias, if `inputs` is the weight.
        sigma: the activation, any callable.
        bias: False for none, or an array.
        init: makes the weight from its shape ``(outputs, inputs)``.
        rng: the generator for `init`.
        weight: the weight, instead of `inputs`.

    Raises:
        ShapeError: (when called) the last axis of the input has another size.

    >>> layer = Dense(3, 2, np.tanh)
    >>> layer(np.ones((5, 4, 3), np.float32)).shape
    (5, 4, 2)
    >>> layer
    Dense(3, 2, tanh)   # 8 parameters
    """

    weight: Any
    bias: Any
    sigma: Callable[..., Any]

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        sigma: Any = identity,
        *,
        bias: Any = True,
        init: Callable[..., Any] = glorot_uniform,
        rng: np.random.Generator | None = None,
        weight: Any = None,
    ) -> None:
        if isinstance(inputs, tuple):  # (inputs, outputs), as Flux writes inputs => outputs
            sigma = outputs if callable(outputs) else sigma
            inputs, outputs = inputs
        elif inputs is not None and not isinstance(inputs, (int, np.integer)):
            weight = inputs
            bias = bias if outputs is None else outputs
        if weight is None:
            weight = init(outputs, inputs) if rng is None else init(outputs, inputs, rng=rng)
        self.weight = weight
        self.bias = create_bias(weight, bias, weight.shape[0])
        self.sigma = sigma

    def __call__(self, x: Any) -> Any:
        """The activation of the linear map."""
        weight = self.weight
        x = matched(x, weight)
        if x.shape[-1:] != weight.shape[1:]:
            raise wrong_features(self, x, weight.shape[1])
        y = x @ weight.T
        if self.bias is not None:
            y = y + self.bias
        return self.sigma(y)

    def _shown(self) -> str:
        outputs, inputs = self.weight.shape
        parts = [str(inputs), str(outputs), *activation_shown(self.sigma)]
        return f"Dense({', '.join(parts + ([] if self.bias is not None else ['bias=False']))})"

    __repr__ = layer_repr


@dataclass(init=False, repr=False, eq=False)
class Scale:
    """``sigma(scale * x + bias)``, elementwise with NumPy's broadcasting.

    Args:
        size: the shape of `scale` and `bias`, one integer for each axis; or the scale itself, and
            after it the bias and `sigma`, as far as they are given.
        sigma: the activation.
        bias: False for none, or an array.
        init: makes the scale from its shape.

    >>> Scale(np.array([1.0, 2.0]), False)(np.array([3.0, 4.0]))
    array([3., 8.])
    """

    scale: Any
    bias: Any
    sigma: Callable[..., Any]

    def __init__(
        self,
        *size: Any,
        sigma: Any = identity,
        bias: Any = True,
        init: Callable[..., Any] = ones32,
        scale: Any = None,
    ) -> None:
        if size and callable(size[-1]):
            *size, sigma = size  # type: ignore[assignment]
        if size and isinstance(size[0], np.ndarray):
            scale, *rest = size
            bias = rest[0] if rest else bias
        if scale is None:
            scale = init(*size)
        self.scale = scale
        self.bias = create_bias(scale, bias, *scale.shape)
        self.sigma = sigma

    def __call__(self, x: Any) -> Any:
        """The activation of the scaled and shifted input."""
        y = self.scale * matched(x, self.scale)
        if self.bias is not None:
            y = y + self.bias
        return self.sigma(y)

    def _shown(self) -> str:
        parts = [*map(str, self.scale.shape), *activation_shown(self.sigma)]
        return f"Scale({', '.join(parts + ([] if self.bias is not None else ['bias=False']))})"

    __repr__ = layer_repr


@dataclass(init=False, repr=False, eq=False)
class Bilinear:
    """``sigma(x^T W y + bias)``: shapes ``(..., m)`` and ``(..., n)`` to ``(..., outputs)``.

    Args:
        inputs: a pair ``(m, n)``, or one size for both; or the weight, shape ``(outputs, m, n)``.
        outputs: how many features go out.
        sigma: the activation.
        bias: False for none, or an array.
        init: makes the weight from its shape.
        rng: the generator for `init`.
        weight: the weight, instead of `inputs`.

    Raises:
        ShapeError: (when called) the last axis of an input has another size.

    Called with one input, or a pair, it takes that for both.

    >>> Bilinear((5, 5), 7)
    Bilinear((5, 5), 7)  # 182 parameters
    """

    weight: Any
    bias: Any
    sigma: Callable[..., Any]

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        sigma: Any = identity,
        *,
        bias: Any = True,
        init: Callable[..., Any] = glorot_uniform,
        rng: np.random.Generator | None = None,
        weight: Any = None,
    ) -> None:
        if isinstance(inputs, np.ndarray):
            weight = inputs
            bias = bias if outputs is None else outputs
        if weight is None:
            m, n = inputs if isinstance(inputs, tuple) else (inputs, inputs)
            weight = init(outputs, m, n) if rng is None else init(outputs, m, n, rng=rng)
        self.weight = weight
        self.bias = create_bias(weight, bias, weight.shape[0])
        self.sigma = sigma

    def __call__(self, x: Any, y: Any = None) -> Any:
        """The activation of the bilinear map."""
        if y is None:
            x, y = x if isinstance(x, tuple) else (x, x)
        weight = self.weight
        outputs, m, n = weight.shape
        x = matched(x, weight)
        y = matched(y, weight)
        check_features(self, x, m)
        check_features(self, y, n)
        rows = x @ weight.transpose(1, 0, 2).reshape(m, outputs * n)
        z = (rows.reshape(*x.shape[:-1], outputs, n) @ y[..., np.newaxis])[..., 0]
        if self.bias is not None:
            z = z + self.bias
        return self.sigma(z)

    def _shown(self) -> str:
        outputs, m, n = self.weight.shape
        parts = [f"({m}, {n})", str(outputs), *activation_shown(self.sigma)]
        return f"Bilinear({', '.join(parts + ([] if self.bias is not None else ['bias=False']))})"

    __repr__ = layer_repr
