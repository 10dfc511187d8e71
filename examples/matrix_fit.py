"""Recover a matrix from what it does to random vectors, with implicit parameters.

The loss is a function of nothing: it reaches the matrix and the vector through its closure, and
`dpy.Params` names the array whose gradient is wanted. The matrix is changed in place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import dpy
from examples.support import is_close, picture, progress

__all__ = ["Result", "fit", "main", "mse"]


def mse(prediction: np.ndarray, truth: np.ndarray) -> float:
    """The mean squared error."""
    return np.mean((prediction - truth) ** 2)


@dataclass
class Result:
    """The matrix found, the goal, the first step where they were as good as equal, the errors."""

    z: np.ndarray
    goal: np.ndarray
    close_at: int | None = None
    errors: dict[int, float] = field(default_factory=dict)
    picture: Path | None = None


def fit(steps: int = 100_000, seed: int = 0, show: bool = True) -> Result:
    """Gradient descent with momentum on one random vector a step."""
    random = np.random.default_rng(seed)
    z, goal = random.random((3, 3)), random.random((3, 3))
    x = np.empty(3)
    velocity = np.zeros((3, 3))
    parameters = dpy.Params([z])
    result = Result(z, goal)

    def loss() -> float:
        return mse(z @ x, goal @ x)

    for step in progress(range(1, steps + 1), "matrix", show):
        x[:] = random.random(3)
        d = dpy.gradient(loss, parameters)[z]
        velocity *= 0.9
        velocity += 0.01 * d
        z -= velocity
        if step % 20 == 0:
            result.errors[step] = float(np.max(np.abs(z - goal)))
            if result.close_at is None and is_close(z, goal):
                result.close_at = step
    return result


def main(quick: bool = False, show: bool = True, out: str | Path | None = "pictures") -> Result:
    """100,000 steps; 5,000 where it has to be quick, which is enough to converge."""
    result = fit(5_000 if quick else 100_000, show=show)

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        early = {step: error for step, error in result.errors.items() if step <= 8_000}
        axes.semilogy(list(early), list(early.values()))
        if result.close_at is not None:
            axes.axvline(result.close_at, color="0.6", linestyle="--", label="equal to 8 digits")
            axes.legend()
        axes.set(xlabel="step", ylabel="largest error", title="a matrix from what it does")

    result.picture = picture("matrix_fit.png", out, draw, figsize=(6, 4))
    if show:
        last = result.errors[max(result.errors)]
        print(f"as good as equal from step {result.close_at}; largest error at the end {last:.3g}")
    return result


if __name__ == "__main__":
    main()
