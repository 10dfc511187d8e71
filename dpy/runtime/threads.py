"""Threads, and pools of them.

A task of a pool is differentiated in the thread that runs it, and the reverse sweep goes back over
it where it was submitted. This is right as long as tasks share nothing that changes: what they
write is watched. Other threads run as they are. An error is due when a cotangent belongs to what
another thread has written.
"""

from __future__ import annotations

import concurrent.futures
import threading
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from dpy.config import adopted, current
from dpy.cotangent import ZERO, add
from dpy.errors import DpyError, NotDifferentiableError
from dpy.runtime import forward_run, iteration, sources
from dpy.runtime.entries import entry
from dpy.runtime.failures import user_place
from dpy.runtime.held import hold, take
from dpy.runtime.item_cotangents import is_null, nothing
from dpy.runtime.opaque import Way
from dpy.runtime.watch import Watch

__all__: list[str] = []


class _Watched:
    """What code in another thread does to what it can reach, until it has ended."""

    def __init__(self, f: Any, values: list[Any]) -> None:
        self._f = f
        self._values = values
        self._watch = Watch(values)
        self._way: Way | None = None

    def end(self) -> Way:
        """The code has ended: what is different now is its doing."""
        if self._way is None:
            self._way = Way(self._f, self._watch, [*enumerate(self._values)], None)
        return self._way

    def back(self, acc: Any) -> None:
        """An error if a cotangent belongs to what the code wrote; the rest is what was before."""
        d_args: dict[Any, Any] = {}
        try:
            self.end().back(acc, ZERO, d_args)
        except DpyError:
            raise _between_threads(self._f) from None
        for place, d in d_args.items():
            if not is_null(acc.add(self._values[place], d)):
                raise _between_threads(self._f)
        self.check(acc)

    def check(self, acc: Any) -> None:
        """An error if something was handed from thread to thread, and is gone again."""
        for c in self._watch.containers:
            slots = acc.peek(c.obj)
            if slots is not ZERO and any(
                slot not in c.before and not is_null(d) for slot, d in slots.items()
            ):
                raise _between_threads(self._f)


def _between_threads(f: Any) -> NotDifferentiableError:
    name = getattr(f, "__qualname__", type(f).__name__)
    return NotDifferentiableError(
        f"a cotangent reached what {name} wrote in another thread",
        place=user_place(),
        why="dpy does not know in which order the threads read and wrote",
        repair="let a task of a ThreadPoolExecutor return the value, and write it in this thread",
    )


# --- threads that run as they are -----------------------------------------------------------------

_threads: weakref.WeakKeyDictionary[threading.Thread, _Watched] = weakref.WeakKeyDictionary()


