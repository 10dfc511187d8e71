"""A generative adversarial network: points on a ring, from noise.

Two models, two optimisers and two pullbacks in each step: the critic learns to tell true points
from made ones, and the generator learns to be taken for true.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import dpy
from dpy.losses import logitbinarycrossentropy
from dpy.nn import Chain, Dense, leakyrelu, relu
from dpy.optim import Adam, setup, update_
from examples.support import picture

__all__ = ["Result", "main", "ring", "train"]


def ring(count: int, rng: np.random.Generator) -> np.ndarray:
    """Points at a distance of about 1 from the origin."""
    angle = rng.uniform(0, 2 * np.pi, count)
    radius = 1 + 0.05 * rng.standard_normal(count)
    return (radius * np.array([np.cos(angle), np.sin(angle)])).T.astype(np.float32)


@dataclass
class Result:
    """The models, and the losses of both in each step."""

    generator: Any
    critic: Any
    generator_losses: list[float] = field(default_factory=list)
    critic_losses: list[float] = field(default_factory=list)
    picture: Path | None = None

    def points(self, count: int, rng: np.random.Generator) -> np.ndarray:
        return self.generator(rng.standard_normal((count, 2), np.float32))


def train(steps: int, seed: int = 0, batch: int = 128) -> Result:
    """Adam for both, in turn."""
    rng = np.random.default_rng(seed)
    generator = Chain(
        Dense(2, 32, relu, rng=rng), Dense(32, 32, relu, rng=rng), Dense(32, 2, rng=rng)
    )
    critic = Chain(
        Dense(2, 32, leakyrelu, rng=rng), Dense(32, 32, leakyrelu, rng=rng), Dense(32, 1, rng=rng)
    )
    result = Result(generator, critic)
    makes, judges = setup(Adam(1e-3), generator), setup(Adam(1e-3), critic)
    true, made = np.ones((batch, 1), np.float32), np.zeros((batch, 1), np.float32)

    def critic_loss(critic: Any) -> Any:
        of_true = logitbinarycrossentropy(critic(points), true)
        return of_true + logitbinarycrossentropy(critic(fakes), made)

    def generator_loss(generator: Any) -> Any:
        return logitbinarycrossentropy(critic(generator(noise)), true)

    for _ in range(steps):
        points, noise = ring(batch, rng), rng.standard_normal((batch, 2), np.float32)
        fakes = generator(noise)
        value, back = dpy.pullback(critic_loss, critic)
        update_(judges, critic, *back(np.float32(1)))
        result.critic_losses.append(float(value))
        value, back = dpy.pullback(generator_loss, generator)
        update_(makes, generator, *back(np.float32(1)))
        result.generator_losses.append(float(value))
    return result


def main(quick: bool = False, show: bool = True, out: str | Path | None = "pictures") -> Result:
    """Train, and draw true and made points."""
    result = train(500 if quick else 3000)

    def draw(figure: Any) -> None:
        left, right = figure.subplots(1, 2)
        rng = np.random.default_rng(1)
        left.scatter(*ring(300, rng).T, s=3, label="true")
        left.scatter(*result.points(300, rng).T, s=3, label="made")
        left.set_aspect("equal")
        left.legend()
        right.plot(result.critic_losses, linewidth=0.5, label="critic")
        right.plot(result.generator_losses, linewidth=0.5, label="generator")
        right.set(xlabel="step", title="losses")
        right.legend()

    result.picture = picture("gan.png", out, draw, figsize=(8, 4))
    if show:
        radius = np.linalg.norm(result.points(1000, np.random.default_rng(2)), axis=1)
        print(f"made points lie {radius.mean():.2f} +- {radius.std():.2f} from the origin")
    return result


if __name__ == "__main__":
    main()
