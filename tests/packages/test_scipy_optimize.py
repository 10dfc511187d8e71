"""Gradients through root finding and minimisation with `scipy.optimize`."""

# ruff: noqa: E402 - what follows needs the package

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("scipy")

from scipy import optimize

from dpy import check_gradient


def cubic(x, a, b):
    return x**3 + a * x - b


def slope(x, a, b):
    return 3 * x**2 + a


def bend(x, a, b):
    return 6 * x


def newton(a, b):
    return optimize.newton(cubic, 1.0, fprime=slope, args=(a, b), tol=1e-13)


def halley(a, b):
    return optimize.newton(cubic, 1.0, fprime=slope, fprime2=bend, args=(a, b), tol=1e-13)


def secant(a, b):
    return optimize.newton(cubic, 1.0, args=(a, b), tol=1e-13)


def newton_arrays(a, b):
    return optimize.newton(cubic, np.ones(3), fprime=slope, args=(a, b), tol=1e-13).sum()


def secant_arrays(a, b):
    return optimize.newton(cubic, np.ones(3), args=(a, b), tol=1e-13).sum()


def newton_full(a, b):
    root, result = optimize.newton(lambda x: math.exp(x) * a - b, 0.2, full_output=True, tol=1e-13)
    return root * result.root


def brent(a, b):
    return optimize.brentq(lambda x: math.cos(x) * a - b * x, 0.0, 2.0, xtol=1e-14)


def toms(a, b):
    return optimize.toms748(cubic, 0.0, 3.0, args=(a, b))


def fixed_point(a, b):
    return optimize.fixed_point(lambda x: a * math.cos(b * x), 0.5, xtol=1e-13)


def fixed_point_plain(a, b):
    return optimize.fixed_point(
        lambda x: a * np.cos(b * x),
        np.array([0.4, 0.5]),
        xtol=1e-13,
        method="iteration",
        maxiter=2000,
    ).sum()


def root_scalar(a, b):
    return optimize.root_scalar(cubic, args=(a, b), x0=1.0, fprime=slope, method="newton").root


def minimum_bfgs(a, b):
    def valley(x):
        return (x[0] - a) ** 2 + 3 * (x[1] - b * x[0]) ** 2 + 0.1 * x[0] ** 4

    def gradient(x):
        inner = 6 * (x[1] - b * x[0])
        return np.array([2 * (x[0] - a) - b * inner + 0.4 * x[0] ** 3, inner])

    return optimize.minimize(valley, np.zeros(2), jac=gradient, method="BFGS", tol=1e-12).x.sum()


def golden(a, b):
    return optimize.minimize_scalar(lambda x: a * (x - b) ** 2 + x**4, method="golden").fun


def brent_minimum(a, b):
    return optimize.minimize_scalar(lambda x: a * (x - b) ** 2 + x**4, method="brent").fun


def rosen(a, b):
    return optimize.rosen(np.array([a, b, 0.3])) + optimize.rosen_der(np.array([a, b]))[0]


@pytest.mark.parametrize(
    ("program", "args"),
    [
        (newton, (1.3, 2.1)),
        (root_scalar, (1.3, 2.1)),
        (halley, (1.3, 2.1)),
        (secant, (1.3, 2.1)),
        (newton_arrays, (np.array([1.3, 0.4, 2.0]), 2.1)),
        (secant_arrays, (np.array([1.3, 0.4, 2.0]), 2.1)),
        (newton_full, (1.3, 2.1)),
        (brent, (1.3, 2.1)),
        (toms, (1.3, 2.1)),
        (fixed_point, (0.8, 0.9)),
        (fixed_point_plain, (0.8, 0.9)),
        (minimum_bfgs, (1.3, 0.6)),
        (golden, (1.3, 0.6)),
        (brent_minimum, (1.3, 0.6)),
        (rosen, (1.3, 0.6)),
    ],
)
def test_program(program, args):
    check_gradient(program, *args)
