"""Cases of the rules for `scipy.linalg`."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg

from tests.adjoints.cases_decompositions import hermitian as symmetric
from tests.adjoints.cases_decompositions import one
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


def factors(maker: Any, *shapes: tuple[int, ...]) -> Any:
    """What `lu_factor` gives for a matrix, and a right-hand side."""

    def make(rng: np.random.Generator) -> tuple[Any, ...]:
        a, b = maker(*shapes)(rng)
        return linalg.lu_factor(a), b

    return make


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
    linalg.qr: [
        one(normal(shape), f"{shape} {kwargs}", kwargs=kwargs)
        for shape, kwargs in (
            ((3, 3), {}),
            ((2, 4), {}),
            ((4, 2), {"mode": "economic"}),
            ((4, 2), {"mode": "r"}),
            ((3, 3), {"pivoting": True}),
            ((2, 4), {"pivoting": True, "mode": "economic"}),
        )
    ],
    linalg.lu_factor: [one(normal((3, 3)), "real"), one(complex_normal((3, 3)), "complex")],
    linalg.lu_solve: [
        one(factors(maker, *shapes), f"{maker.__name__} {shapes} {kwargs}", kwargs=kwargs)
        for maker in (normal, complex_normal)
        for shapes, kwargs in (
            (((3, 3), (3,)), {}),
            (((3, 3), (3, 2)), {"trans": 1}),
            (((3, 3), (3,)), {"trans": 2}),
        )
    ],
    linalg.eigh: [
        one(symmetric((3, 3)), "real"),
        one(symmetric((3, 3)), "upper", kwargs={"lower": False}, float32=False),  # other signs
        one(symmetric((3, 3)), "values", kwargs={"eigvals_only": True}),
        one(symmetric((3, 3), True), "complex values", kwargs={"eigvals_only": True}),
    ],
    linalg.pinv: [*both((3, 3)), *both((4, 2)), *both((2, 4))],
    linalg.expm: [*both((3, 3)), *both((2, 2, 2)), Case(normal((0, 0)), label="empty")],
}
