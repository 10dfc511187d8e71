"""Copies, and containers that travel by value."""

from __future__ import annotations

import dpy
from tests.transform.adjoint.listing import Listing
from tests.transform.adjoint.programs import Point, fields, made, unpacked


def test_items_of_a_tuple_travel_apart_and_meet_in_its_cotangent() -> None:
    reverse = Listing(unpacked, (1.0, 2.0)).reverse
    assert "return ((d_p_0, d_p_1),)" in reverse
    assert "[" not in reverse


def test_fields_travel_apart_and_meet_in_the_cotangent_of_the_object() -> None:
    listing = Listing(fields, Point(1.0, 2.0))
    assert "d_p_x" in listing.cotangents()
    assert "d_p_y" not in listing.cotangents()
    assert "{'x': d_p_x}" in listing.reverse


def test_a_constructor_hands_its_fields_on() -> None:
    listing = Listing(made, 1.0)
    assert "d_p_x" in listing.cotangents()
    assert "d_p" not in listing.cotangents()  # the object itself needs none


def test_slots_move_with_a_copy() -> None:
    def f(p):
        q = p
        return q[0] * q[0]

    reverse = Listing(f, (2.0, 3.0)).reverse
    assert "d_q =" not in reverse  # no tuple is made for it
    assert dpy.gradient(f, (2.0, 3.0)) == ((4.0, 0.0),)


def test_the_whole_and_its_parts_are_added() -> None:
    def f(x, k):
        p = (x, x * 2.0)
        y = p[0] * k
        q = p if k > 0 else (k, k)
        return y + q[0] * q[1]

    assert dpy.gradient(f, 3.0, 2.0) == (2.0 + 4 * 3.0, 3.0)


def test_dicts_are_taken_apart_by_their_keys() -> None:
    def f(x, y):
        d = {"a": x, "b": y}
        return d["a"] * d["a"] + d["b"]

    assert dpy.gradient(f, 3.0, 2.0) == (6.0, 1.0)
