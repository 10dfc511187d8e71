"""The helpers in axes.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dpy.adjoints.numpy import axes as tools

SHAPES = st.lists(st.integers(0, 3), min_size=0, max_size=4).map(tuple)


def some_axes(data: Any, n: int) -> Any:
    """None, one axis, or several in any order, negative ones too."""
    if n == 0:
        return data.draw(st.sampled_from([None, (), 0, -1]))
    one = st.integers(-n, n - 1)
    several = st.lists(one, unique_by=lambda i: i % n, max_size=n).map(tuple)
    return data.draw(st.none() | one | several)


@given(SHAPES, st.data())
@settings(max_examples=100, deadline=None, derandomize=True)
def test_rows_come_back(shape: tuple[int, ...], data: Any) -> None:
    axis = some_axes(data, len(shape))
    x = np.arange(float(np.prod(shape))).reshape(shape)
    rows = tools.rows_of(x, axis)
    np.testing.assert_array_equal(tools.unrows(rows, shape, axis), x)
    np.testing.assert_array_equal(rows.sum(axis=-1), np.sum(x, axis))


@given(SHAPES, st.data())
@settings(max_examples=100, deadline=None, derandomize=True)
def test_sizes_and_kept_axes_are_those_of_numpy(shape: tuple[int, ...], data: Any) -> None:
    axis = some_axes(data, len(shape))
    kept = np.sum(np.ones(shape), axis, keepdims=True)
    assert tools.kept_shape(shape, axis) == kept.shape
    if kept.size:
        assert tools.reduced_size(shape, axis) == kept.ravel()[0]
    y = np.sum(np.ones(shape), axis)
    spread = tools.spread(y, shape, axis)
    np.testing.assert_array_equal(spread, np.broadcast_to(kept, shape))


@pytest.mark.parametrize(
    ("x", "dtype", "want"),
    [
        (1.5, None, False),
        (1.5, int, True),
        (1, int, False),
        (1, bool, True),
        (1, float, False),
        (np.ones(2), np.float32, False),
        (np.ones(2), np.int8, True),
        ([1, 2], "i4", False),
        ([1.0, 2], "i4", True),
        (1j, complex, False),
    ],
)
def test_rounds(x: Any, dtype: Any, want: bool) -> None:
    assert tools.rounds(x, dtype) is want


def test_a_name_that_numpy_lacks_is_left_out() -> None:
    assert tools.functions("sum", "no_such_function") == (np.sum,)
    assert tools.functions("absolute", "abs") == (np.absolute,)
    assert tools.methods("sum") == (np.ndarray.sum, np.generic.sum)
