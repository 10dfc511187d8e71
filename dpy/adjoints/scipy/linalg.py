"""Rules for `scipy.linalg`: solving, inverses, determinants, Cholesky factors, the exponential.

Where a function is NumPy's with other arguments, its cotangents are those of NumPy's rule. No
argument is overwritten, whatever is allowed: the values are the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg

from dpy.adjoints.numpy.decompositions import eigh_cotangent, qr_cotangent
from dpy.adjoints.numpy.linalg import (
    cofactors,
    pinv_cotangent,
    read_triangle,
    solve_left,
    solve_right,
)
from dpy.adjoints.numpy.products import conj, hermitian
from dpy.adjoints.registry import adjoint
from dpy.cotangent import ZERO, is_zero
from dpy.errors import UnsupportedSyntaxError

__all__: list[str] = []


def _check_general(name: str, assume_a: Any) -> None:
    """A structure says which entries are read at all; only those would get a cotangent."""
    if assume_a not in (None, "gen", "general"):
        raise UnsupportedSyntaxError(
            f"the gradient of scipy.linalg.{name} with assume_a={assume_a!r} is not defined here",
            why="only a part of the matrix is read",
            repair="leave out assume_a",
        )


@adjoint(linalg.inv, static=("overwrite_a", "check_finite"), fresh=True)
def inv(
    a: Any,
    overwrite_a: bool = False,
    check_finite: bool = True,
    *,
    assume_a: Any = None,
    lower: bool = False,
) -> Any:
    """y = the inverse matrix."""
    y = linalg.inv(a, False, check_finite, assume_a=assume_a, lower=lower)

    def inv_pullback(d_y: Any) -> Any:
        _check_general("inv", assume_a)
        return (-hermitian(y) @ d_y @ hermitian(y),)

    return y, inv_pullback


@adjoint(linalg.det, static=("overwrite_a", "check_finite"), fresh=True)
def det(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """y = the determinant."""
    y = linalg.det(a, False, check_finite)

    def det_pullback(d_y: Any) -> Any:
        return (np.asarray(d_y)[..., None, None] * conj(cofactors(np.asarray(a), y)),)

    return y, det_pullback


@adjoint(
    linalg.solve,
    static=("lower", "overwrite_a", "overwrite_b", "check_finite", "assume_a", "transposed"),
    fresh=True,
)
def solve(
    a: Any,
    b: Any,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    assume_a: Any = None,
    transposed: bool = False,
) -> Any:
    """y = the solution of a @ y = b; of a.T @ y = b if `transposed`."""
    y = linalg.solve(a, b, lower, False, False, check_finite, assume_a, transposed)

    def solve_pullback(d_y: Any) -> Any:
        _check_general("solve", assume_a)
        n = np.ndim(b)
        matrix = np.swapaxes(a, -1, -2) if transposed else a
        d_b = solve_right(d_y, matrix, n)
        d_a = solve_left(d_b, y, n)
        return np.swapaxes(d_a, -1, -2) if transposed else d_a, d_b

    return y, solve_pullback


@adjoint(linalg.cholesky, static=("lower", "overwrite_a", "check_finite"), fresh=True)
def cholesky(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> Any:
    """y = the triangular factor: a = y @ y^H if `lower`, else y^H @ y."""
    y = linalg.cholesky(a, lower, False, check_finite)

    def cholesky_pullback(d_y: Any) -> Any:
        return (_cholesky_cotangent(d_y, y, lower),)

    return y, cholesky_pullback


def _cholesky_cotangent(d_y: Any, y: Any, lower: bool) -> Any:
    """I. Murray, arXiv:1602.07527."""
    low, d_low = (y, d_y) if lower else (hermitian(y), hermitian(d_y))
    p = np.tril(hermitian(low) @ d_low)
    p = p - 0.5 * np.where(np.eye(p.shape[-1], dtype=bool), p, 0.0)
    back = hermitian(np.linalg.inv(low))
    d_a = 0.5 * back @ (p + hermitian(p)) @ hermitian(back)
    return read_triangle(d_a, "L" if lower else "U")


@adjoint(
    linalg.solve_triangular,
    static=("trans", "lower", "unit_diagonal", "overwrite_b", "check_finite"),
    fresh=True,
)
def solve_triangular(
    a: Any,
    b: Any,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """y = the solution of op(a) @ y = b, of which only one triangle is read."""
    y = linalg.solve_triangular(a, b, trans, lower, unit_diagonal, False, check_finite)
    how = {"N": 0, "T": 1, "C": 2}.get(trans, trans)

    def solve_triangular_pullback(d_y: Any) -> Any:
        matrix = np.tril(a) if lower else np.triu(a)
        if unit_diagonal:
            matrix = np.where(np.eye(matrix.shape[-1], dtype=bool), 1.0, matrix)
        matrix = (matrix, matrix.swapaxes(-1, -2), hermitian(matrix))[how]
        d_b = solve_right(d_y, matrix, np.ndim(b))
        d_a = solve_left(d_b, y, np.ndim(b))
        d_a = (d_a, d_a.swapaxes(-1, -2), hermitian(d_a))[how]
        d_a = np.tril(d_a, -unit_diagonal) if lower else np.triu(d_a, int(unit_diagonal))
        return d_a, d_b

    return y, solve_triangular_pullback


@adjoint(linalg.pinv, fresh=True)
def pinv(
    a: Any,
    *,
    atol: Any = None,
    rtol: Any = None,
    return_rank: bool = False,
    check_finite: bool = True,
) -> Any:
    """y = the pseudo-inverse; its derivative exists where the rank does not change."""
    y = linalg.pinv(a, atol=atol, rtol=rtol, return_rank=return_rank, check_finite=check_finite)

    def pinv_pullback(d_y: Any) -> Any:
        inverse, d = (y[0], d_y[0]) if return_rank else (y, d_y)
        return (pinv_cotangent(d, np.asarray(a), inverse),)

    return y, pinv_pullback


@adjoint(linalg.expm, fresh=True)
def expm(A: Any) -> Any:  # noqa: N803 - SciPy's name
    """y = the exponential of a matrix, or of each of a stack."""
    y = linalg.expm(A)

    def expm_pullback(d_y: Any) -> Any:
        matrix = np.asarray(A)
        d_a = np.empty(matrix.shape, np.result_type(y, d_y))
        for i in np.ndindex(matrix.shape[:-2] if matrix.size else (0,)):
            back = hermitian(matrix[i])
            d_a[i] = linalg.expm_frechet(back, np.asarray(d_y)[i], compute_expm=False)
        return (d_a,)

    return y, expm_pullback


# --- QR and LU factors ------------------------------------------------------------------------


@adjoint(linalg.qr, static=("overwrite_a", "lwork", "mode", "pivoting", "check_finite"), fresh=True)
def qr(
    a: Any,
    overwrite_a: bool = False,
    lwork: Any = None,
    mode: str = "full",
    pivoting: bool = False,
    check_finite: bool = True,
) -> Any:
    """(q, r), r alone, or with `pivoting` also the order of the columns."""
    result = linalg.qr(a, False, lwork, mode, pivoting, check_finite)

    def qr_pullback(d_result: Any) -> Any:
        matrix = np.asarray(a)
        n_rows, n_columns = matrix.shape[-2:]
        if mode == "raw" or (mode == "full" and n_rows > n_columns and not is_zero(d_result[0])):
            raise UnsupportedSyntaxError(
                f"the gradient of scipy.linalg.qr with mode={mode!r} is not defined here",
                why="the additional columns of q are arbitrary",
                repair='use mode="economic"',
            )
        order = result[-1] if pivoting else np.arange(n_columns)
        q, r = linalg.qr(matrix[..., order], mode="economic")
        n = q.shape[-1]
        d_q: Any = ZERO if mode == "r" else d_result[0]
        d_r: Any = d_result[0 if mode == "r" else 1]
        d_q = np.zeros_like(q) if is_zero(d_q) else d_q
        d_r = np.zeros_like(r) if is_zero(d_r) else d_r[..., :n, :]
        d_a = np.empty(matrix.shape, np.result_type(q, d_q, d_r))
        d_a[..., order] = qr_cotangent(d_q, d_r, q, r, matrix[..., order])
        return (d_a,)

    return result, qr_pullback


def _factors(lu: Any, piv: Any) -> tuple[Any, Any, Any]:
    """(order of the rows, lower, upper) of what `lu_factor` returns."""
    order = np.arange(len(piv))
    for i, j in enumerate(piv):
        order[[i, j]] = order[[j, i]]
    lower = np.tril(lu, -1) + np.eye(len(piv), dtype=lu.dtype)
    return order, lower, np.triu(lu)


@adjoint(linalg.lu_factor, static=("overwrite_a", "check_finite"), fresh=True)
def lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """(lu, piv): both triangular factors in one matrix, and the exchanges of rows."""
    lu, piv = linalg.lu_factor(a, False, check_finite)

    def lu_factor_pullback(d_result: Any) -> Any:
        d_lu = d_result[0]
        if is_zero(d_lu):
            return (ZERO,)
        order, lower, upper = _factors(lu, piv)
        inner = np.tril(hermitian(lower) @ np.tril(d_lu, -1), -1)
        inner = inner + np.triu(np.triu(d_lu) @ hermitian(upper))
        inner = np.linalg.solve(hermitian(lower), inner)
        d_a = np.empty_like(inner)
        d_a[order] = hermitian(np.linalg.solve(upper, hermitian(inner)))
        return (d_a,)

    return (lu, piv), lu_factor_pullback


@adjoint(linalg.lu_solve, static=("trans", "overwrite_b", "check_finite"), fresh=True)
def lu_solve(
    lu_and_piv: Any,
    b: Any,
    trans: int = 0,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """y = the solution of op(a) @ y = b, given the factors of a."""
    lu, piv = lu_and_piv
    y = linalg.lu_solve(lu_and_piv, b, trans, False, check_finite)

    def lu_solve_pullback(d_y: Any) -> Any:
        order, lower, upper = _factors(np.asarray(lu), piv)
        a = np.empty(upper.shape, upper.dtype)
        a[order] = lower @ upper
        matrix = (a, a.swapaxes(-1, -2), hermitian(a))[trans]
        d_b = solve_right(d_y, matrix, np.ndim(b))
        d_a = solve_left(d_b, y, np.ndim(b))
        d_a = (d_a, d_a.swapaxes(-1, -2), hermitian(d_a))[trans][order]
        d_lu = np.tril(d_a @ hermitian(upper), -1) + np.triu(hermitian(lower) @ d_a)
        return (d_lu, None), d_b

    return y, lu_solve_pullback


# --- eigenvalues of Hermitian matrices ----------------------------------------------------------


@adjoint(linalg.eigh, static=("lower", "overwrite_a", "check_finite", "driver"), fresh=True)
def eigh(
    a: Any,
    b: Any = None,
    *,
    lower: bool = True,
    eigvals_only: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    type: int = 1,  # noqa: A002 - SciPy's name
    check_finite: bool = True,
    subset_by_index: Any = None,
    subset_by_value: Any = None,
    driver: Any = None,
) -> Any:
    """(w, v), or w alone: some or all eigenvalues and eigenvectors of a Hermitian matrix."""
    result = linalg.eigh(
        a, b, lower=lower, eigvals_only=eigvals_only, type=type, check_finite=check_finite,
        subset_by_index=subset_by_index, subset_by_value=subset_by_value, driver=driver,
    )  # fmt: skip

    def eigh_pullback(d_result: Any) -> Any:
        if b is not None or subset_by_index is not None or subset_by_value is not None:
            raise UnsupportedSyntaxError(
                "the gradient of scipy.linalg.eigh with a second matrix or a subset "
                "is not defined here",
                repair="compute all eigenvalues of one matrix",
            )
        matrix = np.asarray(a)
        w, v = linalg.eigh(matrix, lower=lower) if eigvals_only else result
        d_w, d_v = (d_result, ZERO) if eigvals_only else d_result
        return eigh_cotangent(d_w, d_v, w, v, "L" if lower else "U"), None

    return result, eigh_pullback
