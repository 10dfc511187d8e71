"""Transfer learning: a backbone that stays as it is, and a head that is trained.

The backbone learns to tell digits below five from the others; a new head then learns from its
features which digit it is, with the backbone frozen.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import dpy
from dpy.data import DataLoader
from dpy.nn import Chain, Dense, flatten, relu
from dpy.optim import Adam, freeze, setup
from dpy.training import accuracy
from examples.images import Images, Run, draw_learning, images
from examples.mlp import loss
from examples.support import picture

__all__ = ["finetune", "main", "pretrain"]


def fit(model: Any, state: Any, x: Any, labels: Any, epochs: int, rng: Any, run: Run) -> None:
    """Adam on batches of 64."""
    loader = DataLoader((x, labels), batchsize=64, shuffle=True, rng=rng)

    def note(progress: Any) -> None:
        run.losses.append(float(progress.loss))

    dpy.train(loss, model, loader, state, epochs=epochs, cb=note, progress=False)


def pretrain(data: Images, epochs: int, rng: np.random.Generator) -> Run:
    """A network of 64 features for another question."""
    run = Run(Chain(flatten, Dense(64, 64, relu, rng=rng), Dense(64, 2, rng=rng)))
    state = setup(Adam(2e-3), run.model)
    fit(run.model, state, data.x, (data.labels < 5).astype(int), epochs, rng, run)
    return run


def finetune(backbone: Any, data: Images, epochs: int, rng: np.random.Generator) -> Run:
    """A new head on the features of the backbone."""
    run = Run(Chain(backbone=backbone, head=Dense(64, 10, rng=rng)))
    state = setup(Adam(5e-3), run.model)
    freeze(state.layers[0])
    for _ in range(epochs):
        fit(run.model, state, data.x, data.labels, 1, rng, run)
        run.accuracies.append(accuracy(run.model(data.x_test), data.labels_test))
    return run


def main(quick: bool = False, show: bool = True, out: str | Path | None = "pictures") -> Run:
    """Train the backbone, then the head."""
    data, rng = images(), np.random.default_rng(0)
    first = pretrain(data, 10 if quick else 40, rng)
    run = finetune(first.model[:2], data, 15 if quick else 40, rng)
    run.picture = picture("transfer.png", out, draw_learning(run), figsize=(8, 3.5))
    if show:
        print(f"test accuracy {run.accuracies[-1]:.1%}")
    return run


if __name__ == "__main__":
    main()
