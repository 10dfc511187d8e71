"""Cases of the rules in norms.py."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.adjoints.harness import Case, complex_normal, normal

INF = math.inf


def norms(shape: Any, orders: Any, complex_: bool = True, **kwargs: Any) -> list[Case]:
    cases = []
    for order in orders:
        options = {"ord": order, **kwargs}
        label = f"{shape} {options}"
        cases.append(Case(normal(shape), options, label=label))
        if complex_:
            cases.append(Case(complex_normal(shape), options, label=f"complex {label}"))
    return cases


def exact(x: Any, expected: Any, label: str, d_y: Any = 1.0, **kwargs: Any) -> Case:
    expected = (np.asarray(expected, float),)
    return Case((np.asarray(x),), kwargs, numeric=False, d_y=d_y, expected=expected, label=label)


KINKS = [
    exact([0.0, 0.0], [0, 0], "zero vector"),
    exact([[0.0, 0.0], [0.0, 0.0]], [[0, 0], [0, 0]], "zero matrix"),
    exact([0.0, 0.0], [0, 0], "zero vector, 2", ord=2),
    exact([0.0, 0.0], [0, 0], "zero vector, inf", ord=INF),
    exact([0.0, 0.0], [0, 0], "zero vector, 3", ord=3),
    exact([0.0, -2.0], [0, -1], "zero entry, 1", ord=1),
    exact([0.0, -2.0], [0, -1], "zero entry, 1.5", ord=1.5),
    exact([0.0, 2.0], [0, 0], "zero entry, -1", ord=-1),
    exact([2.0, -2.0, 1.0], [0.5, -0.5, 0], "ties", ord=INF),
    exact([3, 4], [0.6, 0.8], "integers"),
    exact([1.0, 2.0], [0, 0], "count", ord=0),
    exact(np.zeros((2, 2)), np.zeros((2, 2)), "zero matrix, nuc", ord="nuc"),
    exact(np.zeros((2, 2)), np.zeros((2, 2)), "zero matrix, 2", ord=2),
    exact([[1.0, -1.0], [1.0, 0.0]], [[1, 0], [1, 0]], "columns", ord=1),
    exact([[1.0, -1.0], [2.0, 0.0]], [[0.5, -0.5], [0.5, 0]], "tied rows", ord=INF),
    exact([[0.0, 0.0], [3.0, 4.0]], [[0, 0], [0.6, 0.8]], "zero row", d_y=np.ones(2), axis=1),
]

VECTOR_ORDERS = (1, 2, 3, 0.5, 1.5, -1, -2.5, INF, -INF)

CASES: dict[Any, list[Case]] = {
    np.linalg.norm: [
        *norms((4,), (None, *VECTOR_ORDERS)),
        *norms((2, 3), (None, "fro", "nuc", 1, -1, 2, -2, INF, -INF)),
        *norms((3, 2), ("nuc", 2, -2)),
        *norms((2, 3), (None, *VECTOR_ORDERS), axis=1),
        *norms((2, 3), (None, 2, 3), axis=0, keepdims=True),
        *norms((2, 3), (None, "fro", 2, 1), keepdims=True),
        *norms((2, 3, 2), (None, "fro", "nuc", 1, -1, 2, -2, INF), axis=(0, 2)),
        *norms((2, 3, 2), ("nuc", 1, INF, 2), axis=(2, 0), keepdims=True),
        *norms((2, 3, 2), (None,)),
        *norms((2, 3), (None,), axis=(1,)),
        *norms((), (None,)),
        Case((2.5,), label="number"),
        Case(([3.0, -4.0],), label="list"),
        Case(normal((0,)), label="empty"),
        Case((np.array([1e-200, 2e-200]),), {"ord": 3}, numeric=False, label="tiny"),
        *KINKS,
    ],
    np.linalg.vector_norm: [
        *norms((4,), (*VECTOR_ORDERS,)),
        *norms((2, 3), (2, 1, INF, 3)),
        *norms((2, 3), (2, 3), axis=-1),
        *norms((2, 3, 2), (2, 3), axis=(0, 2), keepdims=True),
        *norms((2, 3), (2,), keepdims=True),
    ],
    np.linalg.matrix_norm: [
        *norms((2, 3), ("fro", "nuc", 1, -1, 2, -2, INF, -INF)),
        *norms((2, 2, 3), ("fro", "nuc", 2), keepdims=True),
    ],
    np.linalg.cond: [
        *[
            Case(maker((3, 3)), {"p": p}, label=f"{p}", rtol=1e-6)
            for p in (None, 2, -2, "fro", 1, -1, INF, -INF, "nuc")
            for maker in (normal, complex_normal)
        ],
        Case(normal((2, 2, 2)), label="stack"),
        Case(normal((2, 2, 2)), {"p": 1}, label="stack, 1"),
        Case(normal((3, 2)), label="rectangular"),
    ],
}
