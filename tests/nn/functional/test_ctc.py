"""The rule of CTC; what it computes is tested with the losses."""

from __future__ import annotations

import numpy as np

import dpy
from dpy.nn.functional.ctc import ctc_losses


def test_pullbacks_can_be_repeated_and_weigh_examples(rng) -> None:
    x = rng.normal(size=(2, 4, 3))
    y, back = dpy.pullback(lambda x: ctc_losses(x, [[0], [1, 0]]), x)
    (first,) = back(np.array([1.0, 0.0]))
    (both,) = back(np.array([1.0, 2.0]))
    assert y.shape == (2,)
    assert not first[1].any()
    np.testing.assert_array_equal(both[0], first[0])
    np.testing.assert_allclose(first.sum(-1), 0, atol=1e-12)
