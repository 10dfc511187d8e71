"""Find how well a rod conducts heat from one measurement of its temperature.

The simulation is the usual one: an explicit stencil that writes into its own array, step by step.
Its gradient with respect to the conductivity tells which way to change it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import dpy
from examples.support import picture, progress

__all__ = ["Result", "main", "misfit", "recover", "simulate"]


def simulate(conductivity: float, start: np.ndarray, steps: int) -> np.ndarray:
    """The temperatures along the rod after some steps; its ends keep theirs."""
    u = start.copy()
    for _ in range(steps):
        u[1:-1] += conductivity * (u[2:] - 2 * u[1:-1] + u[:-2])
    return u


def misfit(conductivity: float, start: np.ndarray, measured: np.ndarray, steps: int) -> float:
    """The mean squared difference between the simulation and the measurement."""
    return np.mean((simulate(conductivity, start, steps) - measured) ** 2)


@dataclass
class Result:
    """The conductivity on the way (the last is the answer) and the truth."""

    truth: float
    conductivities: list[float]
    start: np.ndarray
    measured: np.ndarray
    steps: int
    losses: list[float] = field(default_factory=list)
    picture: Path | None = None


def recover(
    steps: int = 200, noise: float = 0.005, rounds: int = 20, seed: int = 0, show: bool = True
) -> Result:
    """Newton's method on the gradient, its slope taken from the last two rounds (the secant)."""
    random = np.random.default_rng(seed)
    place = np.linspace(0, 1, 101)
    start = np.exp(-(((place - 0.35) / 0.06) ** 2)) + 0.6 * (np.abs(place - 0.75) < 0.05)
    truth = 0.23
    measured = simulate(truth, start, steps) + noise * random.standard_normal(len(place))

    k, old_k, old_d = 0.1, 0.0, 0.0
    result = Result(truth, [k], start, measured, steps)
    for i in progress(range(rounds), "heat", show):
        y, (d, *_) = dpy.value_and_gradient(misfit, k, start, measured, steps)
        result.losses.append(float(y))
        change = -0.02 * np.sign(d) if i == 0 else -d * (k - old_k) / (d - old_d)
        old_k, old_d = k, d
        k = float(np.clip(k + np.clip(change, -0.05, 0.05), 0.0, 0.5))
        result.conductivities.append(k)
        if abs(k - old_k) < 1e-12:
            break
    return result


def main(quick: bool = False, show: bool = True, out: str | Path | None = "pictures") -> Result:
    """Recover 0.23 from a measurement with noise."""
    result = recover(50 if quick else 200, show=show)

    def draw(figure: Any) -> None:
        rod, path = figure.subplots(1, 2)
        found = result.conductivities[-1]
        rod.plot(result.start, color="0.7", label="start")
        rod.plot(result.measured, ".", markersize=3, label="measured")
        rod.plot(simulate(found, result.start, result.steps), label="simulated with what was found")
        rod.set(xlabel="place", ylabel="temperature", ylim=(-0.05, 1.4))
        rod.legend(loc="upper right", fontsize=8)
        path.plot(result.conductivities, "o-")
        path.axhline(result.truth, color="0.6", linestyle="--")
        path.set(xlabel="round", ylabel="conductivity")

    result.picture = picture("heat.png", out, draw, figsize=(10, 4))
    if show:
        print(f"conductivity {result.conductivities[-1]:.5f} (the truth: {result.truth})")
    return result


if __name__ == "__main__":
    main()
