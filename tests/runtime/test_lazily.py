"""Iterators of the library as generators: the same items at the same times, and all reversed."""

from __future__ import annotations

import builtins
import itertools
from typing import Any

import pytest

import dpy
from dpy.runtime.lazily import REPLACED, batched

XS = [0.7, 1.2, 0.4]


def is_small(x: Any) -> bool:
    return x < 3


CALLS: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    (builtins.filter, (None, [0, 1, 2]), {}),
    (builtins.filter, (is_small, [5, 1, 7, 2]), {}),
    (itertools.filterfalse, (None, [0, 1, 2]), {}),
    (itertools.filterfalse, (is_small, [5, 1, 7, 2]), {}),
    (itertools.takewhile, (is_small, [1, 2, 5, 1]), {}),
    (itertools.dropwhile, (is_small, [1, 2, 5, 1]), {}),
    (itertools.starmap, (pow, [(2, 3), (4, 2)]), {}),
    (itertools.accumulate, ([1, 2, 3],), {}),
    (itertools.accumulate, ([1, 2, 3], max), {"initial": 2}),
    (itertools.accumulate, ([],), {"initial": 2}),
    (itertools.accumulate, ([],), {"func": max}),
    (itertools.chain, ([1, 2], "", "ab"), {}),
    (itertools.chain, (), {}),
    (itertools.chain.from_iterable, ([[1, 2], "ab"],), {}),
    (itertools.compress, ("abc", [1, 0, 1, 1]), {}),
    (itertools.compress, ("abcd", [1, 0]), {}),
    (itertools.pairwise, ([1, 2, 3],), {}),
    (itertools.pairwise, ([1],), {}),
    *[
        (itertools.islice, (range(9), *places), {})
        for places in [(4,), (None,), (0,), (2, 7), (2, None, 3), (5, 2), (3, 0), (1, 8, 3)]
    ],
    (itertools.zip_longest, ("ab", [], "cde"), {"fillvalue": 0}),
    (itertools.zip_longest, (), {}),
    (itertools.cycle, ([],), {}),
]


class Counting:
    """An iterator that knows how many items were asked for."""

    def __init__(self, items: Any) -> None:
        self.it = iter(items)
        self.count = 0

    def __iter__(self) -> Counting:
        return self

    def __next__(self) -> Any:
        self.count += 1
        return next(self.it)


def history(function: Any, args: Any, kwargs: Any) -> Any:
    """The items, and how much of each iterable was consumed before each and at the end."""
    counted = [Counting(x) if hasattr(x, "__iter__") else x for x in args]
    seen = []
    for item in function(*counted, **kwargs):
        seen.append((item, [x.count for x in counted if type(x) is Counting]))
    return seen, [x.count for x in counted if type(x) is Counting]


@pytest.mark.parametrize(("function", "args", "kwargs"), CALLS)
def test_the_same_items_at_the_same_times(function: Any, args: Any, kwargs: Any) -> None:
    assert history(REPLACED[function], args, kwargs) == history(function, args, kwargs)


def test_batched() -> None:
    assert list(batched("abcde", 2)) == [("a", "b"), ("c", "d"), ("e",)]
    with pytest.raises(ValueError, match="at least one"):
        batched("ab", 0)


def test_groups_that_are_left_early() -> None:
    def taken(groupby: Any) -> Any:
        found = []
        for key, group in groupby("aabccca"):
            found.append((key, next(group)))
        stale = [group for _, group in groupby([1, 1, 2])]
        return found, [list(group) for group in stale], list(groupby([]))

    assert taken(REPLACED[itertools.groupby]) == taken(itertools.groupby)


def test_tee_and_cycle() -> None:
    a, b, c = REPLACED[itertools.tee](iter("xyz"), 3)
    assert [next(a), next(b), *a, *b, *c] == list("xxyzyzxyz")
    cycle = REPLACED[itertools.cycle]("ab")
    assert [next(cycle) for _ in range(5)] == list("ababa")


def noting(body: Any) -> Any:
    """What the function writes that `body` hands on counts, and so do the items that come out."""

    def f(xs: Any) -> Any:
        found: list[Any] = []

        def note(v: Any) -> Any:
            found.append(v * v)
            return v

        total = 0.0
        for i, y in enumerate(body(xs, note)):
            total = total + (i + 1.0) * y
        for i, w in enumerate(found):
            total = total + (i + 2.0) * w
        return total

    return f


