"""Buffers: what belongs to whom, and in which dtype. Programs: transform/test_buffers.py."""

from __future__ import annotations

from typing import Any

import numpy as np

import dpy

VECTOR = np.array([0.5, -1.2, 2.0, 0.3, 0.9])


def test_the_seed_is_left_alone() -> None:
    def f(x: Any) -> Any:
        u = x * 1.0
        u[0] = 0.0
        return u

    seed = np.ones(5)
    _, pullback = dpy.pullback(f, VECTOR)
    assert pullback(seed)[0].tolist() == [0, 1, 1, 1, 1]
    assert seed.tolist() == [1] * 5


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
