"""The models of `benchmarks.mnist` in dpy."""

from __future__ import annotations

from typing import Any

import numpy as np

import dpy
from benchmarks.timed import BATCH, Row, timed
from dpy.data import DataLoader
from dpy.optim import Adam, setup, update_
from dpy.training import accuracy
from examples.convnet import lenet
from examples.ffnetwork import FFNetwork
from examples.images import Images
from examples.mlp import create_model, loss

__all__ = ["run"]


def run(name: str, data: Images, epochs: int) -> Row:
    """Train one of the models."""
    rng = np.random.default_rng(0)
    x, x_test = data.x, data.x_test
    pixels = x[0].size
    model: Any
    if name == "lenet":
        model, x, x_test = lenet(rng), x[:, None], x_test[:, None]
    elif name == "modular":
        model = FFNetwork.random(pixels, 128, 0.2, 10, rng)
    else:
        model = create_model(pixels, 0.2, 128, 10, rng)
    state = setup(Adam(1e-3), model)
    loader = DataLoader((x, data.labels), batchsize=BATCH, shuffle=True, rng=rng)

    def batch_loss(model: Any) -> Any:
        return loss(model, images, labels)

    def with_train() -> None:
        dpy.train(loss, model, loader, state, progress=False)

    def by_hand() -> None:
        nonlocal images, labels
        for batch in loader:
            images, labels = batch
            _, back = dpy.pullback(batch_loss, model)
            update_(state, model, *back(np.float32(1)))

    images, labels = x[:1], data.labels[:1]
    epoch = by_hand if name == "modular" else with_train
    return timed(epoch, lambda: accuracy(model(x_test), data.labels_test), epochs)
