"""A variational autoencoder: digits as points of a plane, and new digits from it.

The encoder gives the mean and the logarithm of the spread of a normal distribution; a point is
drawn from it as ``mean + spread * noise``, so that the gradient passes through the draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import dpy
from dpy.data import DataLoader
from dpy.losses import logitbinarycrossentropy
from dpy.nn import Dense, flatten, sigmoid, tanh
from dpy.optim import Adam, setup, update_
from examples.images import Run, images
from examples.support import picture

__all__ = ["VAE", "main", "negative_elbo", "train"]


@dataclass
class VAE:
    """The encoder has one inner layer and two outer ones; the decoder has two layers."""

    inner: Dense
    mean: Dense
    log_spread: Dense
    decode_inner: Dense
    decode_outer: Dense

    @classmethod
    def random(cls, rng: np.random.Generator, pixels: int = 64, latent: int = 2) -> VAE:
        return cls(
            Dense(pixels, 64, tanh, rng=rng),
            Dense(64, latent, rng=rng),
            Dense(64, latent, rng=rng),
            Dense(latent, 64, tanh, rng=rng),
            Dense(64, pixels, rng=rng),
        )

    def encode(self, x: Any) -> tuple[Any, Any]:
        inner = self.inner(x)
        return self.mean(inner), self.log_spread(inner)

    def decode(self, z: Any) -> Any:
        return self.decode_outer(self.decode_inner(z))


def negative_elbo(model: VAE, x: np.ndarray, noise: np.ndarray) -> Any:
    """The bound on minus the log likelihood of a picture, for given noise."""
    mean, log_spread = model.encode(x)
    z = mean + np.exp(log_spread) * noise
    divergence = 0.5 * np.sum(np.exp(2 * log_spread) + mean**2 - 1 - 2 * log_spread)
    pictures = logitbinarycrossentropy(model.decode(z), x, agg=np.sum)
    return (pictures + divergence) / len(x)


def train(x: np.ndarray, epochs: int, seed: int = 0) -> Run:
    """Adam on batches of 64, by the pullback."""
    rng = np.random.default_rng(seed)
    run = Run(VAE.random(rng, x.shape[1]))
    state = setup(Adam(2e-3), run.model)

    def loss(model: VAE) -> Any:
        return negative_elbo(model, batch, noise)

    for _ in range(epochs):
        for batch in DataLoader(x, batchsize=64, shuffle=True, rng=rng):
            noise = rng.standard_normal((len(batch), 2), np.float32)
            value, back = dpy.pullback(loss, run.model)
            state, run.model = update_(state, run.model, *back(np.float32(1)))
            run.losses.append(float(value))
    return run


def main(quick: bool = False, show: bool = True, out: str | Path | None = "pictures") -> Run:
    """Train, and draw the digits of a grid of points."""
    data = images()
    run = train(flatten(data.x), 10 if quick else 60)

    def draw(figure: Any) -> None:
        side = np.linspace(-2, 2, 8, dtype=np.float32)
        z = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
        pixels = sigmoid(run.model.decode(z)).reshape(-1, 8, 8)
        for panel, digit in zip(figure.subplots(8, 8).flat, pixels, strict=True):
            panel.imshow(digit, cmap="gray_r")
            panel.set_axis_off()

    run.picture = picture("vae.png", out, draw, figsize=(5, 5))
    if show:
        print(f"negative ELBO {run.losses[0]:.2f} to {run.losses[-1]:.2f}")
    return run


if __name__ == "__main__":
    main()
