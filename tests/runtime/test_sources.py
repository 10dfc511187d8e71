"""Sources: where an item came from, and where its cotangent goes."""

from __future__ import annotations

import collections

import numpy as np
import pytest

from dpy.cotangent import ZERO
from dpy.errors import NoAdjointError, UnsupportedSyntaxError
from dpy.runtime import forward_run
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.sources import Part, Same, Source, is_lazy, is_user_iterable, keep, source_of


class Bag:
    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(())


class Row:
    def __getitem__(self, i: int) -> float:
        return 1.0


def test_to_slots_of_the_container() -> None:
    acc = Accumulators()
    for xs in [1.0, 2.0], collections.deque([1.0, 2.0]):
        source_of(xs).give(acc, 1, 3.0)
        assert acc.peek(xs) == {1: 3.0}
    a = np.zeros((2, 2))
    source_of(a).give(acc, 1, np.array([3.0, 4.0]))
    assert acc.peek(a).tolist() == [[0.0, 0.0], [3.0, 4.0]]
    s = frozenset([5.0])
    source_of(s).give(acc, 0, 3.0)
    assert acc.peek(s) == {5.0: 3.0}


def test_views_of_dicts_lead_to_the_dict() -> None:
    acc, d = Accumulators(), {"a": 1.0, "b": 2.0}
    source_of(d.values()).give(acc, 1, 3.0)
    source_of(d.items()).give(acc, 0, (ZERO, 4.0))
    assert acc.peek(d) == {"b": 3.0, "a": 4.0}


def test_tuples_collect_remainders() -> None:
    acc = Accumulators()
    source = source_of((1.0, 2.0))
    source.give(acc, 1, 3.0)
    assert source.remainder(acc) == (ZERO, 3.0)
    assert source.remainder(acc) is ZERO


def test_what_carries_nothing_drops_it() -> None:
    acc = Accumulators()
    for iterable in "text", range(3), {"a": 1.0}:
        source = source_of(iterable)
        source.give(acc, 0, 1.0)
        assert source.remainder(acc) is ZERO


def test_unknown_iterables_refuse_cotangents() -> None:
    acc = Accumulators()
    source = Source(memoryview(b"ab"))
    assert source.remainder(acc) is ZERO
    source.give(acc, 0, 1.0)
    with pytest.raises(NoAdjointError, match="it yields values that carry a derivative"):
        source.remainder(acc)


def test_generators_that_ran_before_refuse_cotangents() -> None:
    def numbers(x: float):  # type: ignore[no-untyped-def]
        yield x

    source = source_of(numbers(1.0))
    source.give(Accumulators(), 0, ZERO)
    with pytest.raises(UnsupportedSyntaxError, match="numbers is a generator"):
        source.give(Accumulators(), 0, 1.0)


def test_an_iterator_made_out_of_sight_knows_where_it_stands() -> None:
    xs = [1.0, 2.0, 3.0]
    it = iter(xs)
    next(it)
    source, acc = source_of(it), Accumulators()
    source.give(acc, source.mark(), 5.0)
    assert acc.peek(xs) == {1: 5.0}


def test_parts_number_what_they_read_of_a_shared_iterator() -> None:
    def forward() -> None:
        acc, xs = Accumulators(), [1.0, 2.0, 3.0]
        it = iter(xs)
        keep(Same(it, [Part(xs)]))
        first, second = Part(it), Part(it)
        assert next(first.iterable) == 1.0
        assert next(second.iterable) == 2.0
        assert list(first.iterable) == [3.0]
        assert (first.marks, second.marks) == ([0, 2], [1])
        first.give(acc, 1, 5.0)
        second.give(acc, 0, 7.0)
        assert acc.peek(xs) == {2: 5.0, 1: 7.0}
        assert first.remainder(acc) is ZERO  # handed out where the iterator was made

    forward_run.in_run(forward)


def test_what_is_iterated_over_and_not_indexed() -> None:
    lazy = [iter([]), zip(), map(abs, []), {}.values(), set(), reversed([])]
    assert all(map(is_lazy, lazy))
    assert not any(map(is_lazy, [[], (), {}, np.zeros(2), Bag(), "text"]))
    assert is_user_iterable(Bag())
    assert is_user_iterable(Row())
    assert not any(map(is_user_iterable, [[], {}, np.zeros(2), iter([]), collections.deque()]))
