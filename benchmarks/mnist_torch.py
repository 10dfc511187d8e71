"""The models of `benchmarks.mnist` in PyTorch, eager, on one thread."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.timed import BATCH, Row, timed
from examples.images import Images

__all__ = ["Network", "lenet", "run"]


class Network(nn.Module):
    """Pixels, 128 hidden features, ten scores."""

    def __init__(self, pixels: int) -> None:
        super().__init__()
        self.inner = nn.Linear(pixels, 128)
        self.dropout = nn.Dropout(0.2)
        self.outer = nn.Linear(128, 10)

    def forward(self, x: Any) -> Any:
        return self.outer(self.dropout(torch.relu(self.inner(x.flatten(1)))))


def functional(pixels: int) -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(pixels, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10)
    )


def lenet() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(256, 120), nn.ReLU()),
        *(nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )


def run(name: str, data: Images, epochs: int) -> Row:
    """Train one of the models."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    pixels = data.x[0].size
    x, x_test = torch.tensor(data.x), torch.tensor(data.x_test)
    if name == "lenet":
        model, x, x_test = lenet(), x[:, None], x_test[:, None]
    else:
        model = Network(pixels) if name == "modular" else functional(pixels)
    labels, labels_test = torch.tensor(data.labels), torch.tensor(data.labels_test)
    optimiser = torch.optim.Adam(model.parameters(), 1e-3)
    loader = DataLoader(TensorDataset(x, labels), batch_size=BATCH, shuffle=True)
    loss = nn.CrossEntropyLoss()

    def epoch() -> None:
        model.train()
        for images, targets in loader:
            optimiser.zero_grad()
            loss(model(images), targets).backward()
            optimiser.step()

    def accuracy() -> float:
        model.eval()
        with torch.no_grad():
            return float((model(x_test).argmax(1) == labels_test).float().mean())

    return timed(epoch, accuracy, epochs)
