"""The rules in indexing.py."""

from __future__ import annotations

from typing import Any

import dpy.adjoints.numpy.indexing  # noqa: F401 - registers
import pytest
from tests.adjoints.cases_indexing import CASES
from tests.adjoints.harness import Case, check_case, parametrize


@pytest.mark.parametrize(("f", "case"), parametrize(CASES))
def test_rule(f: Any, case: Case) -> None:
    check_case(f, case)
