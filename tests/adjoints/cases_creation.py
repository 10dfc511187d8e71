"""Cases of the rules in creation.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.adjoints.harness import Case, complex_normal, normal, uniform


def scalar(rng: np.random.Generator) -> tuple[Any, ...]:
    return (np.float64(rng.normal()),)


def value(*args: Any, **kwargs: Any) -> Case:
    """A case in which nothing is differentiated."""
    return Case(args, kwargs, nondiff=True)


def rest(shape: Any, *more: Any) -> Any:
    return lambda rng: (rng.normal(size=shape), *more)


X = np.array([[1.0, 2.0], [3.0, 4.0]])
ROUNDED: dict[str, Any] = {"numeric": False, "float32": False}

linspace_cases = [
    Case(normal(None, None), label="floats"),
    Case(lambda rng: (*normal(None, None)(rng), 5), label="num"),
    Case(normal(None, None), {"num": 4, "endpoint": False}, label="no endpoint"),
    Case(normal(None, None), {"num": 1}, label="one point"),
    Case(normal(None, None), {"num": 0}, label="no point"),
    Case(normal(None, None), {"num": 4, "retstep": True}, label="step"),
    Case(normal(None, None), {"num": 4, "retstep": True, "endpoint": False}, label="step, open"),
    Case(normal((3,), None), {"num": 4}, label="array of starts"),
    Case(normal((3,), (2, 1)), {"num": 4, "axis": -1}, label="broadcast ends"),
    Case(normal((3,), (3,)), {"num": 4, "axis": 1, "retstep": True}, label="axis, step"),
    Case(complex_normal(None, None), {"num": 4}, label="complex"),
    Case((1, 4), {"num": 4}, label="integers"),
    Case(lambda rng: (*scalar(rng), 2.0, 3), label="scalar"),
    Case((0.5, 4.0), {"num": 4, "dtype": int}, expected=(0.0, 0.0), label="rounded", **ROUNDED),
]

geometric_cases = [
    Case(uniform(1.0, 3.0, None, None), {"num": 5}, label="floats"),
    Case(uniform(1.0, 3.0, None, None), {"num": 4, "endpoint": False}, label="no endpoint"),
    Case(uniform(1.0, 3.0, None, None), {"num": 1}, label="one point"),
    Case(uniform(1.0, 3.0, (3,), None), {"num": 4}, label="array of starts"),
    Case(uniform(1.0, 3.0, (3,), (2, 1)), {"num": 4, "axis": -1}, label="broadcast ends"),
    Case((1.5, 4.0), {"num": 4, "dtype": int}, expected=(0.0, 0.0), label="rounded", **ROUNDED),
]

CASES: dict[Any, list[Case]] = {
    np.full: [
        Case((3, 2.5), label="float"),
        Case(((2, 3), 2.5), {"order": "F"}, label="order"),
        Case(lambda rng: ((2, 3), rng.normal(size=3)), label="row"),
        Case(lambda rng: ((2, 3), rng.normal(size=(2, 1))), label="column"),
        Case((3, 1.0 - 2j), label="complex"),
        Case((3, 2), label="int"),
        Case(((2, 2), [1.0, 2.0]), label="list"),
        Case((0, 2.5), label="empty"),
        Case(((), 2.5), label="0-d"),
        Case((3, 2.5), {"dtype": complex}, label="to complex"),
        Case((3, 2.5, int), expected=(None, 0.0), label="rounded", **ROUNDED),
    ],
    np.full_like: [
        Case(lambda rng: (np.zeros((2, 3)), 2.5), fixed=(0,), label="float"),
        Case(lambda rng: (np.zeros((2, 3)), rng.normal(size=3)), fixed=(0,), label="row"),
        Case(lambda rng: (np.zeros(2), 2.5), {"shape": (4,)}, fixed=(0,), label="shape"),
        Case(lambda rng: (np.zeros(2, int), 2.5), {"dtype": float}, label="dtype"),
        Case((np.zeros(2, int), 2.5), expected=(None, 0.0), label="rounded", **ROUNDED),
    ],
    np.arange: [
        Case((5,), label="stop"),
        Case((4.5,), label="float stop"),
        Case((0.3, 4.5), label="start and stop"),
        Case((0.3, 4.4, 0.7), label="step"),
        Case((3.2, -1.0, -0.9), label="negative step"),
        Case((4.5,), {"step": 0.7}, ("step",), label="stop and step"),
        Case((0.3,), {"stop": 4.4, "step": 0.7}, ("step", "stop"), label="keywords"),
        Case((2, 8, 3), label="integers"),
        Case((3.0, 1.0), label="empty"),
        Case(lambda rng: (0.3, 4.4, 0.7, "f8"), label="dtype"),
    ],
    np.linspace: linspace_cases,
    np.logspace: [
        *geometric_cases,
        Case(uniform(0.5, 2.0, None, None), {"num": 4, "base": 2.5}, ("base",), label="base"),
        Case(
            uniform(0.5, 2.0, (3,), None),
            {"num": 4, "base": np.array([2.5, 3.0, 1.5])},
            ("base",),
            label="bases",
        ),
        Case(
            uniform(0.5, 2.0, None, (3,)),
            {"num": 4, "base": np.array([[2.5], [1.5]]), "axis": -1},
            ("base",),
            label="broadcast bases",
        ),
    ],
    np.geomspace: [
        *geometric_cases,
        Case(uniform(-3.0, -1.0, None, None), {"num": 4}, label="negative"),
        Case((1.0 + 1j, 2.0 - 0.5j), {"num": 4}, label="complex"),
        Case(([1.0, 2.0], 4.0), {"num": 3}, label="list"),
        Case((1, 16), {"num": 3}, label="integers"),
    ],
    np.meshgrid: [
        Case(normal((3,), (2,)), label="two"),
        Case(normal((3,), (2,)), {"indexing": "ij"}, label="two, ij"),
        Case(normal((3,), (2,), (4,)), label="three"),
        Case(normal((3,), (2,), (4,)), {"indexing": "ij"}, label="three, ij"),
        Case(normal((3,), (2,), (4,)), {"sparse": True}, label="sparse"),
        Case(normal((3,), (2,)), {"sparse": True, "copy": False}, label="views"),
        Case(normal((3,), (2,)), {"copy": False}, label="broadcast views"),
        Case(normal((3,)), label="one"),
        Case(normal(None, (2,)), label="number"),
        Case(normal((0,), (2,)), label="empty"),
        Case(([1.0, 2.0], [3.0]), label="lists"),
    ],
    np.vander: [
        Case(normal((3,)), label="square"),
        Case(normal((3,)), {"N": 5}, label="wide"),
        Case(rest((3,), 2), label="narrow"),
        Case(rest((3,), 1), label="ones"),
        Case(rest((3,), 0), label="nothing"),
        Case(normal((3,)), {"increasing": True}, label="increasing"),
        Case((np.array([0.0, 2.0]), 4), label="zero"),
        Case(complex_normal((3,)), label="complex"),
        Case(([1.0, 2.0],), label="list"),
        Case((np.array([1, 2]),), label="integers"),
        Case(normal((0,)), {"N": 3}, label="empty"),
    ],
    np.diag: [
        *(Case(rest((3,), k), label=f"vector {k}") for k in (0, 1, -2)),
        *(Case(rest((3, 4), k), label=f"matrix {k}") for k in (0, 2, -1, 4)),
        Case(normal((0,)), label="empty"),
        Case(complex_normal((2, 2)), label="complex"),
        Case(([1.0, 2.0],), label="list"),
        Case(([[1.0, 2.0], [3.0, 4.0]],), label="nested list"),
        Case((np.array([1, 2]),), label="integers"),
    ],
    np.diagflat: [
        Case(normal((2, 2)), label="matrix"),
        Case(rest((3,), -1), label="vector"),
        Case((2.5,), label="float"),
    ],
    np.diagonal: (
        diagonals := [
            Case(normal((3, 3)), label="square"),
            Case(rest((2, 4), 1), label="above"),
            Case(rest((2, 4), -1), label="below"),
            Case(rest((2, 3, 4), 0, 2, 0), label="axes"),
            Case(rest((2, 3, 4), 1, -2, -1), label="negative axes"),
            Case(rest((2, 4), 4), label="outside"),
            Case(normal((0, 2)), label="empty"),
            Case(complex_normal((2, 2)), label="complex"),
        ]
    ),
    np.ndarray.diagonal: diagonals,
    np.trace: (
        traces := [
            *diagonals,
            Case(normal((2, 2)), {"dtype": complex}, label="dtype", float32=False),
            Case((X,), {"dtype": int}, expected=(np.zeros((2, 2)),), label="rounded", **ROUNDED),
            Case((np.array([[1, 2], [3, 4]]),), label="integers"),
        ]
    )
    + [Case(([[1.0, 2.0], [3.0, 4.0]],), label="list")],
    np.ndarray.trace: traces,
    np.tril: (
        triangles := [
            Case(normal((3, 3)), label="square"),
            Case(rest((2, 4), 1), label="above"),
            Case(rest((4, 2), -1), label="below"),
            Case(normal((2, 3, 3)), label="stack"),
            Case(normal((3,)), label="vector"),
            Case(complex_normal((2, 2)), label="complex"),
            Case(normal((0, 2)), label="empty"),
            Case(([[1.0, 2.0], [3.0, 4.0]],), label="list"),
        ]
    ),
    np.triu: triangles,
    np.zeros: [value((2, 3))],
    np.ones: [value(3, float)],
    np.zeros_like: [value(X)],
    np.ones_like: [value(X, dtype=int), value(2.5)],
    np.eye: [value(3, 4, 1)],
    np.identity: [value(2)],
    np.tri: [value(3, 4, 1)],
    np.shape: [value(X)],
    np.ndim: [value(X), value(2.5)],
    np.size: [value(X)],
    np.result_type: [value(X, np.float32)],
    np.can_cast: [value(int, float)],
    np.promote_types: [value("f4", "i8")],
    np.common_type: [value(X)],
    np.min_scalar_type: [value(3)],
    np.mintypecode: [value("df")],
    np.dtype: [value("f4")],
    np.issubdtype: [value(np.float32, np.floating)],
    np.isscalar: [value(2.5)],
    np.iscomplex: [value(X)],
    np.isreal: [value(X)],
    np.iscomplexobj: [value(X)],
    np.isrealobj: [value(X)],
    np.isfortran: [value(X)],
    np.iterable: [value(X)],
    np.shares_memory: [value(X, X)],
    np.may_share_memory: [value(X, X)],
    np.array_equal: [value(X, X)],
    np.array_equiv: [value(X, X)],
    np.allclose: [value(X, X)],
    np.isclose: [value(X, X)],
    np.isposinf: [value(X)],
    np.isneginf: [value(X)],
    np.broadcast_shapes: [value((2, 1), (3,))],
    np.array_repr: [value(X)],
    np.array_str: [value(X)],
    np.array2string: [value(X)],
    np.format_float_positional: [value(2.5)],
    np.format_float_scientific: [value(2.5)],
    np.typename: [value("d")],
    np.tril_indices: [value(3)],
    np.triu_indices: [value(3, 1)],
    np.tril_indices_from: [value(X)],
    np.triu_indices_from: [value(X)],
    np.diag_indices: [value(3)],
    np.diag_indices_from: [value(X)],
}
if hasattr(np, "isdtype"):
    CASES[np.isdtype] = [value(np.dtype(float), "real floating")]
# Their values are objects without equality, or undefined: what counts is that they are known.
CASES |= {np.empty: [value((0,))], np.empty_like: [value(np.zeros((0, 2)))]}
CASES |= {np.iinfo: [value(int)], np.finfo: [value(float)]}
