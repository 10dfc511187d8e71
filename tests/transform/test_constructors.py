"""Constructors as functions to the fields of the new object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

import dpy
from dpy.transform import constructors, split_targets
from dpy.transform.lower import lower
from dpy.transform.rebuild import rebuild
from dpy.transform.show import show
from dpy.transform.source import read_source
from dpy.transform.verify import verify


class Circle:
    def __init__(self, r):
        self.r = r
        self.area = 3.0 * self.r * r


class Branching:
    def __init__(self, x, flag=True):
        if flag:
            self.value = x * 2
        else:
            self.value = x
        self.other = 1.0


class Rewritten:
    def __init__(self, x):
        self.x = x
        self.x = self.x + 1
        self.x += 2


class Loop:
    def __init__(self, x, n=3):
        self.total = 0.0
        for i in range(n):
            self.total = self.total + x * i


class Clash:
    def __init__(self, self_r, fields):
        self.r = self_r
        self.fields = fields


def fields_of(cls: Any) -> constructors.Fields | None:
    init = cls.__init__
    return constructors.run(split_targets.run(lower(read_source(init))), ())


@pytest.mark.parametrize(
    ("cls", "args"),
    [
        (Circle, (2.0,)),
        (Branching, (2.0, True)),
        (Branching, (2.0, False)),
        (Rewritten, (2.0,)),
        (Loop, (2.0, 4)),
        (Clash, (2.0, 3.0)),
    ],
)
def test_the_fields_are_those_of_the_object(cls: Any, args: Any) -> None:
    made = fields_of(cls)
    assert made is not None
    verify(made.function)
    values = rebuild(made.function, read_source(cls.__init__), cls.__init__)(*args)
    assert dict(zip(made.fields, values, strict=True)) == vars(cls(*args))


def test_the_object_is_gone() -> None:
    made = fields_of(Circle)
    assert made is not None
    assert made.fields == ("r", "area")
    assert [p.name for p in made.function.params] == ["r"]
    assert not any(line.lstrip().startswith("self.") for line in show(made.function).split("\n"))


REGISTRY: list[Any] = []


class Escapes:
    def __init__(self, x):
        self.x = x
        REGISTRY.append(self)


class CallsMethod:
    def __init__(self, x):
        self.x = x
        self.prepare()

    def prepare(self):
        self.x = self.x * 2


class Deletes:
    def __init__(self, x):
        self.x = x
        self.y = x
        del self.y


class Shares:
    def __init__(self, x):
        me = self
        me.x = x


class Captures:
    def __init__(self, x):
        self.x = x
        self.get = lambda: self.x


class ReadsOther:
    default = 3.0

    def __init__(self, x):
        self.x = x * self.default


@pytest.mark.parametrize("cls", [Escapes, CallsMethod, Deletes, Shares, Captures])
def test_objects_that_escape_are_left_alone(cls: Any) -> None:
    assert fields_of(cls) is None


@dataclass
class Scaled:
    x: float
    factor: float = 2.0

    def __post_init__(self):
        self.scaled = self.x * self.factor


class Tries:
    def __init__(self, x):
        try:
            self.x = 3 * x
        except TypeError:
            self.x = None


@pytest.mark.parametrize(
    ("function", "x", "expected"),
    [
        (lambda x: Circle(x).area, 2.0, 12.0),
        (lambda x: Branching(x).value, 2.0, 2.0),
        (lambda x: Branching(x, False).value, 2.0, 1.0),
        (lambda x: Rewritten(x).x ** 2, 2.0, 10.0),
        (lambda x: Loop(x).total, 2.0, 3.0),
        (lambda x: Clash(x, 2.0).r * Clash(3.0, x).fields, 2.0, 4.0),
        (lambda x: Escapes(x).x, 2.0, 1.0),
        (lambda x: CallsMethod(x).x, 2.0, 2.0),
        (lambda x: Deletes(x).x, 2.0, 1.0),
        (lambda x: Shares(x).x, 2.0, 1.0),
        (lambda x: ReadsOther(x).x, 2.0, 3.0),
        (lambda x: Scaled(x).scaled, 2.0, 2.0),
        (lambda x: Tries(x).x, 2.0, 3.0),
        (lambda x: Scaled(3.0, x).scaled, 2.0, 3.0),
    ],
)
def test_gradients_pass_through_constructors(function: Any, x: float, expected: float) -> None:
    assert dpy.gradient(function, x) == (expected,)


def test_gradients_pass_through_captured_objects() -> None:
    def f(x):
        return Captures(x).get()

    assert dpy.gradient(f, 2.0) == (1.0,)
