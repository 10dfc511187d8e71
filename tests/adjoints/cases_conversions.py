"""Cases of the rules in conversions.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.adjoints.harness import Case, complex_normal, normal


def scalar(rng: np.random.Generator) -> tuple[Any, ...]:
    return (np.float64(rng.normal()),)


def converted(*dtypes: Any) -> Any:
    """The arguments of `astype`: an array and a dtype."""
    return lambda rng: (rng.normal(size=(2, 3)), *dtypes)


COMPLEX = Case(complex_normal((2, 2)), label="complex")
INTEGERS = Case((np.arange(4).reshape(2, 2),), label="integers")
ROUNDED = Case(
    (np.array([1.5, 2.5]),),
    {"dtype": int},
    numeric=False,
    expected=(np.zeros(2),),
    label="rounded",
)
ARRAYS = [
    Case(normal((2, 3)), label="array"),
    Case(normal(()), label="0-d"),
    Case(normal((0, 2)), label="empty"),
    COMPLEX,
    INTEGERS,
]
SEQUENCES = [
    Case((2.5,), label="float"),
    Case((3,), label="int"),
    Case((1.0 - 2j,), label="complex number"),
    Case((np.float64(2.5),), label="scalar"),
    Case(([1.5, -2.0],), label="list"),
    Case(((1.5, -2.0),), label="tuple"),
    Case(([[1.5, -2.0], (0.5, 3)],), label="nested"),
    Case(([],), label="empty list"),
    Case(lambda rng: ([rng.normal(size=2), [1.0, 2.0], (3.0, 4.0)],), label="rows"),
    Case(lambda rng: ([np.float64(rng.normal()), rng.normal(size=()), 1.0],), label="numbers"),
    Case(([1.0, 2.0 + 1j],), label="mixed list"),
]
DTYPES = [
    Case(normal((3,)), {"dtype": complex}, label="to complex", float32=False),
    Case((np.array([1, 2]),), {"dtype": float}, label="from integers"),
    Case(([1, 2.5],), {"dtype": np.float64}, label="list to float64"),
    ROUNDED,
    Case(([1.5, 2.5],), {"dtype": "int64"}, numeric=False, expected=([0.0, 0.0],), label="cut"),
]

CASES: dict[Any, list[Case]] = {
    np.array: ARRAYS
    + SEQUENCES
    + DTYPES
    + [
        Case(normal((2, 3)), {"ndmin": 4}, label="ndmin"),
        Case(([1.0, 2.0],), {"ndmin": 2}, label="list, ndmin"),
        Case((2.0,), {"ndmin": 1}, label="float, ndmin"),
        Case(normal((2, 3)), {"copy": None, "order": "F"}, label="order"),
        Case(lambda rng: (rng.normal(size=3), "f8"), label="dtype by position", float32=False),
    ],
    np.asarray: ARRAYS + SEQUENCES + DTYPES,
    np.asanyarray: ARRAYS + SEQUENCES + DTYPES,
    np.asarray_chkfinite: ARRAYS + SEQUENCES + DTYPES,
    np.ascontiguousarray: ARRAYS
    + SEQUENCES
    + DTYPES
    + [Case(lambda rng: (rng.normal(size=(3, 2)).T,), label="transposed")],
    np.asfortranarray: ARRAYS + SEQUENCES + DTYPES,
    np.require: ARRAYS + SEQUENCES + DTYPES + [Case(converted(None, ["F"]), label="requirements")],
    np.copy: ARRAYS + SEQUENCES + [Case(converted("F"), label="order")],
    np.ndarray.copy: ARRAYS + [Case(converted("F"), label="order")],
    np.generic.copy: [Case(scalar, label="scalar")],
    np.ndarray.__copy__: ARRAYS,
    np.generic.__copy__: [Case(scalar, label="scalar")],
    np.ndarray.__deepcopy__: [Case(converted(None), label="array")],
    np.generic.__deepcopy__: [Case(lambda rng: (*scalar(rng), None), label="scalar")],
    np.ndarray.astype: [
        Case(converted(np.float32), numeric=False, label="narrower"),
        Case(converted(np.float64), label="same", float32=False),
        Case(converted(complex), label="to complex", float32=False),
        Case(converted(float), {"copy": False}, label="no copy", float32=False),
        Case(lambda rng: (np.array([1, 2]), float), label="from integers"),
        Case(lambda rng: (np.array([1, 2]), "int32"), label="between integers"),
        Case((np.array([1.5]), int), numeric=False, expected=(np.zeros(1),), label="rounded"),
        Case((np.array([1.5]), bool), numeric=False, expected=(np.zeros(1),), label="to bool"),
        Case((np.array([2]), bool), numeric=False, expected=(np.zeros(1),), label="int to bool"),
    ],
    np.generic.astype: [
        Case(lambda rng: (*scalar(rng), "f4"), numeric=False, label="narrower"),
        Case(lambda rng: (*scalar(rng), "c16"), float32=False, label="to complex"),
    ],
    np.ndarray.item: [
        Case(normal(()), label="0-d"),
        Case(normal((1, 1)), label="only element"),
        Case(lambda rng: (rng.normal(size=(2, 3)), 4), label="flat index"),
        Case(lambda rng: (rng.normal(size=(2, 3)), -1), label="negative index"),
        Case(lambda rng: (rng.normal(size=(2, 3)), 1, 2), label="full index"),
        Case(lambda rng: (rng.normal(size=(2, 3)), (1, -2)), label="tuple index"),
        Case(lambda rng: (rng.normal(size=(3, 2)).T, 1), label="not contiguous"),
        Case(lambda rng: (*complex_normal((2,))(rng), 1), label="complex"),
        Case(lambda rng: (np.array([1, 2]), 1), label="integers"),
    ],
    np.generic.item: [
        Case(scalar, label="scalar"),
        Case((np.complex128(1.0 - 2j),), label="complex scalar"),
    ],
    np.ndarray.tolist: [
        Case(normal((2, 3)), label="array"),
        Case(normal(()), label="0-d"),
        Case(normal((0, 2)), float32=False, label="empty"),
        Case(normal((2, 1, 2)), label="three axes"),
        COMPLEX,
        INTEGERS,
    ],
    np.generic.tolist: [Case(scalar, label="scalar")],
}
if hasattr(np, "astype"):
    CASES[np.astype] = CASES[np.ndarray.astype]
