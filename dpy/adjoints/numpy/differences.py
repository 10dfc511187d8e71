"""Rules for finite differences: `diff`, `ediff1d`, `gradient`."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.adjoints.numpy.arguments import dtype_of
from dpy.adjoints.numpy.axes import NO_VALUE
from dpy.adjoints.numpy.joining import slots
from dpy.adjoints.registry import adjoint
from dpy.cotangent import is_zero, unbroadcast

__all__ = ["diff_adjoint"]


def diff_adjoint(d_y: Any, n: int, axis: int = 0) -> Any:
    """The cotangent of `x`, which has length `n` along `axis`, in ``y = x[1:] - x[:-1]``.

    >>> diff_adjoint(np.array([1.0, 3.0]), 3)
    array([-1., -2.,  3.])
    """
    d_y = np.moveaxis(d_y, axis, 0)
    d_x = np.zeros((n, *d_y.shape[1:]), d_y.dtype)
    d_x[1:] += d_y
    d_x[:-1] -= d_y
    return np.moveaxis(d_x, 0, axis)


@adjoint(np.diff, static=("n", "axis"))
def diff(
    a: Any, n: int = 1, axis: int = -1, prepend: Any = NO_VALUE, append: Any = NO_VALUE
) -> Any:
    """y = the n-th differences along `axis`."""
    y = np.diff(a, n, axis, prepend, append)
    shape = np.shape(a)
    before = _added_length(prepend, axis)
    after = _added_length(append, axis)
    is_boolean = dtype_of(a).kind == "b"

    def diff_pullback(d_y: Any) -> Any:
        if n == 0:
            return d_y, None, None
        if is_boolean:
            return None, None, None
        length = shape[axis]
        total = before + length + after
        for k in range(n - 1, -1, -1):
            d_y = diff_adjoint(d_y, max(total - k, 0), axis)
        d_y = np.moveaxis(d_y, axis, 0)
        parts = d_y[before : before + length], d_y[:before], d_y[before + length :]
        d_a, d_prepend, d_append = (np.moveaxis(part, 0, axis) for part in parts)
        return d_a, d_prepend if before else None, d_append if after else None

    return y, diff_pullback


def _added_length(values: Any, axis: int) -> int:
    """How far `prepend` or `append` make the array longer."""
    if values is NO_VALUE:
        return 0
    return np.shape(values)[axis] if np.ndim(values) else 1


@adjoint(np.ediff1d, fresh=True)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """y = the differences of consecutive elements, with values before and after them."""
    shape = np.shape(ary)
    begin = 0 if to_begin is None else int(np.size(to_begin))
    end = 0 if to_end is None else int(np.size(to_end))

    def ediff1d_pullback(d_y: Any) -> Any:
        size = int(np.prod(shape))
        stop = d_y.shape[0] - end
        d_ary = diff_adjoint(d_y[begin:stop], size).reshape(shape)
        return (
            d_ary,
            d_y[stop:].reshape(np.shape(to_end)) if end else None,
            d_y[:begin].reshape(np.shape(to_begin)) if begin else None,
        )

    return np.ediff1d(ary, to_end, to_begin), ediff1d_pullback


# --- gradient ---------------------------------------------------------------------------------


@adjoint(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """y = central differences; for several axes a tuple, one array per axis."""
    y = np.gradient(f, *varargs, axis=axis, edge_order=edge_order)

    def gradient_pullback(d_y: Any) -> Any:
        values = np.asarray(f) * 1.0
        axes = _axes(axis, values.ndim)
        parts = slots(d_y, len(axes)) if isinstance(y, (tuple, list)) else [d_y]
        spacings = varargs if len(varargs) == len(axes) else (*varargs, 1.0)[:1] * len(axes)
        d_f: Any = np.zeros_like(values)
        d_spacings: list[Any] = []
        for d, i, spacing in zip(parts, axes, spacings, strict=True):
            if is_zero(d):
                d_spacings.append(None)
                continue
            d_part, d_spacing = _gradient_along(d, values, i, spacing, edge_order)
            d_f = d_f + d_part
            d_spacings.append(d_spacing)
        if not varargs:
            return (d_f,)
        if len(varargs) < len(axes):
            given = [d for d in d_spacings if d is not None]
            return d_f, sum(given[1:], given[0]) if given else None
        return (d_f, *d_spacings)

    return y, gradient_pullback


def _axes(axis: Any, ndim: int) -> list[int]:
    if axis is None:
        return list(range(ndim))
    return [i % ndim for i in (axis if isinstance(axis, (tuple, list)) else (axis,))]


def _gradient_along(d_y: Any, f: Any, axis: int, spacing: Any, edge_order: int) -> Any:
    """The cotangents of `f` and of the spacing.

    Between neighbours, ``g = diff(f) / h``. Inside, y is the mean of the two values of g beside
    a point, each weighted with the *other* step h; at the edges it is g itself, or with
    ``edge_order=2`` g extrapolated to the edge.
    """
    d_y, f = np.moveaxis(d_y, axis, 0), np.moveaxis(f, axis, 0)
    n = f.shape[0]
    is_step = np.ndim(spacing) == 0
    h = np.broadcast_to(spacing, n - 1) if is_step else np.diff(np.asarray(spacing))
    h = np.asarray(h, f.real.dtype).reshape(-1, *[1] * (f.ndim - 1))
    g = np.diff(f, axis=0) / h
    d_g = np.zeros_like(d_y[1:])
    d_h = np.zeros_like(g)
    total = h[:-1] + h[1:]
    left, right = h[1:] / total, h[:-1] / total
    inner = d_y[1:-1]
    d_g[:-1] += inner * left
    d_g[1:] += inner * right
    # y = g0 + (g1 - g0) * h0 / (h0 + h1)
    slope = np.conjugate(g[1:] - g[:-1]) * inner / total
    d_h[:-1] += slope * left
    d_h[1:] -= slope * right
    _add_edge(d_g, d_h, d_y[0], g, h, edge_order, 0, 1)
    _add_edge(d_g, d_h, d_y[-1], g, h, edge_order, -1, -2)
    d_h = d_h - d_g * np.conjugate(g) / h
    d_f = np.moveaxis(diff_adjoint(d_g / h, n), 0, axis)
    d_steps = unbroadcast(np.real(d_h), h.shape).ravel()
    return d_f, d_steps.sum() if is_step else diff_adjoint(d_steps, n)


def _add_edge(
    d_g: Any, d_h: Any, d_edge: Any, g: Any, h: Any, edge_order: int, i: int, j: int
) -> None:
    """The edge beside step `i`, whose neighbour is step `j`: g_i, or g_i - (g_j - g_i) * share."""
    d_g[i] += d_edge
    if edge_order == 1:
        return
    total = h[i] + h[j]
    share = h[i] / total
    d_g[i] += d_edge * share
    d_g[j] -= d_edge * share
    slope = np.conjugate(g[j] - g[i]) * d_edge / total
    d_h[i] -= slope * (h[j] / total)
    d_h[j] += slope * share
