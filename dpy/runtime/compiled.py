"""Functions of numbers and arrays that joint functions call, compiled by Numba.

Numba is imported when they are made. Compiled arithmetic is IEEE's and wraps integers around;
these functions raise where Python would raise, or where its integers would outgrow 64 bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["make_helpers"]

_RANGE_ERRORS = {"cosh", "exp", "expm1", "sinh"}


def make_helpers(
    strong_zero: bool, math_1: Sequence[str], math_2: Sequence[str], numpy_1: Sequence[str]
) -> dict[str, Any]:
    """The compiled functions by name. The names of functions of `math` and NumPy are given."""
    found = {**_columns(), **_integers(), **_floats(), **_partials(strong_zero)}
    for name in math_1:
        found[f"math_{name}"] = _math_function(getattr(math, name), name in _RANGE_ERRORS)
    for name in math_2:
        found[f"math_{name}"] = _math_function_2(getattr(math, name))
    for name in numpy_1:
        found[f"np_{name}"] = _numpy_function(getattr(np, name))
    return found


def _njit(**options: Any) -> Callable[[Any], Any]:
    import numba

    found: Callable[[Any], Any] = numba.njit(**options)
    return found


def _columns() -> dict[str, Any]:
    """Arrays that hold what loops save. The counter is in range by construction."""
    fast = _njit(boundscheck=False)

    @fast
    def column_float(room):  # type: ignore[no-untyped-def]
        return np.empty(room, np.float64)

    @fast
    def column_int(room):  # type: ignore[no-untyped-def]
        return np.empty(room, np.int64)

    @fast
    def column_bool(room):  # type: ignore[no-untyped-def]
        return np.empty(room, np.bool_)

    @_njit()
    def grow(column, room):  # type: ignore[no-untyped-def]
        grown = np.empty(room, column.dtype)
        grown[: len(column)] = column
        return grown

    @fast
    def put(column, n, value):  # type: ignore[no-untyped-def]
        column[n] = value

    @fast
    def get(column, n):  # type: ignore[no-untyped-def]
        return column[n]

    @_njit()
    def rows_needed(count, source):  # type: ignore[no-untyped-def]
        return count + len(source)

    @_njit()
    def more_room(room, needed):  # type: ignore[no-untyped-def]
        return max(2 * room, needed)

    @_njit()
    def expect_zero(count):  # type: ignore[no-untyped-def]
        if count != 0:
            raise AssertionError("the reverse sweep has not used all that was saved")

    @_njit()
    def zeros(shape):  # type: ignore[no-untyped-def]
        return np.zeros(shape)

    @_njit()
    def empty(shape):  # type: ignore[no-untyped-def]
        return np.empty(shape)

    @_njit()
    def ones(shape):  # type: ignore[no-untyped-def]
        return np.ones(shape)

    return {
        "column_float": column_float, "column_int": column_int, "column_bool": column_bool,
        "grow": grow, "rows_needed": rows_needed, "more_room": more_room,
        "put": put, "get": get, "expect_zero": expect_zero, "zeros": zeros,
        "empty": empty, "ones": ones,
    }  # fmt: skip


def _overflowing(name: str) -> Any:
    """An operation on 64-bit integers that also tells whether the result was too large."""
    from numba.core import types
    from numba.extending import intrinsic

    def operation(typing_context, a, b):  # type: ignore[no-untyped-def]
        result = types.Tuple((types.int64, types.boolean))  # type: ignore[no-untyped-call]

        def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
            pair = getattr(builder, f"s{name}_with_overflow")(*args)
            value, flag = builder.extract_value(pair, 0), builder.extract_value(pair, 1)
            return context.make_tuple(builder, result, (value, flag))

        return result(types.int64, types.int64), generate

    return intrinsic(operation)


def _integers() -> dict[str, Any]:
    """Arithmetic of Python's integers, as far as 64 bits go."""
    add_, sub_, mul_ = map(_overflowing, ("add", "sub", "mul"))

    @_njit()
    def checked_add(a, b):  # type: ignore[no-untyped-def]
        value, is_large = add_(a, b)
        if is_large:
            raise OverflowError("an integer outgrew 64 bits in compiled code")
        return value

    @_njit()
    def checked_sub(a, b):  # type: ignore[no-untyped-def]
        value, is_large = sub_(a, b)
        if is_large:
            raise OverflowError("an integer outgrew 64 bits in compiled code")
        return value

    @_njit()
    def checked_mul(a, b):  # type: ignore[no-untyped-def]
        value, is_large = mul_(a, b)
        if is_large:
            raise OverflowError("an integer outgrew 64 bits in compiled code")
        return value

    @_njit()
    def checked_floordiv(a, b):  # type: ignore[no-untyped-def]
        if b == -1:
            return checked_sub(0, a)
        return a // b

    @_njit()
    def checked_abs(a):  # type: ignore[no-untyped-def]
        return checked_sub(0, a) if a < 0 else a

    return {
        "checked_add": checked_add, "checked_sub": checked_sub, "checked_mul": checked_mul,
        "checked_floordiv": checked_floordiv, "checked_abs": checked_abs,
    }  # fmt: skip


