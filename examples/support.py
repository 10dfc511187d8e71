"""What the examples share and no reader needs to know: progress bars, pictures, comparison."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["central_difference", "is_close", "picture", "progress"]


def progress(items: Iterable[Any], description: str, show: bool = True) -> Iterable[Any]:
    """Iterate with a progress bar, or without where tqdm is not installed or nobody looks."""
    if not show:
        return items
    try:
        from tqdm import tqdm
    except ImportError:
        return items
    return tqdm(items, desc=description, leave=False, mininterval=0.2, disable=None)


def picture(
    name: str, out: str | Path | None, draw: Callable[[Any], None], **size: Any
) -> Path | None:
    """Let ``draw(figure)`` draw, and save it as ``out/name``; None where there is no picture."""
    if out is None:
        return None
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        print("no picture: matplotlib is not installed")
        return None
    figure = Figure(layout="constrained", **size)
    FigureCanvasAgg(figure)
    draw(figure)
    path = Path(out) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    return path


def is_close(a: np.ndarray, b: np.ndarray) -> bool:
    """Julia's isapprox: half of the digits agree, in the norm."""
    scale = max(np.linalg.norm(a), np.linalg.norm(b))
    return bool(np.linalg.norm(a - b) <= np.sqrt(np.finfo(float).eps) * scale)


def central_difference(f: Callable[..., float], *args: float, step: float = 1e-3) -> list[float]:
    """The gradient of ``f`` at numbers, by Richardson's extrapolation of central differences.

    The error falls with the sixth power of the step, so that a step large enough to be safe from
    rounding still gives ten digits of a smooth function.
    """

    def slope(k: int, h: float) -> float:
        up = [a + h if i == k else a for i, a in enumerate(args)]
        down = [a - h if i == k else a for i, a in enumerate(args)]
        return (f(*up) - f(*down)) / (2 * h)

    gradient = []
    for k in range(len(args)):
        coarse, middle, fine = (slope(k, step / 2**level) for level in range(3))
        first, second = (4 * middle - coarse) / 3, (4 * fine - middle) / 3
        gradient.append((16 * second - first) / 15)
    return gradient
