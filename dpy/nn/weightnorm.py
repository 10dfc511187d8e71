"""Weights as direction and length (Salimans and Kingma, 2016)."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from dpy.functors import fmap, is_array, rebuild
from dpy.nn.show import layer_repr, one_line

__all__ = ["WeightNorm", "remove_weight_norms"]


@dataclass(init=False, repr=False, eq=False)
class WeightNorm:
    """A layer whose weight is ``g * v / |v|``; direction `v` and length `g` are trained.

    Args:
        layer: any layer; its own array is taken as direction.
        which: the name of the array.
        axis: the axes along which the length of `v` is taken; by default that of the outputs, as in
            Flux.

    >>> from dpy.nn import Dense
    >>> layer = Dense(3, 2)
    >>> x = np.ones((1, 3), np.float32)
    >>> bool(np.allclose(WeightNorm(layer)(x), layer(x)))
    True
    """

    layer: Any
    g: Any
    which: str
    axis: int | tuple[int, ...]

    def __init__(self, layer: Any, which: str = "weight", axis: int | tuple[int, ...] = 0) -> None:
        v = getattr(layer, which)
        if not is_array(v):
            raise ValueError(f"{type(layer).__name__}.{which} is no array")
        self.layer = layer
        self.g = _length(v, axis)
        self.which = which
        self.axis = axis

    def plain(self) -> Any:
        """The layer with its weight put together."""
        v = getattr(self.layer, self.which)
        layer = copy.copy(self.layer)
        setattr(layer, self.which, self.g * v / _length(v, self.axis))
        return layer

    def __call__(self, *xs: Any) -> Any:
        """What the layer gives."""
        return self.plain()(*xs)

    def _shown(self) -> str:
        return f"WeightNorm({one_line(self.layer)}, {self.which!r})"

    __repr__ = layer_repr


def _length(v: Any, axis: int | tuple[int, ...]) -> Any:
    return np.sqrt(np.sum(np.square(v), axis=axis, keepdims=True))


def remove_weight_norms(model: Any) -> Any:
    """The model with plain layers in place of each `WeightNorm`.

    >>> from dpy.nn import Chain, Dense
    >>> type(remove_weight_norms(Chain(WeightNorm(Dense(3, 2))))[0]).__name__
    'Dense'
    """

    def plain(x: Any) -> Any:
        if not isinstance(x, WeightNorm):
            return x
        inner = remove_weight_norms(x.layer)
        return rebuild(x, {"layer": inner}).plain()

    return fmap(plain, model, exclude=lambda x: is_array(x) or isinstance(x, WeightNorm))
