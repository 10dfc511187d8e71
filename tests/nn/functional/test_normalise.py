"""normalise, and its gradient through values, mean and variance."""

from __future__ import annotations

import numpy as np
import pytest

import dpy
from dpy.nn import functional as F
from dpy.nn.functional.normalise import standardise


@pytest.mark.parametrize("axis", [-1, 0, (0, 2)])
def test_values_and_gradients(axis, rng) -> None:
    x, w = rng.normal(size=(2, 4, 3, 5)) * 3 + 1
    mean, var = x.mean(axis, keepdims=True), x.var(axis, keepdims=True)
    np.testing.assert_allclose(F.normalise(x, axis), (x - mean) / np.sqrt(var + 1e-5))
    np.testing.assert_allclose(F.normalise(x, axis, eps=1.0), (x - mean) / np.sqrt(var + 1))
    dpy.check_gradient(lambda x: (w * F.normalise(x, axis=axis, eps=1e-2)).sum(), x)

    def all_parts(x):
        y, m, v = standardise(x, axis, 1e-3)
        return (w * y).sum() + (m**2).sum() + (v * m).sum()

    dpy.check_gradient(all_parts, x)
    dpy.check_gradient(lambda x: (standardise(x, axis, 1e-3)[2] ** 2).sum(), x)


def test_float32_constant_and_empty_input() -> None:
    x = np.full((3, 4), 1e4, np.float32)
    value, (g,) = dpy.value_and_gradient(lambda x: (F.normalise(x) ** 2).sum(), x)
    assert g.dtype == np.float32
    assert value == 0
    assert np.isfinite(g).all()
    assert F.normalise(np.zeros((0, 4), np.float32)).shape == (0, 4)
