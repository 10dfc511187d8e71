"""The rules in shapes.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dpy
import dpy.adjoints.numpy.shapes  # registers
from dpy.adjoints import registry
from dpy.adjoints.numpy.shapes import inverse_axes, kind_of_reshaped
from dpy.errors import UnsupportedSyntaxError
from dpy.kinds import Array, Const, List, Number, Tuple
from tests.adjoints.cases_shapes import ATTRIBUTES, CASES, LAYOUTS
from tests.adjoints.harness import Case, check_case, parametrize


@pytest.mark.parametrize(("f", "case"), parametrize(CASES))
def test_rule(f: Any, case: Case) -> None:
    check_case(f, case)


@pytest.mark.parametrize("order", ["C", "F", "A", "K"])
@pytest.mark.parametrize("label", LAYOUTS)
@pytest.mark.parametrize("f", [np.ravel, np.ndarray.ravel, np.ndarray.flatten, np.ndarray.reshape])
def test_reading_order_of_other_layouts(f: Any, label: str, order: str) -> None:
    """The cotangent of x must be x when that of the value is the value."""
    if f is np.ndarray.reshape and order == "K":
        order = "A"  # reshape knows no "K"
    (x,) = LAYOUTS[label](np.random.default_rng(0))
    rule = registry.lookup(f)
    assert rule is not None
    args = (x, -1) if f is np.ndarray.reshape else (x,)
    if order == "K" and 0 in x.strides:
        with pytest.raises(UnsupportedSyntaxError, match="copy"):
            rule.apply(args, {"order": order})
        return
    y, pullback = rule.apply(args, {"order": order})
    np.testing.assert_array_equal(y, f(*args, order=order))
    assert pullback is not None
    d_args, _ = pullback(y)
    np.testing.assert_array_equal(d_args[0], x)


@pytest.mark.parametrize(("owner", "name"), ATTRIBUTES)
def test_attributes_are_found_under_their_descriptors(owner: Any, name: str) -> None:
    rule = registry.lookup(getattr(owner, name))
    assert rule is not None
    x = {np.ndarray: np.arange(6.0).reshape(2, 3), np.generic: np.float64(2.0)}.get(owner, 2)
    y, pullback = rule.apply((x,), {})
    assert pullback is not None
    np.testing.assert_array_equal(y, getattr(x, name))


@given(st.permutations(range(4)), st.data())
@settings(max_examples=20, deadline=None, derandomize=True)
def test_inverse_axes(axes: list[int], data: Any) -> None:
    signed = [i - 4 if data.draw(st.booleans()) else i for i in axes]
    x = np.empty((2, 3, 4, 5))
    assert x.transpose(signed).transpose(inverse_axes(signed)).shape == x.shape


def test_reshape_and_transpose_return_views_as_numpy_does() -> None:
    x = np.ones((2, 3))
    for f, args in [
        (np.reshape, ((3, 2),)),
        (np.ravel, ()),
        (np.transpose, ()),
        (np.squeeze, ()),
        (np.ndarray.reshape, (3, 2)),
        (np.ndarray.T, ()),
    ]:
        rule = registry.lookup(f)
        assert rule is not None
        y, _ = rule.apply((x, *args), {})
        assert np.shares_memory(x, y)
        assert not rule.fresh


@pytest.mark.parametrize(
    "flat",
    [
        lambda x: x.reshape(x.shape[0], 6),
        lambda x: x.reshape((x.shape[0], int(np.prod(x.shape[1:])))),
        lambda x: np.reshape(x, (x.shape[0], 6)),
        lambda x: np.reshape(x, shape=(2, 6)),
        lambda x: x.reshape([2, 6]),
    ],
)
def test_the_axes_of_a_reshaped_array_are_known(flat: Any) -> None:
    """What follows is compiled for arrays, although small arrays cannot be reshaped so."""
    x = np.arange(12.0).reshape(2, 2, 3)
    loss = lambda x: np.sum(np.sin(flat(x)))  # noqa: E731
    assert np.allclose(dpy.gradient(loss, x)[0], np.cos(x))


def test_kinds_of_reshaped_arrays() -> None:
    of_three = Array(np.dtype(float), 3)
    whole = Number(int)
    assert kind_of_reshaped(of_three, whole, Const(6, int)) == Array(np.dtype(float), 2)
    assert kind_of_reshaped(of_three, Tuple((whole,))) == Array(np.dtype(float), 1)
    assert kind_of_reshaped(of_three, Tuple(())) == Array(np.dtype(float), 0)
    for kinds in ((of_three, List(whole)), (of_three,), (Number(float), whole)):
        assert kind_of_reshaped(*kinds) is NotImplemented
    assert kind_of_reshaped(of_three, shape=Tuple((whole,))) is NotImplemented
