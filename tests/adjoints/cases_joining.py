"""Cases of the rules in joining.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.adjoints.harness import Case, complex_normal, normal

Shape = tuple[int, ...] | None


def listed(*shapes: Shape) -> Callable[[np.random.Generator], tuple[Any, ...]]:
    """One argument: a list of arrays of these shapes."""
    return lambda rng: (list(normal(*shapes)(rng)),)


def joining(*groups: tuple[Shape, ...], **kwargs: Any) -> list[Case]:
    return [Case(listed(*shapes), kwargs, label=str(shapes)) for shapes in groups]


CONCATENATE = [
    *joining(((2,), (3,)), ((2, 3), (1, 3), (0, 3)), ((3,),)),
    *joining(((2, 1), (2, 3)), axis=1),
    *joining(((2, 1, 2), (2, 3, 2)), axis=-2),
    *joining(((2, 2), (3,), ()), axis=None),
    Case(lambda rng: (normal((2,), (1,))(rng),), label="tuple"),
    Case(normal((2, 3, 2)), label="array"),
    Case(lambda rng: ([*complex_normal((2,))(rng), *normal((2,))(rng)],), label="complex"),
    Case(([[1.0, 2.0], [3.0]],), label="lists"),
    Case((([1, 2], [3.0]),), label="integers"),
    Case(lambda rng: (normal((2, 1), (2, 2))(rng), 1), label="positional axis"),
    Case(listed((2,), (1,)), {"dtype": np.float32}, numeric=False, label="dtype"),
]


def cutting(shape: tuple[int, ...], where: Any, label: str = "", **kwargs: Any) -> Case:
    return Case(lambda rng: (*normal(shape)(rng), where), kwargs, fixed=(1,), label=label)


def inserting(shape: Any, obj: Any, values: Any, label: str, **kwargs: Any) -> Case:
    return Case(
        lambda rng: (*normal(shape)(rng), obj, *normal(values)(rng)),
        kwargs,
        fixed=(1,),
        label=label,
    )


SPLIT = [
    cutting((6,), 3, "equal"),
    cutting((6,), [1, 4], "cuts"),
    cutting((6,), np.array([4]), "array"),
    cutting((2, 4), 2, "columns", axis=1),
    cutting((2, 4), [1, 3], "last", axis=-1),
    cutting((6,), [4, 2], "overlap"),
    cutting((6,), [2, 9], "beyond"),
    cutting((6,), [-2], "from the end"),
]

CASES: dict[Any, list[Case]] = {
    np.concatenate: CONCATENATE,
    np.stack: [
        *joining(((3,), (3,)), ((2, 3), (2, 3), (2, 3)), (None, None)),
        *joining(((2, 3), (2, 3)), axis=1),
        *joining(((2, 3), (2, 3)), axis=-1),
        Case(normal((2, 3)), label="array"),
    ],
    np.vstack: joining(((3,), (3,)), ((2, 3), (3,)), (None, None), ((1, 2, 2), (2, 2, 2))),
    np.hstack: joining(((3,), (2,)), ((2, 3), (2, 1)), (None, (2,)), ((1, 2, 2), (1, 1, 2))),
    np.dstack: joining(((3,), (3,)), ((2, 3), (2, 3)), ((2, 1, 2), (2, 1, 1)), (None,)),
    np.column_stack: joining(((3,), (3,)), ((3,), (3, 2)), (None, None)),
    np.block: [
        *joining(((2,), (3,))),
        Case(
            lambda rng: ([list(normal((2, 2), (2, 1))(rng)), list(normal((1, 2), (1, 1))(rng))],),
            label="2-d",
        ),
        Case(lambda rng: ([[*normal((3,))(rng)], list(normal((2,), None)(rng))],), label="mixed"),
        Case(normal((2, 2)), label="one array"),
    ],
    np.append: [
        Case(normal((2,), (3,)), label="vectors"),
        Case(normal((2, 2), (3,)), label="flat"),
        Case(normal((2,), None), label="number"),
        Case(normal((2, 2), (1, 2)), {"axis": 0}, label="rows"),
        Case(([1.0, 2.0], 3.0), label="list"),
    ],
    np.insert: [
        inserting((4,), 1, None, "number"),
        inserting((4,), 4, None, "end"),
        inserting((4,), -1, (2,), "several"),
        inserting((4,), [3, 0, 0], (3,), "positions"),
        inserting((4,), [1, 3], None, "one value"),
        inserting((4,), [1], (2,), "one position"),
        inserting((4,), slice(0, 4, 2), (2,), "slice"),
        inserting((2, 3), 2, None, "flat"),
        inserting((2, 3), 1, (2,), "column", axis=1),
        inserting((2, 3), 1, (3,), "row", axis=0),
        inserting((2, 3), [0, 2], (2, 2), "columns", axis=1),
        inserting((2, 3), [2, 0], (2, 1), "broadcast columns", axis=-1),
        inserting((2, 3), [1], (2, 1), "one column", axis=1),
    ],
    np.delete: [
        cutting((4,), 1, "one"),
        cutting((4,), [0, 0, -1], "several"),
        cutting((4,), slice(1, 3), "slice"),
        cutting((4,), np.array([True, False, False, True]), "mask"),
        cutting((2, 3), 4, "flat"),
        cutting((2, 3), [0, 2], "columns", axis=1),
        cutting((2, 3), 1, "row", axis=-2),
    ],
    np.split: SPLIT,
    np.array_split: [*SPLIT, cutting((5,), 3, "unequal"), cutting((1, 5), 3, axis=1)],
    np.vsplit: [cutting((4, 2), 2), cutting((4, 2), [1])],
    np.hsplit: [cutting((4,), 2), cutting((2, 4), 2), cutting((2, 4), [1, 2])],
    np.dsplit: [cutting((1, 2, 4), 2), cutting((1, 2, 4), [3])],
}

if hasattr(np, "unstack"):
    CASES[np.unstack] = [
        Case(normal((3,))),
        Case(normal((2, 3))),
        Case(normal((2, 3, 2)), {"axis": 1}),
        Case(normal((2, 3)), {"axis": -1}),
    ]
