"""Truth, length and numbers of objects."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.runtime.conversions import as_index, length, number_of, truth


class Odd:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def __bool__(self) -> Any:
        return self.answer

    def __len__(self) -> Any:
        return self.answer

    def __index__(self) -> Any:
        return self.answer

    def __float__(self) -> Any:
        return self.answer

    def __hash__(self) -> Any:
        return self.answer


class Sized:
    def __init__(self, n: Any) -> None:
        self.n = n

    def __len__(self) -> Any:
        return self.n


@pytest.mark.parametrize("x", [0.0, 2, "", "a", [], [0], None, np.float64(0), np.ones(1), range(0)])
def test_builtin_types_have_no_way_back(x: Any) -> None:
    assert truth(x) == (bool(x), None)


def test_truth_falls_back_to_the_length() -> None:
    assert truth(Sized(0))[0] is False
    assert truth(Sized(2))[0] is True
    assert truth(object()) == (True, None)
    assert length(Sized(True))[0] == 1


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        (bool, 1), (operator.not_, None), (len, -1), (len, "a"), (operator.index, 1.5),
        (float, "no"), (hash, 1.5), (bool, [1]),
    ],
)  # fmt: skip
def test_wrong_answers_raise_as_in_python(function: Any, answer: Any) -> None:
    with pytest.raises((TypeError, ValueError)) as plain:
        function(Odd(answer))

    def f(x: float) -> Any:
        return function(Odd(answer)) * x

    with pytest.raises(type(plain.value)) as found:
        dpy.gradient(f, 1.5)
    assert str(found.value) == str(plain.value)


def test_large_hashes_are_reduced() -> None:
    def f(x: float, n: int) -> Any:
        return hash(Odd(n)) * x

    for n in (3, -1, 2**70):
        assert dpy.value_and_gradient(f, 1.5, n)[0] == f(1.5, n)


def test_indices_and_numbers() -> None:
    assert as_index(3) == (3, None)
    assert as_index(Odd(2))[0] == 2
    assert number_of(1.5, float) is None
    assert number_of(object(), float) is None
    made = number_of(Odd(2.5), float)
    assert made is not None
    assert made[0] == 2.5


def test_a_special_method_that_fails_must_not_lose_what_goes_by_value() -> None:
    class Pair(tuple):
        def __new__(cls, a, b, log):
            self = tuple.__new__(cls, (a, b))
            self.log = log
            return self

        def __bool__(self):
            self.log.append(self[0] * 2)
            raise ValueError

    def f(x):
        log = []
        try:
            if Pair(x, x, log):
                return 0.0
        except ValueError:
            return sum(log)

    try:
        assert dpy.gradient(f, 1.5) == (2.0,)
    except dpy.DpyError as error:
        assert "special method" in str(error)  # noqa: PT017 - either is right
