"""Matchers accept what `specialise` would not compile again, and run no code of the user."""

from __future__ import annotations

import types
from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from dpy import config
from dpy.adjoints import registry
from dpy.entry import Form
from dpy.kinds import kind_of
from dpy.matching import has_just_a_dict, share_memory, write_matcher
from dpy.specialise import Guards, cell_kind


@dataclass
class Point:
    x: Any
    y: Any


@dataclass(slots=True)
class Slotted:
    x: float


class Watched:
    reads = 0

    def __init__(self) -> None:
        self.x = 1.0

    def __getattribute__(self, name: str) -> Any:
        Watched.reads += 1
        return super().__getattribute__(name)

    def __eq__(self, other: object) -> bool:
        raise AssertionError("compared")

    __hash__ = None  # type: ignore[assignment]


Pair = namedtuple("Pair", "x y")  # noqa: PYI024 - its kind has fields without annotations
A = np.ones((2, 2))

# Values of pairwise different kinds.
VALUES: list[Any] = [
    1.0, 2, True, 1j, np.float64(1.0), np.float32(1.0), "text", None, (1.0, 2.0), (1.0,), (), [1.0],
    [1], [], [1.0, 2], [A], {"a": 1.0}, {"b": 1.0}, {"a": 1.0, "b": 1.0}, {"b": 1.0, "a": 1.0}, {},
    {1: 1.0}, A, A[0], A.astype(np.float32), A.astype(">f8"), np.array(["a"]), np.array(1.0),
    np.zeros(2, [("a", float)]), np.zeros(2, "M8[s]"), Point(1.0, 2.0), Point(1.0, A),
    Point(Point(1.0, 2.0), (1.0, None)), Point(1, 2.0), Pair(1.0, 2.0), Slotted(1.0), len, np.sum,
    Point, slice(1), types.SimpleNamespace(), types.SimpleNamespace(x=1.0), {1.0},
]  # fmt: skip


def first(x: Any) -> Any:
    return x


def matcher(f: Any, *args: Any, guards: Guards | None = None, **options: Any) -> Any:
    form = Form(tuple(map(kind_of, args)), **options)
    defaults = f.__defaults__, f.__kwdefaults__
    return write_matcher(
        f.__code__, f.__globals__, defaults, form, guards or Guards(), config.current(),
        registry.version(),
    )  # fmt: skip


@pytest.mark.parametrize("i", range(len(VALUES)))
def test_values_match_exactly_if_their_kinds_are_equal(i: int) -> None:
    match = matcher(first, VALUES[i])
    for x in VALUES:
        assert match(first, (x,), {}) is (kind_of(x) == kind_of(VALUES[i])), x


def test_deep_values() -> None:
    def nested(depth: int, leaf: Any) -> Any:
        return leaf if depth == 0 else Point(nested(depth - 1, leaf), (leaf, leaf))

    for depth in range(7):
        match = matcher(first, nested(depth, 1.0))
        for leaf in (1.0, 2, A):
            for other in range(7):
                x = nested(other, leaf)
                expected = kind_of(x) == kind_of(nested(depth, 1.0))
                assert match(first, (x,), {}) is expected


def test_fields_by_name_order_and_number() -> None:
    p: Any = Point(1.0, A)
    match = matcher(first, p)
    assert match(first, (Point(2.0, A),), {})
    p.z = 1.0
    assert not match(first, (p,), {})
    del p.z, p.x
    assert not match(first, (p,), {})
    p.x = 1.0  # now behind y
    assert not match(first, (p,), {})


def test_no_code_of_the_user_runs() -> None:
    x = Watched()
    match = matcher(first, x)
    before = Watched.reads
    assert match(first, (Watched(),), {})
    assert match(first, (x,), {})
    assert not match(first, (1.0,), {})
    assert Watched.reads == before


def test_number_of_arguments_and_keywords() -> None:
    match = matcher(first, 1.0)
    assert match(first, (2.0,), {})
    assert not match(first, (), {})
    assert not match(first, (1.0, 2.0), {})
    assert not match(first, (1.0,), {"k": 1.0})
    match = matcher(first, 1.0, keywords=(("k", kind_of(2.0)), ("n", kind_of(2))))
    assert match(first, (2.0,), {"k": 1.0, "n": 1})
    assert not match(first, (2.0,), {"n": 1, "k": 1.0})
    assert not match(first, (2.0,), {"k": 1.0})
    assert not match(first, (2.0,), {"k": 1, "n": 1})
    assert not match(first, (2.0,), {})


