"""A block of a vision transformer on digits: patches of 2 by 2 pixels that attend to each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import dpy
from dpy.data import DataLoader
from dpy.nn import Attention, Dense, LayerNorm, gelu
from dpy.optim import Adam, setup
from dpy.training import accuracy
from examples.images import Images, Run, draw_learning, images
from examples.mlp import loss
from examples.support import picture

__all__ = ["ViT", "main", "patches", "train"]


def patches(x: np.ndarray, side: int = 2) -> np.ndarray:
    """``(N, height, width)`` as ``(N, patches, side * side)``."""
    n, height, width = x.shape
    cut = x.reshape(n, height // side, side, width // side, side)
    return cut.transpose(0, 1, 3, 2, 4).reshape(n, -1, side * side)


@dataclass
class ViT:
    """Patches to features, places added, one block of attention, the mean, and scores."""

    embed: Dense
    places: np.ndarray
    before_attention: LayerNorm
    attention: Attention
    before_feedforward: LayerNorm
    widen: Dense
    narrow: Dense
    head: Dense

    @classmethod
    def random(cls, rng: np.random.Generator, count: int = 16, dim: int = 32) -> ViT:
        return cls(
            Dense(4, dim, rng=rng),
            0.02 * rng.standard_normal((count, dim), np.float32),
            LayerNorm(dim),
            Attention(dim, heads=4, dim_head=8),
            LayerNorm(dim),
            Dense(dim, 2 * dim, gelu, rng=rng),
            Dense(2 * dim, dim, rng=rng),
            Dense(dim, 10, rng=rng),
        )

    def __call__(self, x: np.ndarray) -> np.ndarray:
        tokens = self.embed(patches(x)) + self.places
        tokens = tokens + self.attention(self.before_attention(tokens))
        tokens = tokens + self.narrow(self.widen(self.before_feedforward(tokens)))
        return self.head(np.mean(tokens, axis=1))


def train(data: Images, epochs: int, seed: int = 0) -> Run:
    """Adam on batches of 64."""
    rng = np.random.default_rng(seed)
    run = Run(ViT.random(rng))
    state = setup(Adam(3e-3), run.model)
    loader = DataLoader((data.x, data.labels), batchsize=64, shuffle=True, rng=rng)

    def note(progress: Any) -> None:
        run.losses.append(float(progress.loss))

    for _ in range(epochs):
        dpy.train(loss, run.model, loader, state, cb=note, progress=False)
        run.accuracies.append(accuracy(run.model(data.x_test), data.labels_test))
    return run


def main(quick: bool = False, show: bool = True, out: str | Path | None = "pictures") -> Run:
    """Train on scikit-learn's digits."""
    run = train(images(), 8 if quick else 30)
    run.picture = picture("vit.png", out, draw_learning(run), figsize=(8, 3.5))
    if show:
        print(f"test accuracy {run.accuracies[-1]:.1%}")
    return run


if __name__ == "__main__":
    main()
