"""The adjoint of np.pad.

Along one axis every linear mode is a matrix: the elements stay, and each padded one is a weighted
sum of them. NumPy pads axis after axis, so the adjoint goes from the last axis to the first. The
matrix is that of NumPy itself: the padding of an identity matrix.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.adjoints.registry import adjoint
from dpy.cotangent import unbroadcast
from dpy.errors import UnsupportedSyntaxError

# The options that each mode takes, beside those that all take.
OPTIONS: dict[str, tuple[str, ...]] = {
    "constant": ("constant_values",),
    "edge": (),
    "empty": (),
    "linear_ramp": ("end_values",),
    "mean": ("stat_length",),
    "reflect": ("reflect_type",),
    "symmetric": ("reflect_type",),
    "wrap": (),
}

# Modes that are linear only up to a constant, and the option that holds it.
VALUES = {"constant": "constant_values", "linear_ramp": "end_values"}


@adjoint(np.pad, static=("pad_width", "mode", "stat_length", "reflect_type"), fresh=True)
def pad(
    array: Any,
    pad_width: Any,
    mode: Any = "constant",
    constant_values: Any = None,
    end_values: Any = None,
    stat_length: Any = None,
    reflect_type: Any = None,
) -> Any:
    """The array with borders; also in the constant, or the end value of a ramp."""
    given = options(mode, constant_values, end_values, stat_length, reflect_type)
    shape = np.shape(array)

    def pad_pullback(d_y: Any) -> Any:
        return cut_borders(d_y, shape, pad_width, mode, given)

    return np.pad(array, pad_width, mode, **given), pad_pullback


def options(
    mode: Any, constant_values: Any, end_values: Any, stat_length: Any, reflect_type: Any
) -> dict[str, Any]:
    """The options that were given, as keyword arguments for np.pad."""
    if mode not in OPTIONS:
        raise UnsupportedSyntaxError(
            f"np.pad with mode={mode!r} cannot be differentiated",
            why="the padding is not a linear function of the array",
            repair=f"use one of the modes {', '.join(OPTIONS)}",
        )
    every = {
        "constant_values": constant_values,
        "end_values": end_values,
        "stat_length": stat_length,
        "reflect_type": reflect_type,
    }
    return {name: value for name, value in every.items() if value is not None}


def cut_borders(
    d: Any, shape: tuple[int, ...], pad_width: Any, mode: str, given: dict[str, Any]
) -> tuple[Any, Any, Any]:
    """The cotangents of the array, of `constant_values` and of `end_values`."""
    linear = {name: given[name] for name in OPTIONS[mode] if name in given}
    value_name = VALUES.get(mode, "")
    linear.pop(value_name, None)  # with borders that end in zero the padding is linear
    d_values = np.zeros((len(shape), 2), d.dtype)
    widths = widths_of(pad_width, len(shape))
    for axis in reversed(range(len(shape))):
        before, after = widths[axis]
        if before == after == 0:
            continue
        n = shape[axis]
        d = np.moveaxis(d, axis, -1)
        borders = np.concatenate([d[..., :before], d[..., before + n :]], axis=-1)
        if value_name:
            for side, ends in enumerate(((1.0, 0.0), (0.0, 1.0))):
                ramp = np.pad(np.zeros(n), (before, after), mode, **{value_name: ends})
                ramp = np.concatenate([ramp[:before], ramp[before + n :]]).astype(d.dtype)
                d_values[axis, side] = np.sum(borders * ramp)
        d = d[..., before : before + n]
        if mode not in ("constant", "empty") and n > 0:
            if "stat_length" in given:
                own = np.broadcast_to(given["stat_length"], (len(shape), 2))[axis]
                linear["stat_length"] = (tuple(own), (1, 1))
            matrix = np.pad(np.eye(n), ((before, after), (0, 0)), mode, **linear)
            matrix = np.concatenate([matrix[:before], matrix[before + n :]]).astype(d.dtype)
            d = d + borders @ matrix
        d = np.moveaxis(d, -1, axis)
    d_given = None
    if value_name in given:
        d_given = unbroadcast(d_values, np.shape(given[value_name]))
    return d, d_given if mode == "constant" else None, d_given if mode == "linear_ramp" else None


def widths_of(pad_width: Any, ndim: int) -> list[tuple[int, int]]:
    """``pad_width`` in any of its forms, as one pair per axis.

    >>> widths_of({-1: 2}, 2)
    [(0, 0), (2, 2)]
    """
    if isinstance(pad_width, dict):
        pairs = [(0, 0)] * ndim
        for axis, width in pad_width.items():
            before, after = (width, width) if np.ndim(width) == 0 else width
            pairs[axis] = (int(before), int(after))
        return pairs
    return [(int(b), int(a)) for b, a in np.broadcast_to(pad_width, (ndim, 2))]
