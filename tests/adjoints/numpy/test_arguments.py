"""The shared checks in arguments.py."""

from __future__ import annotations

import numpy as np
import pytest

from dpy.adjoints.numpy.arguments import dtype_of, no_out
from dpy.errors import UnsupportedSyntaxError


def test_an_out_array_is_refused_with_the_way_to_write_it() -> None:
    assert no_out(None) is None
    with pytest.raises(UnsupportedSyntaxError, match=r"out\[\.\.\.\] ="):
        no_out(np.zeros(2))


@pytest.mark.parametrize(
    ("x", "dtype"),
    [(np.float32(1), "f4"), (np.zeros(1, "c8"), "c8"), ([1, 2], int), (1.5, float), (1j, complex)],
)
def test_dtype_of(x: object, dtype: object) -> None:
    assert dtype_of(x) == np.dtype(dtype)  # type: ignore[call-overload]
