"""Models in another floating-point type."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from dpy.functors import f16, f32, f64


@pytest.mark.parametrize(
    ("cast", "real", "pair"),
    [(f16, "e", "F"), (f32, "f", "F"), (f64, "d", "D")],
)
def test_types(cast: object, real: str, pair: str) -> None:
    old = SimpleNamespace(
        half=np.ones(2, np.float16),
        double=np.ones(2),
        pairs=np.ones(2, np.complex64),
        whole=np.arange(2),
        flags=np.ones(2, bool),
        rate=0.1,
    )
    new = cast(old)  # type: ignore[operator]
    assert new.half.dtype.char == new.double.dtype.char == real
    assert new.pairs.dtype.char == pair
    assert new.whole is old.whole and new.flags is old.flags and new.rate == 0.1
    assert new is not old and (new.double is old.double) == (real == "d")
