"""Cases of the rules in sorting.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.adjoints.harness import Case, complex_normal, normal


def arranging(**extra: Any) -> list[Case]:
    options = [((5,), {}), ((3, 4), {}), ((3, 4), {"axis": 0}), ((2, 3), {"axis": None})]
    return [
        *[Case(normal(shape), {**extra, **kw}, label=f"{shape} {kw}") for shape, kw in options],
        Case(normal((2, 3, 4)), {**extra, "axis": -2}, label="3-d"),
        Case(complex_normal((4,)), extra, label="complex"),
        Case((np.array([3, 1, 2]),), extra, label="integers"),
        Case(([3.0, 1.0, 2.0],), extra, label="list"),
    ]


REPEATED = np.array([2.0, 1.0, 2.0, 3.0, 1.0])
ROWS = np.array([[1.0, 2.0], [0.0, 1.0], [1.0, 2.0]])


def once(x: Any, expected: Any, d_y: Any, label: str, **kwargs: Any) -> Case:
    """Repeated elements: the gradient goes to the first one."""
    return Case((x,), kwargs, numeric=False, d_y=d_y, expected=(np.asarray(expected),), label=label)


D3 = np.array([1.0, 2.0, 4.0])
FIRST = [2.0, 1.0, 0.0, 4.0, 0.0]

CASES: dict[Any, list[Case]] = {
    np.sort: [
        *arranging(),
        Case(normal((5,)), {"kind": "heapsort"}, label="heapsort"),
        Case(normal((5,)), {"stable": True}, label="stable"),
        Case(normal((0,)), label="empty"),
        once(np.array([1.0, 0.0, 1.0]), [2.0, 1.0, 4.0], D3, "ties in order"),
    ],
    np.partition: [
        *arranging(kth=1),
        Case(normal((20,)), {"kth": [3, 10]}, label="several"),
        Case(normal((6,)), {"kth": -1}, label="from the end"),
    ],
    np.sort_complex: [
        Case(normal((4,)), label="real"),
        Case(complex_normal((4,)), label="complex"),
        Case(complex_normal((2, 3)), label="rows"),
    ],
    np.unique: [
        Case(normal((4,)), label="vector"),
        Case(normal((2, 3)), label="flat"),
        Case(normal((3, 2)), {"axis": 0}, label="rows"),
        once(REPEATED, FIRST, D3, "repeated"),
        once(
            REPEATED,
            FIRST,
            (D3, 0.0, 0.0, 0.0),
            "all flags",
            return_index=True,
            return_inverse=True,
            return_counts=True,
        ),
        once(
            ROWS,
            [[4.0, 8.0], [1.0, 2.0], [0.0, 0.0]],
            np.array([[1.0, 2.0], [4.0, 8.0]]),
            "repeated rows",
            axis=0,
        ),
        once(np.array([np.nan, 1.0, np.nan]), [2.0, 1.0, 0.0], D3[:2], "one nan"),
        once(np.array([np.nan, 1.0, np.nan]), [2.0, 1.0, 4.0], D3, "each nan", equal_nan=False),
        Case((np.array([2, 1, 2]),), numeric=False, label="integers"),
        Case((np.array(["b", "a"]),), numeric=False, label="strings"),
    ],
    np.unique_values: [Case(normal((4,)), label="vector")],
    np.unique_all: [
        Case(normal((4,)), label="vector"),
        once(REPEATED, FIRST, (D3, 0.0, 0.0, 0.0), "repeated"),
    ],
    np.unique_counts: [Case(normal((2, 2)), label="flat")],
    np.unique_inverse: [Case(normal((4,)), label="vector")],
    np.argsort: [Case(normal((4,)), nondiff=True)],
    np.ndarray.argsort: [Case(normal((4,)), nondiff=True)],
    np.argpartition: [Case((np.arange(4.0), 2), nondiff=True)],
    np.ndarray.argpartition: [Case((np.arange(4.0), 2), nondiff=True)],
    np.generic.argsort: [Case((np.float64(2.0),), nondiff=True)],
    np.lexsort: [Case(((np.array([2.0, 1.0]), np.array([0.0, 0.0])),), nondiff=True)],
}
