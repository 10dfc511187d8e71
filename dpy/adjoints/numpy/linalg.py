"""Rules for `numpy.linalg`: solving, inverses, determinants and powers of matrices.

Formulas as in M. Giles, "Collected matrix derivative results for forward and reverse mode
algorithmic differentiation" (2008), with conjugate transposes for complex matrices. All rules
work on stacks of matrices where NumPy does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.adjoints.numpy.arguments import no_out
from dpy.adjoints.numpy.axes import NO_VALUE
from dpy.adjoints.numpy.joining import slots
from dpy.adjoints.numpy.products import conj, hermitian
from dpy.adjoints.registry import adjoint, nondifferentiable
from dpy.cotangent import is_zero

__all__ = ["cofactors", "read_triangle"]

nondifferentiable(np.linalg.matrix_rank)


def read_triangle(d_a: Any, uplo: str) -> Any:
    """The cotangent of a Hermitian matrix of which a function reads one triangle only.

    NumPy's Hermitian functions never look at the other triangle, so its gradient is zero; that
    of the triangle counts for both. For a matrix that is computed as a symmetric one, this makes
    no difference.

    >>> read_triangle(np.array([[1.0, 2.0], [2.0, 3.0]]), "L")
    array([[1., 0.],
           [4., 3.]])
    """
    both = d_a + hermitian(d_a)
    half = np.tril(both) if uplo in "Ll" else np.triu(both)
    return np.where(np.eye(d_a.shape[-1], dtype=bool), 0.5 * both, half)


# --- linear systems ---------------------------------------------------------------------------


def solve_right(d_y: Any, a: Any, b_ndim: int) -> Any:
    """The cotangent of `b` in ``y = np.linalg.solve(a, b)``."""
    a = hermitian(np.asarray(a))
    if b_ndim == 1 and d_y.ndim > 1:
        return np.linalg.solve(a, d_y[..., None])[..., 0]
    return np.linalg.solve(a, d_y)


def solve_left(d_b: Any, y: Any, b_ndim: int) -> Any:
    """The cotangent of `a` from that of `b`."""
    if b_ndim == 1:
        return -d_b[..., :, None] * conj(y)[..., None, :]
    return -d_b @ hermitian(y)


@adjoint(np.linalg.solve, fresh=True)
def solve(a: Any, b: Any) -> Any:
    """y = the solution of a @ y = b."""
    y = np.linalg.solve(a, b)
    b_ndim = np.ndim(b)

    def solve_pullback(d_y: Any) -> Any:
        d_b = solve_right(d_y, a, b_ndim)
        return solve_left(d_b, y, b_ndim), d_b

    return y, solve_pullback


@adjoint(np.linalg.inv, fresh=True)
def inv(a: Any) -> Any:
    """y = the inverse matrix."""
    y = np.linalg.inv(a)

    def inv_pullback(d_y: Any) -> Any:
        return (-hermitian(y) @ d_y @ hermitian(y),)

    return y, inv_pullback


@adjoint(np.linalg.tensorsolve, static=("axes",), fresh=True)
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """y = the solution of tensordot(a, y, y.ndim) = b."""
    y = np.linalg.tensorsolve(a, b, axes)
    b_shape = np.shape(b)

    def tensorsolve_pullback(d_y: Any) -> Any:
        order = list(range(np.ndim(a)))
        for axis in axes or ():
            order.remove(axis)
            order.append(axis)
        moved = np.transpose(a, order)
        matrix = moved.reshape(-1, y.size)
        d_b = np.linalg.solve(hermitian(matrix), d_y.ravel())
        d_matrix = -d_b[:, None] * conj(y).ravel()
        return np.transpose(d_matrix.reshape(moved.shape), np.argsort(order)), d_b.reshape(b_shape)

    return y, tensorsolve_pullback


@adjoint(np.linalg.tensorinv, static=("ind",), fresh=True)
def tensorinv(a: Any, ind: int = 2) -> Any:
    """y = the inverse of `a` with respect to tensordot over `ind` axes."""
    y = np.linalg.tensorinv(a, ind)
    shape = np.shape(a)

    def tensorinv_pullback(d_y: Any) -> Any:
        n = int(np.prod(shape[:ind]))
        back = hermitian(np.reshape(y, (-1, n)))
        return (np.reshape(-back @ np.reshape(d_y, (-1, n)) @ back, shape),)

    return y, tensorinv_pullback


# --- least squares ----------------------------------------------------------------------------


def pinv_cotangent(d_y: Any, a: Any, y: Any) -> Any:
    """The cotangent of `a` in ``y = pinv(a)``, for constant rank.

    Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares
    problems whose variables separate" (1973), equation 4.12, transposed.
    """
    y_h = hermitian(y)
    d_h = hermitian(d_y)
    from_rows = d_h @ y @ y_h
    from_columns = y_h @ y @ d_h
    return from_rows - a @ (y @ from_rows) + from_columns - (from_columns @ y) @ a - y_h @ d_y @ y_h


@adjoint(np.linalg.pinv, static=("rcond", "hermitian"), fresh=True)
def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = NO_VALUE) -> Any:
    """y = the pseudo-inverse; its derivative exists where the rank does not change."""
    y = np.linalg.pinv(a, rcond, hermitian, rtol=rtol)

    def pinv_pullback(d_y: Any) -> Any:
        d_a = pinv_cotangent(d_y, np.asarray(a), y)
        return (read_triangle(d_a, "L") if hermitian else d_a,)

    return y, pinv_pullback


@adjoint(np.linalg.lstsq, static=("rcond",), fresh=True)
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """(x, residuals, rank, s) of the least squares problem a @ x = b."""
    result = np.linalg.lstsq(a, b, rcond)
    x, rank = result[0], result[2]

    def lstsq_pullback(d_result: Any) -> Any:
        d_x, d_residuals, _, d_s = slots(d_result, 4)
        u, s, vh = np.linalg.svd(a, full_matrices=False)
        d_a = np.zeros_like(u @ vh)
        d_b = np.zeros(np.shape(b), d_a.dtype)
        if not is_zero(d_x):
            inverse = (hermitian(vh)[:, :rank] / s[:rank]) @ hermitian(u[:, :rank])
            d_b = d_b + hermitian(inverse) @ d_x
            d_inverse = _columns(d_x) @ hermitian(_columns(b))
            d_a = d_a + pinv_cotangent(d_inverse, np.asarray(a), inverse)
        if not is_zero(d_residuals) and np.size(d_residuals):
            d_error = 2.0 * (b - a @ x) * (d_residuals if np.ndim(b) > 1 else d_residuals[0])
            d_b = d_b + d_error
            d_a = d_a - _columns(d_error) @ hermitian(_columns(x))
        if not is_zero(d_s):
            d_a = d_a + (u * d_s) @ vh
        return d_a, d_b

    return result, lstsq_pullback


def _columns(b: Any) -> Any:
    """A vector as a matrix of one column."""
    return np.reshape(b, (np.shape(b)[0], -1))


# --- determinants -----------------------------------------------------------------------------


def cofactors(a: Any, y: Any) -> Any:
    """The matrices of cofactors, finite for singular matrices too; `y` is the determinant.

    From ``a = u @ diag(s) @ vh``: the cofactors of a unitary matrix are its conjugate times its
    determinant, those of a diagonal matrix the products of the other elements.

    >>> cofactors(np.array([[1.0, 2.0], [2.0, 4.0]]), 0.0).round(12)
    array([[ 4., -2.],
           [-2.,  1.]])
    """
    if np.all(np.abs(y) > 0):
        return np.asarray(y)[..., None, None] * np.linalg.inv(a).swapaxes(-1, -2)
    u, s, vh = np.linalg.svd(a)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    others = np.where(np.eye(s.shape[-1]) == 1, 1.0, s[..., None, :]).prod(-1)
    return np.asarray(sign)[..., None, None] * ((conj(u) * others[..., None, :]) @ conj(vh))


@adjoint(np.linalg.det, fresh=True)
def det(a: Any) -> Any:
    """y = the determinant."""
    y = np.linalg.det(a)

    def det_pullback(d_y: Any) -> Any:
        return (np.asarray(d_y)[..., None, None] * conj(cofactors(a, y)),)

    return y, det_pullback


@adjoint(np.linalg.slogdet, fresh=True)
def slogdet(a: Any) -> Any:
    """(sign, logabsdet): the phase of the determinant and the logarithm of its size."""
    result = np.linalg.slogdet(a)
    sign, log = result

    def slogdet_pullback(d_result: Any) -> Any:
        d_sign, d_log = slots(d_result, 2, ("sign", "logabsdet"))
        weight: Any = np.zeros_like(log) if is_zero(d_log) else d_log
        if np.iscomplexobj(sign) and not is_zero(d_sign):
            weight = weight - 1j * np.imag(np.conjugate(d_sign) * sign)
        return (_log_determinant_cotangent(np.asarray(weight), np.asarray(a), sign),)

    return result, slogdet_pullback


def _log_determinant_cotangent(weight: Any, a: Any, sign: Any) -> Any:
    """``weight * inv(a)^H``; at a singular matrix infinite, but zero for a zero weight."""
    weight = weight[..., None, None]
    is_singular = np.asarray(sign == 0)[..., None, None]
    if not np.any(is_singular):
        return weight * hermitian(np.linalg.inv(a))
    regular = np.where(is_singular, np.eye(a.shape[-1], dtype=a.dtype), a)
    infinite = np.where(weight == 0, 0.0 * weight, np.inf)
    return np.where(is_singular, infinite, weight * hermitian(np.linalg.inv(regular)))


# --- powers and chains ------------------------------------------------------------------------


@adjoint(np.linalg.matrix_power, static=("n",))
def matrix_power(a: Any, n: int) -> Any:
    """y = the product of `n` matrices `a`."""

    def matrix_power_pullback(d_y: Any) -> Any:
        base = hermitian(np.linalg.inv(a) if n < 0 else np.asarray(a))
        d_base = _power_sum(base, d_y, abs(n))
        return (-base @ d_base @ base if n < 0 else d_base,)

    return np.linalg.matrix_power(a, n), matrix_power_pullback


def _power_sum(b: Any, d: Any, n: int) -> Any:
    """The sum of ``b^k @ d @ b^(n-1-k)`` for k < n: a corner of the power of a block matrix."""
    size = b.shape[-1]
    upper = np.concatenate((b, d), -1)
    lower = np.concatenate((np.zeros_like(b), b), -1)
    return np.linalg.matrix_power(np.concatenate((upper, lower), -2), n)[..., :size, size:]


@adjoint(np.linalg.multi_dot, fresh=True)
def multi_dot(arrays: Any, *, out: Any = None) -> Any:
    """y = the product of several matrices (the first and last may be vectors)."""
    no_out(out)

    def multi_dot_pullback(d_y: Any) -> Any:
        matrices = [np.asarray(array) for array in arrays]
        shapes = [matrix.shape for matrix in matrices]
        if matrices[0].ndim == 1:
            matrices[0] = matrices[0][None, :]
        if matrices[-1].ndim == 1:
            matrices[-1] = matrices[-1][:, None]
        d_y = np.reshape(d_y, (matrices[0].shape[0], matrices[-1].shape[1]))
        d_arrays = [
            np.linalg.multi_dot(
                [*map(hermitian, matrices[:i][::-1]), d_y, *map(hermitian, matrices[i + 1 :][::-1])]
            )
            for i in range(len(matrices))
        ]
        return ([np.reshape(d, shape) for d, shape in zip(d_arrays, shapes, strict=True)],)

    return np.linalg.multi_dot(arrays), multi_dot_pullback


# --- parts of matrices ------------------------------------------------------------------------


def on_diagonal(d_y: Any, shape: tuple[int, ...], offset: int) -> Any:
    """Zeros of `shape` with `d_y` on the diagonals of the last two axes."""
    n = np.shape(d_y)[-1]
    steps = np.arange(n)
    d_x = np.zeros(shape, d_y.dtype)
    d_x[..., steps - min(offset, 0), steps + max(offset, 0)] = d_y
    return d_x


@adjoint(np.linalg.diagonal)
def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """y = the diagonals of the matrices in the last two axes."""
    shape = np.shape(x)

    def diagonal_pullback(d_y: Any) -> Any:
        return (on_diagonal(d_y, shape, offset),)

    return np.linalg.diagonal(x, offset=offset), diagonal_pullback


@adjoint(np.linalg.trace, fresh=True)
def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """y = the sums of the diagonals of the matrices in the last two axes."""
    shape = np.shape(x)

    def trace_pullback(d_y: Any) -> Any:
        rows, columns = shape[-2:]
        on = np.eye(rows, columns, offset, bool)
        return (np.where(on, np.asarray(d_y)[..., None, None], 0.0),)

    return np.linalg.trace(x, offset=offset, dtype=dtype), trace_pullback


@adjoint(np.linalg.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    """y = the last two axes exchanged."""

    def matrix_transpose_pullback(d_y: Any) -> Any:
        return (d_y.swapaxes(-1, -2),)

    return np.linalg.matrix_transpose(x), matrix_transpose_pullback
