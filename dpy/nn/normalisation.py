"""Layers that normalise: over the batch, the features, each image, or groups of channels.

Channels are axis 1, behind the batch, except for `LayerNorm`, whose features are the last axes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dpy.adjoints.registry import nondifferentiable
from dpy.errors import ShapeError
from dpy.nn.basic import Scale, activation_shown, identity
from dpy.nn.functional._kinds import gives
from dpy.nn.functional.normalise import along, grouped, normalise, standardise
from dpy.nn.initialisers import ones32, zeros32
from dpy.nn.inputs import matched
from dpy.nn.modes import is_training
from dpy.nn.show import layer_repr, one_line

__all__ = ["BatchNorm", "GroupNorm", "InstanceNorm", "LayerNorm"]


class _Channels:
    """What the layers with parameters for each channel share."""

    sigma: Callable[..., Any]
    beta: Any
    gamma: Any
    mean: Any
    var: Any
    eps: float
    momentum: float
    affine: bool
    track_stats: bool
    active: bool | None
    channels: int
    axis: int

    __trainable__ = ("beta", "gamma")

    def _set(
        self,
        channels: int,
        sigma: Any,
        *,
        affine: bool,
        track_stats: bool,
        init_beta: Any,
        init_gamma: Any,
        eps: float,
        momentum: float,
        active: bool | None,
        axis: int,
    ) -> None:
        self.sigma = sigma
        self.beta = init_beta(channels) if affine else None
        self.gamma = init_gamma(channels) if affine else None
        self.mean = zeros32(channels) if track_stats else None
        self.var = ones32(channels) if track_stats else None
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_stats = track_stats
        self.active = active
        self.channels = channels
        self.axis = axis

    def _finished(self, y: Any) -> Any:
        """The parameters of each channel, and the activation."""
        if self.gamma is not None:
            y = y * along(self.gamma, y, self.axis) + along(self.beta, y, self.axis)
        return self.sigma(y)

    def _by_running_stats(self, x: Any) -> Any:
        sd = np.sqrt(self.var + self.eps)
        return (x - along(self.mean, x, self.axis)) / along(sd, x, self.axis)

    def _options(self) -> list[str]:
        found = [] if self.affine == _AFFINE[type(self).__name__] else [f"affine={self.affine}"]
        if self.track_stats != (type(self).__name__ == "BatchNorm"):
            found.append(f"track_stats={self.track_stats}")
        return found + ([] if self.active is None else [f"active={self.active}"])

    def _shown(self) -> str:
        parts = [str(self.channels), *activation_shown(self.sigma), *self._options()]
        return f"{type(self).__name__}({', '.join(parts)})"

    __repr__ = layer_repr


_AFFINE = {"BatchNorm": True, "InstanceNorm": False, "GroupNorm": True}


def _check(layer: Any, x: Any, is_of_batch: bool) -> None:
    """The number of channels; and more than one value for each where their variance is taken."""
    shape, axis, n = np.shape(x), layer.axis, layer.channels
    if not -len(shape) <= axis < len(shape) or len(shape) < 2 or shape[axis] != n:
        raise ShapeError(
            f"{one_line(layer)} got an input of shape {shape}",
            why=f"it needs {n} channels in axis {axis}; the batch is the first axis",
        )
    if is_of_batch and math.prod(shape) <= n:
        raise ShapeError(
            f"{one_line(layer)} got one value for each channel (or none), in training",
            why="the variance of one value is 0",
            repair="use larger batches, or test mode",
        )


def _track(layer: Any, mean: Any, var: Any, n: int) -> None:
    """Move the running mean and variance towards those of a batch of `n` values per channel."""
    m = layer.momentum
    layer.mean += m * (mean.reshape(-1) - layer.mean)
    layer.var += m * (var.reshape(-1) * (n / max(1, n - 1)) - layer.var)


nondifferentiable(_check, _track, kind=gives(type(None)))


def _others(x: Any, axis: int) -> tuple[int, ...]:
    """All axes but this one."""
    return tuple(i for i in range(x.ndim) if i != axis % x.ndim)


nondifferentiable(_others, kind=gives(tuple))


@dataclass(init=False, repr=False, eq=False)
class BatchNorm(_Channels):
    """Normalises each channel over the batch and all places (Ioffe and Szegedy, 2015).

    In training by the mean and variance of the batch, which running ones follow; otherwise by
    these. Shape ``(N, C, ...)`` to the same.

    Args:
        channels: how many there are.
        sigma: the activation.
        affine: whether each channel has a scale `gamma` and an offset `beta`, which are trained.
        track_stats: whether there are a running `mean` and `var`; without, those of the batch are
            always used.
        init_beta: makes the offset.
        init_gamma: makes the scale.
        eps: added to the variance.
        momentum: how far the running ones move in each step.
        active: True, False, or None for automatic (see `dpy.nn.testmode`).
        axis: of the channels.

    Raises:
        ShapeError: (when called) the channels are not as many; or in training, there is one value
            for each channel.

    >>> BatchNorm(64, np.tanh)
    BatchNorm(64, tanh)  # 128 parameters, plus 128 non-trainable
    """

    sigma: Callable[..., Any]
    beta: Any
    gamma: Any
    mean: Any
    var: Any
    eps: float
    momentum: float
    affine: bool
    track_stats: bool
    active: bool | None
    channels: int
    axis: int

    def __init__(
        self,
        channels: int,
        sigma: Callable[..., Any] = identity,
        *,
        affine: bool = True,
        track_stats: bool = True,
        init_beta: Callable[..., Any] = zeros32,
        init_gamma: Callable[..., Any] = ones32,
        eps: float = 1e-5,
        momentum: float = 0.1,
        active: bool | None = None,
        axis: int = 1,
    ) -> None:
        self._set(
            channels, sigma, affine=affine, track_stats=track_stats, init_beta=init_beta,
            init_gamma=init_gamma, eps=eps, momentum=momentum, active=active, axis=axis,
        )  # fmt: skip

    def __call__(self, x: Any) -> Any:
        """The normalised input."""
        if self.gamma is not None:
            x = matched(x, self.gamma)
        training = is_training(self)
        if training or not self.track_stats:
            _check(self, x, True)
            y, mean, var = standardise(x, _others(x, self.axis), self.eps)
            if self.track_stats:
                _track(self, mean, var, x.size // self.channels)
        else:
            _check(self, x, False)
            y = self._by_running_stats(x)
        return self._finished(y)


@dataclass(init=False, repr=False, eq=False)
class InstanceNorm(_Channels):
    """Normalises each channel of each example over its places (Ulyanov et al., 2016).

    With ``track_stats=True``, running means and variances follow in training, and are used
    otherwise. Shape ``(N, C, ...)`` to the same. The arguments are those of `BatchNorm`.

    >>> InstanceNorm(3)(np.array([[[1.0, 3.0], [1.0, 5.0], [0.0, 1.0]]])).round(2).tolist()
    [[[-1.0, 1.0], [-1.0, 1.0], [-1.0, 1.0]]]
    """

    sigma: Callable[..., Any]
    beta: Any
    gamma: Any
    mean: Any
    var: Any
    eps: float
    momentum: float
    affine: bool
    track_stats: bool
    active: bool | None
    channels: int
    axis: int

    def __init__(
        self,
        channels: int,
        sigma: Callable[..., Any] = identity,
        *,
        affine: bool = False,
        track_stats: bool = False,
        init_beta: Callable[..., Any] = zeros32,
        init_gamma: Callable[..., Any] = ones32,
        eps: float = 1e-5,
        momentum: float = 0.1,
        active: bool | None = None,
    ) -> None:
        self._set(
            channels, sigma, affine=affine, track_stats=track_stats, init_beta=init_beta,
            init_gamma=init_gamma, eps=eps, momentum=momentum, active=active, axis=1,
        )  # fmt: skip

    def __call__(self, x: Any) -> Any:
        """The normalised input."""
        if self.gamma is not None:
            x = matched(x, self.gamma)
        _check(self, x, False)
        if not self.track_stats:
            return self._finished(grouped(x, self.channels, self.eps))
        if is_training(self):
            y = grouped(x, self.channels, self.eps)
            _track_instances(self, x)
        else:
            y = self._by_running_stats(x)
        return self._finished(y)


def _track_instances(layer: Any, x: Any) -> None:
    """Follow the mean over the batch of each example's mean and variance."""
    rows = x.reshape(x.shape[0], x.shape[1], -1)
    _track(layer, rows.mean(-1).mean(0), rows.var(-1).mean(0), rows.shape[-1])


