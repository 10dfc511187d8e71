"""Owners of memory, overlap, and buffers laid out like the memory of an array."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from dpy.errors import MutationError
from dpy.runtime.memory import Buffer, cotangent_dtype, overlaps_itself, owner_of


@pytest.mark.parametrize(
    "view",
    [lambda a: a, lambda a: a[1:], lambda a: a.T[::-1][1:].reshape(-1), lambda a: a.view(np.matrix),
     lambda a: sliding_window_view(a, (2, 2)), lambda a: as_strided(a, (2,), (8,)),
     lambda a: np.broadcast_to(a, (5, 3, 4)), lambda a: np.asarray(memoryview(a)),
     lambda a: np.frombuffer(a)[2:], lambda a: a.view(np.int64)],
)  # fmt: skip
def test_all_views_lead_to_one_owner(view):
    a = np.zeros((3, 4))
    v = view(a)
    assert owner_of(v) is a or not np.shares_memory(v, a)


def test_a_copy_is_its_own_owner():
    a = np.zeros(3)
    assert owner_of(a.copy()) is not a


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(-4, 4)), min_size=1, max_size=3),
)
def test_overlap_agrees_with_counting(axes):
    """Against writing every index and looking which survive."""
    memory = np.zeros(60)
    shape, steps = zip(*axes, strict=True)
    v = as_strided(memory[30:], shape, [8 * s for s in steps])
    reached = [
        30 + sum(i * s for i, s in zip(index, steps, strict=True)) for index in np.ndindex(shape)
    ]
    assert overlaps_itself(v) == (len(set(reached)) < len(reached))


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [(float, float), (np.float32, np.float32), (complex, complex), (np.int8, float),
     (np.uint64, float), (">f4", np.float32), (bool, None), (object, None), ("U3", None),
     ("M8[s]", None)],
)  # fmt: skip
def test_cotangent_dtype(dtype, expected):
    found = cotangent_dtype(np.dtype(dtype))
    assert found == (None if expected is None else np.dtype(expected))


def test_a_buffer_starts_from_a_cotangent_that_it_copies():
    a = np.zeros((2, 3))
    d = np.ones((2, 3))
    buffer = Buffer(a, d)
    buffer.array[0] = 5.0
    assert (d == 1).all()
    fortran = Buffer(np.asfortranarray(a), d)
    np.testing.assert_array_equal(fortran.array, d)
    assert fortran.array.flags.f_contiguous


def test_a_view_of_the_buffer_shares_its_memory():
    a = np.zeros((3, 4), np.int16)
    buffer = Buffer(a)
    buffer.view(a[1:, ::2])[...] = 1.0
    np.testing.assert_array_equal(buffer.array, [[0, 0, 0, 0], [1, 0, 1, 0], [1, 0, 1, 0]])
    buffer.scatter(np.broadcast_to(a[0], (2, 4)), np.ones((2, 4)))
    np.testing.assert_array_equal(buffer.array[0], [2, 2, 2, 2])


def test_a_view_beyond_its_base_is_refused():
    a = np.zeros(4)
    with pytest.raises(MutationError, match="beyond"):
        Buffer(a).view(as_strided(a, (8,), (8,)))


def test_span_of_reversed_and_strided_owners():
    a = np.zeros(4)
    buffer = Buffer(a)
    low, high = buffer.span()
    assert high - low == a.nbytes
    np.testing.assert_array_equal(buffer.view(a[::-1]).strides, (-8,))
