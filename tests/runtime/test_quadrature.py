"""Integrals by QUADPACK: by parameters of any kind, and by the limits."""

from __future__ import annotations

import math

import numpy as np
import pytest

import dpy
from dpy.errors import NoAdjointError, NotDifferentiableError
from tests.programs.corpus import Case, Corpus

integrate = pytest.importorskip("scipy.integrate")
quad = integrate.quad

corpus = Corpus()
case = corpus.case


class Model:
    def __init__(self, a):
        self.a = a

    def __call__(self, t):
        return self.a * t * t

    def moment(self, t, k):
        return self.a * t * k


@case(0.7, tolerance=1e-7)
def a_captured_parameter(p):
    return quad(lambda t: math.exp(-p * t * t), 0.0, 2.0)[0]


@case(0.7, tolerance=1e-7)
def arguments_and_limits(p):
    return quad(lambda t, k: math.sin(k * t) / (1 + t * t), -p, p * p, args=(p,))[0]


@case(0.7, tolerance=1e-7)
def limits_in_the_other_order(p):
    return quad(lambda t: p * t, 2.0, p)[0] + quad(math.sin, p, 0.0)[0]


@case(0.7, tolerance=1e-7)
def a_constant_integrand(p):
    return quad(lambda t: 1.0, 0.0, p)[0] * p


@case(0.7, tolerance=1e-6)
def to_infinity(p):
    total = quad(lambda t: np.exp(-p * t), 0, np.inf)[0]
    total += quad(lambda t: np.exp(-t * p) / t**2, p, np.inf)[0]
    return total + quad(lambda t: np.exp(p * t), -np.inf, p)[0]


@case(0.7, tolerance=1e-6)
def from_minus_infinity_to_infinity(p):
    return quad(lambda t: np.exp(-((t - p) ** 2)) * t, -np.inf, np.inf)[0] * p


@case(0.7, tolerance=1e-7)
def with_break_points(p):
    return quad(lambda t: abs(t - 0.3) * p, 0, 2, points=[0.3])[0]


@case(0.7, tolerance=1e-5)
def a_peak_in_many_intervals(p):
    return quad(lambda t: 1 / (1e-2 + (t - p) ** 2), 0, 2)[0]


@case(0.7, tolerance=1e-7)
def double_integrals(p):
    total = integrate.dblquad(lambda y, x: x * y * p, 0, p, 0, lambda x: x * p)[0]
    return total + integrate.nquad(lambda x, y: p * x * y, [[0, p], [0, 1]])[0]


@case(0.7, tolerance=1e-7)
def objects_and_methods(p):
    model = Model(p * p)
    return quad(model, 0, p)[0] + quad(model.moment, 0, 1, args=(p,), full_output=1)[0]


@case(0.7, tolerance=1e-7)
def what_the_integrand_writes(p):
    count = [0.0]

    def f(t):
        count[0] += 1
        return p * t

    return quad(f, 0.0, 1.0)[0] * count[0]


@case(0.7, tolerance=1e-7)
def an_exception_of_the_integrand(p):
    try:
        return quad(lambda t: p / t if t > 0.5 else [][0], 0, 1)[0]
    except IndexError:
        return p * p


@case(np.array([1.0, 2.0]), tolerance=1e-7)
def an_array(x):
    return quad(lambda t: (x * t).sum(), 0.0, 2.0)[0]


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_programs(case: Case) -> None:
    case.check()


def test_extrapolated_integrals_are_refused() -> None:
    y, back = dpy.pullback(lambda p: quad(lambda t: p / math.sqrt(t), 0, p)[0], 0.7)
    assert y == pytest.approx(2 * 0.7**1.5)
    with pytest.raises(NotDifferentiableError, match="extrapolated"):
        back(1.0)


def test_weighted_integrals_have_no_rule() -> None:
    def f(p):
        return quad(lambda t: p * t, 0, 1, weight="cos", wvar=2.0)[0]

    with pytest.raises(NoAdjointError):
        dpy.gradient(f, 0.7)
