"""JSON that loses nothing."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.training.encoding import decoded, encoded

VALUES: list[Any] = [
    None, True, 3, 2**127 + 1, 0.1, -0.0, float("inf"), "text", 1 + 2j, np.float32(0.1),
    np.complex64(1 + 3j), np.int8(-3), np.bool_(True), (1, (2.5, None)), [1, [2]],
    {3: "a", "b": (1,)},
    np.arange(6.0).reshape(2, 3).T, np.array(2.5), np.zeros((0, 2), np.float16),
    np.array([1 + 2j, 3j]), np.array([True, False]), np.arange(3, dtype=np.uint64),
    np.array([1 + 2j], np.complex64).reshape(1, 1), np.arange(3.0).astype(">f8"),
    np.array(1j), np.random.MT19937(3).state, np.random.default_rng(3).bit_generator.state,
]  # fmt: skip


def same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype.newbyteorder(a.dtype.byteorder) and np.array_equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return type(a) is type(b) and repr(a) == repr(b)


@pytest.mark.parametrize("value", VALUES, ids=lambda v: type(v).__name__)
def test_round_trip(value: Any) -> None:
    assert same(value, decoded(json.loads(json.dumps(encoded(value)))))
    aside: dict[str, Any] = {}
    text = json.dumps(encoded(value, "x", aside))
    assert same(value, decoded(json.loads(text), aside))
    assert all(a.dtype.kind != "c" for a in aside.values())


@pytest.mark.parametrize(
    "value", [object(), np.tanh, np.array([None]), np.longdouble(1), np.array("a"), {1, 2}]
)
def test_what_cannot_be_saved(value: Any) -> None:
    with pytest.raises(dpy.DpyError, match="cannot be part of a checkpoint"):
        encoded(value)
