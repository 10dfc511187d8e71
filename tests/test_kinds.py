"""Kinds form a lattice: `join` is a least upper bound, and `kind_of` runs no code of the user's."""

from __future__ import annotations

import itertools
import math
from collections import namedtuple
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pytest

from dpy import kinds
from dpy.kinds import (
    BOTTOM,
    UNKNOWN,
    Array,
    Const,
    Dict,
    KnownObject,
    List,
    Number,
    Object,
    Other,
    Text,
    Tuple,
    can_carry,
    dummy_of,
    is_atomic,
    is_number,
    is_plain_dataclass,
    is_real_scalar,
    is_text,
    join,
    kind_of,
    outline,
    widen,
)

FLOAT = Number(float)


@dataclass
class Point:
    x: Any
    y: Any = 0.0


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a: Any) -> None:
        self.a = a


class Pair(NamedTuple):
    first: Any
    second: Any


class Guarded:
    """Any of its code raises."""

    def __init__(self) -> None:
        object.__setattr__(self, "held", 1.0)

    def __getattribute__(self, name: str) -> Any:
        if name == "__class__":  # `isinstance` asks for it
            return Guarded
        raise AssertionError("the user's code must not run")

    def __eq__(self, other: object) -> bool:
        raise AssertionError("the user's code must not run")

    __hash__ = __len__ = __iter__ = __getattr__ = __eq__  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, FLOAT),
        (True, Number(bool)),
        (3, Number(int)),
        (1j, Number(complex)),
        (np.float32(1), Number(np.float32)),
        (np.ones((2, 3)), Array(np.dtype(float), 2)),
        (np.ones((), np.float32), Array(np.dtype(np.float32), 0)),
        ("text", Other(str)),
        (None, Other(type(None))),
        (math.sin, KnownObject(math.sin)),
        (Point, KnownObject(Point)),
        ((1.0, "a"), Tuple((FLOAT, Other(str)))),
        ([1.0, 2.0], List(FLOAT)),
        ([1.0, "a"], List(UNKNOWN)),
        ([], List(UNKNOWN)),
        ({"a": 1.0}, Dict((("a", FLOAT),))),
        ({1: 1.0}, UNKNOWN),
        (Point(1.0, 2.0), Object(Point, (("x", FLOAT), ("y", FLOAT)))),
        (Slotted(1.0), Object(Slotted, (("a", FLOAT),))),
        (Pair(1.0, "a"), Object(Pair, (("first", FLOAT), ("second", Other(str))))),
        (Guarded(), Object(Guarded, (("held", FLOAT),))),
    ],
    ids=lambda v: type(v).__name__,
)
def test_kind_of(value: Any, expected: Any) -> None:
    assert kind_of(value) == expected
    hash(kind_of(value))


def test_subclasses_of_numbers_and_arrays_are_not_taken_for_them() -> None:
    class Metre(float): ...

    assert not isinstance(kind_of(Metre(1.0)), Number)
    assert not isinstance(kind_of(np.ma.masked_array([1.0])), Array)


def test_deep_and_endless_structures_become_unknown() -> None:
    endless: list[Any] = []
    endless.append(endless)
    hash(kind_of(endless))
    point = Point(1.0)
    point.y = point
    hash(kind_of(point))


EXAMPLES = [
    BOTTOM,
    UNKNOWN,
    FLOAT,
    Number(int),
    Number(bool),
    Number(complex),
    Number(np.float64),
    Number(np.float32),
    Const(1, int),
    Const(1.0, float),
    Const(True, bool),
    Const("a", str),
    Const(None, type(None)),
    Other(str),
    Text(),
    Array(np.dtype(float), 1),
    Array(np.dtype(float), 2),
    Array(np.dtype(np.float32), 1),
    Tuple((FLOAT, FLOAT)),
    Tuple((FLOAT, UNKNOWN)),
    Tuple((FLOAT,)),
    List(FLOAT),
    List(Number(int)),
    Dict((("a", FLOAT),)),
    KnownObject(math.sin),
    KnownObject(math.cos),
    Object(Point, (("x", FLOAT), ("y", FLOAT))),
    Object(Point, (("x", Number(int)), ("y", FLOAT))),
    Object(Point, (("x", FLOAT),)),
]


def test_join_is_idempotent_and_has_its_ends() -> None:
    for a in EXAMPLES:
        assert join(a, a) == a
        assert join(a, BOTTOM) == a == join(BOTTOM, a)
        assert join(a, UNKNOWN) == UNKNOWN == join(UNKNOWN, a)


def test_join_commutes() -> None:
    for a, b in itertools.combinations(EXAMPLES, 2):
        assert join(a, b) == join(b, a), (a, b)


def test_join_is_associative() -> None:
    for a, b, c in itertools.product(EXAMPLES, repeat=3):
        assert join(join(a, b), c) == join(a, join(b, c)), (a, b, c)


