"""The rules in quantiles.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dpy.adjoints.numpy.quantiles  # noqa: F401 - registers
from dpy.adjoints import registry
from dpy.errors import UnsupportedSyntaxError
from tests.adjoints.cases_quantiles import CASES
from tests.adjoints.harness import Case, check_case, parametrize


@pytest.mark.parametrize(("f", "case"), parametrize(CASES))
def test_rule(f: Any, case: Case) -> None:
    check_case(f, case)


@pytest.mark.parametrize("options", [{"method": "inverted_cdf"}, {"weights": np.ones(3)}])
def test_other_methods_are_refused(options: dict[str, Any]) -> None:
    rule = registry.lookup(np.quantile)
    assert rule is not None
    with pytest.raises(UnsupportedSyntaxError, match="linear"):
        rule.apply((np.ones(3), 0.5), options)
