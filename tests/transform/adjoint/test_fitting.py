"""What must be done to a contribution before its operand can have it."""

from __future__ import annotations

import numpy as np

from dpy.kinds import Array
from dpy.transform.adjoint.fitting import is_same_field


def test_what_needs_a_projection() -> None:
    real, whole = Array(np.dtype(float), 1), Array(np.dtype(complex), 1)
    assert is_same_field(real, Array(np.dtype(np.float32), 2))
    assert is_same_field(whole, real)
    assert not is_same_field(real, whole)
