"""Comparisons within containers."""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass
from typing import Any

import pytest

from dpy.cotangent import ZERO
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.comparisons import are_plain, compare_sequences, is_plain, searched


@dataclass(order=True)
class Point:
    x: Any


class Own:
    def __init__(self, x: Any) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own) and self.x == other.x

    __hash__ = None  # type: ignore[assignment]


class Nothing:
    pass


compare = functools.cmp_to_key(lambda a, b: 0)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (1.5, True), ("a", True), ([1, (2, {"a": 3})], True), ({1}, True), (Nothing(), True),
        (Point(1.5), True), (Point(Own(1)), False), (Own(1), False), ([Own(1)], False),
        ({"a": Own(1)}, False), (compare(1), False),
    ],
)  # fmt: skip
def test_values_that_compare_without_code_of_the_users(x: Any, expected: bool) -> None:
    assert is_plain(x) is expected
    assert are_plain([1.0, x]) is expected


def test_a_search_follows_where_it_has_to() -> None:
    assert searched(list.index, [1.0, 2.0], 2.0) is None
    found = searched(list.index, [Own(1), Own(2)], Own(2))
    assert found[0] == 1
    assert found[1](ZERO, Accumulators()) == (ZERO, ZERO)


def test_sequences() -> None:
    assert compare_sequences(operator.lt, [1], [2]) is None
    for function in (operator.eq, operator.ne):
        for a, b in (([Own(1)], [Own(1)]), ([Own(1)], [Own(1), Own(2)]), ((Own(1),), (Own(3),))):
            assert compare_sequences(function, a, b)[0] == function(a, b)
