"""Cotangents of containers, item by item."""

from __future__ import annotations

import numpy as np
import pytest

from dpy.cotangent import ZERO
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.held import hold
from dpy.runtime.item_cotangents import as_tuple, fresh_items, is_null, nothing, pop_items


@pytest.mark.parametrize("d", [ZERO, 0.0, {}, {"a": (0.0, ZERO)}, [0.0], np.zeros(2), None])
def test_null(d: object) -> None:
    assert is_null(d)


@pytest.mark.parametrize("d", [1.0, {"a": (0.0, float("nan"))}, [2.0], np.array([0.0, 1.0])])
def test_not_null(d: object) -> None:
    assert not is_null(d)


def test_as_tuple() -> None:
    assert as_tuple((1.0, 2.0), 2) == (1.0, 2.0)
    assert as_tuple(ZERO, 2) == (ZERO, ZERO)
    assert as_tuple({1: 2.0}, 2) == (ZERO, 2.0)
    assert as_tuple({0: 1.0, "y": 3.0}, 2, ("x", "y")) == (1.0, 3.0)
    assert as_tuple([1.0, 2.0], 2) == (1.0, 2.0)


def test_fresh_items_take_what_was_accumulated() -> None:
    acc, y = Accumulators(), [1.0, 2.0]
    acc.add_slot(y, 1, 5.0)
    assert fresh_items(acc, y, 2, {0: 1.0, 1: 1.0}) == [1.0, 6.0]
    assert fresh_items(acc, y, 2, ZERO) == [ZERO, ZERO]
    assert fresh_items(acc, (1.0, 2.0), 2, (3.0, 4.0)) == [3.0, 4.0]


def test_items_to_be_popped() -> None:
    xs = [1.0, 2.0]
    assert pop_items(ZERO, xs) == [ZERO, ZERO]
    assert pop_items({1: 5.0}, hold(xs)) == [ZERO, 5.0]
    assert pop_items([3.0, 4.0], xs) == [3.0, 4.0]


def test_nothing() -> None:
    assert nothing((1.0, 2.0)) == (ZERO, (ZERO, ZERO), {})