nondifferentiable(_track_instances, kind=gives(type(None)))


@dataclass(init=False, repr=False, eq=False)
class GroupNorm(_Channels):
    """Normalises groups of channels of each example over their places (Wu and He, 2018).

    Args:
        channels: how many there are.
        groups: how many groups of them; a divisor of `channels`.
        sigma: the activation.
        affine: whether each channel has a scale `gamma` and an offset `beta`.
        init_beta: makes the offset.
        init_gamma: makes the scale.
        eps: added to the variance.

    Raises:
        ShapeError: the channels cannot be put in groups; (when called) they are not as many.

    >>> GroupNorm(32, 16)
    GroupNorm(32, 16)   # 64 parameters
    """

    sigma: Callable[..., Any]
    beta: Any
    gamma: Any
    mean: Any
    var: Any
    eps: float
    momentum: float
    affine: bool
    track_stats: bool
    active: bool | None
    channels: int
    axis: int
    groups: int

    def __init__(
        self,
        channels: int,
        groups: int,
        sigma: Callable[..., Any] = identity,
        *,
        affine: bool = True,
        init_beta: Callable[..., Any] = zeros32,
        init_gamma: Callable[..., Any] = ones32,
        eps: float = 1e-5,
    ) -> None:
        if channels % groups:
            raise ShapeError(f"{channels} channels cannot be put in {groups} groups of one size")
        self._set(
            channels, sigma, affine=affine, track_stats=False, init_beta=init_beta,
            init_gamma=init_gamma, eps=eps, momentum=0.1, active=None, axis=1,
        )  # fmt: skip
        self.groups = groups

    def __call__(self, x: Any) -> Any:
        """The normalised input."""
        if self.gamma is not None:
            x = matched(x, self.gamma)
        _check(self, x, False)
        return self._finished(grouped(x, self.groups, self.eps))

    def _shown(self) -> str:
        parts = [str(self.channels), str(self.groups), *activation_shown(self.sigma)]
        return f"GroupNorm({', '.join(parts + self._options())})"


