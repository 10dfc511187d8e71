"""Steps of recurrent cells, and the rule of the LSTM against its plain steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dpy
from dpy.nn.functional.recurrence import gru_step, gruv3_step, lstm, lstm_step

RNG = np.random.default_rng(0)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def weights(steps: int = 3, batch: int = 2, inputs: int = 3, n: int = 2) -> Any:
    sizes = [(steps, batch, inputs), (4 * n, inputs), (4 * n, n), (4 * n,), (batch, n), (batch, n)]
    return [RNG.standard_normal(size) for size in sizes]


def test_formulas() -> None:
    h, c = RNG.standard_normal((3, 2)), RNG.standard_normal((3, 2))
    gates, wh = RNG.standard_normal((3, 8)), RNG.standard_normal((8, 2))
    i, f, g, o = np.split(gates + h @ wh.T, 4, axis=1)
    expected = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    found = lstm_step(gates, wh, h, c)
    assert np.allclose(found[1], expected)
    assert np.allclose(found[0], sigmoid(o) * np.tanh(expected))
    gates, wh = RNG.standard_normal((3, 6)), RNG.standard_normal((6, 2))
    (r, z, n), (r_h, z_h, n_h) = np.split(gates, 3, axis=1), np.split(h @ wh.T, 3, axis=1)
    keep = sigmoid(z + z_h)
    new = np.tanh(n + sigmoid(r + r_h) * n_h)
    assert np.allclose(gru_step(gates, wh, h), (1 - keep) * new + keep * h)
    new = np.tanh(n + (sigmoid(r + r_h) * h) @ wh[4:].T)
    assert np.allclose(gruv3_step(gates, wh[:4], wh[4:], h), (1 - keep) * new + keep * h)


def plain(x, wi, wh, bias, h, c):
    outputs = []
    for step in x:
        gates = step @ wi.T
        h, c = lstm_step(gates if bias is None else gates + bias, wh, h, c)
        outputs.append(h)
    return np.stack(outputs), h, c


def weighed(f):
    def loss(*args):
        outputs, h, c = f(*args)
        return np.sum(np.sin(outputs)) + np.sum(h * h) + 2 * np.sum(np.cos(c))

    return loss


def test_all_steps_are_the_steps() -> None:
    args = weights()
    for found, expected in zip(lstm(*args), plain(*args)):
        assert np.allclose(found, expected, rtol=0, atol=1e-13)
    gradients = dpy.gradient(weighed(lstm), *args)
    for found, expected in zip(gradients, dpy.gradient(weighed(plain), *args)):
        assert np.allclose(found, expected, rtol=0, atol=1e-12)
    dpy.check_gradient(weighed(lstm), *args)
    with dpy.settings(check_rules=True):
        dpy.gradient(weighed(lstm), *args)


@pytest.mark.parametrize("used", [0, 1, 2])
def test_one_result_alone(used: int) -> None:
    args = weights(steps=2)
    of_one = lambda f: lambda *args: np.sum(np.sin(f(*args)[used]))  # noqa: E731
    gradients = dpy.gradient(of_one(lstm), *args)
    for found, expected in zip(gradients, dpy.gradient(of_one(plain), *args)):
        assert np.allclose(found, expected, rtol=0, atol=1e-12)


def test_without_bias_float32_and_single_steps() -> None:
    x, wi, wh, _, h, c = [a.astype(np.float32) for a in weights(steps=1, batch=1)]

    def loss(x, wi, wh, h, c):
        outputs, _, _ = lstm(x, wi, wh, None, h, c)
        return np.sum(outputs)

    value, gradients = dpy.value_and_gradient(loss, x, wi, wh, h, c)
    assert value.dtype == np.float32
    assert [d.dtype for d in gradients] == [np.float32] * 5
    assert [d.shape for d in gradients] == [a.shape for a in (x, wi, wh, h, c)]
    empty = dpy.gradient(loss, x[:, :0], wi, wh, h[:0], c[:0])
    assert empty[0].shape == (1, 0, 3) and not empty[1].any()


def test_closed_gates_give_no_warning() -> None:
    x, wi, wh, bias, h, c = [a.astype(np.float32) for a in weights()]
    outputs, _, last = lstm(x, wi, wh, bias - 1000, h, c)
    assert not outputs.any() and not last.any()


def test_pullbacks_repeat_and_write_to_nothing() -> None:
    args = weights()
    before = [a.copy() for a in args]
    value, pullback = dpy.pullback(lstm, *args)
    d = tuple(np.ones_like(v) for v in value)
    first, second = pullback(d), pullback(d)
    assert all(np.array_equal(a, b) for a, b in zip(first, second))
    assert all(np.array_equal(a, b) for a, b in zip(args, before))
    assert all((part == 1).all() for part in d)


def test_against_pytorch() -> None:
    torch = pytest.importorskip("torch")
    x, wi, wh, bias, h, c = weights(steps=5, batch=3, inputs=4, n=6)
    theirs = torch.nn.LSTM(4, 6).double()
    with torch.no_grad():
        for name, value in (("ih", wi), ("hh", wh)):
            getattr(theirs, f"weight_{name}_l0").copy_(torch.tensor(value))
        theirs.bias_ih_l0.copy_(torch.tensor(bias))
        theirs.bias_hh_l0.zero_()
    expected, (h_n, c_n) = theirs(torch.tensor(x), (torch.tensor(h)[None], torch.tensor(c)[None]))
    outputs, last_h, last_c = lstm(x, wi, wh, bias, h, c)
    assert np.allclose(outputs, expected.detach().numpy())
    assert np.allclose(last_h, h_n[0].detach()) and np.allclose(last_c, c_n[0].detach())
