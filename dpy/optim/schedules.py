"""Schedules: the learning rate as a function of the number of the step or epoch, from 0 on.

Any function of a whole number is a schedule. Set the rate with ``adjust(state, schedule(t))``, or
let ``dpy.training.scheduler(schedule)`` do it.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from dpy.errors import DpyError

__all__ = ["Cosine", "Exponential", "OneCycle", "Poly", "Sequence", "Step", "WarmUp"]


@dataclasses.dataclass(frozen=True)
class Step:
    """`start`, times `decay` after each `every` steps.

    >>> [Step(1.0, 0.5, every=2)(t) for t in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    start: float
    decay: float
    every: int

    def __call__(self, t: float) -> float:
        """The rate at step `t`."""
        return self.start * self.decay ** (t // self.every)


@dataclasses.dataclass(frozen=True)
class Exponential:
    """``start * decay**t``.

    >>> [Exponential(1.0, 0.5)(t) for t in range(3)]
    [1.0, 0.5, 0.25]
    """

    start: float
    decay: float

    def __call__(self, t: float) -> float:
        """The rate at step `t`."""
        return self.start * self.decay**t


@dataclasses.dataclass(frozen=True)
class Poly:
    """From `start` to 0 in `steps` steps: ``start * (1 - t/steps)**degree``, and 0 from there on.

    >>> [Poly(1e-4, 1, 10)(t) for t in (0, 1, 10, 11)]
    [0.0001, 9e-05, 0.0, 0.0]
    """

    start: float
    degree: float
    steps: int

    def __call__(self, t: float) -> float:
        """The rate at step `t`."""
        return self.start * (1 - min(t / self.steps, 1.0)) ** self.degree


@dataclasses.dataclass(frozen=True)
class Cosine:
    """From `start` to `end` along half a cosine of `steps` steps; `end` from there on.

    With `restart`, the next half begins at `start` again.

    >>> [round(Cosine(1.0, 0.0, 4)(t), 3) for t in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """

    start: float
    end: float
    steps: int
    restart: bool = False

    def __call__(self, t: float) -> float:
        """The rate at step `t`."""
        part = t % self.steps / self.steps if self.restart else min(t / self.steps, 1.0)
        if part == 1.0:
            return self.end
        return self.start + (self.end - self.start) * (1 - math.cos(math.pi * part)) / 2


@dataclasses.dataclass(frozen=True)
class WarmUp:
    """Linearly from `start` to the first rate of another schedule in `steps` steps; then that one.

    >>> [WarmUp(Exponential(1.0, 0.5), 2)(t) for t in range(5)]
    [0.0, 0.5, 1.0, 0.5, 0.25]
    """

    then: Any
    steps: int
    start: float = 0.0

    def __call__(self, t: float) -> float:
        """The rate at step `t`."""
        first = self.then(0) if callable(self.then) else self.then
        if t < self.steps:
            return self.start + (first - self.start) * t / self.steps
        return self.then(t - self.steps) if callable(self.then) else first


@dataclasses.dataclass(frozen=True)
class OneCycle:
    """Up to `peak` along half a cosine in the first quarter, then down along another one.

    It starts at ``peak / div`` and ends, at the last of `steps` steps, at ``peak / div_final``.

    >>> [round(OneCycle(100, 0.01)(t), 9) for t in (0, 25, 99)]
    [0.0004, 0.01, 1e-07]
    """

    steps: int
    peak: float
    warmup: float = 0.25
    div: float = 25.0
    div_final: float = 1e5

    def __call__(self, t: float) -> float:
        """The rate at step `t`."""
        rise = math.ceil(self.warmup * self.steps)
        if t < rise:
            return Cosine(self.peak / self.div, self.peak, rise)(t)
        return Cosine(self.peak, self.peak / self.div_final, max(self.steps - 1 - rise, 1))(
            t - rise
        )


class Sequence:
    """Several schedules, each for its number of steps; the last one goes on.

    >>> schedule = Sequence((Cosine(0.01, 0.1, 3), 3), (Cosine(0.1, 0.001, 7), 7))
    >>> [round(schedule(t), 4) for t in (0, 3, 10)]
    [0.01, 0.1, 0.001]
    """

    def __init__(self, *parts: tuple[Any, int]) -> None:
        if not parts:
            raise DpyError(
                "Sequence has no schedules", repair="write Sequence((schedule, steps), ...)"
            )
        self.parts = parts

    def __call__(self, t: float) -> float:
        """The rate at step `t`."""
        *first, (last, _) = self.parts
        for schedule, steps in first:
            if t < steps:
                return schedule(t)
            t -= steps
        return last(t)

    def __repr__(self) -> str:
        return f"Sequence({', '.join(map(repr, self.parts))})"
