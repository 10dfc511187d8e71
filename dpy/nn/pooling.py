"""Pools as layers; see `dpy.nn.functional.pooling`. Inputs are ``(N, C, *spatial)``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dpy.nn.functional.pooling import (
    adaptive_maxpool,
    adaptive_meanpool,
    global_maxpool,
    global_meanpool,
    maxpool,
    meanpool,
)

__all__ = [
    "AdaptiveMaxPool", "AdaptiveMeanPool", "GlobalMaxPool", "GlobalMeanPool", "MaxPool", "MeanPool",
]  # fmt: skip


@dataclass(repr=False)
class MaxPool:
    """The greatest element of each window.

    Args:
        window: its extent; one integer, or one for each spatial axis.
        stride: the distance of neighbouring windows; by default they lie side by side.
        padding: as for `Conv`; it is never the greatest.

    Raises:
        ShapeError: (when called) no window fits.

    >>> import numpy as np
    >>> MaxPool((2, 2))(np.ones((1, 3, 10, 8))).shape
    (1, 3, 5, 4)
    >>> MaxPool((2, 2), stride=1)
    MaxPool((2, 2), stride=1)
    """

    window: Any
    stride: Any = None
    padding: Any = 0

    def __call__(self, x: Any) -> Any:
        """The pool of `x`."""
        return maxpool(x, self.window, stride=self.stride, padding=self.padding)

    def _shown(self) -> str:
        return _shown(self)

    def __repr__(self) -> str:
        return self._shown()


@dataclass(repr=False)
class MeanPool:
    """The mean of each window; the arguments are those of `MaxPool`, and padding counts as zeros.

    >>> import numpy as np
    >>> MeanPool(2)(np.array([[[1.0, 3.0, 5.0, 5.0]]]))
    array([[[2., 5.]]])
    """

    window: Any
    stride: Any = None
    padding: Any = 0

    def __call__(self, x: Any) -> Any:
        """The pool of `x`."""
        return meanpool(x, self.window, stride=self.stride, padding=self.padding)

    def _shown(self) -> str:
        return _shown(self)

    def __repr__(self) -> str:
        return self._shown()


@dataclass
class AdaptiveMaxPool:
    """`MaxPool` with windows that give `out` places along each axis.

    >>> import numpy as np
    >>> AdaptiveMaxPool((25, 25))(np.ones((1, 3, 100, 100))).shape
    (1, 3, 25, 25)
    """

    out: Any

    def __call__(self, x: Any) -> Any:
        """The pool of `x`."""
        return adaptive_maxpool(x, self.out)

    def _shown(self) -> str:
        return f"AdaptiveMaxPool({self.out})"

    def __repr__(self) -> str:
        return self._shown()


@dataclass
class AdaptiveMeanPool:
    """`MeanPool` with windows that give `out` places along each axis.

    >>> AdaptiveMeanPool(7)
    AdaptiveMeanPool(7)
    """

    out: Any

    def __call__(self, x: Any) -> Any:
        """The pool of `x`."""
        return adaptive_meanpool(x, self.out)

    def _shown(self) -> str:
        return f"AdaptiveMeanPool({self.out})"

    def __repr__(self) -> str:
        return self._shown()


@dataclass
class GlobalMaxPool:
    """The greatest element of each channel: ``(N, C, 1, ..., 1)``.

    >>> GlobalMaxPool()
    GlobalMaxPool()
    """

    def __call__(self, x: Any) -> Any:
        """The pool of `x`."""
        return global_maxpool(x)


@dataclass
class GlobalMeanPool:
    """The mean of each channel: ``(N, C, 1, ..., 1)``.

    >>> import numpy as np
    >>> GlobalMeanPool()(np.array([[[1.0, 3.0]]]))
    array([[[2.]]])
    """

    def __call__(self, x: Any) -> Any:
        """The pool of `x`."""
        return global_meanpool(x)


def _shown(pool: Any) -> str:
    parts = [str(pool.window)]
    if pool.stride is not None and pool.stride != pool.window:
        parts.append(f"stride={pool.stride}")
    if pool.padding != 0:
        parts.append(f"padding={pool.padding!r}")
    return f"{type(pool).__name__}({', '.join(parts)})"