def test_join_is_above_both() -> None:
    for a, b in itertools.product(EXAMPLES, repeat=2):
        above = join(a, b)
        assert join(a, above) == above == join(b, above), (a, b)


def test_constants_of_different_types_differ() -> None:
    assert Const(1, int) != Const(1.0, float)
    assert Const(1, int) != Const(True, bool)
    assert Const(0.0, float) != Const(-0.0, float)
    assert widen(Const(1, int)) == Number(int)
    assert widen(Const("a", str)) == Other(str)


def test_predicates_on_numbers() -> None:
    assert is_number(Number(bool))
    assert is_number(Const(1.0, float))
    assert not is_number(Const("a", str))
    assert is_real_scalar(Number(np.float32))
    assert is_real_scalar(Const(1, int))
    for kind in (Number(bool), Number(np.bool_), Number(complex), Other(str), UNKNOWN):
        assert not is_real_scalar(kind)


def test_what_can_carry_a_derivative() -> None:
    yes = [FLOAT, Number(int), Number(complex), Const(2, int), Array(np.dtype(int), 1), UNKNOWN]
    yes += [Tuple((Other(str), FLOAT)), List(FLOAT), Object(Point, ())]
    no = [Number(bool), Number(np.bool_), Const(True, bool), Const("a", str), Other(str)]
    no += [Array(np.dtype(bool), 1), Tuple((Other(str),)), KnownObject(math.sin)]
    assert [can_carry(k) for k in yes] == [True] * len(yes)
    assert [can_carry(k) for k in no] == [False] * len(no)


def test_texts() -> None:
    assert all(map(is_text, [Text(), Other(str), Const("a", str)]))
    assert not any(map(is_text, [Other(bytes), Const(1, int), UNKNOWN]))
    assert join(Text(), Other(str)) == Text() == join(Const("a", str), Text())
    assert can_carry(Text())
    assert is_atomic(Text())


def test_atoms_refer_to_nothing_mutable() -> None:
    assert is_atomic(Tuple((FLOAT, Other(str))))
    for kind in (Array(np.dtype(float), 1), List(FLOAT), Tuple((List(FLOAT),)), UNKNOWN):
        assert not is_atomic(kind)


@pytest.mark.parametrize(
    "kind",
    [FLOAT, Number(bool), Number(np.float32), Array(np.dtype(np.float32), 3), List(FLOAT),
     Tuple((FLOAT, Array(np.dtype(int), 1))), Other(type(None)), KnownObject(math.sin)],
)  # fmt: skip
def test_a_dummy_is_of_its_kind(kind: Any) -> None:
    assert kind_of(dummy_of(kind)) == kind


def test_kinds_without_dummy() -> None:
    for kind in (UNKNOWN, BOTTOM, Other(str), List(UNKNOWN), Tuple((UNKNOWN,))):
        assert dummy_of(kind) is NotImplemented


# --- dataclasses whose constructor only stores ------------------------------------------------


def test_plain_dataclasses() -> None:
    @dataclass(frozen=True, slots=True)
    class Frozen:
        x: float

    @dataclass
    class Derived(Point):
        z: float = 1.0

    for cls in (Point, Frozen, Derived):
        assert is_plain_dataclass(cls)


def test_dataclasses_with_code_of_their_own_are_not_plain() -> None:
    @dataclass
    class Checked:
        x: float

        def __post_init__(self) -> None: ...

    @dataclass
    class Written:
        x: float

        def __init__(self) -> None:
            self.x = 1.0

    @dataclass
    class Made:
        x: list[float] = field(default_factory=list)

    @dataclass
    class Hidden:
        x: float = field(default=1.0, init=False)

    @dataclass
    class Watched:
        x: float

        def __setattr__(self, name: str, value: Any) -> None: ...

    class Undecorated(Point):
        def __init__(self) -> None: ...

    Named = namedtuple("Named", "x")
    for cls in (Checked, Written, Made, Hidden, Watched, Undecorated, Named, int):
        assert not is_plain_dataclass(cls), cls


def test_an_outline_says_less_of_containers() -> None:
    class Node:
        def __init__(self, below: Any) -> None:
            self.below, self.table, self.x = below, {"a": 1.0}, 2.0

    outer = outline(kind_of((Node(Node(Node(Node(None)))), 1.0)))
    assert isinstance(outer, Tuple)
    node, x = outer.items
    assert x == Number(float)
    assert isinstance(node, Object) and node.cls is Node
    assert dict(node.fields)["table"] == UNKNOWN
    (_, below), *_ = node.fields
    assert isinstance(below, Object)
    assert dict(below.fields) == {"below": UNKNOWN, "table": UNKNOWN, "x": Number(float)}
    assert outline(kind_of([np.ones(2)])) == List(Array(np.dtype(float), 1))


def test_the_public_names_exist() -> None:
    assert all(hasattr(kinds, name) for name in kinds.__all__)
