"""Adjoints of medians, quantiles and percentiles.

`overwrite_input` is never passed on: it lets NumPy sort the argument, which the pullback needs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.adjoints.numpy.arguments import no_out
from dpy.adjoints.numpy.axes import rows_of, unrows
from dpy.adjoints.registry import adjoint
from dpy.errors import UnsupportedSyntaxError

MEDIAN = ("axis", "out", "overwrite_input", "keepdims")
QUANTILE = MEDIAN + ("method",)

# The place of quantile q among n sorted values is n*q + alpha + q*(1 - alpha - beta) - 1
# (Hyndman and Fan 1996). The methods that choose instead of interpolate use alpha = beta = 1.
PLOTTING_POSITIONS: dict[str, tuple[float, float]] = {
    "linear": (1.0, 1.0),
    "lower": (1.0, 1.0),
    "higher": (1.0, 1.0),
    "midpoint": (1.0, 1.0),
    "nearest": (1.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "median_unbiased": (1.0 / 3.0, 1.0 / 3.0),
    "normal_unbiased": (3.0 / 8.0, 3.0 / 8.0),
}


def _add_median(primal: Any, *, skip_nan: bool) -> None:
    """The middle element, or the mean of the two middle ones; of those that are not NaN."""

    @adjoint(primal, static=MEDIAN, fresh=True)
    def median(
        a: Any,
        axis: Any = None,
        out: Any = None,
        overwrite_input: Any = False,
        keepdims: Any = False,
    ) -> Any:
        def median_pullback(d_y: Any) -> Any:
            d_a, _ = spread_quantile(d_y, a, 0.5, axis, "linear", skip_nan=skip_nan)
            return (d_a,)

        return primal(a, axis, no_out(out), False, keepdims), median_pullback


def _add_quantile(primal: Any, *, whole: float, skip_nan: bool) -> None:
    """The quantile for q in parts of `whole`; of all elements, or of those that are not NaN."""

    @adjoint(primal, static=QUANTILE, fresh=True)
    def quantile(
        a: Any,
        q: Any,
        axis: Any = None,
        out: Any = None,
        overwrite_input: Any = False,
        method: Any = "linear",
        keepdims: Any = False,
        *,
        weights: Any = None,
    ) -> Any:
        check_method(method, weights)

        def quantile_pullback(d_y: Any) -> Any:
            level = np.divide(q, whole)
            d_a, d_q = spread_quantile(d_y, a, level, axis, method, skip_nan=skip_nan)
            return d_a, d_q / whole

        return primal(a, q, axis, no_out(out), False, method, keepdims), quantile_pullback


_add_median(np.median, skip_nan=False)
_add_median(np.nanmedian, skip_nan=True)
_add_quantile(np.quantile, whole=1.0, skip_nan=False)
_add_quantile(np.nanquantile, whole=1.0, skip_nan=True)
_add_quantile(np.percentile, whole=100.0, skip_nan=False)
_add_quantile(np.nanpercentile, whole=100.0, skip_nan=True)


def check_method(method: Any, weights: Any) -> None:
    """Refuse what has no rule, before anything is computed."""
    if weights is not None or method not in PLOTTING_POSITIONS:
        what = "with weights" if weights is not None else f"method={method!r}"
        raise UnsupportedSyntaxError(
            f"quantiles {what} cannot be differentiated",
            repair=f"use one of the methods {', '.join(PLOTTING_POSITIONS)} without weights",
        )


def spread_quantile(
    d_y: Any, a: Any, q: Any, axis: Any, method: str, *, skip_nan: bool
) -> tuple[Any, Any]:
    """The cotangents of the elements (those at the two places beside the quantile) and of q."""
    rows = rows_of(a, axis)
    order = np.argsort(rows, axis=-1, kind="stable")
    size = np.sum(~np.isnan(rows), axis=-1) if skip_nan else np.array(rows.shape[-1])
    size = np.broadcast_to(size, rows.shape[:-1])
    levels = np.reshape(q, -1)
    d_levels = np.reshape(d_y, (len(levels), *rows.shape[:-1]))
    d_rows = np.zeros(rows.shape, d_levels.dtype)
    d_q = np.zeros(len(levels), d_levels.dtype)
    indices = np.arange(rows.shape[-1])
    for k, level in enumerate(levels):
        low, high, part, slope = neighbours(float(level), size, method)
        at_low = np.take_along_axis(order, low[..., None], axis=-1)
        at_high = np.take_along_axis(order, high[..., None], axis=-1)
        d, part = d_levels[k][..., None], part[..., None].astype(d_levels.dtype)
        slope = slope.astype(d_levels.dtype)
        d_rows = d_rows + np.where(indices == at_low, d * (1.0 - part), 0.0)
        d_rows = d_rows + np.where(indices == at_high, d * part, 0.0)
        rise = np.take_along_axis(rows, at_high, axis=-1) - np.take_along_axis(
            rows, at_low, axis=-1
        )
        d_q[k] = np.sum(np.where(slope == 0, 0.0, d_levels[k] * rise[..., 0] * slope))
    return unrows(d_rows, np.shape(a), axis), np.reshape(d_q, np.shape(q))


def neighbours(q: float, size: Any, method: str) -> tuple[Any, Any, Any, Any]:
    """The sorted places below and above quantile q, the part of the upper, and d place / d q."""
    alpha, beta = PLOTTING_POSITIONS[method]
    last = np.maximum(size - 1, 0)
    place = size * q + alpha + q * (1.0 - alpha - beta) - 1.0
    inside = (place >= 0) & (place <= last)
    place = np.clip(place, 0, last)
    if method in ("lower", "higher", "nearest", "midpoint"):
        down, up = np.floor(place).astype(int), np.ceil(place).astype(int)
        nearest = np.rint(place).astype(int)
        low = {"higher": up, "nearest": nearest}.get(method, down)
        high = {"lower": down, "nearest": nearest}.get(method, up)
        return low, high, np.full(size.shape, 0.5), np.zeros(size.shape)
    low = np.minimum(np.floor(place).astype(int), np.maximum(last - 1, 0))
    slope = np.where(inside, size + 1.0 - alpha - beta, 0.0)
    return low, np.minimum(low + 1, last), place - low, slope
