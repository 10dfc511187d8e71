"""Generators that nobody but a loop holds: Python ends them where the loop is left.

What dpy keeps for the sweep would let them live longer, and their ``finally`` would run too late.
So where a loop has called for a generator in its own line, and nobody else refers to it, it is
closed when the loop's own iterator dies, which is at the same place.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from typing import Any

from dpy.runtime.sources import Part

__all__ = ["LastItems", "alone", "leave", "named"]

# A variable of the loop's function, the pullback of the call that made the generator, the caller of
# `alone`, `alone` itself, and the argument of `getrefcount`.
_OWN = 5


def alone(iterable: Any) -> bool:
    """Whether only a loop refers to a generator of a differentiated function."""
    return hasattr(type(iterable), "died_at") and sys.getrefcount(iterable) <= _OWN


def leave(part: Part) -> None:
    """The loop is left: its generator dies, if it has not ended."""
    generator = part.source.iterable
    if generator.waits:
        part.is_last = True
        generator.die()


def named(items: Any, like: Any) -> Any:
    """A generator that shows itself as another one, in what is said of its last exception."""
    items.__name__, items.__qualname__ = like.__name__, like.__qualname__
    return items


class LastItems:
    """The items of a generator that dies with the iterator over them."""

    def __init__(self, part: Part) -> None:
        self._part = part

    def __iter__(self) -> Iterator[Any]:
        items: Iterator[Any] = named(self._items(), self._part.source.iterable)
        return items

    def _items(self) -> Generator[Any, None, None]:
        try:
            yield from self._part.iterable
        finally:
            leave(self._part)
