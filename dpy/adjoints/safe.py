"""Arithmetic for partials: the value IEEE gives, without an exception and without a warning.

A partial may be infinite or undefined where the value is not (``sqrt`` at 0), and Python floats
raise there while arrays warn. These functions do neither. They work on Python numbers, NumPy
scalars and arrays alike, never widen float32, and (in `dpy.adjoints.operators`) have rules of
their own, so that second derivatives pass through them.
"""

from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np

__all__ = [
    "atan2_partial", "base_log", "bessel_i", "digamma", "divide", "divide_or_zero", "fmax_share",
    "fmin_share", "larger_share", "ldexp", "less_one", "logistic_difference", "polygamma", "power",
    "rsqrt", "sign", "sinc_curvature", "sinc_partial", "smaller_share", "square",
]  # fmt: skip

_REAL = (float, int)
_PYTHON = (float, int, complex)


def divide(a: Any, b: Any) -> Any:
    """``a / b``; a zero denominator gives the infinity or NaN that IEEE arithmetic gives.

    >>> divide(1.0, 0.0), divide(-1.0, 0.0), divide(1.0, 4)
    (inf, -inf, 0.25)
    """
    if type(a) in _PYTHON and type(b) in _PYTHON:
        try:
            return a / b
        except ZeroDivisionError:
            return _divide_by_zero(a, b)
        except OverflowError:
            return _divide_large(a, b)
    if isinstance(a, float) and isinstance(b, float) and b:  # NumPy's float64 is one
        return float.__truediv__(a, b)
    with np.errstate(all="ignore"):
        return a / b


def _divide_by_zero(a: Any, b: Any) -> Any:
    if type(a) is complex or type(b) is complex:
        return complex(math.nan, math.nan) if a == 0 or a != a else complex(math.inf, math.nan)
    if a == 0 or a != a:
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def _divide_large(a: Any, b: Any) -> Any:
    """Python integers beyond the range of floats."""
    if type(a) is complex or type(b) is complex:
        return complex(math.nan, math.nan)
    numerator, denominator = _as_float(a), _as_float(b)
    return numerator / denominator if denominator else _divide_by_zero(numerator, denominator)


def _as_float(x: Any) -> float:
    try:
        return float(x)
    except OverflowError:
        return math.inf if x > 0 else -math.inf


def divide_or_zero(a: Any, b: Any) -> Any:
    """``a / b``, and 0 where `b` is 0: the slope chosen at the kink of a norm.

    >>> divide_or_zero(0.0, 0.0), divide_or_zero(3.0, 5.0)
    (0.0, 0.6)
    """
    if type(b) in _PYTHON and type(a) in _PYTHON:
        return a / b if b else 0.0
    kept = b != 0
    if np.ndim(kept) == 0:
        return divide(a, b) if kept else 0.0 * b
    return divide(a, np.where(kept, b, 1)) * kept


def square(x: Any) -> Any:
    """``x * x``, infinite where it overflows."""
    if type(x) in _PYTHON:
        return x * x
    if isinstance(x, float):
        return float.__mul__(x, x)
    with np.errstate(all="ignore"):
        return x * x


def rsqrt(x: Any) -> Any:
    """``1 / sqrt(x)``: infinite at 0, NaN for negative reals.

    >>> rsqrt(4), rsqrt(0.0), rsqrt(-1.0), rsqrt(-1 + 0j)
    (0.5, inf, nan, -1j)
    """
    if isinstance(x, _REAL):
        return 1.0 / math.sqrt(x) if x > 0 else math.inf if x == 0 else math.nan
    if type(x) is complex:
        return divide(1.0, cmath.sqrt(x))
    with np.errstate(all="ignore"):
        return 1.0 / np.sqrt(x)


# --- powers -----------------------------------------------------------------------------------


def less_one(p: Any) -> Any:
    """``p - 1``, but 1 where `p` is 0, so that ``p * power(a, less_one(p))`` is 0 there.

    >>> less_one(3), less_one(0.0)
    (2, 1.0)
    """
    if type(p) in _PYTHON:
        return p - 1 if p else 1.0
    zero = p == 0
    return np.where(zero, 1, p - 1)[()] if np.any(zero) else p - 1


def power(a: Any, p: Any) -> Any:
    """``a ** p`` on the real numbers that integers stand for.

    >>> power(0.0, -0.5), power(2, -1), power(1e200, 2.0)
    (inf, 0.5, inf)
    """
    if type(a) in _PYTHON and type(p) in _PYTHON:
        try:
            return a**p
        except ZeroDivisionError:
            return _power_of_zero(a, p)
        except OverflowError:
            return _power_overflow(a, p)
    if _is_integer(a) and _is_integer(p):
        a = a * 1.0  # NumPy refuses negative integer powers of integers, and wraps around
    with np.errstate(all="ignore"):
        return a**p


