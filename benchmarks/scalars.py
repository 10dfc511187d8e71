"""Numbers: a loop with a branch, a loop until convergence, calls, and one line."""

from __future__ import annotations

import math
from typing import Any

from benchmarks.workload import Workload
from tests.golden.showcase import heron, logistic

__all__ = ["workloads"]


# --- a loop with a branch ---------------------------------------------------------------------


def logistic_by_hand(x: float, r: float, n: int) -> Any:
    s = 0.0
    saved = []
    for _ in range(n):
        if x > 0.5:
            t_1 = r * x
            t_2 = 1 - x
            saved.append((True, x, t_1, t_2))
            x = t_1 * t_2
        else:
            t_1 = r * x
            saved.append((False, x, t_1, x))
            x = math.sin(t_1)
        s = s + x * x
    d_x = d_r = 0.0
    y = x
    for branch, x, t_1, t_2 in reversed(saved):
        d_x += 2 * y
        if branch:
            d_t_1 = d_x * t_2
            d_r += d_t_1 * x
            d_x = d_t_1 * r - d_x * t_1
        else:
            d_t_1 = d_x * math.cos(t_1)
            d_r += d_t_1 * x
            d_x = d_t_1 * r
        y = x
    return s, (d_x, d_r, 0.0)


LENGTH = 1000


def logistic_eager(xp: Any) -> Any:
    def f(x: Any, r: Any) -> Any:
        s = 0.0
        for _ in range(LENGTH):
            x = r * x * (1 - x) if x > 0.5 else xp.sin(r * x)
            s = s + x * x
        return s

    return f


def logistic_jax(xp: Any) -> Any:
    import jax

    def f(x: Any, r: Any) -> Any:
        def step(x: Any, _: None) -> Any:
            x = jax.lax.cond(x > 0.5, lambda x: r * x * (1 - x), lambda x: xp.sin(r * x), x)
            return x, x * x

        return xp.sum(jax.lax.scan(step, x, None, length=LENGTH)[1])

    return f


# --- a loop until convergence -----------------------------------------------------------------


def heron_by_hand(a: float) -> Any:
    x = a
    saved = []
    while abs(x * x - a) > 1e-12 * a:
        quotient = a / x
        saved.append((x, quotient))
        x = 0.5 * (x + quotient)
    d_x, d_a = 1.0, 0.0
    for before, quotient in reversed(saved):
        half = 0.5 * d_x
        d_a += half / before
        d_x = half - half * quotient / before
    return x, (d_x + d_a,)


def heron_eager(xp: Any) -> Any:
    def f(a: Any) -> Any:
        x = a
        while abs(x * x - a) > 1e-12 * a:
            x = 0.5 * (x + a / x)
        return x

    return f


# --- calls ------------------------------------------------------------------------------------


def spring(x: float, v: float, k: float) -> float:
    return -k * x - 0.1 * v


def oscillator(x: float, v: float, k: float, n: int) -> float:
    """A damped spring, step by step, by two calls a step."""
    energy = 0.0
    for _ in range(n):
        v = v + 0.01 * spring(x, v, k)
        x = x + 0.01 * v
        energy = energy + kinetic(v)
    return energy


def kinetic(v: float) -> float:
    return 0.5 * v * v


def oscillator_by_hand(x: float, v: float, k: float, n: int) -> Any:
    energy = 0.0
    saved = []
    for _ in range(n):
        v_new = v + 0.01 * spring(x, v, k)
        saved.append((x, v_new))
        v = v_new
        x = x + 0.01 * v
        energy = energy + kinetic(v)
    d_x = d_v = d_k = 0.0
    for x, v in reversed(saved):
        d_v += v + 0.01 * d_x
        d_force = 0.01 * d_v
        d_k -= d_force * x
        d_x -= d_force * k
        d_v -= 0.1 * d_force
    return energy, (d_x, d_v, d_k, 0.0)


def oscillator_eager(xp: Any) -> Any:
    return lambda x, v, k: oscillator(x, v, k, 200)


def oscillator_jax(xp: Any) -> Any:
    import jax

    def f(x: Any, v: Any, k: Any) -> Any:
        def step(state: Any, _: None) -> Any:
            x, v = state
            v = v + 0.01 * spring(x, v, k)
            x = x + 0.01 * v
            return (x, v), kinetic(v)

        return xp.sum(jax.lax.scan(step, (x, v), None, length=200)[1])

    return f


# --- one line ---------------------------------------------------------------------------------


def one_line(x: float) -> float:
    return 3 * x**2 + 2 * x + 1


def one_line_by_hand(x: float) -> Any:
    return 3 * x**2 + 2 * x + 1, (6 * x + 2,)


def workloads() -> list[Workload]:
    """The family."""
    eager = {"autograd": logistic_eager, "torch": logistic_eager}
    calls = {"autograd": oscillator_eager, "torch": oscillator_eager, "jax": oscillator_jax}
    one = dict.fromkeys(("autograd", "torch", "jax"), lambda xp: one_line)
    return [
        Workload(
            "logistic loop, 1,000 steps",
            "scalars",
            logistic,
            (0.3, 1.9, LENGTH),
            logistic_by_hand,
            (0.3, 1.9),
            {**eager, "jax": logistic_jax},
            {"primal": 4.0, "hand": 1.2},
        ),
        Workload(
            "Heron's square root",
            "scalars",
            heron,
            (2.0,),
            heron_by_hand,
            (2.0,),
            {"autograd": heron_eager, "torch": heron_eager},
        ),
        Workload(
            "calls: spring, 200 steps",
            "scalars",
            oscillator,
            (1.0, 0.5, 3.0, 200),
            oscillator_by_hand,
            (1.0, 0.5, 3.0),
            calls,
            {"hand": 1.2},
        ),
        Workload(
            "one-line function",
            "overhead",
            one_line,
            (2.0,),
            one_line_by_hand,
            (2.0,),
            one,
            {"microseconds": 5.0},
        ),
    ]
