"""NumPy programs: small networks, a matrix, elementwise chains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.workload import Workload
from tests.golden.showcase import MLP

__all__ = ["workloads"]


# --- a network of two layers ------------------------------------------------------------------


def mlp_problem(batch: int) -> Workload:
    random = np.random.default_rng(0)
    x, y = random.standard_normal((batch, 10)), random.standard_normal((batch, 1))
    net = MLP(
        random.standard_normal((10, 32)) * 0.3,
        random.standard_normal(32) * 0.1,
        random.standard_normal((32, 1)) * 0.3,
        random.standard_normal(1) * 0.1,
    )

    def loss(net: MLP) -> float:
        hidden = np.tanh(x @ net.w_1 + net.b_1)
        error = hidden @ net.w_2 + net.b_2 - y
        return np.mean(error * error)

    def by_hand(net: MLP) -> Any:
        hidden = np.tanh(x @ net.w_1 + net.b_1)
        error = hidden @ net.w_2 + net.b_2 - y
        value = np.mean(error * error)
        d_out = (2 / error.size) * error
        d_before = (d_out @ net.w_2.T) * (1 - hidden * hidden)
        gradient = MLP(x.T @ d_before, d_before.sum(axis=0), hidden.T @ d_out, d_out.sum(axis=0))
        return value, (gradient,)

    def rewrite(xp: Any) -> Any:
        data, truth = xp.asarray(x), xp.asarray(y)

        def f(w_1: Any, b_1: Any, w_2: Any, b_2: Any) -> Any:
            error = xp.tanh(data @ w_1 + b_1) @ w_2 + b_2 - truth
            return xp.mean(error * error)

        return f

    return Workload(
        f"MLP 10-32-1, batch {batch}",
        "small arrays",
        loss,
        (net,),
        by_hand,
        (net.w_1, net.b_1, net.w_2, net.b_2),
        dict.fromkeys(("autograd", "jax", "torch"), rewrite),
        {"hand": 1.3},
    )


# --- one large layer --------------------------------------------------------------------------


@dataclass
class Dense:
    """A layer."""

    weight: np.ndarray
    bias: np.ndarray


def dense_loss(layer: Dense, x: np.ndarray) -> float:
    return np.sum(np.tanh(layer.weight @ x + layer.bias[:, None]))


def dense_by_hand(layer: Dense, x: np.ndarray) -> Any:
    y = np.tanh(layer.weight @ x + layer.bias[:, None])
    d = 1 - y * y
    return np.sum(y), (Dense(d @ x.T, d.sum(axis=1)), layer.weight.T @ d)


def dense_rewrite(xp: Any) -> Any:
    return lambda weight, bias, x: xp.sum(xp.tanh(weight @ x + bias[:, None]))


def dense_problem() -> Workload:
    random = np.random.default_rng(6)
    layer = Dense(
        random.standard_normal((100, 1000), dtype=np.float32) * np.float32(0.04),
        np.zeros(100, np.float32),
    )
    x = random.standard_normal((1000, 128), dtype=np.float32)
    return Workload(
        "Dense 1000-100 tanh, batch 128, float32",
        "large arrays",
        dense_loss,
        (layer, x),
        dense_by_hand,
        (layer.weight, layer.bias, x),
        dict.fromkeys(("autograd", "jax", "torch"), dense_rewrite),
        {"primal": 3.0, "memory": 12.0},
        tolerance=1e-4,
    )


# --- an LSTM cell -----------------------------------------------------------------------------


@dataclass
class LSTM:
    """The weights of a cell: for its input, for its state, and the bias."""

    w_x: np.ndarray
    w_h: np.ndarray
    b: np.ndarray


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def lstm_step(cell: LSTM, x: Any, h: Any, c: Any) -> Any:
    n = h.shape[1]
    z = x @ cell.w_x + h @ cell.w_h + cell.b
    gates = sigmoid(z[:, : 3 * n])
    candidate = np.tanh(z[:, 3 * n :])
    c = gates[:, n : 2 * n] * c + gates[:, :n] * candidate
    h = gates[:, 2 * n :] * np.tanh(c)
    return h, c


def lstm_problem(features: int = 4, hidden: int = 4, length: int = 4, batch: int = 1) -> Workload:
    random = np.random.default_rng(1)
    xs = random.standard_normal((length, batch, features))
    target = random.standard_normal((batch, hidden))
    start = np.zeros((batch, hidden))
    cell = LSTM(
        random.standard_normal((features, 4 * hidden)) * 0.5,
        random.standard_normal((hidden, 4 * hidden)) * 0.5,
        random.standard_normal(4 * hidden) * 0.1,
    )

    def loss(cell: LSTM) -> float:
        h, c = start, start
        for x in xs:
            h, c = lstm_step(cell, x, h, c)
        return np.mean((h - target) ** 2)

    def by_hand(cell: LSTM) -> Any:
        n = hidden
        h = c = start
        saved = []
        for x in xs:
            z = x @ cell.w_x + h @ cell.w_h + cell.b
            gates = 1 / (1 + np.exp(-z[:, : 3 * n]))
            candidate = np.tanh(z[:, 3 * n :])
            old_h, old_c = h, c
            c = gates[:, n : 2 * n] * c + gates[:, :n] * candidate
            tanh_c = np.tanh(c)
            h = gates[:, 2 * n :] * tanh_c
            saved.append((x, gates, candidate, old_h, old_c, tanh_c))
        error = h - target
        value = np.mean(error * error)

        d_w_x, d_w_h = np.zeros_like(cell.w_x), np.zeros_like(cell.w_h)
        d_b = np.zeros_like(cell.b)
        d_h = (2 / error.size) * error
        d_c = 0.0
        for x, gates, candidate, old_h, old_c, tanh_c in reversed(saved):
            d_c = d_c + d_h * gates[:, 2 * n :] * (1 - tanh_c * tanh_c)
            d_gates = np.empty_like(gates)
            np.multiply(d_c, candidate, out=d_gates[:, :n])
            np.multiply(d_c, old_c, out=d_gates[:, n : 2 * n])
            np.multiply(d_h, tanh_c, out=d_gates[:, 2 * n :])
            d_z = np.empty((batch, 4 * n))
            np.multiply(d_gates, gates * (1 - gates), out=d_z[:, : 3 * n])
            np.multiply(d_c * gates[:, :n], 1 - candidate * candidate, out=d_z[:, 3 * n :])
            d_w_x += x.T @ d_z
            d_w_h += old_h.T @ d_z
            d_b += d_z.sum(axis=0)
            d_h = d_z @ cell.w_h.T
            d_c = d_c * gates[:, n : 2 * n]
        return value, (LSTM(d_w_x, d_w_h, d_b),)

    def rewrite(xp: Any) -> Any:
        data, truth, zero = xp.asarray(xs), xp.asarray(target), xp.asarray(start)

        def f(w_x: Any, w_h: Any, b: Any) -> Any:
            n = hidden
            h, c = zero, zero
            for t in range(length):
                z = data[t] @ w_x + h @ w_h + b
                gates = 1 / (1 + xp.exp(-z[:, : 3 * n]))
                c = gates[:, n : 2 * n] * c + gates[:, :n] * xp.tanh(z[:, 3 * n :])
                h = gates[:, 2 * n :] * xp.tanh(c)
            return xp.mean((h - truth) ** 2)

        return f

    return Workload(
        f"LSTM cell, {length} steps, batch {batch}",
        "small arrays",
        loss,
        (cell,),
        by_hand,
        (cell.w_x, cell.w_h, cell.b),
        dict.fromkeys(("autograd", "jax", "torch"), rewrite),
        {"hand": 1.3},
    )


# --- a matrix ---------------------------------------------------------------------------------


def matrix_problem() -> Workload:
    random = np.random.default_rng(2)
    z, goal, x = random.random((3, 3)), random.random((3, 3)), random.random(3)

    def loss(z: np.ndarray) -> float:
        return np.mean((z @ x - goal @ x) ** 2)

    def by_hand(z: np.ndarray) -> Any:
        error = z @ x - goal @ x
        return np.mean(error * error), (np.outer((2 / 3) * error, x),)

    def rewrite(xp: Any) -> Any:
        vector, truth = xp.asarray(x), xp.asarray(goal)
        return lambda z: xp.mean((z @ vector - truth @ vector) ** 2)

    return Workload(
        "matrix fit, 3 x 3",
        "small arrays",
        loss,
        (z,),
        by_hand,
        (z,),
        dict.fromkeys(("autograd", "jax", "torch"), rewrite),
    )


# --- elementwise ------------------------------------------------------------------------------


def chain(x: np.ndarray) -> float:
    return np.sum(np.tanh(x) * np.exp(-x * x) + np.sin(x) / (1 + x * x))


def chain_by_hand(x: np.ndarray) -> Any:
    square = x * x
    tanh = np.tanh(x)
    bell = np.exp(-square)
    below = 1 + square
    left = tanh * bell
    right = np.sin(x) / below
    value = np.sum(left + right)
    d_x = bell - tanh * left + np.cos(x) / below - 2 * x * (left + right / below)
    return value, (d_x,)


def chain_rewrite(xp: Any) -> Any:
    return lambda x: xp.sum(xp.tanh(x) * xp.exp(-x * x) + xp.sin(x) / (1 + x * x))


def chain_problem(size: int) -> Workload:
    x = np.random.default_rng(3).standard_normal(size)
    return Workload(
        f"elementwise chain, {size:,}",
        "small arrays" if size < 10_000 else "large arrays",
        chain,
        (x,),
        chain_by_hand,
        (x,),
        dict.fromkeys(("autograd", "jax", "torch"), chain_rewrite),
    )


def workloads() -> list[Workload]:
    """The family."""
    return [
        mlp_problem(1),
        mlp_problem(32),
        dense_problem(),
        lstm_problem(),
        matrix_problem(),
        chain_problem(10),
        chain_problem(1_000),
        chain_problem(1_000_000),
    ]
