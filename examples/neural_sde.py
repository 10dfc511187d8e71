"""A neural stochastic differential equation: drift and noise of a process, learnt from its moments.

After Zygote's paper: the drift is a network of 50 hidden features, the noise is proportional to the
state. The solver draws its noise before; then its steps are a plain loop, and the gradient of the
mean and the spread of many paths passes through it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import dpy
from dpy.nn import Dense, tanh
from dpy.optim import Adam, setup, update_
from examples.images import Run
from examples.support import picture

__all__ = ["SDE", "main", "moments", "paths", "train", "true_drift"]

START, POINTS, DT, SPREAD = np.array([2.0, 0.0]), 30, 1 / 30, 0.2


def true_drift(u: Any) -> Any:
    """The drift that is to be learnt."""
    return u @ np.array([[-0.5, -3.0], [3.0, -0.5]])


@dataclass
class SDE:
    """The drift as a network, and the strength of the noise."""

    inner: Dense
    outer: Dense
    spread: np.ndarray

    @classmethod
    def random(cls, rng: np.random.Generator) -> SDE:
        sde = cls(Dense(2, 50, tanh, rng=rng), Dense(50, 2, rng=rng), np.full(2, 0.1))
        for layer in (sde.inner, sde.outer):
            layer.weight, layer.bias = layer.weight.astype(float), layer.bias.astype(float)
        return sde

    def drift(self, u: Any) -> Any:
        return self.outer(self.inner(u))


def paths(drift: Any, spread: Any, noise: np.ndarray) -> np.ndarray:
    """Euler and Maruyama's method: ``(points, paths, 2)`` for noise of that shape."""
    u = np.zeros(noise.shape[1:]) + START
    found = np.empty(noise.shape)
    for i in range(len(noise)):
        u = u + DT * drift(u) + np.sqrt(DT) * spread * u * noise[i]
        found[i] = u
    return found.copy()


def moments(found: np.ndarray) -> tuple[Any, Any]:
    """Mean and variance over the paths."""
    mean = np.mean(found, axis=1)
    return mean, np.mean((found - mean[:, None]) ** 2, axis=1)


def train(steps: int, seed: int = 0, count: int = 50) -> Run:
    """Adam with a rate of 0.025, on the distance of the moments."""
    rng = np.random.default_rng(seed)
    measured = paths(true_drift, SPREAD, rng.standard_normal((POINTS, 2000, 2)))
    mean, variance = moments(measured)
    run = Run(SDE.random(rng))
    state = setup(Adam(0.025), run.model)

    def loss(model: SDE) -> Any:
        found_mean, found_variance = moments(paths(model.drift, model.spread, noise))
        return np.mean((found_mean - mean) ** 2) + np.mean((found_variance - variance) ** 2)

    for _ in range(steps):
        noise = rng.standard_normal((POINTS, count, 2))
        value, grads = dpy.value_and_gradient(loss, run.model)
        state, run.model = update_(state, run.model, *grads)
        run.losses.append(float(value))
    return run


def main(quick: bool = False, show: bool = True, out: str | Path | None = "pictures") -> Run:
    """Train, and draw the mean paths."""
    run = train(60 if quick else 300)
    noise = np.random.default_rng(2).standard_normal((POINTS, 500, 2))

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for name, drift, spread in (
            ("true", true_drift, SPREAD),
            ("learnt", run.model.drift, run.model.spread),
        ):
            axes.plot(*moments(paths(drift, spread, noise))[0].T, "o-", markersize=3, label=name)
        axes.legend()

    run.picture = picture("neural_sde.png", out, draw, figsize=(5, 4))
    if show:
        print(f"distance of the moments {run.losses[0]:.4f} to {run.losses[-1]:.4f}")
    return run


if __name__ == "__main__":
    main()
