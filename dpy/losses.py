"""Losses: plain functions of predictions and targets, ``loss(yhat, y)``.

The mean over all items, or over all examples, is taken unless `agg` says otherwise: any function
of an array will do, ``agg=np.sum``, or ``agg=lambda v: v`` for one value each. Classes are on the
last axis unless `axis` says otherwise. Names and formulas are Flux's. Targets may be one-hot arrays
(of any dtype) or, in the forms called sparse, integers. All are exact for logits of any size, and
have derivatives for both arguments.

>>> mae([1.1, 1.9, 3.1], range(1, 4))
np.float64(0.10000000000000009)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dpy.adjoints.registry import elementwise, nondifferentiable
from dpy.errors import ShapeError
from dpy.nn.functional._kinds import gives
from dpy.nn.functional.activations import logsigmoid
from dpy.nn.functional.ctc import ctc_losses
from dpy.nn.functional.softmax import logsoftmax

__all__ = [
    "binary_focal_loss", "binarycrossentropy", "crossentropy", "ctc_loss", "dice_coeff_loss",
    "focal_loss", "hinge", "hinge_loss", "huber", "huber_loss", "kldivergence", "label_smoothing",
    "logitbinarycrossentropy", "logitcrossentropy", "mae", "mse", "msle", "poisson", "poisson_loss",
    "siamese_contrastive_loss", "sparse_crossentropy", "sparse_logitcrossentropy", "squared_hinge",
    "squared_hinge_loss", "tversky_loss", "xlogx", "xlogy",
]  # fmt: skip

Aggregate = Callable[[Any], Any]


# --- helpers --------------------------------------------------------------------------------------


def xlogy(x: Any, y: Any) -> Any:
    """``x * log(y)``, and 0 where `x` is 0.

    >>> xlogy(np.array([0.0, 1.0]), np.array([0.0, 1.0])).tolist()
    [0.0, 0.0]
    """
    with np.errstate(divide="ignore"):
        return x * np.log(np.where(x == 0, np.ones_like(y), y))[()]


def xlogx(x: Any) -> Any:
    """``x * log(x)``, and 0 at 0."""
    return x * np.log(np.where(x == 0, np.ones_like(x), x))[()]


def _ratio(x: Any, y: Any) -> Any:
    """``x / y``, and 0 where `x` is 0."""
    with np.errstate(divide="ignore"):
        return x / np.where(x == 0, np.ones_like(y), y)


def _log(y: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.log(y)


elementwise(xlogy, lambda x, y, z: _log(y), lambda x, y, z: _ratio(x, y), singular=True)
elementwise(xlogx, lambda x, z: _log(x) + 1.0, singular=True)


def _pair(yhat: Any, y: Any) -> tuple[Any, Any]:
    """Predictions and targets as numbers or arrays of one shape, in the dtype of predictions."""
    if not isinstance(yhat, (np.ndarray, float, np.floating)):
        yhat = np.asarray(yhat)
    if not isinstance(y, (np.ndarray, float, int, np.generic)):
        y = np.asarray(y)
    if isinstance(yhat, np.ndarray) and isinstance(y, np.ndarray):
        y = _cast(y, yhat)
        if yhat.shape != y.shape:
            raise _mismatch(yhat, y)
    return yhat, y


def _cast(y: Any, yhat: Any) -> Any:
    """Targets that are whole numbers or flags, in the dtype of the predictions."""
    if y.dtype.kind == "i" or y.dtype.kind == "b" or y.dtype.kind == "u":
        return y.astype(yhat.dtype)
    return y


def _mismatch(yhat: Any, y: Any) -> ShapeError:
    return ShapeError(
        f"a loss got predictions of shape {yhat.shape} and targets of shape {y.shape}",
        why="they are compared item by item; broadcasting would compare each with many",
        repair="reshape one of them, or use a sparse form for targets that are integers",
    )


nondifferentiable(_mismatch, kind=gives(ShapeError))


def _eps(yhat: Any, eps: float | None) -> float:
    """What keeps logarithms finite: by default the precision of the predictions."""
    if eps is not None:
        return eps
    dtype = np.asarray(yhat).dtype
    return float(np.finfo(dtype if dtype.kind == "f" else np.float64).eps)


nondifferentiable(_eps, kind=gives(float))


def label_smoothing(y: Any, alpha: float, axis: int | None = -1) -> Any:
    """Targets that are less sure: ``y * (1 - alpha) + alpha / classes``.

    Args:
        y: one-hot or soft targets.
        alpha: how much is spread over all classes, from 0 to 1.
        axis: that of the classes; None for targets of two classes that are one number each.

    >>> label_smoothing(np.array([1, 0]), 0.2).tolist()
    [0.9, 0.1]
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be between 0 and 1, got {alpha}")
    y = np.asarray(y)
    if y.dtype.kind != "f":
        y = y.astype(np.float64)
    classes = 2 if axis is None else y.shape[axis]
    return y * (1 - alpha) + alpha / classes


# --- of numbers -----------------------------------------------------------------------------------


