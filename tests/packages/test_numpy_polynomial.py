"""Gradients through the modules of `numpy.polynomial`, which are written in Python."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial import Chebyshev, Hermite, HermiteE, Laguerre, Legendre, Polynomial
from numpy.polynomial import polynomial as P

from dpy import check_gradient

CLASSES = [Polynomial, Chebyshev, Legendre, Hermite, HermiteE, Laguerre]
C = np.array([1.2, -0.7, 0.4, 0.9])
X = np.array([-0.8, -0.1, 0.3, 0.7, 0.95])


@pytest.mark.parametrize("series", CLASSES)
def test_value(series):
    check_gradient(lambda c, x: series(c)(x).sum() + series(c)(0.3), C, X)


@pytest.mark.parametrize("series", CLASSES)
def test_arithmetic(series):
    def combined(c, d, x):
        p, q = series(c), series(d)
        quotient, rest = divmod(p * q, q + 2.0)
        return ((p - q) ** 2 * 0.5 + quotient - rest / 3)(x)

    check_gradient(combined, C, np.array([0.3, 0.8, 1.1]), 0.4)


@pytest.mark.parametrize("series", CLASSES)
def test_calculus(series):
    def area(c, x):
        p = series(c, domain=[-2, 2])
        return p.integ(lbnd=-1)(x) - p.deriv(2)(x) + p.trim().cutdeg(2)(x)

    check_gradient(area, C, 0.4)


@pytest.mark.parametrize("series", CLASSES)
def test_fit(series):
    check_gradient(lambda y, t: series.fit(X, y, 2)(t), np.array([1.0, 0.4, 0.3, 0.5, 0.6]), 0.2)


@pytest.mark.parametrize("series", CLASSES)
def test_conversion(series):
    def converted(c):
        p = series(c, domain=[-2, 3])
        return p.convert(kind=Polynomial).coef[1] + p.convert(kind=Legendre)(0.3)

    check_gradient(converted, C)


@pytest.mark.parametrize("series", CLASSES)
def test_roots(series):
    def extent(c):
        return np.abs(series(c).roots()).max() + series.fromroots([0.1, c[0], 0.7])(0.3)

    check_gradient(extent, np.array([-1.0, 0.2, 3.0]))


@pytest.mark.parametrize("series", CLASSES)
def test_linspace_basis_interpolate(series):
    def values(c):
        x, y = series(c, window=[-1, 1]).linspace(5)
        return (x * y).sum() + (series.basis(3) * c[0] + series.identity())(c[1])

    check_gradient(values, C)


def test_functions():
    def mixed(c, x, y):
        grid = np.outer(c, c)
        return (
            P.polyval2d(x, y, grid)
            + P.polygrid2d([x, 0.3], [y, 0.1], grid).sum()
            + P.polyvalfromroots(x, c)
            + P.polyfromroots(c[:2])[0]
            + P.polyvander(np.array([x, y]), 3).sum()
            + P.polypow(c, 3)[2]
            + P.polymulx(c)[1]
        )

    check_gradient(mixed, C, 0.3, 0.6)


def test_chebyshev_interpolation():
    def interpolated(a):
        return Chebyshev.interpolate(lambda x: np.tanh(a * x) + 0.5, 7)(0.3)

    check_gradient(interpolated, 1.7)


@pytest.mark.parametrize("w", [None, np.array([1.0, 2.0, 1.0, 0.5, 1.0])])
def test_polyfit(w):
    check_gradient(lambda x, y: P.polyfit(x, y, 2, w=w)[1], X, np.array([1.0, 0.4, 0.3, 0.5, 0.6]))


def test_poly1d():
    def old(c, x):
        p = np.poly1d(c)
        return (p * p.deriv() + p.integ())(x) + np.polyval(c, x) + np.polyadd(c, [1.0, x])[0]

    check_gradient(old, C, 0.4)


def test_polyfit_of_numpy():
    check_gradient(
        lambda x, y: np.polyval(np.polyfit(x, y, 2), 0.4), X, np.array([1.0, 0.4, 0.3, 0.5, 0.6])
    )