def _floats() -> dict[str, Any]:
    """Arithmetic of Python's floats and NumPy's scalars."""

    @_njit()
    def to_float(a):  # type: ignore[no-untyped-def]
        return float(a)

    @_njit()
    def float_abs(a):  # type: ignore[no-untyped-def]
        return math.fabs(a)

    @_njit()
    def checked_power(a, p):  # type: ignore[no-untyped-def]
        a, p = float(a), float(p)
        y = math.pow(a, p)
        if math.isfinite(y) or not (math.isfinite(a) and math.isfinite(p)):
            return y
        if a == 0.0:
            raise ZeroDivisionError("0.0 cannot be raised to a negative power")
        if y != y:
            raise ValueError("a negative number to a fractional power is complex")
        raise OverflowError("Numerical result out of range")

    @_njit(error_model="numpy")
    def numpy_power(a, p):  # type: ignore[no-untyped-def]
        return math.pow(float(a), float(p))

    @_njit(error_model="numpy")
    def numpy_divide(a, b):  # type: ignore[no-untyped-def]
        return float(a) / float(b)

    @_njit()
    def python_min(a, b):  # type: ignore[no-untyped-def]
        return b if b < a else a

    @_njit()
    def python_max(a, b):  # type: ignore[no-untyped-def]
        return b if b > a else a

    return {
        "to_float": to_float, "float_abs": float_abs, "checked_power": checked_power,
        "numpy_power": numpy_power, "numpy_divide": numpy_divide, "python_min": python_min,
        "python_max": python_max,
    }  # fmt: skip


def _partials(strong_zero: bool) -> dict[str, Any]:
    """What partial derivatives use: IEEE arithmetic, without errors."""
    ieee = _njit(error_model="numpy")

    @ieee
    def safe_divide(a, b):  # type: ignore[no-untyped-def]
        return a / b

    @ieee
    def safe_rsqrt(x):  # type: ignore[no-untyped-def]
        if x > 0.0:
            return 1.0 / math.sqrt(x)
        return math.inf if x == 0.0 else math.nan

    @ieee
    def safe_square(x):  # type: ignore[no-untyped-def]
        return x * x

    @ieee
    def safe_power(a, p):  # type: ignore[no-untyped-def]
        return math.pow(a, p)

    @ieee
    def safe_less_one(p):  # type: ignore[no-untyped-def]
        return p - 1.0 if p != 0.0 else 1.0

    @ieee
    def safe_divide_or_zero(a, b):  # type: ignore[no-untyped-def]
        return a / b if b != 0.0 else 0.0 * b

    @ieee
    def safe_base_log(a, y):  # type: ignore[no-untyped-def]
        return math.log(a) if a > 0.0 else 0.0

    @ieee
    def safe_sign(x):  # type: ignore[no-untyped-def]
        if x > 0.0:
            return 1.0
        if x < 0.0:
            return -1.0
        return x * 0.0

    @ieee
    def safe_atan2_partial(b, a):  # type: ignore[no-untyped-def]
        r = math.hypot(a, b)
        return b / r / r

    @ieee
    def times(d, partial):  # type: ignore[no-untyped-def]
        if strong_zero and d == 0.0:
            return 0.0
        return d * partial

    @ieee
    def quotient(d, b):  # type: ignore[no-untyped-def]
        if strong_zero and d == 0.0:
            return 0.0
        return d / b

    @ieee
    def quotient_below(d, b, y):  # type: ignore[no-untyped-def]
        if strong_zero and d == 0.0:
            return 0.0
        return -(d / b * y)

    return {
        "quotient": quotient, "quotient_below": quotient_below,
        "safe_divide": safe_divide, "safe_rsqrt": safe_rsqrt, "safe_square": safe_square,
        "safe_power": safe_power, "safe_base_log": safe_base_log,
        "safe_divide_or_zero": safe_divide_or_zero, "safe_less_one": safe_less_one,
        "safe_sign": safe_sign, "safe_atan2_partial": safe_atan2_partial, "times": times,
    }  # fmt: skip


def _math_function(function: Any, has_range_error: bool) -> Any:
    """A function of `math` that raises as Python's does."""

    @_njit(error_model="numpy")
    def checked(x):  # type: ignore[no-untyped-def]
        y = function(x)
        if not math.isfinite(y):
            if math.isnan(y) and not math.isnan(x):
                raise ValueError("math domain error")
            if math.isinf(y) and math.isfinite(x):
                if has_range_error:
                    raise OverflowError("math range error")
                raise ValueError("math domain error")
        return y

    return checked


def _math_function_2(function: Any) -> Any:
    @_njit(error_model="numpy")
    def checked(x, z):  # type: ignore[no-untyped-def]
        y = function(x, z)
        if math.isinf(y) and math.isfinite(x) and math.isfinite(z):
            raise OverflowError("math range error")
        return y

    return checked


def _numpy_function(function: Any) -> Any:
    """A ufunc of NumPy on one number: no errors, as on NumPy's scalars."""

    @_njit(error_model="numpy")
    def elementwise(x):  # type: ignore[no-untyped-def]
        return function(x)

    return elementwise
