"""Cases of the rules in differences.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.adjoints.harness import Case, complex_normal, normal


def differing(shape: Any, *extra: str, label: str = "", **kwargs: Any) -> Case:
    return Case(normal(shape), kwargs, diff_kwargs=extra, label=f"{shape} {label or kwargs}")


def spaced(shape: Any, *spacings: Any, label: str, **kwargs: Any) -> list[Case]:
    """Spacings are positive numbers or increasing coordinates."""
    return [
        Case(lambda rng: (*maker(shape)(rng), *spacings), kwargs, label=f"{name}{label}")
        for maker, name in ((normal, ""), (complex_normal, "complex "))
    ]


X4 = np.array([0.0, 0.5, 1.75, 2.0])
X3 = np.array([-1.0, 0.5, 1.0])

CASES: dict[Any, list[Case]] = {
    np.diff: [
        *[differing((5,), n=n) for n in (0, 1, 2, 4, 5, 7)],
        differing((3, 4)),
        differing((3, 4), axis=0),
        differing((2, 3, 4), n=2, axis=-2),
        differing((0,)),
        differing((1,)),
        differing((3,), "prepend", prepend=0.5),
        differing((3,), "append", append=0.5, n=2),
        differing((3,), "prepend", "append", prepend=np.array([0.5, 1.0]), append=2.0),
        differing((2, 3), "append", append=np.ones((2, 2)), n=2),
        differing((2, 3), "prepend", prepend=1.5, axis=0),
        Case(complex_normal((4,)), label="complex"),
        Case((np.array([1, 4, 9]),), label="integers"),
        Case(([1.0, 4.0],), label="list"),
        Case((np.array([True, False]),), numeric=False, label="bools"),
    ],
    np.ediff1d: [
        differing((4,)),
        differing((2, 3)),
        differing((3,), "to_end", to_end=1.5),
        differing((3,), "to_end", "to_begin", to_end=np.ones((2, 2)), to_begin=[2.0, 3.0]),
        Case((np.array([2.0]),), label="one"),
    ],
    np.gradient: [
        differing((5,)),
        differing((2,)),
        differing((5,), edge_order=2),
        differing((3, 4)),
        differing((3, 4), axis=0),
        differing((3, 4), axis=(1, 0), edge_order=2),
        differing((3, 4), axis=-1),
        *spaced((4,), 0.5, label="step"),
        *spaced((4,), X4, label="coordinates"),
        *spaced((4,), X4, label="coordinates, order 2", edge_order=2),
        *spaced((3, 4), 0.5, label="one step"),
        *spaced((3, 4), 0.5, 2.0, label="steps"),
        *spaced((3, 4), X3, X4, label="two coordinates", edge_order=2),
        *spaced((3, 4), X3, 0.5, label="mixed"),
        *spaced((3, 4), X4, label="one axis", axis=1),
        *spaced((3, 4), 0.5, label="step of one axis", axis=(0,)),
        Case((np.array([1, 4, 9]),), label="integers"),
        Case(([1.0, 4.0, 5.0], 2.0), label="list"),
    ],
}
