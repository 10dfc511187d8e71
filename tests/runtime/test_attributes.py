"""Attributes of all kinds of objects: plain, computed, intercepted, slotted, shared."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

import dpy
from dpy.errors import MutationError
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.attributes import delete_attribute, read_attribute, write_attribute
from dpy.runtime.item_cotangents import is_null
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


class Point:
    scale = 2.0

    def __init__(self, x, y):
        self.x = x
        self.y = y

    @property
    def size(self):
        return self.x * self.y

    @size.setter
    def size(self, value):
        self.y = value / self.x

    @functools.cached_property
    def product(self):
        return self.x * self.y * self.scale

    @classmethod
    def diagonal(cls, x):
        return cls(x, x * cls.scale)

    @staticmethod
    def twice(x):
        return x * 2


@case(0.7, 1.2)
def properties(x, y):
    p = Point(x, y)
    a = p.size
    p.size = a * x
    return p.size * p.y + p.x


@case(0.7, 1.2)
def cached_properties(x, y):
    p = Point(x, y)
    a = p.product
    p.x = 5.0
    return a * p.product


@case(0.7)
def class_and_static_methods(x):
    p = Point.diagonal(x)
    return p.twice(p.y) * Point.twice(p.x) + p.scale * x


class Recording:
    """Intercepts every read and write."""

    def __init__(self, x):
        self.log = []
        self.x = x

    def __setattr__(self, name, value):
        if name == "x":
            value = value * 2
            self.log.append(value)
        object.__setattr__(self, name, value)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self.x * len(name)

    def __delattr__(self, name):
        self.log.append(self.x * 3)
        object.__delattr__(self, name)


@case(0.7)
def intercepted(x):
    r = Recording(x)
    a = r.abc
    r.x = a * x
    r.y = r.x
    total = sum(r.log)
    del r.y
    return total + r.log[-1] * r.yy


class Everything:
    """``__getattribute__`` sees all reads."""

    def __init__(self, x):
        self._x = x

    def __getattribute__(self, name):
        if name == "x":
            return object.__getattribute__(self, "_x") * 3
        return object.__getattribute__(self, name)


@case(0.7)
def getattribute(x):
    e = Everything(x)
    return e.x * e._x


class Positive:
    """A data descriptor that keeps its value in the instance."""

    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, obj, cls=None):
        if obj is None:
            return self
        return getattr(obj, self.name) * 2

    def __set__(self, obj, value):
        setattr(obj, self.name, value * value)


class Lazy:
    """A non-data descriptor: the instance may stand before it."""

    def __get__(self, obj, cls=None):
        return obj.a * 7


class Described:
    a = Positive()
    b = Lazy()

    def __init__(self, a):
        self.a = a


@case(0.7)
def descriptors(x):
    d = Described(x)
    first = d.b
    d.a = d.a * x
    d.__dict__["b"] = x
    return first * d.a + d.b


class Slotted:
    __slots__ = ("x", "y")

    def __init__(self, x):
        self.x = x


@case(0.7)
def slots(x):
    s = Slotted(x)
    s.y = s.x * x
    s.x = s.y
    del s.y
    s.y = 3.0
    return s.x * s.y * x


class Delegate:
    def __init__(self, inner):
        self.inner = inner

    def __getattr__(self, name):
        return getattr(self.inner, name)


@case(Point(0.7, 1.2))
def delegation(p):
    d = Delegate(Delegate(p))
    d.inner.inner.x = d.x * d.y
    return d.size + d.x


@case(Point(0.7, 1.2))
def through_the_instance_dict(p):
    fields = p.__dict__
    fields["x"] = p.y * p.x
    vars(p)["z"] = p.x * 2
    fields.update(y=p.z)
    return p.x * p.y + sum(fields.values()) + fields.get("z") * fields.pop("x")


@case(0.7)
def set_default_and_get_default(x):
    p = Point(x, 1.0)
    setattr(p, "z", x * x)  # noqa: B010
    return getattr(p, "z") * getattr(p, "missing", x) + getattr(p, "x", 3.0)  # noqa: B009


@case(0.7)
def namespace(x):
    n = SimpleNamespace(a=x, b=[x])
    n.c = n.a * x
    n.b.append(n.c)
    return n.b[1] * n.a + n.c


@dataclass
class Box:
    x: float
    next: object = None


@case(0.7, 1.2)
def chains_and_aliases(x, y):
    a = Box(x)
    b = Box(y, a)
    a.next = b
    c = a.next.next
    c.x = b.x * x
    return a.x + b.next.next.x * a.next.x


@case(0.7)
def swapped_through_a_third(x):
    a, b = Box(x), Box(x * x)
    a.x, b.x = b.x, a.x
    a.next, b.next = b, a
    return a.x * b.next.x + a.next.x


@case(np.array([0.7, 1.2]))
def attributes_of_arrays(a):
    b = a.reshape(1, 2)
    return (b.T * a.shape[0]).sum() * a.real.sum() + a.imag.sum() + b.size * a.ndim * a.T[0]


@case(0.7, 1.2)
def complex_parts(x, y):
    z = complex(x, y)
    z = z * z
    return z.real * z.imag + z.conjugate().imag


class Meta(type):
    @property
    def rate(cls):
        return cls.base * 2


class Configured(metaclass=Meta):
    base = 1.5


@case(0.7)
def property_of_a_metaclass(x):
    return Configured.rate * x + Configured.base


@case(0.7)
def methods_as_values(x):
    p = Point(x, x * x)
    methods = [p.twice, math.sin, p.diagonal, Point.twice]
    return methods[0](x) * methods[1](p.y) + methods[2](p.x).y * methods[3](p.y)


class Adder:
    def __init__(self, k):
        self.k = k

    def add(self, v):
        return v * self.k


@case(0.7)
def bound_method_outlives_a_write(x):
    a = Adder(x)
    add = a.add
    first = add(x)
    a.k = first * x
    return first + add(2.0)


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_programs(case: Case) -> None:
    case.check()


def test_plain_read_and_write() -> None:
    p = Point(1.0, 2.0)
    y, pb = read_attribute(p, "x")
    back = write_attribute(p, "x", 5.0)
    acc = Accumulators()
    acc.add_slot(p, "x", 3.0)
    assert (y, p.x) == (1.0, 5.0)
    assert back(acc) == 3.0
    assert pb(7.0, acc) is dpy.cotangent.ZERO
    assert acc.peek(p) == {"x": 7.0}


def test_deleting_forgets_what_came_later() -> None:
    p = Point(1.0, 2.0)
    back = delete_attribute(p, "x")
    acc = Accumulators()
    acc.add_slot(p, "x", 3.0)
    back(acc)
    assert not hasattr(p, "x")
    assert acc.peek(p) in ({}, dpy.cotangent.ZERO)


@pytest.mark.filterwarnings("ignore:Setting the shape:DeprecationWarning")  # of NumPy 2.5
def test_the_shape_of_an_array_is_set_and_set_back() -> None:
    a = np.arange(4.0)
    back = write_attribute(a, "shape", (2, 2))
    acc = Accumulators()
    acc.add(a, np.ones((2, 2)))

    def swept(acc: Accumulators) -> None:
        back(acc)
        assert a.shape == acc.peek(a).shape == (4,)

    acc.sweep(swept)
    assert a.shape == (2, 2)


def test_an_array_keeps_its_dtype() -> None:
    def seen_as_integers(a):
        b = a * 2
        b.dtype = np.int64
        return a[0] * b[0]

    with pytest.raises(MutationError, match="dtype"):
        dpy.gradient(seen_as_integers, np.array([1.0, 2.0]))


@pytest.mark.parametrize(("name", "factor"), [("real", 1.0), ("imag", 1j), ("flat", 1.0)])
def test_parts_of_an_array_are_written(name: str, factor: complex) -> None:
    z = np.ones(2, complex)
    value = np.array([2.0, 3.0])
    back = write_attribute(z, name, value)
    acc = Accumulators()
    acc.add(z, factor * np.array([5.0, 7.0]))
    back(acc)
    np.testing.assert_array_equal(acc.peek(value), [5.0, 7.0])
    assert is_null(acc.peek(z))


def test_no_active_values_in_classes() -> None:
    def store(x):
        Configured.base = x
        return Configured.base * x

    try:
        with pytest.raises(MutationError, match="Configured.base"):
            dpy.gradient(store, 2.0)
    finally:
        Configured.base = 1.5


def test_missing_attribute_raises_as_python_does() -> None:
    def missing(p):
        return p.x * p.nothing

    with pytest.raises(AttributeError, match="nothing"):
        dpy.gradient(missing, Point(1.0, 2.0))


def test_special_methods_of_arrays_are_methods_not_values() -> None:
    def f(x):
        a = np.array([x, 2.0, x * x])
        later = lambda: a.__setitem__(2, a[2] * x)  # noqa: E731
        later()
        a.__iadd__(x)
        return a.__getitem__(2) * a.__mul__(2.0).sum()

    step = 1e-6
    estimate = (f(1.3 + step) - f(1.3 - step)) / (2 * step)
    value, (found,) = dpy.value_and_gradient(f, 1.3)
    assert value == f(1.3)
    assert found == pytest.approx(estimate, rel=1e-8)


class Lazy:
    found = None

    def __init__(self, x):
        self.x = x

    def __getattr__(self, name):
        raise AttributeError(f"{name} is computed")

    @property
    def doubled(self):
        if self.found is None:
            self.found = 2 * self.x
        return self.found


def test_an_attribute_of_the_class_may_be_none() -> None:
    assert dpy.gradient(lambda x: Lazy(x).doubled, 2.0) == (2.0,)
