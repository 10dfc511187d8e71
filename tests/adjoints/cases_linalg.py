"""Cases of the rules in linalg.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.adjoints.harness import Case, complex_normal, normal

Shape = tuple[int, ...]


def both(*shapes: Shape, fixed: tuple[int, ...] = (), **kwargs: Any) -> list[Case]:
    """A real and a complex case."""
    label = f"{shapes} {kwargs or ''}"
    return [
        Case(normal(*shapes), kwargs, fixed=fixed, rtol=1e-6, label=label),
        Case(complex_normal(*shapes), kwargs, fixed=fixed, rtol=1e-6, label=f"complex {label}"),
    ]


def regular(*shapes: Shape) -> Callable[[np.random.Generator], tuple[Any, ...]]:
    """As `normal`, the first argument far from singular matrices."""

    def make(rng: np.random.Generator) -> tuple[Any, ...]:
        first, *rest = normal(*shapes)(rng)
        return (first + 3.0 * np.eye(*first.shape[-2:]), *rest)

    return make


def symmetric(shape: Shape) -> Callable[[np.random.Generator], tuple[Any, ...]]:
    def make(rng: np.random.Generator) -> tuple[Any, ...]:
        (a,) = normal(shape)(rng)
        return (a + a.swapaxes(-1, -2),)

    return make


SINGULAR = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
RANK_ONE = np.outer([1.0, 2.0, 3.0], [1.0, -1.0, 2.0])

CASES: dict[Any, list[Case]] = {
    np.linalg.solve: [
        *both((3, 3), (3,)),
        *both((3, 3), (3, 2)),
        *both((2, 3, 3), (2, 3, 2)),
        *both((2, 3, 3), (3, 2)),
        *both((2, 3, 3), (3,)),
        *both((3, 3), (2, 3, 1)),
        Case(([[2.0, 1.0], [0.5, 1.0]], [1.0, 2.0]), label="lists"),
        Case((np.array([[2, 1], [1, 1]]), np.array([1, 2])), label="integers"),
        Case(normal((0, 0), (0,)), label="empty"),
    ],
    np.linalg.inv: [*both((3, 3)), *both((2, 2, 2)), Case((np.array([[2, 1], [1, 1]]),))],
    np.linalg.tensorsolve: [
        Case(regular((6, 2, 3), (6,)), rtol=1e-6, label="last axes"),
        Case(normal((2, 3, 6), (2, 3)), rtol=1e-6, label="matrix of unknowns"),
        Case(normal((2, 6, 3), (6,)), {"axes": (0,)}, rtol=1e-6, label="first axis"),
        Case(complex_normal((4, 2, 2), (4,)), rtol=1e-6, label="complex"),
    ],
    np.linalg.tensorinv: [
        *both((2, 3, 6)),
        *both((4, 2, 2), ind=1),
    ],
    np.linalg.pinv: [
        *both((3, 3)),
        *both((4, 2)),
        *both((2, 4)),
        *both((2, 3, 2)),
        Case(symmetric((3, 3)), {"hermitian": True}, rtol=1e-6, label="symmetric"),
    ],
    np.linalg.lstsq: [
        *both((4, 2), (4,)),
        *both((4, 2), (4, 3)),
        *both((2, 4), (2,)),
        *both((3, 3), (3, 2)),
        Case(([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [1.0, 2.0, 2.5]), label="lists"),
    ],
    np.linalg.det: [
        *both((3, 3)),
        *both((2, 2, 2)),
        *both((1, 1)),
        *both((0, 0)),
        Case((SINGULAR,), rtol=1e-6, label="singular"),
        Case((RANK_ONE,), float32=False, label="rank one"),
        Case((np.zeros((2, 2)),), label="zero"),
        Case((np.stack([SINGULAR, np.eye(3), np.diag([1.0, 2.0, 0.0])]),), label="mixed stack"),
        Case((np.diag([1.0 + 1j, 0.0, 2.0]),), label="complex singular"),
        Case((np.array([[2, 1], [1, 1]]),), label="integers"),
    ],
    np.linalg.slogdet: [
        *both((3, 3)),
        *both((2, 2, 2)),
        Case(
            (np.stack([np.zeros((2, 2)), np.eye(2)]),),
            numeric=False,
            d_y=(np.zeros(2), np.array([0.0, 2.0])),
            expected=(np.stack([np.zeros((2, 2)), 2.0 * np.eye(2)]),),
            label="singular without a cotangent",
        ),
    ],
    np.linalg.matrix_power: [
        Case(maker, {"n": n}, rtol=1e-6, label=f"{label} {n}")
        for n in (0, 1, 2, 3, 7, -1, -3)
        for maker, label in (
            (normal((3, 3)), "real"),
            (complex_normal((2, 2)), "complex"),
            (normal((2, 2, 2)), "stack"),
        )
    ],
    np.linalg.multi_dot: [
        Case(lambda rng: (list(normal((2, 3), (3, 4))(rng)),), label="two"),
        Case(lambda rng: (list(normal((2, 3), (3, 4), (4, 2))(rng)),), label="three"),
        Case(lambda rng: (list(normal((3,), (3, 4), (4, 2), (2,))(rng)),), label="vectors"),
        Case(lambda rng: (list(normal((3,), (3, 4), (4, 2))(rng)),), label="row"),
        Case(lambda rng: (complex_normal((2, 3), (3, 2), (2,))(rng),), label="complex column"),
    ],
    np.linalg.diagonal: [
        *both((3, 3)),
        *both((2, 3, 4), offset=1),
        *both((3, 4), offset=-2),
    ],
    np.linalg.trace: [*both((3, 3)), *both((2, 3, 4), offset=1), *both((3, 4), offset=-2)],
    np.linalg.matrix_transpose: [*both((2, 3)), *both((2, 3, 2))],
    np.linalg.matrix_rank: [Case((np.eye(2),), nondiff=True)],
}
