"""Cases of the operators and of the functions that partials are made of."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from dpy.adjoints import safe
from tests.adjoints.harness import Case, complex_normal, elementwise_cases, normal, uniform


def _nonzero(n: int = 1, **options: Any) -> list[Case]:
    return elementwise_cases(n, 0.5, 2.5, **options)


def _matmul_cases() -> list[Case]:
    shapes: list[tuple[Any, Any]] = [
        ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)),
        ((2, 3), (5, 3, 2)), ((4, 1, 2, 3), (5, 3, 2)), ((3,), (5, 3, 2)), ((5, 2, 3), (3,)),
        ((0, 3), (3, 2)), ((2, 0), (0, 3)),
    ]  # fmt: skip
    cases = [Case(normal(a, b), label=f"{a} @ {b}") for a, b in shapes]
    cases += [Case(complex_normal(a, b), label=f"complex {a} @ {b}") for a, b in shapes[:8]]
    mixed = lambda rng: (rng.normal(size=(2, 3)), *complex_normal((3, 2))(rng))  # noqa: E731
    return [*cases, Case(mixed, label="real @ complex")]


_POWERS = [
    *_nonzero(2, complex_=True, integers=(3, 2)),
    Case(lambda rng: (rng.normal(size=3), 2), label="square"),
    Case(lambda rng: (rng.normal(size=3), 3.0), fixed=(1,), label="cube, negative bases"),
    Case(lambda rng: (-1.5, 3.0), fixed=(1,), label="negative base"),
    Case(lambda rng: (-1.5 + 0.7j, 0.5), label="complex root"),
    Case((np.array([0.0, 2.0, -1.0]), 0), numeric=False, expected=(np.zeros(3), None),
         label="power 0"),
    Case((0.0, 0.0), numeric=False, d_y=1.0, expected=(0.0, 0.0), label="0**0"),
    Case((0.0, 1.0), numeric=False, d_y=1.0, expected=(1.0, 0.0), label="0**1"),
    Case((0.0, 0.5), numeric=False, d_y=0.0, expected=(0.0, 0.0), label="strong zero"),
    Case((0.0, 0.5), numeric=False, d_y=1.0, expected=(np.inf, 0.0), label="root at 0"),
    Case((np.array([2, 3]), np.array([2.0, -1.0])), numeric=False, d_y=np.ones(2),
         expected=(np.array([4.0, -1 / 9]), np.array([4 * np.log(2), np.log(3) / 3])),
         label="integer bases"),
    Case((np.array([2, -3]), np.array([3, 0])), numeric=False, d_y=np.ones(2),
         expected=(np.array([12.0, 0.0]), np.array([8 * np.log(2), 0.0])), label="integers"),
]  # fmt: skip
_QUOTIENTS = [
    *_nonzero(2, complex_=True, integers=(3, 2)),
    Case((np.array([1.0, 0.0]), np.array([0.0, 2.0])), numeric=False, d_y=np.array([0.0, 1.0]),
         expected=(np.array([0.0, 0.5]), np.zeros(2)), label="strong zero"),
    Case((np.array([1, 2]), np.array([2, 4])), numeric=False, d_y=np.ones(2),
         expected=(np.array([0.5, 0.25]), np.array([-0.25, -0.125])), label="integers"),
]  # fmt: skip
_REMAINDERS = [
    *_nonzero(2, integers=(7, 3)),
    Case((7.3, 2.0), label="2"), Case((-7.3, 2.0), label="negative"),
    Case((7.3, -2.0), label="negative modulus"),
    Case(lambda rng: (5 * rng.normal(size=7), 1.7), label="arrays"),
]  # fmt: skip
_ABS = [
    *elementwise_cases(1, complex_=True, integers=(-3,)),
    Case((np.array([-1.0, 0.0, 2.0]),), numeric=False, d_y=np.ones(3),
         expected=(np.array([-1.0, 0.0, 1.0]),), label="kink"),
    Case((0.0,), numeric=False, d_y=1.0, expected=(0.0,), label="0"),
    Case((0j,), numeric=False, d_y=1.0, expected=(0.0,), label="0j"),
]  # fmt: skip
_COMPARED = [
    Case((1.5, 2.5), nondiff=True), Case((np.array([1.0, 2.0]), 1.0), nondiff=True),
]  # fmt: skip
_BITS = [Case((6, 3), nondiff=True), Case((np.array([6, 1]), 3), nondiff=True)]
_CONTAINER = [Case(([1.0, 2.0, 1.0], 1.0), nondiff=True)]

CASES: dict[Any, list[Case]] = {
    operator.add: elementwise_cases(2, complex_=True, integers=(2, 3)),
    operator.sub: elementwise_cases(2, complex_=True, integers=(2, 3)),
    operator.mul: elementwise_cases(2, complex_=True, integers=(2, 3)),
    operator.truediv: _QUOTIENTS,
    operator.pow: _POWERS,
    operator.mod: _REMAINDERS,
    operator.neg: elementwise_cases(1, complex_=True, integers=(2,)),
    operator.pos: elementwise_cases(1, complex_=True, integers=(2,)),
    operator.matmul: _matmul_cases(),
    abs: _ABS,
    operator.abs: _ABS,
    operator.index: [Case((3,), d_y=2.0, expected=(2.0,))],
    **{
        f: _COMPARED
        for f in (operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge,
                  operator.floordiv)
    },
    **{f: [Case((1.5, 1.5), nondiff=True)] for f in (operator.is_, operator.is_not)},
    **{f: [Case((1.5,), nondiff=True)] for f in (operator.not_, operator.truth)},
    **{
        f: _BITS
        for f in (operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift)
    },
    operator.invert: [Case((6,), nondiff=True), Case((np.array([True, False]),), nondiff=True)],
    **{f: _CONTAINER for f in (operator.contains, operator.countOf, operator.indexOf)},
    operator.length_hint: [Case(([1.0, 2.0],), nondiff=True)],
    # the functions of partials, for second derivatives
    safe.divide: _QUOTIENTS,
    safe.divide_or_zero: [
        *_nonzero(2),
        Case((0.0, 0.0), numeric=False, d_y=1.0, expected=(0.0, 0.0), label="0 / 0"),
    ],
    safe.square: elementwise_cases(1, complex_=True),
    safe.rsqrt: _nonzero(1, complex_=True),
    safe.less_one: _nonzero(1),
    safe.power: [case for case in _POWERS if case.label != "integers"],
    safe.base_log: [
        Case(uniform(0.5, 2.0, (3,), (3,)), fixed=(1,)),
        Case(uniform(0.5, 2.0, None, None), fixed=(1,), label="float"),
        Case(complex_normal((3,), (3,)), fixed=(1,), label="complex"),
    ],
    safe.logistic_difference: elementwise_cases(2),
    safe.atan2_partial: _nonzero(2),
    safe.digamma: _nonzero(1, arrays=False),
    safe.polygamma: [Case(lambda rng: (1, 1.7)), Case(lambda rng: (2, 3.1))],
    safe.bessel_i: [Case(lambda rng, n=n: (n, rng.normal(size=4))) for n in (0, 1, 2, 3)],
    safe.sinc_partial: [
        *elementwise_cases(1),
        Case((np.array([0.0, 1e-3, 0.15, 0.159, 0.16, 3.0]),), label="near 0"),
    ],
    safe.sign: elementwise_cases(1, complex_=True),
    safe.ldexp: [Case(lambda rng: (rng.normal(size=3), 3)), Case((1.5, -2))],
    **{
        f: [Case((1.0, 2.0), nondiff=True), Case((np.array([1.0, 2.0]), 2.0), nondiff=True)]
        for f in (safe.larger_share, safe.smaller_share, safe.fmax_share, safe.fmin_share)
    },
}  # fmt: skip
