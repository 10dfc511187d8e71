"""The rules in reductions.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dpy.adjoints.numpy.reductions  # noqa: F401 - registers
from dpy.adjoints import registry
from dpy.adjoints.numpy.reductions import products_of_others
from dpy.errors import UnsupportedSyntaxError
from tests.adjoints.cases_reductions import CASES
from tests.adjoints.harness import Case, check_case, parametrize


@pytest.mark.parametrize(("f", "case"), parametrize(CASES))
def test_rule(f: Any, case: Case) -> None:
    check_case(f, case)


@given(
    shape=st.lists(st.integers(0, 3), min_size=1, max_size=4),
    name=st.sampled_from(["sum", "mean", "prod"]),
    data=st.data(),
)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_any_shape_and_axes(shape: list[int], name: str, data: Any) -> None:
    axes = data.draw(
        st.none() | st.sets(st.integers(0, len(shape) - 1)).map(lambda s: tuple(sorted(s)))
    )
    keepdims = data.draw(st.booleans())

    def make(rng: np.random.Generator) -> tuple[Any, ...]:
        return (rng.integers(-2, 3, size=shape) * 0.5,)

    options = {"axis": axes, "keepdims": keepdims}
    # The mean of nothing warns, which the check of the float32 value does not expect.
    case = Case(make, options, seed=len(shape), float32=0 not in shape)
    check_case(getattr(np, name), case)


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "min", "ptp", "nansum", "nanmax"])
def test_out_is_refused(name: str) -> None:
    rule = registry.lookup(getattr(np, name))
    assert rule is not None
    with pytest.raises(UnsupportedSyntaxError, match="out"):
        rule.apply((np.ones(3),), {"out": np.empty(())})


def test_the_cotangent_of_a_sum_is_an_array_of_its_own() -> None:
    rule = registry.lookup(np.sum)
    assert rule is not None
    ((d,), _) = rule.apply((np.ones((2, 3)),), {"axis": 0})[1](np.ones(3))
    d += 1.0  # neither read-only nor with elements that share memory
    assert (d == 2.0).all()


def test_products_of_others_against_the_definition() -> None:
    x = np.array([[0.0, 3.0, -2.0], [0.0, 0.0, 5.0], [1.5, 3.0, 0.5]])
    want = [[np.prod(np.delete(row, i)) for i in range(3)] for row in x]
    np.testing.assert_array_equal(products_of_others(x, 1), want)
