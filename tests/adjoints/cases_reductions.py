"""Cases of the rules in reductions.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.adjoints.harness import Case, complex_normal, normal

NAN = float("nan")
MASK = np.array([[True, False, True], [True, True, False]])
ROW = np.array([True, False, True])


def with_nan(rng: np.random.Generator) -> tuple[Any, ...]:
    x = rng.normal(size=(2, 3))
    x[0, 1] = NAN
    return (x,)


def axes_cases(**options: Any) -> list[Case]:
    """What every reduction takes: axes of all kinds, keepdims, masks."""
    return [
        Case(normal((4,)), label="vector", **options),
        Case(normal((2, 3)), label="all", **options),
        Case(normal((2, 3)), {"axis": 0}, label="axis 0", **options),
        Case(normal((2, 3)), {"axis": -1}, label="axis -1", **options),
        Case(normal((2, 3, 2)), {"axis": (0, -1)}, label="two axes", **options),
        Case(normal((2, 3, 2)), {"axis": (2, 1)}, label="axes out of order", **options),
        Case(normal((2, 3)), {"keepdims": True}, label="all, keepdims", **options),
        Case(normal((2, 3)), {"axis": 1, "keepdims": True}, label="axis, keepdims", **options),
        Case(normal((2, 3)), {"axis": 1, "keepdims": False}, label="no keepdims", **options),
        Case(lambda rng: (rng.normal(size=(2, 3)), 1), label="axis by position", **options),
        Case(lambda rng: (rng.normal(size=(3, 2)).T,), label="not contiguous", **options),
        Case(lambda rng: (rng.normal(size=(4, 6))[::2, ::-2],), label="strided", **options),
        Case(normal(()), label="0-d", **options),
        Case(lambda rng: (np.float64(rng.normal()),), label="scalar", **options),
        Case((np.array([[3, 1, 2], [7, 5, 4]]), 1), label="integers", **options),
    ]


def mask_cases(**kwargs: Any) -> list[Case]:
    return [
        Case(normal((2, 3)), {"where": MASK, **kwargs}, label="mask"),
        Case(normal((2, 3)), {"where": MASK, "axis": 0, **kwargs}, label="mask, axis"),
        Case(normal((2, 3)), {"where": ROW, "axis": 1, **kwargs}, label="broadcast mask"),
        Case(
            normal((2, 3)),
            {"where": MASK, "axis": -1, "keepdims": True, **kwargs},
            label="mask, keepdims",
        ),
    ]


EMPTY = [
    Case(normal((0,)), label="empty"),
    Case(normal((0, 3)), {"axis": 0}, label="empty axis"),
    Case(normal((0, 3)), {"axis": 1}, label="empty result"),
]
# The mean of nothing warns, which the check of the float32 value does not expect.
EMPTY_MEAN = [
    Case(normal((0,)), label="empty", float32=False),
    Case(normal((0, 3)), {"axis": 0}, label="empty axis", float32=False),
    EMPTY[2],
]
SCALARS = [Case(normal(None), label="float"), Case((3,), label="int")]
LISTS = [
    Case(([1.5, -2.0, 0.5],), label="list"),
    Case(([[1.5, -2.0], (0.5, 2.5)],), {"axis": 0}, label="nested list"),
]
COMPLEX = [
    Case(complex_normal((2, 3)), label="complex"),
    Case(complex_normal((2, 3)), {"axis": 1}, label="complex axis"),
]
DTYPES = [
    Case(normal((2, 3)), {"dtype": np.float32, "axis": 0}, numeric=False, label="float32"),
    Case(normal((2, 3)), {"dtype": complex, "axis": 0}, label="complex dtype", float32=False),
    Case((np.array([1.5, 2.5]),), {"dtype": int}, numeric=False, expected=(np.zeros(2),)),
]
WITH_NAN = [
    Case(with_nan, label="NaN"),
    Case(with_nan, {"axis": 0}, label="NaN, axis 0"),
    Case(with_nan, {"axis": 1, "keepdims": True}, label="NaN, axis 1"),
    Case(with_nan, {"axis": 1, "where": ROW}, label="NaN, mask"),
]


def initial_cases() -> list[Case]:
    return [
        Case(normal((2, 3)), {"initial": 2.5}, ("initial",), label="initial"),
        Case(normal((2, 3)), {"initial": 2.5, "axis": 0}, ("initial",), label="initial, axis"),
        Case(
            normal((2, 3)),
            {"initial": -1.5, "axis": 1, "where": MASK, "keepdims": True},
            ("initial",),
            label="initial, mask",
        ),
    ]


def product_cases() -> list[Case]:
    zeros = np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 3.0], [1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    others = np.array([[6.0, 0.0, 0.0], [0.0, 0.0, 0.0], [6.0, 3.0, 2.0], [0.0, 0.0, 0.0]])
    return [
        Case((zeros,), {"axis": 1}, label="zeros"),
        Case((zeros,), {"axis": 1}, d_y=np.ones(4), expected=(others,), label="zeros, exact"),
        Case((zeros[:2],), label="many zeros"),
        Case((np.array([2.0, 0.0, 5.0]),), label="one zero"),
        Case((np.array([2.0 + 1j, 0.0, 5.0 - 2j]),), label="complex zero"),
        Case((np.array([2.0]),), label="one factor"),
        Case((np.array([0.0]),), {"initial": 3.0}, ("initial",), label="only a zero"),
        Case(
            (np.array([1e-200, 1e-200, 1e250]),),
            d_y=1.0,
            numeric=False,
            expected=(np.array([1e50, 1e50, 0.0]),),
            label="underflow",
        ),
    ]


def extremum_cases(sign: float) -> list[Case]:
    """`sign` -1 for the minimum."""
    ties = sign * np.array([[1.0, 5.0, 5.0], [2.0, 2.0, 2.0], [3.0, 1.0, 0.0]])
    parts = np.array([[0.0, 0.5, 0.5], [1 / 3, 1 / 3, 1 / 3], [1.0, 0.0, 0.0]])
    exact: dict[str, Any] = {"numeric": False, "float32": False}
    return [
        Case((ties,), {"axis": 1}, d_y=np.ones(3), expected=(parts,), label="ties", **exact),
        Case(
            (ties,),
            d_y=1.0,
            expected=(np.array([[0.0, 0.5, 0.5], [0.0] * 3, [0.0] * 3]),),
            label="ties over all",
            **exact,
        ),
        Case(
            (sign * np.array([1.0, NAN, 3.0]),),
            d_y=2.0,
            expected=(np.array([0.0, 2.0, 0.0]),),
            label="NaN",
            **exact,
        ),
        Case(
            (sign * np.array([1.0, 4.0]),),
            {"initial": sign * 4.0},
            d_y=1.0,
            expected=(np.array([0.0, 0.5]),),
            label="tied with initial",
            **exact,
        ),
        Case(
            (sign * np.array([1.0, np.inf]),),
            d_y=1.0,
            expected=(np.array([0.0, 1.0]),),
            label="infinite",
            **exact,
        ),
        Case(normal((2, 3)), {"axis": 0, "initial": sign * 0.3}, ("initial",), label="initial"),
        *mask_cases(initial=-sign * 10.0),
        Case(normal((0, 3)), {"axis": 1, "initial": 1.0}, label="empty result"),
        Case(normal((0, 3)), {"axis": 0, "initial": 1.0}, ("initial",), label="empty axis"),
    ]


def questions(*more: Case) -> list[Case]:
    return [
        Case(normal((2, 3)), nondiff=True),
        Case(normal((2, 3)), {"axis": 1}, nondiff=True),
        *more,
    ]


ONE_NUMBER = [Case((np.float64(2.5),), label="scalar")]
QUESTION_OF_NUMBER = [Case((np.float64(2.5),), nondiff=True, label="scalar")]

CASES: dict[Any, list[Case]] = {
    np.sum: axes_cases()
    + mask_cases()
    + EMPTY
    + SCALARS
    + LISTS
    + COMPLEX
    + DTYPES
    + initial_cases(),
    np.ndarray.sum: axes_cases()[:-3] + mask_cases() + EMPTY + COMPLEX + initial_cases(),
    np.generic.sum: ONE_NUMBER,
    np.nansum: axes_cases() + mask_cases() + EMPTY + SCALARS + LISTS + WITH_NAN + initial_cases(),
    np.mean: axes_cases() + mask_cases() + EMPTY_MEAN + SCALARS + LISTS + COMPLEX + DTYPES[:2],
    np.ndarray.mean: axes_cases()[:-3] + mask_cases() + EMPTY_MEAN + COMPLEX + DTYPES[:2],
    np.generic.mean: ONE_NUMBER,
    np.nanmean: axes_cases() + mask_cases() + EMPTY[2:] + SCALARS + LISTS + WITH_NAN,
    np.prod: axes_cases()
    + mask_cases()
    + EMPTY
    + SCALARS
    + LISTS
    + COMPLEX
    + DTYPES
    + initial_cases()
    + product_cases(),
    np.ndarray.prod: axes_cases()[:-3] + mask_cases() + product_cases(),
    np.generic.prod: ONE_NUMBER,
    np.nanprod: axes_cases() + mask_cases() + WITH_NAN + initial_cases() + product_cases(),
    np.max: axes_cases() + extremum_cases(1.0) + SCALARS + LISTS + COMPLEX,
    np.amax: axes_cases() + extremum_cases(1.0),
    np.ndarray.max: axes_cases()[:-3] + extremum_cases(1.0),
    np.generic.max: ONE_NUMBER,
    np.min: axes_cases() + extremum_cases(-1.0) + SCALARS + LISTS + COMPLEX,
    np.amin: axes_cases() + extremum_cases(-1.0),
    np.ndarray.min: axes_cases()[:-3] + extremum_cases(-1.0),
    np.generic.min: ONE_NUMBER,
    np.nanmax: axes_cases() + WITH_NAN[:3] + mask_cases(initial=-10.0),
    np.nanmin: axes_cases() + WITH_NAN[:3] + mask_cases(initial=10.0),
    np.ptp: axes_cases() + SCALARS + LISTS,
    np.trapezoid: [
        Case(normal((5,)), label="vector"),
        Case(normal((3, 4)), label="rows"),
        Case(normal((3, 4)), {"axis": 0}, label="columns"),
        Case(normal((3, 4)), {"dx": 0.3}, ("dx",), label="step"),
        Case(normal((3, 4)), {"dx": np.array([0.3, 0.4, 0.2])}, ("dx",), label="steps"),
        Case(normal((5,), (5,)), label="abscissae"),
        Case(normal((3, 4), (4,)), label="abscissae of rows"),
        Case(normal((3, 4), (3,)), {"axis": 0}, label="abscissae of columns"),
        Case(normal((3, 4), (3, 4)), {"axis": 0}, label="abscissae of each column"),
        Case(normal((2, 3, 4), (3, 1)), {"axis": -2}, label="broadcast abscissae"),
        Case(lambda rng: (*complex_normal((4,))(rng), rng.normal(size=4)), label="complex"),
        Case(([1.0, 3.0, 2.0], [0.0, 1.0, 4.0]), label="lists"),
        Case((np.array([1, 3, 2]),), label="integers"),
        Case(normal((1,)), label="one point"),
    ],
    np.all: questions(),
    np.any: questions(),
    np.argmax: questions(),
    np.argmin: questions(),
    np.nanargmax: questions(Case(with_nan, nondiff=True)),
    np.nanargmin: questions(Case(with_nan, nondiff=True)),
    np.count_nonzero: questions(),
    np.ndarray.all: questions(),
    np.ndarray.any: questions(),
    np.ndarray.argmax: questions(),
    np.ndarray.argmin: questions(),
    np.generic.all: QUESTION_OF_NUMBER,
    np.generic.any: QUESTION_OF_NUMBER,
    np.generic.argmax: QUESTION_OF_NUMBER,
    np.generic.argmin: QUESTION_OF_NUMBER,
}
