"""Cases of the built-in functions (abs is with the operators)."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.adjoints.harness import Case, complex_normal, elementwise_cases, normal


def _value(*args: Any, **kwargs: Any) -> list[Case]:
    return [Case(args, kwargs, nondiff=True)]


def _pick(largest: bool) -> list[Case]:
    """Cases of max (min, with the signs of the data changed)."""
    s = 1.0 if largest else -1.0
    return [
        Case((s * 1.0, s * 3.0), label="two"),
        Case((s * 3.0, s * 1.0, s * 2.0), label="three"),
        Case((2, s * 5.0, np.float64(s * 7.0)), label="mixed"),
        Case(([s * 1.0, s * 4.0, s * 2.0],), label="list"),
        Case(((s * 1.0, s * 4.0, s * 2.0),), label="tuple"),
        Case((s * np.array([1.0, 4.0, 2.0]),), label="array"),
        Case((s * 2.0, s * 2.0), numeric=False, d_y=1.5, expected=(1.5, 0.0), label="tie"),
        Case(([2.0, 2.0],), numeric=False, d_y=1.5, expected=([1.5, 0.0],), label="tie in a list"),
        Case(([1.0, -4.0, 2.0],), {"key": abs}, label="key"),
        Case((1.0, -4.0, 2.0), {"key": lambda x: x * x}, label="key of arguments"),
        Case(([],), {"default": 2.5}, diff_kwargs=("default",), label="default"),
        Case(([s * 1.0, s * 2.0],), {"default": 9.0}, label="unused default"),
        Case(([(s * 1.0, 2.0), (s * 1.5, -3.0)],), label="tuples"),
        Case(lambda rng: ({1: s * 1.0, 2: s * 2.0}.values(),), numeric=False, label="view"),
    ]


CASES: dict[Any, list[Case]] = {
    sum: [
        Case(([1.5, 2.0, -1.0],)), Case(((1.5, 2),), label="tuple"), Case(([],), label="empty"),
        Case(([1.5, 2.0], 0.5), label="start"),
        Case(([1.5, 2.0],), {"start": 0.5}, diff_kwargs=("start",), label="start="),
        Case(lambda rng: ([rng.normal(size=3), rng.normal(size=(2, 3)), 1.5],), label="arrays"),
        Case(normal((4,)), label="array"), Case(normal((4, 3)), label="rows"),
        Case(normal((4, 3), (3,)), label="rows and start"), Case(normal((0,)), label="empty array"),
        Case(([1 + 1j, 2.0],), label="complex"), Case(complex_normal((3,)), label="complex array"),
        Case(([[1.0], [2.0, 3.0]], [4.0]), label="lists"),
        Case((((1.0,), (2.0, 3.0)), (4.0,)), label="tuples"),
        Case(lambda rng: ({1: 1.5, 2: 0.5}.values(),), numeric=False, label="view"),
    ],
    max: _pick(True),
    min: _pick(False),
    pow: [
        *elementwise_cases(2, 0.5, 2.5, complex_=True, integers=(3, 2)),
        Case((), {"base": 1.5, "exp": 2.5}, diff_kwargs=("base", "exp"), label="keywords"),
        Case((3, 4, 5), numeric=False, d_y=1.0, expected=(0.0, 0.0, 0.0), label="modulus"),
        Case((0.0, 0.5), numeric=False, d_y=0.0, expected=(0.0, 0.0), label="strong zero"),
    ],
    divmod: [
        Case((7.3, 2.0)), Case((-7.3, 2.0)), Case((7.3, -2.0)), Case((7, 2), label="int"),
        Case(lambda rng: (5 * rng.normal(size=4), 1.7), label="arrays"),
    ],
    float.as_integer_ratio: [
        Case((0.75,), numeric=False, d_y=(0.5, 3.0), expected=(2.0,)),
        Case((3.0,), numeric=False, d_y=(2.0, 0.0), expected=(2.0,)),
    ],
    int.as_integer_ratio: [Case((3,), numeric=False, d_y=(2.0, 1.0), expected=(2.0,))],
    float: [
        Case((1.5,)), Case((2,), d_y=1.5, expected=(1.5,)), Case((np.float32(1.5),)),
        Case((np.array(1.5),), label="0-d"), Case(("1.5",), numeric=False, label="str"), Case(()),
    ],
    int: [
        Case((3,), d_y=1.5, expected=(1.5,)), Case((2.7,), d_y=1.5, numeric=False, expected=(0.0,)),
        Case((np.int32(3),), d_y=1.5, expected=(1.5,)),
        Case((np.array(3),), d_y=1.5, expected=(1.5,), label="0-d"),
        Case((np.array(2.7),), d_y=1.5, numeric=False, expected=(0.0,), label="0-d float"),
        Case(("ff", 16), d_y=1.5, numeric=False, label="str"), Case(()),
    ],
    complex: [
        Case((1.5, -2.0)), Case((1.5,)), Case((1 + 2j, 3 - 1j), label="complex parts"),
        Case((2, 3), label="int"), Case(("1+2j",), numeric=False, label="str"), Case(()),
    ],
    float.conjugate: [Case((1.5,))], int.conjugate: [Case((2,), d_y=1.5, expected=(1.5,))],
    float.__pos__: [Case((1.5,))], int.__pos__: [Case((2,), d_y=1.5, expected=(1.5,))],
    complex.conjugate: [Case((1.5 + 2j,))],
    round: [*_value(2.7), *_value(2.123, 1), *_value(2.123, ndigits=2)],
    len: _value([1.0]), id: _value(None), hash: _value(1.5), ord: _value("a"),
    bool: _value(1.5), isinstance: _value(1.5, float), issubclass: _value(bool, int),
    hasattr: _value(1.5, "real"), callable: _value(len), any: _value([0.0, 1.0]),
    all: _value([0.0, 1.0]),
    float.is_integer: _value(1.5), float.hex: _value(1.5),
    int.bit_length: _value(5),
    repr: _value(1.5), str: _value(1.5), ascii: _value(1.5), format: _value(1.5, ".3f"),
    bin: _value(5), oct: _value(5), hex: _value(5), chr: _value(65), range: _value(1, 3),
    dir: _value(1.5), type: _value(1.5), print: _value(end=""),
    input: [],  # it would read from the terminal
}  # fmt: skip
