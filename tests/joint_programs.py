"""Functions that the joint back end compiles, for its tests and for the benchmarks."""

from __future__ import annotations

import math

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


def heat_in_place(kappa: float, u: np.ndarray, new: np.ndarray, steps: int) -> float:
    """Diffusion on a line, written element by element into both arguments."""
    n = len(u)
    for t in range(steps):
        for i in range(1, n - 1):
            new[i] = u[i] + kappa * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        for i in range(1, n - 1):
            u[i] = new[i]
    total = 0.0
    for i in range(n):
        total = total + u[i] * u[i]
    return total


def heat(kappa: float, start: np.ndarray, steps: int) -> float:
    """The same, in arrays of its own."""
    n = len(start)
    u = np.zeros(n)
    new = np.zeros(n)
    for i in range(n):
        u[i] = start[i]
    for t in range(steps):
        for i in range(1, n - 1):
            new[i] = u[i] + kappa * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        for i in range(1, n - 1):
            u[i] = new[i]
    total = 0.0
    for i in range(n):
        total = total + u[i] * u[i]
    return total


def heron(a: float) -> float:
    """Heron's square root, until it has converged."""
    x = a
    while abs(x * x - a) > 1e-12 * a:
        x = 0.5 * (x + a / x)
    return x


def plate(k: float, start: np.ndarray, steps: int) -> float:
    """Two dimensions, a break, and a loop in a branch."""
    rows, columns = start.shape
    u = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            u[i, j] = start[i, j] * start[i, j]
    largest = 0.0
    for step in range(steps):
        if step % 2 == 0:
            for i in range(1, rows - 1):
                for j in range(1, columns - 1):
                    flow = u[i - 1, j] + u[i + 1, j] - 2.0 * u[i, j]
                    u[i, j] += k * flow
        else:
            for j in range(columns):
                u[-1, j] = u[0, j] * math.exp(-k)
        largest = abs(u[1, 1] - 0.25)
        if largest < 1e-3:
            break
    total = largest
    for j in range(columns):
        total += u[rows - 1, j] * (j + 1) + u[1, j] ** 3
    return total


def scalars(x: float, y: float) -> float:
    """Every kind of arithmetic."""
    z = x / y + x**3 - x**y
    z = z * math.sqrt(x) + math.exp(-y) * math.tanh(z) - math.log(y)
    z = z + abs(x - y) * math.atan2(y, x) - (-x)
    return z % 7.0


def flow(x: float, n: int) -> float:
    """Loops in branches and in loops, ``continue`` and ``break``, an int that becomes a float."""
    s = 0
    if n > 2:
        for i in range(n):
            if i == 3:
                continue
            if s > 50.0:
                break
            s = s + x * i
            j = 0
            while j < i:
                s = s + math.sin(s) * x
                j += 1
    else:
        s = x
    return s * x


def gather(a: np.ndarray, index: np.ndarray, n: int) -> float:
    """Indices from an array, negative ones too; places that are written to repeatedly."""
    b = np.zeros(3)
    m = a[0]
    for i in range(n):
        k = index[i]
        if a[k] > m:
            m = a[k]
        b[k] += a[k] * a[i]
        b[k - 1] = b[k] * m
    return b[0] + b[1] * b[2] + m


def leave(x: float, a: np.ndarray, n: int) -> float:
    """A return from inside a loop that writes to an argument."""
    t = 1.0
    for _ in range(n):
        t = t * x
        if t > 3.0:
            return t * a[0]
        a[0] = a[0] * t
        a[1] = 2.0
    return t + a[0] * a[1]
