"""Rules for `math` and `cmath`.

The functions of `math` take and return Python floats (NumPy scalars and 0-d arrays are accepted);
those of `cmath` are holomorphic but for `phase`, `polar` and `rect`.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any

from dpy.adjoints import safe
from dpy.adjoints.builtins import returns
from dpy.adjoints.registry import adjoint, elementwise, nondifferentiable
from dpy.adjoints.ufunc_calls import other_arity
from dpy.cotangent import conjugate, is_zero

LN2 = 0.6931471805599453
LOG2_E = 1.4426950408889634
LOG10_E = 0.4342944819032518
TWO_OVER_SQRT_PI = 1.1283791670955126
FLOAT = returns(float)
COMPLEX = returns(complex)

# --- exponentials, logarithms, powers ---------------------------------------------------------

elementwise(math.exp, lambda x, y: y, kind=FLOAT)
elementwise(math.exp2, lambda x, y: LN2 * y, kind=FLOAT)
elementwise(math.expm1, lambda x, y: y + 1.0, kind=FLOAT)
elementwise(math.log, lambda x, y: 1.0 / x, kind=FLOAT)
other_arity(
    math.log,
    lambda x, base, y: 1.0 / (x * math.log(base)),
    lambda x, base, y: -y / (base * math.log(base)),
)
elementwise(math.log1p, lambda x, y: 1.0 / (1.0 + x), kind=FLOAT)
elementwise(math.log2, lambda x, y: LOG2_E / x, kind=FLOAT)
elementwise(math.log10, lambda x, y: LOG10_E / x, kind=FLOAT)
elementwise(math.sqrt, lambda x, y: safe.divide(0.5, y), singular=True, kind=FLOAT)
elementwise(math.cbrt, lambda x, y: safe.divide(1.0, 3.0 * y * y), singular=True, kind=FLOAT)
elementwise(
    math.pow,
    lambda x, p, y: p * safe.power(x, safe.less_one(p)),
    lambda x, p, y: y * safe.base_log(x, y),
    singular=True,
    kind=FLOAT,
)

# --- trigonometric and hyperbolic functions ---------------------------------------------------

elementwise(math.sin, lambda x, y: math.cos(x), kind=FLOAT)
elementwise(math.cos, lambda x, y: -math.sin(x), kind=FLOAT)
elementwise(math.tan, lambda x, y: 1.0 + y * y, kind=FLOAT)
elementwise(math.asin, lambda x, y: safe.rsqrt((1.0 - x) * (1.0 + x)), singular=True, kind=FLOAT)
elementwise(math.acos, lambda x, y: -safe.rsqrt((1.0 - x) * (1.0 + x)), singular=True, kind=FLOAT)
elementwise(math.atan, lambda x, y: 1.0 / (1.0 + x * x), kind=FLOAT)
elementwise(
    math.atan2,
    lambda a, b, y: safe.atan2_partial(b, a),
    lambda a, b, y: -safe.atan2_partial(a, b),
    singular=True,
    kind=FLOAT,
)
elementwise(math.sinh, lambda x, y: math.hypot(1.0, y), kind=FLOAT)
elementwise(math.cosh, lambda x, y: math.sinh(x), kind=FLOAT)
elementwise(math.tanh, lambda x, y: 1.0 - y * y, kind=FLOAT)
elementwise(math.asinh, lambda x, y: 1.0 / math.hypot(1.0, x), kind=FLOAT)
elementwise(
    math.acosh,
    lambda x, y: safe.rsqrt(x - 1.0) * safe.rsqrt(x + 1.0),
    singular=True,
    kind=FLOAT,
)
elementwise(math.atanh, lambda x, y: 1.0 / ((1.0 - x) * (1.0 + x)), kind=FLOAT)
elementwise(math.degrees, lambda x, y: 57.29577951308232, kind=FLOAT)
elementwise(math.radians, lambda x, y: 0.017453292519943295, kind=FLOAT)

# --- error and gamma functions ----------------------------------------------------------------

elementwise(math.erf, lambda x, y: TWO_OVER_SQRT_PI * math.exp(-x * x), kind=FLOAT)
elementwise(math.erfc, lambda x, y: -TWO_OVER_SQRT_PI * math.exp(-x * x), kind=FLOAT)
elementwise(math.gamma, lambda x, y: y * safe.digamma(x), kind=FLOAT)
elementwise(math.lgamma, lambda x, y: safe.digamma(x), kind=FLOAT)

# --- signs and remainders ---------------------------------------------------------------------

elementwise(math.fabs, lambda x, y: safe.sign(x), kind=FLOAT)
elementwise(math.copysign, lambda x, s, y: safe.sign(x) * math.copysign(1.0, s), None, kind=FLOAT)
# both are x - n * m for an integer n, which (y - x) / m gives back with the sign changed
elementwise(math.fmod, lambda x, m, y: 1.0, lambda x, m, y: safe.divide(y - x, m), kind=FLOAT)
elementwise(math.remainder, lambda x, m, y: 1.0, lambda x, m, y: safe.divide(y - x, m), kind=FLOAT)
elementwise(math.nextafter, lambda x, to, y: 1.0, None, kind=FLOAT)


@adjoint(math.modf, fresh=True)
def modf(x: Any) -> Any:
    """y = (fraction, integer); the integer part is constant."""

    def modf_pullback(d_y: Any) -> Any:
        return (d_y[0],)

    return math.modf(x), modf_pullback


@adjoint(math.frexp, fresh=True)
def frexp(x: Any) -> Any:
    """y = (mantissa, exponent), x = mantissa * 2**exponent; the exponent is constant."""
    y = math.frexp(x)

    def frexp_pullback(d_y: Any) -> Any:
        return (safe.ldexp(d_y[0], -y[1]),)

    return y, frexp_pullback


if hasattr(math, "fma"):  # Python 3.13
    elementwise(
        math.fma, lambda x, y, z, r: y, lambda x, y, z, r: x, lambda x, y, z, r: 1.0, kind=FLOAT
    )


@adjoint(math.ldexp, fresh=True, kind=FLOAT)
def ldexp(x: Any, i: Any) -> Any:
    """y = x * 2**i."""

    def ldexp_pullback(d_y: Any) -> Any:
        return safe.ldexp(d_y, i), None

    return math.ldexp(x, i), ldexp_pullback


# --- functions of several numbers -------------------------------------------------------------


@adjoint(math.hypot, fresh=True, kind=FLOAT)
def hypot(*coordinates: Any) -> Any:
    """y = the Euclidean norm; its slope at 0 is 0."""
    y = math.hypot(*coordinates)

    def hypot_pullback(d_y: Any) -> Any:
        return tuple(d_y * safe.divide_or_zero(x, y) for x in coordinates)

    return y, hypot_pullback


@adjoint(math.dist, fresh=True, kind=FLOAT)
def dist(p: Any, q: Any) -> Any:
    """y = |p - q|; the slope where they meet is 0."""
    y = math.dist(p, q)

    def dist_pullback(d_y: Any) -> Any:
        d_p = [d_y * safe.divide_or_zero(a - b, y) for a, b in zip(p, q, strict=True)]
        return d_p, [-d for d in d_p]

    return y, dist_pullback


@adjoint(math.fsum, fresh=True, kind=FLOAT)
def fsum(seq: Any) -> Any:
    """y = the accurate sum of an iterable."""
    items = list(seq)
    n = len(items)

    def fsum_pullback(d_y: Any) -> Any:
        return ([d_y] * n,)

    return math.fsum(items), fsum_pullback


@adjoint(math.prod, fresh=True)
def prod(iterable: Any, start: Any = 1) -> Any:
    """y = start * the product of an iterable; zero factors are allowed."""
    factors = [start, *iterable]

    def prod_pullback(d_y: Any) -> Any:
        if is_zero(d_y):
            return None, None
        others = _products_of_others(factors)
        d = [d_y * conjugate(other) for other in others]
        return d[1:], d[0]

    return math.prod(factors[1:], start=start), prod_pullback


def _products_of_others(factors: list[Any]) -> list[Any]:
    """For each factor the product of all others, from prefixes and suffixes."""
    n = len(factors)
    before: list[Any] = [1.0] * n
    for i in range(1, n):
        before[i] = before[i - 1] * factors[i - 1]
    after: Any = 1.0
    for i in range(n - 1, -1, -1):
        before[i] = before[i] * after
        after = after * factors[i]
    return before


def _register_sumprod() -> None:
    """`math.sumprod` is there from Python 3.12 on."""
    function: Callable[..., Any] | None = getattr(math, "sumprod", None)
    if function is None:
        return

    @adjoint(function, fresh=True)
    def sumprod(p: Any, q: Any, /) -> Any:
        """y = the sum of p[i] * q[i]."""
        p, q = list(p), list(q)

        def sumprod_pullback(d_y: Any) -> Any:
            if is_zero(d_y):
                return None, None
            return [d_y * b for b in q], [d_y * a for a in p]

        return function(p, q), sumprod_pullback


_register_sumprod()

nondifferentiable(
    math.ceil, math.floor, math.trunc, math.comb, math.factorial, math.gcd, math.isqrt, math.lcm,
    math.perm, kind=returns(int),
)  # fmt: skip
nondifferentiable(math.isclose, math.isfinite, math.isinf, math.isnan, kind=returns(bool))
nondifferentiable(math.ulp, kind=FLOAT)

# --- complex functions ------------------------------------------------------------------------

elementwise(cmath.exp, lambda z, y: y, kind=COMPLEX)
elementwise(cmath.log, lambda z, y: safe.divide(1.0, z), kind=COMPLEX)
other_arity(
    cmath.log,
    lambda z, base, y: safe.divide(1.0, z * cmath.log(base)),
    lambda z, base, y: safe.divide(-y, base * cmath.log(base)),
)
elementwise(cmath.log10, lambda z, y: safe.divide(LOG10_E, z), kind=COMPLEX)
elementwise(cmath.sqrt, lambda z, y: safe.divide(0.5, y), singular=True, kind=COMPLEX)
elementwise(cmath.sin, lambda z, y: cmath.cos(z), kind=COMPLEX)
elementwise(cmath.cos, lambda z, y: -cmath.sin(z), kind=COMPLEX)
elementwise(cmath.tan, lambda z, y: 1.0 + y * y, kind=COMPLEX)
elementwise(cmath.sinh, lambda z, y: cmath.cosh(z), kind=COMPLEX)
elementwise(cmath.cosh, lambda z, y: cmath.sinh(z), kind=COMPLEX)
elementwise(cmath.tanh, lambda z, y: 1.0 - y * y, kind=COMPLEX)
# square roots of the factors, not of the product: they have the branch cuts of the functions
elementwise(
    cmath.asin,
    lambda z, y: safe.divide(1.0, cmath.sqrt(1.0 - z) * cmath.sqrt(1.0 + z)),
    singular=True,
    kind=COMPLEX,
)
elementwise(
    cmath.acos,
    lambda z, y: safe.divide(-1.0, cmath.sqrt(1.0 - z) * cmath.sqrt(1.0 + z)),
    singular=True,
    kind=COMPLEX,
)
elementwise(cmath.atan, lambda z, y: safe.divide(1.0, 1.0 + z * z), singular=True, kind=COMPLEX)
elementwise(
    cmath.asinh,
    lambda z, y: safe.divide(1.0, cmath.sqrt(1.0 + z * z)),
    singular=True,
    kind=COMPLEX,
)
elementwise(
    cmath.acosh,
    lambda z, y: safe.divide(1.0, cmath.sqrt(z - 1.0) * cmath.sqrt(z + 1.0)),
    singular=True,
    kind=COMPLEX,
)
elementwise(cmath.atanh, lambda z, y: safe.divide(1.0, 1.0 - z * z), singular=True, kind=COMPLEX)


@adjoint(cmath.phase, fresh=True, kind=FLOAT)
def phase(z: Any) -> Any:
    """y = the angle of z."""

    def phase_pullback(d_y: Any) -> Any:
        return (safe.divide(1j * d_y, z.conjugate()),)

    return cmath.phase(z), phase_pullback


@adjoint(cmath.polar, fresh=True)
def polar(z: Any) -> Any:
    """y = (|z|, the angle of z)."""

    def polar_pullback(d_y: Any) -> Any:
        return (d_y[0] * safe.sign(z) + safe.divide(1j * d_y[1], z.conjugate()),)

    return cmath.polar(z), polar_pullback


@adjoint(cmath.rect, fresh=True, kind=COMPLEX)
def rect(r: Any, phi: Any) -> Any:
    """y = r * exp(i phi)."""
    y = cmath.rect(r, phi)
    direction = cmath.rect(1.0, -phi)

    def rect_pullback(d_y: Any) -> Any:
        return d_y * direction, d_y * -1j * y.conjugate()

    return y, rect_pullback


nondifferentiable(cmath.isclose, cmath.isfinite, cmath.isinf, cmath.isnan, kind=returns(bool))
