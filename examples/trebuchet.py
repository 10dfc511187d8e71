"""Aim a trebuchet by a network that was trained through the simulation of its shots.

After Zygote's paper: the network is given the wind and the distance of the target, and says the
angle of release and the counterweight. Instead of tables of good shots, the loss is the distance by
which the shot misses, and its gradient passes through the flight.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

import dpy
from dpy.nn import Chain, Dense, sigmoid
from dpy.optim import Adam, setup, update_
from examples.images import Run
from examples.support import picture

__all__ = ["aim", "main", "miss", "shoot", "train"]

GRAVITY, DRAG, STEPS = 9.81, 0.002, 40


def shoot(wind: Any, angle: Any, weight: Any) -> Any:
    """How far a stone flies: in air, by Heun's method, until it is down.

    The stone leaves the sling with the energy of the counterweight; the time of flight is that in
    empty space, and the last bit of the way is a straight line to the ground.
    """
    speed = np.sqrt(2 * weight)
    v_x, v_y = speed * np.cos(angle), speed * np.sin(angle)
    x, y = 0.0 * speed, 0.0 * speed
    dt = 2 * v_y / (GRAVITY * STEPS)
    for _ in range(STEPS):
        a_x, a_y = slowed(v_x, v_y, wind)
        u_x, u_y = v_x + dt * a_x, v_y + dt * a_y
        b_x, b_y = slowed(u_x, u_y, wind)
        x, y = x + dt * (v_x + u_x) / 2, y + dt * (v_y + u_y) / 2
        v_x, v_y = v_x + dt * (a_x + b_x) / 2, v_y + dt * (a_y + b_y) / 2
    return x - y * v_x / v_y


def slowed(v_x: Any, v_y: Any, wind: Any) -> tuple[Any, Any]:
    """The acceleration by gravity and by air that moves with the wind."""
    w_x = v_x - wind
    drag = DRAG * np.sqrt(w_x * w_x + v_y * v_y)
    return -drag * w_x, -GRAVITY - drag * v_y


def aim(model: Any, wind: Any, target: Any) -> tuple[Any, Any]:
    """The angle and the counterweight for each wind and target."""
    found = model(np.stack([wind / 5, target / 100], axis=-1))
    return math.pi / 12 + found[:, 0] * math.pi / 3, 50 + 1000 * found[:, 1]


def miss(model: Any, wind: Any, target: Any) -> Any:
    """The mean square of the distance by which shots miss, in units of 10 m."""
    angle, weight = aim(model, wind, target)
    return np.mean(((shoot(wind, angle, weight) - target) / 10) ** 2)


def train(steps: int, seed: int = 0) -> Run:
    """Adam on winds up to 5 m/s and targets at 20 to 100 m."""
    rng = np.random.default_rng(seed)
    run = Run(
        Chain(
            Dense(2, 16, sigmoid, rng=rng),
            Dense(16, 64, sigmoid, rng=rng),
            Dense(64, 16, sigmoid, rng=rng),
            Dense(16, 2, sigmoid, rng=rng),
        )
    )
    state = setup(Adam(0.01), run.model)

    def loss(model: Any) -> Any:
        return miss(model, wind, target)

    for _ in range(steps):
        wind = rng.uniform(-5, 5, 64).astype(np.float32)
        target = rng.uniform(20, 100, 64).astype(np.float32)
        value, grads = dpy.value_and_gradient(loss, run.model)
        state, run.model = update_(state, run.model, *grads)
        run.losses.append(float(value))
    return run


def main(quick: bool = False, show: bool = True, out: str | Path | None = "pictures") -> Run:
    """Train, and draw where shots come down."""
    run = train(150 if quick else 2000)
    rng = np.random.default_rng(1)
    wind = rng.uniform(-5, 5, 200).astype(np.float32)
    target = rng.uniform(20, 100, 200).astype(np.float32)
    hit = shoot(wind, *aim(run.model, wind, target))

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        axes.plot([20, 100], [20, 100], color="black", linewidth=0.5)
        axes.scatter(target, hit, c=wind, s=8)
        axes.set(xlabel="target (m)", ylabel="where the stone comes down (m)")

    run.picture = picture("trebuchet.png", out, draw, figsize=(5, 4))
    if show:
        print(f"shots miss by {np.mean(np.abs(hit - target)):.2f} m on average")
    return run


if __name__ == "__main__":
    main()
