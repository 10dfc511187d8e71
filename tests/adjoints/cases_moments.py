"""Cases of the rules in moments.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.adjoints.cases_reductions import (
    COMPLEX,
    LISTS,
    MASK,
    SCALARS,
    WITH_NAN,
    axes_cases,
    mask_cases,
    with_nan,
)
from tests.adjoints.harness import Case, complex_normal, normal

# The standard deviation of one number is at its kink.
WIDE = [case for case in axes_cases() if case.label not in ("0-d", "scalar")]
METHOD = [case for case in WIDE if case.label != "integers"]


def kept_mean(axis: Any) -> Any:
    """A mean that is not that of the data, for the argument `mean`."""
    shape = {None: (1, 1), 0: (1, 3), 1: (2, 1)}[axis]
    return np.linspace(-0.4, 0.7, num=int(np.prod(shape))).reshape(shape)


def degrees_cases() -> list[Case]:
    return [
        Case(normal((2, 3)), {"ddof": 1}, label="ddof"),
        Case(normal((2, 3)), {"ddof": 1, "axis": 1}, label="ddof, axis"),
        Case(normal((4, 3)), {"ddof": 1.5, "axis": 0, "keepdims": True}, label="ddof 1.5"),
    ]


def function_cases() -> list[Case]:
    return [
        Case(normal((2, 3)), {"correction": 1, "axis": 1}, label="correction"),
        *(
            Case(
                normal((2, 3)),
                {"mean": kept_mean(axis), "axis": axis},
                ("mean",),
                label=f"mean, axis {axis}",
            )
            for axis in (None, 0, 1)
        ),
        Case(
            normal((2, 3)),
            {"mean": kept_mean(1), "axis": 1, "where": MASK, "ddof": 0.5, "keepdims": True},
            ("mean",),
            label="mean, mask",
        ),
    ]


def flat_cases() -> list[Case]:
    """Where all elements are equal the standard deviation has a kink."""
    exact: dict[str, Any] = {"numeric": False, "float32": False}
    rows = np.array([[2.0, 2.0], [1.0, 3.0]])
    return [
        Case((np.full(3, 2.0),), expected=(np.zeros(3),), label="equal", **exact),
        Case(
            (rows,),
            {"axis": 1},
            d_y=np.ones(2),
            expected=(np.array([[0.0, 0.0], [-0.5, 0.5]]),),
            label="equal row",
            **exact,
        ),
        Case((2.0,), expected=(0.0,), label="float", **exact),
        Case((np.array(2.0),), expected=(np.array(0.0),), label="0-d", **exact),
    ]


NO_DEGREES = Case(
    (np.array([[1.0], [2.0]]),),
    {"axis": 1, "ddof": 1},
    numeric=False,
    d_y=np.ones(2),
    expected=(np.full((2, 1), np.nan),),
    label="no degrees of freedom",
)

ALL_NAN = Case(
    (np.array([[np.nan, np.nan], [1.0, 3.0]]),),
    {"axis": 1},
    numeric=False,
    label="a row of NaN",
)


def weights_cases() -> list[Case]:
    def make(*shapes: Any, axis: Any = None) -> Any:
        return lambda rng: (rng.normal(size=shapes[0]), axis, rng.uniform(0.5, 2.0, size=shapes[1]))

    return [
        Case(normal((2, 3)), label="plain"),
        Case(normal((2, 3)), {"axis": 0, "keepdims": True}, label="plain, keepdims"),
        Case(normal((2, 3)), {"axis": 1, "returned": True}, label="plain, returned"),
        Case(make((4,), (4,)), label="vector"),
        Case(make((2, 3), (2, 3)), label="all"),
        Case(make((2, 3), (2, 3), axis=1), {"keepdims": True}, label="all, axis"),
        Case(make((2, 3), (3,), axis=-1), label="one axis"),
        Case(make((2, 3), (2,), axis=0), {"returned": True}, label="returned"),
        Case(make((2, 3), (2, 3)), {"returned": True}, label="all, returned"),
        Case(make((2, 3, 4), (2, 4), axis=(0, 2)), label="two axes"),
        Case(make((2, 3, 4), (4, 2), axis=(2, 0)), label="two axes out of order"),
        Case(([1.0, 3.0, 2.0], None, [1.0, 2.0, 4.0]), label="lists"),
        Case((np.array([1, 3]), None, np.array([1.0, 2.0])), label="integers"),
        Case(
            lambda rng: (
                complex_normal((4,))(rng)[0],
                None,
                2.0 + 0.3 * complex_normal((4,))(rng)[0],
            ),
            label="complex",
        ),
    ]


CASES: dict[Any, list[Case]] = {
    np.var: axes_cases()
    + mask_cases()
    + SCALARS
    + LISTS
    + COMPLEX
    + degrees_cases()
    + function_cases()
    + [NO_DEGREES],
    np.ndarray.var: METHOD + mask_cases() + degrees_cases(),
    np.generic.var: [Case((np.float64(2.5),), label="scalar")],
    np.std: WIDE
    + mask_cases()
    + LISTS
    + COMPLEX
    + degrees_cases()
    + function_cases()
    + flat_cases(),
    np.ndarray.std: METHOD + mask_cases() + degrees_cases() + flat_cases()[:2],
    np.generic.std: [Case((np.float64(2.5),), numeric=False, expected=(0.0,), label="scalar")],
    np.nanvar: WIDE
    + mask_cases()
    + WITH_NAN
    + degrees_cases()
    + function_cases()
    + [Case(with_nan, {"mean": 0.3, "axis": 0}, ("mean",), label="NaN, mean"), ALL_NAN],
    np.nanstd: WIDE
    + [case for case in mask_cases() if case.label != "mask, axis"]
    + [case for case in WITH_NAN if case.kwargs.get("axis") != 0]
    + degrees_cases()
    + function_cases()
    + [Case(with_nan, {"mean": 0.3, "axis": 0}, ("mean",)), ALL_NAN],
    np.average: weights_cases(),
}