NOTED = {
    "filter": lambda xs, f: filter(lambda v: f(v) > 0.5, xs),
    "filter, none": lambda xs, f: filter(lambda v: f(v) > 5.0, xs),
    "filterfalse": lambda xs, f: itertools.filterfalse(lambda v: f(v) > 0.5, xs),
    "takewhile": lambda xs, f: itertools.takewhile(lambda v: f(v) > 0.5, xs),
    "dropwhile": lambda xs, f: itertools.dropwhile(lambda v: f(v) < 1.0, xs),
    "starmap": lambda xs, f: itertools.starmap(lambda a, b: f(a * b), zip(xs, xs, strict=True)),
    "accumulate": lambda xs, f: itertools.accumulate(xs, lambda a, b: f(a * b), initial=xs[1]),
    "groupby": lambda xs, f: [
        sum(group) * v for k, group in itertools.groupby(xs, lambda v: f(v) > 0.5) for v in [1.0, 2]
    ],
    "groupby, items": lambda xs, f: (
        v * v for _, group in itertools.groupby(map(f, xs), lambda v: v > 0.5) for v in group
    ),
    "tee": lambda xs, f: (a * b for a, b in zip(*itertools.tee(map(f, xs)), strict=True)),
    "chain": lambda xs, f: itertools.chain(map(f, xs), (f(x) for x in xs)),
    "from_iterable": lambda xs, f: itertools.chain.from_iterable([f(x), x] for x in xs),
    "compress": lambda xs, f: itertools.compress(map(f, xs), map(lambda v: f(v) > 0.5, xs)),
    "pairwise": lambda xs, f: (a * b for a, b in itertools.pairwise(map(f, xs))),
    "islice": lambda xs, f: itertools.islice(map(f, xs), 1, 2),
    "zip_longest": lambda xs, f: (
        a * b for a, b in itertools.zip_longest(map(f, xs), xs[:1], fillvalue=xs[1])
    ),
    "cycle": lambda xs, f: itertools.islice(itertools.cycle(map(f, xs)), 7),
    "product": lambda xs, f: (a * b for a, b in itertools.product(map(f, xs), repeat=2)),
    "combinations": lambda xs, f: (a * b for a, b in itertools.combinations(map(f, xs), 2)),
    "product of nothing": lambda xs, f: itertools.product(map(f, xs), []),
    "count": lambda xs, f: (
        a * b for a, b in zip(itertools.count(f(xs[0]), xs[1]), xs, strict=False)
    ),
    "repeat": lambda xs, f: itertools.repeat(f(xs[0]), 2),
    "map, cut by zip": lambda xs, f: (a * b for a, b in zip(map(f, xs), xs[:1], strict=False)),
    "map, one item": lambda xs, f: [next(map(f, xs))],
    "batched": lambda xs, f: (sum(batch) * 2.0 for batch in batched(map(f, xs), 2)),
}


@pytest.mark.parametrize("body", NOTED.values(), ids=NOTED)
def test_what_is_written_counts(body: Any) -> None:
    f = noting(body)
    assert dpy.check_gradient(f, XS)
    gradient = dpy.gradient(f, XS)[0]
    step = 1e-6
    for i in range(len(XS)):
        high, low = list(XS), list(XS)
        high[i] += step
        low[i] -= step
        assert gradient[i] == pytest.approx((f(high) - f(low)) / (2.0 * step), rel=1e-6)


@pytest.mark.parametrize(
    "call",
    [
        lambda: itertools.takewhile(1),  # type: ignore[call-overload]
        lambda: itertools.islice([1], -1),
        lambda: itertools.tee([1], -1),
        lambda: itertools.chain.from_iterable(3),  # type: ignore[arg-type]
        lambda: itertools.pairwise(3),  # type: ignore[call-overload]
    ],
    ids=["takewhile", "islice", "tee", "from_iterable", "pairwise"],
)
def test_mistakes_raise_what_they_raise(call: Any) -> None:
    with pytest.raises((TypeError, ValueError)) as plain:
        call()

    def f(x: Any) -> Any:
        call()
        return x

    with pytest.raises(plain.type) as raised:
        dpy.gradient(f, 1.0)
    assert str(raised.value) == str(plain.value)
