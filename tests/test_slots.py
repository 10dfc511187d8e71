"""How types are read: kinds, contents, and the promise that no user code runs."""

from __future__ import annotations

import functools
import logging
import re
import types
from collections import OrderedDict, deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from dpy.slots import contents, is_leaf, kind_of


class Pair(NamedTuple):
    a: float
    b: float


@dataclass(frozen=True)
class Frozen:
    a: float


@dataclass
class Open:
    a: float


class Hostile:
    """Reading it by the usual means fails."""

    __slots__ = ("__dict__", "kept")

    def __init__(self) -> None:
        self.kept = 1.0

    def __getattribute__(self, name: str) -> Any:
        if name in ("kept", "__dict__", "__class__"):
            raise AssertionError(f"read {name}")
        return object.__getattribute__(self, name)


def test_contents_of_each_kind():
    w = 2.0

    def f(x, b=3.0, *, c=4.0):
        return w * x + b + c

    f.note = 5.0
    cell = f.__closure__[0]
    assert contents([1.0, 2.0]) == {0: 1.0, 1: 2.0}
    assert contents((1.0,)) == {0: 1.0}
    assert contents(deque([1.0])) == {0: 1.0}
    assert contents({"k": 1.0}) == {"k": 1.0}
    assert contents(OrderedDict(k=1.0)) == {"k": 1.0}
    assert contents(Pair(1.0, 2.0)) == {0: 1.0, 1: 2.0}
    assert contents(Open(1.0)) == {"a": 1.0}
    assert contents(Hostile()) == {"kept": 1.0}
    assert contents(f) == {"w": cell, "b": 3.0, "c": 4.0, "note": 5.0}
    assert contents(cell) == {"cell_contents": 2.0}
    assert contents(types.CellType()) == {}
    x = Open(1.0)
    method = types.MethodType(f, x)
    assert contents(method) == {"__self__": x, "__func__": f}
    assert contents(functools.partial(f, 1.0, c=2.0)) == {
        "func": f, "args": (1.0,), "keywords": {"c": 2.0},
    }  # fmt: skip


def test_contents_is_a_copy():
    d = {"k": 1.0}
    contents(d)["k"] = 2.0
    x = Open(1.0)
    contents(x)["a"] = 2.0
    assert (d, x.a) == ({"k": 1.0}, 1.0)


@pytest.mark.parametrize(
    "x",
    [1.0, "a", None, np.ones(2), np.float32(1), int, np, len, logging.getLogger("dpy.test"),
     Path("."), re.compile("a"), object(), {1.0}],
)  # fmt: skip
def test_leaves(x):
    assert is_leaf(x) or contents(x) == {}


def test_which_values_cannot_change():
    assert kind_of(Frozen).frozen
    assert not kind_of(Frozen).is_by_value
    assert kind_of(Pair).is_by_value
    assert kind_of(types.MethodType).is_by_value
    for cls in (Open, list, dict, types.FunctionType, types.CellType):
        assert not kind_of(cls).frozen


def test_kinds_of_classes_that_are_gone_are_forgotten():
    import gc
    import weakref

    def make() -> weakref.ref[type]:
        class Short:
            def __init__(self) -> None:
                self.a = 1.0

        assert contents(Short()) == {"a": 1.0}
        return weakref.ref(Short)

    gone = make()
    gc.collect()
    assert gone() is None
