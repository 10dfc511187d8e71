"""``super``, ``getattr`` and their like on values that only the runtime knows."""

from __future__ import annotations

import functools
import operator
import types
from types import MappingProxyType

import numpy as np
import pytest

from dpy import check_gradient


class Base:
    def __init__(self, x):
        self.x = x

    @property
    def square(self):
        return self.x**2

    @functools.cached_property
    def cube(self):
        return self.x**3

    def scaled(self, k, m=1.0):
        return self.x * k * m

    five = functools.partialmethod(scaled, 5.0, m=2.0)


class Derived(Base):
    @property
    def square(self):
        return super().square * 2

    def scaled(self, k, m=1.0):
        method = super().scaled
        return method(k, m) + super().scaled(2)

    def all(self):
        return super().cube + super().five() + super().square


class Pair(tuple):
    def __getitem__(self, i):
        return super().__getitem__(i) * 2

    first = property(operator.itemgetter(0))


class Doubling(dict):
    def __setitem__(self, key, value):
        super().__setitem__(key, value * 2)


class Tagged(float):
    def __new__(cls, x, scale):
        made = super().__new__(cls, x)
        made.scale = scale
        return made

    @property
    def scaled(self):
        return float(self) * self.scale


class Named:
    real = property(operator.attrgetter("x"))
    tripled = property(functools.partial(lambda k, owner: owner.x * k, 3.0))

    def __init__(self, x):
        self.x = x

    @types.DynamicClassAttribute
    def dynamic(self):
        return self.x * 7


class ClassProperty:
    def __init__(self, function):
        self.function = function

    def __get__(self, owner, cls):
        return self.function(cls)


def class_property(x):
    class Local:
        value = ClassProperty(lambda cls: x * x)

    return Local.value + Local().value


def doubled_item(x):
    d = Doubling()
    d["a"] = x
    return d["a"]


def slice_of_floats(x):
    s = slice(x, x * x)
    return s.start + s.stop * 2


def slice_given_to_an_object(x):
    class Between:
        def __getitem__(self, s):
            return s.stop - s.start

    return Between()[x : x**3]


def slice_in_try(x):
    try:
        s = slice(x, None, 2 * x)
        return s.start * s.step
    except TypeError:
        return 0.0


def made_by_type(x):
    cls = type("Made", (Base,), {"factor": x * x, "times": lambda self: self.factor * self.x})
    return cls(x).times() + cls.factor


def read_only(x):
    view = MappingProxyType({"a": x, "b": 2.0})
    return view["a"] * view.get("a") * sum(view.values()) + len(view) * x


def defaults(x):
    def inner(a=x, b=2.0 * x):
        return a + b

    return inner.__defaults__[1] * inner()


def by_iterator(x):
    total = 0.0
    for item in np.nditer(np.array([x, 2 * x])):
        total += float(item) ** 2
    return total


@pytest.mark.parametrize(
    "f",
    [
        lambda x: Derived(x).square,
        lambda x: Derived(x).scaled(3.0),
        lambda x: Derived(x).all(),
        lambda x: Pair((x, 2 * x))[1],
        lambda x: Pair((x, 2 * x)).first,
        lambda x: Tagged(x, x * x).scaled + Tagged(x, x).scale,
        lambda x: Named(x).real ** 2 + Named(x).tripled + Named(x).dynamic,
        class_property,
        doubled_item,
        slice_of_floats,
        slice_given_to_an_object,
        slice_in_try,
        made_by_type,
        read_only,
        defaults,
        by_iterator,
    ],
    ids=lambda f: f.__name__,
)
def test_attribute(f) -> None:
    check_gradient(f, 1.3)


def test_what_is_only_looked_at_stays_itself() -> None:
    class Holder:
        def __init__(self):
            self.found = {"a": 1}

        @property
        def key(self):
            try:
                return hash(frozenset(self.found.items())), repr({1.5}), str(self.found.keys())
            finally:
                pass

    expected = Holder().key

    def f(x):
        assert Holder().key == expected
        return x * x

    check_gradient(f, 1.3)
