"""What the programs of `benchmarks.mnist` have in common."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["BATCH", "Row", "timed"]

BATCH = 64


@dataclass
class Row:
    """Seconds of the processor for the fastest epoch, and the accuracy on the test set."""

    seconds: float
    accuracy: float


def timed(epoch: Callable[[], None], accuracy: Callable[[], float], epochs: int) -> Row:
    """Run the epochs; the first one, which may compile something, counts only if it is alone."""
    seconds = []
    for _ in range(epochs):
        start = time.process_time()
        epoch()
        seconds.append(time.process_time() - start)
    return Row(min(seconds[1:] or seconds), accuracy())