@dataclass(init=False, repr=False, eq=False)
class LayerNorm:
    """Normalises each example over its features, the last axes (Ba et al., 2016).

    Args:
        size: the sizes of these axes.
        sigma: the activation.
        affine: whether each feature has a scale and an offset, a `Scale` in the field `diag`.
        eps: added to the variance.

    Raises:
        ShapeError: (when called) the last axes have other sizes.

    >>> LayerNorm(2)(np.array([[1.0, 3.0], [10.0, 30.0]], np.float32)).round(2).tolist()
    [[-1.0, 1.0], [-1.0, 1.0]]
    """

    diag: Scale | None
    sigma: Callable[..., Any]
    size: tuple[int, ...]
    eps: float

    def __init__(
        self,
        *size: Any,
        sigma: Callable[..., Any] = identity,
        affine: bool = True,
        eps: float = 1e-5,
    ) -> None:
        if size and callable(size[-1]):
            *size, sigma = size  # type: ignore[assignment]
        if len(size) == 1 and isinstance(size[0], tuple):
            size = size[0]
        self.size = tuple(size)
        self.diag = Scale(*size) if affine else None
        self.sigma = sigma
        self.eps = eps

    def __call__(self, x: Any) -> Any:
        """The normalised input."""
        if self.diag is not None:
            x = matched(x, self.diag.scale)
        _check_last(self, x)
        y = normalise(x, _last(self), self.eps)
        if self.diag is not None:
            y = self.diag(y)
        return self.sigma(y)

    def _shown(self) -> str:
        parts = [*map(str, self.size), *activation_shown(self.sigma)]
        return (
            f"LayerNorm({', '.join(parts + ([] if self.diag is not None else ['affine=False']))})"
        )

    __repr__ = layer_repr


def _last(layer: Any) -> tuple[int, ...]:
    return tuple(range(-len(layer.size), 0))


def _check_last(layer: Any, x: Any) -> None:
    shape = np.shape(x)
    if shape[len(shape) - len(layer.size) :] != layer.size:
        raise ShapeError(
            f"{one_line(layer)} got an input of shape {shape}",
            why=f"its last axes need the sizes {layer.size}",
        )


nondifferentiable(_last, kind=gives(tuple))
nondifferentiable(_check_last, kind=gives(type(None)))
