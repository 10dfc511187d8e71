"""Batches by `DataLoader`: rows J1 to J5 of the feature table, workers, and going on."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.data import DataLoader, eachobs

X, Y = np.arange(256.0).reshape(128, 2), np.arange(128)


def test_the_two_forms_are_equal() -> None:
    tuple_form = list(DataLoader((X, Y), batchsize=16, shuffle=True, rng=1))
    older_form = list(DataLoader(X, Y, batchsize=16, shuffle=True, rng=1))
    assert len(tuple_form) == 8 and tuple_form[0][0].shape == (16, 2)
    for (a, b), (c, d) in zip(tuple_form, older_form, strict=True):
        assert np.array_equal(a, c) and np.array_equal(b, d)


def test_partial_batches() -> None:
    loader = DataLoader(np.arange(10), batchsize=4)
    assert len(loader) == 3 and [b.tolist() for b in loader] == [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9],
    ]
    loader = DataLoader(np.arange(10), batchsize=4, partial=False)
    assert len(loader) == 2 and [len(b) for b in loader] == [4, 4]
    assert list(DataLoader(np.arange(3), batchsize=4, partial=False)) == []
    assert len(DataLoader(np.broadcast_to(np.float32(0), (60000, 28, 28)), batchsize=32)) == 1875


def test_shuffling_anew_in_each_pass() -> None:
    loader = DataLoader((X, Y), batchsize=50, shuffle=True, rng=0)
    passes = [np.concatenate([y for _, y in loader]) for _ in range(2)]
    assert not np.array_equal(*passes) and sorted(passes[0]) == sorted(passes[1]) == list(
        range(128)
    )
    for x, y in loader:
        assert np.array_equal(x[:, 0], 2 * y)


def test_batches_fit_the_arguments_of_a_loss() -> None:
    def loss(x: Any, y: Any) -> Any:
        return np.sum(x) + np.sum(y)

    loader = DataLoader((X, Y), batchsize=2)
    assert loss(*next(iter(loader))) == 0 + 1 + 2 + 3 + 0 + 1


class Text:
    def __len__(self) -> int:
        return 5

    def __getitem__(self, i: int) -> Any:
        return np.full(2, i), f"t{i}"


def test_observations_are_put_together() -> None:
    x, names = next(iter(DataLoader(Text(), batchsize=3)))
    assert x.tolist() == [[0, 0], [1, 1], [2, 2]] and names == ["t0", "t1", "t2"]
    found = next(iter(DataLoader({"x": X[:5], "t": Text()}, batchsize=2)))
    assert found["x"].shape == (2, 2) and found["t"][1] == ["t0", "t1"]
    items = next(iter(DataLoader(Text(), batchsize=2, collate=False)))
    assert [name for _, name in items] == ["t0", "t1"]
    names = list(DataLoader(Text(), batchsize=2, collate=lambda xs: "".join(n for _, n in xs)))
    assert names == ["t0t1", "t2t3", "t4"]
    found = next(iter(DataLoader((X, list("ab" * 64)), batchsize=2, collate=True)))
    assert found[0].shape == (2, 2) and found[1] == ["a", "b"]


def test_single_observations() -> None:
    assert [name for _, name in eachobs(Text())] == ["t0", "t1", "t2", "t3", "t4"]
    loader = DataLoader(Text(), batchsize=None, shuffle=True, rng=0)
    assert sorted(name for _, name in loader) == ["t0", "t1", "t2", "t3", "t4"] and len(loader) == 5
    assert next(iter(DataLoader(X))).shape == (1, 2)


class Slow(Text):
    def __init__(self) -> None:
        self.threads: set[str] = set()

    def __getitem__(self, i: int) -> Any:
        self.threads.add(threading.current_thread().name)
        if i == 77:
            raise ValueError("observation 77 is broken")
        return super().__getitem__(i)

    def __len__(self) -> int:
        return 100


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_give_the_same_batches_in_order(workers: int) -> None:
    data = Slow()
    options: dict[str, Any] = {"batchsize": 7, "shuffle": True, "rng": 4, "partial": False}
    view = dpy.data.ObsView(data, range(70))
    plain, ahead = DataLoader(view, **options), DataLoader(view, workers=workers, **options)
    for _ in range(2):
        for (a, b), (c, d) in zip(plain, ahead, strict=True):
            assert np.array_equal(a, c) and b == d
    assert any(name.startswith("dpy-loader") for name in data.threads)


def test_errors_of_workers_arrive_and_threads_end() -> None:
    loader = DataLoader(Slow(), batchsize=10, workers=2)
    seen = 0
    with pytest.raises(ValueError, match="observation 77 is broken"):
        for _ in loader:
            seen += 1
    assert seen == 7
    for _ in DataLoader(Slow(), batchsize=10, workers=2):
        break
    assert not [t for t in threading.enumerate() if t.name.startswith("dpy-loader")]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("consumed", [0, 1, 3, 4, 5])
def test_going_on_where_another_loader_was(workers: int, consumed: int) -> None:
    """Four batches a pass; the state is taken after some of them."""

    def make() -> DataLoader:
        return DataLoader(Y, batchsize=32, shuffle=True, rng=9, workers=workers)

    def endless(loader: DataLoader) -> Any:
        while True:
            yield from loader

    first = make()
    batches = endless(first)
    for _ in range(consumed):
        next(batches)
    state = first.state()
    second = make()
    second.rng = np.random.default_rng(123)
    second.restore(state)
    for _, a, b in zip(range(9), batches, endless(second)):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("consumed", [0, 2, 4, 6])
def test_going_on_with_a_generator_that_others_draw_from(consumed: int) -> None:
    def run(loader: DataLoader, n: int) -> list[Any]:
        found = []
        while len(found) < n:
            for batch in loader:
                found.append((batch.tolist(), loader.rng.random()))
                if len(found) == n:
                    break
        return found

    def make(seed: int) -> DataLoader:
        return DataLoader(Y, batchsize=32, shuffle=True, rng=np.random.default_rng(seed))

    wanted = run(make(3), 12)
    first, second = make(3), make(4)
    begun = run(first, consumed)
    state = first.state()
    second.restore(state)
    assert second.state() == state
    second.restore(second.state())
    assert begun + run(second, 12 - consumed) == wanted


def test_what_is_refused() -> None:
    with pytest.raises(dpy.DpyError, match="no data"):
        DataLoader()
    with pytest.raises(dpy.DpyError, match="batches of 0"):
        DataLoader(X, batchsize=0)
    assert repr(DataLoader(X, batchsize=4, shuffle=True)) == (
        "DataLoader(128 observations, batchsize=4, shuffle=True)"
    )