def mae(yhat: Any, y: Any, *, agg: Aggregate = np.mean) -> Any:
    """Mean absolute error, ``agg(|yhat - y|)``."""
    yhat, y = _pair(yhat, y)
    return agg(np.abs(yhat - y))


def mse(yhat: Any, y: Any, *, agg: Aggregate = np.mean) -> Any:
    """Mean squared error, ``agg((yhat - y)**2)``.

    >>> float(mse(np.array([1.1, 1.9, 3.1]), np.array([1, 2, 3])))
    0.010000000000000018
    """
    yhat, y = _pair(yhat, y)
    return agg(np.square(yhat - y))


def msle(yhat: Any, y: Any, *, agg: Aggregate = np.mean, eps: float | None = None) -> Any:
    """Mean squared logarithmic error, ``agg(log((yhat + eps) / (y + eps))**2)``."""
    eps = _eps(yhat, eps)
    yhat, y = _pair(yhat, y)
    return agg(np.square(np.log((yhat + eps) / (y + eps))))


def huber_loss(yhat: Any, y: Any, *, agg: Aggregate = np.mean, delta: float = 1.0) -> Any:
    """Quadratic for errors below `delta`, linear above (Huber, 1964)."""
    yhat, y = _pair(yhat, y)
    error = np.abs(yhat - y)
    small = np.minimum(error, delta)
    return agg(small * (error - 0.5 * small))


def poisson_loss(yhat: Any, y: Any, *, agg: Aggregate = np.mean) -> Any:
    """``agg(yhat - y * log(yhat))``: how badly `yhat` are the rates of the counts `y`."""
    yhat, y = _pair(yhat, y)
    return agg(yhat - xlogy(y, yhat))


def hinge_loss(yhat: Any, y: Any, *, agg: Aggregate = np.mean) -> Any:
    """``agg(max(0, 1 - yhat * y))``, for targets of -1 and 1."""
    yhat, y = _pair(yhat, y)
    return agg(np.maximum(0.0, 1.0 - yhat * y))


def squared_hinge_loss(yhat: Any, y: Any, *, agg: Aggregate = np.mean) -> Any:
    """``agg(max(0, 1 - yhat * y)**2)``, for targets of -1 and 1."""
    yhat, y = _pair(yhat, y)
    return agg(np.square(np.maximum(0.0, 1.0 - yhat * y)))


def siamese_contrastive_loss(
    yhat: Any, y: Any, *, agg: Aggregate = np.mean, margin: float = 1.0
) -> Any:
    """``agg((1 - y) * yhat**2 + y * max(0, margin - yhat)**2)`` (Hadsell et al., 2006).

    Args:
        yhat: distances of pairs.
        y: 0 for pairs of the same class, 1 for others.
        agg: what is made of the values.
        margin: how far apart pairs of different classes should be; not negative.
    """
    if margin < 0:
        raise ValueError(f"margin must not be negative, got {margin}")
    yhat, y = _pair(yhat, y)
    apart = np.maximum(0.0, margin - yhat)
    return agg((1 - y) * np.square(yhat) + y * np.square(apart))


# --- of probabilities and logits ------------------------------------------------------------------


def crossentropy(
    yhat: Any, y: Any, *, axis: int = -1, agg: Aggregate = np.mean, eps: float | None = None
) -> Any:
    """``agg(-sum(y * log(yhat + eps)))`` of probabilities; better: `logitcrossentropy`."""
    eps = _eps(yhat, eps)
    yhat, y = _pair(yhat, y)
    return agg(-np.sum(xlogy(y, yhat + eps), axis=axis))


def logitcrossentropy(yhat: Any, y: Any, *, axis: int = -1, agg: Aggregate = np.mean) -> Any:
    """``crossentropy(softmax(yhat), y)``, exact for logits of any size.

    >>> float(logitcrossentropy(np.array([[1e4, -1e4]]), np.array([[0, 1]])))
    20000.0
    """
    yhat, y = _pair(yhat, y)
    return agg(-np.sum(y * logsoftmax(yhat, axis), axis=axis))


def sparse_crossentropy(
    yhat: Any, y: Any, *, axis: int = -1, agg: Aggregate = np.mean, eps: float | None = None
) -> Any:
    """`crossentropy` with integers for targets: their shape is that of `yhat` without `axis`."""
    eps = _eps(yhat, eps)
    return agg(-np.log(_chosen(yhat, y, axis) + eps))


def sparse_logitcrossentropy(yhat: Any, y: Any, *, axis: int = -1, agg: Aggregate = np.mean) -> Any:
    """`logitcrossentropy` with integers for targets."""
    return agg(-_chosen(logsoftmax(yhat, axis), y, axis))


def _chosen(x: Any, labels: Any, axis: int) -> Any:
    """The item of each class axis that its label names."""
    places = _places(x, labels, axis)
    return np.take_along_axis(x, places, axis).sum(axis)


