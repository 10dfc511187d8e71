"""Adjoints of functions that make arrays, of diagonals and triangles; questions about arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.adjoints.numpy.arguments import no_out
from dpy.adjoints.numpy.axes import functions, smooth_shape
from dpy.adjoints.registry import adjoint, nondifferentiable
from dpy.cotangent import ZERO, conjugate, is_zero, unbroadcast

nondifferentiable(
    *functions("zeros", "ones", "empty", "zeros_like", "ones_like", "empty_like"),
    *functions("eye", "identity", "tri"),
)

nondifferentiable(
    *functions("shape", "ndim", "size", "result_type", "can_cast", "promote_types"),
    *functions("common_type", "min_scalar_type", "mintypecode", "dtype", "issubdtype", "isdtype"),
    *functions("iinfo", "finfo", "isscalar", "iscomplex", "isreal", "iscomplexobj", "isrealobj"),
    *functions("isfortran", "iterable", "shares_memory", "may_share_memory", "array_equal"),
    *functions("array_equiv", "allclose", "isclose", "isposinf", "isneginf", "broadcast_shapes"),
    *functions("array_repr", "array_str", "array2string", "format_float_positional"),
    *functions("format_float_scientific", "typename", "tril_indices", "triu_indices"),
    *functions("tril_indices_from", "triu_indices_from", "diag_indices", "diag_indices_from"),
)


# --- constant arrays --------------------------------------------------------------------------


@adjoint(np.full, static=("shape", "dtype", "order"), fresh=True)
def full(
    shape: Any,
    fill_value: Any,
    dtype: Any = None,
    order: Any = "C",
    *,
    device: Any = None,
    like: Any = None,
) -> Any:
    """The fill value everywhere."""
    fill_shape = smooth_shape(fill_value, dtype)

    def full_pullback(d_y: Any) -> Any:
        return (collected(d_y, fill_shape),)

    return np.full(shape, fill_value, dtype, order, device=device, like=like), full_pullback


@adjoint(np.full_like, static=("dtype", "order", "subok", "shape"), fresh=True)
def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: Any = "K",
    subok: Any = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Any:
    """The fill value everywhere, in the dtype and shape of `a`."""
    y = np.full_like(a, fill_value, dtype, order, subok, shape, device=device)
    fill_shape = smooth_shape(fill_value, y.dtype)

    def full_like_pullback(d_y: Any) -> Any:
        return None, collected(d_y, fill_shape)

    return y, full_like_pullback


def collected(d_y: Any, shape: Any) -> Any:
    """The sum over the places that one value went to."""
    return None if shape is None else unbroadcast(d_y, shape)


# --- ranges -----------------------------------------------------------------------------------


@adjoint(np.arange, fresh=True)
def arange(
    start: Any = None,
    stop: Any = None,
    step: Any = None,
    dtype: Any = None,
    *,
    device: Any = None,
    like: Any = None,
) -> Any:
    """y_i = start + i * step; `stop` only sets the length. One argument is the stop."""
    given = {"start": start, "stop": stop, "step": step, "dtype": dtype}
    y = arange_value({name: x for name, x in given.items() if x is not None}, device, like)
    has_start = start is not None and stop is not None

    def arange_pullback(d_y: Any) -> Any:
        d_start, d_step = spread_arange(d_y, y)
        return d_start if has_start else None, None, d_step, None

    return y, arange_pullback


def arange_value(given: dict[str, Any], device: Any, like: Any) -> Any:
    """Call np.arange, which knows its first argument by its position only."""
    first = given.pop("start", None)
    if first is None:
        return np.arange(given.pop("stop"), **given, device=device, like=like)
    return np.arange(first, **given, device=device, like=like)


def spread_arange(d_y: Any, y: Any) -> tuple[Any, Any]:
    """The cotangents of the start and the step."""
    count = np.arange(len(y), dtype=d_y.dtype)
    return np.sum(d_y), np.sum(d_y * count)


@adjoint(np.linspace, static=("num", "endpoint", "retstep", "dtype", "axis"), fresh=True)
def linspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: Any = True,
    retstep: Any = False,
    dtype: Any = None,
    axis: Any = 0,
    *,
    device: Any = None,
) -> Any:
    """y_i = start + (stop - start) * i / n, and the step with `retstep`."""
    y = np.linspace(start, stop, num, endpoint, retstep, dtype, axis, device=device)
    cut = dtype is not None and np.dtype(dtype).kind not in "fc"

    def linspace_pullback(d_y: Any) -> Any:
        d_points, d_step = (d_y[0], d_y[1]) if retstep else (d_y, None)
        return spread_linspace(None if cut else d_points, d_step, num, endpoint, axis)

    return y, linspace_pullback


def spread_linspace(d: Any, d_step: Any, num: Any, endpoint: Any, axis: Any) -> tuple[Any, Any]:
    """The cotangents of the ends, before they are summed over broadcast axes."""
    d_start: Any = 0.0
    d_stop: Any = 0.0
    parts = int(num) - 1 if endpoint else int(num)
    if not is_zero(d):
        d = np.moveaxis(d, axis, -1)
        d_start = np.sum(d * weights_of_stop(parts, num, d.dtype, from_end=True), axis=-1)
        d_stop = np.sum(d * weights_of_stop(parts, num, d.dtype), axis=-1)
    if not is_zero(d_step) and parts > 0:
        d_start, d_stop = d_start - d_step / parts, d_stop + d_step / parts
    return d_start, d_stop


def weights_of_stop(parts: int, num: Any, dtype: Any, *, from_end: bool = False) -> Any:
    """The share of the stop (from the end: of the start) in each point."""
    count = np.arange(int(num), dtype=dtype)
    return (parts - count if from_end else count) / max(parts, 1) if parts > 0 else 1.0 * from_end


@adjoint(np.logspace, static=("num", "endpoint", "dtype", "axis"), fresh=True)
def logspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: Any = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: Any = 0,
) -> Any:
    """y = base ** linspace(start, stop)."""
    y = np.logspace(start, stop, num, endpoint, base, dtype, axis)

    def logspace_pullback(d_y: Any) -> Any:
        if dtype is not None and np.dtype(dtype).kind not in "fc":
            return None, None, None
        return spread_logspace(d_y, y, start, stop, num, endpoint, base, axis)

    return y, logspace_pullback


def spread_logspace(
    d: Any, y: Any, start: Any, stop: Any, num: Any, endpoint: Any, base: Any, axis: Any
) -> tuple[Any, Any, Any]:
    """The cotangents of both exponents and of the base."""
    ends = (np.asarray(x, y.dtype) for x in (start, stop, base))
    start, stop, bases = np.broadcast_arrays(*ends)
    exponents = np.moveaxis(np.linspace(start, stop, num, endpoint), 0, -1)
    d, y = np.moveaxis(d, axis, -1), np.moveaxis(y, axis, -1)
    bases = bases[..., None]
    d_exponents = np.moveaxis(d * np.conj(y * np.log(bases)), -1, 0)
    d_start, d_stop = spread_linspace(d_exponents, None, num, endpoint, 0)
    return d_start, d_stop, np.sum(d * np.conj(y * exponents / bases), axis=-1)


@adjoint(np.geomspace, static=("num", "endpoint", "dtype", "axis"), fresh=True)
def geomspace(
    start: Any, stop: Any, num: Any = 50, endpoint: Any = True, dtype: Any = None, axis: Any = 0
) -> Any:
    """y_i = start**(1 - w_i) * stop**w_i with evenly spaced w."""
    y = np.geomspace(start, stop, num, endpoint, dtype, axis)

    def geomspace_pullback(d_y: Any) -> Any:
        if dtype is not None and np.dtype(dtype).kind not in "fc":
            return None, None
        d = np.multiply(d_y, np.conj(y))
        d_log_start, d_log_stop = spread_linspace(d, None, num, endpoint, axis)
        return over(d_log_start, start), over(d_log_stop, stop)

    return y, geomspace_pullback


def over(d: Any, x: Any) -> Any:
    """``d / conj(x)``."""
    return d / conjugate(x if np.ndim(x) == 0 else np.asarray(x))


@adjoint(np.meshgrid)
def meshgrid(*xi: Any, copy: Any = True, sparse: Any = False, indexing: Any = "xy") -> Any:
    """Coordinates along each axis, repeated along the others.

    The value is a tuple, but a list for sparse views, whose cotangent is a dict of slots.
    """
    shapes = [np.shape(x) for x in xi]

    def meshgrid_pullback(d_y: Any) -> Any:
        each = d_y if isinstance(d_y, dict) else dict(enumerate(d_y))
        return tuple(
            along_own_axis(each.get(i, ZERO), i, shape, indexing) for i, shape in enumerate(shapes)
        )

    return np.meshgrid(*xi, copy=copy, sparse=sparse, indexing=indexing), meshgrid_pullback


def along_own_axis(d: Any, i: int, shape: tuple[int, ...], indexing: str) -> Any:
    """The sum over all axes but the one that argument `i` varies along."""
    if is_zero(d):
        return None
    own = 1 - i if indexing == "xy" and i < 2 and d.ndim > 1 else i
    return np.reshape(np.sum(d, axis=tuple(k for k in range(d.ndim) if k != own)), shape)


@adjoint(np.vander, static=("N", "increasing"), fresh=True)
def vander(x: Any, N: Any = None, increasing: Any = False) -> Any:  # noqa: N803 - NumPy's name
    """The powers of x, one per column."""
    y = np.vander(x, N, increasing)

    def vander_pullback(d_y: Any) -> Any:
        return (spread_powers(d_y, x, increasing),)

    return y, vander_pullback


def spread_powers(d: Any, x: Any, increasing: Any) -> Any:
    """The sum over the columns of ``d * p * x**(p-1)``, of which the column p = 0 has no part."""
    d = d if increasing else d[:, ::-1]
    lower = np.vander(np.multiply(x, 1.0), max(d.shape[1] - 1, 0), True)
    powers = np.arange(1, lower.shape[1] + 1, dtype=d.dtype)
    return np.sum(d[:, 1:] * powers * np.conj(lower), axis=-1)


# --- diagonals and triangles ------------------------------------------------------------------


@adjoint(np.diag, static=("k",))
def diag(v: Any, k: Any = 0) -> Any:
    """The diagonal of a matrix, or a matrix of a diagonal."""
    shape = np.shape(v)

    def diag_pullback(d_y: Any) -> Any:
        return (np.diagonal(d_y, k) if len(shape) == 1 else on_diagonal(d_y, shape, k, 0, 1),)

    return np.diag(v, k), diag_pullback


@adjoint(np.diagflat, static=("k",), fresh=True)
def diagflat(v: Any, k: Any = 0) -> Any:
    """A matrix of a diagonal that may have any shape."""
    shape = np.shape(v)

    def diagflat_pullback(d_y: Any) -> Any:
        return (np.reshape(np.diagonal(d_y, k), shape),)

    return np.diagflat(v, k), diagflat_pullback


@adjoint(np.diagonal, np.ndarray.diagonal, static=("offset", "axis1", "axis2"))
def diagonal(a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Any:
    """The diagonals in the planes of two axes, along a new last axis."""
    shape = np.shape(a)

    def diagonal_pullback(d_y: Any) -> Any:
        return (on_diagonal(d_y, shape, offset, axis1, axis2),)

    return np.diagonal(a, offset, axis1, axis2), diagonal_pullback


@adjoint(
    np.trace, np.ndarray.trace, static=("offset", "axis1", "axis2", "dtype", "out"), fresh=True
)
def trace(
    a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1, dtype: Any = None, out: Any = None
) -> Any:
    """The sums along the diagonals."""
    shape = smooth_shape(a, dtype)

    def trace_pullback(d_y: Any) -> Any:
        return (on_diagonal(np.asarray(d_y)[..., None], shape, offset, axis1, axis2),)

    return np.trace(a, offset, axis1, axis2, dtype, no_out(out)), trace_pullback


def on_diagonal(d: Any, shape: Any, offset: Any, axis1: Any, axis2: Any) -> Any:
    """Zeros but for `d` on the diagonals.

    >>> on_diagonal(np.array([1.0, 2.0]), (2, 3), 1, 0, 1)
    array([[0., 1., 0.],
           [0., 0., 2.]])
    """
    if shape is None:
        return None
    d_x = np.zeros(shape, d.dtype)
    planes = np.moveaxis(d_x, (axis1, axis2), (-2, -1))
    length = np.diagonal(planes, offset, -2, -1).shape[-1]
    steps = np.arange(length)
    planes[..., steps + max(-offset, 0), steps + max(offset, 0)] = d
    return d_x


@adjoint(np.tril, static=("k",), fresh=True)
def tril(m: Any, k: Any = 0) -> Any:
    """Zero above the k-th diagonal; one row is first repeated to a square."""
    shape = np.shape(m)

    def tril_pullback(d_y: Any) -> Any:
        return (unbroadcast(np.tril(d_y, k), shape),)

    return np.tril(m, k), tril_pullback


@adjoint(np.triu, static=("k",), fresh=True)
def triu(m: Any, k: Any = 0) -> Any:
    """Zero below the k-th diagonal."""
    shape = np.shape(m)

    def triu_pullback(d_y: Any) -> Any:
        return (unbroadcast(np.triu(d_y, k), shape),)

    return np.triu(m, k), triu_pullback
