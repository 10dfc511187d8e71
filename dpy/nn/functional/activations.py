"""Activation functions: elementwise, of numbers and arrays of any shape, in the dtype given.

Formulas are those of Flux's NNlib. They are stable for arguments of any size, and each has its
derivative as a rule, so that no mask leaves a NaN behind. At a kink the derivative is that of the
left branch where NNlib has it so (`relu` has 0 at 0).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dpy.adjoints.registry import elementwise
from dpy.nn.random import generator

__all__ = [
    "celu", "elu", "gelu", "hardsigmoid", "hardswish", "hardtanh", "leakyrelu", "lisht", "logcosh",
    "logsigmoid", "mish", "relu", "relu6", "rrelu", "selu", "sigmoid", "sigmoid_fast", "softplus",
    "softshrink", "softsign", "swish", "tanh", "tanh_fast", "tanhshrink", "trelu",
]  # fmt: skip

_LOG2 = math.log(2.0)
_GELU = math.sqrt(2 / math.pi)
_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_ALPHA = 1.6732632423543772848170429916717

tanh = np.tanh


def _where(test: Any, x: Any, y: Any) -> Any:
    """``np.where``; a scalar for scalars."""
    return np.where(test, x, y)[()]


# --- sigmoids -----------------------------------------------------------------------------------


def sigmoid(x: Any) -> Any:
    """``1 / (1 + exp(-x))``.

    >>> sigmoid(np.array([-800.0, 0.0, 800.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    t = np.exp(-np.abs(x))
    y = 1.0 / (1.0 + t)
    return _where(np.less(x, 0.0), t * y, y)


def sigmoid_fast(x: Any) -> Any:
    """`sigmoid` by one `tanh`: as exact near 1, less so (absolutely to 1e-16) near 0."""
    return 0.5 * np.tanh(0.5 * x) + 0.5


def hardsigmoid(x: Any) -> Any:
    """``clip((x + 3) / 6, 0, 1)``, piecewise linear."""
    return np.minimum(np.maximum((x + 3.0) / 6.0, 0.0), 1.0)


def hardtanh(x: Any) -> Any:
    """``clip(x, -1, 1)``."""
    return np.minimum(np.maximum(x, -1), 1)


def logsigmoid(x: Any) -> Any:
    """``log(sigmoid(x))``, which is ``-softplus(-x)``."""
    return np.minimum(x, 0.0) - np.log1p(np.exp(-np.abs(x)))


elementwise(sigmoid, lambda x, y: y * (1.0 - y))
elementwise(sigmoid_fast, lambda x, y: y * (1.0 - y))
elementwise(hardsigmoid, lambda x, y: np.heaviside(3.0 - np.abs(x), 0.0) / 6.0)
elementwise(hardtanh, lambda x, y: (y > -1) & (y < 1))
elementwise(logsigmoid, lambda x, y: sigmoid(-x))


# --- rectified ----------------------------------------------------------------------------------


def relu(x: Any) -> Any:
    """``max(x, 0)``.

    >>> relu(np.array([-2.0, 0.0, 2.0])).tolist()
    [0.0, 0.0, 2.0]
    """
    return np.maximum(x, 0)


def relu6(x: Any) -> Any:
    """``clip(x, 0, 6)``."""
    return np.minimum(np.maximum(x, 0), 6)


def leakyrelu(x: Any, a: Any = 0.01) -> Any:
    """``x`` where it is positive, ``a * x`` elsewhere."""
    return _leaky(x, a)


def rrelu(
    x: Any,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    *,
    rng: np.random.Generator | None = None,
) -> Any:
    """`leakyrelu` whose slope is drawn anew for each item, between `lower` and `upper`."""
    a = generator(rng).uniform(lower, upper, np.shape(x))
    return _leaky(x, np.asarray(a, getattr(x, "dtype", None)))


def trelu(x: Any, theta: Any = 1.0) -> Any:
    """``x`` where it is greater than `theta`, 0 elsewhere."""
    return _thresholded(x, theta)


def _leaky(x: Any, a: Any) -> Any:
    return _where(np.greater(x, 0.0), x, a * x)


def _thresholded(x: Any, theta: Any) -> Any:
    return _where(np.greater(x, theta), x, 0.0 * theta)


elementwise(relu, lambda x, y: y > 0)
elementwise(relu6, lambda x, y: (y > 0) & (y < 6))
elementwise(
    _leaky,
    lambda x, a, y: np.heaviside(x, 0.0) * (1.0 - a) + a,
    lambda x, a, y: np.minimum(x, 0.0),
)
elementwise(_thresholded, lambda x, theta, y: x > theta, None)


# --- exponential --------------------------------------------------------------------------------


def elu(x: Any, a: Any = 1.0) -> Any:
    """``x`` where it is positive, ``a * (exp(x) - 1)`` elsewhere."""
    return _elu(x, a)


def celu(x: Any, a: Any = 1.0) -> Any:
    """``x`` where it is not negative, ``a * (exp(x / a) - 1)`` elsewhere: smooth for any `a`."""
    return _celu(x, a)


def selu(x: Any) -> Any:
    """``scale * elu(x, a)`` with the constants that keep mean 0 and variance 1."""
    low = _SELU_ALPHA * np.expm1(np.minimum(x, 0.0))
    return _SELU_SCALE * _where(np.greater(x, 0.0), x, low)


def _elu(x: Any, a: Any) -> Any:
    return _where(np.greater(x, 0.0), x, a * np.expm1(np.minimum(x, 0.0)))


def _celu(x: Any, a: Any) -> Any:
    return _where(np.greater(x, 0.0), x, a * np.expm1(np.minimum(x, 0.0) / a))


def _celu_slope(z: Any) -> Any:
    """The derivative of ``a * expm1(x / a)`` by `a`, where ``z = x / a``."""
    return np.expm1(z) - z * np.exp(z)


elementwise(
    _elu,
    lambda x, a, y: _where(x >= 0, 1.0, np.minimum(y, 0.0) + a),
    lambda x, a, y: np.expm1(np.minimum(x, 0.0)),
)
elementwise(
    _celu,
    lambda x, a, y: np.minimum(y, 0.0) / a + 1.0,
    lambda x, a, y: _celu_slope(np.minimum(x, 0.0) / a),
)
elementwise(
    selu,
    lambda x, y: _SELU_SCALE * _where(x > 0, 1.0, _SELU_ALPHA * np.exp(np.minimum(x, 0.0))),
)


# --- products with a gate -----------------------------------------------------------------------


def swish(x: Any) -> Any:
    """``x * sigmoid(x)``."""
    return x * sigmoid(x)


def hardswish(x: Any) -> Any:
    """``x * hardsigmoid(x)``."""
    return x * hardsigmoid(x)


def gelu(x: Any) -> Any:
    """``x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))``, close to ``x * Phi(x)``."""
    return 0.5 * x * (1.0 + np.tanh(_GELU * x * (1.0 + 0.044715 * x * x)))


def mish(x: Any) -> Any:
    """``x * tanh(softplus(x))``."""
    return x * np.tanh(softplus(x))


def lisht(x: Any) -> Any:
    """``x * tanh(x)``."""
    return x * np.tanh(x)


def _gelu_slope(x: Any) -> Any:
    t = np.tanh(_GELU * x * (1.0 + 0.044715 * x * x))
    inner = _GELU * (1.0 + 3 * 0.044715 * x * x)
    return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * inner


def _mish_slope(x: Any) -> Any:
    t = np.tanh(softplus(x))
    return t + x * (1.0 - t * t) * sigmoid(x)


def _lisht_slope(x: Any) -> Any:
    t = np.tanh(x)
    return t + x * (1.0 - t * t)


elementwise(swish, lambda x, y: y + sigmoid(x) * (1.0 - y))
elementwise(hardswish, lambda x, y: _where(np.abs(x) < 3.0, (2.0 * x + 3.0) / 6.0, x > 0))
elementwise(gelu, lambda x, y: _gelu_slope(x))
elementwise(mish, lambda x, y: _mish_slope(x))
elementwise(lisht, lambda x, y: _lisht_slope(x))


# --- soft forms ---------------------------------------------------------------------------------


def softplus(x: Any) -> Any:
    """``log(1 + exp(x))``.

    >>> softplus(np.array([-800.0, 800.0])).tolist()
    [0.0, 800.0]
    """
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


def softsign(x: Any) -> Any:
    """``x / (1 + |x|)``."""
    return x / (1.0 + np.abs(x))


def softshrink(x: Any, threshold: Any = 0.5) -> Any:
    """`x` moved towards 0 by `threshold`, and 0 where it is closer than that."""
    return _shrunk(x, threshold)


def tanhshrink(x: Any) -> Any:
    """``x - tanh(x)``."""
    return x - np.tanh(x)


def tanh_fast(x: Any) -> Any:
    """``tanh(x)``; NumPy's is fast."""
    return np.tanh(x)


def logcosh(x: Any) -> Any:
    """``log(cosh(x))``."""
    size = np.abs(x)
    return size + np.log1p(np.exp(-2.0 * size)) - _LOG2


def _shrunk(x: Any, threshold: Any) -> Any:
    return np.minimum(np.maximum(x - threshold, 0.0), x + threshold)


elementwise(softplus, lambda x, y: sigmoid(x))
elementwise(softsign, lambda x, y: np.square(1.0 / (1.0 + np.abs(x))))
elementwise(_shrunk, lambda x, t, y: np.abs(x) > t, lambda x, t, y: -np.sign(y))
elementwise(tanhshrink, lambda x, y: (x - y) ** 2)
elementwise(tanh_fast, lambda x, y: 1.0 - y * y)
elementwise(logcosh, lambda x, y: np.tanh(x))
