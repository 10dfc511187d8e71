"""How good a model is."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.errors import DpyError
from dpy.functors import is_array

__all__ = ["accuracy", "mean_loss"]


def accuracy(predicted: Any, target: Any, axis: int = -1) -> float:
    """The share of observations whose class is predicted rightly.

    Args:
        predicted: scores of the classes, or a model that gives such.
        target: the classes: whole numbers, or one-hot arrays. For a model, an iterable of pairs
            (inputs, targets) such as a `DataLoader`; each observation counts once, also those of
            a smaller last batch.
        axis: of the classes.

    >>> accuracy(np.array([[0.9, 0.1], [0.4, 0.6], [0.8, 0.2]]), np.array([0, 1, 1])).__round__(4)
    0.6667
    >>> accuracy(lambda x: x, [(np.eye(2), np.eye(2)), (np.eye(2)[:1], np.array([1]))]).__round__(4)
    0.6667
    """
    if callable(predicted):
        right, total = 0, 0
        for x, y in target:
            found = _is_right(predicted(x), y, axis)
            right += int(found.sum())
            total += found.size
        if not total:
            raise DpyError("the accuracy of a model on no data", repair="give data with batches")
        return right / total
    return float(np.mean(_is_right(predicted, target, axis)))


def _is_right(scores: Any, target: Any, axis: int) -> Any:
    found = np.argmax(np.asarray(scores), axis=axis)
    y = np.asarray(target)
    if y.ndim == np.ndim(scores):
        y = np.argmax(y, axis=axis)
    if y.shape != found.shape:
        raise DpyError(
            f"scores of shape {np.shape(scores)} and targets of shape {np.shape(target)}",
            why="there is one class for each observation",
            repair="give whole numbers or one-hot arrays; axis= is that of the classes",
        )
    return found == y


def mean_loss(loss: Any, model: Any, data: Any) -> float:
    """The mean of ``loss(model, *batch)`` over all observations: larger batches count more.

    >>> mean_loss(lambda m, x: np.mean(m * x), 2.0, [(np.ones(3),), (np.full(1, 5.0),)])
    4.0
    """
    total, count = 0.0, 0
    for found in data:
        batch = found if isinstance(found, tuple) else (found,)
        n = len(batch[0]) if batch and (is_array(batch[0]) or hasattr(batch[0], "__len__")) else 1
        value = loss(model, *batch)
        total += float(value[0] if isinstance(value, tuple) else value) * n
        count += n
    if not count:
        raise DpyError("the mean loss on no data", repair="give data with batches")
    return total / count
