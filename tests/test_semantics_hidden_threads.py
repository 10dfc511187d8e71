"""Threads and pools: tasks are differentiated where they run, other threads are watched."""

from __future__ import annotations

import concurrent.futures
import math
import queue
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.pool import ThreadPool

import numpy as np
import pytest

import dpy
from dpy.errors import DpyError
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


@case(0.7, 1.2)
def tasks_of_a_pool(x, y):
    with ThreadPoolExecutor(2) as pool:
        a = pool.submit(lambda u, v: u * v * y, x, v=y)
        b = pool.submit(math.sin, x)
        return a.result() * b.result(timeout=60.0) ** 2


@case([0.7, 1.2, 0.3])
def map_of_a_pool(xs):
    with ThreadPoolExecutor(3) as pool:
        squares = pool.map(lambda v, w: v * v * w, xs, reversed(xs))
        first = next(squares)
        return first * sum(squares)


@case(np.array([0.7, 1.2, 0.3]))
def arrays_through_a_pool(a):
    def part(v):
        return np.exp(v) * v

    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(part, a[i:]) for i in range(3)]
        return sum(f.result().sum() for f in found)


@case(0.7)
def in_the_order_of_completion(x):
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(pow, x, k) for k in range(4)]
        return sum(f.result() for f in concurrent.futures.as_completed(futures)) * x


@case(0.7)
def task_that_fails(x):
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(lambda v: v / 0, x)
        try:
            return future.result()
        except ZeroDivisionError:
            return x * x


@case(0.7)
def future_of_ones_own(x):
    future = Future()
    future.set_result([x * x, x])
    return future.result()[0] * future.result()[1]


@case(0.7)
def thread_that_only_serves(x):
    done = threading.Event()
    thread = threading.Thread(target=done.set)
    thread.start()
    thread.join()
    return x * x if done.is_set() else 0.0


@case([0.7, 1.2])
def thread_that_only_reads(xs):
    seen = []
    thread = threading.Thread(target=lambda: seen.append(len(xs)))
    thread.start()
    thread.join()
    xs.append(xs[0] * (2.0 if seen else 1.0))
    return xs[2] * xs[1]


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_program(case: Case) -> None:
    case.check()


# --- what another thread has written is refused ---------------------------------------------------


def list_filled_by_a_thread(x):
    found = []
    thread = threading.Thread(target=found.append, args=(x * x,))
    thread.start()
    thread.join()
    return found[0] * x


def list_filled_by_a_timer(x):
    found = []
    thread = threading.Timer(0.0, lambda: found.append(x * x))
    thread.start()
    thread.join()
    return found[0] * x


def queue_between_threads(x):
    numbers = queue.Queue()
    thread = threading.Thread(target=lambda: numbers.put(x * x))
    thread.start()
    y = numbers.get()
    thread.join()
    return y * x


def attribute_of_a_thread(x):
    class Worker(threading.Thread):
        def run(self):
            self.found = x * x

    worker = Worker()
    worker.start()
    worker.join()
    return worker.found * x


def array_filled_by_a_thread(x):
    a = np.zeros(2)
    thread = threading.Thread(target=a.__setitem__, args=(0, x * x))
    thread.start()
    thread.join()
    return a[0] * x


def list_filled_by_a_task(x):
    found = []
    with ThreadPoolExecutor(1) as pool:
        pool.submit(found.append, x * x)
    return found[0] * x


def queue_between_tasks(x):
    numbers = queue.Queue()
    with ThreadPoolExecutor(2) as pool:
        pool.submit(numbers.put, x * x)
        return pool.submit(numbers.get).result() * x


def callback_of_a_future(x):
    found = []
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: x * x).add_done_callback(lambda f: found.append(f.result()))
    return found[0] * x


def pool_of_multiprocessing(x):
    with ThreadPool(1) as pool:
        return pool.map(lambda v: v * v, [x])[0] * x


REFUSED = [
    list_filled_by_a_thread, list_filled_by_a_timer, queue_between_threads, attribute_of_a_thread,
    array_filled_by_a_thread, list_filled_by_a_task, queue_between_tasks, callback_of_a_future,
    pool_of_multiprocessing,
]  # fmt: skip


@pytest.mark.parametrize("f", REFUSED, ids=lambda f: f.__name__)
def test_refused(f) -> None:
    assert f(1.5) == 1.5**3
    with pytest.raises(DpyError):
        dpy.gradient(f, 1.5)


def test_the_error_says_what_to_do() -> None:
    with pytest.raises(dpy.errors.NotDifferentiableError, match="another thread") as caught:
        dpy.gradient(list_filled_by_a_thread, 1.5)
    assert "ThreadPoolExecutor" in str(caught.value)
