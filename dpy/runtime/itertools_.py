"""The functions of `itertools`, item by item.

Those that only rearrange items run as they are, on boxes that know where their content is from.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterator
from typing import Any

from dpy.cotangent import ZERO, add, is_zero
from dpy.runtime.containers import as_tuple, entry
from dpy.runtime.iteration import Lazy, Part, keep

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
    """`iterables` says which positional arguments are consumed item by item."""

    def call(dispatch: Any, args: Any, kwargs: Any) -> Any:
        parts = {i: Part(args[i]) for i in range(*iterables.indices(len(args)))}
        given = [_boxes(parts[i]) if i in parts else x for i, x in enumerate(args)]
        fill = kwargs.get("fillvalue")
        extra = None
        if fill is not None:
            extra = Part((fill,))
            kwargs = {**kwargs, "fillvalue": Box(fill, extra, 0)}
        boxed = function(*given, **kwargs)
        return _lazy(boxed, parts, extra, len(args))

    entry(function)(call)


def _lazy(boxed: Any, parts: dict[int, Part], extra: Part | None, n: int) -> Any:
    out: list[Any] = []

    def run() -> Iterator[Any]:
        for x in boxed:
            out.append(x)
            yield _content(x)

    it = run()
    every = [*parts.values()] if extra is None else [*parts.values(), extra]
    keep(_Rearranged(it, every, out))

    def pullback(d: Any, acc: Any) -> Any:
        d_kwargs = {}
        if extra is not None:
            d_kwargs["fillvalue"] = as_tuple(extra.remainder(acc), 1)[0]
        rests = [parts[i].remainder(acc) if i in parts else ZERO for i in range(n)]
        return ZERO, tuple(rests), d_kwargs

    return it, pullback


for _function, _iterables in (
    (itertools.chain, slice(None)), (itertools.islice, slice(0, 1)),
    (itertools.product, slice(None)), (itertools.combinations, slice(0, 1)),
    (itertools.combinations_with_replacement, slice(0, 1)), (itertools.permutations, slice(0, 1)),
    (itertools.zip_longest, slice(None)), (itertools.cycle, slice(0, 1)),
    (itertools.compress, slice(0, 1)), (itertools.pairwise, slice(0, 1)),
    *(((itertools.batched, slice(0, 1)),) if hasattr(itertools, "batched") else ()),
):  # fmt: skip
    _rearranging(_function, _iterables)


@entry(itertools.repeat)
def repeat(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``itertools.repeat(value[, times])``."""
    part = Part((args[0],))
    box = Box(args[0], part, 0)
    it, pb = _lazy(itertools.repeat(box, *args[1:], **kwargs), {0: part}, None, len(args))

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


class _Accumulated(Lazy):
    """Item `k` goes on into all that follow it: the sweep carries its cotangent along."""

    def __init__(self, iterable: Any, parts: list[Part], pbs: list[Any], n_initial: int) -> None:
        super().__init__(iterable, parts)
        self.pbs = pbs
        self.n_initial = n_initial

    def give(self, acc: Any, k: int, d: Any) -> None:
        total = add(d, acc.take_slot(self, "carried"))
        if k == 0:
            if self.n_initial:
                acc.add_slot(self, "initial", total)
            else:
                self.parts[0].give(acc, 0, total)
            return
        pb = self.pbs[k - 1]
        d_item: Any = ZERO
        if pb is not None:
            d_f, (d_before, d_item), _ = pb(total, acc)
            acc.add_slot(self, "function", d_f)
            acc.add_slot(self, "carried", d_before)
        self.parts[0].give(acc, k - self.n_initial, d_item)


@entry(itertools.accumulate)
def accumulate(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``itertools.accumulate(iterable[, function, *, initial])``."""
    iterable, *functions = args
    function = functions[0] if functions else kwargs.get("func")
    initial = kwargs.get("initial")
    part = Part(iterable)
    pbs: list[Any] = []

    def run() -> Iterator[Any]:
        started = initial is not None
        total = initial
        if started:
            yield total
        for item in part.iterable:
            if started:
                total, pb = dispatch(
                    operator.add if function is None else function, (total, item), {}
                )
                pbs.append(pb)
            else:
                total, started = item, True
            yield total

    it = run()
    source = _Accumulated(it, [part], pbs, int(initial is not None))
    keep(source)

    def accumulate_pullback(d: Any, acc: Any) -> Any:
        d_f = acc.take_slot(source, "function")
        d_kwargs = {"func": d_f, "initial": acc.take_slot(source, "initial")}
        rest = (d_f,) if functions else ()
        return ZERO, (part.remainder(acc), *rest), {k: d_kwargs[k] for k in kwargs}

    return it, accumulate_pullback


class _Starmap(Lazy):
    def __init__(self, iterable: Any, parts: list[Part], calls: list[Any]) -> None:
        super().__init__(iterable, parts)
        self.calls = calls

    def give(self, acc: Any, k: int, d: Any) -> None:
        pb, give = self.calls[k]
        d_item = ZERO
        if pb is not None:
            d_f, d_args, _ = pb(d, acc)
            acc.add_slot(self, "function", d_f)
            d_item = give(acc, list(d_args))
        self.parts[0].give(acc, k, d_item)


@entry(itertools.starmap)
def starmap(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``itertools.starmap(function, iterable)``."""
    from dpy.runtime.iteration import collect

    function, iterable = args
    part = Part(iterable)
    calls: list[Any] = []

    def run() -> Iterator[Any]:
        for item in part.iterable:
            given, give = collect(item)
            y, pb = dispatch(function, tuple(given), {})
            calls.append((pb, give))
            yield y

    it = run()
    source = _Starmap(it, [part], calls)
    keep(source)
    return it, lambda d, acc: (
        ZERO, (acc.take_slot(source, "function"), part.remainder(acc)), {}
    )  # fmt: skip


class _Selected(Lazy):
    def __init__(self, iterable: Any, parts: list[Part], kept: list[int]) -> None:
        super().__init__(iterable, parts)
        self.kept = kept

    def give(self, acc: Any, k: int, d: Any) -> None:
        self.parts[0].give(acc, self.kept[k], d)


def _selecting(function: Any) -> None:
    def call(dispatch: Any, args: Any, kwargs: Any) -> Any:
        test, iterable = args
        part = Part(iterable)
        kept: list[int] = []

        def run() -> Iterator[Any]:
            tested = (lambda box: box.value) if test is None else lambda box: test(box.value)
            for box in function(tested, _boxes(part)):
                kept.append(box.k)
                yield box.value

        it = run()
        keep(_Selected(it, [part], kept))
        return it, lambda d, acc: (ZERO, (ZERO, part.remainder(acc)), {})

    entry(function)(call)


for _function in (itertools.takewhile, itertools.dropwhile, itertools.filterfalse):
    _selecting(_function)


@entry(itertools.chain.from_iterable)
def chain_from_iterable(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``itertools.chain.from_iterable(iterables)``."""
    part = Part(args[0])
    inner: list[Part] = []
    out: list[Any] = []

    def run() -> Iterator[Any]:
        for iterable in part.iterable:
            current = Part(iterable)
            number = len(inner)
            inner.append(current)
            for box in _boxes(current):
                out.append((number, box))
                yield box.value

    it = run()

    class _Chained(Lazy):
        def give(self, acc: Any, k: int, d: Any) -> None:
            number, box = out[k]
            box.part.give(acc, box.k, d)
            if k == 0 or out[k - 1][0] != number:
                part.give(acc, number, box.part.remainder(acc))

    keep(_Chained(it, [part]))
    return it, lambda d, acc: (ZERO, (part.remainder(acc),), {})
