"""Cases of the rules in decompositions.py.

Vectors of complex decompositions are determined up to a phase: their cases are in
``test_decompositions.py``, through functions that do not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.cotangent import ZERO
from tests.adjoints.harness import Case, complex_normal, normal

Shape = tuple[int, ...]


def hermitian(shape: Shape, is_complex: bool = False, shift: float = 0.0) -> Any:
    """Hermitian matrices; with a shift, positive definite ones."""

    def make(rng: np.random.Generator) -> tuple[Any, ...]:
        (a,) = (complex_normal if is_complex else normal)(shape)(rng)
        square = a @ a.conj().swapaxes(-1, -2) if shift else a + a.conj().swapaxes(-1, -2)
        return (square + shift * np.eye(shape[-1]),)

    return make


def one(maker: Callable[..., Any], label: str, **options: Any) -> Case:
    return Case(maker, rtol=1e-6, label=label, **options)


CASES: dict[Any, list[Case]] = {
    np.linalg.cholesky: [
        one(hermitian((3, 3), shift=1.0), "real"),
        one(hermitian((3, 3), True, 1.0), "complex"),
        one(hermitian((2, 2, 2), shift=1.0), "stack"),
        one(hermitian((3, 3), shift=1.0), "upper", kwargs={"upper": True}),
        one(hermitian((3, 3), True, 1.0), "complex upper", kwargs={"upper": True}),
    ],
    np.linalg.qr: [
        *[
            one(maker(shape), f"{maker.__name__} {shape} {mode}", kwargs={"mode": mode})
            for maker in (normal, complex_normal)
            for shape, mode in (
                ((3, 3), "reduced"),
                ((4, 2), "reduced"),
                ((2, 4), "reduced"),
                ((2, 3, 2), "reduced"),
                ((4, 2), "r"),
                ((2, 4), "r"),
                ((2, 3), "complete"),
            )
        ],
    ],
    np.linalg.eigh: [
        one(hermitian((3, 3)), "real"),
        one(hermitian((3, 3)), "upper", kwargs={"UPLO": "U"}),
        one(hermitian((2, 2, 2)), "stack"),
        one(hermitian((3, 3), True), "complex values", d_y=(np.array([1.0, -2.0, 0.5]), ZERO)),
    ],
    np.linalg.eigvalsh: [
        one(hermitian((3, 3)), "real"),
        one(hermitian((3, 3)), "upper", kwargs={"UPLO": "U"}),
        one(hermitian((2, 2, 2)), "stack"),
        one(hermitian((3, 3), True), "complex"),
        one(hermitian((3, 3), True), "complex upper", kwargs={"UPLO": "U"}),
    ],
    np.linalg.eig: [
        one(hermitian((3, 3)), "real"),
        one(normal((2, 2)), "general", seed=3),
        one(complex_normal((3, 3)), "complex values", d_y=(np.array([1.0, 2j, 1 - 1j]), ZERO)),
    ],
    np.linalg.eigvals: [
        one(normal((3, 3)), "real"),
        one(lambda rng: (np.array([[1.0, 2.0], [-3.0, 0.5]]),), "real with complex values"),
        one(complex_normal((3, 3)), "complex"),
        one(normal((2, 2, 2)), "stack", seed=1),
    ],
    np.linalg.svd: [
        *[
            one(normal(shape), f"{shape} {kwargs}", kwargs=kwargs)
            for shape, kwargs in (
                ((3, 3), {}),
                ((4, 2), {"full_matrices": False}),
                ((2, 4), {"full_matrices": False}),
                ((2, 3, 2), {"full_matrices": False}),
                ((4, 2), {"compute_uv": False}),
            )
        ],
        one(hermitian((3, 3)), "symmetric", kwargs={"hermitian": True}),
        one(complex_normal((3, 2)), "complex values", kwargs={"compute_uv": False}),
        one(normal((4, 2)), "full", d_y=(ZERO, np.array([1.0, 2.0]), np.ones((2, 2)))),
    ],
    np.linalg.svdvals: [
        one(normal((3, 2)), "real"),
        one(complex_normal((2, 3)), "complex"),
        one(normal((2, 2, 2)), "stack"),
    ],
}
