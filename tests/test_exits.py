"""Exits give what the general way gives, or nothing; and never what somebody else refers to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from dpy import structs
from dpy.cotangent import ZERO
from dpy.exits import write_exit
from dpy.kinds import kind_of


@dataclass
class Point:
    x: Any
    y: Any


@dataclass(frozen=True)
class Frozen:
    x: Any
    y: Any


class Plain:
    def __init__(self, x: Any, name: str) -> None:
        self.x = x
        self.name = name


def exit_of(*args: Any, is_late: bool = False, wanted: Any = None) -> Any:
    kinds = tuple(map(kind_of, args))
    return write_exit(kinds, wanted or (True,) * len(args), len(args), is_late)


def assert_same(found: Any, expected: Any) -> None:
    assert type(found) is type(expected)
    if isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected, strict=True)
    elif isinstance(expected, (tuple, list)):
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, dict):
        assert_same(list(found.items()), list(expected.items()))
    elif hasattr(expected, "__dict__"):
        assert_same(vars(found), vars(expected))
    else:
        assert found == expected


def array(*shape: int, dtype: Any = float) -> Any:
    return np.arange(1.0, 1.0 + int(np.prod(shape))).reshape(shape).astype(dtype)


# Arguments, and cotangents as pullbacks return them.
CASES: list[tuple[Any, Any]] = [
    (1.0, 2.0), (1.0, ZERO), (1.0, np.float64(2.0)), (3, 2.0), (True, ZERO), (1j, 2j), (1j, ZERO),
    (np.float32(1.0), np.float32(2.0)), (np.float32(1.0), ZERO), ("text", ZERO), (None, ZERO),
    (len, ZERO), (assert_same, ZERO), (array(2), array(2)), (array(2), ZERO),
    (array(2), np.float64(3.0)),
    (array(2, 2), array(2, 2).T), (array(2, dtype=np.float32), array(2)),
    (array(2, dtype=int), array(2)), (np.array([True]), ZERO), (np.array(1.0), np.array(2.0)),
    ((1.0, array(2)), (2.0, array(2))), ((1.0, "a"), ZERO), ((), ZERO), ([1.0, 2.0], {1: 3.0}),
    ([1, 2], ZERO), ({"a": 1.0, "b": array(2)}, {"b": array(2)}), ({"a": "text"}, ZERO),
    (Point(1.0, array(2)), {"x": 2.0, "y": array(2)}), (Point(1.0, None), ZERO),
    (Point(Point(1.0, array(2)), (1.0, 2)), {"x": {"y": array(2)}, "y": (ZERO, 1.0)}),
    (Frozen(1.0, array(3)), {"y": array(3)}), (Plain(1.0, "a"), {"x": 2.0}), (Plain(1, "a"), ZERO),
]  # fmt: skip


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize(("x", "d"), CASES)
def test_what_the_general_way_gives(x: Any, d: Any, is_late: bool) -> None:
    leave = exit_of(x, is_late=is_late)
    assert_same(leave((d,), (x,)), structs.gradients([d], (x,)))
    both = exit_of(x, 2.0, is_late=is_late)
    assert_same(both((d, 3.0), (x, 2.0)), structs.gradients([d, 3.0], (x, 2.0)))


def made(*shape: int) -> tuple[Any, int]:
    d = np.ones(shape)
    return d, id(d)


def test_what_nobody_else_holds_is_handed_out() -> None:
    x = array(3)
    leave = exit_of(x)
    d, address = made(3)
    ds = (d,)
    del d
    assert id(leave(ds, (x,))[0]) == address
    p = Point(x, 1.0)
    leave = exit_of(p)
    d, address = made(3)
    ds = ({"x": d},)
    del d
    assert id(leave(ds, (p,))[0].x) == address


def test_what_somebody_holds_is_copied() -> None:
    x, p = array(3), Point(array(3), (array(3), 2.0))
    kept = array(3)
    read_only = array(3)
    read_only.flags.writeable = False
    for d in (kept, kept[:], kept.view(np.ndarray), np.broadcast_to(1.0, 3), read_only):
        for found in (
            exit_of(x)((d,), (x,))[0],
            exit_of(p)(({"x": d},), (p,))[0].x,
            exit_of(p)(({"y": (d, 1.0)},), (p,))[0].y[0],
        ):
            assert not np.shares_memory(found, d)
            assert found.flags.writeable
    held = {"x": array(3), "y": (array(3), 1.0)}
    found = exit_of(p)((held,), (p,))[0]
    assert not np.shares_memory(found.x, held["x"])
    assert not np.shares_memory(found.y[0], held["y"][0])
    one, other = exit_of(x, 2 * x)((kept, kept), (x, 2 * x))
    assert not np.shares_memory(one, other)


def test_arguments_that_share_are_left_to_the_general_way() -> None:
    x = array(3)
    leave = exit_of(x, x)
    ds = array(3), array(3)
    assert leave(ds, (x, x)) is None
    assert leave(ds, (x[:], x)) is None
    assert leave(ds, (x, x.copy())) is not None
    assert leave(ds, (x[:], x.copy()[::-1])) is not None
    p, q = Point(1.0, x), Point(1.0, 2 * x)
    leave = exit_of(p, q)
    assert leave((ZERO, ZERO), (p, q)) is not None
    assert leave((ZERO, ZERO), (p, p)) is None
    assert leave((ZERO, ZERO), (p, Point(2.0, x))) is None
    numbers = Point(1.0, 2.0)
    assert exit_of(numbers, numbers)((ZERO, ZERO), (numbers, numbers)) is None
    xs = [1.0]
    assert exit_of(xs, xs)((ZERO, ZERO), (xs, xs)) is None
    frozen = Frozen(1.0, 2.0)  # shows numbers by place
    found = exit_of(frozen, frozen)(({"x": 1.0}, {"x": 2.0}), (frozen, frozen))
    assert (found[0].x, found[1].x) == (1.0, 2.0)


def test_arguments_that_are_not_wanted() -> None:
    x = array(3)
    leave = exit_of(x, x, 1.0, wanted=(None, True, False))
    (d, none) = leave((ZERO, array(3), ZERO), (x, x, 1.0))
    assert none is None
    assert d.tolist() == [1.0, 2.0, 3.0]


def test_arguments_that_changed_since() -> None:
    p: Any = Point(1.0, array(3))
    leave = exit_of(p, is_late=True)
    assert leave((ZERO,), (p,)) is not None
    p.y = 1.0
    assert leave((ZERO,), (p,)) is None
    p.y = array(2, dtype=np.float32)
    assert leave((ZERO,), (p,)) is None
    p.y, p.z = array(3), 1.0
    assert leave((ZERO,), (p,)) is None


def test_functions_with_state_are_left_to_the_general_way() -> None:
    def f() -> None:
        pass

    leave = exit_of(f)
    assert leave((ZERO,), (f,)) == (None,)
    f.weight = 2.0  # type: ignore[attr-defined]
    assert leave((ZERO,), (f,)) is None
    assert exit_of(array)((ZERO,), (array,)) is None  # a default


def test_kinds_that_are_not_known_well_enough() -> None:
    assert exit_of([1.0, "a"]) is None
    assert exit_of([array(2)]) is None
    assert exit_of({1.0}) is None
    assert exit_of(np.random.default_rng(0).normal) is None
