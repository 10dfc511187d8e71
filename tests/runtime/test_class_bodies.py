"""Classes within functions whose bodies read variables of the function."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any

import pytest

import dpy
from dpy.errors import UnsupportedSyntaxError
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


@case(0.7)
def taken_over(x):
    k = x * x

    class C:
        a = k
        b = x
        pair = (k, x)

    return C.a * C.b + C().a * C.pair[0]


@case(0.7)
def containers(x):
    items = [x, x * x]

    class C:
        own = [x, 2.0]
        shared = items
        table = {"x": items}

    C.shared.append(x * 3)
    C.own[1] = x
    return sum(C.shared) * C.own[0] * C.own[1] + C.table["x"][2]


@case(0.7)
def sizes(x):
    n = 3

    class C:
        size = n
        names = [f"x{i}" for i in range(n)]

        def __init__(self, v):
            self.v = v * self.size

    return C(x).v * len(C.names)


@case(0.7)
def defaults(x):
    k = x * 2

    @dataclasses.dataclass
    class C:
        a: float = k
        b: float = 1.0

    return C().a * C(x).a * C(b=x).b


@case(0.7)
def methods_and_properties(x):
    k = x * 2

    class C:
        factor = k

        @property
        def twice(self):
            return self.factor * 2 * k

        @classmethod
        def made(cls):
            return cls.factor * x

    return C().twice * C.made()


@case(0.7)
def of_a_base(x):
    class Base:
        a = x

    class C(Base):
        b = 2.5
        c = x

    return C.a * C.b * C.c


@case(0.7)
def made_in_a_loop(x):
    total = 0.0
    for i in range(3):
        scaled = x * i

        class C:
            value = scaled

        total += C.value * C().value
    return total


@case(0.7)
def an_enum_of_constants(x):
    one = 1.5

    class Scale(enum.Enum):
        ONE = one
        TWO = 2.5

    return Scale.ONE.value * x + Scale(2.5).value


@case(0.7)
def methods_that_capture(x):
    class C:
        eps = 0.5 * 3
        rate = 1e-3

        def score(self):
            return self.eps * x + self.rate * x * x

    return C().score()


@case(0.7)
def unused(x):
    class C:
        a = x * 2

    return x * (C.__name__ == "C")


class Registered:
    names: list[str] = []  # noqa: RUF012

    def __init_subclass__(cls, *, label="", **more):
        super().__init_subclass__(**more)
        cls.label = label
        Registered.names.append(cls.__name__)


class Named:
    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner):
        return instance.__dict__[self.name + "_"] * 2


@case(0.7)
def hooks_that_keep_constants(x):
    class C(Registered, label="ab"):
        d = Named()

        def __init__(self):
            self.d_ = x

    return C().d * len(C.label)


@case(0.7)
def hooks_that_keep_what_they_are_given(x):
    class C(Registered, label=x):
        pass

    return C.label * x


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_programs(case: Case) -> None:
    case.check()


def computed(x: float) -> Any:
    class C:
        a = x * 2

    return C.a


def test_what_the_body_computes_is_refused_where_it_matters() -> None:
    with pytest.raises(UnsupportedSyntaxError, match="body of class C computed") as info:
        dpy.gradient(computed, 0.7)
    assert info.value.place is not None
    assert info.value.place.line == computed.__code__.co_firstlineno + 1


BOX = [1.0]


class Writing:
    def __init_subclass__(cls, **named):
        BOX[0] = named["v"] * 2


class Doubling:
    def __set_name__(self, owner, name):
        BOX[0] = BOX[0] * 2


def by_subclass(x: float) -> Any:
    class C(Writing, v=x):
        pass

    return BOX[0]


def by_name(x: float) -> Any:
    BOX[0] = x

    class C:
        d = Doubling()

    return BOX[0]


@pytest.mark.parametrize("f", [by_subclass, by_name], ids=lambda f: f.__name__)
def test_what_hooks_compute_is_refused_where_it_matters(f: Any) -> None:
    y, back = dpy.pullback(f, 0.7)
    assert y == f(0.7)
    with pytest.raises(UnsupportedSyntaxError, match="body of class C"):
        back(1.0)
