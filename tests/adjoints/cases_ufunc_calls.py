"""Cases of the methods of ufuncs."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.adjoints.harness import Case, normal

_matrix = normal((3, 4))


def _of(ufunc: np.ufunc, make: Any, *rest: Any, label: str = "", **kwargs: Any) -> Case:
    options = {k: kwargs.pop(k) for k in ("rtol", "float32", "diff_kwargs") if k in kwargs}
    return Case(
        lambda rng: (ufunc, *make(rng), *rest),
        kwargs,
        label=f"{ufunc.__name__} {label}{rest or ''}{kwargs or ''}",
        **options,
    )


def _positive(*shape: int) -> Any:
    return lambda rng: (rng.uniform(0.5, 1.5, size=shape),)


CASES: dict[Any, list[Case]] = {
    np.ufunc.reduce: [
        _of(np.add, _matrix),
        _of(np.add, _matrix, 1),
        _of(np.add, _matrix, axis=None),
        _of(np.add, _matrix, axis=(0, 1), keepdims=True),
        _of(np.add, _matrix, where=np.arange(4) > 1),
        _of(np.add, _matrix, initial=2.5, diff_kwargs=("initial",)),
        _of(np.add, normal((0, 3)), label="empty "),
        _of(np.add, _matrix, dtype=np.float64, float32=False),
        _of(np.multiply, _matrix, -1),
        _of(np.maximum, _matrix),
        _of(np.minimum, _matrix, axis=1, keepdims=True),
        _of(np.maximum, _matrix, initial=0.1, diff_kwargs=("initial",)),
        _of(np.subtract, _matrix),
        _of(np.subtract, normal((5,)), axis=None),
        _of(np.logaddexp, _matrix, axis=1, keepdims=True),
        _of(np.hypot, _matrix),
        _of(np.divide, _positive(4, 2)),
        _of(np.logaddexp, _positive(1, 3), label="one "),
    ],
    np.ufunc.accumulate: [
        _of(np.add, _matrix),
        _of(np.add, _matrix, 1),
        _of(np.multiply, _matrix, axis=1),
        _of(np.maximum, _matrix),
        _of(np.minimum, _matrix, axis=1),
        _of(np.logaddexp, _matrix),
        _of(np.subtract, normal((5,))),
        _of(np.maximum, normal((0,)), label="empty "),
    ],
    np.ufunc.outer: [
        _of(np.add, normal((3,), (2,))),
        _of(np.multiply, normal((3, 2), (2,))),
        _of(np.subtract, normal((3,), None)),
        _of(np.maximum, normal((), (4,))),
        _of(np.power, lambda rng: (*_positive(3)(rng), *_positive(2)(rng))),
        _of(np.multiply, normal((0,), (2,)), label="empty "),
    ],
    np.ufunc.reduceat: [
        _of(np.add, normal((6,)), [0, 2, 5]),
        _of(np.add, normal((6,)), [3, 1, 4]),
        _of(np.add, normal((3, 6)), np.array([0, 2, 2]), 1),
        _of(np.multiply, normal((6,)), [0, 3]),
        _of(np.maximum, normal((6, 2)), [1, 4]),
    ],
}
