"""Where output arrays stand among the arguments."""

from __future__ import annotations

import numpy as np
import pytest

from dpy.adjoints.outputs import places_of_outputs
from dpy.adjoints.registry import lookup


@pytest.mark.parametrize(
    ("function", "places"),
    [
        (np.add, [2]), (np.sin, [1]), (np.modf, [1, 2]), (np.matmul, [2]), (np.sum, [3]),
        (np.ndarray.sum, [3]), (np.dot, [2]), (np.round, [2]), (np.ndarray.round, [2]),
        (np.argmax, [2]), (np.ufunc.reduce, [4]), (np.einsum, []), (np.reshape, []),
        (np.concatenate, [2]), (np.isreal, []),
    ],
)  # fmt: skip
def test_places(function, places) -> None:
    assert list(places_of_outputs(lookup(function))) == places


def test_outputs_of_a_call() -> None:
    rule = lookup(np.sum)
    assert rule.outputs(("a", 0, None, "b"), {}) == [(3, "b")]
    assert rule.outputs(("a", 0, None, None), {}) == []
    assert rule.outputs(("a",), {"out": "b"}) == [("out", "b")]
    assert rule.outputs(("a",), {"out": None}) == []
    assert lookup(np.modf).outputs((1.0,), {"out": (None, None)}) == []
