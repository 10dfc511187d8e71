"""Linear regression in three forms: a loop over parameters, a layer of one's own, and `train`.

Ten observations with five inputs and two outputs, a thousand steps of gradient descent. All three
forms make the same steps, so that their losses agree to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import dpy
from dpy.optim import Descent
from examples.support import picture

__all__ = ["Problem", "Result", "by_closure", "by_loop", "by_train", "main"]


@dataclass
class Problem:
    """Observations, and where the parameters start."""

    x: np.ndarray
    y: np.ndarray
    w: np.ndarray
    b: np.ndarray

    @classmethod
    def random(cls, seed: int = 0) -> Problem:
        rng = np.random.default_rng(seed)
        x, noise = rng.random((10, 5)), rng.standard_normal((10, 2))
        y = x @ rng.standard_normal((5, 2)) + noise
        return cls(x, y, rng.random((2, 5)), rng.random(2))

    def best_loss(self) -> float:
        """The least loss that there is, by linear algebra."""
        ones = np.hstack([self.x, np.ones((len(self.x), 1))])
        found = np.linalg.lstsq(ones, self.y, rcond=None)[0]
        return float(np.mean(np.sum((ones @ found - self.y) ** 2, axis=1)))


def squares(predicted: np.ndarray, y: np.ndarray) -> float:
    """The squared error of an observation, on average."""
    return np.mean(np.sum((predicted - y) ** 2, axis=1))


def by_loop(problem: Problem, steps: int, rate: float = 0.05) -> list[float]:
    """Parameters are arguments, and steps are two lines of NumPy."""
    w, b = problem.w.copy(), problem.b.copy()

    def loss(w: np.ndarray, b: np.ndarray) -> float:
        return squares(problem.x @ w.T + b, problem.y)

    losses = []
    for _ in range(steps):
        value, (d_w, d_b) = dpy.value_and_gradient(loss, w, b)
        w -= rate * d_w
        b -= rate * d_b
        losses.append(float(value))
    return losses


def linear(w: np.ndarray, b: np.ndarray) -> Any:
    """A layer that is a closure: nothing else is needed to be one."""
    return lambda x: x @ w.T + b


def by_closure(problem: Problem, steps: int, rate: float = 0.05) -> list[float]:
    """A model that is a closure; its parameters are found through it, by identity."""
    w, b = problem.w.copy(), problem.b.copy()
    model = linear(w, b)
    params = dpy.Params([w, b])
    losses = []
    for _ in range(steps):
        losses.append(float(squares(model(problem.x), problem.y)))
        grads = dpy.gradient(lambda: squares(model(problem.x), problem.y), params)
        for p in params:
            p -= rate * grads[p]
    return losses


def by_train(problem: Problem, steps: int, rate: float = 0.05) -> list[float]:
    """The ready-made loop, over the same batch again and again."""
    model = {"w": problem.w.copy(), "b": problem.b.copy()}
    losses: list[float] = []

    def loss(model: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray) -> float:
        return squares(x @ model["w"].T + model["b"], y)

    def note(progress: Any) -> None:
        losses.append(float(progress.loss))

    data = [(problem.x, problem.y)] * steps
    dpy.train(loss, model, data, Descent(rate), cb=note, progress=False)
    return losses


@dataclass
class Result:
    """The losses of each form, and the least that is possible."""

    losses: dict[str, list[float]] = field(default_factory=dict)
    best: float = 0.0
    picture: Path | None = None


def main(quick: bool = False, show: bool = True, out: str | Path | None = "pictures") -> Result:
    """Run all three forms and draw their losses."""
    problem, steps = Problem.random(), 200 if quick else 1000
    forms = {"loop": by_loop, "closure": by_closure, "train": by_train}
    result = Result({name: form(problem, steps) for name, form in forms.items()})
    result.best = problem.best_loss()

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for name, losses in result.losses.items():
            axes.semilogy(losses, label=name)
        axes.axhline(result.best, color="black", linewidth=0.5, label="least squares")
        axes.set(xlabel="step", title="linear regression in three forms")
        axes.legend()

    result.picture = picture("linreg.png", out, draw, figsize=(6, 4))
    if show:
        for name, losses in result.losses.items():
            print(f"{name:8s} {losses[0]:.4f} to {losses[-1]:.4f} (best {result.best:.4f})")
    return result


if __name__ == "__main__":
    main()
