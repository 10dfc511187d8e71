"""Iterators of the standard library as generator functions, for what they call or consume.

A function that an iterator calls may write, and an item that it drops may be the work of another
function: all of that has to be reversed where it happened. A generator on a tape does that. What
these functions do they do when the originals do it: ``iter`` at once, everything else item by item.
"""

from __future__ import annotations

import builtins
import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from dpy.runtime.entries import entry
from dpy.runtime.sources import is_lazy

__all__ = ["REPLACED"]


def _is_plain(x: Any) -> bool:
    return isinstance(x, (float, int, str, np.ndarray, np.generic, type(None)))


# By the function that a program calls: how it is written here.
REPLACED: dict[Any, Callable[..., Any]] = {}


def _instead_of(original: Any, check: Any = None) -> Callable[[Any], Any]:
    """`check` may complain about the values of arguments before anything runs."""

    def register(function: Any) -> Any:
        REPLACED[original] = function
        signature = inspect.signature(function)

        def call(dispatch: Any, args: Any, kwargs: Any) -> Any:
            try:
                signature.bind(*args, **kwargs)
            except TypeError:
                original(*args, **kwargs)  # its own message
                raise
            if check is not None:
                check(*args, **kwargs)
            return dispatch(function, args, kwargs)

        entry(original)(call)
        return function

    return register


@_instead_of(builtins.filter)
def filter_(predicate: Any, iterable: Iterable[Any], /) -> Iterator[Any]:
    """``filter``."""
    return _filter(predicate, iter(iterable))


def _filter(predicate: Any, it: Iterator[Any]) -> Iterator[Any]:
    for item in it:
        if item if predicate is None else predicate(item):
            yield item


def _any(iterable: Iterable[Any]) -> bool:
    for item in iterable:  # noqa: SIM110 - this is what `any` does
        if item:
            return True
    return False


def _all(iterable: Iterable[Any]) -> bool:
    for item in iterable:  # noqa: SIM110
        if not item:
            return False
    return True


def _until_decided(original: Any, function: Any) -> None:
    """``any`` and ``all`` leave the rest of an iterator alone; of lists there is a rule."""

    def call(dispatch: Any, args: Any, kwargs: Any) -> Any:
        if len(args) != 1 or kwargs:
            return None
        if is_lazy(args[0]):
            return dispatch(function, args, kwargs)
        if isinstance(args[0], (list, tuple)) and not all(map(_is_plain, args[0])):
            return dispatch(function, args, kwargs)  # their `__bool__` may write
        return None

    entry(original)(call)


_until_decided(any, _any)
_until_decided(all, _all)


@_instead_of(itertools.filterfalse)
def filterfalse(predicate: Any, iterable: Iterable[Any], /) -> Iterator[Any]:
    """``itertools.filterfalse``."""
    return _filterfalse(predicate, iter(iterable))


def _filterfalse(predicate: Any, it: Iterator[Any]) -> Iterator[Any]:
    for item in it:
        if not (item if predicate is None else predicate(item)):
            yield item


@_instead_of(itertools.takewhile)
def takewhile(predicate: Any, iterable: Iterable[Any], /) -> Iterator[Any]:
    """``itertools.takewhile``."""
    return _takewhile(predicate, iter(iterable))


def _takewhile(predicate: Any, it: Iterator[Any]) -> Iterator[Any]:
    for item in it:
        if not predicate(item):
            break
        yield item


@_instead_of(itertools.dropwhile)
def dropwhile(predicate: Any, iterable: Iterable[Any], /) -> Iterator[Any]:
    """``itertools.dropwhile``."""
    return _dropwhile(predicate, iter(iterable))


def _dropwhile(predicate: Any, it: Iterator[Any]) -> Iterator[Any]:
    is_dropping = True
    for item in it:
        if is_dropping and predicate(item):
            continue
        is_dropping = False
        yield item


@_instead_of(itertools.starmap)
def starmap(function: Any, iterable: Iterable[Any], /) -> Iterator[Any]:
    """``itertools.starmap``."""
    return _starmap(function, iter(iterable))


def _starmap(function: Any, it: Iterator[Any]) -> Iterator[Any]:
    for args in it:
        yield function(*args)


@_instead_of(itertools.accumulate)
def accumulate(iterable: Iterable[Any], func: Any = None, *, initial: Any = None) -> Iterator[Any]:
    """``itertools.accumulate``."""
    return _accumulate(iter(iterable), func, initial)


def _accumulate(it: Iterator[Any], func: Any, initial: Any) -> Iterator[Any]:
    total = initial
    is_started = initial is not None
    if is_started:
        yield total
    for item in it:
        if not is_started:
            total = item
            is_started = True
        elif func is None:
            total = total + item
        else:
            total = func(total, item)
        yield total


@_instead_of(itertools.chain)
def chain(*iterables: Iterable[Any]) -> Iterator[Any]:
    """``itertools.chain``."""
    return _chain(iter(iterables))


