"""What is not finite in a value, and whose fault that is."""

from __future__ import annotations

import math
import types
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from dpy.cotangent import ZERO
from dpy.finite import UNKNOWN, blame, describe, doubt_of, is_finite

NAN, INF = math.nan, math.inf


@dataclass
class Body:
    mass: float
    name: str = "moon"


@pytest.mark.parametrize(
    "x",
    [
        1.0, 3, True, None, 1 + 2j, np.float32(2), np.ones(3), np.arange(3), "text", [1.0, (2.0,)],
        {"a": INF}, ZERO, np.array(["inf"]), np.empty(0), object(),
    ],
)  # fmt: skip
def test_results_that_are_finite(x: Any) -> None:
    assert is_finite(x)


@pytest.mark.parametrize(
    "x",
    [INF, -INF, NAN, complex(0, INF), np.float32(NAN), np.array([1.0, INF]), [1.0, (NAN,)],
     np.float64(INF), np.array(NAN), np.array([1, 2j * INF])],
)  # fmt: skip
def test_results_that_are_not(x: Any) -> None:
    assert not is_finite(x)


@pytest.mark.parametrize(
    "x",
    [
        1.0, 3, None, "one", b"2.5", np.ones(2), [1.0, {"a": 2.0}], Body(1.0), Decimal(2),
        (), {1, 2}, Fraction(1, 3), np.array([1.0, None], dtype=object), np.datetime64("2020-01"),
        float, math.sin, np, slice(1, 2), range(3), ZERO, types.SimpleNamespace(a=1.0),
    ],
)  # fmt: skip
def test_operands_that_are_finite(x: Any) -> None:
    assert doubt_of(x) is None


def flags(x: Any) -> tuple[bool, bool]:
    doubt = doubt_of(x)
    assert doubt is not None
    return bool(np.any(doubt.infinite)), bool(np.any(doubt.nan))


@pytest.mark.parametrize(
    ("x", "infinite", "nan"),
    [
        (INF, True, False),
        (NAN, False, True),
        (complex(0, -INF), True, False),
        (np.array([1.0, -INF]), True, False),
        (np.array([NAN, -INF]), True, True),
        ([1.0, [NAN]], False, True),
        (Body(INF), True, False),
        ({"a": (INF, NAN)}, True, True),
        (np.array([1.0, INF], dtype=object), True, False),
        ({INF}, True, False),
        ("inf", True, True),
        (b"1, NaN", True, True),
        (Decimal("nan"), True, True),
        (iter([1.0]), True, True),
        (np.array(["1"]), True, True),
    ],
)
def test_operands_that_are_not(x: Any, infinite: bool, nan: bool) -> None:
    assert flags(x) == (infinite, nan)


def test_a_container_that_holds_itself_is_unknown() -> None:
    xs: list[Any] = [1.0]
    xs.append(xs)
    assert flags(xs) == (True, True)


def test_positions_of_an_array() -> None:
    doubt = doubt_of(np.array([1.0, INF, NAN]))
    assert doubt is not None
    assert doubt.infinite.tolist() == [False, True, False]
    assert doubt.nan.tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("y", "operands", "text"),
    [
        (INF, (0.0,), "inf"),
        (-INF, (), "-inf"),
        (NAN, (1.0, 2), "nan"),
        (NAN, (INF, INF), "nan"),
        (INF, (INF,), None),
        (INF, (NAN,), None),
        (NAN, (NAN,), None),
        (1.0, (INF,), None),
        ((1.0, NAN), (0.0,), "nan"),
        (None, (), None),
        ("nan", (), None),
        (np.float32(INF), (1.0,), "inf"),
        (complex(INF, 0), (1.0,), "(inf+0j)"),
        (np.array([1.0, INF]), (np.ones(2),),
         "inf (1 of 2 values, of shape (2,), the first at [1])"),
        (np.array([[NAN], [-INF]]), (0.0,),
         "-inf and nan (2 of 2 values, of shape (2, 1), the first at [0, 0])"),
        (np.array([INF, NAN]), (np.array([0.0, INF]),),
         "nan (1 of 2 values, of shape (2,), the first at [1])"),
        (np.array([INF]), (UNKNOWN,), None),
    ],
)  # fmt: skip
def test_blame(y: Any, operands: tuple[Any, ...], text: str | None) -> None:
    doubts = [x if x is UNKNOWN else doubt_of(x) for x in operands]
    assert blame(y, doubts) == text


def test_blame_by_position() -> None:
    mask = np.array([-INF, 0.0, NAN])
    y = np.array([-INF, -INF, NAN])
    assert blame(y, [doubt_of(mask)]) is None
    found = blame(y, [doubt_of(mask)], by_position=True)
    assert found == "-inf (1 of 3 values, of shape (3,), the first at [1])"
    column = np.array([[INF], [1.0]])
    found = blame(np.full((2, 2), INF), [doubt_of(column)], by_position=True)
    assert found == "inf (2 of 4 values, of shape (2, 2), the first at [1, 0])"


def test_a_sum_has_no_positions() -> None:
    assert blame(INF, [doubt_of(np.array([INF, 1.0]))], by_position=True) is None


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (2, "2"),
        (np.float64(2.5), "2.5"),
        (np.array(3.0), "3.0"),
        (np.array([1.0, NAN, -2.0]), "an array of shape (3,) from -2.0 to 1.0"),
        (np.array([1j]), "an array of shape (1,) and dtype complex128"),
        (np.empty((0, 2)), "an array of shape (0, 2) and dtype float64"),
        ([1.0], "a list"),
    ],
)
def test_describe(x: Any, text: str) -> None:
    assert describe(x) == text
