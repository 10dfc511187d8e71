"""The network of `examples.mlp` as a class of one's own, with a training loop by hand.

A class needs no base class and no registration to be a layer or a model. The loop asks for the
pullback: the value first, and then the gradient for any cotangent of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

import dpy
from dpy.data import DataLoader
from dpy.nn import Dense, Dropout, flatten, relu
from dpy.optim import Adam, setup, update_
from dpy.training import accuracy
from examples.images import Images, Run, draw_learning, images
from examples.mlp import loss
from examples.support import picture

__all__ = ["FFNetwork", "main", "train"]


@dataclass
class FFNetwork:
    """Pixels to hidden features to a score for each class."""

    inner: Dense
    dropout: Dropout
    outer: Dense

    @classmethod
    def random(
        cls, inputs: int, hidden: int, dropout: float, classes: int, rng: np.random.Generator
    ) -> FFNetwork:
        inner, outer = Dense(inputs, hidden, relu, rng=rng), Dense(hidden, classes, rng=rng)
        return cls(inner, Dropout(dropout, rng=rng), outer)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self.outer(self.dropout(self.inner(flatten(x))))


def train(data: Images, epochs: int = 20, seed: int = 0, batchsize: int = 64) -> Run:
    """Adam on batches of 64, step by step."""
    rng = np.random.default_rng(seed)
    run = Run(FFNetwork.random(data.x[0].size, 128, 0.2, 10, rng))
    state = setup(Adam(1e-3), run.model)
    loader = DataLoader((data.x, data.labels), batchsize=batchsize, shuffle=True, rng=rng)

    def batch_loss(model: FFNetwork) -> float:
        return loss(model, x, labels)

    for _ in range(epochs):
        for batch in loader:
            x, labels = batch
            value, back = dpy.pullback(batch_loss, run.model)
            (d_model,) = back(np.float32(1))
            state, run.model = update_(state, run.model, d_model)
            run.losses.append(float(value))
        run.accuracies.append(accuracy(run.model(data.x_test), data.labels_test))
    return run


def main(
    quick: bool = False,
    show: bool = True,
    out: str | Path | None = "pictures",
    folder: str | Path | None = None,
) -> Run:
    """Train on the digits, or on MNIST if `folder` has its files."""
    run = train(images(folder), 15 if quick else 30)
    run.picture = picture("ffnetwork.png", out, draw_learning(run), figsize=(8, 3.5))
    if show:
        print(f"test accuracy {run.accuracies[-1]:.1%}")
    return run


if __name__ == "__main__":
    main()