@_instead_of(itertools.chain.from_iterable)
def chain_from_iterable(iterable: Iterable[Iterable[Any]], /) -> Iterator[Any]:
    """``itertools.chain.from_iterable``."""
    return _chain(iter(iterable))


def _chain(iterables: Iterator[Iterable[Any]]) -> Iterator[Any]:
    for iterable in iterables:
        yield from iterable


@_instead_of(itertools.compress)
def compress(data: Iterable[Any], selectors: Iterable[Any]) -> Iterator[Any]:
    """``itertools.compress``."""
    return _compress(iter(data), iter(selectors))


def _compress(data: Iterator[Any], selectors: Iterator[Any]) -> Iterator[Any]:
    for item, is_selected in zip(data, selectors, strict=False):
        if is_selected:
            yield item


@_instead_of(itertools.cycle)
def cycle(iterable: Iterable[Any], /) -> Iterator[Any]:
    """``itertools.cycle``."""
    return _cycle(iter(iterable))


def _cycle(it: Iterator[Any]) -> Iterator[Any]:
    saved = []
    for item in it:
        saved.append(item)
        yield item
    while saved:
        for item in saved:
            yield item


@_instead_of(itertools.pairwise)
def pairwise(iterable: Iterable[Any], /) -> Iterator[Any]:
    """``itertools.pairwise``."""
    return _pairwise(iter(iterable))


def _pairwise(it: Iterator[Any]) -> Iterator[Any]:
    before = None
    is_first = True
    for item in it:
        if not is_first:
            yield before, item
        before = item
        is_first = False


def batched(iterable: Iterable[Any], n: int) -> Iterator[Any]:
    """``itertools.batched``, of Python 3.12."""
    if n < 1:
        raise ValueError("n must be at least one")
    return _batched(iter(iterable), n)


def _batched(it: Iterator[Any], n: int) -> Iterator[Any]:
    batch = []
    for item in it:
        batch.append(item)
        if len(batch) == n:
            yield tuple(batch)
            batch = []
    if batch:
        yield tuple(batch)


if hasattr(itertools, "batched"):
    _instead_of(itertools.batched)(batched)


@_instead_of(itertools.islice, lambda iterable, *places: itertools.islice((), *places))
def islice(iterable: Iterable[Any], stop: Any, /, *more: Any) -> Iterator[Any]:
    """``itertools.islice``."""
    s = slice(stop, *more)
    return _islice(iter(iterable), s.start or 0, s.stop, s.step or 1)


def _islice(it: Iterator[Any], start: int, stop: Any, step: int) -> Iterator[Any]:
    last = None if stop is None else max(start, stop) - 1
    if last is not None and last < 0:
        return
    for i, item in enumerate(it):
        if i >= start and (i - start) % step == 0 and (stop is None or i < stop):
            yield item
        if i == last:
            return


@_instead_of(itertools.zip_longest)
def zip_longest(*iterables: Iterable[Any], fillvalue: Any = None) -> Iterator[Any]:
    """``itertools.zip_longest``."""
    return _zip_longest([iter(iterable) for iterable in iterables], fillvalue)


def _zip_longest(iterators: list[Any], fillvalue: Any) -> Iterator[Any]:
    running = len(iterators)
    while running:
        items = []
        for i, it in enumerate(iterators):
            item = fillvalue
            if it is not None:
                try:
                    item = next(it)
                except StopIteration:
                    running -= 1
                    if not running:
                        return
                    iterators[i] = None
            items.append(item)
        yield tuple(items)


@_instead_of(itertools.tee, lambda iterable, n=2: itertools.tee((), n))
def tee(iterable: Iterable[Any], n: int = 2, /) -> tuple[Iterator[Any], ...]:
    """``itertools.tee``."""
    it = iter(iterable)
    seen: list[Any] = []
    return tuple([_tee(it, seen) for _ in range(n)])


def _tee(it: Iterator[Any], seen: list[Any]) -> Iterator[Any]:
    i = 0
    while True:
        if i == len(seen):
            try:
                seen.append(next(it))
            except StopIteration:
                return
        yield seen[i]
        i += 1


@_instead_of(itertools.groupby)
def groupby(iterable: Iterable[Any], key: Any = None) -> Iterator[tuple[Any, Iterator[Any]]]:
    """``itertools.groupby``."""
    return _groupby(iter(iterable), key)


def _groupby(it: Iterator[Any], key: Any) -> Iterator[tuple[Any, Iterator[Any]]]:
    is_done = False
    item = current = None

    def members(target: Any) -> Iterator[Any]:
        nonlocal item, current, is_done
        yield item
        for item in it:
            current = item if key is None else key(item)
            if not (target is current or target == current):
                return
            yield item
        is_done = True

    try:
        item = next(it)
    except StopIteration:
        return
    current = item if key is None else key(item)
    while not is_done:
        target = current
        group = members(target)
        yield target, group
        if target is current or target == current:
            for _ in group:
                pass
