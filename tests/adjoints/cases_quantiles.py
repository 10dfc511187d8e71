"""Cases of the rules in quantiles.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.adjoints.harness import Case, normal

NAN = float("nan")
CONTINUOUS = ("linear", "hazen", "weibull", "median_unbiased", "normal_unbiased")
STEPS = ("lower", "higher", "nearest", "midpoint")
ENDS = [0.02, 0.48, 0.97]


def middle_cases() -> list[Case]:
    return [
        Case(normal((5,)), label="odd"),
        Case(normal((4,)), label="even"),
        Case(normal((1,)), label="one"),
        Case(normal((2, 3)), label="all"),
        Case(normal((4, 3)), {"axis": 0}, label="axis 0"),
        Case(normal((2, 3)), {"axis": -1, "keepdims": True}, label="keepdims"),
        Case(normal((2, 3, 2)), {"axis": (0, 2)}, label="two axes"),
        Case(normal((2, 3)), {"keepdims": True}, label="all, keepdims"),
        Case(normal((2, 3)), {"overwrite_input": True, "axis": 1}, label="overwrite_input"),
        Case(normal(()), label="0-d"),
        Case((2.5,), label="float"),
        Case(([3.0, 1.0, 2.5, 7.0],), label="list"),
        Case((np.array([3, 1, 2, 7]),), label="integers"),
        Case(
            (np.array([3.0, 1.0, 2.0, 5.0]),),
            d_y=1.0,
            expected=(np.array([0.5, 0.0, 0.5, 0.0]),),
            label="exact",
        ),
    ]


def level_cases(full: float) -> list[Case]:
    """`full` is 1 for quantiles, 100 for percentiles."""

    def make(shape: Any, q: Any) -> Any:
        return lambda rng: (
            rng.normal(size=shape),
            float(full * q) if np.ndim(q) == 0 else full * np.array(q),
        )

    return [
        Case(make((5,), 0.3), label="vector"),
        Case(make((2, 3), 0.7), label="all"),
        Case(make((4, 3), 0.41), {"axis": 0}, label="axis 0"),
        Case(make((2, 3), 0.8), {"axis": 1, "keepdims": True}, label="keepdims"),
        Case(make((4,), [0.2, 0.9, 0.55]), label="levels"),
        Case(make((4, 3), [0.2, 0.9]), {"axis": 0}, label="levels, axis"),
        Case(make((4, 3), [0.2, 0.9]), {"axis": 0, "keepdims": True}, label="levels, keepdims"),
        Case(make((2, 3), [[0.2, 0.9], [0.15, 0.65]]), {"axis": 1}, label="grid of levels"),
        Case(make((2, 3, 2), 0.37), {"axis": (0, 2)}, label="two axes"),
        Case(make((1,), 0.3), label="one"),
        Case(make((), 0.3), label="0-d"),
        Case(make((5,), 0.0), fixed=(1,), label="smallest"),
        Case(make((5,), 1.0), fixed=(1,), label="largest"),
        Case(make((4,), 0.3), {"overwrite_input": True}, label="overwrite_input"),
        Case(lambda rng: ([3.0, 1.0, 2.5, 7.0], 0.3 * full), label="list"),
        Case(lambda rng: (np.array([3, 1, 2, 7]), 0.3 * full), label="integers"),
        *(Case(make((6,), 0.37), {"method": name}, label=name) for name in CONTINUOUS + STEPS),
        *(
            Case(make((4, 2), ENDS), {"method": name, "axis": 0}, label=f"{name}, ends")
            for name in CONTINUOUS + STEPS
        ),
    ]


def nan_cases(full: float | None) -> list[Case]:
    x = np.array([[1.5, NAN, 0.3, 4.0], [NAN, NAN, 2.0, -1.0], [0.5, 1.0, -3.0, 2.5]])

    def make(y: Any, q: float) -> Any:
        return (y,) if full is None else (y, full * q)

    return [
        Case(make(x, 0.3), label="NaN"),
        Case(make(x, 0.3), {"axis": 1}, label="NaN, axis"),
        Case(make(x, 0.6), {"axis": 0, "keepdims": True}, label="NaN, keepdims"),
    ]


CASES: dict[Any, list[Case]] = {
    np.median: middle_cases(),
    np.nanmedian: middle_cases() + nan_cases(None),
    np.quantile: level_cases(1.0),
    np.nanquantile: level_cases(1.0) + nan_cases(1.0),
    np.percentile: level_cases(100.0),
    np.nanpercentile: level_cases(100.0) + nan_cases(100.0),
}
