"""Programs that write into their arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import Workload
from tests.golden.showcase import heat

__all__ = ["workloads"]

STEPS = 100


def heat_by_hand(start: np.ndarray, k: float, n: int) -> Any:
    u = start.copy()
    differences = np.empty((n, len(u) - 1))
    for t in range(n):
        difference = np.subtract(u[1:], u[:-1], out=differences[t])
        flow = k * difference
        u[1:-1] += flow[1:] - flow[:-1]
    value = np.sum(u * u)

    d_u = 2 * u
    d_k = 0.0
    d_flow = np.empty(len(u) - 1)
    for t in reversed(range(n)):
        d_inner = d_u[1:-1]
        d_flow[0] = 0.0
        d_flow[1:] = d_inner
        d_flow[:-1] -= d_inner
        d_k += d_flow @ differences[t]
        d_flow *= k
        d_u[1:] += d_flow
        d_u[:-1] -= d_flow
    return value, (d_u, float(d_k), 0.0)


def heat_functional(xp: Any) -> Any:
    def f(u: Any, k: Any) -> Any:
        for _ in range(STEPS):
            flow = k * (u[1:] - u[:-1])
            u = xp.concatenate([u[:1], u[1:-1] + flow[1:] - flow[:-1], u[-1:]])
        return xp.sum(u * u)

    return f


def heat_jax(xp: Any) -> Any:
    import jax

    def f(u: Any, k: Any) -> Any:
        def step(u: Any, _: None) -> Any:
            flow = k * (u[1:] - u[:-1])
            return u.at[1:-1].add(flow[1:] - flow[:-1]), None

        u = jax.lax.scan(step, u, None, length=STEPS)[0]
        return xp.sum(u * u)

    return f


def heat_torch(xp: Any) -> Any:
    def f(start: Any, k: Any) -> Any:
        u = start.clone()
        for _ in range(STEPS):
            flow = k * (u[1:] - u[:-1])
            u[1:-1] += flow[1:] - flow[:-1]
        return xp.sum(u * u)

    return f


def fibonacci_like(a: float, b: float, n: int) -> float:
    """A table filled entry by entry, each from the two before it."""
    table = np.zeros(n)
    table[0] = a
    table[1] = b
    for i in range(2, n):
        table[i] = 0.9 * table[i - 1] + 0.05 * table[i - 1] * table[i - 2]
    return np.sum(table)


def fibonacci_by_hand(a: float, b: float, n: int) -> Any:
    table = np.zeros(n)
    table[0] = a
    table[1] = b
    for i in range(2, n):
        table[i] = 0.9 * table[i - 1] + 0.05 * table[i - 1] * table[i - 2]
    values = table.tolist()
    d = [1.0] * n
    for i in range(n - 1, 1, -1):
        d[i - 1] += d[i] * (0.9 + 0.05 * values[i - 2])
        d[i - 2] += d[i] * 0.05 * values[i - 1]
    return np.sum(table), (d[0], d[1], 0.0)


def fibonacci_list(xp: Any) -> Any:
    def f(a: Any, b: Any) -> Any:
        table = [a, b]
        for i in range(2, STEPS):
            table.append(0.9 * table[i - 1] + 0.05 * table[i - 1] * table[i - 2])
        return sum(table)

    return f


def fibonacci_jax(xp: Any) -> Any:
    import jax

    def f(a: Any, b: Any) -> Any:
        def step(pair: Any, _: None) -> Any:
            one, two = pair
            new = 0.9 * two + 0.05 * two * one
            return (two, new), new

        return a + b + xp.sum(jax.lax.scan(step, (a, b), None, length=STEPS - 2)[1])

    return f


def recurrence(x: float, n: int) -> float:
    """A list that grows by a term made of its last two, summed."""
    terms = [x, 0.5 * x]
    for _ in range(n):
        terms.append(0.9 * terms[-1] - 0.5 * x * terms[-2])
    return sum(terms)


def recurrence_by_hand(x: float, n: int) -> Any:
    terms = [x, 0.5 * x]
    for _ in range(n):
        terms.append(0.9 * terms[-1] - 0.5 * x * terms[-2])
    d = [1.0] * (n + 2)
    d_x = 0.0
    for k in range(n + 1, 1, -1):
        d_term = d.pop()
        d[-1] += 0.9 * d_term
        d[-2] -= 0.5 * x * d_term
        d_x -= 0.5 * terms[k - 2] * d_term
    return sum(terms), (d_x + d[0] + 0.5 * d[1], 0.0)


def recurrence_list(xp: Any) -> Any:
    return lambda x: recurrence(x, STEPS)


def recurrence_jax(xp: Any) -> Any:
    import jax

    def f(x: Any) -> Any:
        def step(pair: Any, _: None) -> Any:
            one, two = pair
            new = 0.9 * two - 0.5 * x * one
            return (two, new), new

        return 1.5 * x + xp.sum(jax.lax.scan(step, (x, 0.5 * x), None, length=STEPS)[1])

    return f


def workloads() -> list[Workload]:
    """The family."""
    start = np.random.default_rng(4).random(100)
    return [
        Workload(
            f"heat stencil in place, {STEPS} steps",
            "mutation",
            heat,
            (start, 0.2, STEPS),
            heat_by_hand,
            (start, 0.2),
            {"autograd": heat_functional, "jax": heat_jax, "torch": heat_torch},
        ),
        Workload(
            f"table filled in place, {STEPS}",
            "mutation",
            fibonacci_like,
            (1.1, 0.9, STEPS),
            fibonacci_by_hand,
            (1.1, 0.9),
            {"autograd": fibonacci_list, "jax": fibonacci_jax, "torch": fibonacci_list},
        ),
        Workload(
            f"list appended to, {STEPS}",
            "mutation",
            recurrence,
            (0.7, STEPS),
            recurrence_by_hand,
            (0.7,),
            {"autograd": recurrence_list, "jax": recurrence_jax, "torch": recurrence_list},
        ),
    ]
