"""Timing that survives a busy machine: the candidates take turns, and the minimum counts."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Timing", "compare"]


@dataclass
class Timing:
    """Seconds per call."""

    minimum: float
    median: float
    calls: int


def seconds(f: Callable[[], Any], calls: int) -> float:
    clock = time.perf_counter
    turns = range(calls)
    start = clock()
    for _ in turns:
        f()
    return clock() - start


def calls_for(f: Callable[[], Any], duration: float) -> int:
    """How many calls fill the duration, found by doubling; this is the warm-up, too."""
    f()
    calls = 1
    while True:
        taken = seconds(f, calls)
        if taken >= duration / 2:
            return max(1, round(calls * duration / taken))
        calls *= 2


def compare(
    candidates: dict[str, Callable[[], Any]], rounds: int = 25, duration: float = 0.004
) -> dict[str, Timing]:
    """Time the candidates in turn, ``rounds`` times each, for about ``duration`` seconds a turn.

    What takes longer than two turns' time in one call gets fewer rounds, but never fewer than 3.
    """
    calls = {name: calls_for(f, duration) for name, f in candidates.items()}
    samples: dict[str, list[float]] = {name: [] for name in candidates}
    for turn in range(rounds):
        for name, f in candidates.items():
            slow = len(samples[name]) >= 3 and samples[name][0] > 10 * duration
            if slow and turn > 3:
                continue
            samples[name].append(seconds(f, calls[name]) / calls[name])
    return {
        name: Timing(min(times), statistics.median(times), calls[name] * len(times))
        for name, times in samples.items()
    }
