"""Cases of the rules in signals.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.adjoints.harness import Case, complex_normal, normal

XP = np.array([0.0, 1.0, 2.5, 4.0])


def points(x: Any, is_complex: bool = False) -> Callable[[np.random.Generator], tuple[Any, ...]]:
    maker = complex_normal if is_complex else normal
    return lambda rng: (x, XP.copy(), *maker((4,))(rng))


def periodic(x: Any, period: float, label: str, is_complex: bool = False) -> Case:
    """No point of x or xp is a multiple of the period: the folding jumps there."""
    maker = complex_normal if is_complex else normal
    return Case(
        lambda rng: (x, XP + 0.25, *maker((4,))(rng)),
        {"period": period},
        ("period",),
        label=label,
    )


INSIDE = np.array([0.3, 2.0, 3.9, 0.1])
AROUND = np.array([-1.0, 0.3, 2.0, 5.0])

LENGTHS = [(4, 3), (3, 4), (5, 2), (2, 5), (3, 3), (1, 3), (1, 1), (6, 3), (3, 6)]


def convolutions(*modes: Any) -> list[Case]:
    return [
        Case(maker((n,), (m,)), {"mode": mode}, label=f"{maker.__name__} {n} {m} {mode}")
        for n, m in LENGTHS
        for mode in modes
        for maker in (normal, complex_normal)
    ]


VALUES = np.array([0.1, 0.65, 1.9, 0.4, 1.2])
WEIGHTS = np.array([1.0, 0.5, 2.0, 1.5, 0.25])

CASES: dict[Any, list[Case]] = {
    np.interp: [
        Case(points(INSIDE), label="inside"),
        Case(points(AROUND), label="around"),
        Case(points(AROUND.reshape(2, 2)), label="2-d"),
        Case(points(1.5), label="number"),
        Case(points(-1.5), label="number outside"),
        Case(points(AROUND, True), label="complex"),
        Case(points(AROUND), {"left": 0.5, "right": 2.0}, ("left", "right"), label="ends"),
        Case(points(AROUND), {"left": 0.5}, ("left",), label="left"),
        periodic(np.array([-1.2, 0.3, 2.0, 5.1]), 5.0, "period"),
        periodic(np.array([-6.9, 3.3, 4.7, 11.0]), 3.5, "folds"),
        periodic(INSIDE, -5.0, "negative period"),
        periodic(np.array([-1.2, 0.3]), 5.0, "complex period", is_complex=True),
        Case((0.5, [0.0, 1.0], [1.0, 3.0]), label="lists"),
        Case((0.5, [0.0], [1.0]), label="one point"),
        Case((np.array([1, 3]), np.array([0, 2, 4]), np.array([1, 3, 9])), label="integers"),
    ],
    np.convolve: [
        *convolutions("full", "same", "valid"),
        Case(([1.0, 2.0], [1.0, 3.0, 5.0]), label="lists"),
        Case((2.0, np.array([1.0, 3.0])), label="number"),
    ],
    np.correlate: [
        *convolutions("full", "same", "valid"),
        Case(([1.0, 2.0], [1.0, 3.0, 5.0]), label="lists"),
    ],
    np.bincount: [
        Case((np.array([0, 2, 2]),), numeric=False, label="counts"),
        Case(lambda rng: (np.array([0, 2, 2]), *normal((3,))(rng)), label="weights"),
        Case(lambda rng: (np.array([0, 1]), *normal((2,))(rng)), {"minlength": 5}, label="long"),
        Case(lambda rng: ([0, 1], [1.0, 2.0]), label="lists"),
    ],
    np.histogram: [
        Case((VALUES, 3), {}, label="extremes"),
        Case((VALUES, 3), {"density": True}, label="density"),
        Case((VALUES, 3), {"weights": WEIGHTS}, ("weights",), label="weights"),
        Case(
            (VALUES, 3),
            {"weights": WEIGHTS, "density": True},
            ("weights",),
            label="weights, density",
        ),
        Case((VALUES, 3), {"range": (0.2, 1.5), "weights": WEIGHTS}, ("weights",), label="range"),
        Case((VALUES, np.array([0.0, 0.5, 1.5])), {"density": True}, label="edges"),
        Case(
            (VALUES, np.array([0.3, 0.5, 1.9])),
            {"weights": WEIGHTS},
            ("weights",),
            fixed=(0, 1),  # a value on an edge: counts jump
            label="last edge",
        ),
        Case(
            (VALUES.reshape(1, 5), 2), {"weights": WEIGHTS.reshape(1, 5)}, ("weights",), label="2-d"
        ),
        Case((VALUES, "sqrt"), label="rule"),
    ],
}
