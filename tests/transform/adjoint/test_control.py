"""Blocks, branches and loops."""

from __future__ import annotations

import ast

import dpy
from tests.transform.adjoint.listing import Listing
from tests.transform.adjoint.programs import branches, early, loop, until


def test_a_cotangent_of_a_loop_starts_at_zero_before_it() -> None:
    before = Listing(loop, 0.3, 4, inactive="n").pullback.body[0]
    assert ast.unparse(before) == "d_x = 0.0"


def test_branches_are_taken_again_with_the_same_test() -> None:
    listing = Listing(branches, 1.0)
    (branch,) = (n for n in listing.pullback.body if isinstance(n, ast.If))
    assert ast.unparse(branch.test) in listing.forward.split("if ")[1].split(":")[0]
    assert "d_x" in ast.unparse(branch.body[0])
    assert "d_x" in ast.unparse(branch.orelse[0])
    assert "exp" not in listing.reverse  # its derivative is its value


def test_the_test_of_a_while_is_not_reversed() -> None:
    listing = Listing(until, 2.0)
    (saved,) = listing.saving_loops()
    assert saved[2] == ["x_0"]
    assert "<" not in listing.reverse


def test_a_loop_without_active_values_is_not_reversed() -> None:
    def counted(x, n):
        k = 0
        for i in range(n):
            k = k + i
        return x * k

    listing = Listing(counted, 1.0, 4, inactive="n")
    assert not listing.saving_loops()
    assert "for" not in listing.reverse
    assert listing.reverse.startswith("d_x = d_t_")


def test_early_returns_are_reversed_too() -> None:
    listing = Listing(early, 0.5, 3, inactive="n")
    (saved,) = listing.saving_loops()
    assert "if " in ast.unparse(listing.reading_loop(saved[1]))


def shifted(x: float, n: int) -> float:
    a0, a1, a2, a3, a4 = x, x * 2.0, x * 3.0, x * 4.0, x * 5.0
    a5, a6, a7, a8, a9, last = x * 6.0, x * 7.0, x * 8.0, x * 9.0, x * 10.0, x * 11.0
    for _ in range(n):
        a0 = a1
        a1 = a2
        a2 = a3
        a3 = a4
        a4 = a5
        a5 = a6
        a6 = a7
        a7 = a8
        a8 = a9
        a9 = last
    return a0


def test_cotangents_move_through_a_chain_of_variables_of_any_length() -> None:
    for n in range(12):
        expected = min(n, 10) + 1.0
        assert dpy.value_and_gradient(shifted, 1.0, n) == (expected, (expected, 0.0))
