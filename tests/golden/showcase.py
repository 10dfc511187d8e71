"""Five functions whose generated listings are golden files; the benchmarks time them too."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


def logistic(x: float, r: float, n: int) -> float:
    """A scalar loop with a branch."""
    s = 0.0
    for i in range(n):
        if x > 0.5:
            x = r * x * (1 - x)
        else:
            x = math.sin(r * x)
        s = s + x * x
    return s


def heron(a: float) -> float:
    """Heron's square root, until it has converged."""
    x = a
    while abs(x * x - a) > 1e-12 * a:
        x = 0.5 * (x + a / x)
    return x


def heat(start: np.ndarray, k: float, n: int) -> float:
    """A stencil that writes into preallocated arrays."""
    u = start.copy()
    flow = np.empty(len(start) - 1)
    for _ in range(n):
        flow[:] = k * (u[1:] - u[:-1])
        u[1:-1] += flow[1:] - flow[:-1]
    return np.sum(u * u)


@dataclass
class MLP:
    """Two layers."""

    w_1: np.ndarray
    b_1: np.ndarray
    w_2: np.ndarray
    b_2: np.ndarray


def mlp_loss(net: MLP, x: np.ndarray, y: np.ndarray) -> float:
    """The mean squared error of a small network."""
    hidden = np.tanh(x @ net.w_1 + net.b_1)
    error = hidden @ net.w_2 + net.b_2 - y
    return np.mean(error * error)


@dataclass
class RGB:
    """A colour."""

    r: float
    g: float
    b: float


def contrast(one: RGB, two: RGB) -> float:
    """A simple measure of how different two colours look."""
    redness = (one.r + two.r) / 2
    d_r, d_g, d_b = one.r - two.r, one.g - two.g, one.b - two.b
    return math.sqrt((2 + redness) * d_r**2 + 4 * d_g**2 + (3 - redness) * d_b**2)
