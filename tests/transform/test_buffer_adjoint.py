"""Adjoints with buffers: what belongs to whom, and in which dtype. Programs: test_buffers.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dpy
from dpy.kinds import Array, Const, Number, Other, Tuple
from dpy.transform import ir
from dpy.transform.buffer_adjoint import adds_to, is_basic, is_same_field

VECTOR = np.array([0.5, -1.2, 2.0, 0.3, 0.9])


def test_a_pullback_may_be_called_twice() -> None:
    def f(x: Any) -> Any:
        u = x * 1.0
        u[1:] *= u[:-1]
        return u

    _, pullback = dpy.pullback(f, VECTOR)
    first, second = pullback(np.ones(5)), pullback(np.ones(5))
    assert np.array_equal(first[0], second[0])


def test_the_seed_is_left_alone() -> None:
    def f(x: Any) -> Any:
        u = x * 1.0
        u[0] = 0.0
        return u

    seed = np.ones(5)
    _, pullback = dpy.pullback(f, VECTOR)
    assert pullback(seed)[0].tolist() == [0, 1, 1, 1, 1]
    assert seed.tolist() == [1] * 5


def test_errors_of_indices_are_those_of_the_program() -> None:
    def f(x: Any) -> Any:
        u = x.copy()
        u[7] += x[0]
        return u[0]

    with pytest.raises(IndexError, match="index 7 is out of bounds"):
        dpy.gradient(f, VECTOR)


def test_the_array_may_be_the_result() -> None:
    def f(x: Any) -> Any:
        u = np.zeros(5)
        for i in range(5):
            u[i] = x[i] * x[i - 1]
        return u

    assert "acc" not in dpy.adjoint_source(f, VECTOR)
    jacobian = dpy.jacobian(f, VECTOR)
    expected = np.diag(np.roll(VECTOR, 1))
    expected[np.arange(5), np.arange(5) - 1] += VECTOR
    assert np.allclose(jacobian, expected)


def test_buffers_have_the_precision_of_their_arrays() -> None:
    def f(x: Any, k: Any) -> Any:
        u = np.zeros(5, np.float32)
        for i in range(1, 5):
            u[i] = u[i - 1] * k + x[i]
        u[1:] += x[:-1].astype(np.float64)
        return np.sum(u * u)

    single, double = VECTOR.astype(np.float32), VECTOR.astype(np.float64)
    d_x, d_k = dpy.gradient(f, single, np.float32(0.5))
    assert d_x.dtype == np.float32

    def g(x: Any, k: Any) -> Any:
        u = np.zeros(5)
        for i in range(1, 5):
            u[i] = u[i - 1] * k + x[i]
        u[1:] += x[:-1]
        return np.sum(u * u)

    e_x, e_k = dpy.gradient(g, double, 0.5)
    assert np.allclose(d_x, e_x, rtol=1e-5) and np.allclose(d_k, e_k, rtol=1e-5)


def test_nothing_is_saved_for_literal_slices() -> None:
    def f(x: Any) -> Any:
        u = x.copy()
        for _ in range(3):
            u[1:-1] += u[2:]
        return np.sum(u)

    listing = dpy.adjoint_source(f, VECTOR)
    assert "saved.append(None)" in listing or "u[1:-1]" in listing
    assert "slice" not in listing.partition("pullback")[2]


def test_indices_that_give_views() -> None:
    assert is_basic(Tuple((Number(np.int64), Other(slice), Const(..., type(...)))))
    assert not is_basic(Tuple((Number(int), Array(np.dtype(int), 1))))
    assert not is_basic(Number(bool))


def test_a_negative_contribution_is_subtracted() -> None:
    part, value = ir.Var("d_u"), ir.Var("d")
    assert adds_to(part, value).func.name == "add_to"
    negative = adds_to(part, ir.Op("neg", (value,)))
    assert negative.func.name == "subtract_from" and negative.args == (part, value)


def test_what_needs_a_projection() -> None:
    real, whole = Array(np.dtype(float), 1), Array(np.dtype(complex), 1)
    assert is_same_field(real, Array(np.dtype(np.float32), 2))
    assert is_same_field(whole, real)
    assert not is_same_field(real, whole)
