"""Gradients mirror their argument: types, names, dtypes, and nothing shared."""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest

from dpy.cotangent import ZERO
from dpy.errors import DpyError
from dpy.structs import (
    contents,
    fields_of,
    gradients,
    mirror,
    slots_of,
    snapshot,
    zero_like,
)
from dpy.tangent import Tangent


class Forbidden(Exception):
    """User code that must not run has run."""


class Plain:
    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


@dataclass
class Point:
    x: float
    y: float
    name: str = "p"

    def __post_init__(self) -> None:
        if isinstance(self.name, type(None)):
            raise Forbidden


@dataclass(frozen=True)
class Frozen:
    r: float
    g: Any


@dataclass(frozen=True, slots=True)
class Slotted:
    a: float
    b: Any = None


@dataclass(slots=True)
class Base:
    a: float


class Pair(NamedTuple):
    first: float
    second: Any


# --- leaves ----------------------------------------------------------------------------------


class Colour(IntEnum):
    RED = 1


@pytest.mark.parametrize(
    ("x", "d", "expected"),
    [
        (1.5, 2.0, 2.0),
        (1.5, ZERO, 0.0),
        (1.5, None, 0.0),
        (1.5, 2, 2.0),
        (1.5, 2 + 3j, 2.0),
        (1.5, np.array(2.0), 2.0),
        (3, 2.0, 2.0),
        (3, ZERO, 0.0),
        (3, Fraction(1, 2), 0.5),
        (np.int64(3), 2.0, 2.0),
        (1j, 2.0, 2 + 0j),
        (1j, ZERO, 0j),
        (Fraction(1, 4), Fraction(7, 2), Fraction(7, 2)),
        (Fraction(1, 4), 0.5, Fraction(1, 2)),
        (Fraction(1, 4), np.float64(0.5), Fraction(1, 2)),
        (Fraction(1, 4), ZERO, Fraction(0)),
        (Decimal("0.5"), Decimal("0.25"), Decimal("0.25")),
        (Decimal("0.5"), ZERO, Decimal(0)),
        (np.float32(1), 2.0, np.float32(2)),
        (np.float32(1), ZERO, np.float32(0)),
        (np.complex64(1), 2j, np.complex64(2j)),
    ],
)
def test_numbers(x, d, expected):
    g = mirror(d, x)
    assert g == expected
    assert type(g) is type(expected)


@pytest.mark.parametrize(
    "x",
    [True, "a", b"a", None, np, int, Colour.RED, len, np.sin, np.bool_(True), np.str_("a"),
     np.datetime64("2020-01-01"), Ellipsis, range(3), slice(None), {1.0, 2.0}, iter([1.0]),
     (i for i in ()), threading.Lock(), object(), np.random.default_rng(0), lambda x: x,
     np.array([True]), np.array(["a"]), np.array([object()])],
)  # fmt: skip
def test_atoms_have_no_gradient(x):
    assert mirror(ZERO, x) is None
    assert zero_like(x) is None


@pytest.mark.parametrize(
    ("x", "dtype"),
    [
        (np.ones((2, 3)), np.float64),
        (np.ones((2, 3), np.float32), np.float32),
        (np.ones((2, 3), np.float16), np.float16),
        (np.ones((2, 3), np.complex64), np.complex64),
        (np.ones((2, 3), np.int8), np.float64),
        (np.asfortranarray(np.ones((2, 3))), np.float64),
        (np.ones((0, 3)), np.float64),
        (np.array(3.0), np.float64),
    ],
)
def test_arrays_keep_shape_and_dtype(x, dtype):
    for d in (ZERO, np.full(x.shape, 2.0), np.broadcast_to(2.0, x.shape)):
        g = mirror(d, x)
        assert type(g) is np.ndarray
        assert g.shape == x.shape
        assert g.dtype == dtype
        assert (g == (0 if d is ZERO else 2)).all()
        assert g.flags.owndata
        assert g.flags.writeable


def test_a_scalar_cotangent_of_a_zero_dimensional_array():
    g = mirror(np.float64(3.0), np.array(1.0))
    assert type(g) is np.ndarray
    assert g.shape == ()


# --- sharing, cycles, storage ----------------------------------------------------------------


def test_a_shared_object_is_shown_at_each_place_with_its_own_storage():
    w = np.ones(2)
    shared = [1.0]
    d_w = np.array([3.0, 4.0])
    d = {"a": d_w, "b": d_w, "c": {0: 2.0}, "d": {0: 2.0}}
    g = mirror(d, Plain(a=w, b=w, c=shared, d=shared), owned=True)
    np.testing.assert_array_equal(g.a, g.b)
    assert not np.shares_memory(g.a, g.b)
    assert g.c == g.d == [2.0]
    assert g.c is not g.d


