"""An LSTM that learns to write, one character after the other.

It reads the documentation of Python's own module `statistics`, and is asked at each place for the
next character.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import dpy
from dpy.losses import sparse_logitcrossentropy
from dpy.nn import LSTM, Chain, Dense, softmax
from dpy.optim import Adam
from examples.images import Run
from examples.support import picture

__all__ = ["Text", "loss", "main", "train", "write"]

WORDS = str(statistics.__doc__)


@dataclass
class Text:
    """A text as numbers, and its alphabet."""

    codes: np.ndarray
    alphabet: str

    @classmethod
    def of(cls, text: str) -> Text:
        alphabet = "".join(sorted(set(text)))
        return cls(np.array([alphabet.index(c) for c in text]), alphabet)

    def batch(self, count: int, length: int, rng: np.random.Generator) -> tuple[Any, Any]:
        """Pieces of the text, one-hot, and the characters that follow at each place."""
        starts = rng.integers(0, len(self.codes) - length - 1, count)
        places = starts[:, None] + np.arange(length)
        return self.one_hot(self.codes[places]), self.codes[places + 1]

    def one_hot(self, codes: np.ndarray) -> np.ndarray:
        return np.eye(len(self.alphabet), dtype=np.float32)[codes]


def loss(model: Any, x: np.ndarray, following: np.ndarray) -> Any:
    """How much the characters surprise the model, in nats."""
    return sparse_logitcrossentropy(model(x), following)


def train(text: Text, steps: int, hidden: int = 64, seed: int = 0) -> Run:
    """Adam on batches of 16 pieces of 40 characters."""
    rng = np.random.default_rng(seed)
    letters = len(text.alphabet)
    run = Run(Chain(LSTM(letters, hidden, rng=rng), Dense(hidden, letters, rng=rng)))

    def note(progress: Any) -> None:
        run.losses.append(float(progress.loss))

    batches = (text.batch(16, 40, rng) for _ in range(steps))
    dpy.train(loss, run.model, batches, Adam(5e-3), cb=note, progress=False)
    return run


def write(model: Any, text: Text, begin: str, length: int, seed: int = 0) -> str:
    """Let the model go on with a text, step by step with its cell."""
    rng = np.random.default_rng(seed)
    lstm, dense = model.layers
    state, written = None, begin
    for i in range(len(begin) + length - 1):
        h, state = lstm.cell(text.one_hot(np.array(text.alphabet.index(written[i])))[None], state)
        if i >= len(begin) - 1:
            chances = softmax(dense(h))[0].astype(float)
            written += text.alphabet[rng.choice(len(chances), p=chances / chances.sum())]
    return written


def main(quick: bool = False, show: bool = True, out: str | Path | None = "pictures") -> Run:
    """Train, and let it write."""
    text = Text.of(WORDS)
    run = train(text, 60 if quick else 600)

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        axes.plot(run.losses, linewidth=0.5)
        axes.set(xlabel="step", title="surprise per character")

    run.picture = picture("char_rnn.png", out, draw, figsize=(6, 4))
    if show:
        print(f"surprise per character {run.losses[0]:.2f} to {run.losses[-1]:.2f}")
        print(write(run.model, text, "The ", 200))
    return run


if __name__ == "__main__":
    main()
