"""Callbacks: the counts of the Flux documentation, and schedules."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.optim import Descent, Exponential, OptimiserChain, rate_of, setup
from dpy.training import early_stopping, patience, plateau, scheduler, throttle


def epochs_until(trigger: Any) -> int:
    return next(i for i in range(1, 100) if trigger())


def test_throttle_by_the_clock() -> None:
    now = 0.0
    calls: list[Any] = []

    def f(x: float) -> float:
        calls.append(x)
        return x

    slow = throttle(f, 2, clock=lambda: now)
    results = []
    for now in (0.0, 1.0, 2.0, 3.0):
        results.append(slow(now))
    assert calls == [0.0, 2.0] and results == [0.0, 0.0, 2.0, 2.0]
    assert slow.__name__ == "f"


@pytest.mark.parametrize(("leading", "wanted"), [(True, [0, 3]), (False, [3])])
def test_throttle_at_the_end(leading: bool, wanted: list[int]) -> None:
    calls: list[int] = []
    done = threading.Event()

    def f(i: int) -> None:
        calls.append(i)
        if i == 3:
            done.set()

    slow = throttle(f, 0.05, leading=leading, trailing=True)
    for i in range(4):
        slow(i)
    assert done.wait(10)
    assert calls == wanted


def test_throttle_lets_calls_through_after_the_time() -> None:
    calls: list[int] = []
    slow = throttle(lambda: calls.append(1), 0.01)
    slow()
    slow()
    time.sleep(0.02)
    slow()
    assert len(calls) == 2


def test_patience() -> None:
    assert epochs_until(patience(lambda: True, 3)) == 3
    answers = iter([True, True, False, True, True, True])
    assert epochs_until(patience(lambda: next(answers), 3)) == 6


def test_early_stopping() -> None:
    rising = iter(range(1, 100))
    assert epochs_until(early_stopping(lambda: next(rising), 3)) == 4
    scores = iter([9.0, 8.0, 7.0, 7.5, 7.6, 7.7])
    assert epochs_until(early_stopping(lambda: next(scores), 3)) == 6
    scores = iter([0.5, 0.6, 0.61, 0.62])  # accuracies rise, and by enough at first
    assert epochs_until(
        early_stopping(lambda: next(scores), 2, distance=lambda best, new: new - best,
                       init_score=0.0, min_dist=0.05)
    ) == 4  # fmt: skip
    scores = iter([1.0, float("nan"), float("nan")])
    assert epochs_until(early_stopping(lambda: next(scores), 2)) == 3


def test_plateau() -> None:
    v = 10.0

    def f() -> float:
        nonlocal v
        v = v / abs(v) - v
        return v

    assert epochs_until(plateau(f, 3, init_score=10, min_dist=18)) == 4


def test_callbacks_end_a_training() -> None:
    model = {"x": np.array([1.0])}
    losses: list[float] = []
    stop = early_stopping(lambda: losses[-1], 2)

    def note(progress: Any) -> None:
        losses.append(progress.loss)

    dpy.train(lambda m, k: np.sum(m["x"] ** 2) + k, model, [1.0, 0.5, 3.0, 4.0, 5.0], Descent(0.0),
              cb=[note, stop])  # fmt: skip
    assert losses == [2.0, 1.5, 4.0, 5.0]


def test_schedules_per_step_and_per_epoch() -> None:
    for per, wanted in (("step", [1.0, 0.5, 0.25, 0.125]), ("epoch", [1.0, 1.0, 0.5, 0.5])):
        model = {"x": np.array([1.0])}
        rates: list[float] = []
        state = setup(OptimiserChain(Descent(9.0)), model)
        dpy.train(
            lambda m, k: np.sum(m["x"] ** 2),
            model,
            [1, 2],
            state,
            epochs=2,
            cb=[lambda p: rates.append(rate_of(p.state)), scheduler(Exponential(1.0, 0.5), per)],
        )
        assert rates == wanted
    with pytest.raises(ValueError, match="not per 'batch'"):
        scheduler(Exponential(1.0, 0.5), "batch")


def test_schedules_of_implicit_training() -> None:
    x, rule = np.array([1.0]), Descent(9.0)
    dpy.train(lambda k: np.sum(x**2), dpy.params(x), [1, 2], rule,
              cb=scheduler(Exponential(0.5, 0.5)))  # fmt: skip
    assert rule.eta == 0.125 and x == 0.0  # 1 - 0.5 * 2
