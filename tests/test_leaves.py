"""Gradients of single numbers and arrays, beyond what `test_structs` covers by way of `mirror`."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from dpy import leaves
from dpy.cotangent import ZERO


@pytest.mark.parametrize("d", [math.inf, -math.inf, math.nan])
def test_a_fraction_cannot_hold_what_is_not_finite(d):
    g = leaves.fraction_gradient(d, Fraction(1, 2), False)
    assert type(g) is float
    np.testing.assert_equal(g, d)


@pytest.mark.parametrize("d", [Fraction(1, 4), 0.25, np.float64(0.25), Decimal("0.25")])
def test_a_decimal_gets_a_decimal(d):
    g = leaves.decimal_gradient(d, Decimal(1), False)
    assert type(g) is Decimal
    assert g == Decimal("0.25")


def test_numbers_of_other_libraries_keep_their_type():
    class Money:
        def __init__(self, cents):
            self.cents = cents

        def __rmul__(self, factor):
            return Money(factor * self.cents)

    assert leaves.number_gradient(ZERO, Money(5), False).cents == 0
    d = Money(3)
    assert leaves.number_gradient(d, Money(5), False) is d


def test_an_array_is_handed_out_only_if_it_owns_its_memory():
    x = np.zeros((2, 2))
    d = np.ones((2, 2))
    assert leaves.array_gradient(d, x, True) is d
    for unfit in (d.T, d[:], np.ones((2, 2), np.float32), np.broadcast_to(1.0, (2, 2))):
        g = leaves.array_gradient(unfit, x, True)
        assert not np.shares_memory(g, unfit)
        np.testing.assert_array_equal(g, np.ones((2, 2)), strict=True)


def test_shape_and_realness_are_those_of_the_primal():
    g = leaves.array_gradient(np.full((3, 2), 1 + 5j), np.zeros(2, np.float32), False)
    np.testing.assert_array_equal(g, np.full(2, 3, np.float32), strict=True)


class DeviceArray:
    """What an array on a graphics card looks like from here."""

    __cuda_array_interface__ = {"version": 3}  # noqa: RUF012

    def __init__(self, data):
        self.data = np.asarray(data)
        self.dtype = self.data.dtype
        self.shape = self.data.shape

    def __mul__(self, factor):
        return DeviceArray(self.data * factor)

    def copy(self):
        return DeviceArray(self.data.copy())


def test_device_arrays():
    x = DeviceArray(np.ones(2, np.float32))
    zero = leaves.cuda_gradient(ZERO, x, False)
    np.testing.assert_array_equal(zero.data, np.zeros(2, np.float32), strict=True)
    whole = leaves.cuda_gradient(ZERO, DeviceArray(np.ones(2, np.int32)), False)
    np.testing.assert_array_equal(whole.data, np.zeros(2), strict=True)
    d = DeviceArray(np.full(2, 3, np.float32))
    g = leaves.cuda_gradient(d, x, True)
    np.testing.assert_array_equal(g.data, d.data, strict=True)
    assert not np.shares_memory(g.data, d.data)
    assert leaves.cuda_gradient(ZERO, DeviceArray([True]), False) is None
