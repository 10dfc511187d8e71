"""Cases of the rule in padding.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.adjoints.harness import Case, complex_normal, normal


def padded(shape: Any, *rest: Any) -> Any:
    return lambda rng: (rng.normal(size=shape), *rest)


MODES: dict[str, list[dict[str, Any]]] = {
    "constant": [{}, {"constant_values": 2.0}],
    "edge": [{}],
    "linear_ramp": [{}, {"end_values": 2.0}],
    "mean": [{}, {"stat_length": 2}, {"stat_length": ((1, 2), (2, 1))}],
    "reflect": [{}, {"reflect_type": "odd"}],
    "symmetric": [{}, {"reflect_type": "odd"}],
    "wrap": [{}],
}
VALUES = {"constant": "constant_values", "linear_ramp": "end_values"}

CASES: dict[Any, list[Case]] = {
    np.pad: [
        Case(padded((3,), 2), label="plain"),
        Case(padded((3,), (1, 0)), label="before"),
        Case(padded((2, 3), ((1, 2), (0, 3))), label="axes"),
        Case(padded((2, 3), ((1, 2),)), label="one pair"),
        Case(normal((2, 3)), {"pad_width": {-1: (1, 2)}}, label="dict of pairs"),
        Case(normal((2, 3)), {"pad_width": {0: 2}}, label="dict of widths"),
        Case(padded((2, 3), 0), label="nothing"),
        Case(padded((0, 2), 1), label="empty"),
        Case(padded((), 0), label="0-d"),
        Case(([1.0, 2.0], 1), label="list"),
        Case((np.array([1, 2]), 1), label="integers"),
        Case(lambda rng: (*complex_normal((3,))(rng), 1), label="complex"),
        Case(lambda rng: (*complex_normal((3,))(rng), 1, "reflect"), label="complex reflect"),
        *(
            Case(
                padded((3, 4), ((2, 1), (0, 3)), mode),
                options,
                tuple(set(options) & set(VALUES.values())),
                label=f"{mode} {options}",
            )
            for mode, group in MODES.items()
            for options in group
        ),
        *(
            Case(padded((3, 2), 5, mode), label=f"{mode}, wider than the array")
            for mode in ("reflect", "symmetric", "wrap", "edge")
        ),
        *(
            Case(padded((2, 2), 2, mode), {name: value}, (name,), label=f"{mode} {value}")
            for mode, name in VALUES.items()
            for value in (
                np.array([0.5, -1.0]),
                np.array([[0.5, -1.0], [2.0, 3.0]]),
                np.array([[0.5], [2.0]]),
            )
        ),
        Case(
            padded((2, 3), ((1, 2), (2, 1))),
            {"mode": "mean", "stat_length": ((1, 2), (2, 1))},
            label="mean, lengths of each side",
        ),
        Case(
            lambda rng: (*complex_normal((2,))(rng), 2),
            {"constant_values": 1.0 + 2j},
            ("constant_values",),
            label="complex constant",
        ),
    ],
}
