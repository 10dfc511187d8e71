"""Cases of the rules in indexing.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.adjoints.harness import Case, complex_normal, normal

_NAN = float("nan")


def reading(shape: tuple[int, ...], index: Any, label: str) -> Case:
    return Case(lambda rng: (rng.normal(size=shape), index), fixed=(1,), label=label)


MASK = np.array([[True, False, True], [False, False, True]])

GETITEM = [
    reading((4,), 2, "integer"),
    reading((4,), -1, "last"),
    reading((4,), np.int64(1), "numpy integer"),
    reading((4,), np.array(1), "0-d index"),
    reading((4,), slice(1, 3), "slice"),
    reading((5,), slice(None, None, -2), "reversed slice"),
    reading((4,), slice(3, 1), "empty slice"),
    reading((3, 4), 1, "row"),
    reading((3, 4), (1, 2), "element"),
    reading((3, 4), (slice(None), 2), "column"),
    reading((3, 4), (slice(0, 2), slice(1, None, 2)), "block"),
    reading((3, 4), (..., 0), "ellipsis"),
    reading((2, 3, 4), (0, ..., 1), "inner ellipsis"),
    reading((3, 4), (None, slice(None), None, 1), "new axes"),
    reading((), (), "0-d"),
    reading((), ..., "0-d ellipsis"),
    reading((), None, "0-d new axis"),
    reading((4,), [0, 2, 2, -1, 3], "list with repeats"),
    reading((4,), [], "empty list"),
    reading((4,), np.array([[0, 1], [1, 1]]), "2-d integers"),
    reading((4, 3), np.array([0, 2, 2, -4, -1]), "rows with repeats"),
    reading((3, 2, 2), np.array([[0, 1], [1, -1]]), "blocks with repeats"),
    reading((4, 3), np.array([], int), "no rows"),
    reading((3, 4), ([0, 1, 1], [2, 3, 3]), "pairs"),
    reading((3, 4), (np.array([[0], [2]]), np.array([1, 1, 3])), "open mesh"),
    reading((3, 4, 2), (slice(None), [1, 1, 0]), "slice and integers"),
    reading((3, 4, 2), ([0, 1, 0], slice(1, 3), [1, 1, 1]), "integers around a slice"),
    reading((3, 4), (1, [0, 0, 3]), "integer and integers"),
    reading((2, 3), MASK, "mask"),
    reading((2, 3), MASK & False, "empty mask"),
    reading((4, 2), [True, False, True, True], "row mask"),
    reading((2, 3, 2), MASK, "mask of leading axes"),
    reading((2, 3), (slice(None), MASK[0]), "slice and mask"),
    reading((2, 3), ([True, False], [0, 2]), "mask and integers"),
    reading((3,), True, "true"),
    reading((0, 3), (slice(None), 1), "nothing"),
    Case(lambda rng: (*complex_normal((4,))(rng), [0, 0, 3]), fixed=(1,), label="complex"),
    Case((np.arange(6).reshape(2, 3), (0, [1, 1])), label="integers"),
    Case((np.array([True, False]), 0), nondiff=False, d_y=1.0, expected=(0.0,), label="bools"),
]

GETITEM[-1].numeric = False


def taking(a: Any, indices: Any, label: str, **kwargs: Any) -> Case:
    return Case(lambda rng: (*normal(a)(rng), indices), kwargs, fixed=(1,), label=label)


TAKE = [
    taking((5,), 3, "integer"),
    taking((5,), [0, 0, -1], "repeats"),
    taking((2, 3), [5, 1, 1], "flat"),
    taking((2, 3), [[2, 1], [0, 0]], "columns", axis=1),
    taking((2, 3), 1, "one row", axis=0),
    taking((2, 3, 2), [1, 1], "middle", axis=-2),
    taking((3,), [-4, 5, 1], "wrap", mode="wrap"),
    taking((3,), [-4, 5, 1], "clip", mode="clip"),
    taking((2, 3), [[-4, 7]], "clip columns", axis=1, mode="clip"),
    taking((0,), np.array([], int), "empty"),
    taking((), 0, "0-d"),
    Case(lambda rng: (*complex_normal((3,))(rng), [1, 1]), fixed=(1,), label="complex"),
]

CONDITION = np.array([True, False, True])

COMPRESS = [
    (CONDITION, (3,), {}, "vector"),
    (CONDITION, (2, 3), {}, "flat"),
    (CONDITION, (2, 3), {"axis": 1}, "columns"),
    ([0, 1], (2, 3), {"axis": 0}, "rows"),
    ([True], (3, 2), {"axis": -2}, "short"),
]

CASES: dict[Any, list[Case]] = {
    np.ndarray.__getitem__: GETITEM,
    np.take: [*TAKE, Case(([1.0, 2.0, 4.0], [2, 2]), label="lists"), Case((2.5, 0))],
    np.ndarray.take: TAKE,
    np.generic.take: [Case(lambda rng: (np.float64(rng.normal()), [0, 0]), fixed=(1,))],
    np.generic.__getitem__: [
        Case(lambda rng, i=i: (np.float64(rng.normal()), i), fixed=(1,), label=str(i))
        for i in ((), ..., None)
    ],
    np.take_along_axis: [
        taking((2, 3), np.array([[0, 0], [2, 1]]), "columns", axis=1),
        taking((2, 3), np.array([[1, 0, 0]]), "rows", axis=0),
        taking((2, 3), np.array([5, 0, 0]), "flat", axis=None),
        taking((2, 1), np.array([[0, 0], [0, 0]]), "repeated", axis=-1),
        taking((3, 2), np.array([[-1], [0], [1]]), "negative"),
    ],
    np.where: [
        Case((CONDITION,), nondiff=True, label="indices"),
        Case(lambda rng: (CONDITION, *normal((3,), (3,))(rng)), label="vectors"),
        Case(lambda rng: (CONDITION, *normal((2, 3), (3,))(rng)), label="broadcast"),
        Case(lambda rng: (CONDITION[:, None], *normal((1, 2), None)(rng)), label="number"),
        Case((True, 2.0, 3.0), label="floats"),
        Case((CONDITION, 2, np.array([1, 2, 3])), label="integers"),
        Case((CONDITION, [1.0, 2.0, 3.0], 1.0), label="list"),
        Case((CONDITION[:, None], [1.0, 2.0], 1.0), label="broadcast list"),
        Case(lambda rng: (CONDITION, *complex_normal((3,))(rng), 1.0), label="complex"),
        Case(
            (CONDITION, np.array([1.0, _NAN, 2.0]), 0.0),
            numeric=False,
            d_y=np.array([1.0, 2.0, 4.0]),
            expected=(None, np.array([1.0, 0.0, 4.0]), 2.0),
            label="nan where not taken",
        ),
        Case(lambda rng: (np.zeros((0, 2), bool), *normal((0, 2), (2,))(rng)), label="empty"),
    ],
    np.compress: [
        Case(lambda rng, c=c, s=s: (c, *normal(s)(rng)), kwargs, fixed=(0,), label=label)
        for c, s, kwargs, label in COMPRESS
    ],
    np.ndarray.compress: [
        Case(lambda rng, c=c, s=s: (*normal(s)(rng), c), kwargs, fixed=(1,), label=label)
        for c, s, kwargs, label in COMPRESS
    ],
    np.extract: [
        Case(lambda rng: (MASK, *normal((2, 3))(rng)), label="mask"),
        Case(lambda rng: ([1, 0, 2], *normal((3,))(rng)), label="numbers"),
    ],
    np.choose: [
        Case(lambda rng: ([1, 0, 1], list(normal((3,), (3,))(rng))), label="list"),
        Case(lambda rng: ([1, 0, 1], normal((3,), None)(rng)), label="tuple"),
        Case(lambda rng: (np.array([[1], [0]]), *normal((2, 3))(rng)), label="array"),
        Case(lambda rng: ([3, -1, 1], list(normal((3,), (3,))(rng))), {"mode": "wrap"}),
        Case(lambda rng: ([3, -1, 1], list(normal((3,), (3,))(rng))), {"mode": "clip"}),
    ],
    np.ndarray.choose: [
        Case(lambda rng: (np.array([1, 0, 1]), list(normal((3,), (3,))(rng))), label="list"),
    ],
    np.select: [
        Case(
            lambda rng: ([MASK, MASK[::-1]], list(normal((2, 3), (3,))(rng)), 0.5),
            label="default",
        ),
        Case(lambda rng: ([CONDITION], list(normal((3,))(rng))), label="no default"),
        Case(
            lambda rng: ([CONDITION, CONDITION], list(normal((3,), ())(rng)), *normal((3,))(rng)),
            label="first wins",
        ),
    ],
    np.nonzero: [Case((CONDITION,), nondiff=True)],
    np.argwhere: [Case((MASK,), nondiff=True)],
    np.flatnonzero: [Case((MASK,), nondiff=True)],
    np.ndarray.nonzero: [Case((MASK,), nondiff=True)],
    np.searchsorted: [Case((np.array([1.0, 2.0]), 1.5), nondiff=True)],
    np.ndarray.searchsorted: [Case((np.array([1.0, 2.0]), [1.5, 0.0]), nondiff=True)],
    np.digitize: [Case((np.array([0.5, 1.5]), np.array([0.0, 1.0])), nondiff=True)],
    np.ix_: [Case(([0, 1], [2]), nondiff=True)],
    np.unravel_index: [Case((5, (2, 3)), nondiff=True)],
    np.ravel_multi_index: [Case((([1, 0], [2, 1]), (2, 3)), nondiff=True)],
    np.einsum_path: [Case(("ij,jk", np.ones((2, 2)), np.ones((2, 2))), nondiff=True)],
}
