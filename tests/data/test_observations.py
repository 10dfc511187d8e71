"""Data containers: counting, choosing, ordering and splitting observations."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

import dpy
from dpy.data import (
    DataLoader,
    ObsView,
    filterobs,
    getobs,
    groupobs,
    joinobs,
    kfolds,
    leavepout,
    mapobs,
    numobs,
    obsview,
    oversample,
    randobs,
    shuffleobs,
    slidingwindow,
    splitobs,
    undersample,
)


class Pair(NamedTuple):
    x: Any
    y: Any


class Squares:
    """Any object with these two methods."""

    def __len__(self) -> int:
        return 6

    def __getitem__(self, i: int) -> int:
        if not 0 <= i < 6:
            raise IndexError(i)
        return i * i


X, Y = np.arange(12.0).reshape(6, 2), list("abcabc")


@pytest.mark.parametrize(
    ("data", "one", "two"),
    [
        (X, [4.0, 5.0], [[4.0, 5.0], [0.0, 1.0]]),
        (Y, "c", ["c", "a"]),
        (Squares(), 4, [4, 0]),
        (mapobs(lambda x: -x, Squares()), -4, [-4, 0]),
        (obsview(Squares(), slice(0, 5)), 4, [4, 0]),
        (joinobs([0, 1], Squares(), [7]), 0, [0, 0]),
    ],
)
def test_one_and_several(data: Any, one: Any, two: Any) -> None:
    assert np.asarray(getobs(data, 2)).tolist() == one
    assert np.asarray(getobs(data, [2, 0])).tolist() == two
    assert np.asarray(getobs(data, np.array([2, 0]))).tolist() == two
    assert len(getobs(data, slice(1, 3))) == 2 and len(list(data)) == numobs(data)
    assert len(getobs(data)) == numobs(data)


def test_parts_in_parallel() -> None:
    pair = Pair(X, Y)
    found = getobs(pair, [1, 0])
    assert type(found) is Pair and found.y == ["b", "a"] and found.x[0, 0] == 2.0
    found = getobs({"x": X, "y": (Y, Squares())}, 3)
    assert found["x"].tolist() == [6.0, 7.0] and found["y"] == ("a", 9)
    assert numobs({"x": X, "y": (Y, Squares())}) == 6


@pytest.mark.parametrize("data", [np.float64(3), np.array(3.0), 5, "text", iter([1])])
def test_what_is_no_container(data: Any) -> None:
    with pytest.raises(dpy.DpyError, match="is no data container"):
        numobs(data)


def test_parts_of_different_lengths() -> None:
    with pytest.raises(dpy.DpyError, match=r"the parts of the data have \[6, 2\] observations"):
        DataLoader(X, [1, 2])
    with pytest.raises(dpy.DpyError, match=r"have \[\] observations"):
        numobs(())


def test_shuffling_keeps_pairs_together() -> None:
    view = shuffleobs((np.arange(50), np.arange(50) * 2), rng=3)
    x, y = getobs(view)
    assert sorted(x) == list(range(50)) != x.tolist() and np.array_equal(y, 2 * x)
    again = getobs(shuffleobs(np.arange(50), rng=np.random.default_rng(3)))
    assert np.array_equal(again, x)
    assert isinstance(obsview(view, [0]).data, tuple)  # views of views are views of the data


def test_random_draws() -> None:
    assert randobs([5]) == 5 and len(randobs(X, 20, rng=0)) == 20
    assert isinstance(randobs(Y, rng=1), str)


def test_splitting() -> None:
    parts = splitobs(np.arange(100), at=(0.5, 0.3))
    assert [len(part) for part in parts] == [50, 30, 20]
    assert np.concatenate([getobs(part) for part in parts]).tolist() == list(range(100))
    assert [len(p) for p in splitobs(np.arange(10), at=7)] == [7, 3]
    assert [len(p) for p in splitobs(np.arange(10), at=(2, 3))] == [2, 3, 5]
    a, b = splitobs(np.arange(10), shuffle=True, rng=0)
    assert sorted([*getobs(a), *getobs(b)]) == list(range(10)) and len(a) == 7
    for at in (1.5, -1, 11):
        with pytest.raises(dpy.DpyError, match="10 observations cannot be split at"):
            splitobs(np.arange(10), at=at)


def test_splitting_keeps_proportions() -> None:
    labels = np.array([0] * 80 + [1] * 20)
    for shuffle in (False, True):
        a, b = splitobs(labels, 0.75, shuffle=shuffle, stratified=labels, rng=1)
        assert np.bincount(getobs(a)).tolist() == [60, 15]
        assert np.bincount(getobs(b)).tolist() == [20, 5]
    with pytest.raises(dpy.DpyError, match="6 observations have 100 labels"):
        splitobs(X, stratified=labels)


def test_folds() -> None:
    folds = kfolds(np.arange(11), k=3)
    assert [len(v) for _, v in folds] == [4, 4, 3]
    for training, validation in folds:
        assert sorted([*getobs(training), *getobs(validation)]) == list(range(11))
    assert len(leavepout(np.arange(5))) == 5
    with pytest.raises(dpy.DpyError, match="cannot be split into 12 folds"):
        kfolds(np.arange(11), k=12)
    with pytest.raises(dpy.DpyError, match="4 of 5 observations cannot be left out"):
        leavepout(np.arange(5), 4)


def test_groups_filters_and_windows() -> None:
    groups = groupobs(lambda pair: pair[1], (X, Y))
    assert list(groups) == ["a", "b", "c"] and getobs(groups["b"])[0].tolist() == [[2, 3], [8, 9]]
    assert len(filterobs(lambda x: x > 4, Squares())) == 3
    windows = slidingwindow(np.arange(10), size=4, stride=3)
    assert [getobs(w).tolist() for w in windows] == [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8, 9]]


def test_rare_and_common_classes() -> None:
    x, y = np.arange(10), np.array([0] * 7 + [1] * 3)
    more, labels = oversample((x, y), rng=0)
    assert np.bincount(labels).tolist() == [7, 7] and set(more) == set(range(10))
    assert np.array_equal(labels, (more >= 7).astype(int))
    assert np.bincount(oversample((x, y), fraction=0.5)[1]).tolist() == [7, 4]
    fewer, labels = undersample(x, classes=y, rng=0), None
    assert sorted(fewer >= 7) == [False] * 3 + [True] * 3
    with pytest.raises(dpy.DpyError, match="classes of the observations are not known"):
        undersample(x)
    assert repr(ObsView(X, [0])) == "ObsView(ndarray, 1 observations)"
