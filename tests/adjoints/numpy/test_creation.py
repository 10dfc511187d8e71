"""The rules in creation.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dpy.adjoints.numpy.creation  # noqa: F401 - registers
from dpy.adjoints import registry
from dpy.cotangent import ZERO
from tests.adjoints.cases_creation import CASES
from tests.adjoints.harness import Case, check_case, parametrize


@pytest.mark.parametrize(("f", "case"), parametrize(CASES))
def test_rule(f: Any, case: Case) -> None:
    check_case(f, case)


def test_arange_by_keywords_only() -> None:
    rule = registry.lookup(np.arange)
    assert rule is not None
    y, pullback = rule.apply((), {"stop": 4.0, "start": 1.0})
    np.testing.assert_array_equal(y, [1.0, 2.0, 3.0])
    assert pullback is not None
    _, d_kwargs = pullback(np.ones(3))
    assert d_kwargs == {"start": 3.0}


def test_meshgrid_takes_a_cotangent_of_one_output() -> None:
    rule = registry.lookup(np.meshgrid)
    assert rule is not None
    _, pullback = rule.apply((np.ones(2), np.ones(3)), {})
    assert pullback is not None
    d_args, _ = pullback((ZERO, np.ones((3, 2))))
    assert d_args[0] is ZERO
    np.testing.assert_array_equal(d_args[1], [2.0, 2.0, 2.0])


def test_linspace_takes_a_cotangent_of_the_step_alone() -> None:
    rule = registry.lookup(np.linspace)
    assert rule is not None
    _, pullback = rule.apply((0.0, 1.0, 5), {"retstep": True})
    assert pullback is not None
    assert pullback((ZERO, 8.0))[0] == (-2.0, 2.0, ZERO)
