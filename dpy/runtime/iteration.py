"""Loops over active values, and consumers that read all items at once.

Both read items one by one from a `Source`; the reverse sweep gives their cotangents back from the
last to the first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dpy.cotangent import ZERO, is_zero
from dpy.runtime.attempts import interrupted, state
from dpy.runtime.fresh import LastItems, alone
from dpy.runtime.sources import Lazy, Part, Source, source_of

__all__ = ["collect", "give_items", "iterate"]


def iterate(
    iterable: Any, by_identity: bool, is_fresh: bool = False
) -> tuple[Any, Callable[[int, Any], Any]]:
    """The iterable for a ``for`` loop over active items, and how their cotangents get back.

    ``pb(n, acc)`` starts the reverse sweep over the `n` items read: an object with ``give(d)``,
    called from the last item to the first, and ``finish()``, which returns what goes to the
    iterable by value. Without `by_identity` that is the whole cotangent of a container.
    An iterable `is_fresh` if only the loop holds it.
    """
    is_alone = is_fresh and alone(iterable)
    part = Part(iterable)
    source = part.source
    if by_identity or isinstance(source, Lazy):
        items = LastItems(part) if is_alone else part.iterable
        return items, lambda n, acc: _Giver(part, n, acc)
    return part.iterable, lambda n, acc: _Collector(source, n, acc)


class _Giver:
    __slots__ = ("acc", "k", "part")

    def __init__(self, part: Part, k: int, acc: Any) -> None:
        self.part = part
        self.k = k
        self.acc = acc
        part.end(acc)

    def give(self, d: Any) -> None:
        self.k -= 1
        if d is not ZERO or self.part.marks is not None:
            self.part.give(self.acc, self.k, d)

    def finish(self) -> Any:
        return self.part.remainder(self.acc)


class _Collector:
    """Cotangents of items for a container that has its own by value."""

    __slots__ = ("acc", "found", "k", "source")

    def __init__(self, source: Source, k: int, acc: Any) -> None:
        self.source = source
        self.k = k
        self.acc = acc
        self.found: dict[int, Any] = {}

    def give(self, d: Any) -> None:
        self.k -= 1
        if not is_zero(d):
            self.found[self.k] = d

    def finish(self) -> Any:
        return self.source.collected(self.acc, self.found) if self.found else ZERO


def collect(
    iterable: Any, ask: Callable[[Any], Any] | None = None
) -> tuple[list[Any], Callable[[Any, list[Any]], Any]]:
    """All items at once, and ``give(acc, d_items) -> remainder`` with their cotangents in order.

    `ask` is what the builtin asks of the iterable before it reads the items.
    """
    part = Part(iterable)
    asked = None if ask is None else ask(iterable)
    items: list[Any] = []
    base = len(state.orphans)
    try:
        items.extend(part.iterable)
    except BaseException:
        interrupted(base, lambda acc: part.give_all(acc, len(items)))
        raise

    def give(acc: Any, d_items: list[Any]) -> Any:
        giver = _Giver(part, len(d_items), acc)
        for d in reversed(d_items):
            giver.give(d)
        if asked is not None:
            asked(ZERO, acc)
        return giver.finish()

    return items, give


def give_items(acc: Any, source: Any, d_items: list[Any]) -> Any:
    """Give the remainders of the items of `source`, in order; returns that of `source` itself."""
    if all(is_zero(d) for d in d_items):
        return ZERO
    origin = source_of(source)
    for i, d in enumerate(d_items):
        if not is_zero(d):
            origin.give(acc, i, d)
    return origin.remainder(acc)
