"""What a step of an optimiser costs beside the loop that one would write by hand.

``python -m benchmarks.updates`` prints the ratios for a model of 50 layers, 100 arrays.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import timing
from dpy import optim
from dpy.functors import fmap, trainables

__all__ = ["LIMIT", "main", "measure"]

LIMIT = 1.2
LAYERS = 50
WIDTHS = (16, 64, 128)


@dataclass
class Layer:
    weight: Any
    bias: Any
    sigma: Any = np.tanh


@dataclass
class Chain:
    layers: list[Layer]


def chain(width: int) -> Chain:
    rng = np.random.default_rng(0)
    layers = [
        Layer(
            rng.normal(size=(width, width)).astype(np.float32),
            rng.normal(size=width).astype(np.float32),
        )
        for _ in range(LAYERS)
    ]
    return Chain(layers)


# --- by hand --------------------------------------------------------------------------------------


def descent(xs: list[Any], gs: list[Any]) -> Callable[[], None]:
    def step() -> None:
        for x, g in zip(xs, gs, strict=True):
            x -= 0.001 * g

    return step


def momentum(xs: list[Any], gs: list[Any]) -> Callable[[], None]:
    vs = [np.zeros_like(x) for x in xs]

    def step() -> None:
        for x, g, v in zip(xs, gs, vs, strict=True):
            v *= 0.9
            v += 0.001 * g
            x -= v

    return step


def adam(xs: list[Any], gs: list[Any]) -> Callable[[], None]:
    ms = [np.zeros_like(x) for x in xs]
    vs = [np.zeros_like(x) for x in xs]
    t = 0

    def step() -> None:
        nonlocal t
        t += 1
        c1, c2 = 1 - 0.9**t, 1 - 0.999**t
        for x, g, m, v in zip(xs, gs, ms, vs, strict=True):
            m *= 0.9
            m += 0.1 * g
            v *= 0.999
            v += 0.001 * (g * g)
            x -= 0.001 * (m / c1) / (np.sqrt(v / c2) + 1e-8)

    return step


RULES = {
    "Descent": (optim.Descent(0.001), descent),
    "Momentum": (optim.Momentum(0.001), momentum),
    "Adam": (optim.Adam(), adam),
}


def measure(width: int, rule: str, rounds: int = 25) -> dict[str, timing.Timing]:
    """Times of one step: by hand, in place, and into a new model."""
    made, by_hand = RULES[rule]
    model, grads = chain(width), chain(width)
    state = optim.setup(made, model)
    new, new_state = fmap(np.copy, model), copy.copy(state)
    arrays = trainables(fmap(np.copy, model))
    return timing.compare(
        {
            "hand": by_hand(arrays, trainables(grads)),
            "in place": lambda: optim.update_(state, model, grads),
            "new": lambda: optim.update(new_state, new, grads),
        },
        rounds=rounds,
    )


def main() -> int:
    """Print the table; 1 if a limit does not hold."""
    worst = 0.0
    print(f"one step of {2 * LAYERS} arrays, float32; limit in place: {LIMIT} x by hand")
    for width in WIDTHS:
        for rule in RULES:
            found = measure(width, rule)
            hand = found["hand"].minimum
            ratio = found["in place"].minimum / hand
            worst = max(worst, ratio)
            print(
                f"  {rule:9} width {width:4}: by hand {hand * 1e6:8.0f} us,"
                f" in place {ratio:5.2f} x, into a new model {found['new'].minimum / hand:5.2f} x"
            )
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
