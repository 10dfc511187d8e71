"""The rules in indexing.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dpy.adjoints import registry
from dpy.adjoints.numpy.indexing import scatter, scatter_add_into
from dpy.errors import UnsupportedSyntaxError
from tests.adjoints.cases_indexing import CASES
from tests.adjoints.harness import Case, check_case, parametrize


@pytest.mark.parametrize(("f", "case"), parametrize(CASES))
def test_rule(f: Any, case: Case) -> None:
    check_case(f, case)


def add_one_by_one(d_y: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """The adjoint of reading, written as slowly as it can be."""
    numbers = np.arange(int(np.prod(shape))).reshape(shape)[index]
    d_x = np.zeros(int(np.prod(shape)))
    for place, d in zip(np.ravel(numbers), np.ravel(d_y), strict=True):
        d_x[place] += d
    return d_x.reshape(shape)


@st.composite
def indices(draw: Any, shape: tuple[int, ...]) -> Any:
    """An index tuple: slices, integers, and integer arrays that broadcast."""
    length = draw(st.integers(1, 4))
    parts: list[Any] = []
    for n in shape:
        whole = st.integers(-n, n - 1)
        bound = st.none() | st.integers(-n - 1, n + 1)
        step = st.sampled_from([None, 1, 2, -1])
        parts.append(
            draw(
                whole
                | st.builds(slice, bound, bound, step)
                | st.lists(whole, min_size=length, max_size=length).map(np.array)
            )
        )
    parts = parts[: draw(st.integers(0, len(parts)))]
    if draw(st.booleans()):
        parts.insert(draw(st.integers(0, len(parts))), None)
    return tuple(parts)


@given(data=st.data(), shape=st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_index(data: Any, shape: tuple[int, ...]) -> None:
    index = data.draw(indices(shape))
    x = np.zeros(shape)
    d_y = np.random.default_rng(0).normal(size=np.shape(x[index]))
    want = add_one_by_one(d_y, index, shape)
    np.testing.assert_allclose(scatter(d_y, index, shape, x.dtype), want, atol=1e-14)
    buffer = np.ones(shape)
    scatter_add_into(buffer, index, d_y)
    np.testing.assert_allclose(buffer, 1.0 + want, atol=1e-14)
    # the same into memory in another order
    buffer = np.ones(shape[::-1]).T
    scatter_add_into(buffer, index, d_y)
    np.testing.assert_allclose(buffer, 1.0 + want, atol=1e-14)


def test_a_number_is_added_to_every_place() -> None:
    buffer = np.zeros((3, 2))
    scatter_add_into(buffer, np.array([0, 0, 2]), 1.0)
    np.testing.assert_array_equal(buffer, [[2, 2], [0, 0], [1, 1]])


@pytest.mark.parametrize("dtype", [np.float32, np.complex64, np.complex128])
def test_scatter_keeps_the_dtype(dtype: Any) -> None:
    d_y = np.ones(2, dtype)
    assert scatter(d_y, [0, 0], (3,), np.dtype(dtype)).dtype == dtype
    assert scatter(d_y, slice(2), (3,), np.dtype(dtype)).dtype == dtype
    assert scatter(1.0, 1, (3,), np.dtype(int)).dtype == np.float64


def test_out_is_refused() -> None:
    args = (np.zeros(3), [0, 1])
    with pytest.raises(UnsupportedSyntaxError, match="out="):
        registry.lookup(np.take, args).apply(args, {"out": np.zeros(2)})
