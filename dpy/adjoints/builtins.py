"""Rules for Python's built-in functions on numbers, arrays and containers of them.

The rule of `abs` is with the operators. Containers themselves (list, tuple, dict, zip, enumerate,
map, sorted, ...) are the runtime's.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy.adjoints import registry, safe
from dpy.adjoints.registry import Rule, adjoint, nondifferentiable
from dpy.cotangent import ZERO, conjugate, is_zero, times
from dpy.errors import NoAdjointError
from dpy.kinds import BOTTOM, UNKNOWN, List, Number, Other, Tuple, join

__all__ = ["returns"]


def returns(type_: type) -> Callable[..., Any]:
    """For ``kind=``: the result is a number of this type, whatever the arguments are."""

    def result_kind(*kinds: Any, **named: Any) -> Any:
        return Number(type_)

    return result_kind


# --- sum --------------------------------------------------------------------------------------


@adjoint(sum, fresh=True)
def sum_(iterable: Any, start: Any = 0) -> Any:
    """y = start + every item; lists and tuples concatenate."""
    is_array = isinstance(iterable, np.ndarray)
    items = iterable if is_array else list(iterable)
    shape = np.shape(iterable) if is_array else ()
    parts = () if is_array else tuple(map(_parts, (start, *items)))
    y = sum(items, start)

    def sum_pullback(d_y: Any) -> Any:
        if is_zero(d_y):
            return None, None
        if is_array:
            return np.broadcast_to(d_y, np.broadcast_shapes(shape, np.shape(d_y))), d_y
        d = _split_sum(d_y, parts)
        return d[1:], d[0]

    return y, sum_pullback


def _parts(item: Any) -> int | None:
    """The length of a list or tuple among the items of a sum; None for a number or an array."""
    if isinstance(item, (list, tuple)):
        return len(item)
    if isinstance(item, (int, float, complex, np.ndarray, np.generic)):
        return None
    return None if hasattr(item, "__array_ufunc__") else -1


def _split_sum(d_y: Any, parts: tuple[int | None, ...]) -> list[Any]:
    if -1 in parts:
        raise NoAdjointError(
            "sum() of objects with an addition of their own has no rule",
            why="the rule knows numbers and arrays only",
            repair="write `for item in items: total = total + item`",
        )
    if not any(part is not None for part in parts):
        return [d_y] * len(parts)
    slots = d_y if isinstance(d_y, dict) else dict(enumerate(d_y))
    d: list[Any] = []
    position = 0
    for part in parts:
        n = part or 0
        d.append({i: slots.get(position + i, ZERO) for i in range(n)})
        position += n
    return d


# --- min and max ------------------------------------------------------------------------------


class PickRule(Rule):
    """`min` or `max`: the item that Python picks gets the cotangent."""

    __slots__ = ()

    def apply(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """As `Rule.apply`; the picked default gets the cotangent too."""
        if "default" in kwargs and len(args) == 1:
            items = _items(args[0])
            if len(items) == 0:
                return self.primal(items, **kwargs), lambda d_y: ((ZERO,), {"default": d_y})
            args = (items,)
            kwargs = {key: value for key, value in kwargs.items() if key != "default"}
        return super().apply(args, kwargs)


def _items(iterable: Any) -> Any:
    """The iterable itself where it can be indexed, else a list of its items."""
    return iterable if isinstance(iterable, (list, tuple, np.ndarray)) else list(iterable)


def _picked_kind(*kinds: Any, **named: Any) -> Any:
    """The kind that all the candidates have."""
    if "default" in named:
        return UNKNOWN
    if len(kinds) == 1:
        if isinstance(kinds[0], List):
            return kinds[0].item
        if not isinstance(kinds[0], Tuple):
            return UNKNOWN
        kinds = kinds[0].items
    result: Any = BOTTOM
    for kind in kinds:
        result = join(result, kind)
    return result


def _register_pick(primal: Callable[..., Any]) -> None:
    def pick(*args: Any, key: Any = None) -> Any:
        """y = the first of the smallest (largest) arguments, or items of the one argument."""
        items = list(args) if len(args) != 1 else list(args[0])
        y = primal(items, key=key) if len(args) else primal()
        found = next(i for i, item in enumerate(items) if item is y)
        n = len(args)
        shape = np.shape(args[0]) if n == 1 and isinstance(args[0], np.ndarray) else None

        def pick_pullback(d_y: Any) -> Any:
            if is_zero(d_y):
                return (None,) * n
            if n > 1:
                return tuple(d_y if i == found else ZERO for i in range(n))
            if shape is None:
                return ({found: d_y},)
            d_x = np.zeros(shape, np.result_type(d_y))
            d_x[found] = d_y
            return (d_x,)

        return y, pick_pullback

    registry.register(PickRule(primal, pick, kind=_picked_kind), False)


_register_pick(builtins.max)
_register_pick(builtins.min)

# --- arithmetic -------------------------------------------------------------------------------


@adjoint(pow, fresh=True, kind="unknown")
def pow_(base: Any, exp: Any, mod: Any = None) -> Any:
    """y = base ** exp; with a modulus it is a function of integers without a derivative."""
    y = pow(base, exp, mod)

    def pow_pullback(d_y: Any) -> Any:
        if mod is not None or is_zero(d_y):
            return None, None, None
        slope = exp * safe.power(base, safe.less_one(exp))
        d_base = times(d_y, conjugate(slope), True)
        return d_base, times(d_y, conjugate(y * safe.base_log(base, y)), True), None

    return y, pow_pullback


@adjoint(divmod, fresh=True)
def divmod_(a: Any, b: Any) -> Any:
    """y = (quotient, remainder): remainder = a - b * quotient, and the quotient is constant."""
    y = divmod(a, b)
    quotient = y[0]

    def divmod_pullback(d_y: Any) -> Any:
        return d_y[1], -quotient * d_y[1]

    return y, divmod_pullback


@adjoint(float.as_integer_ratio, int.as_integer_ratio, fresh=True, kind="unknown")
def as_integer_ratio(x: Any, /) -> Any:
    """y = (n, d) with x = n / d: the denominator is constant, and n = x * d."""
    y = x.as_integer_ratio()
    below = y[1]

    def ratio_pullback(d_y: Any) -> Any:
        return (d_y[0] * below,)

    return y, ratio_pullback


# --- conversions ------------------------------------------------------------------------------


@adjoint(float, fresh=True, kind=returns(float))
def float_(x: Any = 0.0, /) -> Any:
    """y = the same number."""

    def float_pullback(d_y: Any) -> Any:
        return (d_y,)

    return float(x), float_pullback


@adjoint(int, fresh=True, kind=returns(int))
def int_(x: Any = 0, /, base: Any = 10) -> Any:
    """y = x where x is an integer, which stands for a real number; truncation has slope 0."""
    y = int(x) if not isinstance(x, (str, bytes, bytearray)) else int(x, base)
    exact = isinstance(x, (int, np.integer)) or getattr(x, "dtype", np.dtype(float)).kind in "iu"

    def int_pullback(d_y: Any) -> Any:
        return d_y if exact else None, None

    return y, int_pullback


@adjoint(complex, fresh=True, kind=returns(complex))
def complex_(real: Any = 0, imag: Any = 0) -> Any:
    """y = real + 1j * imag, also for complex parts."""
    y = complex(real) if isinstance(real, str) else complex(real, imag)

    def complex_pullback(d_y: Any) -> Any:
        return d_y, -1j * d_y

    return y, complex_pullback


@adjoint(float.conjugate, int.conjugate, float.__pos__, int.__pos__)
def real_conjugate(x: Any, /) -> Any:
    """y = x."""

    def real_conjugate_pullback(d_y: Any) -> Any:
        return (d_y,)

    return +x, real_conjugate_pullback


@adjoint(complex.conjugate, fresh=True)
def complex_conjugate(x: Any, /) -> Any:
    """y = the conjugate of x."""

    def complex_conjugate_pullback(d_y: Any) -> Any:
        return (conjugate(d_y),)

    return x.conjugate(), complex_conjugate_pullback


# --- no gradient ------------------------------------------------------------------------------

nondifferentiable(round)
nondifferentiable(len, id, hash, ord, kind=returns(int))
nondifferentiable(bool, isinstance, issubclass, hasattr, callable, any, all, kind=returns(bool))
nondifferentiable(float.is_integer, float.hex, int.bit_length)
nondifferentiable(repr, str, ascii, format, bin, oct, hex, chr, kind=lambda *_, **__: Other(str))
nondifferentiable(range, dir)
# kind="unknown": what the compiler must not call to learn about it
nondifferentiable(print, input, type, kind="unknown")
