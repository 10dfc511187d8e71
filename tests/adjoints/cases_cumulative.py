"""Cases of the rules in cumulative.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.adjoints.harness import Case, complex_normal, normal

NAN = float("nan")


def running_cases(**kwargs: Any) -> list[Case]:
    return [
        Case(normal((4,)), kwargs, label="vector"),
        Case(normal((2, 3)), {"axis": 0, **kwargs}, label="axis 0"),
        Case(normal((2, 3)), {"axis": -1, **kwargs}, label="axis -1"),
        Case(normal((2, 3, 2)), {"axis": 1, **kwargs}, label="axis 1"),
        Case(normal((0,)), kwargs, label="empty"),
        Case(normal((0, 3)), {"axis": 0, **kwargs}, label="empty axis"),
        Case(complex_normal((4,)), kwargs, label="complex"),
        Case((np.array([3, 1, 2]),), kwargs, label="integers"),
        Case(normal((3,)), {"dtype": complex, **kwargs}, label="dtype", float32=False),
        Case(
            (np.array([1.5, 2.5]),),
            {"dtype": int, **kwargs},
            numeric=False,
            expected=(np.zeros(2),),
            label="dtype int",
        ),
    ]


def flat_cases() -> list[Case]:
    return [
        Case(normal((2, 3)), label="flattened"),
        Case(lambda rng: (rng.normal(size=(3, 2)).T,), label="flattened, not contiguous"),
        Case(lambda rng: (rng.normal(size=(2, 3)), 1), label="axis by position"),
        Case(normal(()), label="0-d"),
    ]


SEQUENCES = [
    Case((2.5,), label="float"),
    Case(([1.0, 2.0, 4.0],), label="list"),
    Case(([[1.0, 2.0], [4.0, 3.0]],), {"axis": 0}, label="nested list"),
]
SCALAR = [Case((np.float64(2.5),), label="scalar")]
WITH_NAN = [
    Case((np.array([1.5, NAN, -2.0, 0.5]),), label="NaN"),
    Case((np.array([[1.5, NAN], [NAN, 0.5], [2.0, 3.0]]),), {"axis": 0}, label="NaN, axis"),
]


def zero_cases() -> list[Case]:
    return [
        Case((np.array([2.0, 0.0, 5.0, 3.0]),), label="one zero"),
        Case((np.array([2.0, 0.0, 5.0, 0.0, 4.0]),), label="two zeros"),
        Case((np.array([0.0, 0.0]),), label="only zeros"),
        Case((np.array([0.0, 3.0, -2.0]),), label="zero first"),
        Case((np.array([3.0, -2.0, 0.0]),), label="zero last"),
        Case((np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 4.0]]),), {"axis": 0}, label="zeros, axis"),
        Case((np.array([1.0 + 1j, 0.0, 2.0 - 1j]),), label="complex zero"),
    ]


CASES: dict[Any, list[Case]] = {
    np.cumsum: running_cases() + flat_cases() + SEQUENCES,
    np.ndarray.cumsum: running_cases() + flat_cases(),
    np.generic.cumsum: SCALAR,
    np.nancumsum: running_cases() + flat_cases() + SEQUENCES + WITH_NAN,
    np.cumprod: running_cases() + flat_cases() + SEQUENCES + zero_cases(),
    np.ndarray.cumprod: running_cases() + flat_cases() + zero_cases(),
    np.generic.cumprod: SCALAR,
    np.nancumprod: running_cases() + flat_cases() + SEQUENCES + WITH_NAN + zero_cases(),
}
for name in ("cumulative_sum", "cumulative_prod"):
    if hasattr(np, name):
        CASES[getattr(np, name)] = running_cases() + [
            Case(case.args, {**case.kwargs, "include_initial": True}, label=f"{case.label}, led")
            for case in running_cases()[:4]
        ]
