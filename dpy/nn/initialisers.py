"""Initial values of parameters: functions from a shape to a float32 array.

Each is called with the sizes, and a generator in front or as `rng`: ``glorot_uniform(3, 4)``,
``glorot_uniform(rng, 3, 4)``. Without sizes it gives a function that waits for them, which is what
``init=`` of a layer takes: ``Dense(3, 4, init=kaiming_normal(gain=1))``.

Shapes are those of dpy's weights, outputs first: ``(out, in)`` and ``(out, in, *kernel)``.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.adjoints.registry import nondifferentiable
from dpy.nn.random import generator

__all__ = [
    "create_bias", "glorot_normal", "glorot_uniform", "identity_init", "kaiming_normal",
    "kaiming_uniform", "lecun_normal", "nfan", "ones32", "orthogonal", "rand32", "randn32",
    "rng_from_array", "sparse_init", "truncated_normal", "zeros32",
]  # fmt: skip

Array = Any  # np.ndarray, or what waits for sizes

# The standard deviation of a standard normal variable that is kept between -2 and 2.
_STD_WITHIN_TWO = 0.87962566103423978


def nfan(*shape: int) -> tuple[int, int]:
    """How many inputs and outputs a weight of this shape connects: ``(fan_in, fan_out)``.

    >>> nfan(20, 10), nfan(7, 3, 5, 5), nfan(10)
    ((10, 20), (75, 175), (1, 10))
    """
    if len(shape) == 1 and isinstance(shape[0], tuple):
        return nfan(*shape[0])
    if len(shape) < 2:
        return 1, (shape[0] if shape else 1)
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def _initialiser(make: Callable[..., Any]) -> Callable[..., Any]:
    """Of ``make(rng, shape, **options)``, the function that users call."""

    @functools.wraps(make)
    def initialise(*shape: Any, rng: np.random.Generator | None = None, **options: Any) -> Any:
        if shape and isinstance(shape[0], np.random.Generator):
            rng, *rest = shape
            shape = tuple(rest)
        if not shape:
            return functools.partial(initialise, rng=rng, **options)
        if len(shape) == 1 and isinstance(shape[0], tuple):
            shape = shape[0]
        return make(generator(rng), shape, **options).astype(np.float32, copy=False)

    initial: Callable[..., Any] = nondifferentiable(initialise)  # what is drawn is a constant
    return initial


# --- plain --------------------------------------------------------------------------------------


def zeros32(*shape: int) -> Array:
    """Zeros, in float32."""
    return np.zeros(shape, np.float32)


def ones32(*shape: int) -> Array:
    """Ones, in float32."""
    return np.ones(shape, np.float32)


@_initialiser
def rand32(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Uniform between 0 and 1."""
    return rng.random(shape, np.float32)


