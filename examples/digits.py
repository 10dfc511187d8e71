"""Learn to read handwritten digits: real images, a plain dataclass, a training loop by hand.

The images ship with scikit-learn (1,797 scans of 8 by 8 pixels). The network is a dataclass of
NumPy arrays; its gradient is the same dataclass, so that the optimiser is five lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

import dpy
from examples.support import picture, progress

__all__ = ["Data", "Network", "Result", "accuracy", "load", "loss", "main", "train"]


@dataclass
class Network:
    """Two layers: pixels to hidden features to a score for each digit."""

    w_1: np.ndarray
    b_1: np.ndarray
    w_2: np.ndarray
    b_2: np.ndarray

    @classmethod
    def random(cls, hidden: int, rng: np.random.Generator) -> Network:
        return cls(
            rng.standard_normal((64, hidden)) * np.sqrt(2 / 64),
            np.zeros(hidden),
            rng.standard_normal((hidden, 10)) * np.sqrt(1 / hidden),
            np.zeros(10),
        )

    def __call__(self, x: np.ndarray) -> np.ndarray:
        hidden = np.maximum(x @ self.w_1 + self.b_1, 0.0)
        return hidden @ self.w_2 + self.b_2


def loss(network: Network, x: np.ndarray, labels: np.ndarray) -> float:
    """The mean cross-entropy of the scores."""
    scores = network(x)
    scores = scores - np.max(scores, axis=1, keepdims=True)
    log_total = np.log(np.sum(np.exp(scores), axis=1))
    return np.mean(log_total - scores[np.arange(len(labels)), labels])


def accuracy(network: Network, x: np.ndarray, labels: np.ndarray) -> float:
    """The share of images that are read correctly."""
    return float(np.mean(np.argmax(network(x), axis=1) == labels))


@dataclass
class Data:
    """Images as rows of 64 numbers between 0 and 1, and the digits that they show."""

    x: np.ndarray
    labels: np.ndarray
    x_test: np.ndarray
    labels_test: np.ndarray


def load(seed: int = 0) -> Data:
    """Scikit-learn's digits, shuffled; a fifth is kept for the test."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.default_rng(seed).permutation(len(digits.target))
    x, labels = digits.data[order] / 16, digits.target[order]
    cut = len(labels) // 5
    return Data(x[cut:], labels[cut:], x[:cut], labels[:cut])


def batches(count: int, size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """The numbers below ``count`` in random order, ``size`` at a time."""
    order = rng.permutation(count)
    for start in range(0, count - size + 1, size):
        yield order[start : start + size]


@dataclass
class Result:
    """The trained network, the loss of every batch and the accuracy after every epoch."""

    network: Network
    data: Data
    losses: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)
    picture: Path | None = None


def train(epochs: int = 30, hidden: int = 64, seed: int = 0, show: bool = True) -> Result:
    """Minibatches of 32 images, gradient descent with momentum and ever shorter steps."""
    data = load()
    rng = np.random.default_rng(seed)
    network = Network.random(hidden, rng)
    velocity = {f.name: np.zeros_like(getattr(network, f.name)) for f in fields(network)}

    def batch_loss(candidate: Network) -> float:
        return loss(candidate, x, labels)

    result = Result(network, data)
    for epoch in progress(range(epochs), "digits", show):
        rate = 0.08 * (1 - epoch / epochs)
        for chosen in batches(len(data.labels), 32, rng):
            x, labels = data.x[chosen], data.labels[chosen]
            y, (d,) = dpy.value_and_gradient(batch_loss, network)
            for name, v in velocity.items():
                v *= 0.9
                v += rate * getattr(d, name)
                weights = getattr(network, name)
                weights -= v
            result.losses.append(float(y))
        result.accuracies.append(accuracy(network, data.x_test, data.labels_test))
    return result


def main(quick: bool = False, show: bool = True, out: str | Path | None = "pictures") -> Result:
    """Train, report the test accuracy, draw the losses and the digits that were misread."""
    result = train(8 if quick else 30, show=show)
    data = result.data
    said = np.argmax(result.network(data.x_test), axis=1)
    wrong = np.flatnonzero(said != data.labels_test)

    def draw(figure: Any) -> None:
        left, right = figure.subfigures(1, 2)
        axes = left.subplots()
        axes.semilogy(result.losses, linewidth=0.5, label="loss of a batch")
        axes.set(xlabel="batch", title=f"test accuracy {result.accuracies[-1]:.1%}")
        axes.legend()
        right.suptitle("every test image that was misread")
        for panel, i in zip(right.subplots(4, 5).flat, wrong, strict=False):
            panel.imshow(data.x_test[i].reshape(8, 8), cmap="gray_r")
            panel.set_title(f"{data.labels_test[i]}, not {said[i]}", fontsize=7)
        for panel in right.axes:
            panel.set_axis_off()

    result.picture = picture("digits.png", out, draw, figsize=(10, 4.5))
    if show:
        print(f"test accuracy {result.accuracies[-1]:.1%}, {len(wrong)} of {len(said)} misread")
    return result


if __name__ == "__main__":
    main()
