"""Reads and writes of arrays by index, without buffers."""

from __future__ import annotations

import ast

import numpy as np

import dpy
from dpy.kinds import Array, Const, Number, Tuple, kind_of
from dpy.transform.adjoint.arrays import is_basic
from tests.transform.adjoint.listing import Listing
from tests.transform.adjoint.programs import elements


def test_items_of_an_array_go_to_one_buffer() -> None:
    listing = Listing(elements, np.ones(3))
    assert listing.reverse.count("zeros_for(") == 1
    first = ast.unparse(listing.pullback.body[0])
    assert first == "d_xs = zeros_for(xs)"  # before the loop
    assert listing.reverse.count("d_xs[i] += ") == 2


def test_indices_that_give_views() -> None:
    assert is_basic(Tuple((Number(np.int64), kind_of(slice(1, 2)), Const(..., type(...)))))
    assert not is_basic(Tuple((Number(int), Array(np.dtype(int), 1))))
    assert not is_basic(Number(bool))


def test_what_is_written_takes_its_cotangent_out_of_the_array() -> None:
    def f(a, x):
        a[1] = x
        return np.sum(a * a)

    listing = Listing(f, np.ones(3), 2.0)
    assert "take_region(acc, a, 1)" in listing.reverse
    d_a, d_x = dpy.gradient(f, np.array([1.0, 2.0, 3.0]), 5.0)
    assert d_a.tolist() == [2.0, 0.0, 6.0]
    assert d_x == 10.0


def test_a_view_adds_to_the_same_place() -> None:
    def f(a):
        return np.sum(a[1:] * a[:-1])

    assert dpy.gradient(f, np.array([1.0, 2.0, 3.0]))[0].tolist() == [2.0, 4.0, 2.0]


def test_an_index_that_names_an_item_twice() -> None:
    def f(a, i):
        return np.sum(a[i])

    assert "add_at(" in Listing(f, np.ones(3), np.array([0, 0, 2]), inactive="i").reverse
    assert dpy.gradient(f, np.ones(3), np.array([0, 0, 2]))[0].tolist() == [2.0, 0.0, 1.0]
