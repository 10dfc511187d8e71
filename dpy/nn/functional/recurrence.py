"""One step of each recurrent cell, and all steps of an LSTM.

Steps take a row of `gates` for each example, the inputs' share ``x @ wi.T + bias``, and the state.
Gates stand side by side in the rows of the weights, in the order of their names in the formulas.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from dpy.adjoints.registry import adjoint
from dpy.cotangent import is_zero
from dpy.kinds import UNKNOWN, Array, Tuple
from dpy.nn.functional.activations import sigmoid

__all__ = ["gru_step", "gruv3_step", "lstm", "lstm_step"]


def lstm_step(gates: Any, wh: Any, h: Any, c: Any) -> tuple[Any, Any]:
    """One step of an LSTM: the new ``(h, c)`` (Hochreiter and Schmidhuber, 1997).

    With ``i, f, g, o`` the parts of ``gates + h @ wh.T``: ``c = sigmoid(f) * c + sigmoid(i) *
    tanh(g)`` and ``h = sigmoid(o) * tanh(c)``.

    >>> h, c = lstm_step(np.zeros((1, 4)), np.zeros((4, 1)), np.zeros((1, 1)), np.ones((1, 1)))
    >>> c
    array([[0.5]])
    """
    n = wh.shape[1]
    z = gates + h @ wh.T
    c = sigmoid(z[..., n : 2 * n]) * c + sigmoid(z[..., :n]) * np.tanh(z[..., 2 * n : 3 * n])
    return sigmoid(z[..., 3 * n :]) * np.tanh(c), c


def gru_step(gates: Any, wh: Any, h: Any) -> Any:
    """One step of a GRU: the new state (Cho et al., 2014; as in cuDNN and Flux).

    With ``r, z, n`` the parts of `gates` and ``r', z', n'`` those of ``h @ wh.T``:
    ``z = sigmoid(z + z')``, ``n = tanh(n + sigmoid(r + r') * n')`` and ``(1 - z) * n + z * h``.

    >>> gru_step(np.zeros((1, 3)), np.zeros((3, 1)), np.ones((1, 1)))
    array([[0.5]])
    """
    n = wh.shape[1]
    inner = h @ wh.T
    both = sigmoid(gates[..., : 2 * n] + inner[..., : 2 * n])
    keep = both[..., n:]
    new = np.tanh(gates[..., 2 * n :] + both[..., :n] * inner[..., 2 * n :])
    return (1 - keep) * new + keep * h


def gruv3_step(gates: Any, wh: Any, wn: Any, h: Any) -> Any:
    """One step of the third version of the GRU: `r` multiplies the state before the weights `wn`.

    ``n = tanh(n + (sigmoid(r + r') * h) @ wn.T)``, the rest as in `gru_step`; `wh` has the rows of
    ``r'`` and ``z'`` only.

    >>> gruv3_step(np.zeros((1, 3)), np.zeros((2, 1)), np.zeros((1, 1)), np.ones((1, 1)))
    array([[0.5]])
    """
    n = wh.shape[1]
    both = sigmoid(gates[..., : 2 * n] + h @ wh.T)
    keep = both[..., n:]
    new = np.tanh(gates[..., 2 * n :] + (both[..., :n] * h) @ wn.T)
    return (1 - keep) * new + keep * h


def lstm(x: Any, wi: Any, wh: Any, bias: Any, h: Any, c: Any) -> tuple[Any, Any, Any]:
    """All steps of an LSTM: `lstm_step` one after the other.

    Args:
        x: ``(T, N, inputs)``, the steps first.
        wi: ``(4 * n, inputs)``.
        wh: ``(4 * n, n)``.
        bias: ``(4 * n,)``, or None.
        h: the state at the start, ``(N, n)``.
        c: the cell state at the start, ``(N, n)``.

    Returns:
        The outputs ``(T, N, n)``, and the last `h` and `c`.

    >>> shapes = [(3, 2, 5), (16, 5), (16, 4), (16,), (2, 4), (2, 4)]
    >>> outputs, h, c = lstm(*map(np.ones, shapes))
    >>> outputs.shape, bool(np.all(outputs[-1] == h))
    ((3, 2, 4), True)
    """
    kept = _Kept(x, wi, wh, bias, h, c)
    return (kept.outputs(), *kept.last())


def _kind(x: Any, wi: Any, *others: Any) -> Any:
    """What the compiler knows of the result."""
    if not all(isinstance(k, Array) and k.dtype == x.dtype for k in (x, wi)):
        return UNKNOWN
    state = Array(x.dtype, 2)
    return Tuple((x, state, state)) if x.dtype.kind == "f" else UNKNOWN


@adjoint(lstm, fresh=True, kind=_kind)
def lstm_rule(x: Any, wi: Any, wh: Any, bias: Any, h: Any, c: Any) -> Any:
    """Backpropagation through time; the products with weights for all steps at once."""
    kept = _Kept(x, wi, wh, bias, h, c)
    count, batch, inputs = x.shape
    n = wh.shape[1]

    def lstm_pullback(d: Any) -> Any:
        d_z, d_h, d_c = _backward(kept, _sorted(wh), *d)

        @functools.cache
        def d_weights() -> Any:  # by wh, wi and the bias, side by side as in the forward
            rows = np.ascontiguousarray(kept.columns[:-1].swapaxes(1, 2))
            return _unsorted(d_z @ rows.reshape(count * batch, rows.shape[2]))

        return (
            lambda: (d_z.T @ _sorted(wi)).reshape(x.shape),
            lambda: d_weights()[:, n : n + inputs],
            lambda: d_weights()[:, :n],
            lambda: None if bias is None else d_weights()[:, -1],
            d_h.T,
            d_c.T,
        )

    return (kept.outputs(), *kept.last()), lstm_pullback


def _sorted(weight: Any) -> Any:
    """The rows in the order i, f, o, g: what goes through `sigmoid` in one block."""
    n = len(weight) // 4
    return np.concatenate([weight[: 2 * n], weight[3 * n :], weight[2 * n : 3 * n]])


def _unsorted(weight: Any) -> Any:
    """The rows in the order i, f, g, o again; `_sorted` exchanges the last two blocks."""
    return _sorted(weight)


class _Kept:
    """All steps of an LSTM, with what the backward sweep needs: the states, and the gates.

    Arrays are ``(T, n, N)``, the examples last, so that each gate is one block of memory: most of
    the time goes into elementwise functions, which are fastest there. The state, the input and a
    one for the bias stand in one column for each example, so that a step has one product.
    """

    __slots__ = ("columns", "cs", "gates", "hs", "tanh_cs")

    def __init__(self, x: Any, wi: Any, wh: Any, bias: Any, h: Any, c: Any) -> None:
        count, batch, inputs = x.shape
        n = wh.shape[1]
        dtype = np.result_type(x, wi)
        ones = [] if bias is None else [bias[:, None]]
        weight = _sorted(np.concatenate([wh, wi, *ones], axis=1)).astype(dtype, copy=False)
        weight[: 3 * n] *= -1  # 1 / (1 + exp(-z)) without a pass for the minus
        self.columns = np.empty((count + 1, weight.shape[1], batch), dtype)
        self.columns[:count, n : n + inputs] = x.swapaxes(1, 2)
        self.columns[:, n + inputs :] = 1
        self.hs = self.columns[:, :n]
        self.cs = np.empty((count + 1, n, batch), dtype)
        self.gates = np.empty((count, 4 * n, batch), dtype)
        self.tanh_cs = np.empty((count, n, batch), dtype)
        self.hs[0], self.cs[0] = h.T, c.T
        with np.errstate(over="ignore"):  # a gate that is closed altogether
            self._run(weight, n)

    def _run(self, weight: Any, n: int) -> None:
        hs, cs = self.hs, self.cs
        product, one = np.empty_like(cs[0]), np.ones((), cs.dtype)
        for t, (z, tanh_c) in enumerate(zip(self.gates, self.tanh_cs, strict=True)):
            np.matmul(weight, self.columns[t], out=z)
            open_ = z[: 3 * n]
            np.exp(open_, out=open_)
            np.add(open_, one, out=open_)
            np.reciprocal(open_, out=open_)
            g = z[3 * n :]
            np.tanh(g, out=g)
            c = cs[t + 1]
            np.multiply(z[n : 2 * n], cs[t], out=c)
            np.multiply(z[:n], g, out=product)
            np.add(c, product, out=c)
            np.tanh(c, out=tanh_c)
            np.multiply(z[2 * n : 3 * n], tanh_c, out=hs[t + 1])

    def outputs(self) -> Any:
        """``(T, N, n)``."""
        return np.ascontiguousarray(self.hs[1:].swapaxes(1, 2))

    def last(self) -> tuple[Any, Any]:
        """The last state and cell state, ``(N, n)``."""
        return np.ascontiguousarray(self.hs[-1].T), np.ascontiguousarray(self.cs[-1].T)


def _backward(kept: _Kept, wh: Any, d_y: Any, d_last_h: Any, d_last_c: Any) -> Any:
    """The cotangents of the gates before activation, ``(4 * n, T * N)``, and of the first states.

    Only products of what is in the cache anyway: ``o * (1 - tanh(c)**2)`` is ``o - h * tanh(c)``.
    """
    hs, cs = kept.hs, kept.cs
    count, n, batch = len(kept.gates), hs.shape[1], hs.shape[2]
    d_h = np.zeros_like(hs[0]) if is_zero(d_last_h) else np.array(np.transpose(d_last_h), order="C")
    d_c = np.zeros_like(cs[0]) if is_zero(d_last_c) else np.array(np.transpose(d_last_c), order="C")
    d_hs = None if is_zero(d_y) else np.ascontiguousarray(d_y.swapaxes(1, 2))
    d_gates = np.empty((4 * n, count, batch), hs.dtype)
    d_z, product, rest = np.empty_like(wh[:, :1], shape=(4 * n, batch)), np.empty_like(d_h), d_h * 0
    d_i, d_f, d_o, d_g = d_z[:n], d_z[n : 2 * n], d_z[2 * n : 3 * n], d_z[3 * n :]
    closed, weight = d_z[: 3 * n], np.ascontiguousarray(wh.T)
    one = np.ones((), hs.dtype)
    for t in range(count - 1, -1, -1):
        z, h, tanh_c = kept.gates[t], hs[t + 1], kept.tanh_cs[t]
        g = z[3 * n :]
        np.subtract(one, z[: 3 * n], out=closed)
        if d_hs is not None:
            np.add(d_h, d_hs[t], out=d_h)
        np.multiply(h, tanh_c, out=product)
        np.subtract(z[2 * n : 3 * n], product, out=product)
        np.multiply(product, d_h, out=product)
        np.add(d_c, product, out=d_c)
        np.multiply(d_o, h, out=d_o)
        np.multiply(d_o, d_h, out=d_o)
        np.multiply(d_c, z[:n], out=product)
        np.multiply(product, g, out=rest)
        np.multiply(d_i, rest, out=d_i)
        np.multiply(rest, g, out=rest)
        np.subtract(product, rest, out=d_g)
        np.multiply(d_c, z[n : 2 * n], out=d_c)
        np.multiply(d_f, d_c, out=d_f)
        np.multiply(d_f, cs[t], out=d_f)
        d_gates[:, t] = d_z
        np.matmul(weight, d_z, out=d_h)
    return d_gates.reshape(4 * n, count * batch), d_h, d_c
