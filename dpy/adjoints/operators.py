"""Rules for Python's operators, under the names of module `operator`.

They hold for numbers and arrays; operators of other classes are methods, and differentiated as
such. The rule of ``a @ b`` is in `dpy.adjoints.numpy.products`. The functions of
`dpy.adjoints.safe` have their rules here too, so that partials can be differentiated again.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from dpy.adjoints import safe
from dpy.adjoints.registry import adjoint, elementwise, nondifferentiable

# --- arithmetic -------------------------------------------------------------------------------

elementwise(operator.add, lambda a, b, y: 1.0, lambda a, b, y: 1.0)
elementwise(operator.sub, lambda a, b, y: 1.0, lambda a, b, y: -1.0)
elementwise(operator.mul, lambda a, b, y: b, lambda a, b, y: a)
elementwise(
    operator.truediv,
    lambda a, b, y: safe.divide(1.0, b),
    lambda a, b, y: safe.divide(-y, b),
    singular=True,
)
# Python's integers become floats under negative powers, its negative floats become complex.
elementwise(
    operator.pow,
    lambda a, p, y: p * safe.power(a, safe.less_one(p)),
    lambda a, p, y: y * safe.base_log(a, y),
    singular=True,
    kind="unknown",
)
# a % b = a - b * floor(a / b); (y - a) / b is that quotient, however a / b was rounded
elementwise(operator.mod, lambda a, b, y: 1.0, lambda a, b, y: safe.divide(y - a, b), singular=True)
elementwise(operator.neg, lambda x, y: -1.0)
elementwise(operator.pos, lambda x, y: 1.0)


@adjoint(abs, operator.abs, fresh=True)
def absolute(x: Any) -> Any:
    """y = |x|; the slope at 0 is 0. For complex x, d_x = d_y * x / |x|."""

    def absolute_pullback(d_y: Any) -> Any:
        return (d_y * safe.sign(x),)

    return abs(x), absolute_pullback


@adjoint(operator.index)
def index(x: Any) -> Any:
    """y = x, an integer, which stands for a real number."""

    def index_pullback(d_y: Any) -> Any:
        return (d_y,)

    return operator.index(x), index_pullback


nondifferentiable(
    operator.floordiv, operator.lt, operator.le, operator.eq, operator.ne, operator.gt,
    operator.ge, operator.not_, operator.truth, operator.is_, operator.is_not, operator.and_,
    operator.or_, operator.xor, operator.invert, operator.lshift, operator.rshift,
    operator.contains, operator.countOf, operator.indexOf, operator.length_hint,
)  # fmt: skip

# --- the functions that partials use ----------------------------------------------------------

elementwise(
    safe.divide,
    lambda a, b, y: safe.divide(1.0, b),
    lambda a, b, y: safe.divide(-y, b),
    singular=True,
)
elementwise(
    safe.divide_or_zero,
    lambda a, b, y: safe.divide_or_zero(1.0, b),
    lambda a, b, y: safe.divide_or_zero(-y, b),
)
elementwise(safe.square, lambda x, y: 2.0 * x)
elementwise(safe.rsqrt, lambda x, y: -0.5 * safe.divide(y, x), singular=True)
elementwise(safe.less_one, lambda p, y: 1.0)
elementwise(
    safe.power,
    lambda a, p, y: p * safe.power(a, safe.less_one(p)),
    lambda a, p, y: y * safe.base_log(a, y),
    singular=True,
    kind="unknown",
)
elementwise(safe.base_log, lambda a, y, z: safe.divide_or_zero(1.0, a), None)
elementwise(
    safe.logistic_difference,
    lambda a, b, y: y * (1.0 - y),
    lambda a, b, y: y * (y - 1.0),
)
elementwise(
    safe.atan2_partial,
    lambda b, a, y: safe.divide(1.0, a * a + b * b) - 2.0 * y * y,
    lambda b, a, y: -2.0 * y * safe.atan2_partial(a, b),
    singular=True,
)
elementwise(safe.digamma, lambda x, y: safe.polygamma(1, x))
elementwise(safe.polygamma, None, lambda n, x, y: safe.polygamma(n + 1, x))
elementwise(
    safe.bessel_i,
    None,
    lambda n, x, y: 0.5 * (safe.bessel_i(n - 1, x) + safe.bessel_i(n + 1, x)),
)
elementwise(safe.sinc_partial, lambda x, y: safe.sinc_curvature(x, y))


@adjoint(safe.sign, fresh=True)
def sign(x: Any) -> Any:
    """y = x / |x|: constant for real x; for complex x only the angle has a derivative."""
    y = safe.sign(x)
    size = abs(x)

    def sign_pullback(d_y: Any) -> Any:
        return (safe.divide_or_zero(d_y - np.real(np.conj(y) * d_y) * y, size),)

    return y, sign_pullback


@adjoint(safe.ldexp, fresh=True)
def ldexp(x: Any, i: Any) -> Any:
    """y = x * 2**i."""

    def ldexp_pullback(d_y: Any) -> Any:
        return safe.ldexp(d_y, i), None

    return safe.ldexp(x, i), ldexp_pullback


nondifferentiable(safe.larger_share, safe.smaller_share, safe.fmax_share, safe.fmin_share)
