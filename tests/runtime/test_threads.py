"""Tasks of pools, and what threads write (programs: ``test_semantics_hidden_threads.py``)."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

import dpy
from dpy.cotangent import ZERO
from dpy.errors import NotDifferentiableError
from dpy.runtime import threads  # noqa: F401 - registers the entries
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.dispatch import dispatch


def test_the_cotangent_of_a_result_waits_at_the_future() -> None:
    acc, future = Accumulators(), Future[Any]()
    _, set_back = dispatch(future.set_result, (1.5,), {})
    y, result_back = dispatch(future.result, (), {})
    assert y == 1.5
    result_back(2.0, acc)
    assert set_back(ZERO, acc)[1] == (2.0,)


def test_tasks_are_differentiated_under_the_settings_of_who_submits_them() -> None:
    def slope(x: float) -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda v: (v * 0.0) ** 0.5, x).result() * 0.0

    with dpy.settings(strong_zero=True):
        assert dpy.gradient(slope, 1.5) == (0.0,)


def test_a_thread_may_work_on_what_gets_no_cotangent() -> None:
    steps: list[float] = []

    def f(x: float) -> float:
        thread = threading.Thread(target=lambda: steps.append(x))
        thread.start()
        thread.join()
        return x * x

    assert dpy.gradient(f, 1.5) == (3.0,) and set(steps) == {1.5}


def test_what_is_written_after_the_join_is_not_the_threads_doing() -> None:
    def f(x: float) -> float:
        found = [0.0]
        thread = threading.Thread(target=lambda: found[0])
        thread.start()
        thread.join(60.0)
        found[0] = x * x
        return found[0]

    assert dpy.gradient(f, 1.5) == (3.0,)


def test_a_thread_that_still_runs() -> None:
    def f(x: float) -> float:
        go, found = threading.Event(), []
        thread = threading.Thread(target=lambda: found.append(go.wait(60.0) * x * 2.0))
        thread.start()
        go.set()
        while not found:
            pass
        return found[0] * x

    with pytest.raises(NotDifferentiableError, match="another thread"):
        dpy.gradient(f, 1.5)
