"""Reductions without their wrappers: the same value, the same errors and warnings."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.kinds import kind_of
from dpy.transform import ir
from dpy.transform.direct import direct_call, mean_of

RANDOM = np.random.default_rng(3)
ARRAYS = [
    RANDOM.standard_normal(shape).astype(dtype)
    for shape in [(), (1,), (7,), (3, 4), (2, 3, 5), (1000,), (0,), (0, 3)]
    for dtype in (np.float64, np.float32, np.float16, complex, int, bool)
]


def called(function: Any, *args: Any, **kwargs: Any) -> Any:
    """What the short form gives, or the whole form where there is none."""
    atoms = tuple(ir.Lit(i) for i in range(len(args)))
    found = direct_call(
        function,
        atoms,
        tuple((name, ir.Lit(value)) for name, value in kwargs.items()),
        tuple(map(kind_of, args)),
    )
    if found is None:
        return function(*args, **kwargs)
    values = [args[i] if i < len(args) else a.value for i, a in enumerate(found.args)]
    return found.func.value(*values, **{name: a.value for name, a in found.kwargs})


def outcome(function: Any, *args: Any, **kwargs: Any) -> Any:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value = function(*args, **kwargs)
        except Exception as error:
            return type(error), str(error)
    return type(value), getattr(value, "dtype", None), repr(value), [str(w.message) for w in caught]


@pytest.mark.parametrize("function", [np.sum, np.prod, np.max, np.min, np.mean])
@pytest.mark.parametrize("a", ARRAYS, ids=lambda a: f"{a.shape} {a.dtype}")
def test_same_to_the_last_bit(function: Any, a: Any) -> None:
    for rest, kwargs in [((), {}), ((0,), {}), ((), {"axis": -1}), ((), {"keepdims": True})]:
        expected = outcome(function, a, *rest, **kwargs)
        assert outcome(called, function, a, *rest, **kwargs) == expected


def test_strided_arrays() -> None:
    a = RANDOM.standard_normal((40, 50))[::3, ::-2].T
    for function in (np.sum, np.mean):
        assert called(function, a) == function(a)


@pytest.mark.parametrize("values", [(), (3,), (2, 3, 4), (1.5, 2)])
def test_tuples_of_numbers(values: Any) -> None:
    assert outcome(called, np.prod, values) == outcome(np.prod, values)


def test_what_has_no_short_form() -> None:
    a = ir.Var("a")
    kind = kind_of(np.ones(2))
    assert direct_call(np.sum, (a,), (("where", a),), (kind,)) is None
    assert direct_call(np.sum, (a,), (("dtype", a),), (kind,)) is None
    assert direct_call(np.sum, (a,), (), (kind_of([1.0]),)) is None
    assert direct_call(np.sum, (a,), (), (kind_of(np.array([None])),)) is None
    assert direct_call(np.mean, (a, a), (), (kind, kind)) is None
    assert direct_call([], (a,), (), (kind,)) is None
    assert direct_call(np.exp, (a,), (), (kind,)) is None


def test_means_of_nothing_warn() -> None:
    assert outcome(mean_of, np.ones(0)) == outcome(np.mean, np.ones(0))
    assert "Mean of empty slice" in outcome(mean_of, np.ones(0))[-1]


def test_forwards_use_them() -> None:
    def f(a: Any) -> Any:
        return np.mean(a * a) + np.sum(a) / np.prod(a.shape) + a.mean()

    a = RANDOM.standard_normal((3, 2))
    listing = dpy.adjoint_source(f, a)
    assert listing.count("mean_of(") == 2
    assert "add_reduce(a, None)" in listing
    assert "multiply_reduce(" in listing
    value, (gradient,) = dpy.value_and_gradient(f, a)
    assert value == f(a)
    np.testing.assert_allclose(gradient, a / 3 + 1 / 3, rtol=1e-14)
