"""Rules for matrix decompositions: Cholesky, QR, eigenvalues, singular values.

Singular vectors and eigenvectors are determined up to a sign (a phase, for complex matrices);
the gradients are those of functions that do not depend on that choice. The vectors of equal
eigenvalues are arbitrary up to a rotation and have no derivative: using one gives NaN, while
eigenvalues, and the vectors of other eigenvalues, keep their gradients.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from dpy.adjoints.numpy.joining import slots
from dpy.adjoints.numpy.linalg import read_triangle
from dpy.adjoints.numpy.norms import ratio
from dpy.adjoints.numpy.products import conj, hermitian
from dpy.adjoints.registry import adjoint
from dpy.cotangent import is_zero
from dpy.errors import UnsupportedSyntaxError

__all__ = ["eigh_cotangent", "qr_cotangent"]

_EIGEN = ("eigenvalues", "eigenvectors")  # the fields of what eigh and eig return


def _diagonal_matrix(values: Any) -> Any:
    """Matrices with these diagonals."""
    return np.where(np.eye(values.shape[-1], dtype=bool), values[..., None, :], 0.0)


def _differences(values: Any) -> Any:
    """``values[j] - values[i]`` for all pairs."""
    return values[..., None, :] - values[..., :, None]


def _used_pairs(*columns: Any) -> Any:
    """For pairs of different columns: whether either has a cotangent in any of the arrays."""
    used = functools.reduce(np.logical_or, [np.any(d != 0, -2) for d in columns])
    either = np.logical_or(used[..., None, :], used[..., :, None])
    return np.logical_and(either, np.logical_not(np.eye(used.shape[-1], dtype=bool)))


def _quotient(a: Any, b: Any, used: Any) -> Any:
    """``a / b``; where `b` is zero, NaN if the vectors concerned are used, else zero."""
    return np.where(np.logical_and(b == 0, used), math.nan, ratio(a, b))


# --- triangular factors -----------------------------------------------------------------------


@adjoint(np.linalg.cholesky, fresh=True)
def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """y = the lower triangular factor: a = y @ y^H (I. Murray, arXiv:1602.07527)."""
    y = np.linalg.cholesky(a, upper=upper)

    def cholesky_pullback(d_y: Any) -> Any:
        lower, d_lower = (hermitian(y), hermitian(d_y)) if upper else (y, d_y)
        p = np.tril(hermitian(lower) @ d_lower)
        p = p - 0.5 * _diagonal_matrix(np.diagonal(p, 0, -2, -1))
        back = hermitian(np.linalg.inv(lower))
        d_a = 0.5 * back @ (p + hermitian(p)) @ hermitian(back)
        return (read_triangle(d_a, "U" if upper else "L"),)

    return y, cholesky_pullback


@adjoint(np.linalg.qr, static=("mode",), fresh=True)
def qr(a: Any, mode: str = "reduced") -> Any:
    """(q, r) with orthonormal columns q and a triangular r."""
    result = np.linalg.qr(a, mode)
    parts = None if mode in ("r", "raw") else tuple(result)

    def qr_pullback(d_result: Any) -> Any:
        matrix = np.asarray(a)
        if mode == "raw" or (mode == "complete" and matrix.shape[-2] > matrix.shape[-1]):
            raise UnsupportedSyntaxError(
                f"the gradient of np.linalg.qr with mode={mode!r} is not defined here",
                why="the additional columns of q are arbitrary",
                repair='use mode="reduced"',
            )
        d_q, d_r = (None, d_result) if mode == "r" else slots(d_result, 2, ("Q", "R"))
        q, r = np.linalg.qr(matrix) if parts is None else parts
        d_q = np.zeros_like(q) if is_zero(d_q) else d_q
        d_r = np.zeros_like(r) if is_zero(d_r) else d_r
        return (qr_cotangent(d_q, d_r, q, r, matrix),)

    return result, qr_pullback


def qr_cotangent(d_q: Any, d_r: Any, q: Any, r: Any, a: Any) -> Any:
    """The cotangent of `a` in ``q, r = qr(a)``.

    M. Seeger et al., arXiv:1710.08717; the columns beyond the first m are ``q @ r``.
    """
    m = q.shape[-1]
    d_rest = d_r[..., m:]
    d_q = d_q + a[..., m:] @ hermitian(d_rest)
    r, d_r = r[..., :m], d_r[..., :m]
    half = np.triu(d_r @ hermitian(r) - hermitian(q) @ d_q)
    diagonal = np.real(np.diagonal(half, 0, -2, -1))
    d_x = d_q + q @ (half + hermitian(half) - _diagonal_matrix(diagonal))
    d_x = hermitian(np.linalg.solve(r, hermitian(d_x)))
    return np.concatenate((d_x, q @ d_rest), -1)


# --- eigenvalues ------------------------------------------------------------------------------


@adjoint(np.linalg.eigh, static=("UPLO",), fresh=True)
def eigh(a: Any, UPLO: str = "L") -> Any:
    """(w, v): the eigenvalues and eigenvectors of a Hermitian matrix."""
    result = np.linalg.eigh(a, UPLO)
    w, v = result

    def eigh_pullback(d_result: Any) -> Any:
        d_w, d_v = slots(d_result, 2, _EIGEN)
        return (eigh_cotangent(d_w, d_v, w, v, UPLO),)

    return result, eigh_pullback


@adjoint(np.linalg.eigvalsh, static=("UPLO",), fresh=True)
def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """w = the eigenvalues of a Hermitian matrix."""

    def eigvalsh_pullback(d_w: Any) -> Any:
        w, v = np.linalg.eigh(a, UPLO)
        return (eigh_cotangent(d_w, None, w, v, UPLO),)

    return np.linalg.eigvalsh(a, UPLO), eigvalsh_pullback


def eigh_cotangent(d_w: Any, d_v: Any, w: Any, v: Any, uplo: str) -> Any:
    """The cotangent of `a` in ``w, v = eigh(a, uplo)``."""
    inner = _diagonal_matrix(np.zeros_like(w) if is_zero(d_w) else d_w)
    if not is_zero(d_v):
        inner = inner + _quotient(hermitian(v) @ d_v, _differences(w), _used_pairs(d_v))
    return read_triangle(v @ inner @ hermitian(v), uplo)


@adjoint(np.linalg.eig, fresh=True, kind="unknown")
def eig(a: Any) -> Any:
    """(w, v): the eigenvalues and eigenvectors of a square matrix."""
    result = np.linalg.eig(a)
    w, v = result

    def eig_pullback(d_result: Any) -> Any:
        d_w, d_v = slots(d_result, 2, _EIGEN)
        return (_eig_cotangent(d_w, d_v, w, v),)

    return result, eig_pullback


@adjoint(np.linalg.eigvals, fresh=True, kind="unknown")
def eigvals(a: Any) -> Any:
    """w = the eigenvalues of a square matrix."""
    value = np.linalg.eigvals(a)

    def eigvals_pullback(d_w: Any) -> Any:
        w, v = np.linalg.eig(a)
        return (_eig_cotangent(d_w, None, w, v),)

    return value, eigvals_pullback


def _eig_cotangent(d_w: Any, d_v: Any, w: Any, v: Any) -> Any:
    """C. Boeddeker et al., arXiv:1701.00392, equation 4.77, for vectors of length one."""
    v_h = hermitian(v)
    inner = _diagonal_matrix(np.zeros_like(w) if is_zero(d_w) else d_w)
    if not is_zero(d_v):
        overlap = v_h @ d_v
        along = np.real(np.diagonal(overlap, 0, -2, -1))
        overlap = overlap - v_h @ (v * along[..., None, :])
        inner = inner + _quotient(overlap, conj(_differences(w)), _used_pairs(d_v))
    return np.linalg.solve(v_h, inner @ v_h)


# --- singular values --------------------------------------------------------------------------


@adjoint(np.linalg.svd, static=("full_matrices", "compute_uv", "hermitian"), fresh=True)
def svd(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    """(u, s, vh): the singular values and vectors; s alone without `compute_uv`."""
    result = np.linalg.svd(a, full_matrices, compute_uv, hermitian)
    parts = tuple(result) if compute_uv else ()

    def svd_pullback(d_result: Any) -> Any:
        if compute_uv:
            u, s, vh = parts
            n = s.shape[-1]
            d_parts = _thin(*slots(d_result, 3, ("U", "S", "Vh")), *parts)
            d_a = _svd_cotangent(*d_parts, u[..., :n], s, vh[..., :n, :])
        else:
            d_a = _singular_values_cotangent(d_result, a)
        return (read_triangle(d_a, "L") if hermitian else d_a,)

    return result, svd_pullback


@adjoint(np.linalg.svdvals, fresh=True)
def svdvals(x: Any, /) -> Any:
    """s = the singular values."""

    def svdvals_pullback(d_s: Any) -> Any:
        return (_singular_values_cotangent(d_s, x),)

    return np.linalg.svdvals(x), svdvals_pullback


def _singular_values_cotangent(d_s: Any, a: Any) -> Any:
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return (u * d_s[..., None, :]) @ vh


def _thin(d_u: Any, d_s: Any, d_vh: Any, u: Any, s: Any, vh: Any) -> tuple[Any, Any, Any]:
    """The parts that belong to the singular values; the vectors beyond them are arbitrary."""
    n = s.shape[-1]
    d_u = np.zeros_like(u) if is_zero(d_u) else d_u
    d_s = np.zeros_like(s) if is_zero(d_s) else d_s
    d_vh = np.zeros_like(vh) if is_zero(d_vh) else d_vh
    if np.any(d_u[..., n:]) or np.any(d_vh[..., n:, :]):
        raise UnsupportedSyntaxError(
            "the gradient of the additional singular vectors of np.linalg.svd is not defined",
            why="they are arbitrary vectors of the null space",
            repair="pass full_matrices=False",
        )
    return d_u[..., :n], d_s, d_vh[..., :n, :]


def _svd_cotangent(d_u: Any, d_s: Any, d_vh: Any, u: Any, s: Any, vh: Any) -> Any:
    """J. Townsend, "Differentiating the singular value decomposition" (2016)."""
    u_h, v = hermitian(u), hermitian(vh)
    u_part, v_part = u_h @ d_u, hermitian(d_vh @ v)
    row, column = s[..., None, :], s[..., :, None]
    gaps = _differences(s) * (row + column)
    used = _used_pairs(d_u, hermitian(d_vh))
    inner = _quotient(u_part - hermitian(u_part), gaps, used) * row + _diagonal_matrix(d_s)
    inner = inner + column * _quotient(v_part - hermitian(v_part), gaps, used)
    if np.iscomplexobj(u):  # the phases of u and v are free, but not independently
        phase = np.diagonal(u_part, 0, -2, -1)
        inner = inner + 1j * _diagonal_matrix(ratio(np.imag(phase), s))
    d_a = u @ inner @ vh
    if u.shape[-2] > s.shape[-1]:
        used = np.any(d_u != 0, -2, keepdims=True)
        d_a = d_a + _quotient(d_u - u @ u_part, row, used) @ vh
    if vh.shape[-1] > s.shape[-1]:
        used = np.any(d_vh != 0, -1, keepdims=True)
        d_a = d_a + u @ _quotient(d_vh - (d_vh @ v) @ vh, column, used)
    return d_a
