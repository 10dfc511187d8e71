"""Elementwise operations."""

from __future__ import annotations

import numpy as np

import dpy
from tests.transform.adjoint.listing import Listing
from tests.transform.adjoint.programs import partly_inactive, squares, weighted


def test_equal_contributions_become_one() -> None:
    assert "d_x = 2 * x * d_t_1" in Listing(squares, 3.0).reverse


def test_inactive_operands_get_no_cotangent() -> None:
    listing = Listing(partly_inactive, 1.0, 2.0, inactive="k")
    assert not listing.cotangents() & {"d_k", "d_t"}
    assert "cos" not in listing.reverse
    assert listing.reverse.endswith("return (d_x, 0.0)")


def test_products_of_unknown_shapes_are_summed_over_what_was_broadcast() -> None:
    listing = Listing(weighted, np.ones(3), np.ones(3), inactive="xs")
    assert "d_xs" not in listing.cotangents()
    assert "unbroadcast(" in listing.reverse


def test_a_number_stands_for_an_array_that_is_filled_with_it() -> None:
    listing = Listing(lambda x: np.sum(np.exp(x)), np.ones(3))
    assert "filled" not in listing.reverse
    x = np.array([0.0, 1.0])
    assert np.allclose(dpy.gradient(lambda x: np.sum(np.exp(x)), x), np.exp(x))


def test_the_array_is_made_where_arithmetic_does_not_make_it() -> None:
    def f(x, y):
        return np.sum(x + y)

    assert "filled" in Listing(f, np.ones(3), np.ones(3)).reverse
    d_x, d_y = dpy.gradient(f, np.ones((2, 3)), np.ones(3))
    assert d_x.tolist() == [[1.0] * 3] * 2
    assert d_y.tolist() == [2.0] * 3


def test_a_variable_that_is_assigned_from_itself_is_given_its_part_last() -> None:
    def f(x, y):
        x = x * y
        x = y * x
        return x

    assert dpy.gradient(f, 3.0, 5.0) == (25.0, 30.0)