@entry(threading.Thread.start)
def start_thread(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``thread.start()``."""
    (thread,) = args
    fields = list(vars(thread).values())
    watched = _threads[thread] = _Watched(_work_of(thread), [thread, type(thread).run, *fields])
    threading.Thread.start(thread)
    return None, _checking(watched, args)


def _checking(watched: _Watched, args: tuple[Any, ...]) -> Any:
    def checking_pullback(d: Any, acc: Any) -> Any:
        watched.back(acc)
        return nothing(args)

    return checking_pullback


def _work_of(thread: Any) -> Any:
    fields = vars(thread)
    return fields.get("_target") or fields.get("function") or type(thread).run


@entry(threading.Thread.join)
def join_thread(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``thread.join(timeout=None)``: what is written later is not the thread's doing."""
    threading.Thread.join(*args, **kwargs)
    thread = args[0]
    if thread in _threads and not thread.is_alive():
        _threads[thread].end()
    return None, None


# --- tasks of a pool ------------------------------------------------------------------------------


class _Task:
    """A call that a thread of a pool makes, differentiated."""

    def __init__(self, dispatch: Any, f: Any, args: tuple[Any, ...], kwargs: Any) -> None:
        self._call = dispatch, f, args, kwargs
        self._watched = _Watched(f, [f, *args, *kwargs.values()])
        self._notes = forward_run.notes()
        self._settings = current()
        self._value: Any = None
        self._pb: Any = None

    def __call__(self) -> Any:
        try:
            with adopted(self._settings):
                return forward_run.in_run_of(self._notes, self._run)
        finally:
            self._watched.end()

    def _run(self) -> Any:
        dispatch, f, args, kwargs = self._call
        y, self._pb = dispatch(f, args, kwargs)
        self._value = hold(y)
        return y

    def back(self, d: Any, acc: Any) -> tuple[Any, Any, Any]:
        """The cotangents of the function and its arguments."""
        _, f, args, _ = self._call
        self._watched.back(acc)
        if not self._watched.end().changes_anything and self._pb is not None:
            found: tuple[Any, Any, Any] = self._pb(d, acc)
            self._watched.check(acc)
            return found
        if not is_null(take(acc, self._value, d)):
            raise _between_threads(f)
        return ZERO, (ZERO,) * len(args), {}


@entry(ThreadPoolExecutor.submit)
def submit(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``executor.submit(f, *args, **kwargs)``."""
    executor, f, *rest = args
    task = _Task(dispatch, f, tuple(rest), kwargs)
    future = ThreadPoolExecutor.submit(executor, task)

    def submit_pullback(d: Any, acc: Any) -> Any:
        if not future.done():
            raise _between_threads(f)
        d_f, d_args, d_kwargs = task.back(acc.take_slot(future, "_result"), acc)
        return ZERO, (ZERO, d_f, *d_args), d_kwargs

    return future, submit_pullback


@entry(Future.result)
def result(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``future.result(timeout=None)``."""
    future = args[0]
    if forward_run.is_hidden(future):  # of another process
        return None
    y = Future.result(*args, **kwargs)

    def result_pullback(d: Any, acc: Any) -> Any:
        acc.add_slot(future, "_result", d)
        return nothing(args)

    return y, result_pullback


@entry(Future.set_result)
def set_result(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``future.set_result(value)``."""
    future, value = args
    Future.set_result(future, value)
    return None, lambda d, acc: (ZERO, (ZERO, acc.take_slot(future, "_result")), {})


@entry(Future.add_done_callback)
def add_done_callback(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``future.add_done_callback(f)``: called some time, in some thread."""
    future, f = args
    watched = _Watched(f, [f])
    Future.add_done_callback(future, f)
    return None, _checking(watched, args)


class _OfFutures(sources.Lazy):
    def __init__(self, iterable: Any, futures: list[Any]) -> None:
        super().__init__(iterable, [])
        self.futures = futures

    def give(self, acc: Any, k: int, d: Any) -> None:
        acc.add_slot(self.futures[k], "_result", d)


@entry(concurrent.futures.Executor.map)
def map_(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``executor.map(f, *iterables, timeout=None, chunksize=1)`` of a pool of threads."""
    executor, f, *iterables = args
    if not isinstance(executor, ThreadPoolExecutor):
        return None
    collected = [iteration.collect(xs) for xs in iterables]
    futures, pbs = [], []
    for xs in zip(*[items for items, _ in collected], strict=False):
        future, pb = dispatch(executor.submit, (f, *xs), {})
        futures.append(future)
        pbs.append(pb)
    y = _results(list(futures), kwargs.get("timeout"))
    sources.keep(_OfFutures(y, futures))

    def map_pullback(d: Any, acc: Any) -> Any:
        d_f: Any = ZERO
        d_items: list[list[Any]] = [[ZERO] * len(items) for items, _ in collected]
        for k in range(len(pbs) - 1, -1, -1):
            if pbs[k] is not None:
                d_own, *ds = pbs[k](ZERO, acc)[1]
                d_f = add(d_f, d_own)
                for found, d_x in zip(d_items, ds, strict=True):
                    found[k] = d_x
        gives = [give for _, give in collected]
        rests = [give(acc, ds) for give, ds in zip(gives, d_items, strict=True)]
        return ZERO, (ZERO, d_f, *rests), {}

    return y, map_pullback


def _results(futures: list[Any], timeout: float | None) -> Iterator[Any]:
    """What `Executor.map` gives: the results in order. Those nobody waits for are cancelled."""
    end = None if timeout is None else time.monotonic() + timeout
    futures.reverse()
    try:
        while futures:
            future = futures.pop()
            try:
                try:
                    yield future.result(None if end is None else end - time.monotonic())
                finally:
                    future.cancel()
            finally:
                del future
    finally:
        for future in futures:
            future.cancel()
