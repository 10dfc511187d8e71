"""Cases of `math` and `cmath`."""

from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np

from tests.adjoints.harness import Case, complex_normal, elementwise_cases, normal


def _real(n: int = 1, low: float = -2.0, high: float = 2.0, **options: Any) -> list[Case]:
    """Python floats, NumPy scalars of both widths, 0-d arrays."""

    def point(rng: np.random.Generator, convert: Any) -> tuple[Any, ...]:
        return tuple(convert(rng.uniform(low, high)) for _ in range(n))

    return [
        *elementwise_cases(n, low, high, arrays=False, **options),
        Case(lambda rng: point(rng, float), seed=5, label="another float"),
        Case(lambda rng: point(rng, np.float64), label="float64"),
        Case(lambda rng: point(rng, np.asarray), label="0-d"),
    ]


def _complex(**options: Any) -> list[Case]:
    return [
        Case(complex_normal(None), seed=seed, label=f"point {seed}", **options) for seed in range(4)
    ] + [Case(lambda rng: (0.3,), label="real", **options)]


def _at(f_args: tuple[Any, ...], d_y: Any, *expected: Any) -> Case:
    return Case(f_args, d_y=d_y, numeric=False, expected=expected, label=f"at {f_args}")


def _value(*args: Any) -> list[Case]:
    return [Case(args, nondiff=True)]


_INF = math.inf

