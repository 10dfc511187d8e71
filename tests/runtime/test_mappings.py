"""Items of mappings of all sorts, and the way back to where the values are from."""

from __future__ import annotations

import collections
import types
from typing import Any

import pytest

import dpy.specialise  # noqa: F401 - the runtime compiles methods
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.dispatch import dispatch
from dpy.runtime.mappings import items_of


@pytest.mark.parametrize(
    "mapping",
    [{"a": 1.5}, collections.OrderedDict(a=1.5), collections.Counter(a=1.5)],
    ids=lambda m: type(m).__name__,
)
def test_dicts(mapping: Any) -> None:
    acc = Accumulators()
    pairs, give = items_of(mapping)
    assert pairs == [("a", 1.5)]
    give(acc, {"a": 2.0})
    assert acc.take_slots(mapping) == {"a": 2.0}


def test_a_proxy_shows_what_belongs_to_the_mapping_behind_it() -> None:
    fields, acc = {"a": 1.5}, Accumulators()
    proxy = types.MappingProxyType(fields)
    pairs, give = items_of(proxy)
    give(acc, {"a": 2.0})
    y, pb = dispatch(proxy.get, ("a", 0.5), {})
    assert (pairs, y) == ([("a", 1.5)], 1.5)
    pb(3.0, acc)
    assert acc.take_slots(fields) == {"a": 5.0}


class Shifted(collections.abc.Mapping):  # type: ignore[type-arg]
    def __init__(self, values: Any) -> None:
        self.values_ = values

    def __getitem__(self, key: int) -> Any:
        return self.values_[key] * 2

    def __iter__(self) -> Any:
        return iter(range(len(self.values_)))

    def __len__(self) -> int:
        return len(self.values_)


def test_a_mapping_of_the_users_gives_its_items_itself() -> None:
    values, acc = [1.5, 2.5], Accumulators()
    pairs, give = items_of(Shifted(values))
    assert pairs == [(0, 3.0), (1, 5.0)]
    give(acc, {1: 1.0})
    assert acc.take_slots(values) == {1: 2.0}
