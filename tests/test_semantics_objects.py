"""Classes of every make: methods, operators, properties, dataclasses, named tuples, attrs."""

from __future__ import annotations

import copy
import math
import operator
from collections import namedtuple
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import attrs
import numpy as np
import pytest

from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


class Plain:
    """No decorator, no base class."""

    factor = 2.0

    def __init__(self, a, b=1.0):
        self.a = a
        self.b = b
        self.label = "plain"

    def area(self):
        return self.a * self.b * self.factor

    def scaled(self, k):
        return type(self)(self.a * k, self.b * k)

    def grow(self, k):
        self.a = self.a * k
        self.b += k
        return self

    @property
    def ratio(self):
        return self.a / self.b

    @ratio.setter
    def ratio(self, r):
        self.a = r * self.b

    @staticmethod
    def mix(x, y):
        return x * y + y

    @classmethod
    def square(cls, a):
        return cls(a, a)

    def __call__(self, x):
        return self.a * x + self.b

    def __len__(self):
        return 2

    def __getitem__(self, i):
        return (self.a, self.b)[i]

    def __setitem__(self, i, value):
        setattr(self, "ab"[i], value)

    def __iter__(self):
        return iter((self.a, self.b))

    def __contains__(self, x):
        return x == self.a or x == self.b

    def __bool__(self):
        return self.a > 0

    def __neg__(self):
        return Plain(-self.a, self.b)

    def __abs__(self):
        return math.sqrt(self.a**2 + self.b**2)

    def __float__(self):
        return self.a * 1.0

    def __eq__(self, other):
        return isinstance(other, Plain) and self.a == other.a and self.b == other.b

    def __lt__(self, other):
        return self.a < other.a

    __hash__ = None


class Child(Plain):
    factor = 3.0

    def __init__(self, a, b, c):
        super().__init__(a, b)
        self.c = c

    def area(self):
        return super().area() + self.c * self.a


class Grandchild(Child):
    def area(self):
        return super().area() * self.c


class Slotted:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y

    def dot(self, other):
        return self.x * other.x + self.y * other.y