CASES: dict[Any, list[Case]] = {
    math.exp: _real(),
    math.exp2: _real(),
    math.expm1: _real(),
    math.log: [
        *_real(1, 0.2, 4.0, integers=(3,)),
        *_real(2, 1.5, 4.0, integers=(3, 2)),
    ],
    math.log1p: _real(1, -0.8, 3.0),
    math.log2: _real(1, 0.2, 4.0),
    math.log10: _real(1, 0.2, 4.0),
    math.sqrt: [
        *_real(1, 0.2, 4.0, integers=(4,)), _at((0.0,), 0.0, 0.0), _at((0.0,), 2.0, _INF),
    ],
    math.cbrt: [*_real(1, 0.2, 4.0), *_real(1, -3, -1), _at((0.0,), 0.0, 0.0),
                _at((0.0,), 1.0, _INF)],
    math.pow: [
        *_real(2, 0.5, 2.0, integers=(2, 3)),
        Case((-1.5, 3.0), fixed=(1,), label="negative base"),
        _at((0.0, 0.0), 1.0, 0.0, 0.0), _at((0.0, 2.0), 1.0, 0.0, 0.0),
        _at((0.0, 0.5), 0.0, 0.0, 0.0),
    ],
    math.sin: _real(integers=(1,)),
    math.cos: _real(),
    math.tan: _real(1, -1.2, 1.2),
    math.asin: [*_real(1, -0.9, 0.9), _at((1.0,), 0.0, 0.0), _at((1.0,), 1.0, _INF)],
    math.acos: [*_real(1, -0.9, 0.9), _at((-1.0,), 0.0, 0.0), _at((-1.0,), 1.0, -_INF)],
    math.atan: [*_real(), _at((1e200,), 1.0, 0.0)],
    math.atan2: [
        *_real(2), Case((-0.5, -2.0), label="third quadrant"), Case((3e5, 4e5), label="large"),
        _at((0.0, 0.0), 0.0, 0.0, 0.0), _at((1e-200, 0.0), 1.0, 0.0, -1e200),
        _at((0.0, 4e200), 1.0, 2.5e-201, 0.0),
    ],
    math.sinh: [*_real(), _at((710.4,), 1.0, math.cosh(710.4))],
    math.cosh: _real(),
    math.tanh: _real(),
    math.asinh: [*_real(), _at((1e200,), 1.0, 1e-200)],
    math.acosh: [*_real(1, 1.2, 3.0), _at((1.0,), 0.0, 0.0), _at((1.0,), 1.0, _INF)],
    math.atanh: _real(1, -0.8, 0.8),
    math.degrees: _real(),
    math.radians: _real(),
    math.erf: [*_real(), _at((40.0,), 1.0, 0.0)],
    math.erfc: _real(),
    math.gamma: [*_real(1, 0.5, 5.0), Case((-1.5,), label="negative"), Case((12.3,), label="12")],
    math.lgamma: [
        *_real(1, 0.5, 5.0), Case((-2.3,), label="negative"), Case((123.4,), label="large"),
    ],
    math.fabs: [*_real(), _at((0.0,), 1.0, 0.0), _at((-0.0,), 1.0, 0.0), _at((-2,), 1.0, -1.0)],
    math.copysign: [*_real(2), _at((1.5, -0.0), 1.0, -1.0, 0.0), _at((0.0, -1.0), 1.0, 0.0, 0.0)],
    math.fmod: [*_real(2, 0.5, 2.0), Case((7.3, 2.0)), Case((-7.3, 2.0)), Case((7.3, -2.0))],
    math.remainder: [Case((7.3, 2.0)), Case((-7.9, 2.0)), Case((7.3, -2.0)), *_real(2, 1.1, 1.5)],
    math.nextafter: [_at((1.0, 2.0), 3.0, 3.0, 0.0)],
    math.modf: [*_real(), Case((-2.3,)), Case((5.5,))],
    math.frexp: [*_real(1, 1.1, 1.9), Case((-37.3,))],
    math.ldexp: [Case((1.3, 4)), Case((-1.3, -4)), _at((1e-300, 2000), 1.0, _INF)],
    math.hypot: [
        *_real(2), *_real(3), *_real(1, 0.5, 1.0), _at((0.0, 0.0), 1.0, 0.0, 0.0), Case(()),
    ],
    math.dist: [
        Case(lambda rng: (list(map(float, rng.normal(size=3))),
                          tuple(map(float, rng.normal(size=3))))),
        Case(normal((3,), (3,)), label="arrays"),
        _at(([1.0, 2.0], [1.0, 2.0]), 1.0, [0.0, 0.0], [0.0, 0.0]),
    ],
    math.fsum: [
        Case(([1.5, -2.0, 3.25],)), Case(((1.5, -2.0),)), Case(normal((4,)), label="array"),
        Case(([],), label="empty"),
        Case(lambda rng: ({1: 2.0, 2: 0.5}.values(),), numeric=False, label="view"),
    ],
    math.prod: [
        Case(([1.5, -2.0, 3.25],)), Case(((1.5, -2.0),), label="tuple"),
        Case(normal((4,)), label="array"), Case(([],), label="empty"),
        Case(([1.5, -2.0],), {"start": 3.0}, diff_kwargs=("start",), label="start="),
        Case(([0.0, 2.0, 3.0],), label="one zero"), Case(([0.0, 2.0, 0.0],), label="two zeros"),
        Case(([1.5 + 1j, 2.0 - 1j, 3.0],), label="complex"),
    ],
    **({math.sumprod: [  # type: ignore[attr-defined]
        Case(([1.5, 2.5], [3.0, 4.0])), Case(normal((3,), (3,)), label="arrays"),
    ]} if hasattr(math, "sumprod") else {}),
    math.ceil: _value(1.5), math.floor: _value(1.5), math.trunc: _value(-1.5),
    math.comb: _value(5, 2), math.factorial: _value(5), math.gcd: _value(6, 4),
    math.isqrt: _value(17), math.lcm: _value(4, 6), math.perm: _value(5, 2),
    math.isclose: _value(1.0, 1.0), math.isfinite: _value(1.0), math.isinf: _value(1.0),
    math.isnan: _value(1.0), math.ulp: _value(1.0),
    cmath.exp: _complex(),
    cmath.log: [
        *_complex(), Case(complex_normal(None, None), label="base"),
        Case((2.0 + 1j, 3.0), label="real base"),
    ],
    cmath.log10: _complex(),
    cmath.sqrt: [*_complex(), _at((0j,), 0.0, 0.0)],
    cmath.sin: _complex(), cmath.cos: _complex(), cmath.tan: _complex(),
    cmath.sinh: _complex(), cmath.cosh: _complex(), cmath.tanh: _complex(),
    cmath.asin: _complex(), cmath.acos: _complex(), cmath.atan: _complex(),
    cmath.asinh: _complex(), cmath.acosh: [*_complex()[:4], Case((-2.0 - 0.5j,), label="left")],
    cmath.atanh: _complex(),
    cmath.phase: _complex()[:4],
    cmath.polar: _complex()[:4],
    cmath.rect: [Case(normal(None, None)), Case((2, 1.3), label="int")],
    cmath.isclose: _value(1j, 1j), cmath.isfinite: _value(1j), cmath.isinf: _value(1j),
    cmath.isnan: _value(1j),
}  # fmt: skip
if hasattr(math, "fma"):  # Python 3.13
    CASES[math.fma] = [*_real(3), Case((2.0, -1.5, 3), label="int")]
