"""Cases of NumPy's elementwise functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.adjoints.cases_operators import CASES as OPERATORS
from tests.adjoints.harness import Case, complex_normal, elementwise_cases, normal, uniform

_INF = np.inf


def _at(args: tuple[Any, ...], d_y: Any, *expected: Any, **kwargs: Any) -> Case:
    """The exact cotangents at one point: kinks, ends of domains."""
    return Case(args, kwargs, d_y=d_y, numeric=False, expected=expected, label=f"at {args}")


def _both(function: Any, *cases: Any) -> list[Case]:
    return [*function, *cases]


def _value(*args: Any, **kwargs: Any) -> list[Case]:
    return [Case(args, kwargs, nondiff=True)]


def _array(*items: Any) -> Any:
    return np.array(items)


def _tie(a: float, b: float, c: float, d: float) -> list[Case]:
    """A function with kinks: generic points, then slopes at ties."""
    x, z = _array(1.0, 2.0, 3.0), _array(2.0, 2.0, 2.0)
    return [
        *elementwise_cases(2, integers=(2, 3)),
        _at((x, z), np.ones(3), _array(a, 0.5, b), _array(c, 0.5, d)),
        _at((2.0, 2.0), 1.0, 0.5, 0.5),
        Case(lambda rng: (x.astype(np.float32), 2.0), numeric=False, d_y=np.ones(3, np.float32),
             expected=(_array(a, 0.5, b), c + 0.5 + d), label="float32 tie"),
    ]  # fmt: skip


_ABS = [
    *elementwise_cases(1, complex_=True, integers=(-3,)),
    _at((_array(-1.0, 0.0, 2.0),), np.ones(3), _array(-1.0, 0.0, 1.0)),
    _at((_array(0j),), np.ones(1), _array(0j)),
]
_POWERS = [
    *(case for case in OPERATORS[__import__("operator").pow]
      if case.label not in ("integers", "float", "int", "complex root", "root at 0")),
    *elementwise_cases(2, 0.5, 2.5, integers=(3, 2)),
    _at((_array(0.0, 0.0), 0.5), np.array([0.0, 1.0]), _array(0.0, _INF), 0.0),
]  # fmt: skip
_REMAINDERS = [
    *elementwise_cases(2, 0.5, 2.5, integers=(7, 3)),
    Case((_array(7.3, -7.3, 7.3, -7.3), _array(2.0, 2.0, -2.0, -2.0)), label="signs"),
]
_CLIPS = [
    Case(lambda rng: (rng.normal(size=(3, 4)), -0.5, 0.7), label="scalars"),
    Case(lambda rng: (rng.normal(size=(3, 4)), rng.normal(size=4) - 1.0, 1.1), label="broadcast"),
    Case(lambda rng: (rng.normal(size=4), rng.normal(size=(2, 1)), rng.normal(size=4)),
         label="crossing"),
    Case(lambda rng: (rng.normal(size=4), None, 0.2), label="no low"),
    Case(lambda rng: (rng.normal(size=4), 0.1, None), label="no high"),
    _at((_array(-1.0, 0.0, 0.5, 1.0, 2.0), 0.0, 1.0), np.ones(5),
        _array(0.0, 0.5, 1.0, 0.5, 0.0), 1.5, 1.5),
]  # fmt: skip
_CONJUGATES = [
    Case(normal((3,))), Case(complex_normal((3,)), label="complex"),
    Case(normal(()), label="0-d"), Case(normal((0, 2)), label="empty"),
]  # fmt: skip
_SCALARS = [
    Case(lambda rng: (np.float64(rng.normal()),)),
    Case(lambda rng: (np.complex128(1 + 2j),), label="complex"),
]
_BOTH_PARTS = [
    Case(normal((3,)), label="real"), Case(complex_normal((3,)), label="complex"),
    Case(complex_normal(()), label="0-d"), Case((1.5 + 2j,), label="number"),
]  # fmt: skip
_positive = uniform(0.5, 2.0, (3,))

CASES: dict[Any, list[Case]] = {
    np.add: [
        *elementwise_cases(2, complex_=True, integers=(2, 3)),
        Case(normal((3,), (3,)), {"where": _array(True, False, True),
                                  "out": np.zeros(3)}, float32=False, label="where, out"),
        Case(normal((3,), (3,)), {"dtype": np.float64}, float32=False, label="dtype"),
    ],
    np.subtract: elementwise_cases(2, complex_=True, integers=(2, 3)),
    np.multiply: elementwise_cases(2, complex_=True, integers=(2, 3)),
    np.divide: [case for case in OPERATORS[__import__("operator").truediv]],
    np.power: _POWERS,
    np.float_power: [c for c in _POWERS if c.label != "complex"],
    np.negative: elementwise_cases(1, complex_=True, integers=(2,)),
    np.positive: elementwise_cases(1, complex_=True, integers=(2,)),
    np.square: elementwise_cases(1, complex_=True, integers=(2,)),
    np.reciprocal: [*elementwise_cases(1, 0.5, 2.0, complex_=True),
                    _at((_array(0.0, 2.0),), _array(0.0, 1.0), _array(0.0, -0.25))],
    np.remainder: _REMAINDERS,
    np.fmod: _REMAINDERS,
    np.exp: elementwise_cases(1, complex_=True, integers=(2,)),
    np.exp2: elementwise_cases(1, complex_=True),
    np.expm1: elementwise_cases(1, complex_=True),
    np.log: [*elementwise_cases(1, 0.2, 3.0, complex_=True, integers=(2,)),
             _at((_array(0.0, 2.0),), _array(0.0, 1.0), _array(0.0, 0.5))],
    np.log2: elementwise_cases(1, 0.2, 3.0, complex_=True),
    np.log10: elementwise_cases(1, 0.2, 3.0, complex_=True),
    np.log1p: elementwise_cases(1, -0.8, 3.0, complex_=True),
    np.sqrt: [*elementwise_cases(1, 0.2, 3.0, complex_=True, integers=(4,)),
              _at((_array(0.0, 0.0, 4.0),), _array(0.0, 1.0, 1.0), _array(0.0, _INF, 0.25)),
              _at((0.0,), 0.0, 0.0)],
    np.cbrt: [*elementwise_cases(1, 0.2, 3.0), _at((_array(0.0, -8.0),), _array(0.0, 1.0),
                                                   _array(0.0, 1 / 12))],
    np.logaddexp: [
        *elementwise_cases(2), Case((_array(800.0, -800.0), 1.0), label="extreme"),
        _at((-_INF, 1.0), 1.0, 0.0, 1.0), _at((-_INF, -_INF), 1.0, 0.5, 0.5),
    ],
    np.logaddexp2: elementwise_cases(2),
    np.sin: elementwise_cases(1, complex_=True, integers=(1,)),
    np.cos: elementwise_cases(1, complex_=True),
    np.tan: elementwise_cases(1, -1.2, 1.2, complex_=True),
    np.arcsin: [*elementwise_cases(1, -0.9, 0.9, complex_=True),
                _at((_array(1.0, -1.0),), _array(0.0, 1.0), _array(0.0, _INF))],
    np.arccos: [*elementwise_cases(1, -0.9, 0.9, complex_=True),
                _at((_array(1.0, -1.0),), _array(0.0, 1.0), _array(0.0, -_INF))],
    np.arctan: [*elementwise_cases(1, complex_=True), _at((_array(1e200),), np.ones(1),
                                                          np.zeros(1))],
    np.arctan2: [*elementwise_cases(2), Case((_array(0.5, -0.5), -2.0), label="left half plane"),
                 _at((np.zeros(1), np.zeros(1)), np.zeros(1), np.zeros(1), np.zeros(1)),
                 _at((_array(1e-200), 0.0), np.ones(1), np.zeros(1), -1e200)],
    np.sinh: elementwise_cases(1, complex_=True),
    np.cosh: elementwise_cases(1, complex_=True),
    np.tanh: elementwise_cases(1, complex_=True),
    np.arcsinh: elementwise_cases(1, complex_=True),
    np.arccosh: [*elementwise_cases(1, 1.2, 3.0, complex_=True),
                 _at((_array(1.0, 1.0),), _array(0.0, 1.0), _array(0.0, _INF))],
    np.arctanh: elementwise_cases(1, -0.8, 0.8, complex_=True),
    np.hypot: [*elementwise_cases(2), _at((_array(0.0, 3.0), _array(0.0, 4.0)), np.ones(2),
                                          _array(0.0, 0.6), _array(0.0, 0.8))],
    **{f: elementwise_cases(1) for f in (np.deg2rad, np.rad2deg, np.radians, np.degrees)},
    np.sinc: [*elementwise_cases(1), _at((_array(0.0),), np.ones(1), np.zeros(1)),
              Case((_array(1e-3, 0.15, 0.16, 1.0),), label="near 0")],
    np.i0: [*elementwise_cases(1), Case((_array(20.0, 50.0),), float32=False, label="large")],
    np.maximum: _tie(0.0, 1.0, 1.0, 0.0),
    np.minimum: _tie(1.0, 0.0, 0.0, 1.0),
    np.fmax: [*_tie(0.0, 1.0, 1.0, 0.0), _at((np.nan, 1.0), 1.0, 0.0, 1.0)],
    np.fmin: [*_tie(1.0, 0.0, 0.0, 1.0), _at((1.0, np.nan), 1.0, 1.0, 0.0)],
    np.absolute: _ABS,
    np.fabs: [c for c in _ABS if "complex" not in c.label and "0.+0.j" not in c.label],
    np.copysign: [*elementwise_cases(2), _at((_array(0.0, 1.0, 2.0), _array(1.0, -1.0, -0.0)),
                                             np.ones(3), _array(0.0, -1.0, -1.0), np.zeros(3))],
    np.nextafter: [_at((_array(1.0, 2.0), 3.0), np.ones(2), np.ones(2), 0.0)],
    np.heaviside: [Case(lambda rng: (_array(-1.0, 0.0, 2.0), rng.normal(size=3)), fixed=(0,))],
    np.divmod: _REMAINDERS,
    np.modf: [*elementwise_cases(1), Case((_array(-2.3, 5.5),), label="large")],
    np.frexp: [*elementwise_cases(1, 1.1, 1.9), Case((_array(-37.3, 0.3),), label="signs")],
    np.ldexp: [Case((_array(1.3, -0.7), _array(4, -3))), Case((1.5, 2), label="float"),
               Case((_array(1.3, -0.7), 2), label="left")],
    np.conjugate: [*_CONJUGATES, Case((1.5 + 2j,), label="number"), Case((1.5,), label="float")],
    np.ndarray.conj: _CONJUGATES,
    np.ndarray.conjugate: _CONJUGATES,
    np.generic.conj: _SCALARS,
    np.generic.conjugate: _SCALARS,
    np.real: _BOTH_PARTS,
    np.imag: _BOTH_PARTS,
    np.real_if_close: [
        Case(normal((3,))), Case(complex_normal((3,)), label="complex"),
        _at((_array(1 + 0j, 2 + 1e-17j),), np.ones(2), _array(1 + 0j, 1 + 0j)),
    ],
    np.angle: [
        Case(complex_normal((3,))), Case(complex_normal((3,)), {"deg": True}, label="degrees"),
        Case(normal((3,)), label="real"), Case((1.5 - 2j,), label="number"),
    ],
    np.clip: [
        *_CLIPS,
        Case(normal((4,)), {"min": 0.1, "max": np.full(4, 0.4)}, diff_kwargs=("min", "max"),
             float32=False, label="min=, max="),
        Case(normal((4,)), {"a_min": -0.1, "a_max": 0.4}, diff_kwargs=("a_min", "a_max"),
             label="a_min=, a_max="),
        Case((1.5, 0.0, 1.0), label="numbers"),
    ],
    np.ndarray.clip: [
        *_CLIPS, Case(normal((4,)), {"max": 0.4}, diff_kwargs=("max",), label="max="),
    ],
    np.nan_to_num: [
        Case(normal((3,))), Case(complex_normal((3,)), label="complex"), Case((1.5,)),
        _at((_array(np.nan, 1.0, _INF),), np.ones(3), _array(0.0, 1.0, 0.0)),
        _at((_array(np.nan, 1.0),), np.ones(2), _array(0.0, 1.0), nan=5.0),
    ],
    **{f: [Case((1.5,), rtol=1e-6), Case(normal((3,)), rtol=1e-6, label="array")]
       for f in (np.float64, np.longdouble)},
    # steps of numerical differences vanish in the rounding of these
    **{f: [_at((1.5,), 2.0, 2.0), _at((_array(1.5, 2.5),), np.ones(2), np.ones(2))]
       for f in (np.float32, np.float16)},
    **{f: [_at((1.5,), 2.0 + 1j, 2.0), _at((_array(1.5 + 1j),), _array(2.0 + 1j), _array(2 + 1j))]
       for f in (np.complex64, np.complex128, np.clongdouble)},
    **{f: [_at((3,), 2.0, 2.0), _at((2.7,), 2.0, 0.0)]
       for f in (np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64,
                 np.intc, np.longlong)},
    **{f: [*_value(_array(1.5, -2.5)), *_value(1.5)]
       for f in (np.sign, np.floor, np.ceil, np.trunc, np.rint, np.fix, np.round, np.around,
                 np.signbit, np.spacing, np.isnan, np.isinf, np.isfinite, np.isposinf, np.isneginf,
                 np.isreal, np.iscomplex, np.isrealobj, np.iscomplexobj, np.isscalar)},
    np.ndarray.round: _value(_array(1.55, -2.5), 1),
    **{f: _value(_array(1.5, -2.5), 1.5)
       for f in (np.floor_divide, np.isclose, np.allclose, np.array_equal, np.array_equiv,
                 np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
                 np.logical_and, np.logical_or, np.logical_xor)},
    np.logical_not: _value(_array(1.5, 0.0)),
    np.invert: _value(_array(1, 2)),
    **{f: _value(_array(6, 4), 2)
       for f in (np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.left_shift, np.right_shift,
                 np.gcd, np.lcm)},
}  # fmt: skip
