"""Reads, writes and in-place operators with buffers. Programs: transform/test_buffers.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dpy

VECTOR = np.array([0.5, -1.2, 2.0, 0.3, 0.9])


def test_a_pullback_may_be_called_twice() -> None:
    def f(x: Any) -> Any:
        u = x * 1.0
        u[1:] *= u[:-1]
        return u

    _, pullback = dpy.pullback(f, VECTOR)
    first, second = pullback(np.ones(5)), pullback(np.ones(5))
    assert np.array_equal(first[0], second[0])


def test_errors_of_indices_are_those_of_the_program() -> None:
    def f(x: Any) -> Any:
        u = x.copy()
        u[7] += x[0]
        return u[0]

    with pytest.raises(IndexError, match="index 7 is out of bounds"):
        dpy.gradient(f, VECTOR)


def test_nothing_is_saved_for_literal_slices() -> None:
    def f(x: Any) -> Any:
        u = x.copy()
        for _ in range(3):
            u[1:-1] += u[2:]
        return np.sum(u)

    listing = dpy.adjoint_source(f, VECTOR)
    assert "saved.append(None)" in listing or "u[1:-1]" in listing
    assert "slice" not in listing.partition("pullback")[2]
