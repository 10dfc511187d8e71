"""Callbacks: when to call something, when to stop, and learning rates that change.

A callback is any function. If it takes an argument it gets the `Progress` of the training, else
nothing. One that returns True ends the training.
"""

from __future__ import annotations

import functools
import math
import operator
import threading
import time
from collections.abc import Callable
from typing import Any

from dpy.optim import Leaf, State, adjust

__all__ = ["Scheduler", "early_stopping", "patience", "plateau", "scheduler", "throttle"]


def throttle(
    f: Callable[..., Any],
    timeout: float,
    leading: bool = True,
    trailing: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Callable[..., Any]:
    """A function that calls `f` at most once in `timeout` seconds.

    Args:
        f: what is called; its last result is returned when it is not.
        timeout: in seconds.
        leading: call it at the beginning of each such time.
        trailing: call it at the end, with the last arguments, if there were calls in between.
        clock: what tells the time.

    >>> times = iter([0.0, 1.0, 2.0, 3.0])
    >>> f = throttle(lambda: print("called"), 2, clock=lambda: next(times))
    >>> for _ in range(4):
    ...     f()
    called
    called
    """
    lock = threading.RLock()
    last = -math.inf
    result: Any = None
    waiting: list[Any] = []

    def late() -> None:
        nonlocal last, result
        with lock:
            args, kwargs = waiting.pop()
            last = clock()
            result = f(*args, **kwargs)

    @functools.wraps(f)
    def throttled(*args: Any, **kwargs: Any) -> Any:
        nonlocal last, result
        with lock:
            now = clock()
            rested = now - last >= timeout
            if rested and leading and not waiting:
                last = now
                result = f(*args, **kwargs)
            elif trailing:
                if waiting:
                    waiting[0] = args, kwargs
                else:
                    waiting.append((args, kwargs))
                    timer = threading.Timer(timeout if rested else timeout - (now - last), late)
                    timer.daemon = True
                    timer.start()
            return result

    return throttled


def patience(predicate: Callable[..., Any], wait: int) -> Callable[..., bool]:
    """A function that is True once `predicate` was true `wait` times in a row.

    >>> trigger = patience(lambda: True, 3)
    >>> [trigger() for _ in range(4)]
    [False, False, True, True]
    """
    count = 0

    @functools.wraps(predicate)
    def trigger(*args: Any, **kwargs: Any) -> bool:
        nonlocal count
        count = count + 1 if predicate(*args, **kwargs) else 0
        return count >= wait

    return trigger


def early_stopping(
    f: Callable[..., Any],
    delay: int,
    distance: Callable[[Any, Any], Any] = operator.sub,
    init_score: float = math.inf,
    min_dist: float = 0.0,
) -> Callable[..., bool]:
    """A function that is True once the score has not improved `delay` times in a row.

    Args:
        f: gives the score; smaller is better.
        delay: how often it may fail to improve.
        distance: the improvement, from the best score and the new one.
        init_score: the best score at the beginning.
        min_dist: the least improvement that counts.

    >>> scores = iter([3.0, 2.0, 2.5, 2.6, 2.7])
    >>> stop = early_stopping(lambda: next(scores), 2)
    >>> [stop() for _ in range(4)]
    [False, False, False, True]
    """
    best = init_score

    @functools.wraps(f)
    def has_not_improved(*args: Any, **kwargs: Any) -> bool:
        nonlocal best
        score = f(*args, **kwargs)
        improvement = distance(best, score)
        if improvement >= 0:
            best = score
        return not improvement >= min_dist  # a score that is no number is no improvement

    return patience(has_not_improved, delay)


def plateau(
    f: Callable[..., Any],
    width: int,
    distance: Callable[[Any, Any], Any] = operator.sub,
    init_score: float = math.inf,
    min_dist: float = 1e-6,
) -> Callable[..., bool]:
    """A function that is True once the score has moved by less than `min_dist` `width` times.

    Args:
        f: gives the score.
        width: how often in a row.
        distance: from the last score and the new one; its absolute value counts.
        init_score: the last score at the beginning.
        min_dist: what counts as a move.

    >>> scores = iter([1.0, 0.5, 0.5, 0.5])
    >>> stop = plateau(lambda: next(scores), 2)
    >>> [stop() for _ in range(4)]
    [False, False, False, True]
    """
    last = init_score

    @functools.wraps(f)
    def stays(*args: Any, **kwargs: Any) -> bool:
        nonlocal last
        score = f(*args, **kwargs)
        move = abs(distance(last, score))
        last = score
        return bool(move < min_dist)

    return patience(stays, width)


class Scheduler:
    """A callback that sets the learning rate for each step or epoch; see `scheduler`."""

    def __init__(self, schedule: Callable[[int], float], per: str) -> None:
        if per not in ("step", "epoch"):
            raise ValueError(f"a schedule is per step or per epoch, not per {per!r}")
        self.schedule = schedule
        self.per = per

    def begin(self, progress: Any) -> None:
        """Set the rate of the first step."""
        self(progress)

    def __call__(self, progress: Any) -> None:
        """Set the rate of the next step."""
        if self.per == "step":
            t = progress.total
        else:
            t = progress.epoch - 1 + (progress.step == progress.length)
        rate = self.schedule(t)
        if isinstance(progress.state, (State, Leaf)):
            adjust(progress.state, rate)
        elif progress.state != ():
            progress.state.eta = rate  # the rule of implicit training


def scheduler(schedule: Callable[[int], float], per: str = "step") -> Scheduler:
    """A callback of `train` that sets the learning rate to ``schedule(t)``.

    Args:
        schedule: a function of the number of the step or epoch, from 0 on, such as
            `dpy.optim.Cosine`.
        per: ``"step"`` or ``"epoch"``.

    >>> import numpy as np, dpy
    >>> model, rates = {"x": np.ones(1)}, []
    >>> state = dpy.optim.setup(dpy.optim.Descent(), model)
    >>> note = lambda progress: rates.append(dpy.optim.rate_of(progress.state))
    >>> _ = dpy.train(lambda m: m["x"][0] ** 2, model, [()] * 3, state,
    ...               cb=[note, scheduler(dpy.optim.Exponential(1.0, 0.5))])
    >>> rates
    [1.0, 0.5, 0.25]
    """
    return Scheduler(schedule, per)
