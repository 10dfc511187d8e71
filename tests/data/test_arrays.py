"""Batches, and helpers for arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

import dpy
from dpy import data


class Pair(NamedTuple):
    x: Any
    y: Any


@pytest.mark.parametrize(
    "items",
    [
        [1.0, 2.0],
        [np.ones(2), np.zeros(2)],
        [(1, "a"), (2, "b")],
        [{"x": np.ones(2), "y": ("t", 1)}, {"x": np.zeros(2), "y": ("u", 2)}],
        [Pair(1, np.ones(1)), Pair(2, np.ones(1))],
        ["text", "more"],
    ],
)
def test_batches_and_back(items: list[Any]) -> None:
    found = data.unbatch(data.batch(items))
    assert repr(found).replace("np.int64(", "(").replace("(1)", "1").replace("(2)", "2").replace(
        "np.float64(1.0)", "1.0").replace("np.float64(2.0)", "2.0") == repr(items)  # fmt: skip


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(dpy.DpyError, match=r"shapes \[\(1,\), \(2,\)\] cannot be stacked"):
        data.batch([np.ones(1), np.ones(2)])
    with pytest.raises(dpy.DpyError, match="no observations"):
        data.batch([])


def test_sequences_and_padding() -> None:
    found = data.batch_sequence([np.ones((2, 3)), np.ones((1, 3))], pad=7.0)
    assert found.shape == (2, 2, 3) and found[1, 1].tolist() == [7.0] * 3
    assert data.rpad_constant(np.ones((2, 2)), 3, axis=1).tolist() == [[1, 1, 0], [1, 1, 0]]
    assert data.rpad_constant(np.ones(3), 2).shape == (3,)


def test_chunks() -> None:
    assert [len(c) for c in data.chunk(list(range(10)), 3)] == [4, 4, 2]
    assert [c.shape for c in data.chunk(np.ones((2, 5)), size=2, axis=1)] == [
        (2, 2),
        (2, 2),
        (2, 1),
    ]
    assert data.chunk(range(6), size=[1, 2, 3]) == [range(1), range(1, 3), range(3, 6)]
    with pytest.raises(dpy.DpyError, match="do not make up 6 items"):
        data.chunk(range(6), size=[1, 2])
    with pytest.raises(dpy.DpyError, match="either the number of parts or their size"):
        data.chunk(range(6))


def test_groups() -> None:
    assert data.group_counts(np.array([3, 1, 3])) == {3: 2, 1: 1}
    assert data.group_indices(["x", "y", "x"]) == {"x": [0, 2], "y": [1]}


def test_stacks_and_axes() -> None:
    x = data.stack([np.ones(2), np.zeros(2)], axis=1)
    assert [part.tolist() for part in data.unstack(x, axis=1)] == [[1, 1], [0, 0]]
    assert data.unsqueeze(x, -1).shape == (2, 2, 1) and data.flatten(np.ones((3, 2, 2))).shape == (
        3,
        4,
    )


def test_scales_are_differentiable() -> None:
    x = np.random.default_rng(0).normal(size=(4, 3))
    z = data.normalise(x, axis=0)
    assert np.allclose(z.mean(0), 0) and np.allclose(z.std(0), 1, atol=1e-4)
    assert data.rescale(np.ones(3)).tolist() == [0.0] * 3
    assert data.rescale(x, axis=1, low=-1).min() == -1.0
    dpy.check_gradient(lambda x: np.sum(data.normalise(x) ** 3), x)
    dpy.check_gradient(lambda x: np.sum(data.rescale(x, axis=1) ** 2), x)
    assert data.normalise(x.astype(np.float32)).dtype == np.float32


def test_arrays_like_others() -> None:
    x = np.ones((2, 3), np.float32)
    assert data.fill_like(x, 2, shape=(4,)).tolist() == [2.0] * 4
    for f, wanted in ((data.zeros_like, 0), (data.ones_like, 1)):
        assert f(x).dtype == np.float32 and f(x).shape == (2, 3) and (f(x) == wanted).all()
    assert data.trues_like(x).all() and not data.falses_like(x, shape=2).any()
    for random in (data.rand_like, data.randn_like):
        assert random(x, rng=0).dtype == np.float32
        assert np.array_equal(random(x, rng=5), random(x, rng=np.random.default_rng(5)))