def test_cycles_end_with_none():
    parent = Plain(w=1.0)
    parent.child = Plain(v=2.0, parent=parent)
    d: dict[str, Any] = {"w": 5.0}
    d["child"] = {"v": 6.0, "parent": d}
    assert mirror(d, parent) == Tangent(w=5.0, child=Tangent(v=6.0, parent=None))
    loop: list[Any] = [1.0]
    loop.append(loop)
    assert mirror(ZERO, loop) == [0.0, None]


def test_hopeless_entanglement_is_an_error():
    x: Any = [1.0]
    for _ in range(40):
        x = [x, x]
    with pytest.raises(DpyError, match="entangled"):
        mirror(ZERO, x)


def test_ownership_decides_about_copies():
    d = np.ones(3)
    x = np.zeros(3)
    assert mirror(d, x, owned=True) is d
    assert not np.shares_memory(mirror(d, x), d)
    big = np.ones((2, 3))
    assert not np.shares_memory(mirror(big[0], x, owned=True), big)
    frozen = np.ones(3)
    frozen.flags.writeable = False
    assert mirror(frozen, x, owned=True).flags.writeable


def test_gradients_copy_exactly_what_others_hold():
    x = np.zeros(3)
    address = {}

    def fresh(name):
        a = np.ones(3)
        address[name] = a.ctypes.data
        return a

    held = fresh("held")
    twice = fresh("twice")
    ds = [fresh("alone"), held, twice, twice, {"w": fresh("inside"), "v": held}]
    del twice
    g = gradients(ds, (x, x, x, x, Plain(w=x, v=x)))
    assert ds == []
    assert g[0].ctypes.data == address["alone"]
    assert g[4].w.ctypes.data == address["inside"]
    arrays = [g[0], g[1], g[2], g[3], g[4].w, g[4].v, held, x]
    for i, a in enumerate(arrays):
        for b in arrays[:i]:
            assert not np.shares_memory(a, b)


# --- snapshots -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "x",
    [1.0, np.ones(3), "a", (1.0, np.ones(2)), Pair(1.0, 2.0), Slotted(1.0), Frozen(1.0, (2.0,))],
)
def test_nothing_to_remember(x):
    assert snapshot(x) is None


def test_the_gradient_has_the_shape_of_the_entry():
    inner = [1.0, 2.0]
    w = np.ones(2)
    x = (Plain(items=inner, w=w), {"a": 1.0})
    entry = snapshot(x)
    inner.append(5.0)
    x[0].w = np.ones(7)
    x[0].cache = 3.0
    del x[1]["a"]
    g = mirror(({"items": {1: 2.0}}, ZERO), x, entry)
    assert g == (Tangent(items=[0.0, 2.0], w=np.zeros(2)), {"a": 0.0})


def test_a_cached_property_made_by_f_is_not_a_field():
    @dataclass(frozen=True)
    class Disc:
        r: float

        @functools.cached_property
        def area(self):
            return 3.0 * self.r

    disc = Disc(1.0)
    entry = snapshot(disc)
    assert disc.area == 3.0
    assert contents(mirror({"r": 1.0}, disc, entry)) == {"r": 1.0}


def test_snapshot_of_a_cycle():
    loop: list[Any] = []
    loop.append(loop)
    assert list(snapshot(loop)) == [id(loop)]


# --- cotangents from rules -------------------------------------------------------------------


def test_rules_may_write_cotangents_in_any_form():
    assert slots_of([1.0, 2.0]) == {0: 1.0, 1: 2.0}
    assert slots_of((1.0,)) == {0: 1.0}
    assert slots_of(Tangent(r=1.0)) == {"r": 1.0}
    assert slots_of(Frozen(1.0, 2.0)) == {"r": 1.0, "g": 2.0}
    assert mirror([1.0, 2.0], [5, 6]) == [1.0, 2.0]
    assert mirror(Tangent(w=2.0), Plain(w=1.0)) == Tangent(w=2.0)
    with pytest.raises(DpyError, match="cotangent of type float"):
        mirror(1.0, Plain(w=1.0))


def test_fields_of():
    assert fields_of(Point(1.0, 2.0)) == ["x", "y", "name"]
    assert fields_of(Pair(1.0, 2.0)) == ["first", "second"]
    assert fields_of(Plain()) == []
    for x in (1.0, "a", None, np.ones(2), len, int, [1.0], (1.0,), {"a": 1.0}):
        assert fields_of(x) is None or x is len
