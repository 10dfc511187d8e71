"""The generator of random numbers that layers and initialisers use unless they are given one."""

from __future__ import annotations

import numpy as np

__all__ = ["generator", "seed"]

_shared = np.random.default_rng()


def generator(rng: np.random.Generator | None = None) -> np.random.Generator:
    """`rng` itself, or the generator that all of `dpy.nn` shares."""
    return _shared if rng is None else rng


def seed(value: int | None = None) -> None:
    """Let the shared generator start anew, from fresh entropy if no seed is given.

    >>> seed(3)
    >>> first = generator().random()
    >>> seed(3)
    >>> generator().random() == first
    True
    """
    _shared.bit_generator.state = np.random.default_rng(value).bit_generator.state
