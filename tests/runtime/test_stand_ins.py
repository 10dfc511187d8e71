"""``flat`` and memoryviews, by hand (programs: ``test_semantics_mutation_views.py``)."""

from __future__ import annotations

import array

import numpy as np
import pytest

from dpy.cotangent import ZERO
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.item_cotangents import is_null
from dpy.runtime.sources import source_of
from dpy.runtime.stand_ins import (
    array_of,
    read_flat,
    read_view,
    stands_in,
    view_of,
    write_flat,
    write_view,
)

MATRIX = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize("index", [4, -1, slice(1, 4), [0, 0, 5], ..., np.arange(6) > 3])
def test_flat_is_read_and_written_at_the_same_places(index) -> None:
    m = MATRIX.copy().T
    y, back = read_flat(m.flat, index)
    acc = Accumulators()
    acc.add(y, np.ones(y.shape)) if isinstance(y, np.ndarray) else None
    back(ZERO if isinstance(y, np.ndarray) else 1.0, acc)
    counts = acc.peek(m)
    assert counts.sum() == np.size(y)
    _, pb = write_flat(m.flat, index, 10.0)
    assert ((m == 10.0) == (counts > 0)).all()
    assert pb(ZERO, acc)[2] == counts.sum()  # of one place, all that was added to it
    assert is_null(acc.peek(m))


def test_items_of_flat_are_numbered_from_the_beginning() -> None:
    m = MATRIX.copy().T
    flat = m.flat
    next(flat)
    source = source_of(flat)
    next(flat)
    acc = Accumulators()
    source.give(acc, source.mark(), 2.0)
    np.testing.assert_array_equal(acc.peek(m), [[0.0, 2.0], [0.0, 0.0], [0.0, 0.0]])


def test_a_flat_array_is_a_view_or_a_copy() -> None:
    for m in (MATRIX.copy(), MATRIX.copy().T):
        y, give = array_of(m.flat)
        acc = Accumulators()
        acc.add(y, np.arange(6.0))
        give(acc)
        np.testing.assert_array_equal(acc.peek(m).ravel(), np.arange(6.0))


def test_a_memoryview_is_read_and_written() -> None:
    a = np.arange(4.0)
    view = memoryview(a)[1:]
    y, back = read_view(view, 0)
    assert y == 1.0
    acc = Accumulators()
    back(3.0, acc)
    _, pb = write_view(view, slice(0, 2), memoryview(np.array([7.0, 8.0])))
    np.testing.assert_array_equal(a, [0.0, 7.0, 8.0, 3.0])
    pb(ZERO, acc)
    assert is_null(acc.peek(a))


def test_the_array_of_a_memoryview_does_not_hold_it_open() -> None:
    view = memoryview(np.arange(4.0))
    seen = view_of(view)
    view.release()
    assert seen[1] == 1.0


def test_memory_of_no_array_is_left_to_others() -> None:
    view = memoryview(array.array("d", [1.0]))
    assert view_of(view) is read_view(view, 0) is write_view(view, 0, 2.0) is None
    assert not stands_in(view)
    assert stands_in(MATRIX.flat)
    assert stands_in(memoryview(MATRIX))