def _power_of_zero(a: Any, p: Any) -> Any:
    if type(a) is complex or type(p) is complex:
        return complex(math.nan, math.nan)
    odd = p == math.floor(p) and p % 2 == 1
    return math.copysign(math.inf, a) if odd else math.inf


def _power_overflow(a: Any, p: Any) -> Any:
    if type(a) is complex or type(p) is complex:
        return complex(math.inf, math.nan)
    return -math.inf if a < 0 and p % 2 == 1 else math.inf


def _is_integer(x: Any) -> bool:
    dtype = getattr(x, "dtype", None)
    return type(x) is int if dtype is None else dtype.kind in "iub"


def base_log(a: Any, y: Any) -> Any:
    """The factor of ``y = a**p`` in its derivative by `p`: ``log(a)``.

    Over the reals the power has a derivative by `p` only where `a` is positive: elsewhere the
    factor is 0, or minus infinity at a pole. Where `y` is complex, it is the complex logarithm
    (still 0 at ``a == 0``).

    >>> base_log(0.0, 0.0), base_log(-2.0, 4.0), base_log(1, 1)
    (0.0, 0.0, 0.0)
    """
    if type(a) in _PYTHON and (type(y) in _PYTHON or not _is_complex(y)):
        if type(a) is complex or type(y) is complex:
            return cmath.log(a) if a else 0.0
        return math.log(a) if a > 0 else 0.0
    with np.errstate(all="ignore"):
        if _is_complex(a) or _is_complex(y):
            return np.log(np.where(a == 0, 1, a) + 0j * np.real(y))[()]
        log = np.log(np.where(a > 0, a, 1))
        # Where the product of `y` and the logarithm would be NaN, it has a limit.
        is_pole = np.logical_and(a == 0, np.isinf(y))
        is_zero = np.logical_and(y == 0, np.isinf(log))
        if np.any(is_pole) or np.any(is_zero):
            log = np.where(is_pole, -np.inf, np.where(is_zero, 0, log))
        return log[()]


def _is_complex(x: Any) -> bool:
    dtype = getattr(x, "dtype", None)
    return type(x) is complex if dtype is None else dtype.kind == "c"


# --- kinks ------------------------------------------------------------------------------------


def sign(x: Any) -> Any:
    """The slope of abs: -1, 0 or 1; for complex numbers ``x / abs(x)``, 0 at 0.

    >>> sign(-3.0), sign(0.0), sign(3 + 4j)
    (-1.0, 0.0, (0.6+0.8j))
    """
    if type(x) in _REAL:
        return 1.0 if x > 0 else -1.0 if x < 0 else 0.0 * x
    if type(x) is complex:
        return x / abs(x) if x else 0.0
    return np.sign(x)


def larger_share(a: Any, b: Any) -> Any:
    """The part of the slope of ``maximum(a, b)`` that belongs to `a`: 1, 0, or a half at a tie.

    The share of an undefined comparison (NaN) is a half too: the value is NaN anyway.

    >>> larger_share(2.0, 1.0), larger_share(1.0, 1.0)
    (1.0, 0.5)
    """
    more, less = a > b, a < b
    tie = more == less
    if np.ndim(tie) == 0:
        return 0.5 if tie else 1.0 if more else 0.0
    if not tie.any():
        return more  # a mask multiplies like 1 and 0, and keeps float32
    dtype = np.result_type(a, b)
    kind = np.float64 if dtype.kind in "iub" else np.empty(0, dtype).real.dtype
    return np.where(tie, np.asarray(0.5, kind), more)


def smaller_share(a: Any, b: Any) -> Any:
    """The same for ``minimum(a, b)``."""
    return larger_share(b, a)


def fmax_share(a: Any, b: Any) -> Any:
    """The same for ``fmax(a, b)``, which ignores a NaN beside a number."""
    return larger_share(_replace_nan(a, -math.inf), _replace_nan(b, -math.inf))


def fmin_share(a: Any, b: Any) -> Any:
    """The same for ``fmin(a, b)``."""
    return larger_share(_replace_nan(b, math.inf), _replace_nan(a, math.inf))


def _replace_nan(x: Any, substitute: float) -> Any:
    if type(x) in _REAL:
        return substitute if x != x else x
    return np.where(np.isnan(x), substitute, x)[()]


# --- special functions ------------------------------------------------------------------------


def logistic_difference(a: Any, b: Any) -> Any:
    """``1 / (1 + exp(b - a))``, and a half where `a` equals `b`, infinities included.

    >>> logistic_difference(math.inf, 1.0), logistic_difference(-math.inf, -math.inf)
    (np.float64(1.0), np.float64(0.5))
    """
    with np.errstate(all="ignore"):
        gap = np.where(a == b, 0, b - a)[()]
        return 1.0 / (1.0 + np.exp(gap))


