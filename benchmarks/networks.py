"""Layers against PyTorch's, one thread each: ``python -m benchmarks.networks [WORD ...]``.

Convolutions at the sizes of LeNet and of blocks of ResNets, and an LSTM over 100 steps: the value,
and the value with its gradients by weights, bias and input (of the LSTM by its weights). Times are
the least that the processor took for a call; both systems take turns. Without PyTorch, dpy alone.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

if not __package__:  # run as a file, not as a module
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np  # noqa: E402 - the number of threads is read when NumPy is imported

import dpy  # noqa: E402
from dpy.nn.functional import crosscor  # noqa: E402
from dpy.nn.recurrent import LSTM  # noqa: E402

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

__all__ = ["CONVOLUTIONS", "LSTMS", "main"]

# batch, channels, size, outputs, kernel, padding, stride
CONVOLUTIONS = {
    "LeNet, first": (64, 1, 28, 6, 5, 0, 1),
    "LeNet, second": (64, 6, 12, 16, 5, 0, 1),
    "block 64 x 56": (4, 64, 56, 64, 3, 1, 1),
    "block 128 x 28": (4, 128, 28, 128, 3, 1, 1),
    "block 256 x 14": (4, 256, 14, 256, 3, 1, 1),
    "block 512 x 7": (4, 512, 7, 512, 3, 1, 1),
    "down 64 to 128": (4, 64, 56, 128, 3, 1, 2),
    "point 64 to 256": (4, 64, 56, 256, 1, 0, 1),
}
# batch, inputs, outputs, steps
LSTMS = {"LSTM 64 to 64": (32, 64, 64, 100), "LSTM 128 to 128": (32, 128, 128, 100)}

Ways = dict[str, Callable[[], Any]]


def convolution(sizes: tuple[int, ...]) -> Ways:
    """The ways to compute one convolution, after a comparison of their gradients."""
    batch, channels, size, outputs, kernel, padding, stride = sizes
    rng = np.random.default_rng(0)
    x = rng.standard_normal((batch, channels, size, size), np.float32)
    weight = rng.standard_normal((outputs, channels, kernel, kernel), np.float32)
    bias = np.zeros(outputs, np.float32)

    def total(x: Any, weight: Any, bias: Any) -> Any:
        return np.sum(crosscor(x, weight, bias, padding=padding, stride=stride))

    ways: Ways = {
        "dpy": lambda: crosscor(x, weight, bias, padding=padding, stride=stride),
        "dpy gradient": lambda: dpy.gradient(total, x, weight, bias),
    }
    if torch is not None:
        leaves = [torch.tensor(a, requires_grad=True) for a in (x, weight, bias)]
        f = torch.nn.functional.conv2d
        ways["torch"] = no_grad(lambda: f(*leaves, padding=padding, stride=stride))
        ways["torch gradient"] = lambda: torch.autograd.grad(
            f(*leaves, padding=padding, stride=stride).sum(), leaves
        )
        compare(ways["dpy gradient"](), ways["torch gradient"]())
    return ways


def lstm(sizes: tuple[int, ...]) -> Ways:
    """The ways to run an LSTM; the gradient is by its weights."""
    batch, inputs, outputs, steps = sizes
    rng = np.random.default_rng(0)
    layer = LSTM(inputs, outputs, rng=rng)
    x = rng.standard_normal((batch, steps, inputs), np.float32)

    def total(layer: Any) -> Any:
        y = layer(x)
        return np.sum(y * y)

    ways: Ways = {"dpy": lambda: total(layer), "dpy gradient": lambda: dpy.gradient(total, layer)}
    if torch is not None:
        theirs = torch.nn.LSTM(inputs, outputs, batch_first=True)
        data = torch.tensor(x)
        weights = [theirs.weight_ih_l0, theirs.weight_hh_l0, theirs.bias_ih_l0]
        with torch.no_grad():
            cell = layer.cell
            for p, value in zip(weights, (cell.wi, cell.wh, cell.bias), strict=True):
                p.copy_(torch.tensor(value))
            theirs.bias_hh_l0.zero_()

        def value() -> Any:
            return (theirs(data)[0] ** 2).sum()

        ways["torch"] = no_grad(value)
        ways["torch gradient"] = lambda: torch.autograd.grad(value(), weights)
        (d,) = ways["dpy gradient"]()
        compare((d.cell.wi, d.cell.wh, d.cell.bias), ways["torch gradient"]())
    return ways


def no_grad(f: Callable[[], Any]) -> Callable[[], Any]:
    def run() -> Any:
        with torch.no_grad():
            return f()

    return run


def compare(ours: Any, theirs: Any) -> None:
    """Fail where gradients differ: their times would mean nothing."""
    for a, b in zip(ours, theirs, strict=True):
        if not np.allclose(a, b.numpy(), rtol=1e-3, atol=1e-3 * float(np.abs(a).max())):
            raise AssertionError("the gradients differ")


def times(ways: Ways, rounds: int) -> dict[str, float]:
    """The least time of a call of each, in seconds."""
    best = dict.fromkeys(ways, float("inf"))
    for turn in range(rounds + 1):
        for name, f in ways.items():
            start = time.thread_time()
            f()
            if turn:
                best[name] = min(best[name], time.thread_time() - start)
    return best


def main(words: list[str] | None = None, rounds: int = 7) -> dict[str, dict[str, float]]:
    """Measure and print; returns the seconds."""
    if torch is not None:
        torch.set_num_threads(1)
    words = sys.argv[1:] if words is None else words
    print(f"{'':18s}{'value':>10s}{'/ torch':>9s}{'gradient':>11s}{'/ torch':>9s}")
    found = {}
    jobs = [(name, convolution, s) for name, s in CONVOLUTIONS.items()]
    jobs += [(name, lstm, s) for name, s in LSTMS.items()]
    for name, make, sizes in jobs:
        if words and not any(word.lower() in name.lower() for word in words):
            continue
        row = found[name] = times(make(sizes), rounds)
        cells = [f"{name:18s}"]
        for way, width in (("", 7), (" gradient", 8)):
            own, other = row[f"dpy{way}"], row.get(f"torch{way}")
            cells.append(f"{1e3 * own:{width}.2f} ms{own / other if other else np.nan:9.2f}")
        print("".join(cells), flush=True)
    return found


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    main()
