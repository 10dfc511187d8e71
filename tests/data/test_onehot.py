"""One-hot arrays: rows J6 and J7 of the feature table, and lazy ones in products."""

from __future__ import annotations

import numpy as np
import pytest

import dpy
from dpy.data import OneHotArray, onecold, onehot, onehotbatch


def test_labels_and_back() -> None:
    assert onehot("b", ["a", "b", "c"]).tolist() == [False, True, False]
    assert onecold(np.array([0.3, 0.2, 0.5]), ["a", "b", "c"]) == "c"
    labels = np.random.default_rng(0).integers(1, 11, 128)
    batch = onehotbatch(labels, range(1, 11))
    assert batch.shape == (128, 10) and batch.dtype == bool and (batch.sum(1) == 1).all()
    assert np.array_equal(onecold(batch, range(1, 11)), labels)
    assert onecold(onehotbatch("bab", "abc"), list("abc")).tolist() == ["b", "a", "b"]
    assert onehotbatch(labels.reshape(2, 64), range(11)).shape == (2, 64, 11)
    assert onecold(batch.T, axis=0).tolist() == (labels - 1).tolist()
    assert onehotbatch([], "ab").shape == (0, 2)


def test_unknown_labels() -> None:
    with pytest.raises(dpy.DpyError, match=r"'x' is none of the 2 classes \['a', 'b'\]"):
        onehotbatch(["a", "x"], "ab")
    assert onehotbatch(["a", "x"], "abz", default="z").argmax(1).tolist() == [0, 2]
    with pytest.raises(dpy.DpyError, match="stands twice"):
        onehot("a", "aba")
    with pytest.raises(dpy.DpyError, match="outside of 3 classes"):
        OneHotArray(np.array([3]), 3)


def test_a_lazy_array_is_the_same_array() -> None:
    rng = np.random.default_rng(1)
    lazy, whole = (onehotbatch("bca", "abcd", lazy=flag) for flag in (True, False))
    W, V = rng.normal(size=(4, 5)), rng.normal(size=(5, 4))
    assert lazy.shape == whole.shape and len(lazy) == 3 and lazy.ndim == 2 and lazy.dtype == bool
    assert np.array_equal(np.asarray(lazy), whole) and np.array_equal(np.array(lazy.T), whole.T)
    assert np.array_equal(lazy @ W, whole @ W) and np.array_equal(V @ lazy.T, V @ whole.T)
    assert np.allclose(V[:, :3] @ lazy, V[:, :3] @ whole) and np.allclose(
        lazy.T @ V[:3], whole.T @ V[:3]
    )
    assert np.array_equal(np.matmul(lazy, W), whole @ W) and np.array_equal(lazy * 2.0, whole * 2.0)
    assert np.array_equal(np.exp(lazy), np.exp(whole)) and np.sum(lazy) == 3
    assert np.array_equal(lazy[1:] @ W, whole[1:] @ W) and lazy[0, 1] and lazy.T.shape == (4, 3)
    assert np.array_equal(lazy[0] @ W, W[1]) and np.array_equal(onecold(lazy), whole.argmax(1))
    assert np.array_equal(V[0] @ lazy.T, V[0] @ whole.T)
    assert "OneHotArray" in repr(lazy)
    with pytest.raises(dpy.DpyError, match="of 4 classes and a factor of shape"):
        lazy @ V
    with pytest.raises(dpy.DpyError, match="not transposed lazily"):
        OneHotArray(np.zeros((2, 2), int), 3).T


def test_gradients_through_lazy_arrays() -> None:
    rng = np.random.default_rng(2)
    lazy = onehotbatch("bcab", "abcd", lazy=True)
    W, V = rng.normal(size=(4, 3)), rng.normal(size=(3, 4))
    for loss in (
        lambda W: np.sum(np.tanh(lazy @ W) ** 2),
        lambda W: np.sum((lazy.T @ np.ones((4, 3))) * W**2),
    ):
        dpy.check_gradient(loss, W)
    dpy.check_gradient(lambda V: np.sum((V @ lazy.T) ** 3), V)
    dpy.check_gradient(lambda W: -np.sum(lazy * (W.T @ W)[0, 0] * np.ones((4, 4))), W)
