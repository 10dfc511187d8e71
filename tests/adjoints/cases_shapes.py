"""Cases of the rules in shapes.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.adjoints import registry
from tests.adjoints.harness import Case, complex_normal, normal


def fortran(rng: np.random.Generator) -> tuple[Any, ...]:
    return (np.asfortranarray(rng.normal(size=(2, 3, 4))),)


def permuted(rng: np.random.Generator) -> tuple[Any, ...]:
    return (rng.normal(size=(2, 3, 4)).transpose(1, 2, 0),)


def flipped(rng: np.random.Generator) -> tuple[Any, ...]:
    return (rng.normal(size=(3, 4)).T[::-1, ::2],)


def scalar(rng: np.random.Generator) -> tuple[Any, ...]:
    return (np.float64(rng.normal()),)


def then(make: Any, *rest: Any) -> Any:
    """The arguments of `make` followed by constants."""
    return lambda rng: (*make(rng), *rest)


LAYOUTS = {
    "fortran": fortran,
    "permuted": permuted,
    "flipped": flipped,
    "row-major": normal((2, 3, 2)),
    "repeated": lambda rng: (np.broadcast_to(rng.normal(size=(3, 1)), (2, 3, 4)),),
}
CONTAINERS = [
    Case((2.5,), label="float"),
    Case(([[1.0, 2.0], [3.0, 4.0]],), label="list"),
    Case(complex_normal((2, 3)), label="complex"),
    Case((np.arange(4).reshape(2, 2),), label="integers"),
]


def reading_cases() -> list[Case]:
    """Ravel and flatten. Orders "A" and "K" of other layouts: see test_shapes.py.

    (The numerical differences are taken with arrays in C order.)
    """
    return [
        Case(normal((2, 3)), label="default"),
        Case(normal((4,)), label="vector"),
        Case(normal(()), label="0-d"),
        Case(normal((0, 3)), label="empty"),
        Case(complex_normal((2, 2)), label="complex"),
        *(
            Case(make, {"order": order}, label=f"{label}, {order}")
            for label, make in LAYOUTS.items()
            for order in "CF"
        ),
        *(Case(normal((2, 3, 2)), {"order": order}, label=f"plain, {order}") for order in "CFAK"),
    ]


def reshape_cases() -> list[Case]:
    return [
        Case(then(normal((2, 3)), (3, 2)), label="plain"),
        Case(then(normal((2, 3)), -1), label="flat"),
        Case(then(normal((2, 6)), (3, -1)), label="rest"),
        Case(then(normal((6,)), (2, 3), "F"), label="order F by position"),
        Case(then(normal(()), (1, 1)), label="0-d"),
        Case(then(normal((1, 1)), ()), label="to 0-d"),
        Case(then(normal((0, 3)), (3, 0)), label="empty"),
        *(
            Case(then(make, (-1, 2)), {"order": order}, label=f"{label}, {order}")
            for label, make in LAYOUTS.items()
            for order in "CF"
        ),
    ]


def axis_cases(*rest: tuple[Any, ...], shape: tuple[int, ...] = (2, 3, 4)) -> list[Case]:
    """One case for each tuple of further arguments."""
    return [Case(then(normal(shape), *more), label=str(more)) for more in rest]


def several() -> list[Case]:
    return [
        *(Case(normal(shape), label=f"{shape}") for shape in [(), (3,), (2, 3), (2, 3, 2), (0,)]),
        Case(normal(None), label="float"),
        Case(normal(None, (3,), (2, 3), (2, 1, 2)), label="several"),
        Case(([1.0, 2.0],), label="list"),
    ]


def attribute(owner: Any, name: str) -> Any:
    """The function that the rule of an attribute has as its primal."""
    rule = registry.lookup(getattr(owner, name))
    assert rule is not None
    return rule.primal


CASES: dict[Any, list[Case]] = {
    np.reshape: reshape_cases()
    + [
        Case((2.5, (1, 1)), label="float"),
        Case(([[1.0, 2.0], [3.0, 4.0]], (4,)), label="list"),
        Case(normal((2, 3)), {"shape": (3, 2)}, label="keyword"),
        Case(then(normal((2, 3)), (3, 2)), {"copy": True}, label="copy"),
    ],
    np.ndarray.reshape: reshape_cases()[:3]
    + reshape_cases()[4:]
    + [
        Case(then(normal((2, 3)), 3, 2), label="integers"),
        Case(then(normal((2, 3)), 3, -1), {"order": "F"}, label="integers, F"),
        Case(then(normal((2, 3)), [3, 2]), label="list"),
    ],
    np.generic.reshape: [Case(then(scalar, (1, 1)), label="scalar")],
    np.ravel: reading_cases() + CONTAINERS,
    np.ndarray.ravel: reading_cases(),
    np.generic.ravel: [Case(scalar, label="scalar")],
    np.ndarray.flatten: reading_cases(),
    np.generic.flatten: [Case(scalar, label="scalar")],
    np.transpose: axis_cases((), (None,), ((1, 2, 0),), ((-1, 0, 1),), ([2, 0, 1],))
    + CONTAINERS
    + [Case(normal((2, 3)), {"axes": (1, 0)}, label="keyword"), Case(normal(()), label="0-d")],
    np.ndarray.transpose: axis_cases((), (None,), ((1, 2, 0),), (1, 2, 0), (-1, 0, 1), ([2, 0, 1],))
    + [Case(then(normal((3,)), 0), label="vector"), Case(normal(()), label="0-d")],
    np.generic.transpose: [Case(scalar, label="scalar")],
    np.matrix_transpose: axis_cases(()) + [Case(complex_normal((2, 3)), label="complex")],
    np.swapaxes: axis_cases((0, 2), (-1, 1)) + [Case(([[1.0, 2.0]], 0, 1), label="list")],
    np.ndarray.swapaxes: axis_cases((0, 2), (-1, 1)),
    np.moveaxis: axis_cases((0, -1), (2, 0), ((0, 1), (2, 0)), ([-1, 0], [0, 1])),
    np.rollaxis: axis_cases((2,), (0, 2), (1, 0), (-1, 1), (0, 3), (1, -2)),
    np.squeeze: [
        Case(normal((1, 3, 1)), label="all"),
        Case(normal((1, 3, 1)), {"axis": 0}, label="axis"),
        Case(normal((1, 3, 1)), {"axis": (0, -1)}, label="axes"),
        Case(normal((1, 1)), label="to 0-d"),
        Case(normal((2, 3)), label="nothing"),
        Case((2.5,), label="float"),
        Case(([[1.0, 2.0]],), label="list"),
    ],
    np.ndarray.squeeze: [
        Case(normal((1, 3, 1)), label="all"),
        Case(then(normal((1, 3, 1)), 2), label="axis"),
    ],
    np.generic.squeeze: [Case(scalar, label="scalar")],
    np.expand_dims: axis_cases((0,), (-1,), ((0, 2),)) + [Case((2.5, 0), label="float")],
    np.atleast_1d: several(),
    np.atleast_2d: several(),
    np.atleast_3d: several(),
    np.broadcast_to: [
        Case(then(normal((3,)), (2, 3)), label="rows"),
        Case(then(normal((2, 1)), (2, 3)), label="columns"),
        Case(then(normal((1, 3, 1)), (2, 2, 3, 2)), label="both"),
        Case(then(normal(None), (2, 3)), label="float"),
        Case(then(normal((3,)), (3,)), label="same"),
        Case(then(normal((1,)), (0,)), label="empty"),
        Case(then(normal(()), 3), label="integer"),
        Case(([1.0, 2.0], (3, 2)), label="list"),
    ],
    np.broadcast_arrays: [
        Case(normal((3,), (2, 1)), label="two"),
        Case(normal((2, 3), (), None), label="three"),
        Case(normal((2, 3)), label="one"),
    ],
    np.tile: [
        Case(then(normal((3,)), 2), label="vector"),
        Case(then(normal((2, 3)), 2), label="last axis"),
        Case(then(normal((2, 3)), (2, 1)), label="rows"),
        Case(then(normal((2, 3)), (2, 1, 3)), label="new axis"),
        Case(then(normal((2, 3)), [1, 2]), label="list of counts"),
        Case(then(normal((2, 3)), np.array([2, 2])), label="array of counts"),
        Case(then(normal((2, 3)), 0), label="no copy"),
        Case(then(normal((2, 3)), ()), label="no count"),
        Case(then(normal(None), 3), label="float"),
        Case(then(normal((0, 2)), 2), label="empty"),
        Case(([1.0, 2.0], 2), label="list"),
    ],
    np.repeat: (
        repeats := [
            Case(then(normal((3,)), 2), label="vector"),
            Case(then(normal((2, 3)), 2), label="flattened"),
            Case(then(normal((2, 3)), 3, 0), label="axis 0"),
            Case(then(normal((2, 3)), 2, -1), label="axis -1"),
            Case(then(normal((2, 3)), [2, 0, 3], 1), label="counts"),
            Case(then(normal((2, 3)), np.array([1, 2]), 0), label="counts, axis 0"),
            Case(then(normal((2, 2)), [0, 2, 1, 0]), label="counts, flattened"),
            Case(then(normal((2, 3)), [2], 1), label="one count"),
            Case(then(normal((3,)), 0), label="no copy"),
            Case(then(normal((0,)), 2), label="empty"),
            Case(then(normal(()), 3), label="0-d"),
        ]
    )
    + [Case((2.5, 3), label="float"), Case(([1.0, 2.0], 2), label="list")],
    np.ndarray.repeat: repeats,
    np.generic.repeat: [Case(then(scalar, 3), label="scalar")],
    np.resize: [
        Case(then(normal((3,)), (2, 3)), label="twice"),
        Case(then(normal((3,)), (2, 4)), label="and a bit"),
        Case(then(normal((2, 3)), 4), label="cut"),
        Case(then(normal((2, 3)), (0,)), label="to nothing"),
        Case(then(normal((0,)), (3,)), label="empty"),
        Case(then(normal(None), (2,)), label="float"),
    ],
    np.roll: axis_cases((2,), (-1, 0), (1, -1), ((1, 2), (0, 1)), (1, (0, 2)), ([1, 2], [0, 0]))
    + [Case(then(normal((0,)), 1), label="empty"), Case(([1.0, 2.0, 3.0], 1), label="list")],
    np.flip: axis_cases((), (0,), (-1,), ((0, 2),)) + [Case(([1.0, 2.0],), label="list")],
    np.fliplr: axis_cases((), shape=(2, 3)) + CONTAINERS[1:2],
    np.flipud: axis_cases((), shape=(2, 3)) + CONTAINERS[1:2],
    np.rot90: axis_cases((), (2,), (3,), (-1,), (1, (1, 2)), (5, (2, 0))) + CONTAINERS[1:2],
}
if np.permute_dims is not np.transpose:
    CASES[np.permute_dims] = CASES[np.transpose]

ARRAY_CASES = [
    Case(normal((2, 3)), label="matrix"),
    Case(normal((2, 2, 3)), label="three axes"),
    Case(complex_normal((2, 2)), label="complex"),
    Case((np.array([[1, 2], [3, 4]]),), label="integers"),
    Case(normal((0, 2)), label="empty"),
]
NUMBER_CASES = [
    Case(scalar, label="scalar"),
    Case((np.complex128(1.5 - 0.5j),), label="complex scalar"),
]
ATTRIBUTES: dict[tuple[Any, str], list[Case]] = {
    (np.ndarray, "T"): ARRAY_CASES,
    (np.ndarray, "mT"): ARRAY_CASES,
    (np.ndarray, "real"): ARRAY_CASES,
    (np.ndarray, "imag"): ARRAY_CASES,
    (np.generic, "T"): NUMBER_CASES,
    (np.generic, "real"): NUMBER_CASES,
    (np.generic, "imag"): NUMBER_CASES,
    (float, "real"): [Case((2.5,), label="float")],
    (float, "imag"): [Case((2.5,), label="float")],
    (complex, "real"): [Case((2.5 - 1j,), label="complex")],
    (complex, "imag"): [Case((2.5 - 1j,), label="complex")],
    (int, "real"): [Case((2,), label="int")],
    (int, "imag"): [Case((2,), label="int")],
}
CASES |= {attribute(*key): cases for key, cases in ATTRIBUTES.items()}
for name in ("shape", "ndim", "size", "dtype", "itemsize", "nbytes", "strides", "flags", "device"):
    for owner, make in ((np.ndarray, normal((2, 3))), (np.generic, scalar)):
        if hasattr(owner, name):
            CASES[attribute(owner, name)] = [Case(make, nondiff=True, label=name)]
