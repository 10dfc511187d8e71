"""Forward-mode dual numbers that run a program's text unmodified.

An oracle that shares no code with dpy.

A `Dual` is a value and the vector of its derivatives with respect to all inputs. Arrays are NumPy
object arrays of duals, so views, aliases, slices and in-place writes are NumPy's own. A program
is run by replacing the names ``math``, ``np`` and ``float`` in its module (`install`).
"""

from __future__ import annotations

import functools
import math
import operator
import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

#: Two floats closer than this (but not equal) make a branch depend on rounding.
TOO_CLOSE = 1e-11


class Rejected(BaseException):  # which no program catches
    """The program is ill-conditioned or too long: nothing can be learnt from it."""


class Watch:
    """What the run of a program met: used to reject the ill-conditioned ones."""

    def __init__(self, too_close: float = TOO_CLOSE, largest: float = 1e4) -> None:
        self.budget = 60_000
        self.largest = largest
        self.too_close = too_close
        self.slope = 1.0

    def made(self, value: float, slopes: np.ndarray) -> None:
        """Note one new dual number."""
        self.budget -= 1
        if self.budget < 0:
            raise Rejected("too many operations")
        if not abs(value) < self.largest:
            raise Rejected("value too large")
        slope = float(abs(slopes).max()) if slopes.size else 0.0
        if slope > self.slope:
            if not slope < self.largest:
                raise Rejected("derivative too large")
            self.slope = slope

    def compared(self, a: float, b: float) -> None:
        """Note one comparison."""
        if a != b and abs(a - b) < self.too_close:
            raise Rejected("comparison decided by rounding")


watch = Watch()


