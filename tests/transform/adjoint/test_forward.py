"""The forward, and what its loops save."""

from __future__ import annotations

import ast
import re

from tests.transform.adjoint.listing import Listing
from tests.transform.adjoint.programs import branch_in_loop, loop, nested


def test_values_written_over_in_a_loop_are_saved_before() -> None:
    listing = Listing(loop, 0.3, 4, inactive="n")
    (saved,) = listing.saving_loops()
    assert "x_0 = x" in ast.unparse(saved[0])
    assert set(saved[2]) == {"x", "x_0"}  # the sine's operand and the square's
    assert "math.cos(x_0)" in listing.reverse
    assert not re.search(r"\bs\b", listing.reverse)  # sums need nothing


def test_the_test_of_a_branch_in_a_loop_is_saved() -> None:
    listing = Listing(branch_in_loop, 0.5, 4, inactive="n")
    (saved,) = listing.saving_loops()
    (branch,) = (n for n in ast.walk(listing.reading_loop(saved[1])) if isinstance(n, ast.If))
    assert ast.unparse(branch.test) in saved[2]
    assert "i" not in saved[2]  # adding it needs no value


def test_the_tape_of_an_inner_loop_is_saved_by_the_outer() -> None:
    loops = Listing(nested, 0.5, 4, inactive="n").saving_loops()
    assert len(loops) == 2
    (outer, inner) = loops
    assert inner[1] in outer[2]


def test_the_number_of_iterations_is_that_of_the_tape() -> None:
    def repeated(x, n):
        y = x
        for _ in range(n):
            y = y + y
        return y

    listing = Listing(repeated, 1.0, 3, inactive="n")
    (saved,) = listing.saving_loops()
    assert saved[2] == ["None"]
    assert f"reversed({saved[1]})" in ast.unparse(listing.reading_loop(saved[1]).iter)
