"""The generator that layers share."""

from __future__ import annotations

import numpy as np

from dpy import nn


def test_own_and_shared() -> None:
    own = np.random.default_rng(0)
    assert nn.generator(own) is own
    assert nn.generator() is nn.generator(None) is nn.rng_from_array(np.ones(2))


def test_seed() -> None:
    nn.seed(7)
    first = nn.glorot_uniform(3, 4)
    nn.seed(7)
    assert (nn.glorot_uniform(3, 4) == first).all()
    nn.seed()
    assert (nn.glorot_uniform(3, 4) != first).any()
