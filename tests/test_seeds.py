"""What a reverse sweep starts from."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from dpy import pullback
from dpy.cotangent import ZERO
from dpy.errors import DpyError, NotScalarOutputError
from dpy.seeds import seed_like, seed_of, seed_of_first


@dataclass
class Point:
    x: float
    y: float = 2.0


def test_structured_results_and_seeds() -> None:
    def f(x):
        return {"a": x * x, "b": (x, [x * 3, "s"])}

    y, back = pullback(f, 2.0)
    assert y == {"a": 4.0, "b": (2.0, [6.0, "s"])}
    assert back({"a": 1.0, "b": (1.0, [1.0, None])}) == (8.0,)
    assert back({"a": 1.0, "b": None}) == (4.0,)
    assert back(None) == (0.0,)
    y, back = pullback(lambda x: Point(x * x, x), 3.0)
    assert y == Point(9.0, 3.0)
    assert back(Point(1.0, 10.0)) == (16.0,)


def test_gradients_share_no_storage_with_the_seed() -> None:
    for f in (lambda a: a, lambda a: a * 1, lambda a: a + 0, lambda a: a.T, lambda a: a[:]):
        _, back = pullback(f, np.ones((2, 2)))
        seed = np.full((2, 2), 5.0)
        (g,) = back(seed)
        g[0, 0] = 7.0
        assert (seed == 5.0).all()
        seed[...] = 9.0
        assert g[1, 1] == 5.0
        assert back(np.full((2, 2), 5.0))[0].tolist() == [[5.0, 5.0], [5.0, 5.0]]


def test_pullback_of_an_array() -> None:
    a = np.array([1.0, 2.0, 3.0])
    y, back = pullback(lambda a: a**2, a)
    assert y.tolist() == [1.0, 4.0, 9.0]
    assert back(np.array([1.0, 0.0, 2.0]))[0].tolist() == [2.0, 0.0, 12.0]


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (2.0, 1.0),
        (2, 1.0),
        (np.float32(2), np.float32(1)),
        (np.int64(2), 1.0),
        (Fraction(1, 2), Fraction(1)),
        (np.array(2.0, np.float32), np.array(1.0, np.float32)),
        (np.array(2), np.array(1.0)),
    ],
)
def test_the_unit_seed_has_the_type_of_the_result(y: Any, expected: Any) -> None:
    found = seed_of(y, None)
    assert found == expected
    assert type(found) is type(expected)
    assert getattr(found, "dtype", None) == getattr(expected, "dtype", None)


@pytest.mark.parametrize("y", [1j, np.complex64(1), "a", None, [1.0], np.ones(1), np.True_])
def test_results_without_a_unit_seed(y: Any) -> None:
    with pytest.raises(NotScalarOutputError, match="real scalar"):
        seed_of(y, test_results_without_a_unit_seed)


def test_the_first_of_several_results_is_differentiated() -> None:
    assert seed_of_first((2.0, "a"), None) == (1.0, ZERO)
    assert seed_of_first({"loss": 2.0, "n": 3}, None) == {"loss": 1.0}
    with pytest.raises(NotScalarOutputError):
        seed_of_first((), None)


def test_seeds_of_users_are_copied_and_brought_to_the_type_of_the_result() -> None:
    y = np.ones(2, np.float32)
    given = np.ones(2, np.float32)
    assert seed_like(given, y) is not given
    assert seed_like([1, 2], y).dtype == np.float32
    assert seed_like(None, y) is ZERO
    assert seed_like([1.0, None], [1.0, 2.0]) == {0: 1.0, 1: ZERO}
    with pytest.raises(DpyError, match=r"the cotangent has shape \(3,\), the result has shape"):
        seed_like(np.ones(3), y)
