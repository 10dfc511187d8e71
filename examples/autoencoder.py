"""An autoencoder: digits of 64 pixels through ten numbers, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import dpy
from dpy.data import DataLoader
from dpy.losses import mse
from dpy.nn import Chain, Dense, flatten, relu, sigmoid
from dpy.optim import Adam
from examples.images import Run, images
from examples.support import picture

__all__ = ["autoencoder", "loss", "main", "train"]


def autoencoder(rng: np.random.Generator, pixels: int = 64, code: int = 10) -> Chain:
    """Two chains, one after the other; they can be taken out by name."""
    return Chain(
        encoder=Chain(Dense(pixels, 32, relu, rng=rng), Dense(32, code, rng=rng)),
        decoder=Chain(Dense(code, 32, relu, rng=rng), Dense(32, pixels, sigmoid, rng=rng)),
    )


def loss(model: Any, x: np.ndarray) -> Any:
    """How far the pictures are from what comes back."""
    return mse(model(x), x)


def train(x: np.ndarray, epochs: int, seed: int = 0) -> Run:
    """Adam on batches of 64."""
    rng = np.random.default_rng(seed)
    run = Run(autoencoder(rng, x.shape[1]))
    loader = DataLoader(x, batchsize=64, shuffle=True, rng=rng)

    def note(progress: Any) -> None:
        run.losses.append(float(progress.loss))

    dpy.train(loss, run.model, loader, Adam(2e-3), epochs=epochs, cb=note, progress=False)
    return run


def main(quick: bool = False, show: bool = True, out: str | Path | None = "pictures") -> Run:
    """Train, and draw some digits with what comes back."""
    data = images()
    run = train(flatten(data.x), 15 if quick else 60)

    def draw(figure: Any) -> None:
        shown = data.x_test[:8]
        back = run.model(flatten(shown)).reshape(shown.shape)
        for panel, pixels in zip(figure.subplots(2, 8).flat, [*shown, *back], strict=True):
            panel.imshow(pixels, cmap="gray_r")
            panel.set_axis_off()

    run.picture = picture("autoencoder.png", out, draw, figsize=(8, 2.5))
    if show:
        print(f"mean squared error {run.losses[0]:.4f} to {run.losses[-1]:.4f}")
    return run


if __name__ == "__main__":
    main()
