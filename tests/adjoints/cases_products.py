"""Cases of the rules in products.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.adjoints.harness import Case, complex_normal, normal

Shape = tuple[int, ...] | None


def pairs(*shapes: tuple[Shape, Shape], complex_: bool = True, **kwargs: Any) -> list[Case]:
    """Each pair of shapes, real, and (one of each) complex."""
    cases = [Case(normal(*pair), kwargs, label=f"{pair} {kwargs or ''}") for pair in shapes]
    if complex_:
        cases += [
            Case(complex_normal(*pair), kwargs, label=f"complex {pair} {kwargs or ''}")
            for pair in shapes
        ]
        left, right = shapes[0]
        cases.append(
            Case(
                lambda rng: (*normal(left)(rng), *complex_normal(right)(rng)),
                kwargs,
                label="real, complex",
            )
        )
    return cases


MATMUL = [
    *pairs(
        ((2, 3), (3, 4)),
        ((2, 3), (3,)),
        ((3,), (3, 2)),
        ((3,), (3,)),
        ((2, 2, 3), (3, 2)),
        ((2, 2, 3), (3,)),
        ((2, 3), (2, 3, 2)),
        ((3,), (2, 3, 2)),
        ((2, 2, 3), (2, 3, 1)),
        ((2, 1, 2, 3), (3, 3, 2)),
        ((1, 2, 3), (2, 3, 1)),
        ((0, 3), (3, 2)),
        ((2, 0), (0, 2)),
        ((2, 1, 0), (0, 2)),
        ((0, 2, 3), (3,)),
    ),
    Case((np.arange(4).reshape(2, 2), np.array([[1.0, 2.0], [0.5, 1.0]])), label="integers"),
]
LISTS = [Case(([1.0, 2.0], [3.0, 4.0]), label="lists")]

DOT = pairs(
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((2, 3), (3, 2)),
    ((3,), (3, 2)),
    ((3,), (2, 3, 2)),
    ((2, 2, 3), (3,)),
    ((2, 2, 3), (3, 2)),
    ((2, 3), (2, 3, 2)),
    ((2, 1, 3), (2, 3, 2)),
    ((2, 3), ()),
    ((0,), (0,)),
)
NUMBERS = pairs((None, None), (None, (2, 2)), ((3,), None), complex_=False)

CASES: dict[Any, list[Case]] = {
    np.matmul: [*MATMUL, *LISTS],
    np.linalg.matmul: MATMUL[:4],
    np.dot: [*DOT, *pairs(((), (2, 3))), *NUMBERS, *LISTS],
    np.ndarray.dot: [*DOT, *pairs(((2, 3), None), complex_=False)],
    np.inner: [
        *pairs(((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 3), (2, 2, 3)), ((2, 3), ())),
        *NUMBERS,
        *LISTS,
    ],
    np.vdot: [*pairs(((3,), (3,)), ((2, 3), (6,)), ((2, 2), (2, 2))), *NUMBERS[:1], *LISTS],
    np.outer: [*pairs(((3,), (2,)), ((2, 2), (3,)), ((), (2,)), ((0,), (2,))), *LISTS],
    np.linalg.outer: pairs(((3,), (2,))),
    np.vecdot: [
        *pairs(((3,), (3,)), ((2, 3), (3,)), ((2, 1, 3), (2, 3)), ((1, 3), (2, 3))),
        *pairs(((3, 2), (3, 2)), ((3, 2), (2, 3, 2)), axis=-2),
        *pairs(((3, 2), (3, 2)), axis=0, keepdims=True),
    ],
    np.linalg.vecdot: pairs(((2, 3), (3,))) + pairs(((3, 2), (3, 2)), axis=0),
    np.tensordot: [
        *pairs(((2, 3, 2), (3, 2, 2))),
        *pairs(((2, 3), (3, 2)), axes=1),
        *pairs(((2,), (3,)), axes=0),
        *pairs(((2, 3, 4), (4, 3, 2)), axes=([1, 0], [1, 2])),
        *pairs(((2, 3, 4), (4, 3, 2)), axes=((-1, 0), (0, 2))),
        *pairs(((2, 3), (4, 2)), axes=(0, 1)),
        *pairs(((2, 3), (3, 2)), axes=([1, 0], [0, 1])),
        Case(([[1.0, 2.0]], [3.0, 4.0]), {"axes": 1}, label="lists"),
    ],
    np.linalg.tensordot: pairs(((2, 3), (3, 2)), axes=1),
    np.kron: [
        *pairs(((2,), (3,)), ((2, 2), (1, 3)), ((2,), (2, 2)), ((1, 2, 1), (2, 2)), ((), (2,))),
        *pairs((None, (2,)), complex_=False),
    ],
    np.cross: [
        *pairs(((3,), (3,)), ((2, 3), (2, 3)), ((2, 3), (3,)), ((3,), (2, 1, 3))),
        *pairs(((3, 2), (3, 2)), axis=0),
        *pairs(((3, 2), (2, 3)), axisa=0, axisb=1),
        *pairs(((2, 3), (2, 3)), axisc=0),
        Case(([1.0, 2.0, 3.0], [0.5, 1.0, 1.5]), label="lists"),
    ],
    np.linalg.cross: pairs(((3,), (3,)), ((2, 3), (1, 3))) + pairs(((3, 2), (3, 2)), axis=0),
}

if hasattr(np, "matvec"):
    CASES[np.matvec] = pairs(
        ((2, 3), (3,)), ((2, 2, 3), (3,)), ((2, 3), (2, 3)), ((1, 2, 3), (4, 3))
    )
    CASES[np.vecmat] = pairs(
        ((3,), (3, 2)), ((2, 3), (3, 2)), ((3,), (2, 3, 2)), ((4, 3), (1, 3, 2))
    )
