"""Rules for NumPy's elementwise functions.

Ties and kinks: `maximum` and its like give half to each side of a tie, `absolute` has slope 0 at 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.adjoints import safe
from dpy.adjoints.registry import adjoint, elementwise, nondifferentiable
from dpy.cotangent import is_zero
from dpy.errors import MutationError

LN2 = 0.6931471805599453
LOG2_E = 1.4426950408889634
LOG10_E = 0.4342944819032518

# --- arithmetic -------------------------------------------------------------------------------

elementwise(np.add, lambda a, b, y: 1.0, lambda a, b, y: 1.0)
elementwise(np.subtract, lambda a, b, y: 1.0, lambda a, b, y: -1.0)
elementwise(np.multiply, lambda a, b, y: b, lambda a, b, y: a)
elementwise(
    np.divide,
    lambda a, b, y: safe.divide(1.0, b),
    lambda a, b, y: safe.divide(-y, b),
    singular=True,
)
elementwise(
    np.power,
    lambda a, p, y: p * safe.power(a, safe.less_one(p)),
    lambda a, p, y: y * safe.base_log(a, y),
    singular=True,
)
elementwise(
    np.float_power,
    lambda a, p, y: p * safe.power(a, safe.less_one(p)),
    lambda a, p, y: y * safe.base_log(a, y),
    singular=True,
)
elementwise(np.negative, lambda x, y: -1.0)
elementwise(np.positive, lambda x, y: 1.0)
elementwise(np.square, lambda x, y: 2.0 * x)
elementwise(np.reciprocal, lambda x, y: -safe.square(y), singular=True)
# both are a - b * n for an integer n, which (y - a) / b gives back with the sign changed
elementwise(np.remainder, lambda a, b, y: 1.0, lambda a, b, y: safe.divide(y - a, b), singular=True)
elementwise(np.fmod, lambda a, b, y: 1.0, lambda a, b, y: safe.divide(y - a, b), singular=True)

# --- exponentials, logarithms, roots ----------------------------------------------------------

elementwise(np.exp, lambda x, y: y)
elementwise(np.exp2, lambda x, y: LN2 * y)
elementwise(np.expm1, lambda x, y: y + 1.0)
elementwise(np.log, lambda x, y: safe.divide(1.0, x), singular=True)
elementwise(np.log2, lambda x, y: safe.divide(LOG2_E, x), singular=True)
elementwise(np.log10, lambda x, y: safe.divide(LOG10_E, x), singular=True)
elementwise(np.log1p, lambda x, y: safe.divide(1.0, 1.0 + x), singular=True)
elementwise(np.sqrt, lambda x, y: safe.divide(0.5, y), singular=True)
elementwise(np.cbrt, lambda x, y: safe.divide(1.0, 3.0 * y * y), singular=True)
elementwise(
    np.logaddexp,
    lambda a, b, y: safe.logistic_difference(a, b),
    lambda a, b, y: safe.logistic_difference(b, a),
)
elementwise(
    np.logaddexp2,
    lambda a, b, y: safe.logistic_difference(LN2 * a, LN2 * b),
    lambda a, b, y: safe.logistic_difference(LN2 * b, LN2 * a),
)

# --- trigonometric and hyperbolic functions ---------------------------------------------------

elementwise(np.sin, lambda x, y: np.cos(x))
elementwise(np.cos, lambda x, y: -np.sin(x))
elementwise(np.tan, lambda x, y: 1.0 + y * y)
elementwise(np.arcsin, lambda x, y: safe.rsqrt((1.0 - x) * (1.0 + x)), singular=True)
elementwise(np.arccos, lambda x, y: -safe.rsqrt((1.0 - x) * (1.0 + x)), singular=True)
elementwise(np.arctan, lambda x, y: safe.divide(1.0, 1.0 + safe.square(x)), singular=True)
elementwise(
    np.arctan2,
    lambda a, b, y: safe.atan2_partial(b, a),
    lambda a, b, y: -safe.atan2_partial(a, b),
    singular=True,
)
elementwise(np.sinh, lambda x, y: np.cosh(x))
elementwise(np.cosh, lambda x, y: np.sinh(x))
elementwise(np.tanh, lambda x, y: 1.0 - y * y)
elementwise(np.arcsinh, lambda x, y: safe.rsqrt(1.0 + safe.square(x)), singular=True)
# two roots, not one of the product: for complex x they have the branch cut of the function
elementwise(np.arccosh, lambda x, y: safe.rsqrt(x - 1.0) * safe.rsqrt(x + 1.0), singular=True)
elementwise(np.arctanh, lambda x, y: safe.divide(1.0, (1.0 - x) * (1.0 + x)), singular=True)
elementwise(
    np.hypot,
    lambda a, b, y: safe.divide_or_zero(a, y),
    lambda a, b, y: safe.divide_or_zero(b, y),
)
elementwise(np.deg2rad, lambda x, y: 0.017453292519943295)
elementwise(np.radians, lambda x, y: 0.017453292519943295)
elementwise(np.rad2deg, lambda x, y: 57.29577951308232)
elementwise(np.degrees, lambda x, y: 57.29577951308232)
elementwise(np.sinc, lambda x, y: safe.sinc_partial(x))
elementwise(np.i0, lambda x, y: safe.bessel_i(1, x))

# --- choices and signs ------------------------------------------------------------------------

elementwise(
    np.maximum, lambda a, b, y: safe.larger_share(a, b), lambda a, b, y: safe.larger_share(b, a)
)
elementwise(
    np.minimum, lambda a, b, y: safe.smaller_share(a, b), lambda a, b, y: safe.smaller_share(b, a)
)
elementwise(np.fmax, lambda a, b, y: safe.fmax_share(a, b), lambda a, b, y: safe.fmax_share(b, a))
elementwise(np.fmin, lambda a, b, y: safe.fmin_share(a, b), lambda a, b, y: safe.fmin_share(b, a))
elementwise(np.fabs, lambda x, y: np.sign(x))
elementwise(np.copysign, lambda a, b, y: safe.sign(a) * np.copysign(1.0, y), None)
elementwise(np.nextafter, lambda a, b, y: 1.0, None)
elementwise(np.heaviside, None, lambda a, b, y: a == 0)


@adjoint(np.absolute, fresh=True)
def absolute(x: Any) -> Any:
    """y = |x|; the slope at 0 is 0. For complex x, d_x = d_y * x / |x|."""

    def absolute_pullback(d_y: Any) -> Any:
        return (d_y * np.sign(x),)

    return np.absolute(x), absolute_pullback


# --- functions with two results ---------------------------------------------------------------


@adjoint(np.divmod, fresh=True)
def divmod_(a: Any, b: Any) -> Any:
    """y = (quotient, remainder): remainder = a - b * quotient, and the quotient is constant."""
    y = np.divmod(a, b)
    quotient = y[0]

    def divmod_pullback(d_y: Any) -> Any:
        return d_y[1], -quotient * d_y[1]

    return y, divmod_pullback


@adjoint(np.modf, fresh=True)
def modf(x: Any) -> Any:
    """y = (fraction, integer part); the integer part is constant."""

    def modf_pullback(d_y: Any) -> Any:
        return (d_y[0],)

    return np.modf(x), modf_pullback


@adjoint(np.frexp, fresh=True)
def frexp(x: Any) -> Any:
    """y = (mantissa, exponent), x = mantissa * 2**exponent; the exponent is constant."""
    y = np.frexp(x)
    exponent = y[1]

    def frexp_pullback(d_y: Any) -> Any:
        return (safe.ldexp(d_y[0], -exponent),)

    return y, frexp_pullback


@adjoint(np.ldexp, fresh=True)
def ldexp(x: Any, i: Any) -> Any:
    """y = x * 2**i."""

    def ldexp_pullback(d_y: Any) -> Any:
        return safe.ldexp(d_y, i), None

    return np.ldexp(x, i), ldexp_pullback


# --- complex numbers --------------------------------------------------------------------------


@adjoint(np.conjugate, fresh=True)
def conjugate(x: Any) -> Any:
    """y = the conjugate of x."""

    def conjugate_pullback(d_y: Any) -> Any:
        return (d_y.conjugate(),)

    return np.conjugate(x), conjugate_pullback


@adjoint(np.ndarray.conj, np.ndarray.conjugate, np.generic.conj, np.generic.conjugate)
def conjugate_method(x: Any) -> Any:
    """y = the conjugate of x: x itself where it is real."""

    def conjugate_method_pullback(d_y: Any) -> Any:
        return (d_y.conjugate(),)

    return x.conjugate(), conjugate_method_pullback


@adjoint(np.real)
def real(val: Any) -> Any:
    """y = the real part: a view, and `val` itself where it is real."""

    def real_pullback(d_y: Any) -> Any:
        return (d_y,)

    return np.real(val), real_pullback


@adjoint(np.imag)
def imag(val: Any) -> Any:
    """y = the imaginary part."""

    def imag_pullback(d_y: Any) -> Any:
        return (1j * d_y,)

    return np.imag(val), imag_pullback


@adjoint(np.real_if_close, static=("tol",), kind="unknown")
def real_if_close(a: Any, tol: Any = 100) -> Any:
    """y = the real part of a where all imaginary parts are negligible, else a."""

    def real_if_close_pullback(d_y: Any) -> Any:
        return (d_y,)

    return np.real_if_close(a, tol), real_if_close_pullback


@adjoint(np.angle, static=("deg",), fresh=True)
def angle(z: Any, deg: Any = False) -> Any:
    """y = the angle of z; it does not vary with a real z."""
    unit = 57.29577951308232 if deg else 1.0

    def angle_pullback(d_y: Any) -> Any:
        return (safe.divide(unit * 1j * d_y, np.conjugate(z)),)

    return np.angle(z, deg), angle_pullback


# --- clip, nan_to_num -------------------------------------------------------------------------


@adjoint(np.clip, static=("out",), fresh=True)
def clip(
    a: Any,
    a_min: Any = np._NoValue,
    a_max: Any = np._NoValue,
    out: Any = None,
    min: Any = np._NoValue,
    max: Any = np._NoValue,
    **options: Any,
) -> Any:
    """y = minimum(maximum(a, low), high), with their shares at the bounds."""
    _refuse_out("numpy.clip", out)
    given = {"a_min": a_min, "a_max": a_max, "min": min, "max": max, **options}
    y = np.clip(a, **{name: x for name, x in given.items() if x is not np._NoValue})
    low = a_min if min is np._NoValue else min
    high = a_max if max is np._NoValue else max

    def clip_pullback(d_y: Any) -> Any:
        d_a, d_low, d_high = _clip_cotangents(d_y, a, low, high)
        return d_a, d_low, d_high, d_low, d_high

    return y, clip_pullback


@adjoint(np.ndarray.clip, static=("out",), fresh=True)
def clip_method(a: Any, min: Any = None, max: Any = None, out: Any = None, **options: Any) -> Any:
    """y = minimum(maximum(a, min), max)."""
    _refuse_out("numpy.ndarray.clip", out)

    def clip_method_pullback(d_y: Any) -> Any:
        return _clip_cotangents(d_y, a, min, max)

    return a.clip(min, max, **options), clip_method_pullback


def _clip_cotangents(d_y: Any, a: Any, low: Any, high: Any) -> tuple[Any, Any, Any]:
    d_low = d_high = None
    if is_zero(d_y):
        return None, None, None
    has_low = low is not None and low is not np._NoValue
    raised = np.maximum(a, low) if has_low else a
    if high is not None and high is not np._NoValue:
        d_high = d_y * safe.smaller_share(high, raised)
        d_y = d_y * safe.smaller_share(raised, high)
    if has_low:
        d_low = d_y * safe.larger_share(low, a)
        d_y = d_y * safe.larger_share(a, low)
    return d_y, d_low, d_high


def _refuse_out(name: str, out: Any, how: str = "out=") -> None:
    if out is not None:
        raise MutationError(
            f"{name} with {how} cannot be differentiated",
            why="the cotangent of the array that it overwrites is not tracked",
            repair="assign the result instead: array[...] = ...",
        )


@adjoint(np.nan_to_num, static=("copy", "nan", "posinf", "neginf"))
def nan_to_num(
    x: Any, copy: Any = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    """y = x with the values that are not finite replaced by constants."""
    if not copy:
        _refuse_out("numpy.nan_to_num", True, "copy=False")
    finite = np.isfinite(x)

    def nan_to_num_pullback(d_y: Any) -> Any:
        return (d_y * finite,)

    return np.nan_to_num(x, copy, nan, posinf, neginf), nan_to_num_pullback


# --- conversions of scalars -------------------------------------------------------------------


def _register_constructor(scalar_type: type) -> None:
    """``np.float32(x)``: the same numbers; an array gives an array, itself if it has the dtype."""

    def convert(x: Any = 0.0, /) -> Any:
        y = scalar_type(x)
        rounds = np.result_type(y).kind in "iu" and np.asarray(x).dtype.kind not in "iub"

        def convert_pullback(d_y: Any) -> Any:
            return (None if rounds else d_y,)

        return y, convert_pullback

    adjoint(scalar_type)(convert)


for _scalar in dict.fromkeys(
    [np.float16, np.float32, np.float64, np.longdouble, np.complex64, np.complex128,
     np.clongdouble, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32,
     np.uint64, np.intc, np.longlong]
):  # fmt: skip
    _register_constructor(_scalar)

# --- no gradient ------------------------------------------------------------------------------

nondifferentiable(
    np.sign, np.floor, np.ceil, np.trunc, np.rint, np.fix, np.round, np.around, np.ndarray.round,
    np.floor_divide, np.signbit, np.spacing, np.isnan, np.isinf, np.isfinite, np.isposinf,
    np.isneginf, np.isreal, np.iscomplex, np.isrealobj, np.iscomplexobj, np.isscalar, np.isclose,
    np.allclose, np.array_equal, np.array_equiv,
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
    np.logical_and, np.logical_or, np.logical_xor, np.logical_not,
    np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift,
    np.gcd, np.lcm,
)  # fmt: skip
