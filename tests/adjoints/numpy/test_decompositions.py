"""The rules in decompositions.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dpy.adjoints.numpy.decompositions  # noqa: F401 - registers
from dpy.adjoints import registry
from dpy.cotangent import ZERO
from dpy.errors import UnsupportedSyntaxError
from tests.adjoints.cases_decompositions import CASES
from tests.adjoints.harness import (
    Case,
    check_case,
    check_gradient_of,
    complex_normal,
    parametrize,
)


@pytest.mark.parametrize(("f", "case"), parametrize(CASES))
def test_rule(f: Any, case: Case) -> None:
    check_case(f, case)


# Complex vectors have arbitrary phases: these functions of them do not depend on the phases.


def check_through(f: Any, a: Any, value: Any, d_result: Any) -> None:
    """The gradient of the real function `value` of ``f(a)``; `d_result` gives its cotangents."""
    rule = registry.lookup(f, (a,))
    result, pullback = rule.apply((a,), {"full_matrices": False} if f is np.linalg.svd else {})
    (d_a,), _ = pullback(d_result(*result))

    def along(x: Any) -> float:
        options = {"full_matrices": False} if f is np.linalg.svd else {}
        return float(value(*f(x, **options)))

    case = Case((a,), rtol=1e-6)
    check_gradient_of(along, a, d_a, case, f.__name__)


def spectral_value(weights: Any) -> tuple[Any, Any]:
    """``Re <weights, v diag(w^2) v^H>`` and its cotangents, for eigenvalues w and vectors v."""

    def value(w: Any, v: Any) -> Any:
        return np.real(np.sum(np.conj(weights) * ((v * w**2) @ np.conj(v).T)))

    def cotangents(w: Any, v: Any) -> Any:
        d_m = weights
        d_v = (d_m @ v) * w**2 + np.conj(d_m).T @ v * w**2
        return np.real(np.sum(np.conj(v) * (d_m @ v), 0)) * 2 * w, d_v

    return value, cotangents


def test_complex_eigenvectors() -> None:
    rng = np.random.default_rng(0)
    (a, weights) = complex_normal((3, 3), (3, 3))(rng)
    check_through(np.linalg.eigh, a + a.conj().T, *spectral_value(weights))


def test_vectors_of_equal_eigenvalues_have_no_derivative() -> None:
    a = np.diag([2.0, 2.0, 5.0])
    for f, d_result in (
        (np.linalg.eigh, (ZERO, np.ones((3, 3)))),
        (np.linalg.eig, (ZERO, np.ones((3, 3)))),
        (np.linalg.svd, (np.ones((3, 3)), ZERO, ZERO)),
    ):
        _, pullback = registry.lookup(f, (a,)).apply((a,), {})
        (d_a,), _ = pullback(d_result)
        assert np.isnan(d_a).any()


def test_what_does_not_depend_on_the_choice_of_vectors_has_one() -> None:
    rng = np.random.default_rng(0)
    q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    a = q @ np.diag([2.0, 2.0, 5.0]) @ q.T
    a = 0.5 * (a + a.T)
    weights = rng.normal(size=3)

    def value(w: Any, v: Any) -> Any:
        return w[2] * (weights @ v[:, 2]) ** 2

    def cotangents(w: Any, v: Any) -> Any:
        d_v = np.zeros((3, 3))
        d_v[:, 2] = w[2] * 2 * (weights @ v[:, 2]) * weights
        return np.array([0.0, 0.0, (weights @ v[:, 2]) ** 2]), d_v

    check_through(np.linalg.eigh, a, value, cotangents)


def test_eigenvalues_alone_may_be_equal() -> None:
    a = np.eye(3)
    for f in (np.linalg.eigvalsh, np.linalg.svdvals, np.linalg.eigvals):
        _, pullback = registry.lookup(f, (a,)).apply((a,), {})
        (d_a,), _ = pullback(np.full(3, 2.0))
        np.testing.assert_allclose(d_a, 2.0 * a, atol=1e-14)


@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 3)])
def test_complex_singular_vectors(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    a, weights = complex_normal(shape, shape)(rng)

    def value(u: Any, s: Any, vh: Any) -> Any:
        return np.real(np.sum(np.conj(weights) * ((u * s**2) @ vh)))

    def cotangents(u: Any, s: Any, vh: Any) -> Any:
        u_h = np.conj(u).T
        inner = u_h @ weights @ np.conj(vh).T
        d_u = (weights @ np.conj(vh).T) * s**2
        return d_u, np.real(np.diagonal(inner)) * 2 * s, s[:, None] ** 2 * (u_h @ weights)

    check_through(np.linalg.svd, a, value, cotangents)


def test_complex_general_eigenvectors() -> None:
    rng = np.random.default_rng(1)
    a, weights = complex_normal((3, 3), (3,))(rng)

    def value(w: Any, v: Any) -> Any:
        return np.sum(np.real(weights) * np.sum(np.abs(v) ** 4, 0)) + np.sum(np.abs(w) ** 2)

    def cotangents(w: Any, v: Any) -> Any:
        return 2 * w, np.real(weights) * 4 * np.abs(v) ** 2 * v

    check_through(np.linalg.eig, a, value, cotangents)


def refused(f: Any, a: Any, d_result: Any, **kwargs: Any) -> None:
    """The value is computed; only the pullback raises."""
    _, pullback = registry.lookup(f, (a,)).apply((a,), kwargs)
    with pytest.raises(UnsupportedSyntaxError, match="not defined"):
        pullback(d_result)


def test_arbitrary_vectors_have_no_gradient() -> None:
    a = np.random.default_rng(0).normal(size=(3, 2))
    refused(np.linalg.svd, a, (np.ones((3, 3)), ZERO, ZERO))
    refused(np.linalg.qr, a, (np.ones((3, 3)), ZERO), mode="complete")
    refused(np.linalg.qr, a, (np.ones((2, 3)), ZERO), mode="raw")


def test_only_the_triangle_that_is_read_has_a_gradient() -> None:
    a = np.array([[4.0, 99.0], [1.0, 3.0]])
    y, pullback = registry.lookup(np.linalg.cholesky, (a,)).apply((a,), {})
    (d_a,), _ = pullback(np.ones((2, 2)))
    assert d_a[0, 1] == 0.0
    np.testing.assert_allclose(y @ y.T, [[4.0, 1.0], [1.0, 3.0]])


@pytest.mark.parametrize(
    "f", [np.linalg.eigh, np.linalg.eig, np.linalg.svd, np.linalg.qr, np.linalg.slogdet]
)
def test_fields_may_be_reached_by_name(f: Any) -> None:
    a = np.array([[2.0, 0.5], [0.5, 1.0]])
    result, pullback = registry.lookup(f, (a,)).apply((a,), {})
    d_parts = [np.full(np.shape(part), 1.0 + i) for i, part in enumerate(result)]
    (want,), _ = pullback(tuple(d_parts))
    (by_name,), _ = pullback(dict(zip(result._fields, d_parts, strict=True)))
    (mixed,), _ = pullback(
        {0: d_parts[0], **dict(zip(result._fields[1:], d_parts[1:], strict=True))}
    )
    np.testing.assert_array_equal(by_name, want)
    np.testing.assert_array_equal(mixed, want)
