"""LeNet-5 on digits: convolutions, pools and dense layers, 44,426 parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import dpy
from dpy.data import DataLoader
from dpy.nn import Chain, Conv, Dense, MaxPool, flatten, relu
from dpy.optim import Adam, setup
from dpy.training import accuracy
from examples.images import Images, Run, draw_learning, images
from examples.mlp import loss
from examples.support import picture

__all__ = ["lenet", "main", "train"]


def lenet(rng: np.random.Generator | None = None) -> Chain:
    """For images ``(N, 1, 28, 28)``."""
    return Chain(
        Conv((5, 5), 1, 6, relu, rng=rng),
        MaxPool((2, 2)),
        Conv((5, 5), 6, 16, relu, rng=rng),
        MaxPool((2, 2)),
        flatten,
        Dense(256, 120, relu, rng=rng),
        Dense(120, 84, relu, rng=rng),
        Dense(84, 10, rng=rng),
    )


def train(data: Images, epochs: int = 5, seed: int = 0, batchsize: int = 64) -> Run:
    """Adam on batches of 64."""
    rng = np.random.default_rng(seed)
    run = Run(lenet(rng))
    state = setup(Adam(1e-3), run.model)
    x = data.x[:, None]
    loader = DataLoader((x, data.labels), batchsize=batchsize, shuffle=True, rng=rng)

    def note(progress: Any) -> None:
        run.losses.append(float(progress.loss))

    for _ in range(epochs):
        state, run.model = dpy.train(loss, run.model, loader, state, cb=note, progress=False)
        run.accuracies.append(accuracy(run.model(data.x_test[:, None]), data.labels_test))
    return run


def main(
    quick: bool = False,
    show: bool = True,
    out: str | Path | None = "pictures",
    folder: str | Path | None = None,
) -> Run:
    """Train on enlarged digits, or on MNIST if `folder` has its files."""
    run = train(images(folder, enlarge=True), 3 if quick else 10)
    run.picture = picture("convnet.png", out, draw_learning(run), figsize=(8, 3.5))
    if show:
        print(run.model)
        print(f"test accuracy {run.accuracies[-1]:.1%}")
    return run


if __name__ == "__main__":
    main()