def _places(x: Any, labels: Any, axis: int) -> Any:
    labels = np.asarray(labels)
    shape = np.delete(np.shape(x), axis)
    if labels.dtype.kind not in "iu" or labels.shape != tuple(shape):
        raise ShapeError(
            f"a sparse loss got targets of dtype {labels.dtype} and shape {labels.shape}",
            why=f"it needs integers of shape {tuple(int(n) for n in shape)}, one for each example",
        )
    n = np.shape(x)[axis]
    if labels.size and not 0 <= labels.min() <= labels.max() < n:
        raise ShapeError(f"a sparse loss got a class that is not in range({n})")
    return np.expand_dims(labels, axis)


nondifferentiable(_places)


def binarycrossentropy(
    yhat: Any, y: Any, *, agg: Aggregate = np.mean, eps: float | None = None
) -> Any:
    """``agg(-y * log(yhat + eps) - (1 - y) * log(1 - yhat + eps))`` of probabilities."""
    eps = _eps(yhat, eps)
    yhat, y = _pair(yhat, y)
    return agg(-xlogy(y, yhat + eps) - xlogy(1 - y, 1 - yhat + eps))


def logitbinarycrossentropy(yhat: Any, y: Any, *, agg: Aggregate = np.mean) -> Any:
    """``binarycrossentropy(sigmoid(yhat), y)``, exact for logits of any size."""
    yhat, y = _pair(yhat, y)
    return agg((1 - y) * yhat - logsigmoid(yhat))


def kldivergence(
    yhat: Any, y: Any, *, axis: int = -1, agg: Aggregate = np.mean, eps: float | None = None
) -> Any:
    """How far `yhat` is from the distribution `y`: ``agg(sum(y * log(y / (yhat + eps))))``."""
    eps = _eps(yhat, eps)
    yhat, y = _pair(yhat, y)
    entropy = agg(np.sum(xlogx(y), axis=axis))
    return entropy + agg(-np.sum(xlogy(y, yhat + eps), axis=axis))


def binary_focal_loss(
    yhat: Any, y: Any, *, agg: Aggregate = np.mean, gamma: float = 2.0, eps: float | None = None
) -> Any:
    """`binarycrossentropy` with less weight for what is right already (Lin et al., 2017)."""
    eps = _eps(yhat, eps)
    yhat, y = _pair(yhat, y)
    shifted = yhat + eps
    right = y * shifted + (1 - y) * (1 - shifted)
    return agg(-((1 - right) ** gamma) * np.log(right))


def focal_loss(
    yhat: Any,
    y: Any,
    *,
    axis: int = -1,
    agg: Aggregate = np.mean,
    gamma: float = 2.0,
    eps: float | None = None,
) -> Any:
    """`crossentropy` with less weight for what is right already (Lin et al., 2017)."""
    eps = _eps(yhat, eps)
    yhat, y = _pair(yhat, y)
    shifted = yhat + eps
    return agg(-np.sum(y * (1 - shifted) ** gamma * np.log(shifted), axis=axis))


# --- of overlaps ----------------------------------------------------------------------------------


def dice_coeff_loss(yhat: Any, y: Any, *, smooth: float = 1.0) -> Any:
    """``1 - (2 * sum(y * yhat) + smooth) / (sum(y**2) + sum(yhat**2) + smooth)``."""
    yhat, y = _pair(yhat, y)
    common = 2 * np.sum(y * yhat) + smooth
    return 1 - common / (np.sum(np.square(y)) + np.sum(np.square(yhat)) + smooth)


def tversky_loss(yhat: Any, y: Any, *, beta: float = 0.7) -> Any:
    """``1 - (sum(y * yhat) + 1) / (sum of overlap and weighted errors + 1)`` (Salehi et al., 2017).

    `beta` is the weight of false positives, ``1 - beta`` that of false negatives.
    """
    yhat, y = _pair(yhat, y)
    common = np.sum(y * yhat)
    errors = np.sum(beta * (1 - y) * yhat + (1 - beta) * y * (1 - yhat))
    return 1 - (common + 1) / (common + errors + 1)


# --- of sequences ---------------------------------------------------------------------------------


def ctc_loss(
    yhat: Any,
    y: Sequence[Any],
    *,
    lengths: Any = None,
    blank: int = -1,
    agg: Aggregate = np.mean,
) -> Any:
    """Connectionist temporal classification: minus the log-likelihood of label sequences.

    Args:
        yhat: logits, shape ``(T, classes)`` for one example or ``(N, T, classes)`` for a batch.
        y: the sequence of classes, or one for each example of a batch.
        lengths: in a batch, how many time steps each example has.
        blank: the class of the blank, by default the last.
        agg: what is made of the losses of a batch.

    >>> round(float(ctc_loss(np.zeros((3, 3)), [0, 1])), 6)  # 5 of the 27 paths
    1.686399
    """
    if not isinstance(yhat, np.ndarray):
        yhat = np.asarray(yhat)
    if yhat.ndim == 2:
        return ctc_losses(yhat[np.newaxis], [y], None, blank)[0]
    return agg(ctc_losses(yhat, y, lengths, blank))


huber = huber_loss
poisson = poisson_loss
hinge = hinge_loss
squared_hinge = squared_hinge_loss
