"""Cases of the rules for `scipy.linalg`."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg

from tests.adjoints.cases_linalg import both
from tests.adjoints.harness import Case, complex_normal, normal


def positive(n: int, *, of_complex: bool = False) -> Any:
    """A positive definite matrix."""

    def make(rng: np.random.Generator) -> tuple[Any, ...]:
        (a,) = (complex_normal if of_complex else normal)((n, n))(rng)
        return (a @ a.conj().T + n * np.eye(n),)

    return make


def regular(*shapes: tuple[int, ...]) -> Any:
    """The first matrix far from singular."""

    def make(rng: np.random.Generator) -> tuple[Any, ...]:
        first, *rest = normal(*shapes)(rng)
        return (first + 4.0 * np.eye(first.shape[-1]), *rest)

    return make


def triangular(*shapes: tuple[int, ...], **kwargs: Any) -> Case:
    return Case(regular(*shapes), kwargs, rtol=1e-6, label=f"{shapes} {kwargs}")


CASES: dict[Any, list[Case]] = {
    linalg.inv: [*both((3, 3)), Case((np.array([[2, 1], [1, 1]]),), label="integers")],
    linalg.det: [*both((3, 3)), *both((2, 2, 2))],
    linalg.solve: [
        *both((3, 3), (3,)),
        *both((3, 3), (3, 2)),
        Case(regular((3, 3), (3, 2)), {"transposed": True}, rtol=1e-6, label="transposed"),
    ],
    linalg.cholesky: [
        Case(
            maker, {"lower": lower}, rtol=1e-6, numeric=lower is not None, label=f"{label} {lower}"
        )
        for lower in (False, True)
        for maker, label in ((positive(3), "real"), (positive(2, of_complex=True), "complex"))
    ],
    linalg.solve_triangular: [
        triangular((3, 3), (3,)),
        triangular((3, 3), (3, 2), lower=True),
        triangular((3, 3), (3,), trans=1),
        triangular((3, 3), (3,), trans="T", lower=True, unit_diagonal=True),
        Case(complex_normal((3, 3), (3,)), {"trans": "C"}, rtol=1e-6, label="complex"),
    ],
    linalg.pinv: [*both((3, 3)), *both((4, 2)), *both((2, 4))],
    linalg.expm: [*both((3, 3)), *both((2, 2, 2)), Case(normal((0, 0)), label="empty")],
}