@_initialiser
def randn32(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Normal, with mean 0 and standard deviation 1."""
    return rng.standard_normal(shape, np.float32)


def rng_from_array(x: Any = None) -> np.random.Generator:
    """The generator that goes with an array: the one that all layers share."""
    return generator()


def create_bias(weight: Any, bias: Any, *shape: int) -> Any:
    """The bias that a layer is asked for: zeros like `weight` for True, None for False.

    An array is taken as it is.

    Raises:
        ValueError: the array has another shape.

    >>> create_bias(np.ones((2, 3), np.float32), True, 2), create_bias(np.ones(2), False, 2)
    (array([0., 0.], dtype=float32), None)
    """
    if bias is True:
        return np.zeros(shape, weight.dtype)
    if bias is False or bias is None:
        return None
    if np.shape(bias) != shape:
        raise ValueError(f"a bias of shape {shape} is needed, got {np.shape(bias)}")
    return bias


# --- by the number of connections ---------------------------------------------------------------


@_initialiser
def glorot_uniform(rng: np.random.Generator, shape: tuple[int, ...], gain: float = 1) -> Array:
    """Uniform within ``gain * sqrt(6 / (fan_in + fan_out))`` (Glorot and Bengio, 2010).

    >>> bool(abs(glorot_uniform(10, 100)).max() <= (6 / 110) ** 0.5)
    True
    """
    bound = gain * math.sqrt(6 / max(sum(nfan(*shape)), 1))
    return _uniform(rng, shape, bound)


@_initialiser
def glorot_normal(rng: np.random.Generator, shape: tuple[int, ...], gain: float = 1) -> Array:
    """Normal, of standard deviation ``gain * sqrt(2 / (fan_in + fan_out))``."""
    std = gain * math.sqrt(2 / max(sum(nfan(*shape)), 1))
    return rng.standard_normal(shape, np.float32) * np.float32(std)


@_initialiser
def kaiming_uniform(
    rng: np.random.Generator, shape: tuple[int, ...], gain: float = math.sqrt(2)
) -> Array:
    """Uniform within ``gain * sqrt(3 / fan_in)`` (He et al., 2015); the gain is that for `relu`."""
    return _uniform(rng, shape, gain * math.sqrt(3 / max(nfan(*shape)[0], 1)))


@_initialiser
def kaiming_normal(
    rng: np.random.Generator, shape: tuple[int, ...], gain: float = math.sqrt(2)
) -> Array:
    """Normal, of standard deviation ``gain / sqrt(fan_in)``; the gain is that for `relu`."""
    std = gain / math.sqrt(max(nfan(*shape)[0], 1))
    return rng.standard_normal(shape, np.float32) * np.float32(std)


@_initialiser
def lecun_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Truncated normal, of standard deviation ``1 / sqrt(fan_in)`` (LeCun et al., 1998)."""
    scale = 1 / math.sqrt(max(nfan(*shape)[0], 1)) / _STD_WITHIN_TWO
    return _truncated(rng, shape, -2.0, 2.0) * scale


def _uniform(rng: np.random.Generator, shape: tuple[int, ...], bound: float) -> Array:
    return (rng.random(shape, np.float32) - np.float32(0.5)) * np.float32(2 * bound)


# --- others -------------------------------------------------------------------------------------


@_initialiser
def truncated_normal(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    mean: float = 0,
    std: float = 1,
    lo: float = -2,
    hi: float = 2,
) -> Array:
    """Normal with this mean and standard deviation, kept between `lo` and `hi`."""
    drawn = mean + std * _truncated(rng, shape, (lo - mean) / std, (hi - mean) / std)
    return np.clip(drawn, lo, hi)


def _truncated(rng: np.random.Generator, shape: tuple[int, ...], lo: float, hi: float) -> Array:
    """Standard normal between `lo` and `hi`: what does not fit is drawn again."""
    if not lo < hi:
        raise ValueError(f"nothing is between {lo} and {hi}")
    nearest = min(max(lo, 0.0), hi)
    is_wide = lo < 1 and hi > -1 and hi - lo > 0.5  # else few normal variables would fit

    def draw(n: int) -> Any:
        if is_wide:
            x = rng.standard_normal(n)
            return x[(x >= lo) & (x <= hi)]
        x = rng.uniform(max(lo, nearest - 10), min(hi, nearest + 10), n)
        return x[rng.random(n) < np.exp(0.5 * (nearest**2 - x * x))]

    size = math.prod(shape)
    parts: list[Any] = [np.empty(0)]
    while (missing := size - sum(map(len, parts))) > 0:
        parts.append(draw(2 * missing + 16))
    return np.concatenate(parts)[:size].reshape(shape)


@_initialiser
def orthogonal(rng: np.random.Generator, shape: tuple[int, ...], gain: float = 1) -> Array:
    """Orthonormal rows, or columns if there are more rows (Saxe et al., 2013), times `gain`.

    A weight of more dimensions is taken as a matrix with one row for each output.

    Raises:
        ValueError: the shape has less than two dimensions.

    >>> w = orthogonal(5, 7)
    >>> bool(np.allclose(w @ w.T, np.eye(5), atol=1e-6))
    True
    """
    if len(shape) < 2:
        raise ValueError(f"orthogonal needs at least two dimensions, got {shape}")
    rows, columns = shape[0], math.prod(shape[1:])
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    q *= np.where(np.diagonal(r) < 0, -1.0, 1.0)
    return gain * (q if rows >= columns else q.T).reshape(shape)


@_initialiser
def sparse_init(
    rng: np.random.Generator, shape: tuple[int, ...], sparsity: float = 0.5, std: float = 0.01
) -> Array:
    """Normal, with this share of zeros in each column (Martens, 2010).

    Raises:
        ValueError: the shape has not two dimensions.

    >>> (sparse_init(10, 11, sparsity=0.9) == 0).sum(axis=0).tolist()
    [9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]
    """
    if len(shape) != 2:
        raise ValueError(f"sparse_init needs two dimensions, got {shape}")
    rows, columns = shape
    zeros = math.ceil(min(1.0, sparsity) * rows - 1e-9)  # 0.3 * 10 is not more than 3
    w = rng.standard_normal(shape) * std
    for column in range(columns):
        w[rng.permutation(rows)[:zeros], column] = 0
    return w


@_initialiser
def identity_init(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    gain: float = 1,
    shift: int | tuple[int, ...] = 0,
) -> Array:
    """What leaves its input as it is, times `gain`: ones on the diagonal, at the kernel's centre.

    The values are moved on by `shift`, an offset for all axes or one for each. One-dimensional
    shapes, those of biases, give zeros.

    >>> identity_init(2, 3, gain=5).tolist()
    [[5.0, 0.0, 0.0], [0.0, 5.0, 0.0]]
    """
    w = np.zeros(shape)
    if len(shape) < 2:
        return w
    centre = tuple([(size - 1) // 2 for size in shape[2:]])
    for i in range(min(shape[:2])):
        w[(i, i, *centre)] = gain
    axes = tuple(range(len(shape)))
    offsets = (shift,) * len(shape) if isinstance(shift, int) else shift
    return np.roll(w, offsets, axes)
