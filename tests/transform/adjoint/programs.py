"""Small functions whose adjoints the tests beside this file look at."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


def straight(x, y):
    return x * y + y


def squares(x):
    return x * x


def partly_inactive(x, k):
    t = k * k
    return x * t + math.sin(k)


def useless(x, y):
    z = math.exp(y)
    w = z * 3  # noqa: F841
    return x * 2.0


def loop(x, n):
    s = 0.0
    for _ in range(n):
        x = math.sin(x)
        s = s + x * x
    return s


def branches(x):
    if x > 0:
        y = x * 2.0
    else:
        y = math.exp(x)
    return y


def branch_in_loop(x, n):
    for i in range(n):
        if x > 1:
            x = x * x
        else:
            x = x + i
    return x


def nested(x, n):
    s = 0.0
    for i in range(n):
        for j in range(i):
            s = s * x + x
        s = math.sin(s)
    return s


def until(x):
    while x < 10.0:
        x = x * x
    return x


def elements(xs):
    t = 0.0
    for i in range(3):
        t += xs[i] * xs[i]
    return t


def weighted(xs, w):
    return np.sum(xs * w)


def unpacked(p):
    a, b = p
    return a * b


def nothing(x):
    return 1.0


@dataclass
class Point:
    x: float
    y: float


def fields(p):
    return p.x * p.x


def made(x):
    p = Point(x, 2.0)
    return p.x * p.y


def early(x, n):
    for _ in range(n):
        if x > 10:
            return x * 2
        x = x * x
    return x


PROGRAMS = [
    (straight, (1.0, 2.0), ""),
    (squares, (1.0,), ""),
    (partly_inactive, (1.0, 2.0), "k"),
    (useless, (1.0, 2.0), ""),
    (loop, (0.3, 4), "n"),
    (branches, (1.0,), ""),
    (branch_in_loop, (0.5, 4), "n"),
    (nested, (0.5, 4), "n"),
    (until, (2.0,), ""),
    (elements, (np.ones(3),), ""),
    (weighted, (np.ones(3), np.ones(3)), "xs"),
    (unpacked, ((1.0, 2.0),), ""),
    (nothing, (1.0,), ""),
    (fields, (Point(1.0, 2.0),), ""),
    (made, (1.0,), ""),
    (early, (0.5, 3), "n"),
]
