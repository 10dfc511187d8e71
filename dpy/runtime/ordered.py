"""Heaps, sorted lists and keys made of comparisons, in Python: C code compares out of sight.

What these functions do is what those of `heapq`, `bisect` and `functools` do, comparison by
comparison. They are transformed like functions of the user's.
"""

from __future__ import annotations

import bisect
import functools
import gc
import heapq
from collections.abc import Callable
from typing import Any

from dpy.cotangent import ZERO
from dpy.runtime import entries
from dpy.runtime.entries import entry
from dpy.runtime.opaque import opaque

__all__: list[str] = []


def _instead_of(original: Any) -> Callable[[Any], Any]:
    def register(function: Any) -> Any:
        entry(original)(lambda dispatch, args, kwargs: dispatch(function, args, kwargs))
        return function

    return register


def _of_heap(original: Any) -> Callable[[Any], Any]:
    def register(function: Any) -> Any:
        def call(dispatch: Any, args: Any, kwargs: Any) -> Any:
            if kwargs or not args or type(args[0]) is not list:
                return opaque(original, args, kwargs)
            return dispatch(function, args, kwargs)

        entry(original)(call)
        return function

    return register


# --- heapq ----------------------------------------------------------------------------------------


@_of_heap(heapq.heappush)
def heappush(heap: list[Any], item: Any) -> None:
    """``heapq.heappush``."""
    heap.append(item)
    _siftdown(heap, 0, len(heap) - 1)


@_of_heap(heapq.heappop)
def heappop(heap: list[Any]) -> Any:
    """``heapq.heappop``."""
    if not heap:
        raise IndexError("index out of range")
    last = heap.pop()
    if not heap:
        return last
    item = heap[0]
    heap[0] = last
    _siftup(heap, 0)
    return item


@_of_heap(heapq.heapreplace)
def heapreplace(heap: list[Any], item: Any) -> Any:
    """``heapq.heapreplace``."""
    if not heap:
        raise IndexError("index out of range")
    least = heap[0]
    heap[0] = item
    _siftup(heap, 0)
    return least


@_of_heap(heapq.heappushpop)
def heappushpop(heap: list[Any], item: Any) -> Any:
    """``heapq.heappushpop``."""
    if heap and heap[0] < item:
        item, heap[0] = heap[0], item
        _siftup(heap, 0)
    return item


