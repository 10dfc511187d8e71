"""The rule in padding.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dpy.adjoints.numpy.padding  # noqa: F401 - registers
from dpy.adjoints import registry
from dpy.errors import UnsupportedSyntaxError
from tests.adjoints.cases_padding import CASES
from tests.adjoints.harness import Case, check_case, parametrize


@pytest.mark.parametrize(("f", "case"), parametrize(CASES))
def test_rule(f: Any, case: Case) -> None:
    check_case(f, case)


@pytest.mark.parametrize("mode", ["maximum", "minimum", "median", lambda *_: None])
def test_other_modes_are_refused(mode: Any) -> None:
    rule = registry.lookup(np.pad)
    assert rule is not None
    with pytest.raises(UnsupportedSyntaxError, match="reflect"):
        rule.apply((np.ones(3), 1, mode), {})


def test_what_empty_borders_hold_has_no_gradient() -> None:
    rule = registry.lookup(np.pad)
    assert rule is not None
    y, pullback = rule.apply((np.ones(2), 1, "empty"), {})
    assert pullback is not None
    assert y.shape == (4,)
    np.testing.assert_array_equal(pullback(np.array([9.0, 1.0, 2.0, 9.0]))[0][0], [1.0, 2.0])
