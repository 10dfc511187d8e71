"""Connectionist temporal classification (Graves et al., 2006), in log space.

A path names one class for each time step; taking out repetitions, and then blanks, gives a label
sequence. The loss is minus the logarithm of the probability of all paths that give the target.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dpy.adjoints.registry import adjoint
from dpy.kinds import UNKNOWN, Array, Kind
from dpy.nn.functional.softmax import logsoftmax

__all__ = ["ctc_losses"]


def ctc_losses(logits: Any, labels: Sequence[Any], lengths: Any = None, blank: int = -1) -> Any:
    """One loss for each example of a batch.

    Args:
        logits: shape ``(N, T, classes)``.
        labels: for each example, the sequence of its classes; none of them is the blank.
        lengths: how many time steps each example has, by default all.
        blank: the class of the blank.

    Returns:
        Shape ``(N,)``; infinite where the sequence needs more time steps than there are.
    """
    return _run(logits, labels, lengths, blank)[0]


def _run(logits: Any, labels: Any, lengths: Any, blank: int) -> tuple[Any, Any]:
    """The losses, and their derivatives by the logits."""
    n, steps, classes = logits.shape
    blank = blank % classes
    log_p = logsoftmax(logits)
    slopes = np.zeros_like(log_p)
    losses = np.empty(n, log_p.dtype)
    for i in range(n):
        t = steps if lengths is None else int(lengths[i])
        symbols = _with_blanks(labels[i], blank)
        losses[i], seen = _one(log_p[i, :t].astype(np.float64), symbols)
        if np.isfinite(losses[i]):
            np.add.at(slopes[i, :t].T, symbols, -seen.T)
            slopes[i, :t] += np.exp(log_p[i, :t])
    return losses, slopes


def _with_blanks(labels: Any, blank: int) -> Any:
    labels = np.asarray(labels, dtype=int).reshape(-1)
    symbols = np.full(2 * len(labels) + 1, blank)
    symbols[1::2] = labels
    return symbols


def _one(log_p: Any, symbols: Any) -> tuple[float, Any]:
    """The loss of one example, and how probable each symbol is at each step on paths that fit."""
    t, n = len(log_p), len(symbols)
    skips = np.full(n, -np.inf)  # a symbol may follow the last but one if a blank is between
    skips[2:] = np.where((symbols[2:] != symbols[:-2]) & (np.arange(2, n) % 2 == 1), 0.0, -np.inf)
    emitted = log_p[:, symbols]
    ahead = np.full((t, n), -np.inf)
    behind = np.full((t, n), -np.inf)
    if not t:
        return (0.0 if n == 1 else np.inf), np.zeros((0, n))
    ahead[0, :2] = emitted[0, :2]
    for k in range(1, t):
        ahead[k] = _step(ahead[k - 1], skips) + emitted[k]
    behind[-1, -2:] = 0.0
    for k in range(t - 2, -1, -1):
        after = (behind[k + 1] + emitted[k + 1])[::-1]
        behind[k] = _step(after, np.roll(skips[::-1], 2))[::-1]
    total = np.logaddexp.reduce(ahead[-1, -2:])
    if not np.isfinite(total):
        return np.inf, np.zeros((t, n))
    return -float(total), np.exp(ahead + behind - total)


def _step(x: Any, skips: Any) -> Any:
    """The logarithm of the sum of what stays, what moves on by one, and what skips a blank."""
    one = np.concatenate(([-np.inf], x[:-1]))
    two = np.concatenate(([-np.inf, -np.inf], x[:-2]))[: len(x)]
    return np.logaddexp(np.logaddexp(x, one), two + skips)


def _kind(logits: Kind, *others: Any, **named: Any) -> Kind:
    is_known = isinstance(logits, Array) and logits.dtype.kind == "f"
    return Array(logits.dtype, 1) if is_known else UNKNOWN  # type: ignore[attr-defined]


@adjoint(ctc_losses, static=("labels", "lengths", "blank"), fresh=True, kind=_kind)
def ctc_rule(
    logits: Any, labels: Sequence[Any], lengths: Any = None, blank: int = -1
) -> tuple[Any, Callable[..., Any]]:
    """The softmax, less how often each class is expected at each step on paths that fit."""
    losses, slopes = _run(logits, labels, lengths, blank)

    def ctc_pullback(d: Any) -> Any:
        return (slopes * d[:, np.newaxis, np.newaxis],)

    return losses, ctc_pullback