def atan2_partial(b: Any, a: Any) -> Any:
    """``b / (a*a + b*b)`` without underflow or overflow of the squares."""
    if type(a) in _REAL and type(b) in _REAL:
        r = math.hypot(a, b)
        return divide(divide(b, r), r)
    with np.errstate(all="ignore"):
        r = np.hypot(a, b)
        return b / r / r


def ldexp(x: Any, i: Any) -> Any:
    """``x * 2**i``, infinite where it overflows; also for a structural zero `x`."""
    if type(x) in _REAL:
        try:
            return math.ldexp(x, i)
        except OverflowError:
            return math.copysign(math.inf, x)
        except TypeError:
            pass  # an array of exponents
    if not isinstance(x, (*_REAL, np.ndarray, np.generic)):
        return x * 1.0
    with np.errstate(all="ignore"):
        return np.ldexp(x, i)


_SINC_SERIES = [(-1.0) ** k * 2 * k / math.factorial(2 * k + 1) for k in range(1, 10)]


def sinc_partial(x: Any) -> Any:
    """The derivative of ``sin(pi x) / (pi x)``: a series near 0, where the formula cancels."""
    t = math.pi * x
    square_of_t = t * t
    series = 0.0 * square_of_t
    for coefficient in reversed(_SINC_SERIES):
        series = series * square_of_t + coefficient
    near = abs(t) < 0.5
    far = (np.cos(t) - np.sinc(x)) / np.where(near, 1, x)
    return np.where(near, math.pi * t * series, far)[()]


def sinc_curvature(x: Any, slope: Any) -> Any:
    """The second derivative of sinc, from the first: ``x s'' + 2 s' = -pi**2 x s``."""
    zero = x == 0
    ratio = np.where(zero, -(math.pi**2) / 3, slope / np.where(zero, 1, x))[()]
    return -(math.pi**2) * np.sinc(x) - 2.0 * ratio


_NODES = [math.pi * (k + 0.5) / 128 for k in range(64)]


def bessel_i(n: int, x: Any) -> Any:
    """The modified Bessel function of integer order; ``i0`` has the derivative ``bessel_i(1, x)``.

    The trapezoidal rule for its integral over a period, which converges geometrically: full
    accuracy as far as ``i0`` does not overflow.
    """
    function = np.sinh if n % 2 else np.cosh
    with np.errstate(over="ignore"):
        total = sum(function(x * math.cos(node)) * math.cos(n * node) for node in _NODES)
        return total * (1.0 / 64)


_DIGAMMA_SERIES = (
    -1 / 12, 1 / 120, -1 / 252, 1 / 240, -1 / 132, 691 / 32760, -1 / 12, 3617 / 8160,
)  # fmt: skip


def digamma(x: float) -> float:
    """The derivative of ``lgamma``: recurrence to x >= 10, then the asymptotic series.

    >>> round(digamma(1.0), 12)
    -0.577215664902
    """
    x = float(x)
    if x != x or x == math.inf:
        return x
    if x <= 0.0:
        if x == -math.inf or x == math.floor(x):
            return math.nan  # a pole
        # reflection; the fraction keeps its accuracy for large negative x
        return digamma(1.0 - x) - math.pi / math.tan(math.pi * (x - math.floor(x)))
    shift = 0.0
    while x < 10.0:
        shift -= 1.0 / x
        x += 1.0
    inverse_square = 1.0 / x / x
    tail = 0.0
    for coefficient in reversed(_DIGAMMA_SERIES):
        tail = (tail + coefficient) * inverse_square
    return shift + math.log(x) - 0.5 / x + tail


_BERNOULLI = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798,
)  # fmt: skip


def polygamma(n: int, x: float) -> float:
    """The n-th derivative of `digamma`; the series is Abramowitz and Stegun 6.4.11.

    >>> round(polygamma(1, 1.0), 12) == round(math.pi**2 / 6, 12)
    True
    """
    x = float(x)
    if n == 0:
        return digamma(x)
    if x <= 0.0 and x == math.floor(x):
        return math.inf if n % 2 else math.nan
    factorial = math.factorial(n)
    total = 0.0
    while x < 15.0 + n:
        total += factorial / power(x, n + 1)
        x += 1.0
    total += math.factorial(n - 1) / power(x, n) + factorial / (2.0 * power(x, n + 1))
    for k, bernoulli in enumerate(_BERNOULLI, start=1):
        weight = math.factorial(2 * k + n - 1) / math.factorial(2 * k)
        total += bernoulli * weight / power(x, 2 * k + n)
    return total if n % 2 else -total
