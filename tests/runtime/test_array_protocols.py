"""NumPy's functions of objects: those with protocols of their own, and those that give arrays."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import dpy
from dpy import check_gradient


class Given:
    """Gives an array when it is asked."""

    def __init__(self, x):
        self.x = x
        self.asked = []

    def __array__(self, dtype=None, copy=None):
        self.asked.append((dtype, copy))
        return np.array([self.x, 2.0, self.x**2], dtype)


class Old:
    """Written before there was `copy`."""

    def __init__(self, x):
        self.x = x

    def __array__(self, dtype=None):
        return np.array([self.x, self.x**2], dtype)


class Amount:
    def __init__(self, x):
        self.x = x

    def __float__(self):
        return self.x * 3.0


class Row:
    def __init__(self, *items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


class Dimensional:
    """Replaces functions and ufuncs, as quantities with units do."""

    __array_priority__ = 17

    def __init__(self, x):
        self.x = x

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **kwargs):
        if ufunc is np.hypot:
            return NotImplemented
        plain = [v.x if isinstance(v, Dimensional) else v for v in inputs]
        if out is not None:
            kwargs["out"] = tuple(v.x for v in out)
        return Dimensional(getattr(ufunc, method)(*plain, **kwargs))

    def __array_function__(self, f, types, args, kwargs):
        if f is np.median or not all(issubclass(t, (Dimensional, np.ndarray)) for t in types):
            return NotImplemented
        args = [[v.x for v in a] if isinstance(a, list) else getattr(a, "x", a) for a in args]
        return Dimensional(f(*args, **kwargs))


class Narrow(Dimensional):
    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        found = super().__array_ufunc__(ufunc, method, *inputs, **kwargs)
        return Narrow(2 * found.x)


V = np.array([0.4, 1.3, -0.7])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.array(Given(x)).sum(),
        lambda x: np.asarray(Given(x), dtype=float).prod(),
        lambda x: np.asanyarray([Given(x), [1.0, 2.0, x]]).sum(),
        lambda x: np.array((Given(x), Given(2 * x))).prod(),
        lambda x: np.sin(Given(x)).sum(),
        lambda x: np.add(Given(x), x).sum(),
        lambda x: (np.ones(3) * Given(x)).sum() + (Given(x) @ np.ones(3) if False else 0.0),
        lambda x: (np.arange(3.0) - Given(x)).prod() if x else 0.0,
        lambda x: np.sum(Given(x)) + np.mean(Given(x)),
        lambda x: np.stack([Given(x), Given(x)]).prod(),
        lambda x: np.concatenate([Given(x), [x]]).prod(),
        lambda x: np.dot(Given(x), Given(x)),
        lambda x: np.add.reduce(Given(x)),
        lambda x: np.linalg.norm(Given(x)),
        lambda x: np.array(Amount(x), dtype=float) * 1.0,
        lambda x: np.array([Amount(x), 2.0, Amount(x)], float).prod(),
        lambda x: np.float64(Amount(x)),
        lambda x: np.array(Row(x, Row(2 * x)), dtype=object).size * x,
        lambda x: np.array(Row(x, 2 * x)).prod(),
        lambda x: np.array(Row([x, 1.0], [2 * x, x])).prod(),
        lambda x: np.array([Row(x, 3.0), Row(2 * x, x)]).prod(),
    ],
)
def test_objects_that_stand_for_arrays(f) -> None:
    check_gradient(f, 1.3)


def test_they_are_asked_as_numpy_asks() -> None:
    def calls(x):
        given = Given(x)
        values = [
            np.array(given),
            np.asarray(given),
            np.array(given, float),
            np.asarray(given, np.float32),
        ]
        return given.asked, sum(v.sum() for v in values)

    asked, y = calls(1.3)

    def loss(x):
        again, total = calls(x)
        assert again == asked
        return total

    value, (gradient,) = dpy.value_and_gradient(loss, 1.3)
    assert value == y
    assert gradient == pytest.approx(4 * (1 + 2 * 1.3), rel=1e-6)


def test_an_old_method_is_warned_about_as_by_numpy() -> None:
    with pytest.warns(DeprecationWarning, match="copy"):
        assert dpy.gradient(lambda x: np.array(Old(x)).sum(), 2.0) == (5.0,)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert dpy.gradient(lambda x: np.asarray(Old(x)).sum(), 2.0) == (5.0,)


@pytest.mark.parametrize(
    "f",
    [
        lambda v: np.sin(Dimensional(v)).x.sum(),
        lambda v: np.multiply(v, Dimensional(2 * v)).x.prod(),
        lambda v: (v * Dimensional(v)).x.prod(),
        lambda v: (v - Dimensional(v * v)).x.prod(),
        lambda v: np.add.reduce(Dimensional(v * v)).x,
        lambda v: np.multiply.outer(Dimensional(v), v).x[0, 1],
        lambda v: np.add(Dimensional(v), Narrow(v)).x.prod(),
        lambda v: np.mean(Dimensional(v)).x * v[0],
        lambda v: np.concatenate([Dimensional(v), Dimensional(2 * v)]).x.prod(),
        lambda v: np.clip(Dimensional(v), 0.0, 1.0).x.sum(),
        lambda v: np.sum(Dimensional(v * v), axis=0).x,
    ],
)
def test_objects_that_replace_functions(f) -> None:
    check_gradient(f, V)


def test_out_goes_to_the_object() -> None:
    def f(v):
        out = Dimensional(np.zeros(3))
        np.multiply(Dimensional(v), v, out=out)
        return out.x.sum()

    check_gradient(f, V)


def test_refusals_are_those_of_numpy() -> None:
    with pytest.raises(TypeError, match="__array_ufunc__"):
        dpy.gradient(lambda v: np.hypot(Dimensional(v), v).x.sum(), V)
    with pytest.raises(TypeError, match="median"):
        dpy.gradient(lambda v: np.median(Dimensional(v)).x, V)


class Declines:
    __array_ufunc__ = None

    def __init__(self, x):
        self.x = x

    def __rmul__(self, other):
        return (other * self.x).sum()


def test_an_object_may_decline_ufuncs() -> None:
    check_gradient(lambda x: np.ones(3) * Declines(x), 1.3)
    with pytest.raises(TypeError, match="does not support ufuncs"):
        dpy.gradient(lambda x: np.sin(Declines(x)), 1.3)


@pytest.mark.parametrize(
    "f",
    [
        lambda v: np.polyval(v, 0.4),
        lambda v: np.polyadd(v, [1.0, 2.0]).prod(),
        lambda v: np.polymul(v, v).sum(),
        lambda v: np.poly1d(v)(v[0]),
        lambda v: (np.poly1d(v) * np.poly1d([1.0, 2.0])).deriv()(0.3),
        lambda v: np.vander(v).prod() if False else np.vander(v).sum(),
        lambda v: np.fliplr(np.outer(v, v))[0, 0],
        lambda v: np.unwrap(4 * v).sum(),
    ],
)
def test_functions_of_numpy_that_are_python(f) -> None:
    check_gradient(f, V)
