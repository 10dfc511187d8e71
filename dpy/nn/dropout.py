"""Dropout layers: noise in training, nothing otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dpy.adjoints.registry import nondifferentiable
from dpy.nn.functional._kinds import two_like_first
from dpy.nn.functional.normalise import drawn, dropout
from dpy.nn.modes import is_training
from dpy.nn.show import layer_repr

__all__ = ["AlphaDropout", "Dropout"]

_ALPHA = -1.7580993408473766  # what selu tends to for small arguments


def _check_probability(p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"Dropout expects 0 <= p <= 1, got p = {p}")


def _shown(name: str, layer: Any, parts: list[str]) -> str:
    if layer.active is not None:
        parts = [*parts, f"active={layer.active}"]
    return f"{name}({', '.join(parts)})"


@dataclass(init=False, repr=False, eq=False)
class Dropout:
    """In training, zeroes items with probability `p` and divides the others by ``1 - p``.

    Otherwise it gives its input back. Training is switched on while a run is being differentiated,
    or by `active` (see `dpy.nn.testmode`).

    Args:
        p: the share that is dropped.
        axis: along which items are dropped one by one, by default all axes.
        active: True, False, or None for automatic.
        rng: the generator, by default that of `dpy.nn`.

    >>> layer = Dropout(0.4, active=True)
    >>> sorted(set(layer(np.ones(1000, np.float32)).tolist()))
    [0.0, 1.6666666269302368]
    """

    p: float
    axis: int | tuple[int, ...] | None
    active: bool | None
    rng: np.random.Generator | None

    __trainable__ = ()

    def __init__(
        self,
        p: float,
        *,
        axis: int | tuple[int, ...] | None = None,
        active: bool | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        _check_probability(p)
        self.p = p
        self.axis = axis
        self.active = active
        self.rng = rng

    def __call__(self, x: Any) -> Any:
        """The input, with items dropped in training."""
        if is_training(self):
            return dropout(x, self.p, axis=self.axis, rng=self.rng)
        return x

    def _shown(self) -> str:
        axis = [] if self.axis is None else [f"axis={self.axis}"]
        return _shown("Dropout", self, [str(self.p), *axis])

    __repr__ = layer_repr


@dataclass(init=False, repr=False, eq=False)
class AlphaDropout:
    """Dropout for `selu`: mean and variance are kept (Klambauer et al., 2017).

    Args:
        p: the share that is dropped.
        active: True, False, or None for automatic.
        rng: the generator, by default that of `dpy.nn`.
    """

    p: float
    active: bool | None
    rng: np.random.Generator | None

    __trainable__ = ()

    def __init__(
        self,
        p: float,
        *,
        active: bool | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        _check_probability(p)
        self.p = p
        self.active = active
        self.rng = rng

    def __call__(self, x: Any) -> Any:
        """The input, with items replaced by the low end of `selu` in training."""
        if not is_training(self) or self.p == 0:
            return x
        kept, rest = alpha_mask(x, self.p, self.rng)
        return x * kept + rest

    def _shown(self) -> str:
        return _shown("AlphaDropout", self, [str(self.p)])

    __repr__ = layer_repr


def alpha_mask(x: Any, p: float, rng: Any) -> tuple[Any, Any]:
    """Factor and summand of `AlphaDropout`, in the dtype of `x`."""
    dtype = x.dtype
    if p == 1:
        return np.zeros_like(x), np.zeros_like(x)
    kept = drawn(x, None, rng) >= p
    a = 1 / np.sqrt((1 - p) * (1 + p * _ALPHA**2))
    b = -a * _ALPHA * p
    factor = np.where(kept, a, 0.0).astype(dtype)
    return factor, np.where(kept, b, a * _ALPHA + b).astype(dtype)


nondifferentiable(alpha_mask, kind=two_like_first)
