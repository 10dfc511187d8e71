"""Operations, tapes and constant functions with checks."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest

from dpy.config import settings
from dpy.errors import NonFiniteError
from dpy.runtime import finite_calls, operations
from dpy.runtime.finite_calls import CheckedTape, with_checks
from dpy.transform.ir import Home
from dpy.transform.source import read_source


class Own:
    def __init__(self, x):
        self.x = 1.0 / np.float64(x)

    def __truediv__(self, other):
        return math.inf

    def __call__(self, x):
        return self.x * x

    def method(self, x):
        return 1.0 / np.float64(x)


def quotient(x):
    return 1.0 / np.float64(x)


HOME = Home(read_source(quotient))
LINE = quotient.__code__.co_firstlineno + 1


@pytest.mark.parametrize("f", [len, math.sqrt, np.log, float, list, np.linalg.norm, np.vander, 3])
def test_what_is_no_function_of_the_users_is_left_alone(f: Any) -> None:
    assert with_checks(f) is f


@pytest.mark.parametrize(
    "f",
    [quotient, Own, Own(1.0).method, functools.partial(quotient)],
    ids="function class method partial".split(),
)
def test_functions_of_the_users_are_checked_inside(f: Any) -> None:
    with settings(check_finite=True), np.errstate(all="ignore"):
        found = with_checks(f)(2.0)
        assert isinstance(found, Own) or found == 0.5
        with pytest.raises(NonFiniteError) as caught:
            with_checks(f)(0.0)
    assert caught.value.place is not None
    assert caught.value.place.filename == __file__


def test_callable_objects() -> None:
    own = Own(2.0)
    with settings(check_finite=True):
        assert with_checks(own)(3.0) == 1.5


def test_operations_agree_with_those_without_checks() -> None:
    for name, args in (("mul", (2.0, 3.0)), ("add", ([1], [2])), ("neg", (1.0,))):
        active = (True,) * len(args)
        y, pb = finite_calls.operate(name, active, *args)
        expected, expected_pb = operations.operate(name, active, *args)
        assert y == expected
        if name != "add":
            assert pb(1.0, None) == expected_pb(1.0, None)


def test_an_operation_to_blame() -> None:
    with np.errstate(all="ignore"), pytest.raises(NonFiniteError, match="`/`"):
        finite_calls.operate("truediv", (True, True), np.float64(1.0), 0.0)
    a = np.array([1.0, math.inf])
    finite_calls.operate("imul", (True, True), a, 2.0)
    with np.errstate(all="ignore"), pytest.raises(NonFiniteError, match=r"`\*`"):
        finite_calls.operate("imul", (True, True), a, 1e308)


def test_special_methods_check_themselves() -> None:
    y, _ = finite_calls.operate("truediv", (True, True), Own(1.0), 2.0)
    assert y == math.inf


def test_a_tape_names_the_line() -> None:
    tape = CheckedTape(HOME)
    key = tape.parameter(2.0)
    y, product = tape.mul((key, None, LINE), 2.0, 3.0)
    assert y == 6.0
    assert tape.pullback(product, 1.0, None) == (3.0,)
    with pytest.raises(NonFiniteError) as caught:
        tape.mul((key, None, LINE), 1e300, 1e300)
    assert caught.value.place is not None
    assert (caught.value.place.filename, caught.value.place.line) == (__file__, LINE)
    for method in (tape.add, tape.sub):
        assert method((key, None, LINE), 1.0, 0.0)[0] == 1.0


def test_a_sweep_names_the_line() -> None:
    tape = CheckedTape(HOME)
    key = tape.parameter(0.0)
    _, root = tape.operate("pow", (key, None, LINE), np.float64(0.0), 0.5)
    with pytest.raises(NonFiniteError) as caught:
        tape.pullback(root, 1.0, None)
    assert caught.value.direction == "pullback"
    assert caught.value.place is not None
    assert caught.value.place.line == LINE
