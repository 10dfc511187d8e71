"""Rules for interpolation, convolution and histograms."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.adjoints.numpy.joining import slots
from dpy.adjoints.numpy.products import conj
from dpy.adjoints.registry import adjoint
from dpy.cotangent import is_zero

__all__: list[str] = []


# --- interpolation ----------------------------------------------------------------------------


@adjoint(np.interp, fresh=True)
def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """y = the piecewise linear function through the points (xp, fp), at x."""

    def interp_pullback(d_y: Any) -> Any:
        if period is not None:
            return _periodic_cotangents(d_y, x, xp, fp, period)
        ends = (left is None, right is None)
        return (*_interp_cotangents(d_y, x, xp, fp, ends), None)

    return np.interp(x, xp, fp, left, right, period), interp_pullback


def _interp_cotangents(d_y: Any, x: Any, xp: Any, fp: Any, ends: tuple[bool, bool]) -> Any:
    """The cotangents of x, xp, fp, left and right; `ends`: the end values stand for left, right."""
    x, xp, fp = np.asarray(x), np.asarray(xp), np.asarray(fp)
    below, above = x < xp[0], x > xp[-1]
    n = len(xp)
    i = np.clip(np.searchsorted(xp, x, "right") - 1, 0, max(n - 2, 0))
    j = np.minimum(i + 1, n - 1)
    outside = np.logical_or(below, above)
    d_inside = np.where(outside, 0.0, d_y)
    step = np.where(i == j, 1.0, xp[j] - xp[i])
    t = np.where(i == j, 0.0, (x - xp[i]) / step)
    d_x = d_inside * conj((fp[j] - fp[i]) / step)
    d_left, d_right = np.where(below, d_y, 0.0), np.where(above, d_y, 0.0)
    d_fp = _added(n, (i, d_inside * (1.0 - t)), (j, d_inside * t))
    if ends[0]:
        d_fp[0] += d_left.sum()
    if ends[1]:
        d_fp[-1] += d_right.sum()
    d_xp = _added(n, (i, d_x * (t - 1.0)), (j, -d_x * t))
    return (
        d_x,
        d_xp,
        d_fp,
        None if ends[0] else d_left.sum(),
        None if ends[1] else d_right.sum(),
    )


def _added(n: int, *parts: tuple[Any, Any]) -> Any:
    """Zeros of length `n`, to which values are added at indices (which may repeat)."""
    total = np.zeros(n, np.result_type(*(values for _, values in parts)))
    for indices, values in parts:
        np.add.at(total, indices, values)
    return total


def _periodic_cotangents(d_y: Any, x: Any, xp: Any, fp: Any, period: Any) -> Any:
    """As NumPy does it: fold x and xp into one period and add a point at either side."""
    size = abs(period)
    xp, fp = np.asarray(xp), np.asarray(fp)
    folded = xp % size
    order = np.argsort(folded)
    sorted_xp, sorted_fp = folded[order], fp[order]
    around = np.concatenate((sorted_xp[-1:] - size, sorted_xp, sorted_xp[:1] + size))
    values = np.concatenate((sorted_fp[-1:], sorted_fp, sorted_fp[:1]))
    d_x, d_around, d_values, _, _ = _interp_cotangents(d_y, x % size, around, values, (True, True))
    d_size = d_around[-1] - d_around[0] - np.sum(d_x * np.floor(x / size))
    d_sorted_xp, d_sorted_fp = _unwrapped(d_around), _unwrapped(d_values)
    d_size = d_size - np.sum(d_sorted_xp * np.floor(xp / size)[order])
    back = np.argsort(order)
    d_period = np.real(d_size) * (1.0 if period > 0 else -1.0)
    return d_x, d_sorted_xp[back], d_sorted_fp[back], None, None, d_period


def _unwrapped(d_around: Any) -> Any:
    """Add the cotangents of the two additional points to those of the points they repeat."""
    d = d_around[1:-1].copy()
    d[-1] += d_around[0]
    d[0] += d_around[-1]
    return d


# --- convolution ------------------------------------------------------------------------------


@adjoint(np.convolve, static=("mode",), fresh=True)
def convolve(a: Any, v: Any, mode: Any = "full") -> Any:
    """y[k] = the sum of a[n] * v[k - n]."""

    def convolve_pullback(d_y: Any) -> Any:
        n, m = int(np.size(a)), int(np.size(v))
        d_full = _full(d_y, n, m, (min(n, m) - 1) // 2)
        return (
            np.correlate(d_full, np.ravel(v), "valid").reshape(np.shape(a)),
            np.correlate(d_full, np.ravel(a), "valid").reshape(np.shape(v)),
        )

    return np.convolve(a, v, mode), convolve_pullback


@adjoint(np.correlate, static=("mode",), fresh=True)
def correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    """y[k] = the sum of a[n + k] * conj(v[n])."""

    def correlate_pullback(d_y: Any) -> Any:
        n, m = int(np.size(a)), int(np.size(v))
        d_full = _full(d_y, n, m, n // 2 if m > n else (m - 1) // 2)
        d_v = np.correlate(d_full, np.ravel(a), "valid")
        return (
            np.convolve(d_full, np.ravel(v), "valid").reshape(np.shape(a)),
            np.conjugate(d_v)[::-1].reshape(np.shape(v)),
        )

    return np.correlate(a, v, mode), correlate_pullback


def _full(d_y: Any, n: int, m: int, same_start: int) -> Any:
    """`d_y` at its place in a full convolution of lengths `n` and `m`, zeros around it."""
    size = d_y.shape[0]
    total = n + m - 1
    if size == total:
        return d_y
    start = min(n, m) - 1 if size == abs(n - m) + 1 else same_start
    d_full = np.zeros(total, d_y.dtype)
    d_full[start : start + size] = d_y
    return d_full


# --- histograms -------------------------------------------------------------------------------


@adjoint(np.bincount, static=("minlength",), fresh=True)
def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """y[i] = the sum of the weights where x equals i."""

    def bincount_pullback(d_y: Any) -> Any:
        return None, d_y[np.asarray(x)] if weights is not None else None

    return np.bincount(x, weights, minlength), bincount_pullback


@adjoint(np.histogram, static=("range", "density"))
def histogram(
    a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> Any:
    """(counts, edges): counts are piecewise constant in `a`, linear in `weights`."""
    result = np.histogram(a, bins, range, density, weights)
    edges = result[1]

    def histogram_pullback(d_result: Any) -> Any:
        d_counts, d_edges = slots(d_result, 2)
        d_edges = np.zeros_like(edges) if is_zero(d_edges) else d_edges
        values = np.ravel(a)
        d_weights = None
        if not is_zero(d_counts):
            if density:
                d_counts, d_width = _density_cotangents(d_counts, result[0], values, edges, weights)
                d_edges = d_edges - np.diff(np.concatenate(([0.0], d_width, [0.0])))
            if weights is not None:
                place = np.clip(np.searchsorted(edges, values, "right") - 1, 0, len(edges) - 2)
                inside = np.logical_and(values >= edges[0], values <= edges[-1])
                place = np.where(values == edges[-1], len(edges) - 2, place)
                d_weights = np.where(inside, d_counts[place], 0.0).reshape(np.shape(a))
        if np.ndim(bins):
            return None, d_edges, d_weights
        return _extremes_cotangent(d_edges, values, range).reshape(np.shape(a)), None, d_weights

    return result, histogram_pullback


def _density_cotangents(d_y: Any, y: Any, values: Any, edges: Any, weights: Any) -> Any:
    """The cotangents of the counts and of the widths in ``y = counts / widths / counts.sum()``."""
    counts = np.histogram(values, edges, weights=None if weights is None else np.ravel(weights))[0]
    widths = np.diff(edges)
    total = counts.sum()
    d_counts = d_y / widths / total - np.sum(d_y * y) / total
    return d_counts, -d_y * y / widths


def _extremes_cotangent(d_edges: Any, values: Any, limits: Any) -> Any:
    """The edges are evenly spaced between the least and the greatest value."""
    d_a = np.zeros(values.shape, d_edges.dtype)
    if limits is not None or not values.size:
        return d_a
    share = np.linspace(0.0, 1.0, len(d_edges), dtype=d_edges.dtype)
    lowest, highest = values == values.min(), values == values.max()
    d_lowest, d_highest = np.sum(d_edges * (1.0 - share)), np.sum(d_edges * share)
    d_a[lowest] += d_lowest / int(lowest.sum())
    d_a[highest] += d_highest / int(highest.sum())
    return d_a
