"""Loops over active values, and lists that loops make."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

import dpy
from tests.transform.adjoint.listing import Listing


def summed(xs: Any) -> Any:
    total = 0.0
    for x in xs:
        total = total + x * x
    return total


def mapped(x: float, n: int) -> float:
    ys = [x * i for i in range(n)]
    return sum(ys[:])


def test_items_go_back_to_their_source_when_the_sweep_passes_them() -> None:
    listing = Listing(summed, [1.0, 2.0])
    assert re.search(r"items_0, pb_0 = iterate\(xs, False\)", listing.forward)
    assert "for x in items_0" in listing.forward
    assert re.search(r"giver_0 = pb_0\(len\(saved_0\)", listing.reverse)
    inside, _, after = listing.reverse.partition("giver_0.give(d_x)")
    assert "for " in inside and "giver_0.finish()" in after
    assert dpy.gradient(summed, [1.0, 2.0]) == ([2.0, 4.0],)


def test_lists_of_comprehensions_are_popped_item_by_item() -> None:
    reverse = Listing(mapped, 2.0, 3, inactive="n").reverse
    unpacked = re.search(r"(d_\w+_items_\d+) = pop_items\(", reverse)
    assert unpacked is not None
    assert f"{unpacked[1]}.pop()" in reverse
    assert dpy.gradient(mapped, 2.0, 3) == (3.0, 0.0)


def test_a_loop_that_is_left_early_gives_back_what_it_read() -> None:
    def first(xs: Any) -> Any:
        total = 0.0
        for x in xs:
            total = total + x * x
            if total > 4.0:
                break
        return total

    assert dpy.gradient(first, [1.0, 2.0, 3.0]) == ([2.0, 4.0, 0.0],)
    assert dpy.gradient(first, np.array([1.0, 2.0, 3.0]))[0].tolist() == [2.0, 4.0, 0.0]


def test_lists_within_lists() -> None:
    def table(x: float) -> float:
        rows = [[x * i * j for j in range(3)] for i in range(3)]
        return rows[1][2] * rows[2][2]

    assert dpy.gradient(table, 1.5) == (2 * 1.5 * 2 * 4,)
