"""Cases of the rules in mutation.py; how they are checked is in ``test_mutation.py``."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.adjoints.harness import Case, complex_normal, normal


def write(shape: Any, index: Any, value: Any, label: str) -> Case:
    return Case(
        lambda rng: (*_array(shape, rng), index, *normal(value)(rng)), fixed=(1,), label=label
    )


def _array(shape: Any, rng: np.random.Generator) -> tuple[Any, ...]:
    return (np.asarray(rng.normal(size=shape)),)


MASK = np.array([[True, False, True], [False, False, True]])
INTEGERS = np.array([1, 2, 3])

SETITEM = [
    write((4,), 2, None, "integer"),
    write((4,), -1, (), "numpy scalar"),
    write((4,), slice(1, 3), (2,), "slice"),
    write((4,), slice(None, None, -2), (2,), "reversed slice"),
    write((4,), slice(1, 3), None, "slice, number"),
    write((3, 4), 1, (4,), "row"),
    write((3, 4), slice(None), (4,), "all rows"),
    write((3, 4), (slice(None), [0, 2]), (3, 1), "columns, broadcast"),
    write((3, 4), slice(0, 2), (1, 1, 2, 4), "leading axes of length one"),
    write((3, 4), ..., None, "everything"),
    write((), (), None, "0-d"),
    write((4,), [0, 2, 0], (3,), "the last write wins"),
    write((4,), [0, 2, 0, -4], None, "repeats, number"),
    write((4, 2), np.array([1, 1, -3, 0]), (4, 2), "repeated rows"),
    write((3, 4), ([0, 0, 1], [1, 1, -1]), (3,), "repeated pairs"),
    write((2, 3), MASK, (3,), "mask"),
    write((2, 3), MASK, None, "mask, number"),
    write((4,), [], None, "nothing"),
    Case(lambda rng: (*_array((2, 2), rng), slice(None), [1.0, 2.0]), fixed=(1,), label="list"),
    Case(lambda rng: (*complex_normal((3,))(rng), 1, 2.0), fixed=(1,), label="real in complex"),
    Case(
        lambda rng: (*complex_normal((3,), (2,))(rng)[:1], [0, 0], *complex_normal((2,))(rng)),
        fixed=(1,),
        label="complex",
    ),
    Case(lambda rng: (*normal((3,))(rng), 1, 2), fixed=(1,), label="integer value"),
    Case((INTEGERS, 1, 2.7), numeric=False, expected=(None, None, 0.0), label="truncated"),
    Case(
        (INTEGERS, [0, 1], np.array([5.5, 6.5])),
        numeric=False,
        label="truncated array",
        expected=(None, None, np.zeros(2)),
    ),
]


def arranged(shape: Any, *rest: Any, **kwargs: Any) -> Case:
    return Case(lambda rng: (*normal(shape)(rng), *rest), kwargs, label=f"{shape} {rest} {kwargs}")


def at(ufunc: Any, shape: Any, indices: Any, value: Any, label: str = "") -> Case:
    def make(rng: np.random.Generator) -> tuple[Any, ...]:
        values = () if value is Ellipsis else (*normal(value)(rng),)
        return (ufunc, rng.normal(size=shape) + 3.0, indices, *values)

    return Case(make, fixed=(0, 2), label=f"{ufunc.__name__} {label}")


PUT = [
    Case(lambda rng: (*normal((4,))(rng), [0, 2], *normal((2,))(rng)), fixed=(1,), label="two"),
    Case(
        lambda rng: (*normal((2, 3))(rng), [0, 4, 4, 1], *normal((2,))(rng)),
        fixed=(1,),
        label="repeated values and places",
    ),
    Case(lambda rng: (*normal((4,))(rng), 1, *normal((3,))(rng)), fixed=(1,), label="too many"),
    Case(
        lambda rng: (*normal((4,))(rng), [5, -1], 2.0), {"mode": "wrap"}, fixed=(1,), label="wrap"
    ),
    Case(
        lambda rng: (*normal((4,))(rng), [5, -1], 2.0), {"mode": "clip"}, fixed=(1,), label="clip"
    ),
    Case(lambda rng: (*normal((4,))(rng), [1], []), fixed=(1,), label="no values"),
    Case((INTEGERS, [1], [0.5]), numeric=False, expected=(None, None, [0.0]), label="truncated"),
]

CASES: dict[Any, list[Case]] = {
    np.ndarray.__setitem__: SETITEM,
    np.ndarray.fill: [
        Case(normal((2, 3), None), label="float"),
        Case((INTEGERS, 2.5), numeric=False, expected=(None, 0.0), label="truncated"),
    ],
    np.copyto: [
        Case(normal((2, 3), (2, 3)), label="array"),
        Case(normal((2, 3), (3,)), label="broadcast"),
        Case(normal((2, 3), None), label="number"),
        Case(normal((2, 3), (2, 3)), {"where": MASK}, label="mask"),
        Case(normal((2, 3), (2, 1)), {"where": [True, False, True]}, label="broadcast mask"),
        Case(
            (INTEGERS, np.ones(3)),
            {"casting": "unsafe"},
            numeric=False,
            expected=(None, np.zeros(3)),
            label="truncated",
        ),
    ],
    np.putmask: [
        Case(lambda rng: (*normal((2, 3))(rng), MASK, *normal((2, 3))(rng)), label="array"),
        Case(lambda rng: (*normal((2, 3))(rng), MASK, *normal((2,))(rng)), label="repeated"),
        Case(lambda rng: (*normal((2, 3))(rng), MASK, 2.5), label="number"),
        Case(lambda rng: (*normal((2, 3))(rng), MASK, []), label="no values"),
    ],
    np.place: [
        Case(lambda rng: (*normal((2, 3))(rng), MASK, *normal((3,))(rng)), label="array"),
        Case(lambda rng: (*normal((2, 3))(rng), MASK, *normal((2,))(rng)), label="repeated"),
        Case(lambda rng: (*normal((2, 3))(rng), MASK, [1.0, 2.0, 3.0, 4.0]), label="too many"),
        Case(lambda rng: (*normal((2, 3))(rng), MASK & False, [1.0]), label="nowhere"),
    ],
    np.put: PUT,
    np.ndarray.put: PUT,
    np.put_along_axis: [
        Case(
            lambda rng: (*normal((2, 3))(rng), np.array([[0], [2]]), *normal(value)(rng), 1),
            fixed=(1,),
            label=f"value {value}",
        )
        for value in ((2, 1), None, (1,))
    ]
    + [
        Case(
            lambda rng: (
                *normal((2, 3))(rng),
                np.array([[0, 1, 0], [0, 0, 0]]),
                *normal((2, 3))(rng),
                0,
            ),
            fixed=(1,),
            label="repeats",
        ),
        Case(
            lambda rng: (*normal((2, 3))(rng), np.array([5, 1]), *normal((2,))(rng), None),
            fixed=(1,),
            label="flat",
        ),
    ],
    np.fill_diagonal: [
        Case(normal((3, 3), None), label="number"),
        Case(normal((3, 3), (3,)), label="vector"),
        Case(normal((3, 3), (2,)), label="repeated"),
        Case(normal((5, 2), (5,)), {"wrap": True}, label="wrap"),
        Case(normal((5, 2), (5,)), label="too many"),
        Case(normal((2, 2, 2), None), label="3-d"),
    ],
    np.ndarray.sort: [
        arranged((5,)),
        arranged((2, 3)),
        arranged((2, 3), 0),
        arranged((2, 3, 2), axis=-2),
        arranged((5,), kind="heapsort"),
        arranged((5,), stable=True),
    ],
    np.ndarray.partition: [
        arranged((6,), 2),
        arranged((3, 4), 1, axis=0),
        arranged((20,), [3, 10]),
    ],
    np.ufunc.at: [
        *[at(ufunc, (4,), [0, 2, 0], (3,), "repeats") for ufunc in (np.add, np.subtract)],
        at(np.add, (4,), 1, None, "one"),
        at(np.add, (4,), slice(1, 3), (2,), "slice"),
        at(np.add, (3, 4), ([0, 0], [1, 1]), (2,), "pairs"),
        at(np.add, (3, 4), [0, 0, 1], (4,), "broadcast rows"),
        at(np.multiply, (4,), [0, 2, 0, 0], (4,), "repeats"),
        at(np.multiply, (3, 2), [0, 1, 0], (3, 2), "rows"),
        at(np.multiply, (4,), slice(1, 3), None, "slice"),
        at(np.divide, (4,), [0, 0], (2,), "repeats"),
        at(np.maximum, (4,), [1, 1, 3], (3,), "repeats"),
        at(np.negative, (4,), [1, 1, 3], ..., "repeats"),
        at(np.exp, (3,), [1, 1], ..., "repeats"),
        at(np.sqrt, (2, 2), (0, [1, 1]), ..., "pairs"),
    ],
}
