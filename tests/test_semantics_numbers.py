"""Numbers by other means: drawn at random, of classes of the user's, of the standard library."""

from __future__ import annotations

import math
import random
import statistics

import numpy as np
import pytest

from tests.programs.corpus import Case, Corpus, state

corpus = Corpus()
case = corpus.case


# --- random numbers with a seed -------------------------------------------------------------------


@case(0.7, 1.2)
def drawn_between(a, b):
    r = random.Random(3)
    return r.uniform(a, b) * r.triangular(a, b + 1.0) + r.random() * a


@case(0.7, 1.2)
def drawn_of_distributions(mu, sigma):
    r = random.Random(3)
    total = r.gauss(mu, sigma) + r.normalvariate(mu, sigma) * r.expovariate(sigma)
    return total + r.lognormvariate(mu, sigma) * r.weibullvariate(sigma, 1.5)


@case([0.7, 1.2, 0.4])
def drawn_items(xs):
    r = random.Random(5)
    some = r.sample(xs, 2)
    r.shuffle(some)
    return r.choice(xs) * some[0] + sum(r.choices(xs, k=4)) * r.randint(1, 3) * some[1]


@case(0.7)
def drawn_from_the_module(x):
    random.seed(7)
    value = random.uniform(x, 2.0) * random.choice([x, x * x]) + random.gauss(0.0, x)
    state["next"] = random.random()
    return value


@case(0.7)
def a_walk(x):
    r = random.Random(1)
    place = 0.0
    for _ in range(5):
        place += r.uniform(-x, x) if r.random() < 0.5 else r.gauss(place, x)
    return place


# --- statistics -----------------------------------------------------------------------------------


@case(0.3, 1.2)
def quantile_of_a_normal_distribution(p, sigma):
    n = statistics.NormalDist(p, sigma)
    return n.inv_cdf(p) * n.cdf(sigma) + n.pdf(0.1) + n.variance


# --- subclasses of numbers ------------------------------------------------------------------------


class Metres(float):
    def __add__(self, other):
        return Metres(float(self) + float(other) * 2.0)

    def __neg__(self):
        return Metres(float(self) * -3.0)

    def __lt__(self, other):
        return float(self) * 10.0 < float(other)

    def doubled(self):
        return self * 2.0


class Steps(int):
    def __mul__(self, other):
        return int(self) * other * 0.5

    def __rmul__(self, other):
        return other * int(self) * 0.25


@case(0.7, 1.2)
def operators_of_a_float(x, y):
    a, b = Metres(x), Metres(y)
    return float(a + b) * float(-a) + (2.0 if a < b else 3.0) * a.doubled()


@case(0.7)
def operators_of_an_int(x):
    return Steps(3) * x + x * Steps(3) + Steps(2)


class Ratio(float):
    def __mul__(self, other):
        return float(self) * other * other

    def __ror__(self, other):
        return other * float(self)


@case(Ratio(0.7), 1.2)
def a_float_of_the_users_as_argument(a, y):
    return (a * y) * math.sin(a) + (y | a) + y * a + a * np.float64(y)


class Phase(complex):
    def __sub__(self, other):
        return Phase(complex(self) - 2.0 * other)


@case(0.7)
def operators_of_a_complex_number(x):
    return (Phase(x, x * x) - x).real + (Phase(x) - 1j * x).imag


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
