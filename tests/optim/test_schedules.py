"""Schedules: their ends, turning points and figures."""

from __future__ import annotations

import math

import numpy as np
import pytest

import dpy
from dpy.optim import Cosine, Exponential, OneCycle, Poly, Sequence, Step, WarmUp


def test_one_cycle() -> None:
    schedule = OneCycle(100, 0.01)
    rates = [schedule(t) for t in range(100)]
    assert rates[0] == pytest.approx(0.0004, rel=1e-12)
    assert rates[25] == max(rates) == 0.01
    assert rates[-1] == pytest.approx(1e-7, rel=1e-9)
    assert rates[:26] == sorted(rates[:26]) and rates[25:] == sorted(rates[25:], reverse=True)
    assert schedule(200) == pytest.approx(1e-7, rel=1e-9) and OneCycle(1, 1.0)(0) == 0.04


def test_up_and_down_along_cosines() -> None:
    steps = 5  # per epoch
    schedule = Sequence(
        (Cosine(0.01, 0.1, 3 * steps), 3 * steps), (Cosine(0.1, 0.001, 7 * steps), 7 * steps)
    )
    assert schedule(0) == 0.01 and schedule(3 * steps) == 0.1
    assert schedule(10 * steps) == pytest.approx(0.001, rel=1e-12)
    assert schedule(1.5 * steps) == pytest.approx(0.055, rel=1e-12)
    assert schedule(6.5 * steps) == pytest.approx(0.0505, rel=1e-12)
    assert "Sequence((Cosine(start=0.01" in repr(schedule)
    with pytest.raises(dpy.DpyError, match="no schedules"):
        Sequence()


def test_polynomial() -> None:
    schedule = Poly(1e-4, 1, 10)
    assert [schedule(t) for t in (1, 2)] == pytest.approx([9e-5, 8e-5], rel=1e-9)
    assert Poly(1.0, 2, 4)(2) == 0.25 and schedule(50) == 0.0


def test_steps_and_powers() -> None:
    assert [Step(1.0, 0.1, 3)(t) for t in (2, 3, 6)] == pytest.approx([1.0, 0.1, 0.01])
    assert Exponential(2.0, 0.9)(10) == pytest.approx(2 * 0.9**10)


def test_cosine_and_restarts() -> None:
    assert Cosine(1.0, 0.1, 4)(9) == pytest.approx(0.1)
    assert [Cosine(1.0, 0.0, 4, restart=True)(t) for t in (0, 4, 2)] == [1.0, 1.0, 0.5]
    assert Cosine(0.0, 1.0, 3)(1) == pytest.approx((1 - math.cos(math.pi / 3)) / 2)


def test_warm_up() -> None:
    schedule = WarmUp(Cosine(0.1, 0.0, 10), 5, start=0.01)
    assert schedule(0) == 0.01 and schedule(5) == 0.1 and schedule(15) == pytest.approx(0.0)
    assert np.allclose(np.diff([schedule(t) for t in range(6)]), 0.018)
    assert WarmUp(0.5, 2)(1) == 0.25 and WarmUp(0.5, 2)(7) == 0.5
