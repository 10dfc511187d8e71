"""Blocks, branches and loops."""

from __future__ import annotations

import dpy


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
