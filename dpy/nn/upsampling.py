"""Upsampling as layers; see `dpy.nn.functional.upsampling`. Inputs are ``(N, C, *spatial)``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dpy.nn.functional.upsampling import (
    pixel_shuffle,
    upsample_bilinear,
    upsample_linear,
    upsample_nearest,
    upsample_trilinear,
)

__all__ = ["PixelShuffle", "Upsample"]

_MODES = ("nearest", "linear", "bilinear", "trilinear")


@dataclass(repr=False)
class Upsample:
    """Larger images: elements repeated, or interpolated.

    Args:
        scale: new over old size; a number, or one for each spatial axis.
        mode: "nearest", "bilinear" (of images), "trilinear" (of volumes) or "linear" (of any).
        size: the new spatial size, instead of `scale`.
        align_corners: of interpolation: whether the first and last places stay what they are.

    Raises:
        ValueError: another mode.
        ShapeError: (when called) neither or both of `scale` and `size`, or they do not fit.

    >>> import numpy as np
    >>> Upsample((2, 3))(np.ones((1, 1, 2, 2))).shape
    (1, 1, 4, 6)
    >>> Upsample(mode="bilinear", size=(4, 5))
    Upsample(mode="bilinear", size=(4, 5))
    """

    scale: Any = None
    mode: str = "nearest"
    size: Any = None
    align_corners: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.scale, str):  # as in Flux, the mode may come first
            self.scale, self.mode = None, self.scale
        if self.mode not in _MODES:
            raise ValueError(f"mode={self.mode!r} is none of {', '.join(_MODES)}")

    def __call__(self, x: Any) -> Any:
        """The larger `x`."""
        if self.mode == "nearest":
            return upsample_nearest(x, self.scale, size=self.size)
        if self.mode == "bilinear":
            return upsample_bilinear(
                x, self.scale, size=self.size, align_corners=self.align_corners
            )
        if self.mode == "trilinear":
            return upsample_trilinear(
                x, self.scale, size=self.size, align_corners=self.align_corners
            )
        return upsample_linear(x, self.scale, size=self.size, align_corners=self.align_corners)

    def _shown(self) -> str:
        parts = [] if self.scale is None else [f"{self.scale}"]
        if self.mode != "nearest":
            parts.append(f'mode="{self.mode}"')
        if self.size is not None:
            parts.append(f"size={self.size}")
        if not self.align_corners:
            parts.append("align_corners=False")
        return f"Upsample({', '.join(parts)})"

    def __repr__(self) -> str:
        return self._shown()


@dataclass
class PixelShuffle:
    """Channels put side by side: ``(N, C * r**d, *spatial)`` to ``(N, C, *(r * spatial))``.

    >>> import numpy as np
    >>> PixelShuffle(2)(np.ones((1, 4, 2, 3))).shape
    (1, 1, 4, 6)
    """

    r: int

    def __call__(self, x: Any) -> Any:
        """The larger `x`."""
        return pixel_shuffle(x, self.r)

    def _shown(self) -> str:
        return f"PixelShuffle({self.r})"

    def __repr__(self) -> str:
        return self._shown()