@_of_heap(heapq.heapify)
def heapify(heap: list[Any]) -> None:
    """``heapq.heapify``."""
    for i in range(len(heap) // 2 - 1, -1, -1):
        _siftup(heap, i)


def _siftdown(heap: list[Any], start: int, place: int) -> None:
    item = heap[place]
    while place > start:
        above = (place - 1) >> 1
        parent = heap[above]
        if not item < parent:
            break
        heap[place] = parent
        place = above
    heap[place] = item


def _siftup(heap: list[Any], place: int) -> None:
    end = len(heap)
    start = place
    item = heap[place]
    child = 2 * place + 1
    while child < end:
        right = child + 1
        if right < end and not heap[child] < heap[right]:
            child = right
        heap[place] = heap[child]
        place = child
        child = 2 * place + 1
    heap[place] = item
    _siftdown(heap, start, place)


# The same with the greatest item first: `heapq.nsmallest` and `heapq.merge` use them.


def heappop_max(heap: list[Any]) -> Any:
    """``heapq._heappop_max``."""
    if not heap:
        raise IndexError("index out of range")
    last = heap.pop()
    if not heap:
        return last
    item = heap[0]
    heap[0] = last
    _siftup_max(heap, 0)
    return item


def heapreplace_max(heap: list[Any], item: Any) -> Any:
    """``heapq._heapreplace_max``."""
    if not heap:
        raise IndexError("index out of range")
    greatest = heap[0]
    heap[0] = item
    _siftup_max(heap, 0)
    return greatest


def heapify_max(heap: list[Any]) -> None:
    """``heapq._heapify_max``."""
    for i in range(len(heap) // 2 - 1, -1, -1):
        _siftup_max(heap, i)


def _siftdown_max(heap: list[Any], start: int, place: int) -> None:
    item = heap[place]
    while place > start:
        above = (place - 1) >> 1
        parent = heap[above]
        if not parent < item:
            break
        heap[place] = parent
        place = above
    heap[place] = item


def _siftup_max(heap: list[Any], place: int) -> None:
    end = len(heap)
    start = place
    item = heap[place]
    child = 2 * place + 1
    while child < end:
        right = child + 1
        if right < end and not heap[right] < heap[child]:
            child = right
        heap[place] = heap[child]
        place = child
        child = 2 * place + 1
    heap[place] = item
    _siftdown_max(heap, start, place)


for _function in (heappop_max, heapreplace_max, heapify_max):
    for _name in (_function.__name__, f"_{_function.__name__}"):  # public since Python 3.14
        if hasattr(heapq, _name):
            _of_heap(getattr(heapq, _name))(_function)


# --- bisect ---------------------------------------------------------------------------------------


def _check_low(lo: int) -> None:
    if lo < 0:
        raise ValueError("lo must be non-negative")


@_instead_of(bisect.bisect_right)
def bisect_right(a: Any, x: Any, lo: int = 0, hi: Any = None, *, key: Any = None) -> int:
    """``bisect.bisect_right``."""
    _check_low(lo)
    if hi is None:
        hi = len(a)
    while lo < hi:
        middle = (lo + hi) // 2
        item = a[middle]
        if key is not None:
            item = key(item)
        if x < item:
            hi = middle
        else:
            lo = middle + 1
    return lo


@_instead_of(bisect.bisect_left)
def bisect_left(a: Any, x: Any, lo: int = 0, hi: Any = None, *, key: Any = None) -> int:
    """``bisect.bisect_left``."""
    _check_low(lo)
    if hi is None:
        hi = len(a)
    while lo < hi:
        middle = (lo + hi) // 2
        item = a[middle]
        if key is not None:
            item = key(item)
        if item < x:
            lo = middle + 1
        else:
            hi = middle
    return lo


@_instead_of(bisect.insort_right)
def insort_right(a: Any, x: Any, lo: int = 0, hi: Any = None, *, key: Any = None) -> None:
    """``bisect.insort_right``."""
    a.insert(bisect_right(a, x if key is None else key(x), lo, hi, key=key), x)


@_instead_of(bisect.insort_left)
def insort_left(a: Any, x: Any, lo: int = 0, hi: Any = None, *, key: Any = None) -> None:
    """``bisect.insort_left``."""
    a.insert(bisect_left(a, x if key is None else key(x), lo, hi, key=key), x)


# --- functools.cmp_to_key -------------------------------------------------------------------------


class Key:
    """What `functools.cmp_to_key` makes of an item."""

    __slots__ = ("cmp", "obj")

    def __init__(self, cmp: Any, obj: Any) -> None:
        self.cmp = cmp
        self.obj = obj

    def __lt__(self, other: Any) -> Any:
        return self.cmp(self.obj, other.obj) < 0

    def __gt__(self, other: Any) -> Any:
        return self.cmp(self.obj, other.obj) > 0

    def __eq__(self, other: Any) -> Any:
        return self.cmp(self.obj, other.obj) == 0

    def __le__(self, other: Any) -> Any:
        return self.cmp(self.obj, other.obj) <= 0

    def __ge__(self, other: Any) -> Any:
        return self.cmp(self.obj, other.obj) >= 0

    __hash__ = None  # type: ignore[assignment]


def _make_key(dispatch: Any, maker: Any, args: Any, kwargs: Any) -> Any:
    """``functools.cmp_to_key(cmp)(item)``; the key maker holds `cmp`, and does not show it."""
    cmp = gc.get_referents(maker)[1]
    y, pb = dispatch(Key, (cmp, *args, *kwargs.values()), {})

    def key_pullback(d: Any, acc: Any) -> Any:
        d_args = pb(d, acc)[1][1:]
        return ZERO, d_args[: len(args)], dict(zip(kwargs, d_args[len(args) :], strict=True))

    return y, key_pullback


entries.CALLABLES[type(functools.cmp_to_key(lambda a, b: 0))] = _make_key
