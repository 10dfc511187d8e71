"""Read digits with a chain of ready-made layers and ready-made training.

The model is 784 (or 64) pixels, 128 hidden features, dropout, ten scores. Flux, TensorFlow and
PyTorch have the same example; `benchmarks.mnist` runs them side by side.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import dpy
from dpy.data import DataLoader
from dpy.losses import sparse_logitcrossentropy
from dpy.nn import Chain, Dense, Dropout, flatten, relu
from dpy.optim import Adam, setup
from dpy.training import accuracy
from examples.images import Images, Run, draw_learning, images
from examples.support import picture

__all__ = ["create_model", "loss", "main", "train"]


def create_model(
    inputs: int, dropout: float, hidden: int, classes: int, rng: np.random.Generator | None = None
) -> Chain:
    """A network of two layers, with dropout between them while it is trained."""
    return Chain(
        flatten,
        Dense(inputs, hidden, relu, rng=rng),
        Dropout(dropout, rng=rng),
        Dense(hidden, classes, rng=rng),
    )


def loss(model: Any, x: np.ndarray, labels: np.ndarray) -> Any:
    """The mean cross-entropy of the scores."""
    return sparse_logitcrossentropy(model(x), labels)


def train(data: Images, epochs: int = 20, seed: int = 0, batchsize: int = 64) -> Run:
    """Adam on batches of 64; the accuracy is measured after each epoch."""
    rng = np.random.default_rng(seed)
    model = create_model(data.x[0].size, 0.2, 128, 10, rng)
    run = Run(model)
    state = setup(Adam(1e-3), model)
    loader = DataLoader((data.x, data.labels), batchsize=batchsize, shuffle=True, rng=rng)

    def note(progress: Any) -> None:
        run.losses.append(float(progress.loss))

    for _ in range(epochs):
        state, run.model = dpy.train(loss, run.model, loader, state, cb=note, progress=False)
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
    run.picture = picture("mlp.png", out, draw_learning(run), figsize=(8, 3.5))
    if show:
        print(run.model)
        print(f"test accuracy {run.accuracies[-1]:.1%}")
    return run


if __name__ == "__main__":
    main()
