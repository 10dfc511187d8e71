"""The training loop."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from dpy.api import value_and_grad, value_and_gradient
from dpy.errors import DpyError
from dpy.optim import Leaf, State, rate_of, setup, update_
from dpy.parameters import Params
from dpy.training.bars import bar
from dpy.training.checkpoints import load_checkpoint, save_checkpoint
from dpy.training.culprits import non_finite_loss

__all__ = ["Progress", "StopTraining", "epochs", "stop", "train", "trainstep"]

_log = logging.getLogger("dpy")


class StopTraining(Exception):  # noqa: N818 - it is no error
    """Raised by a callback or a loss, it ends the training in good order."""


def stop() -> None:
    """End the training that is under way, from a callback or from the loss.

    >>> try:
    ...     stop()
    ... except StopTraining:
    ...     print("stopped")
    stopped
    """
    raise StopTraining


@dataclasses.dataclass
class Progress:
    """Where a training is; what callbacks get.

    Attributes:
        epoch: the number of the epoch, from 1 on.
        step: how many batches of this epoch are done.
        total: how many batches are done in all.
        length: how many batches an epoch has; None if that is not known.
        loss: of the last batch.
        output: what the loss function returned, if that was more.
        batch: the last batch, the arguments of the loss.
        model: the model; the `Params` in implicit training.
        state: that of the optimiser; the rule in implicit training.
    """

    model: Any
    state: Any
    epoch: int = 1
    step: int = 0
    total: int = 0
    length: int | None = None
    loss: float = float("nan")
    output: Any = None
    batch: tuple[Any, ...] = ()


def train(
    loss: Callable[..., Any],
    model: Any,
    data: Iterable[Any],
    state: Any,
    *,
    epochs: int = 1,
    cb: Any = (),
    progress: bool = True,
    nonfinite: str = "raise",
    checkpoint: Any = None,
    checkpoint_every: int | None = None,
    resume: bool = True,
) -> tuple[Any, Any]:
    """Train a model in place: one step of the optimiser for each batch.

    Args:
        loss: called as ``loss(model, *batch)``; returns a real number, or a tuple that begins with
            it. With `Params`, called as ``loss(*batch)``.
        model: any structure; or the `Params` of implicit training.
        data: an iterable of batches: tuples are the arguments of the loss, anything else is one.
        state: of the optimiser, from `dpy.optim.setup`; or a rule.
        epochs: how often to go through the data.
        cb: a callback or several, called after each step; see `dpy.training.callbacks`.
        progress: show a bar, where the output is a terminal and tqdm is installed.
        nonfinite: what an infinite loss or NaN does: ``"raise"`` an error that names the culprit,
            ``"skip"`` the step, or ``"ignore"`` it.
        checkpoint: a file. It is written after each epoch, and if it is there at the beginning,
            training goes on from it.
        checkpoint_every: write it after so many steps as well.
        resume: go on from the checkpoint if it is there.

    Returns:
        The state of the optimiser and the model.

    Raises:
        NonFiniteError: the loss is infinite or NaN.

    >>> from dpy.optim import Descent, setup
    >>> model = {"w": np.zeros(1)}
    >>> data = [(np.array([1.0, 2.0]), np.array([3.0, 6.0]))]
    >>> state, model = train(lambda m, x, y: np.mean((m["w"] * x - y) ** 2), model, data,
    ...                      setup(Descent(0.1), model), epochs=30)
    >>> model["w"].round(3)
    array([3.])
    """
    if nonfinite not in ("raise", "skip", "ignore"):
        raise DpyError(f"nonfinite={nonfinite!r}", repair='say "raise", "skip" or "ignore"')
    is_implicit = isinstance(model, Params)
    if not is_implicit and not isinstance(state, (State, Leaf, tuple)):
        state = setup(state, model)
    run = _Run(loss, Progress(model, state), nonfinite, is_implicit, _callbacks(cb))
    saver = _Saver(checkpoint, checkpoint_every, data, is_implicit)
    if resume:
        saver.load(run.progress)
    run.begin(_length(data))
    try:
        for epoch in range(run.progress.epoch, epochs + 1):
            run.epoch(data, epoch, epochs, progress, saver)
    except StopTraining:
        saver.save(run.progress)
    return run.progress.state, run.progress.model


def trainstep(loss: Callable[..., Any], model: Any, batch: Any, state: Any) -> tuple[Any, Any, Any]:
    """One step of `train`, in place: what the loss returned, the state and the model.

    >>> from dpy.optim import Descent, setup
    >>> model = {"w": np.ones(1)}
    >>> value, state, model = trainstep(
    ...     lambda m, k: np.sum(m["w"]) * k, model, (2.0,), setup(Descent(0.25), model))
    >>> float(value), model["w"]
    (2.0, array([0.5]))
    """
    arguments = tuple(batch) if isinstance(batch, tuple) else (batch,)
    value, grads = value_and_grad(loss)(model, *arguments)
    return value, *update_(state, model, grads)


class _Run:
    """One call of `train`."""

    def __init__(
        self,
        loss: Callable[..., Any],
        progress: Progress,
        nonfinite: str,
        is_implicit: bool,
        callbacks: list[tuple[Any, bool]],
    ) -> None:
        self.loss = loss
        self.progress = progress
        self.nonfinite = nonfinite
        self.is_implicit = is_implicit
        self.callbacks = callbacks
        self.gradient = None if is_implicit else value_and_grad(loss)

    def begin(self, length: int | None) -> None:
        self.progress.length = length
        for callback, _ in self.callbacks:
            begin = getattr(callback, "begin", None)
            if begin is not None:
                begin(self.progress)

    def epoch(self, data: Any, epoch: int, epochs: int, shown: bool, saver: _Saver) -> None:
        at = self.progress
        at.epoch = epoch
        skipped, saver.skipped = saver.skipped, 0
        at.step = skipped
        batches = iter(data)
        if skipped and not saver.has_loader:
            batches = itertools.islice(batches, skipped, None)
        line = bar(shown, epoch, epochs, at.length)
        try:
            for found in batches:
                at.batch = tuple(found) if isinstance(found, tuple) else (found,)
                at.step += 1
                self.step()
                at.total += 1
                line.step(at.loss, self.rate)
                if self.is_stopped():
                    raise StopTraining
                if saver.every and at.total % saver.every == 0 and at.step != at.length:
                    saver.save(at)
        finally:
            line.close()
        if not at.step:
            raise DpyError(
                f"the data gave no batches in epoch {epoch}",
                why="an iterator can be read once only" if epoch > 1 else "there are none",
                repair="give a list, a DataLoader, or another object that can be read repeatedly",
            )
        saver.save(at, is_whole=True)

    def step(self) -> None:
        at = self.progress
        value, grads = self.value_and_gradient(at.batch)
        at.output = value
        at.loss = float(_first(value))
        if self.nonfinite != "ignore" and not np.isfinite(at.loss):
            if self.nonfinite == "skip":
                return
            where = f"in epoch {at.epoch}, batch {at.step}"
            model = None if self.is_implicit else at.model
            raise non_finite_loss(at.loss, self.loss, model, at.batch, where)
        at.state, at.model = update_(at.state, at.model, grads)

    def value_and_gradient(self, batch: tuple[Any, ...]) -> tuple[Any, Any]:
        if self.gradient is not None:
            found: tuple[Any, Any] = self.gradient(self.progress.model, *batch)
            return found
        return value_and_gradient(_closed(self.loss, batch), self.progress.model)

    def rate(self) -> float | None:
        state = self.progress.state
        return getattr(state, "eta", None) if self.is_implicit else rate_of(state)

    def is_stopped(self) -> bool:
        stopped = False
        for callback, takes_progress in self.callbacks:
            found = callback(self.progress) if takes_progress else callback()
            stopped = stopped or found is True or found is np.True_
        return stopped


def _first(value: Any) -> Any:
    if isinstance(value, dict):
        return next(iter(value.values()))
    return value[0] if isinstance(value, tuple) else value


def _closed(loss: Callable[..., Any], batch: tuple[Any, ...]) -> Callable[[], Any]:
    """The loss of one batch, as a function of nothing: its parameters are found by identity."""
    if len(batch) == 1:
        x = batch[0]
        return lambda: loss(x)
    if len(batch) == 2:
        x, y = batch
        return lambda: loss(x, y)
    return lambda: loss(*batch)


def _length(data: Any) -> int | None:
    try:
        return len(data)
    except TypeError:
        return None


def _callbacks(cb: Any) -> list[tuple[Any, bool]]:
    """The callbacks, and whether each takes an argument."""
    found = list(cb) if isinstance(cb, (list, tuple)) else [cb]
    return [(callback, _takes_progress(callback)) for callback in found if callback is not None]


def _takes_progress(callback: Any) -> bool:
    if not callable(callback):
        raise DpyError(
            f"a {type(callback).__name__} is no callback", repair="give a function, or a list"
        )
    try:
        parameters = inspect.signature(callback).parameters.values()
    except (TypeError, ValueError):  # in C, without a signature
        return True
    return any(
        p.kind is p.VAR_POSITIONAL
        or (p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty)
        for p in parameters
    )


class _Saver:
    """When checkpoints are written, and where training goes on."""

    def __init__(self, path: Any, every: int | None, data: Any, is_implicit: bool) -> None:
        self.path = path
        self.every = every if path is not None else None
        self.has_loader = hasattr(data, "state") and hasattr(data, "restore")
        self.loader = data if self.has_loader else None
        self.skipped = 0
        if path is not None and is_implicit:
            raise DpyError(
                "checkpoints are for explicit training",
                why="Params have no names by which they could be found again",
                repair="train(loss, model, data, state, checkpoint=...)",
            )

    def save(self, at: Progress, is_whole: bool = False) -> None:
        if self.path is not None:
            if is_whole or at.step == at.length:  # to go on with the next epoch
                info = {"epoch": at.epoch + 1, "step": 0, "total": at.total}
            else:
                info = {"epoch": at.epoch, "step": at.step, "total": at.total}
            save_checkpoint(self.path, at.model, at.state, self.loader, **info)

    def load(self, at: Progress) -> None:
        if self.path is None or not os.path.exists(self.path):
            return
        info = load_checkpoint(self.path, at.model, at.state, self.loader)
        at.epoch, at.total = info["epoch"], info["total"]
        self.skipped = info["step"]


class epochs:  # noqa: N801 - it is called as a function
    """Several passes: ``for epoch in epochs(n)``, or ``epochs(n)(function)``.

    Each is logged (logger "dpy", level INFO) as ``Epoch i``.

    >>> [epoch for epoch in epochs(3)]
    [1, 2, 3]
    >>> epochs(2)(lambda: print("again"))
    again
    again
    """

    def __init__(self, n: int) -> None:
        self.n = n

    def __iter__(self) -> Iterator[int]:
        for i in range(1, self.n + 1):
            _log.info("Epoch %d", i)
            yield i

    def __len__(self) -> int:
        return self.n

    def __call__(self, function: Callable[[], Any]) -> Any:
        """Call the function in each epoch; the last result."""
        result = None
        for _ in self:
            result = function()
        return result
