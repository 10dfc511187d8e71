"""A neural differential equation: the law of a spiral, learnt from where it was.

The right-hand side is a small network; the solver is a loop of Runge-Kutta steps in plain Python,
and the gradient passes through all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import dpy
from dpy.nn import Chain, Dense, tanh
from dpy.optim import Adam, setup, update_
from examples.images import Run
from examples.support import picture

__all__ = ["main", "solve", "spiral", "train"]


def spiral(u: np.ndarray) -> np.ndarray:
    """The true law."""
    return (u**3) @ np.array([[-0.1, -2.0], [2.0, -0.1]])


def solve(law: Callable[[Any], Any], u: np.ndarray, steps: int, dt: float) -> np.ndarray:
    """The states after each step of the classical Runge-Kutta method."""
    states = np.empty((steps, len(u)))
    for i in range(steps):
        k_1 = law(u)
        k_2 = law(u + 0.5 * dt * k_1)
        k_3 = law(u + 0.5 * dt * k_2)
        k_4 = law(u + dt * k_3)
        u = u + dt / 6 * (k_1 + 2 * k_2 + 2 * k_3 + k_4)
        states[i] = u
    return states.copy()


def train(steps: int, seed: int = 0) -> Run:
    """Adam on the squared distance to 30 measured states."""
    rng = np.random.default_rng(seed)
    model = Chain(lambda u: u**3, Dense(2, 24, tanh, rng=rng), Dense(24, 2, rng=rng))
    for layer in model.layers[1:]:
        layer.weight, layer.bias = layer.weight.astype(float), layer.bias.astype(float)
    start = np.array([2.0, 0.0])
    measured = solve(spiral, start, 30, 0.05)
    run = Run(model)
    state = setup(Adam(0.02), model)

    def loss(model: Any) -> float:
        return np.mean((solve(model, start, 30, 0.05) - measured) ** 2)

    for _ in range(steps):
        value, grads = dpy.value_and_gradient(loss, run.model)
        state, run.model = update_(state, run.model, *grads)
        run.losses.append(float(value))
    return run


def main(quick: bool = False, show: bool = True, out: str | Path | None = "pictures") -> Run:
    """Train, and draw the true spiral and the learnt one."""
    run = train(60 if quick else 400)

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        start = np.array([2.0, 0.0])
        axes.plot(*solve(spiral, start, 60, 0.05).T, "o", markersize=3, label="true")
        axes.plot(*solve(run.model, start, 60, 0.05).T, label="learnt")
        axes.legend()

    run.picture = picture("neural_ode.png", out, draw, figsize=(5, 4))
    if show:
        print(f"mean squared distance {run.losses[0]:.4f} to {run.losses[-1]:.6f}")
    return run


if __name__ == "__main__":
    main()