class Dual:
    """A number with its derivatives."""

    __slots__ = ("slopes", "value")

    def __init__(self, value: Any, slopes: np.ndarray) -> None:
        self.value = value
        self.slopes = slopes
        watch.made(value, slopes)

    def __repr__(self) -> str:
        return f"Dual({self.value!r})"

    def __add__(self, other: Any) -> Any:
        return _binary(self, other, lambda a, b: (a + b, 1.0, 1.0))

    def __radd__(self, other: Any) -> Any:
        return _binary(other, self, lambda a, b: (a + b, 1.0, 1.0))

    def __sub__(self, other: Any) -> Any:
        return _binary(self, other, lambda a, b: (a - b, 1.0, -1.0))

    def __rsub__(self, other: Any) -> Any:
        return _binary(other, self, lambda a, b: (a - b, 1.0, -1.0))

    def __mul__(self, other: Any) -> Any:
        return _binary(self, other, lambda a, b: (a * b, b, a))

    def __rmul__(self, other: Any) -> Any:
        return _binary(other, self, lambda a, b: (a * b, b, a))

    def __truediv__(self, other: Any) -> Any:
        return _binary(self, other, lambda a, b: (a / b, 1.0 / b, -a / (b * b)))

    def __rtruediv__(self, other: Any) -> Any:
        return _binary(other, self, lambda a, b: (a / b, 1.0 / b, -a / (b * b)))

    def __mod__(self, other: Any) -> Any:
        return _binary(self, other, lambda a, b: (a % b, 1.0, -float(a // b)))

    def __pow__(self, n: Any) -> Any:
        if isinstance(n, Dual):
            raise Rejected("power of a dual")
        return Dual(self.value**n, self.slopes * (n * self.value ** (n - 1)))

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slopes)

    def __pos__(self) -> Dual:
        return self

    def __abs__(self) -> Dual:
        return Dual(abs(self.value), self.slopes * np.sign(self.value))

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        watch.compared(float(self.value), float(round(self.value)))
        return int(self.value)

    def __index__(self) -> int:
        if type(self.value) is not int:
            raise TypeError("a float is no index")
        return self.value

    def __bool__(self) -> bool:
        return bool(self.value)

    def __hash__(self) -> int:
        return hash(self.value)

    def __eq__(self, other: Any) -> Any:
        return _compare(self, other, float.__eq__)

    def __ne__(self, other: Any) -> Any:
        return _compare(self, other, float.__ne__)

    def __lt__(self, other: Any) -> Any:
        return _compare(self, other, float.__lt__)

    def __le__(self, other: Any) -> Any:
        return _compare(self, other, float.__le__)

    def __gt__(self, other: Any) -> Any:
        return _compare(self, other, float.__gt__)

    def __ge__(self, other: Any) -> Any:
        return _compare(self, other, float.__ge__)


def value_of(x: Any) -> Any:
    """The plain number."""
    return x.value if isinstance(x, Dual) else x


def _binary(a: Any, b: Any, rule: Callable[[Any, Any], tuple[Any, Any, Any]]) -> Any:
    for x in (a, b):
        if not isinstance(x, (Dual, float, int, np.generic)):
            return NotImplemented  # NumPy maps the operator over object arrays
    value, by_a, by_b = rule(value_of(a), value_of(b))
    if not isinstance(b, Dual):
        return Dual(value, a.slopes * by_a)
    if not isinstance(a, Dual):
        return Dual(value, b.slopes * by_b)
    return Dual(value, a.slopes * by_a + b.slopes * by_b)


def _compare(a: Dual, b: Any, how: Callable[[float, float], bool]) -> Any:
    if isinstance(b, np.ndarray) or not isinstance(b, (Dual, int, float, np.generic)):
        return NotImplemented
    x, y = float(a.value), float(value_of(b))
    watch.compared(x, y)
    return how(x, y)


def _smooth(
    f: Callable[[float], float], slope: Callable[[float, float], float]
) -> Callable[[Any], Any]:
    def function(x: Any) -> Any:
        if not isinstance(x, Dual):
            return f(x)
        y = f(x.value)
        return Dual(y, x.slopes * slope(x.value, y))

    return function


SCALAR: dict[str, Callable[[Any], Any]] = {
    "sin": _smooth(math.sin, lambda x, y: math.cos(x)),
    "cos": _smooth(math.cos, lambda x, y: -math.sin(x)),
    "tanh": _smooth(math.tanh, lambda x, y: 1.0 - y * y),
    "exp": _smooth(math.exp, lambda x, y: y),
    "sqrt": _smooth(math.sqrt, lambda x, y: 0.5 / y),
    "log": _smooth(math.log, lambda x, y: 1.0 / x),
    "log1p": _smooth(math.log1p, lambda x, y: 1.0 / (1.0 + x)),
    "atan": _smooth(math.atan, lambda x, y: 1.0 / (1.0 + x * x)),
}


def _hypot(a: Any, b: Any) -> Any:
    return SCALAR["sqrt"](a * a + b * b)


def _prod(items: Any) -> Any:
    return functools.reduce(operator.mul, items, 1)


def _floor(x: Any) -> int:
    plain = float(value_of(x))
    watch.compared(plain, float(round(plain)))
    return math.floor(plain)


dual_math = types.SimpleNamespace(
    **SCALAR, prod=_prod, hypot=_hypot, floor=_floor, pi=math.pi, e=math.e, isfinite=lambda x: True
)


def _pick(larger: bool) -> Callable[[Any, Any], Any]:
    def pick(a: Any, b: Any) -> Any:
        if a == b:
            return (a + b) * 0.5  # ties: half each
        return a if (a > b) == larger else b

    return pick


def _mapped(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return np.frompyfunc(f, 1, 1)


def _as_objects(maker: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    def make(*args: Any, dtype: Any = float) -> np.ndarray:
        return maker(*args).astype(object)

    return make


def _array(items: Any, dtype: Any = None) -> np.ndarray:
    if dtype is np.float32:
        return np.array(items, np.float32).astype(float).astype(object)
    if all(type(item) in (int, bool) for item in items):
        return np.array(items)  # indices and masks
    if all(type(value_of(item)) is int for item in items):
        raise Rejected("array of integers that depend on the arguments")
    return np.array(items, dtype=object)


class DualNumpy:
    """Stands for the module ``numpy``."""

    array = staticmethod(_array)
    zeros = staticmethod(_as_objects(np.zeros))
    ones = staticmethod(_as_objects(np.ones))
    empty = staticmethod(_as_objects(np.zeros))
    empty_like = staticmethod(lambda a: np.zeros(a.shape).astype(object))
    full = staticmethod(lambda n, x: np.array([x * 1.0] * n, dtype=object))
    linspace = staticmethod(_as_objects(np.linspace))
    zeros_like = staticmethod(lambda a: np.zeros(a.shape).astype(object))
    ones_like = staticmethod(lambda a: np.ones(a.shape).astype(object))
    maximum = staticmethod(np.frompyfunc(_pick(True), 2, 1))
    minimum = staticmethod(np.frompyfunc(_pick(False), 2, 1))

    def __init__(self) -> None:
        for name, function in SCALAR.items():
            setattr(self, name, _mapped(function))
        self.arctan = _mapped(SCALAR["atan"])

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)  # works on object arrays as it is: sum, dot, where, ...


def _float(x: Any = 0.0) -> Any:
    return x if isinstance(x, Dual) else float(x)


def install(module: types.ModuleType) -> None:
    """Make the functions of `module` compute with dual numbers."""
    module.__dict__.update(math=dual_math, np=DualNumpy(), float=_float)


# --- arguments and their derivatives ------------------------------------------------------------


def count_leaves(x: Any, seen: dict[int, Any] | None = None) -> int:
    """How many numbers `x` holds; an object that stands at two places counts once."""
    seen = {} if seen is None else seen
    if isinstance(x, (int, float)) and not isinstance(x, bool):
        return 1
    if id(x) in seen:
        return 0
    seen[id(x)] = x
    if isinstance(x, np.ndarray):
        return int(x.size)
    return sum(count_leaves(child, seen) for _, child in children(x))


def children(x: Any) -> list[tuple[Any, Any]]:
    """The ``(slot, value)`` pairs of a container."""
    if isinstance(x, (list, tuple)):
        return list(enumerate(x))
    if isinstance(x, dict):
        return list(x.items())
    if is_dataclass(x):
        return [(field.name, getattr(x, field.name)) for field in fields(x)]
    if hasattr(type(x), "__slots__") and type(x).__module__.startswith("random_"):
        return [(name, getattr(x, name)) for name in type(x).__slots__]
    return list(vars(x).items()) if hasattr(x, "__dict__") else []


class Lift:
    """Replaces every number of the arguments by a dual with a unit slope of its own."""

    def __init__(self, size: int) -> None:
        self.unit = iter(np.eye(size))
        self.done: dict[int, tuple[Any, Any]] = {}

    def __call__(self, x: Any) -> Any:
        """`x` lifted: containers in place, so that aliases stay aliases."""
        if isinstance(x, (int, float)) and not isinstance(x, bool):
            return Dual(x, next(self.unit))
        if id(x) in self.done:
            return self.done[id(x)][1]
        new: Any = x
        if isinstance(x, np.ndarray):
            for index in np.ndindex(x.shape):
                x[index] = Dual(float(x[index]), next(self.unit))
        elif isinstance(x, tuple):
            items = [self(item) for item in x]
            new = type(x)(*items) if hasattr(x, "_fields") else tuple(items)
        elif isinstance(x, (list, dict)):
            for slot, child in children(x):
                x[slot] = self(child)
        else:
            for slot, child in children(x):
                object.__setattr__(x, slot, self(child))  # frozen ones too
        self.done[id(x)] = (x, new)
        return new


def slots_like(x: Any, slopes: Any, done: dict[int, Any] | None = None) -> Any:
    """The gradient in the shape of `x`: nested dicts of slots, arrays for arrays, floats."""
    done = {} if done is None else done
    if isinstance(x, (int, float)) and not isinstance(x, bool):
        return float(next(slopes))
    if id(x) in done:
        return done[id(x)]
    if isinstance(x, np.ndarray):
        result: Any = np.array([next(slopes) for _ in range(x.size)], float).reshape(x.shape)
    else:
        result = {slot: slots_like(child, slopes, done) for slot, child in children(x)}
    done[id(x)] = result
    return result


def plain(x: Any) -> Any:
    """A dual result as plain numbers."""
    if isinstance(x, Dual):
        return x.value
    if isinstance(x, np.ndarray):
        return np.array([float(value_of(v)) for v in x.flat]).reshape(x.shape)
    return x


def gradient(module: types.ModuleType, other: bool = False) -> tuple[float, tuple[Any, ...], float]:
    """``(value, gradients by slot, largest slope met)`` of ``f(*make_args(other))`` of `module`."""
    global watch
    install(module)
    size = count_leaves(module.make_args(other))
    watch = Watch(getattr(module, "PRECISION", TOO_CLOSE))
    args = module.make_args(other)
    shape = module.make_args(other)
    lift = Lift(size)
    result = module.f(*[lift(arg) for arg in args])
    if isinstance(result, Dual):
        slopes, value = result.slopes, float(result.value)
    else:
        slopes, value = np.zeros(size), float(result)
    stream = iter(slopes)
    done: dict[int, Any] = {}
    return value, tuple(slots_like(arg, stream, done) for arg in shape), watch.slope
