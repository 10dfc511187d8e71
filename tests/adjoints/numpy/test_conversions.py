"""The rules in conversions.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dpy.adjoints.numpy.conversions  # noqa: F401 - registers
from dpy.adjoints import registry
from dpy.cotangent import ZERO
from tests.adjoints.cases_conversions import CASES
from tests.adjoints.harness import Case, check_case, parametrize


@pytest.mark.parametrize(("f", "case"), parametrize(CASES))
def test_rule(f: Any, case: Case) -> None:
    check_case(f, case)


@pytest.mark.parametrize(
    "d_y",
    [
        {1: {0: 2.0}},
        {1: {0: 2.0, 1: ZERO}, 0: ZERO},
        [[0.0, 0.0], [2.0, 0.0]],
        {1: np.array([2.0, 0.0])},
        {1: (2.0, ZERO)},
    ],
)
def test_tolist_takes_cotangents_with_missing_slots(d_y: Any) -> None:
    rule = registry.lookup(np.ndarray.tolist)
    assert rule is not None
    _, pullback = rule.apply((np.ones((2, 2)),), {})
    assert pullback is not None
    (d,), _ = pullback(d_y)
    np.testing.assert_array_equal(d, [[0.0, 0.0], [2.0, 0.0]])


def test_the_cotangent_of_nested_lists_has_their_structure() -> None:
    rule = registry.lookup(np.array)
    assert rule is not None
    x = [[1.0, 2], (np.float32(3.0), np.ones(()))]
    raw = rule.forward(x)[1](np.array([[1.0, 2.0], [3.0, 4.0]]))  # type: ignore[misc]
    assert raw == ([[1.0, 2.0], (3.0, np.array(4.0))],)
    assert [type(part) for part in raw[0]] == [list, tuple]


def test_asarray_of_an_array_is_that_array() -> None:
    x = np.ones(3)
    for f in (np.asarray, np.asanyarray, np.ascontiguousarray, np.require):
        rule = registry.lookup(f)
        assert rule is not None
        assert rule.apply((x,), {})[0] is x
        assert not rule.fresh
