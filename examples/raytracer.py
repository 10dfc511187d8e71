"""Find where the light is: a ray tracer in plain NumPy, differentiated.

After Zygote's paper: a picture of three balls was made with a light at (1, 2, -7); starting from a
light at (5, 5, -10), its place is corrected until the picture is the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import dpy
from dpy.optim import Adam, setup, update_
from examples.support import picture

__all__ = ["Result", "main", "render", "search"]

CENTRES = np.array([[0.0, 0.0, 0.0], [1.5, 0.6, 0.8], [-1.4, -0.7, 0.4]])
RADII = np.array([1.0, 0.6, 0.5])
COLOURS = np.array([[0.9, 0.3, 0.2], [0.2, 0.6, 0.9], [0.4, 0.8, 0.3]])
TRUE_LIGHT, START = np.array([1.0, 2.0, -7.0]), np.array([5.0, 5.0, -10.0])


def rays(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Where rays begin, and their directions: from an eye through a square of pixels."""
    side = np.linspace(-2.2, 2.2, size)
    x, y = np.meshgrid(side, -side)
    eye = np.array([0.0, 0.0, -6.0])
    through = np.stack([x, y, np.full_like(x, -2.0)], axis=-1) - eye
    return eye, through / np.linalg.norm(through, axis=-1, keepdims=True)


def first_hit(eye: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distance to the first ball on each ray, and its number; -1 where there is none."""
    to_eye = eye - CENTRES
    b = directions @ to_eye.T
    inside = b * b - (np.sum(to_eye**2, axis=1) - RADII**2)
    distances = np.where(inside > 0, -b - np.sqrt(np.maximum(inside, 0)), np.inf)
    ball = np.argmin(distances, axis=-1)
    distance = np.min(distances, axis=-1)
    return distance, np.where(np.isfinite(distance), ball, -1)


def render(light: np.ndarray, size: int) -> np.ndarray:
    """The picture: diffuse light that falls with the square of the distance, and highlights."""
    eye, directions = rays(size)
    distance, ball = first_hit(eye, directions)
    seen = ball >= 0
    points = eye + np.where(seen, distance, 0.0)[..., None] * directions
    normals = (points - CENTRES[ball]) / RADII[ball][..., None]
    to_light = light - points
    squared = np.sum(to_light * to_light, axis=-1, keepdims=True)
    to_light = to_light / np.sqrt(squared)
    lit = np.maximum(np.sum(normals * to_light, axis=-1, keepdims=True), 0.0)
    halfway = to_light - directions
    halfway = halfway / np.sqrt(np.sum(halfway * halfway, axis=-1, keepdims=True))
    shine = np.maximum(np.sum(normals * halfway, axis=-1, keepdims=True), 0.0) ** 20
    colour = (COLOURS[ball] * lit + 0.4 * shine) * (60.0 / squared)
    return np.where(seen[..., None], colour, 0.05)


@dataclass
class Result:
    """The place of the light that was found, and how the search went."""

    light: np.ndarray
    losses: list[float] = field(default_factory=list)
    picture: Path | None = None


def search(steps: int, size: int, rate: float = 0.05) -> Result:
    """Adam on the mean square of the difference between pictures."""
    truth = render(TRUE_LIGHT, size)
    result = Result(START.copy())
    state = setup(Adam(rate), result.light)

    def loss(light: np.ndarray) -> float:
        return np.mean((render(light, size) - truth) ** 2)

    for _ in range(steps):
        value, grads = dpy.value_and_gradient(loss, result.light)
        state, result.light = update_(state, result.light, *grads)
        result.losses.append(float(value))
    return result


def main(quick: bool = False, show: bool = True, out: str | Path | None = "pictures") -> Result:
    """Search, and draw the picture at the start, found, and true."""
    result = search(120 if quick else 600, 24 if quick else 64)

    def draw(figure: Any) -> None:
        lights = {"start": START, "found": result.light, "true": TRUE_LIGHT}
        for panel, (name, light) in zip(figure.subplots(1, 3), lights.items(), strict=True):
            panel.imshow(np.clip(render(light, 150), 0, 1))
            panel.set(title=f"{name} {np.round(light, 2)}")
            panel.set_axis_off()

    result.picture = picture("raytracer.png", out, draw, figsize=(9, 3.5))
    if show:
        print(f"light at {np.round(result.light, 3)}, loss {result.losses[-1]:.2e}")
    return result


if __name__ == "__main__":
    main()
