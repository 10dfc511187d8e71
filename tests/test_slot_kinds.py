"""How each type is read and rebuilt: as itself, past all code of the user."""

from __future__ import annotations

import functools
import threading
import types
from collections import OrderedDict, defaultdict, deque
from dataclasses import InitVar, dataclass, field
from typing import Any, NamedTuple

import attrs
import numpy as np
import pytest

from dpy.cotangent import ZERO
from dpy.slot_kinds import bare_maker, classify, is_rebuilt_bare, set_attributes
from dpy.structs import (
    contents,
    fields_of,
    mirror,
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


@dataclass(slots=True)
class Derived(Base):
    b: float


@dataclass
class Late:
    scale: InitVar[float]
    w: float
    area: float = field(init=False)

    def __post_init__(self, scale: float) -> None:
        self.area = scale * self.w


@attrs.frozen
class Attrs:
    a: float
    label: str


class Pair(NamedTuple):
    first: float
    second: Any


class Guarded:
    """Every hook that mirroring must go past."""

    def __init__(self) -> None:
        self.__dict__["w"] = 2.0

    def __getattr__(self, name: str) -> Any:
        raise Forbidden(name)

    def __setattr__(self, name: str, value: Any) -> None:
        raise Forbidden(name)

    def __eq__(self, other: object) -> bool:
        raise Forbidden

    def __hash__(self) -> int:
        raise Forbidden

    def __len__(self) -> int:
        raise Forbidden

    @property
    def derived(self) -> float:
        raise Forbidden


def test_builtin_containers():
    x = [1.0, (2, "a"), {"k": np.ones(2), 3: None}]
    d = {1: (5.0, ZERO), 2: {"k": np.array([1.0, 2.0])}}
    g = mirror(d, x)
    assert g[:2] == [0.0, (5.0, None)]
    assert list(g[2]) == ["k", 3]
    np.testing.assert_array_equal(g[2]["k"], [1.0, 2.0])
    assert g[2][3] is None


def test_container_subclasses():
    class Layers(list):
        def __init__(self):
            raise Forbidden

        def __iter__(self):
            raise Forbidden

    class Keyed(dict):
        def __init__(self):
            super().__init__()
            self.__dict__ = self

        def __setitem__(self, key, value):
            raise Forbidden

    layers = list.__new__(Layers)
    list.extend(layers, [1.0, 2.0])
    layers.rate = 0.5
    g = mirror({0: 3.0, "rate": 7.0}, layers)
    assert type(g) is Layers
    assert list(list.__iter__(g)) == [3.0, 0.0]
    assert g.rate == 7.0

    keyed = Keyed()
    keyed.w = 1.0
    g = mirror({"w": 2.0}, keyed)
    assert type(g) is Keyed
    assert g.w == g["w"] == 2.0

    g = mirror({"b": 2.0}, OrderedDict(a=1.0, b=1.0))
    assert type(g) is OrderedDict
    assert list(g.items()) == [("a", 0.0), ("b", 2.0)]
    g.move_to_end("a")
    g = mirror({"a": 2.0}, defaultdict(list, a=1.0))
    assert type(g) is defaultdict
    assert g == {"a": 2.0}
    assert g.default_factory is list
    g = mirror({1: 2.0}, deque([1.0, 1.0], maxlen=2))
    assert g == deque([0.0, 2.0])
    assert g.maxlen == 2


def test_named_tuple():
    g = mirror((1.0, {"k": 2.0}), Pair(3.0, {"k": 1.0, "m": 1}))
    assert type(g) is Pair
    assert g == Pair(1.0, {"k": 2.0, "m": 0.0})


@pytest.mark.parametrize(
    ("x", "d", "expected"),
    [
        (Point(1.0, 2), {"x": 3.0}, {"x": 3.0, "y": 0.0, "name": None}),
        (Frozen(1.0, (1.0, 2.0)), {"g": (1.0, ZERO)}, {"r": 0.0, "g": (1.0, 0.0)}),
        (Slotted(1.0, 2.0), {"b": 3.0}, {"a": 0.0, "b": 3.0}),
        (Derived(1.0, 2.0), {"a": 3.0}, {"a": 3.0, "b": 0.0}),
        (Late(2.0, 3.0), {"area": 3.0}, {"w": 0.0, "area": 3.0}),
        (Attrs(1.0, "x"), {"a": 2.0}, {"a": 2.0, "label": None}),
    ],
)
def test_structs_are_rebuilt_as_their_class(x, d, expected):
    g = mirror(d, x)
    assert type(g) is type(x)
    assert contents(g) == expected


def test_rebuilding_runs_no_code_of_the_user():
    @dataclass
    class Strict(Guarded):
        w: float

        def __new__(cls, *args):
            raise Forbidden

        def __init__(self, w):
            raise Forbidden

    x = object.__new__(Strict)
    x.__dict__["w"] = 1.5
    g = mirror({"w": 2.0}, x)
    assert type(g) is Strict
    assert vars(g) == {"w": 2.0}


def test_the_users_operators_work_on_the_gradient():
    @dataclass
    class V:
        a: float

        def __sub__(self, other):
            return V(self.a - other.a)

        def __rmul__(self, s):
            return V(s * self.a)

    assert V(1.0) - 0.5 * mirror({"a": 4.0}, V(1.0)) == V(-1.0)


def test_other_objects_give_a_tangent():
    g = mirror({"w": np.ones(2)}, Plain(w=np.zeros(2), n=3, name="x", f=len))
    assert g == Tangent(w=np.ones(2), n=0.0, name=None, f=None)
    assert mirror({"w": 3.0}, Guarded()) == Tangent(w=3.0)


def test_slots_of_bases_and_private_names():
    class A:
        __slots__ = ("__secret", "unset", "w")

        def __init__(self):
            self.w = 1.0
            self.__secret = 2.0

    class B(A):
        __slots__ = ("v",)

    b = B()
    b.v = 3.0
    assert set(fields_of(b)) == {"w", "_A__secret", "v"}
    assert mirror({"v": 1.0}, b) == Tangent(w=0.0, _A__secret=0.0, v=1.0)


def test_closures():
    w, label = np.ones(2), "s"

    def model(x, b=1.0, *, c=2.0):
        return x @ w + b + c, label

    d = {"w": {"cell_contents": np.array([1.0, 2.0])}, "b": 5.0}
    g = mirror(d, model)
    assert g == Tangent(w=np.array([1.0, 2.0]), label=None, b=5.0, c=0.0)
    assert fields_of(model) == ["label", "w", "b", "c"]


def test_a_closure_that_refers_to_itself():
    scale = 2.0

    def walk(n):
        return scale if n == 0 else walk(n - 1)

    assert mirror({"scale": {"cell_contents": 3.0}}, walk) == Tangent(scale=3.0, walk=None)


def test_bound_methods_show_the_fields_of_their_object():
    class Dense:
        def __init__(self):
            self.w = 2.0

        def __call__(self, x):
            return self.w * x

    d = {"__self__": {"w": 4.0}}
    assert mirror(d, Dense().__call__) == Tangent(w=4.0)
    assert mirror(d, types.MethodType(lambda p: p.w, Slotted(1.0))) == Tangent(a=0.0, b=None)
    assert mirror({"__self__": np.ones(2)}, np.zeros(2).sum) == Tangent(__self__=np.ones(2))
    p = functools.partial(lambda a, b: a * b, 2.0, b=3.0)
    assert mirror({"args": (5.0,), "keywords": {"b": 1.0}}, p) == Tangent(
        func=None, args=(5.0,), keywords={"b": 1.0}
    )


def test_set_attributes_goes_past_frozen_and_properties():
    x = Frozen(1.0, None)
    set_attributes(x, {"r": 2.0})
    assert x.r == 2.0

    @dataclass(frozen=True, slots=True)
    class Tight:
        a: float

    t = Tight(1.0)
    set_attributes(t, {"a": 2.0})
    assert t.a == 2.0


def test_bare_objects_are_made_without_code_of_the_user():
    class Refusing(dict):
        def __new__(cls, *args):
            raise Forbidden

        def __init__(self, *args):
            raise Forbidden

    assert type(bare_maker(Refusing)(Refusing)) is Refusing
    assert is_rebuilt_bare(Point)
    assert is_rebuilt_bare(Frozen)
    assert not is_rebuilt_bare(Slotted)
    assert not is_rebuilt_bare(Plain)


def test_classes_are_told_apart():
    assert classify(Frozen).frozen
    assert not classify(Point).frozen
    assert classify(Pair).is_by_value
    assert classify(Plain).read is not None
    assert classify(threading.Lock().__class__).read is None  # it serves a program
    assert classify(bool).read is None

    @dataclass(frozen=True)
    class Caching:
        a: float

        @functools.cached_property
        def b(self):
            return self.a

    assert not classify(Caching).frozen  # it gains an attribute when `b` is read
