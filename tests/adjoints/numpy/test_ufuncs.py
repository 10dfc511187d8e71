"""NumPy's elementwise functions: every case, completeness, and what must fail."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dpy.adjoints import registry
from dpy.adjoints.numpy import products, ufuncs
from dpy.errors import MutationError
from tests.adjoints.cases_ufuncs import CASES
from tests.adjoints.harness import Case, check_case, parametrize

assert ufuncs and products


@pytest.mark.parametrize("f, case", parametrize(CASES))
def test_rule(f: Any, case: Case) -> None:
    check_case(f, case)


def test_every_ufunc_has_a_rule() -> None:
    known = {"isnat", "bitwise_count", "vecdot", "matvec", "vecmat"}
    missing = [
        name
        for name, f in vars(np).items()
        if isinstance(f, np.ufunc) and registry.lookup(f) is None and f.__name__ not in known
    ]
    assert missing == []


@pytest.mark.parametrize(
    "f, args", [(np.clip, (np.ones(2), 0.0, 1.0)), (np.ndarray.clip, (np.ones(2), 0.0, 1.0))]
)
def test_out_is_refused(f: Any, args: Any) -> None:
    rule = registry.lookup(f)
    assert rule is not None
    with pytest.raises(MutationError, match="out="):
        rule.apply(args, {"out": np.zeros(2)})


def test_nan_to_num_in_place_is_refused() -> None:
    rule = registry.lookup(np.nan_to_num)
    assert rule is not None
    with pytest.raises(MutationError):
        rule.apply((np.ones(2),), {"copy": False})


@pytest.mark.parametrize(
    "f", [np.sin, np.exp, np.sqrt, np.log, np.square, np.tanh, np.absolute, np.reciprocal]
)
def test_half_precision_stays_half(f: Any) -> None:
    x = np.array([0.5, 1.5], np.float16)
    rule = registry.lookup(f)
    assert rule is not None
    y, pullback = rule.apply((x,), {})
    assert y.dtype == np.float16
    assert pullback is not None
    assert pullback(np.ones(2, np.float16))[0][0].dtype == np.float16


def test_integer_arrays_are_the_reals_they_stand_for() -> None:
    rule = registry.lookup(np.square)
    assert rule is not None
    _, pullback = rule.apply((np.array([100, 2], np.int8),), {})
    assert pullback is not None
    d = pullback(np.ones(2))[0][0]
    assert d.dtype == np.float64
    np.testing.assert_array_equal(d, [200.0, 4.0])  # 2 * 100 does not fit into int8
