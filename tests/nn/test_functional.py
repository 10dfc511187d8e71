"""Functional forms keep shapes and dtypes."""

from __future__ import annotations

import numpy as np
import pytest

from dpy.nn import functional


@pytest.mark.parametrize("name", ["relu", "sigmoid"])
def test_activations_keep_float32(name: str) -> None:
    assert getattr(functional, name)(np.ones(3, np.float32)).dtype == np.float32
