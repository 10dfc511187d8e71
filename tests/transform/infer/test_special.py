"""Whether special methods that Python calls out of sight may write."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from dpy.kinds import UNKNOWN, Array, Dict, Kind, KnownObject, List, Number, Slice, Tuple, kind_of
from dpy.specialise import specialise
from dpy.transform.infer.special import (
    ORDER,
    TEXT,
    TRUTH,
    index_may_write,
    may_write,
    writes_by_methods,
)
from dpy.transform.infer.state import Arguments, State
from dpy.transform.ir import Var
from tests.transform.infer.programs import FLOAT, NoBook, state_of


class Reads:
    def __init__(self, x):
        self.x = x

    def __bool__(self):
        return self.x > 1.0

    def __lt__(self, other):
        return self.x < other.x

    def __str__(self):
        return f"{self.x}"


class Writes(Reads):
    def __bool__(self):
        self.x = 2.0
        return True

    def __index__(self):
        self.x = 3.0
        return 1

    def __str__(self):
        self.x = 4.0
        return ""


@dataclass
class Holds:
    inner: Any


READS, WRITES = kind_of(Reads(1.0)), kind_of(Writes(1.0))


class Book(NoBook):
    def callee(self, function, kinds, active, heap_active, shared):
        return specialise(function, kinds, active, heap_active=heap_active, shared=shared)


def start() -> State:
    def f(x):
        return x

    state = state_of(f, x=FLOAT)
    state.book = Book()
    return state


@pytest.mark.parametrize(
    ("kind", "methods", "deep", "expected"),
    [
        (FLOAT, TRUTH, True, False),
        (Array(np.dtype(float), 1), TRUTH, True, False),
        (UNKNOWN, TRUTH, False, True),
        (READS, TRUTH, False, False),
        (WRITES, TRUTH, False, True),
        (WRITES, ORDER, False, False),
        (List(WRITES), TRUTH, False, False),
        (List(WRITES), TRUTH, True, True),
        (Tuple((FLOAT, Dict((("a", WRITES),)))), TEXT, True, True),
        (Slice((FLOAT, WRITES, FLOAT)), ("__index__",), True, True),
        (kind_of(Holds(1.0)), TEXT, False, False),
        (kind_of(Holds(Reads(1.0))), ("__repr__", "__eq__"), False, False),
        (kind_of(Holds(Writes(1.0))), ("__repr__",), False, False),
        (KnownObject(Writes), TRUTH, True, False),
    ],
)
def test_may_write(kind: Kind, methods: tuple[str, ...], deep: bool, expected: bool) -> None:
    assert may_write(start(), (Var("x"),), (kind,), methods, deep=deep) is expected


def test_indices() -> None:
    state = start()
    assert index_may_write(state, Var("x"), WRITES)
    assert not index_may_write(state, Var("x"), Number(int))


@pytest.mark.parametrize(
    ("function", "kinds", "expected"),
    [
        (len, (READS,), False),
        (bool, (WRITES,), True),
        (id, (UNKNOWN,), False),
        (math.floor, (UNKNOWN,), True),
        (np.argmax, (UNKNOWN,), False),
        (isinstance, (WRITES, kind_of(Reads)), False),
        (isinstance, (WRITES, UNKNOWN), True),
        (str, (List(WRITES),), True),
        (len, (List(WRITES),), False),
    ],
)
def test_functions(function: Any, kinds: tuple[Kind, ...], expected: bool) -> None:
    given = Arguments(tuple(Var("x") for _ in kinds), kinds)
    assert writes_by_methods(start(), function, given) is expected


def test_metaclasses_that_check_instances() -> None:
    class Meta(type):
        def __instancecheck__(cls, x):
            return True

    class Checked(metaclass=Meta):
        pass

    given = Arguments((Var("x"), Var("x")), (FLOAT, KnownObject(Checked)))
    assert writes_by_methods(start(), isinstance, given)
