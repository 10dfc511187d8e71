"""Training: the loop, callbacks, metrics and checkpoints.

>>> import numpy as np
>>> from dpy.optim import Descent
>>> model = {"w": np.zeros(1)}
>>> state, model = train(lambda m, x: (m["w"][0] - x) ** 2, model, [2.0] * 50, Descent(0.1))
>>> model["w"].round(3)
array([2.])
"""

from dpy.training.callbacks import (
    Scheduler,
    early_stopping,
    patience,
    plateau,
    scheduler,
    throttle,
)
from dpy.training.checkpoints import load_checkpoint, save_checkpoint
from dpy.training.loop import Progress, StopTraining, epochs, stop, train, trainstep
from dpy.training.metrics import accuracy, mean_loss

__all__ = [
    "Progress", "Scheduler", "StopTraining", "accuracy", "early_stopping", "epochs",
    "load_checkpoint", "mean_loss", "patience", "plateau", "save_checkpoint", "scheduler", "stop",
    "throttle", "train", "trainstep",
]  # fmt: skip
