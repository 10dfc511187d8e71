"""Fit a struct of arrays that has its own arithmetic, and that dpy has never heard of.

`GG` gets its twelve operator methods from a loop, as generated code often does. The optimiser,
gradient descent with momentum, is written by hand and changes the arrays in place.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import dpy
from examples.support import is_close, picture, progress

__all__ = ["GG", "Result", "fit", "loss_against", "main", "mean", "total"]


@dataclass(eq=False)
class GG:
    """Two arrays of one shape that go through life together."""

    a: np.ndarray
    b: np.ndarray | None = None

    __array_ufunc__ = None  # an array on the left leaves the operation to GG

    def __post_init__(self) -> None:
        if self.b is None:
            self.b = self.a

    @property
    def shape(self) -> tuple[int, ...]:
        return self.a.shape

    def __len__(self) -> int:
        return 1

    def __pow__(self, power: float) -> GG:
        return GG(self.a**power, self.b**power)


def operator_methods(op: Callable[[Any, Any], Any]) -> tuple[Callable[..., GG], Callable[..., GG]]:
    """The methods ``self op other`` and ``other op self``."""

    def straight(self: GG, other: Any) -> GG:
        if isinstance(other, GG):
            return GG(op(self.a, other.a), op(self.b, other.b))
        return GG(op(self.a, other), op(self.b, other))

    def reflected(self: GG, other: Any) -> GG:
        return GG(op(other, self.a), op(other, self.b))

    return straight, reflected


for _name in ("add", "sub", "mul", "truediv"):
    _straight, _reflected = operator_methods(getattr(operator, _name))
    setattr(GG, f"__{_name}__", _straight)
    setattr(GG, f"__r{_name}__", _reflected)


def total(x: GG) -> float:
    """The sum over both arrays."""
    return np.sum(x.a) + np.sum(x.b)


def mean(x: GG) -> float:
    """The sum of the means of both arrays."""
    return np.mean(x.a) + np.mean(x.b)


def loss_against(goal: GG) -> Callable[[GG], float]:
    """The loss that is zero where a GG equals the goal."""

    def loss(x: GG) -> float:
        difference = x - goal
        return total(difference * difference) / np.prod(x.shape)

    return loss


@dataclass
class Result:
    """Where the fit ended, the first step at which it was as good as equal, and the losses."""

    x: GG
    goal: GG
    close_at: int | None
    losses: dict[int, float]
    picture: Path | None = None


def fit(steps: int = 100_000, seed: int = 0, show: bool = True) -> Result:
    """Gradient descent with momentum, in place."""
    random = np.random.default_rng(seed)
    x = GG(random.random((3, 3)), random.random((3, 3)))
    goal = GG(random.random((3, 3)), random.random((3, 3)))
    loss = loss_against(goal)
    velocity = GG(np.zeros((3, 3)), np.zeros((3, 3)))
    result = Result(x, goal, None, {})
    for step in progress(range(1, steps + 1), "GG", show):
        y, (d,) = dpy.value_and_gradient(loss, x)
        velocity.a *= 0.9
        velocity.a += 0.01 * d.a
        velocity.b *= 0.9
        velocity.b += 0.01 * d.b
        x.a -= velocity.a
        x.b -= velocity.b
        if step % 10 == 0:
            result.losses[step] = float(y)
            if result.close_at is None and is_close(x.a, goal.a) and is_close(x.b, goal.b):
                result.close_at = step
    return result


def main(quick: bool = False, show: bool = True, out: str | Path | None = "pictures") -> Result:
    """100,000 steps; 1,000 where it has to be quick, which is enough to converge."""
    result = fit(1_000 if quick else 100_000, show=show)

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        early = {step: loss for step, loss in result.losses.items() if step <= 1_000}
        axes.semilogy(list(early), list(early.values()))
        if result.close_at is not None:
            axes.axvline(result.close_at, color="0.6", linestyle="--", label="equal to 8 digits")
            axes.legend()
        axes.set(xlabel="step", ylabel="loss", title="a struct of two arrays, with momentum")

    result.picture = picture("gg_struct.png", out, draw, figsize=(6, 4))
    if show:
        print(f"as good as equal from step {result.close_at}; last loss {y_last(result):.3g}")
    return result


def y_last(result: Result) -> float:
    """The last loss that was kept."""
    return result.losses[max(result.losses)]


if __name__ == "__main__":
    main()
