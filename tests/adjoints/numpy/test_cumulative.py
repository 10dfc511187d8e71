"""The rules in cumulative.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dpy.adjoints.numpy.cumulative  # noqa: F401 - registers
from dpy.adjoints import registry
from dpy.errors import UnsupportedSyntaxError
from tests.adjoints.cases_cumulative import CASES
from tests.adjoints.harness import Case, check_case, parametrize


@pytest.mark.parametrize(("f", "case"), parametrize(CASES))
def test_rule(f: Any, case: Case) -> None:
    check_case(f, case)


@given(st.lists(st.sampled_from([-2.0, -0.5, 0.0, 1.0, 1.5]), max_size=6))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_products_with_any_zeros(x: list[float]) -> None:
    check_case(np.cumprod, Case((np.array(x),)))


@pytest.mark.parametrize("name", ["cumsum", "cumprod", "nancumsum", "nancumprod"])
def test_out_is_refused(name: str) -> None:
    rule = registry.lookup(getattr(np, name))
    assert rule is not None
    with pytest.raises(UnsupportedSyntaxError, match="out"):
        rule.apply((np.ones(3),), {"out": np.empty(3)})
