"""What must be done to a contribution before its operand can have it."""

from __future__ import annotations

from typing import Any

import numpy as np

import dpy
from dpy.kinds import Array
from dpy.transform.adjoint.fitting import is_same_field
from tests.transform.adjoint.listing import Listing


def test_what_needs_a_projection() -> None:
    real, whole = Array(np.dtype(float), 1), Array(np.dtype(complex), 1)
    assert is_same_field(real, Array(np.dtype(np.float32), 2))
    assert is_same_field(whole, real)
    assert not is_same_field(real, whole)


def text(f: Any, *args: Any) -> str:
    return Listing(f, *args).reverse


def test_one_array_and_numbers_need_nothing() -> None:
    assert "unbroadcast" not in text(lambda x: np.tanh(x * 2.0) * 3.0, np.ones(3))


def test_two_arrays_are_summed_over_what_was_broadcast() -> None:
    assert "unbroadcast(" in text(lambda x, y: x * y, np.ones(3), np.ones(3))


def test_numbers_of_another_sort_are_projected() -> None:
    assert "project(" in text(lambda x, z: x * z, 2.0, 1j)
    assert "project(" not in text(lambda x, y: x * y, 2.0, 3.0)


def test_a_number_beside_an_array_gets_a_sum() -> None:
    x = np.array([1.0, 2.0])
    assert "project(" in text(lambda s, x: s * x, 2.0, x)
    assert dpy.gradient(lambda s: np.sum(s * x), 2.0) == (3.0,)


def test_precision_is_that_of_the_operand() -> None:
    single = np.ones(2, np.float32)
    d_x, d_y = dpy.gradient(lambda x, y: np.sum(x * y), single, np.ones(2))
    assert (d_x.dtype, d_y.dtype) == (np.float32, np.float64)
