"""The images that several examples learn from, and what they report."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dpy.data import digits, mnist

__all__ = ["Images", "Run", "draw_learning", "images"]


@dataclass
class Images:
    """Images ``(N, height, width)`` of float32 from 0 to 1, and the digits that they show."""

    x: np.ndarray
    labels: np.ndarray
    x_test: np.ndarray
    labels_test: np.ndarray


def images(folder: str | Path | None = None, *, enlarge: bool = False, seed: int = 0) -> Images:
    """Scikit-learn's digits, a fifth of them for the test; or MNIST from files in a folder.

    With `enlarge` the digits of 8 by 8 pixels are drawn on 28 by 28, as MNIST's are.
    """
    if folder is not None:
        return Images(*mnist(folder), *mnist(folder, "test"))
    x, labels = digits()
    x = np.asarray(x, np.float32)
    if enlarge:
        x = np.pad(np.kron(x, np.ones((3, 3), np.float32)), ((0, 0), (2, 2), (2, 2)))
    order = np.random.default_rng(seed).permutation(len(x))
    cut = len(x) // 5
    test, train = order[:cut], order[cut:]
    return Images(x[train], labels[train], x[test], labels[test])


@dataclass
class Run:
    """A trained model, the loss of every batch, and the accuracy on the test set per epoch."""

    model: Any
    losses: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)
    picture: Path | None = None


def draw_learning(run: Run) -> Any:
    """A function that draws the losses and accuracies of a run."""

    def draw(figure: Any) -> None:
        left, right = figure.subplots(1, 2)
        left.semilogy(run.losses, linewidth=0.5)
        left.set(xlabel="batch", title="loss")
        right.plot(range(1, len(run.accuracies) + 1), run.accuracies, "o-")
        right.set(xlabel="epoch", title="accuracy on the test set")

    return draw
