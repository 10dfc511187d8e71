"""Rules for products of arrays: `matmul`, `dot` and their relatives.

For ``y = a @ b`` the cotangents are ``d_y @ b^H`` and ``a^H @ d_y``, where ``^H`` is the conjugate
transpose; batch axes that were broadcast are summed afterwards by `dpy.cotangent.project`.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from dpy.adjoints.numpy.arguments import no_out
from dpy.adjoints.registry import adjoint

__all__ = ["conj", "hermitian", "matmul_left", "matmul_right"]


def conj(x: Any) -> Any:
    """The conjugate of an array, which costs nothing for a real one."""
    x = np.asarray(x)
    return x.conj() if x.dtype.kind == "c" else x


def hermitian(x: Any) -> Any:
    """The conjugate transpose over the last two axes."""
    x = x.swapaxes(-1, -2) if x.ndim > 2 else x.T
    return x.conj() if x.dtype.kind == "c" else x


# --- matmul -----------------------------------------------------------------------------------


def matmul_left(d_y: Any, b: Any) -> Any:
    """The cotangent of `a` in ``y = a @ b``, before broadcast axes are summed."""
    if type(b) is not np.ndarray:
        b = np.asarray(b)
    ndim = b.ndim
    if ndim == 2:
        return d_y @ (b.T if b.dtype.kind != "c" else b.T.conj())
    if ndim == 1:
        return column_times(d_y, conj(b))
    if np.ndim(d_y) == ndim - 1:  # a is a vector
        return (d_y[..., None, :] @ hermitian(b))[..., 0, :]
    return d_y @ hermitian(b)


def matmul_right(d_y: Any, a: Any, b_ndim: int) -> Any:
    """The cotangent of `b` in ``y = a @ b``, before broadcast axes are summed."""
    if type(a) is not np.ndarray:
        a = np.asarray(a)
    ndim = a.ndim
    if ndim == 2:
        return (a.T if a.dtype.kind != "c" else a.T.conj()) @ d_y
    if ndim == 1:
        return conj(a) * d_y if b_ndim == 1 else conj(a)[:, None] * d_y[..., None, :]
    if b_ndim == 2:  # one matrix for the whole batch: sum over it in one product
        return hermitian(_rows(a)) @ _rows(d_y)
    if b_ndim == 1:
        return hermitian(_rows(a)) @ d_y.ravel()
    return hermitian(a) @ d_y


def column_times(d_y: Any, b: Any) -> Any:
    """The products of each element of `d_y` with the vector `b`."""
    return d_y[..., None] * b if np.ndim(d_y) else d_y * b


def _rows(x: Any) -> Any:
    """All rows of an array in one matrix."""
    return x.reshape(int(np.prod(x.shape[:-1])), x.shape[-1])


@adjoint(np.matmul, np.linalg.matmul, fresh=True)
def matmul(a: Any, b: Any, /) -> Any:
    """y = a @ b, batched."""
    b_ndim = np.ndim(b)

    def matmul_pullback(d_y: Any) -> Any:
        return matmul_left(d_y, b), matmul_right(d_y, a, b_ndim)

    return np.matmul(a, b), matmul_pullback


@adjoint(operator.matmul, fresh=True)
def matmul_operator(a: Any, b: Any) -> Any:
    """y = a @ b, batched; vectors too."""
    b_ndim = np.ndim(b)

    def matmul_pullback(d_y: Any) -> Any:
        return matmul_left(d_y, b), matmul_right(d_y, a, b_ndim)

    return a @ b, matmul_pullback


# --- dot and its relatives --------------------------------------------------------------------


def dot_left(d_y: Any, b: Any, a_ndim: int) -> Any:
    """The cotangent of `a` in ``y = np.dot(a, b)``."""
    b = conj(b)
    if a_ndim == 0:
        return np.sum(d_y * b)
    if b.ndim == 0:
        return d_y * b
    if b.ndim == 1:
        return column_times(d_y, b)
    if b.ndim == 2:
        return d_y @ b.T
    summed = tuple(range(-b.ndim + 1, 0))
    return np.tensordot(d_y, b, (summed, tuple(range(b.ndim - 2)) + (b.ndim - 1,)))


def dot_right(d_y: Any, a: Any, b_ndim: int) -> Any:
    """The cotangent of `b` in ``y = np.dot(a, b)``."""
    a = conj(a)
    if b_ndim == 0:
        return np.sum(a * d_y)
    if a.ndim == 0:
        return a * d_y
    if a.ndim == 2 and b_ndim <= 2:
        return a.T @ d_y
    kept = tuple(range(a.ndim - 1))
    if kept:
        d_b = np.tensordot(a, d_y, (kept, kept))
    else:
        d_b = a.reshape(-1, *[1] * np.ndim(d_y)) * d_y
    return np.moveaxis(d_b, 0, -2) if b_ndim > 1 else d_b


@adjoint(np.dot, np.ndarray.dot, static=("out",), fresh=True)
def dot(a: Any, b: Any, out: Any = None) -> Any:
    """y = the sum of products over the last axis of `a` and the last but one of `b`."""
    a_ndim = np.ndim(a)
    b_ndim = np.ndim(b)

    def dot_pullback(d_y: Any) -> Any:
        return dot_left(d_y, b, a_ndim), dot_right(d_y, a, b_ndim)

    return np.dot(a, b, no_out(out)), dot_pullback


@adjoint(np.inner, fresh=True)
def inner(a: Any, b: Any, /) -> Any:
    """y = the sum of products over the last axes."""

    def inner_pullback(d_y: Any) -> Any:
        return inner_left(d_y, a, b), inner_right(d_y, a, b)

    return np.inner(a, b), inner_pullback


def inner_left(d_y: Any, a: Any, b: Any) -> Any:
    """The cotangent of `a` in ``y = np.inner(a, b)``."""
    b = conj(b)
    if np.ndim(a) == 0:
        return np.sum(d_y * b)
    if b.ndim == 0:
        return d_y * b
    return np.tensordot(d_y, b, b.ndim - 1)


def inner_right(d_y: Any, a: Any, b: Any) -> Any:
    """The cotangent of `b` in ``y = np.inner(a, b)``."""
    a = conj(a)
    if np.ndim(b) == 0:
        return np.sum(d_y * a)
    if a.ndim == 0:
        return d_y * a
    kept = tuple(range(a.ndim - 1))
    return np.tensordot(d_y, a, (kept, kept))


@adjoint(np.vdot, fresh=True)
def vdot(a: Any, b: Any, /) -> Any:
    """y = the sum of conj(a) * b over all elements."""
    a_shape = np.shape(a)
    b_shape = np.shape(b)

    def vdot_pullback(d_y: Any) -> Any:
        return (
            np.reshape(np.conjugate(d_y) * np.asarray(b), a_shape),
            np.reshape(d_y * np.asarray(a), b_shape),
        )

    return np.vdot(a, b), vdot_pullback


@adjoint(np.outer, static=("out",), fresh=True)
def outer(a: Any, b: Any, out: Any = None) -> Any:
    """y[i, j] = a[i] * b[j]."""
    a_shape = np.shape(a)
    b_shape = np.shape(b)

    def outer_pullback(d_y: Any) -> Any:
        return (
            np.reshape(d_y @ conj(b).ravel(), a_shape),
            np.reshape(conj(a).ravel() @ d_y, b_shape),
        )

    return np.outer(a, b, no_out(out)), outer_pullback


@adjoint(np.linalg.outer, fresh=True)
def linalg_outer(x1: Any, x2: Any, /) -> Any:
    """y[i, j] = x1[i] * x2[j]."""

    def linalg_outer_pullback(d_y: Any) -> Any:
        return d_y @ conj(x2), conj(x1) @ d_y

    return np.linalg.outer(x1, x2), linalg_outer_pullback


@adjoint(np.vecdot, fresh=True)
def vecdot(x1: Any, x2: Any, /, *, axis: Any = -1, keepdims: bool = False) -> Any:
    """y = the sum of conj(x1) * x2 along `axis`."""

    def vecdot_pullback(d_y: Any) -> Any:
        return (
            vecdot_part(np.conjugate(d_y), x2, x1, axis, keepdims),
            vecdot_part(d_y, x1, x2, axis, keepdims),
        )

    return np.vecdot(x1, x2, axis=axis, keepdims=keepdims), vecdot_pullback


@adjoint(np.linalg.vecdot, fresh=True)
def linalg_vecdot(x1: Any, x2: Any, /, *, axis: Any = -1) -> Any:
    """y = the sum of conj(x1) * x2 along `axis`."""
    y, vecdot_pullback = vecdot(x1, x2, axis=axis)
    return y, vecdot_pullback


if hasattr(np, "matvec"):

    @adjoint(np.matvec, fresh=True)
    def matvec(x1: Any, x2: Any, /) -> Any:
        """y = matrices x1 times vectors x2."""

        def matvec_pullback(d_y: Any) -> Any:
            d_y = np.asarray(d_y)
            return d_y[..., :, None] * conj(x2)[..., None, :], np.matvec(
                hermitian(np.asarray(x1)), d_y
            )

        return np.matvec(x1, x2), matvec_pullback

    @adjoint(np.vecmat, fresh=True)
    def vecmat(x1: Any, x2: Any, /) -> Any:
        """y = conjugated vectors x1 times matrices x2."""

        def vecmat_pullback(d_y: Any) -> Any:
            d_y = np.asarray(d_y)
            return (
                np.matvec(np.asarray(x2), np.conjugate(d_y)),
                np.asarray(x1)[..., :, None] * d_y[..., None, :],
            )

        return np.vecmat(x1, x2), vecmat_pullback


# --- tensordot, kron, cross -------------------------------------------------------------------


def tensordot_axes(axes: Any, a_ndim: int, b_ndim: int) -> tuple[list[int], list[int]]:
    """The axes of both operands that are summed, as lists of non-negative integers.

    >>> tensordot_axes(1, 2, 3), tensordot_axes((-1, 0), 2, 2)
    (([1], [0]), ([1], [0]))
    """
    if np.ndim(axes) == 0 and not isinstance(axes, (list, tuple)):
        return list(range(a_ndim - axes, a_ndim)), list(range(axes))
    a_axes, b_axes = axes
    return (
        [int(i) % a_ndim for i in np.atleast_1d(np.asarray(a_axes, int))],
        [int(i) % b_ndim for i in np.atleast_1d(np.asarray(b_axes, int))],
    )


@adjoint(np.tensordot, static=("axes",), fresh=True)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """y = the sum of products over pairs of axes."""
    a_ndim = np.ndim(a)
    b_ndim = np.ndim(b)

    def tensordot_pullback(d_y: Any) -> Any:
        return (
            tensordot_left(d_y, b, axes, a_ndim, b_ndim),
            tensordot_right(d_y, a, axes, a_ndim, b_ndim),
        )

    return np.tensordot(a, b, axes), tensordot_pullback


@adjoint(np.linalg.tensordot, fresh=True)
def linalg_tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    """y = the sum of products over pairs of axes."""
    y, tensordot_pullback = tensordot(x1, x2, axes)
    return y, tensordot_pullback


def tensordot_left(d_y: Any, b: Any, axes: Any, a_ndim: int, b_ndim: int) -> Any:
    """The cotangent of `a` in ``np.tensordot(a, b, axes)``."""
    a_axes, b_axes = tensordot_axes(axes, a_ndim, b_ndim)
    a_kept = [i for i in range(a_ndim) if i not in a_axes]
    b_kept = [i for i in range(b_ndim) if i not in b_axes]
    d_a = np.tensordot(d_y, conj(b), (range(len(a_kept), np.ndim(d_y)), b_kept))
    # The axes of d_a: those kept of a, then the summed ones in the order that they have in b.
    order = a_kept + [a_axes[b_axes.index(i)] for i in sorted(b_axes)]
    return np.transpose(d_a, np.argsort(order))


def tensordot_right(d_y: Any, a: Any, axes: Any, a_ndim: int, b_ndim: int) -> Any:
    """The cotangent of `b` in ``np.tensordot(a, b, axes)``."""
    a_axes, b_axes = tensordot_axes(axes, a_ndim, b_ndim)
    a_kept = [i for i in range(a_ndim) if i not in a_axes]
    b_kept = [i for i in range(b_ndim) if i not in b_axes]
    d_b = np.tensordot(conj(a), d_y, (a_kept, range(len(a_kept))))
    order = [b_axes[a_axes.index(i)] for i in sorted(a_axes)] + b_kept
    return np.transpose(d_b, np.argsort(order))


@adjoint(np.kron, fresh=True)
def kron(a: Any, b: Any) -> Any:
    """y = the blocks a[i, j] * b."""

    def kron_pullback(d_y: Any) -> Any:
        return kron_left(d_y, a, b), kron_right(d_y, a, b)

    return np.kron(a, b), kron_pullback


def kron_left(d_y: Any, a: Any, b: Any) -> Any:
    """The cotangent of `a` in ``np.kron(a, b)``: axes 1, 3, 5, ... of the blocks belong to `b`."""
    d_blocks, ndim = _blocks(d_y, a, b)
    d_a = np.tensordot(d_blocks, _padded(conj(b), ndim), (range(1, 2 * ndim, 2), range(ndim)))
    return np.reshape(d_a, np.shape(a))


def kron_right(d_y: Any, a: Any, b: Any) -> Any:
    """The cotangent of `b` in ``np.kron(a, b)``."""
    d_blocks, ndim = _blocks(d_y, a, b)
    d_b = np.tensordot(_padded(conj(a), ndim), d_blocks, (range(ndim), range(0, 2 * ndim, 2)))
    return np.reshape(d_b, np.shape(b))


def _blocks(d_y: Any, a: Any, b: Any) -> tuple[Any, int]:
    ndim = max(np.ndim(a), np.ndim(b))
    sizes = zip(_padded(a, ndim).shape, _padded(b, ndim).shape, strict=True)
    return np.reshape(d_y, [n for pair in sizes for n in pair]), ndim


def _padded(x: Any, ndim: int) -> Any:
    """`x` with leading axes of length one, so that it has `ndim` axes."""
    return np.reshape(x, (1,) * (ndim - np.ndim(x)) + np.shape(x))


# Vectors of two components give numbers, so the kind of the result depends on shapes.
@adjoint(np.cross, static=("axisa", "axisb", "axisc", "axis"), fresh=True, kind="unknown")
def cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    """y = the vector product; vectors of two components have the third one zero."""
    axes = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)

    def cross_pullback(d_y: Any) -> Any:
        u = _three(conj(a), axes[0])
        v = _three(conj(b), axes[1])
        planar = np.shape(a)[axes[0]] == np.shape(b)[axes[1]] == 2
        w = _along_z(d_y) if planar else np.moveaxis(d_y, axes[2], -1)
        return _back(np.cross(v, w), a, axes[0]), _back(np.cross(w, u), b, axes[1])

    return np.cross(a, b, axisa, axisb, axisc, axis), cross_pullback


@adjoint(np.linalg.cross, fresh=True)
def linalg_cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """y = the vector product of vectors of three components."""
    y = np.linalg.cross(x1, x2, axis=axis)
    return y, cross(x1, x2, axis=axis)[1]


def _three(x: Any, axis: int) -> Any:
    """The vectors along the last axis, with three components."""
    x = np.moveaxis(x, axis, -1)
    return x if x.shape[-1] == 3 else np.concatenate((x, np.zeros_like(x[..., :1])), -1)


def _along_z(d_y: Any) -> Any:
    d_y = np.asarray(d_y)
    zero = np.zeros_like(d_y)
    return np.stack((zero, zero, d_y), -1)


def _back(d_x: Any, x: Any, axis: int) -> Any:
    """Drop a third component that `x` lacks, put the axis back, sum over broadcast axes."""
    d_x = d_x[..., : np.shape(x)[axis]]
    extra = d_x.ndim - np.ndim(x)
    if extra > 0:
        d_x = d_x.sum(tuple(range(extra)))
    return np.moveaxis(d_x, -1, axis)


def vecdot_part(d_y: Any, other: Any, x: Any, axis: int, keepdims: bool) -> Any:
    """``d_y * other``, laid out as the operand `x` of a `vecdot` along `axis`."""
    d_last = np.moveaxis(d_y, axis, -1) if keepdims else np.expand_dims(d_y, -1)
    return _back(d_last * np.moveaxis(other, axis, -1), x, axis)