class Vector:
    """All operators, reflected ones too."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __sub__(self, other):
        return Vector(self.x - other.x, self.y - other.y)

    def __mul__(self, k):
        return Vector(self.x * k, self.y * k)

    def __rmul__(self, k):
        return Vector(k * self.x, k * self.y * 2)

    def __rsub__(self, k):
        return Vector(k - self.x, k - self.y)

    def __truediv__(self, k):
        return Vector(self.x / k, self.y / k)

    def __rtruediv__(self, k):
        return Vector(k / self.x, k / self.y)

    def __matmul__(self, other):
        return self.x * other.x + self.y * other.y

    def __pow__(self, n):
        return Vector(self.x**n, self.y**n)

    def __iadd__(self, other):
        self.x = self.x + other.x
        self.y = self.y + other.y
        return self

    def __neg__(self):
        return Vector(-self.x, -self.y)

    def total(self):
        return self.x * self.x + 3 * self.y


class Grid:
    """Operators installed by setattr in a loop."""

    def __init__(self, a, b=None):
        self.a = a
        self.b = a if b is None else b


def _install(name, op):
    def method(self, other):
        if isinstance(other, Grid):
            return Grid(op(self.a, other.a), op(self.b, other.b))
        return Grid(op(self.a, other), op(self.b, other))

    def reflected(self, other):
        return Grid(op(other, self.a), op(other, self.b))

    setattr(Grid, f"__{name}__", method)
    setattr(Grid, f"__r{name}__", reflected)


for _name, _op in [
    ("add", operator.add),
    ("sub", operator.sub),
    ("mul", operator.mul),
    ("truediv", operator.truediv),
]:
    _install(_name, _op)


@dataclass
class Point:
    x: float
    y: float

    def __add__(self, other):
        return Point(self.x + other.x, self.y + other.y)

    def norm(self):
        return math.hypot(self.x, self.y)


@dataclass(frozen=True)
class Frozen:
    x: float
    y: float = 2.0
    name: str = "frozen"

    def scaled(self, k):
        return Frozen(self.x * k, self.y * k, self.name)


@dataclass(slots=True)
class SlotsData:
    x: float
    items: list = field(default_factory=list)


@dataclass
class Checked:
    x: float
    square: float = 0.0

    def __post_init__(self):
        self.square = self.x * self.x


@dataclass
class Nested:
    p: Point
    w: np.ndarray
    options: dict
    tag: str = "t"


@dataclass
class Base3:
    a: float


@dataclass
class Derived3(Base3):
    b: float
    c: float = 0.5

    def value(self):
        return self.a * self.b + self.c


class Named(NamedTuple):
    x: float
    y: float = 2.0

    def product(self):
        return self.x * self.y


Old = namedtuple("Old", ["x", "y"])


@attrs.define
class Attrs:
    x: float
    y: float = 3.0

    def value(self):
        return self.x * self.y


@attrs.frozen
class FrozenAttrs:
    x: float
    w: Any = None


@case(0.7, 1.2)
def construct_and_read(x, y):
    p = Plain(x, y)
    return p.a * p.b * p.b


@case(Plain(0.7, 1.2))
def argument_is_an_object(p):
    return p.a * p.area()


@case(Plain(0.7, 1.2), 0.5)
def method_call(p, k):
    return p.scaled(k).area() + Plain.area(p)


@case(0.7, 1.2)
def method_that_mutates(x, y):
    p = Plain(x, y)
    p.grow(x)
    p.grow(y).grow(2.0)
    return p.a * p.b


@case(Plain(0.7, 1.2), 0.5)
def argument_object_mutated(p, k):
    before = p.a * p.a
    p.a = p.b * k
    p.b = before
    p.grow(p.a)
    return p.a * p.b + before


@case(0.7)
def aliased_object(x):
    p = Plain(x, 1.0)
    q = p
    q.a = q.a * x
    return p.a * q.b + p.a


@case(0.7)
def augmented_attribute(x):
    p = Plain(x)
    for _ in range(3):
        p.a += x * p.b
        p.b *= p.a
    return p.a + p.b


@case(0.7, 1.2)
def property_read_and_write(x, y):
    p = Plain(x, y)
    r = p.ratio
    p.ratio = r * r + x
    return p.a * p.ratio


@case(0.7)
def class_attribute(x):
    return Plain(x).factor * x * Plain.factor * Child.factor


@case(0.7)
def instance_attribute_hides_class_attribute(x):
    p = Plain(x)
    p.factor = x * x
    return p.area()


@case(0.7, 1.2)
def static_and_class_methods(x, y):
    return Plain.mix(x, y) * Plain.square(x).area() + Child.mix(y, x)


@case(Plain(0.7, 1.2), 0.4)
def callable_object(p, x):
    return p(p(x))


corpus.cases.append(Case(Plain(0.7, 1.2).area, (), {}))


@case(0.7, 1.2)
def bound_method_as_value(x, y):
    f = Plain(x, y).area
    g = Plain(y, x).scaled
    return f() * g(x).a


@case(0.7, 1.2, -0.4)
def inheritance_and_super(x, y, z):
    return Child(x, y, z).area() + Grandchild(x, y, z).area()


@case(0.7, 1.2)
def dynamic_dispatch(x, y):
    total = 0.0
    for shape in [Plain(x, y), Child(x, y, x), Grandchild(y, x, y)]:
        total += shape.area()
    return total


@case(0.7, 1.2)
def container_methods(x, y):
    p = Plain(x, y)
    p[0] = p[1] * x
    a, b = p
    inside = a in p
    return a * b * len(p) if inside and p else -a


@case(0.7, 1.2)
def unary_methods(x, y):
    p = -Plain(x, y)
    return abs(p) * p.a + float(p)


@case(0.7, 1.2)
def comparison_methods(x, y):
    p, q = Plain(x, y), Plain(y, x)
    small = p if p < q else q
    return small.a * 2 + (q.a if p == q else p.b)


@case(Slotted(0.7, 1.2), Slotted(-0.3, 2.0))
def slots_class(p, q):
    p.x = p.x * q.y
    return p.dot(q)


@case(0.7, 1.2)
def operators(x, y):
    a, b = Vector(x, y), Vector(y * y, x)
    return (a + b - a * x).total() + a @ b + (b / y).x + (a**2).total() + (-b).y


@case(0.7, 1.2)
def reflected_operators(x, y):
    a = Vector(x, y)
    return (2 * a).total() + (1.5 - a).total() + (x / a).total() + (x * a).y


@case(0.7, 1.2)
def in_place_operator_method(x, y):
    a = Vector(x, y)
    b = a
    a += Vector(y, x)
    return b.total() * a.x


@case(Grid(np.array([0.5, 1.5]), np.array([2.0, -1.0])), 0.7)
def operators_installed_by_setattr(g, k):
    h = (2 * g - k) * g / (g + 3.0)
    return h.a.sum() + (k / h.b).sum() + (k - h).a.sum()


@case(np.array([0.5, 1.5]))
def one_argument_constructor_shares_the_array(a):
    g = Grid(a)
    return (g.a * g.b).sum()


@case(Point(0.7, 1.2))
def dataclass_argument(p):
    return p.x * p.norm()


@case(Point(1, 2), Point(3, 4))
def dataclass_of_integers(p, q):
    return (p + q).norm()


@case(0.7, 1.2)
def dataclass_construct_mutate(x, y):
    p = Point(x, y)
    q = Point(y=x, x=y)
    p.x += q.y
    q = p + q
    p.y = q.x * p.x
    return p.norm() * q.norm()


@case(Frozen(0.7))
def frozen_dataclass(p):
    q = p.scaled(p.y)
    return q.x * q.y + replace(q, x=p.x).x


@case(Frozen(0.7))
def frozen_dataclass_refuses_assignment(p):
    p.x = 2.0
    return p.x


@case(SlotsData(0.7, [1.2, 0.3]))
def slots_dataclass_with_a_list(p):
    p.items.append(p.x)
    p.x = p.items[0] * p.items[-1]
    return sum(p.items) * p.x


@case(0.7)
def default_factory(x):
    p, q = SlotsData(x), SlotsData(x * x)
    p.items.append(q.x)
    q.items.append(p.x)
    return p.items[0] * q.items[0] + len(q.items)


@case(0.7)
def post_init(x):
    c = Checked(x)
    c.x = c.square * 2
    return c.square * c.x


@case(Checked(0.7))
def post_init_does_not_run_for_the_gradient(c):
    return c.x * 3 + c.square * 5


@case(Nested(Point(0.7, 1.2), np.array([1.0, -2.0]), {"k": 0.5, "name": "n"}))
def nested_dataclass(n):
    n.w[0] *= n.p.x
    n.p.y = n.options["k"] * n.w[1]
    n.options["k"] = n.p.y * n.p.y
    return n.w.sum() * n.options["k"] + n.p.norm()


@case(Derived3(0.7, 1.2))
def inherited_dataclass(d):
    d.c = d.a * d.value()
    return d.value() + Derived3(a=d.c, b=1.0).value()


@case(Named(0.7, 1.2))
def named_tuple(n):
    a, b = n
    return n.x * n[1] + n.product() * a + n._replace(x=b).product()


@case(0.7)
def named_tuple_constructed(x):
    n = Named(x)
    m = Named(y=n.y * x, x=3.0)
    return m.product() * n.product() + Old(x, m.y).y


@case(Old(0.7, 1.2))
def collections_namedtuple(p):
    return p.x**2 * p.y


@case(Attrs(0.7))
def attrs_class(p):
    p.y = p.y * p.x
    return p.value() + Attrs(p.x).value()


@case(FrozenAttrs(0.7, np.array([1.0, 2.0])))
def frozen_attrs_class(p):
    q = FrozenAttrs(p.x * 2, p.w)
    return q.x * p.w[1] * FrozenAttrs(q.x).x


@case(FrozenAttrs(0.7, np.array([1.0, 2.0])), may_refuse=True)
def evolved_attrs_class(p):
    q = attrs.evolve(p, x=p.x * 2)
    return q.x * q.w[1] * p.x


@case(0.7)
def getattr_setattr_hasattr(x):
    p = Point(x, 1.0)
    for name in ("x", "y"):
        setattr(p, name, getattr(p, name) * x + 1)
    missing = getattr(p, "z", x)
    return p.x * p.y + missing if hasattr(p, "x") and not hasattr(p, "z") else 0.0


@case(0.7)
def missing_attribute_raises(x):
    return Point(x, x).z


@case([Point(0.7, 1.2), Point(-0.3, 0.4)])
def list_of_objects(points):
    for p in points:
        p.x = p.x * points[0].y
    first = points[0]
    first.y = first.x
    total = 0.0
    for p in points:
        total += p.x * p.y
    return total


@case({"a": Point(0.7, 1.2)})
def dict_of_objects(d):
    d["a"].x *= 2
    d["b"] = Point(d["a"].x, d["a"].y)
    return d["b"].norm() * d["a"].x


@case(0.7)
def object_holding_itself(x):
    p = Point(x, 2.0)
    p.me = p
    p.me.x = p.me.x * x
    return p.me.me.x * p.y


@case(0.7)
def linked_list(x):
    head = None
    for i in range(4):
        node = Plain(x * (i + 1))
        node.next = head
        head = node
    total = 0.0
    while head is not None:
        total = total * x + head.a
        head = head.next
    return total


@case(Point(0.7, 1.2), may_refuse=True)
def copies_of_objects(p):
    q = copy.copy(p)
    q.x = p.x * 2
    return q.x * q.y * p.x


@case(0.7)
def isinstance_dispatch(x):
    total = 0.0
    for item in [x, Point(x, 1.0), [x, x], "skip", 2]:
        if isinstance(item, Point):
            total += item.norm()
        elif isinstance(item, (list, tuple)):
            total += item[0] * item[1]
        elif isinstance(item, (int, float)):
            total += item * item
    return total


@case(0.7)
def object_with_array_attribute(x):
    p = Plain(np.array([x, 2.0, x]))
    view = p.a[1:]
    view *= x
    p.a[0] = view[0]
    return p.a.sum() * p.a[2]


@case(0.7)
def delattr_and_set_again(x):
    p = Point(x, x * x)
    y = p.y
    del p.y
    p.y = y * p.x
    return p.y


@case(Plain(0.7, 1.2))
def attributes_swapped(p):
    p.a, p.b = p.b, p.a * p.b
    return p.a - p.b * 2


@case(Point(0.7, 1.2), Point(0.7, 1.2), leaves=[1.0, 0.0, 0.0, 0.0])
def equality_of_dataclasses(p, q):
    return p.x if p == q else p.y


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
