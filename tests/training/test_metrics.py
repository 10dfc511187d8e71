"""Metrics: every observation counts once."""

from __future__ import annotations

import numpy as np
import pytest

import dpy
from dpy.data import DataLoader, onehotbatch
from dpy.training import accuracy, mean_loss


def test_of_arrays() -> None:
    assert accuracy(np.eye(3), np.eye(3)) == 1.0
    assert accuracy(np.array([[0.9, 0.1], [0.2, 0.8]]), onehotbatch([0, 1], [0, 1])) == 1.0
    assert accuracy(np.eye(3).T, np.array([0, 1, 1]), axis=0) == pytest.approx(2 / 3)
    with pytest.raises(dpy.DpyError, match="scores of shape"):
        accuracy(np.eye(3), np.array([0, 1]))


@pytest.mark.parametrize("shuffle", [False, True])
def test_a_smaller_last_batch_counts_for_less(shuffle: bool) -> None:
    """Ten observations in batches of four: all right but the last two."""
    x, y = np.eye(2)[[0] * 10], np.array([0] * 8 + [1] * 2)
    loader = DataLoader((x, y), batchsize=4, shuffle=shuffle, rng=0)
    assert accuracy(lambda x: x, loader) == 0.8
    of_batches = np.mean([accuracy(a, b) for a, b in DataLoader((x, y), batchsize=4)])
    assert of_batches == pytest.approx(2 / 3)  # what the mean of the rates would say


def test_mean_loss_by_observations() -> None:
    loader = DataLoader((np.arange(10.0), np.zeros(10)), batchsize=4)
    assert mean_loss(lambda m, x, y: (np.mean(x - y), "more"), None, loader) == 4.5
    assert mean_loss(lambda m, k: k * 1.0, None, [1, 2]) == 1.5
    for f in (accuracy, lambda m, d: mean_loss(lambda m, x: 0.0, m, d)):
        with pytest.raises(dpy.DpyError, match="on no data"):
            f(lambda x: x, [])
