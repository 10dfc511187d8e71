"""The rules in moments.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dpy.adjoints.numpy.moments  # noqa: F401 - registers
from dpy.adjoints import registry
from dpy.errors import UnsupportedSyntaxError
from tests.adjoints.cases_moments import CASES
from tests.adjoints.harness import Case, check_case, parametrize


@pytest.mark.filterwarnings("ignore:Degrees of freedom:RuntimeWarning")
@pytest.mark.parametrize(("f", "case"), parametrize(CASES))
def test_rule(f: Any, case: Case) -> None:
    check_case(f, case)


@pytest.mark.parametrize("name", ["var", "std", "nanvar", "nanstd"])
def test_out_is_refused(name: str) -> None:
    rule = registry.lookup(getattr(np, name))
    assert rule is not None
    with pytest.raises(UnsupportedSyntaxError, match="out"):
        rule.apply((np.ones(3),), {"out": np.empty(())})
