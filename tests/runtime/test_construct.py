"""Objects made while differentiated: classes, dataclasses, attrs, named tuples, built-in bases."""

from __future__ import annotations

import collections
import dataclasses
import functools
import math
import typing

import attr
import attrs
import numpy as np
import pytest

import dpy
import dpy.specialise  # gives the runtime its compiler
from dpy.cotangent import ZERO
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.construct import construct
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


class Base:
    def __init__(self, x, *rest, scale=2.0, **more):
        self.x = x * scale
        self.rest = rest
        self.more = more


class Child(Base):
    def __init__(self, x, y):
        super().__init__(x, y, y * x, scale=y, z=x)
        self.y = self.x * y


@case(0.7, 1.2)
def inheritance(x, y):
    c = Child(x, y)
    return c.x * c.y + c.rest[1] * c.more["z"] + Base(y, scale=x).x


class Single:
    made = None

    def __new__(cls, x):
        self = object.__new__(cls)
        self.x = x * x
        return self


class Number(float):
    pass


class Chooser:
    def __new__(cls, x):
        return [x, x * 2] if x > 0 else object.__new__(cls)


@case(0.7)
def special_new(x):
    return Single(x).x * Chooser(x)[1]


@dataclasses.dataclass
class Item:
    a: float
    b: float = 3.0
    items: list = dataclasses.field(default_factory=list)
    total: float = dataclasses.field(init=False, default=0.0)
    factor: dataclasses.InitVar[float] = 1.0
    shared: typing.ClassVar[float] = 5.0

    def __post_init__(self, factor):
        self.items.append(self.a * factor)
        self.total = self.a * self.b + sum(self.items)


@case(0.7, 1.2)
def dataclass_with_everything(x, y):
    p = Item(x, factor=y)
    q = Item(y, x, [x], factor=x)
    r = dataclasses.replace(p, a=y, factor=x)
    d = dataclasses.asdict(q)
    a, b, *_ = dataclasses.astuple(r)
    return p.total * q.total + r.a * r.total + d["total"] * a * b + p.shared * q.items[1]


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Frozen:
    a: float
    b: float = dataclasses.field(default=2.0, kw_only=True)

    def scaled(self, k):
        return Frozen(self.a * k, b=self.b)


@case(0.7)
def frozen_and_slotted(x):
    f = Frozen(x, b=x * x)
    g = f.scaled(x)
    return max(f, g).a * g.b * Frozen(x).b


@dataclasses.dataclass
class Hooked:
    a: float

    def __setattr__(self, name, value):
        object.__setattr__(self, name, value * 2)


@case(0.7)
def dataclass_with_setattr(x):
    return Hooked(x).a * x


@attr.s(auto_attribs=True)
class Old:
    a: float = attr.ib(converter=float)
    _b: float = 2.0
    c: list = attr.ib(factory=list)

    def __attrs_post_init__(self):
        self.c.append(self.a * self._b)


@attrs.frozen
class New:
    a: float
    b: float = attrs.field(default=attrs.Factory(lambda self: self.a * 2, takes_self=True))
    c: float = attrs.field(default=1.0, validator=attrs.validators.instance_of(float))


@case(0.7, 1.2)
def attrs_classes(x, y):
    o = Old(x, b=y)
    n = New(o.c[0])
    return n.b * n.a + attrs.evolve(n, b=y).b * n.c + Old(x).c[0]


class Pair(typing.NamedTuple):
    a: float
    b: float = 2.0

    @property
    def product(self):
        return self.a * self.b

    def plus(self, k):
        return self._replace(a=self.a + k)


Triple = collections.namedtuple("Triple", "x y z", defaults=[4.0])


class Labelled(Pair):
    def __new__(cls, a):
        return super().__new__(cls, a * 2, a)


@case(0.7, 1.2)
def named_tuples(x, y):
    p = Pair(x, b=y)
    t = Triple(*p)
    u = Triple._make([x, y, x])
    first, second = p.plus(y)
    d = u._asdict()
    lab = Labelled(x)
    return p.product * t.z + first * second + d["x"] * u.z * Pair(x).b + t[1] + lab.a * lab.b


class Celsius(tuple):
    def __new__(cls, items):
        self = super().__new__(cls, [v * 2 for v in items])
        return self

    def total(self):
        return sum(self) * self[0]


@case(0.7)
def tuple_subclass(x):
    return Celsius([x, x * x]).total()


class Bag(list):
    def __init__(self, items, k):
        super().__init__(items)
        self.k = k


class Settings(dict):
    def __init__(self, **kw):
        super().__init__(kw, extra=kw["a"] * 2)
        self.loaded = self["a"]


class Recent(collections.deque):
    def __init__(self, items):
        super().__init__(items, maxlen=2)


@case(0.7, 1.2)
def builtin_bases(x, y):
    b = Bag([x, y], x)
    s = Settings(a=x, b=y)
    r = Recent([5.0, x, y])
    r.append(r[0] * y)
    return b[1] * b.k + s["extra"] * s.loaded + s["b"] * sum(r)


class Registry(type):
    def __call__(cls, x, **kw):
        obj = super().__call__(x * 2, **kw)
        obj.tag = x
        return obj


class Registered(metaclass=Registry):
    def __init__(self, x):
        self.x = x


@case(0.7)
def metaclass_call(x):
    r = Registered(x)
    return r.x * r.tag


@case(0.7)
def classes_as_values(x):
    total = 0.0
    for cls in (Single, Pair, Item, list):
        made = cls([x]) if cls is list else cls(x)
        total += made[0] if isinstance(made, (list, tuple)) else made.x if cls is Single else made.a
    return total


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_programs(case: Case) -> None:
    case.check()


def test_metaclass_super_call_and_object() -> None:
    obj, pb = construct(Base, (3.0,), {"scale": 2.0}, (True,), (True,))
    assert obj.x == 6.0
    acc = Accumulators()
    acc.add_slot(obj, "x", 1.0)
    d_f, d_args, d_kwargs = pb(ZERO, acc)
    assert (d_f, d_args, d_kwargs) == (ZERO, (2.0,), {"scale": 3.0})


def test_wrong_arguments_raise_what_python_raises() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'a'"):
        dpy.gradient(lambda x: Item(b=x).b, 1.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        dpy.gradient(thaw, 1.0)


def thaw(x):
    f = Frozen(x)
    f.a = x * 2
    return f.a


def test_arrays_given_to_constructors_are_shared() -> None:
    def f(a):
        p = Item(a)
        p.a[0] = a[1] * 2
        return (a * a).sum()

    (g,) = dpy.gradient(f, np.array([1.0, 3.0]))
    assert g.tolist() == [0.0, 2 * 6 * 2 + 6.0]


@pytest.mark.parametrize(
    "f",
    [
        lambda x: (lambda v: v * x).__call__(x),
        lambda x: functools.partial(lambda k, v: v * k, x).__call__(x),
        lambda x: np.multiply.__call__(x, x) + math.sin.__call__(x),
        lambda x: np.sum.__call__([x, x * x]),
        lambda x: complex(x, x * x).conjugate.__call__().imag,
    ],
)
def test_call_named_by_the_program(f) -> None:
    dpy.check_gradient(f, 1.3)
