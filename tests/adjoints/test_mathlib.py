"""`math` and `cmath`: every case, completeness, and the ends of the domains."""

from __future__ import annotations

import cmath
import itertools
import math
from typing import Any

import numpy as np
import pytest

from dpy.adjoints import mathlib, registry
from tests.adjoints.cases_mathlib import CASES
from tests.adjoints.harness import Case, check_case, parametrize

assert mathlib


@pytest.mark.parametrize("f, case", parametrize(CASES))
def test_rule(f: Any, case: Case) -> None:
    check_case(f, case)


@pytest.mark.parametrize("module", [math, cmath])
def test_every_function_has_a_rule(module: Any) -> None:
    functions = [f for name, f in vars(module).items() if callable(f) and name[0] != "_"]
    assert [f.__name__ for f in functions if registry.lookup(f) is None] == []


POINTS = [
    0.0, -0.0, 5e-324, -5e-324, 1e-300, 1e-8, 0.5, -0.5, 1.0, -1.0, 1 - 2**-53, 1.5, -1.5, 3.0,
    -3.0, 170.0, 700.0, 709.78, 710.47, -745.0, 1e8, 1e154, 1e155, -1e155, 1e308, -1e308, math.inf,
    -math.inf, math.nan,
]  # fmt: skip


def _floats(f: Any) -> bool:
    rule = registry.lookup(f)
    assert rule is not None
    return rule.partials is not None or f is math.hypot


@pytest.mark.parametrize("f", [f for f in CASES if f.__module__ == "math" and _floats(f)])
def test_no_pullback_raises_where_the_value_is_defined(f: Any) -> None:
    rule = registry.lookup(f)
    assert rule is not None
    n = len(rule.partials) if rule.partials else 2
    points = itertools.product(POINTS, repeat=min(n, 2))
    checked = 0
    for point in points:
        args = (*point, 1.5)[:n] if n > 2 else point
        try:
            f(*args)
        except (ValueError, OverflowError, ZeroDivisionError):
            continue
        _, pullback = rule.apply(args, {})
        assert pullback is not None
        assert all(isinstance(d, float) or not d for d in pullback(1.0)[0])
        checked += 1
    assert checked > 5


def test_log_of_another_base_is_the_same_function() -> None:
    rule = registry.lookup(math.log)
    assert rule is not None
    y, pullback = rule.apply((8.0, 2.0), {})
    assert y == math.log(8.0, 2.0)
    assert pullback is not None
    np.testing.assert_allclose(pullback(1.0)[0], (1 / (8 * math.log(2)), -3 / (2 * math.log(2))))


def test_wrong_number_of_arguments_is_pythons_error() -> None:
    rule = registry.lookup(math.sin)
    assert rule is not None
    with pytest.raises(TypeError, match="takes exactly one argument"):
        rule.apply((1.0, 2.0), {})
