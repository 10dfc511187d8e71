"""Reads and writes of arrays by index, without buffers."""

from __future__ import annotations

import numpy as np

from dpy.kinds import Array, Const, Number, Other, Tuple
from dpy.transform.adjoint.arrays import is_basic


def test_indices_that_give_views() -> None:
    assert is_basic(Tuple((Number(np.int64), Other(slice), Const(..., type(...)))))
    assert not is_basic(Tuple((Number(int), Array(np.dtype(int), 1))))
    assert not is_basic(Number(bool))