def test_defaults() -> None:
    def f(x: Any, k: Any = A, *, b: Any = 1.0) -> Any:
        return x * k * b

    match = matcher(f, 1.0, defaults=(("k", kind_of(A)), ("b", kind_of(1.0))))
    assert match(f, (1.0,), {})
    assert f.__kwdefaults__ is not None
    f.__kwdefaults__["b"] = 2
    assert not match(f, (1.0,), {})
    f.__kwdefaults__["b"] = 2.0
    assert match(f, (1.0,), {})
    f.__defaults__ = (A,)
    assert not match(f, (1.0,), {})


def test_cells() -> None:
    def make(k: Any, *, is_empty: bool = False) -> Any:
        f = lambda: k  # noqa: E731
        if is_empty:
            del k
        return f

    f = make(A)
    match = matcher(f, cells=tuple(map(cell_kind, f.__closure__)))
    assert match(make(2 * A), (), {})
    assert not match(make(A[0]), (), {})
    assert not match(make(A, is_empty=True), (), {})
    f = make(A, is_empty=True)
    match = matcher(f, cells=tuple(map(cell_kind, f.__closure__)))
    assert match(make(1, is_empty=True), (), {})
    assert not match(make(A), (), {})


def test_guards() -> None:
    def callee(x: Any, k: float = 1.0) -> Any:
        return x

    missing: Any = registry  # any object will do for a name that was bound
    names: dict[str, Any] = {"callee": callee, "scale": 2.0, "None": None}
    from dpy.specialise import MISSING

    guards = Guards()
    guards.entries[0, "callee"] = names, "callee", callee
    guards.entries[0, "gone"] = names, "gone", MISSING
    guards.entries[0, "None"] = names, "None", None
    guards.entries[0, "x"] = Point.__dict__, "x", MISSING
    guards.kinds[0, "scale"] = names, "scale", kind_of(2.0)
    guards.codes[0] = callee, callee.__code__, callee.__defaults__, None
    match = matcher(first, 1.0, guards=guards)

    def holds() -> bool:
        assert match(first, (1.0,), {}) is guards.hold()
        return guards.hold()

    assert holds()
    names["scale"] = 3.0
    assert holds()
    for key, wrong, right in (
        ("callee", first, callee), ("gone", missing, MISSING), ("None", 0, None),
        ("scale", 3, 2.0), ("scale", MISSING, 2.0), ("callee", MISSING, callee),
    ):  # fmt: skip
        for value, expected in ((wrong, False), (right, True)):
            if value is MISSING:
                del names[key]
            else:
                names[key] = value
            assert holds() is expected
    callee.__defaults__ = (2.0,)
    assert not holds()


def test_settings_rules_and_globals() -> None:
    match = matcher(first, 1.0)
    with config.settings(strong_zero=False):
        assert not match(first, (1.0,), {})
    assert match(first, (1.0,), {})
    other = types.FunctionType(first.__code__, {})
    assert not match(other, (1.0,), {})
    twin = types.FunctionType(first.__code__, first.__globals__)
    assert match(twin, (1.0,), {})


def test_arguments_that_must_not_overlap() -> None:
    match = matcher(first, A, A, is_disjoint=True)
    assert match(first, (A, A.copy()), {})
    assert not match(first, (A, A), {})
    assert match(first, (A[:, :1], A.copy()), {})
    assert not match(first, (A[:1], A), {})
    match = matcher(first, Point(A, 1.0), A, is_disjoint=True)
    assert match(first, (Point(A, 1.0), A.copy()), {})
    assert not match(first, (Point(A, 1.0), A), {})


def test_memory_of_arrays() -> None:
    buffer = bytearray(16)
    one, other = np.frombuffer(buffer), np.frombuffer(buffer)
    assert share_memory(one, other)
    assert share_memory(A, A)
    assert share_memory(A, A.T)
    assert not share_memory(A, A.copy())
    assert not share_memory(A)


def test_classes_that_have_just_a_dict() -> None:
    assert has_just_a_dict(Point)
    assert not has_just_a_dict(Slotted)
    assert not has_just_a_dict(Pair)
    assert not has_just_a_dict(int)
