"""Recurrent layers: cells, which make one step, and layers, which go through a sequence.

Sequences are ``(N, T, features)`` with any number of batch axes, or none; `axis` says where the
steps are. As in Flux there is one bias for each gate, and states are arguments and results: a layer
remembers nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dpy.nn.basic import activation_shown
from dpy.nn.functional.recurrence import gru_step, gruv3_step, lstm, lstm_step
from dpy.nn.initialisers import create_bias, glorot_uniform
from dpy.nn.inputs import check_features, matched
from dpy.nn.show import layer_repr

__all__ = [
    "GRU", "LSTM", "RNN", "GRUCell", "GRUv3", "GRUv3Cell", "LSTMCell", "RNNCell", "Recurrence",
    "initialstates",
]  # fmt: skip


def initialstates(layer: Any) -> Any:
    """The state that a cell or layer starts with if none is given: zeros, without batch axes.

    >>> initialstates(GRUCell(3, 2))
    array([0., 0.], dtype=float32)
    """
    cell = getattr(layer, "cell", layer)
    zeros = np.zeros(cell.wh.shape[1], cell.wh.dtype)
    return (zeros, zeros.copy()) if isinstance(cell, LSTMCell) else zeros


# --- cells ----------------------------------------------------------------------------------------


@dataclass(init=False, repr=False, eq=False)
class _Cell:
    """The weights of a cell: for its input, for its state, and the bias.

    Args:
        inputs: how many features come in; or a pair ``(inputs, outputs)``.
        outputs: how many go out.
        bias: False for none, or an array.
        init_kernel: makes the weight of the input from its shape.
        init_recurrent_kernel: makes that of the state.
        rng: the generator for both.
    """

    wi: Any
    wh: Any
    bias: Any

    def __init__(
        self,
        inputs: Any,
        outputs: Any = None,
        *,
        bias: Any = True,
        init_kernel: Callable[..., Any] = glorot_uniform,
        init_recurrent_kernel: Callable[..., Any] = glorot_uniform,
        rng: np.random.Generator | None = None,
    ) -> None:
        if isinstance(inputs, tuple):
            inputs, outputs = inputs
        options = {} if rng is None else {"rng": rng}
        rows = self._gates() * outputs
        self.wi = init_kernel(rows, inputs, **options)
        self.wh = init_recurrent_kernel(rows, outputs, **options)
        self.bias = create_bias(self.wi, bias, rows)

    @staticmethod
    def _gates() -> int:
        return 1

    def _shown(self) -> str:
        sizes = [str(self.wi.shape[1]), str(self.wh.shape[1])]
        sigma = getattr(self, "sigma", np.tanh)
        sizes += [] if sigma is np.tanh else activation_shown(sigma) or ["identity"]
        sizes += [] if self.bias is not None else ["bias=False"]
        return f"{type(self).__name__}({', '.join(sizes)})"

    __repr__ = layer_repr


@dataclass(init=False, repr=False, eq=False)
class RNNCell(_Cell):
    """``h = sigma(x @ wi.T + h @ wh.T + bias)``; called with ``(x, h)`` it gives ``(h, h)``.

    >>> RNNCell(2, 3)
    RNNCell(2, 3)       # 18 parameters
    """

    sigma: Callable[..., Any]

    def __init__(
        self, inputs: Any, outputs: Any = None, sigma: Any = np.tanh, **options: Any
    ) -> None:
        if isinstance(inputs, tuple) and outputs is not None:
            sigma = outputs
        super().__init__(inputs, outputs, **options)
        self.sigma = sigma

    def __call__(self, x: Any, state: Any = None) -> Any:
        """The output and the new state, which are the same."""
        gates = shares(self, x)
        h = start(state, gates, self.wh)
        h = self.sigma(gates + h @ self.wh.T)
        return h, h


@dataclass(init=False, repr=False, eq=False)
class LSTMCell(_Cell):
    """A step of an LSTM; called with ``(x, (h, c))`` it gives ``(h, (h, c))``.

    See `dpy.nn.functional.recurrence.lstm_step` for the formula.

    >>> LSTMCell(3, 5)
    LSTMCell(3, 5)      # 180 parameters
    """

    @staticmethod
    def _gates() -> int:
        return 4

    def __call__(self, x: Any, state: Any = None) -> Any:
        """The output, and the new state and cell state."""
        gates = shares(self, x)
        if state is None:
            h, c = start(None, gates, self.wh), start(None, gates, self.wh)
        else:
            h, c = state
        h, c = lstm_step(gates, self.wh, h, c)
        return h, (h, c)


@dataclass(init=False, repr=False, eq=False)
class GRUCell(_Cell):
    """A step of a GRU; called with ``(x, h)`` it gives ``(h, h)``.

    See `dpy.nn.functional.recurrence.gru_step` for the formula.

    >>> GRUCell(3, 5)
    GRUCell(3, 5)       # 135 parameters
    """

    @staticmethod
    def _gates() -> int:
        return 3

    def __call__(self, x: Any, state: Any = None) -> Any:
        """The output and the new state, which are the same."""
        gates = shares(self, x)
        h = gru_step(gates, self.wh, start(state, gates, self.wh))
        return h, h


@dataclass(init=False, repr=False, eq=False)
class GRUv3Cell(_Cell):
    """A step of the third version of the GRU; called with ``(x, h)`` it gives ``(h, h)``.

    See `dpy.nn.functional.recurrence.gruv3_step` for the formula.

    >>> GRUv3Cell(3, 5)
    GRUv3Cell(3, 5)     # 135 parameters
    """

    wn: Any

    def __init__(self, inputs: Any, outputs: Any = None, **options: Any) -> None:
        super().__init__(inputs, outputs, **options)
        n = self.wh.shape[1]
        self.wh, self.wn = self.wh[: 2 * n].copy(), self.wh[2 * n :].copy()

    @staticmethod
    def _gates() -> int:
        return 3

    def __call__(self, x: Any, state: Any = None) -> Any:
        """The output and the new state, which are the same."""
        gates = shares(self, x)
        h = gruv3_step(gates, self.wh, self.wn, start(state, gates, self.wh))
        return h, h


def shares(cell: Any, x: Any) -> Any:
    """What the input gives to each gate: ``x @ wi.T + bias``."""
    wi = cell.wi
    x = matched(x, wi)
    check_features(cell, x, wi.shape[1])
    gates = x @ wi.T
    if cell.bias is not None:
        gates = gates + cell.bias
    return gates


def start(state: Any, gates: Any, wh: Any) -> Any:
    """The state to start with: the one that was given, or zeros."""
    if state is None:
        return np.zeros((*gates.shape[:-1], wh.shape[1]), gates.dtype)
    return state


# --- layers ---------------------------------------------------------------------------------------


@dataclass(repr=False, eq=False)
class Recurrence:
    """A cell, applied to the steps of a sequence one after the other.

    Args:
        cell: called with ``(x, state)``, it gives ``(output, state)``; the state None is its start.
        return_state: give ``(outputs, last state)`` instead of the outputs.
        axis: that of the steps.

    >>> layer = Recurrence(RNNCell(2, 3))
    >>> layer(np.ones((5, 7, 2), np.float32)).shape
    (5, 7, 3)
    """

    cell: Callable[..., Any]
    return_state: bool = False
    axis: int = -2

    def __call__(self, x: Any, state: Any = None) -> Any:
        """The outputs of all steps, along the same axis."""
        steps = np.moveaxis(x, self.axis, 0)
        outputs = []
        for step in steps:
            y, state = self.cell(step, state)
            outputs.append(y)
        found = np.stack(outputs, axis=self.axis)
        return (found, state) if self.return_state else found

    def _parts(self) -> list[tuple[str, Any]]:
        return [("", self.cell)]

    __repr__ = layer_repr


@dataclass(init=False, repr=False, eq=False)
class _Layer:
    """What the layers of one cell share.

    Args:
        inputs: how many features come in; or a pair ``(inputs, outputs)``; or the cell itself.
        outputs: how many go out.
        return_state: give ``(outputs, last state)`` instead of the outputs.
        axis: that of the steps.
        options: those of the cell.
    """

    cell: Any
    given: Callable[..., Any]
    axis: int

    def __init__(
        self, inputs: Any, *sizes: Any, return_state: bool = False, axis: int = -2, **options: Any
    ) -> None:
        cls = self._cell_class()
        self.cell = inputs if isinstance(inputs, cls) else cls(inputs, *sizes, **options)
        # A function, not a flag: then the compiler knows whether this gives one array or two.
        self.given = outputs_and_state if return_state else outputs_alone
        self.axis = axis

    @property
    def return_state(self) -> bool:
        """Whether the last state is given too."""
        return self.given is outputs_and_state

    @staticmethod
    def _cell_class() -> Any:
        return _Cell

    def _shown(self) -> str:
        parts = [self.cell._shown().partition("(")[2][:-1]]
        parts += ["return_state=True"] if self.return_state else []
        parts += [] if self.axis == -2 else [f"axis={self.axis}"]
        return f"{type(self).__name__}({', '.join(parts)})"

    __repr__ = layer_repr


@dataclass(init=False, repr=False, eq=False)
class RNN(_Layer):
    """An `RNNCell` along a sequence: ``(N, T, inputs)`` to ``(N, T, outputs)``.

    The arguments are those of `RNNCell`, with `return_state` and `axis`; it is called with the
    sequence, and perhaps the state to start with, ``(N, outputs)`` or ``(outputs,)``.

    >>> layer = RNN(4, 6)
    >>> layer(np.ones((2, 5, 4), np.float32)).shape
    (2, 5, 6)
    >>> layer
    RNN(4, 6)           # 66 parameters
    """

    @staticmethod
    def _cell_class() -> Any:
        return RNNCell

    def __call__(self, x: Any, state: Any = None) -> Any:
        """The outputs of all steps."""
        gates = rows_of_steps(shares(self.cell, x), self.axis)
        outputs, h = run_rnn(self.cell, gates, rows_of_state(state, gates, self.cell.wh))
        return self.given(x, self.axis, outputs, h)


@dataclass(init=False, repr=False, eq=False)
class LSTM(_Layer):
    """An `LSTMCell` along a sequence: ``(N, T, inputs)`` to ``(N, T, outputs)``.

    Its state is a pair ``(h, c)``, each ``(N, outputs)`` or ``(outputs,)``.

    >>> outputs, (h, c) = LSTM(3, 5, return_state=True)(np.ones((2, 7, 3), np.float32))
    >>> outputs.shape, h.shape, c.shape
    ((2, 7, 5), (2, 5), (2, 5))
    """

    @staticmethod
    def _cell_class() -> Any:
        return LSTMCell

    def __call__(self, x: Any, state: Any = None) -> Any:
        """The outputs of all steps."""
        cell = self.cell
        x = matched(x, cell.wi)
        check_features(cell, x, cell.wi.shape[1])
        steps = rows_of_steps(x, self.axis)
        h_0, c_0 = (None, None) if state is None else state
        h_0, c_0 = rows_of_state(h_0, steps, cell.wh), rows_of_state(c_0, steps, cell.wh)
        outputs, h, c = lstm(steps, cell.wi, cell.wh, cell.bias, h_0, c_0)
        return self.given(x, self.axis, outputs, h, c)


@dataclass(init=False, repr=False, eq=False)
class GRU(_Layer):
    """A `GRUCell` along a sequence: ``(N, T, inputs)`` to ``(N, T, outputs)``.

    >>> GRU(3, 5)
    GRU(3, 5)           # 135 parameters
    """

    @staticmethod
    def _cell_class() -> Any:
        return GRUCell

    def __call__(self, x: Any, state: Any = None) -> Any:
        """The outputs of all steps."""
        gates = rows_of_steps(shares(self.cell, x), self.axis)
        outputs, h = run_gru(self.cell, gates, rows_of_state(state, gates, self.cell.wh))
        return self.given(x, self.axis, outputs, h)


@dataclass(init=False, repr=False, eq=False)
class GRUv3(_Layer):
    """A `GRUv3Cell` along a sequence: ``(N, T, inputs)`` to ``(N, T, outputs)``.

    >>> GRUv3(3, 5)(np.ones((7, 3), np.float32)).shape
    (7, 5)
    """

    @staticmethod
    def _cell_class() -> Any:
        return GRUv3Cell

    def __call__(self, x: Any, state: Any = None) -> Any:
        """The outputs of all steps."""
        gates = rows_of_steps(shares(self.cell, x), self.axis)
        outputs, h = run_gruv3(self.cell, gates, rows_of_state(state, gates, self.cell.wh))
        return self.given(x, self.axis, outputs, h)


def rows_of_steps(x: Any, axis: int) -> Any:
    """``(T, examples, features)`` of a sequence whose steps lie along `axis`."""
    steps = np.moveaxis(x, axis, 0)
    return steps.reshape((steps.shape[0], math.prod(steps.shape[1:-1]), steps.shape[-1]))


def rows_of_state(state: Any, steps: Any, wh: Any) -> Any:
    """``(examples, n)`` of a state: of one for each example, one for all, or None for zeros."""
    shape = (steps.shape[1], wh.shape[1])
    if state is None:
        return np.zeros(shape, steps.dtype)
    if state.ndim == 1:
        return np.broadcast_to(matched(state, wh), shape) * 1
    return matched(state, wh).reshape(shape)


def run_rnn(cell: RNNCell, gates: Any, h: Any) -> tuple[Any, Any]:
    """All steps of an RNN: its outputs and its last state."""
    outputs = np.empty((gates.shape[0], gates.shape[1], cell.wh.shape[1]), gates.dtype)
    for t in range(len(gates)):
        h = cell.sigma(gates[t] + h @ cell.wh.T)
        outputs[t] = h
    return outputs.copy(), h


def run_gru(cell: GRUCell, gates: Any, h: Any) -> tuple[Any, Any]:
    """All steps of a GRU."""
    outputs = np.empty((gates.shape[0], gates.shape[1], cell.wh.shape[1]), gates.dtype)
    for t in range(len(gates)):
        h = gru_step(gates[t], cell.wh, h)
        outputs[t] = h
    return outputs.copy(), h


def run_gruv3(cell: GRUv3Cell, gates: Any, h: Any) -> tuple[Any, Any]:
    """All steps of the third version of the GRU."""
    outputs = np.empty((gates.shape[0], gates.shape[1], cell.wh.shape[1]), gates.dtype)
    for t in range(len(gates)):
        h = gruv3_step(gates[t], cell.wh, cell.wn, h)
        outputs[t] = h
    return outputs.copy(), h


def in_place_of_steps(outputs: Any, x: Any, axis: int) -> Any:
    """The outputs ``(T, examples, n)`` with the axes of the sequence `x`."""
    shape = np.moveaxis(x, axis, 0).shape[:-1] + outputs.shape[2:]
    return np.moveaxis(outputs.reshape(shape), 0, axis)


def outputs_alone(x: Any, axis: int, outputs: Any, h: Any, c: Any = None) -> Any:
    """What a layer gives."""
    return in_place_of_steps(outputs, x, axis)


def outputs_and_state(x: Any, axis: int, outputs: Any, h: Any, c: Any = None) -> Any:
    """What a layer gives that is asked for its last state, too: `h`, or a pair ``(h, c)``."""
    shape = np.moveaxis(x, axis, 0).shape[1:-1] + h.shape[1:]
    found = in_place_of_steps(outputs, x, axis)
    if c is None:
        return found, h.reshape(shape)
    return found, (h.reshape(shape), c.reshape(shape))
