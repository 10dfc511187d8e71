"""Gradients through the solvers that `scipy.integrate` writes in Python."""

# ruff: noqa: E402 - what follows needs the package

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy")

from scipy.integrate import cumulative_trapezoid, quad, simpson, solve_ivp, trapezoid

import dpy
from dpy import check_gradient


def predator_prey(t, y, a, b):
    return [y[0] * (a - b * y[1]), y[1] * (0.4 * y[0] - 1.0)]


def pendulum(t, y, g, damping):
    return np.array([y[1], -g * np.sin(y[0]) - damping * y[1]])


# The steps depend on the parameters; the derivative is that of the numerical solution,
# so the tolerances of the solvers are chosen to make both agree.
@pytest.mark.parametrize("method", ["RK23", "RK45", "DOP853"])
@pytest.mark.parametrize("f", [predator_prey, pendulum])
def test_explicit(f, method):
    def end(y0, a, b):
        solution = solve_ivp(f, (0.0, 2.0), y0, method=method, args=(a, b), rtol=1e-6)
        return solution.y[0, -1] + 2 * solution.y[1, -1]

    check_gradient(end, np.array([1.3, 0.8]), 1.1, 0.4)


@pytest.mark.parametrize("method", ["RK23", "RK45", "DOP853"])
def test_dense_output(method):
    def between(y0, g, t):
        solution = solve_ivp(
            pendulum, (0.0, 2.0), y0, method=method, dense_output=True, args=(g, 0.1), rtol=1e-6
        )
        return solution.sol(t)[0] + solution.sol(np.array([0.3, t]))[1].sum()

    check_gradient(between, np.array([1.0, 0.1]), 2.3, 1.37)


@pytest.mark.parametrize("method", ["RK45", "DOP853"])
def test_times(method):
    def loss(y0, g, stiffness):
        solution = solve_ivp(
            pendulum, (0.0, 2.0), y0, method=method, t_eval=np.linspace(0.0, 2.0, 9),
            args=(g, stiffness), rtol=1e-6,
        )  # fmt: skip
        return (solution.y**2).sum()

    check_gradient(loss, np.array([1.0, 0.1]), 2.3, 0.1)


def test_event():
    def falling(t, y, g):
        return [y[1], -g]

    def ground(t, y, g):
        return y[0]

    ground.terminal = True

    def hit(height, g):
        return solve_ivp(falling, (0.0, 9.0), [height, 0.0], events=ground, args=(g,)).t_events[0][
            0
        ]

    check_gradient(hit, 3.0, 9.81)


@pytest.mark.parametrize("method", ["Radau", "BDF"])
def test_implicit(method):
    def end(k):
        solution = solve_ivp(
            pendulum, (0.0, 1.0), [1.0, 0.0], method=method, args=(k, 0.1), rtol=1e-6
        )
        return solution.y[0, -1]

    check_gradient(end, 2.3, rtol=1e-3)


def test_sums():
    def area(y, dx):
        return trapezoid(y, dx=dx) + simpson(y, dx=dx) + cumulative_trapezoid(y, dx=dx)[2]

    check_gradient(area, np.array([1.0, 0.3, 0.7, 2.0, 0.2]), 0.4)


def test_compiled_quadrature():
    def area(b):
        return quad(np.sin, 0.0, b)[0]

    (d,) = dpy.gradient(area, 1.2)
    assert d == pytest.approx(np.sin(1.2), abs=1e-12)
