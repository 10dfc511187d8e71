"""The functions of `itertools` that only rearrange items which they have from the start.

They run as they are, on boxes that know where their content is from. The others, which call
functions or consume their input item by item, are in `dpy.runtime.lazily`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from dpy.cotangent import ZERO, is_zero
from dpy.runtime.entries import entry
from dpy.runtime.item_cotangents import as_tuple
from dpy.runtime.sources import Lazy, Part, keep

__all__ = ["Box"]


class Box:
    """An item on its way through a C function: its value, and the iterable and place it is from."""

    __slots__ = ("k", "part", "value")

    def __init__(self, value: Any, part: Part, k: int) -> None:
        self.value = value
        self.part = part
        self.k = k


def _boxes(part: Part) -> Iterator[Box]:
    for k, item in enumerate(part.iterable):
        yield Box(item, part, k)


def _content(x: Any) -> Any:
    if type(x) is Box:
        return x.value
    if type(x) is tuple:
        return tuple([_content(item) for item in x])
    return x


def _give_boxes(acc: Any, x: Any, d: Any) -> None:
    if type(x) is Box:
        x.part.give(acc, x.k, d)
    elif type(x) is tuple:
        for item, d_item in zip(reversed(x), reversed(as_tuple(d, len(x))), strict=True):
            _give_boxes(acc, item, d_item)


class _Rearranged(Lazy):
    """Items that are boxes, or tuples of boxes."""

    def __init__(self, iterable: Any, parts: list[Part], out: list[Any]) -> None:
        super().__init__(iterable, parts)
        self.out = out

    def give(self, acc: Any, k: int, d: Any) -> None:
        _give_boxes(acc, self.out[k], d)


def _rearranging(function: Any, iterables: slice) -> None:
    """`iterables` says which positional arguments are consumed, all at once when this is called."""

    def call(dispatch: Any, args: Any, kwargs: Any) -> Any:
        pools, parts, pbs = list(args), {}, {}
        for i in range(*iterables.indices(len(args))):
            pool, pbs[i] = dispatch(tuple, (args[i],), {})
            parts[i] = Part(pool)
            pools[i] = _boxes(parts[i])
        it, pb = _lazy(function(*pools, **kwargs), parts, len(args))

        def call_pullback(d: Any, acc: Any) -> Any:
            rests = list(pb(d, acc)[1])
            for i in reversed(pbs):
                if pbs[i] is not None:
                    (rests[i],) = pbs[i](rests[i], acc)[1]
            return ZERO, tuple(rests), {}

        return it, call_pullback

    entry(function)(call)


def _lazy(boxed: Any, parts: dict[int, Part], n: int) -> Any:
    out: list[Any] = []

    def run() -> Iterator[Any]:
        for x in boxed:
            out.append(x)
            yield _content(x)

    it = run()
    keep(_Rearranged(it, [*parts.values()], out))

    def pullback(d: Any, acc: Any) -> Any:
        rests = [parts[i].remainder(acc) if i in parts else ZERO for i in range(n)]
        return ZERO, tuple(rests), {}

    return it, pullback


for _function, _iterables in (
    (itertools.product, slice(None)), (itertools.combinations, slice(0, 1)),
    (itertools.combinations_with_replacement, slice(0, 1)), (itertools.permutations, slice(0, 1)),
):  # fmt: skip
    _rearranging(_function, _iterables)


@entry(itertools.repeat)
def repeat(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``itertools.repeat(value[, times])``."""
    part = Part((args[0],))
    box = Box(args[0], part, 0)
    it, pb = _lazy(itertools.repeat(box, *args[1:], **kwargs), {0: part}, len(args))

    def repeat_pullback(d: Any, acc: Any) -> Any:
        d_args = pb(d, acc)[1]
        return ZERO, (as_tuple(d_args[0], 1)[0], *d_args[1:]), {}

    return it, repeat_pullback


class _Counted(Lazy):
    def give(self, acc: Any, k: int, d: Any) -> None:
        if not is_zero(d):
            acc.add_slot(self, "start", d)
            acc.add_slot(self, "step", k * d)


@entry(itertools.count)
def count(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``itertools.count(start=0, step=1)``."""
    source = _Counted(itertools.count(*args, **kwargs), [])
    keep(source)

    def count_pullback(d: Any, acc: Any) -> Any:
        found = {name: acc.take_slot(source, name) for name in ("start", "step")}
        return ZERO, tuple(found.values())[: len(args)], {name: found[name] for name in kwargs}

    return source.iterable, count_pullback
