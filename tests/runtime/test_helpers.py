"""Small functions that generated pullbacks call."""

from __future__ import annotations

import numpy as np
import pytest

from dpy.cotangent import ZERO
from dpy.runtime import helpers


def test_zeros_for_integers_are_floats() -> None:
    assert helpers.zeros_for(np.ones(2, int)).dtype == np.float64
    assert helpers.zeros_for(np.ones(2, np.float32)).dtype == np.float32


def test_owned_copies() -> None:
    d = np.ones(2)
    mine = helpers.owned(d, d)
    mine += 1
    assert d.tolist() == [1.0, 1.0]
    assert helpers.owned(ZERO, d).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("index", [1, slice(1, None), np.array([0, 0, 2]), [2, 2], (slice(0, 2),)])
def test_add_at_counts_repeats(index: object) -> None:
    d, expected = np.zeros(3), np.zeros(3)
    helpers.add_at(d, index, 1.0)
    np.add.at(expected, index, 1.0)
    assert d.tolist() == expected.tolist()
    helpers.add_at(d, index, ZERO)
    assert d.tolist() == expected.tolist()


def test_what_was_written_into_integers_was_rounded() -> None:
    ints = np.zeros(2, int)
    assert helpers.project_written(1.0, 0.5, ints) is ZERO
    assert helpers.project_written(1.0, 3, ints) == 1.0
    assert helpers.project_written(np.ones(2), 0.5, np.zeros(2)) == 2.0


def test_copy_value() -> None:
    a, xs = np.ones(2), [1.0]
    assert helpers.copy_value(a) is not a
    assert helpers.copy_value(xs) == xs
    assert helpers.copy_value(xs) is not xs
    assert helpers.copy_value(1.5) == 1.5


def test_slot() -> None:
    assert helpers.slot(ZERO, "r") is ZERO
    assert helpers.slot({"r": 1.0}, "r") == 1.0
    assert helpers.slot({"r": 1.0}, "g") is ZERO
    assert helpers.slot((1.0, 2.0), 1) == 2.0
