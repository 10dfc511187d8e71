"""The rules for `scipy.linalg`."""

from __future__ import annotations

from typing import Any

import pytest

import dpy.adjoints.scipy.linalg  # noqa: F401 - registers
from tests.adjoints.cases_scipy_linalg import CASES
from tests.adjoints.harness import Case, check_case, parametrize


@pytest.mark.parametrize(("f", "case"), parametrize(CASES))
def test_rule(f: Any, case: Case) -> None:
    check_case(f, case)
