"""``match`` with every kind of pattern."""

from __future__ import annotations

import collections
import dataclasses
import enum
import types

import numpy as np
import pytest

from tests.programs.corpus import Case, Corpus, state

corpus = Corpus()
case = corpus.case


class Color(enum.Enum):
    RED = 1
    BLUE = 2


@dataclasses.dataclass
class Point:
    x: float
    y: float


@dataclasses.dataclass
class Point3(Point):
    z: float = 0.0


class Shape:
    __match_args__ = ("size", "factor")

    def __init__(self, size, factor=2.0):
        self.size = size
        self.factor = factor


class Square(Shape):
    @property
    def area(self):
        state["areas"] = state.get("areas", 0) + 1
        return self.size * self.size


class Lazy:
    def __getattr__(self, name):
        if name == "a":
            return 2.0
        raise AttributeError(name)


Pair = collections.namedtuple("Pair", "a b")
LIMITS = types.SimpleNamespace(low=1.5, high=3.0)


@case(1.5, leaves=[2.0])
@case(3.0, leaves=[6.0])
@case(7.0)
def values_and_wildcard(x):
    match x:
        case 1.5:
            return x * 2.0
        case LIMITS.high:
            return x * x
        case _:
            return x**3


@case(2.0)
def no_case_matches(x):
    y = x
    match x:
        case 1.0:
            y = 100.0
        case "a":
            y = 200.0
    return y * x


@case(2.0)
def literals_of_all_kinds(x):
    def which(v):
        match v:
            case None:
                return 1
            case True:
                return 2
            case -1:
                return 3
            case "ab":
                return 4
            case b"q":
                return 5
            case 1 + 2j:
                return 6
            case Color.RED:
                return 7
            case 1:
                return 8
        return 9

    found = [
        which(v) for v in (None, True, -1, "ab", b"q", 1 + 2j, Color.RED, 1, 1.0, Color.BLUE, [])
    ]
    return sum(x**k for k in found)


@case([1.0, 2.0, 3.0])
@case([1.0])
@case([])
@case([1.0, 2.0])
def sequences(xs):
    match xs:
        case []:
            return 0.0
        case [a]:
            return a * a
        case [a, b]:
            return a * b
        case [a, *rest]:
            return a * sum(rest)


@case((1.0, 2.0, 3.0, 4.0, 5.0))
def stars_in_the_middle(xs):
    match xs:
        case (a, *_, 4.5):
            return a
        case (a, _, *middle, b):
            assert type(middle) is list
            middle[0] *= 2.0
            return a * b + middle[0] * middle[1]


@case({"kind": "scale", "by": 3.0, "of": 2.0})
@case({"kind": "add", "of": 2.0, "and": 1.5})
@case({"other": 2.0})
def mappings(d):
    match d:
        case {"kind": "scale", "by": k, "of": v}:
            return k * v
        case {"kind": "add", "of": v, **rest}:
            assert "kind" not in rest
            return v * 2.0 + rest["and"]
        case {}:
            return d["other"] ** 2


@case(Point(1.0, 2.0))
@case(Point(0.0, 2.0), leaves=[0.0, 4.0])
@case(Point3(3.0, 2.0, 1.5), leaves=[3.0, 4.5, 6.0])
def classes(p):
    match p:
        case Point3(x, y, z=1.5):
            return x * y * p.z
        case Point(x=0.0, y=v):
            return v * v
        case Point(x, y):
            return x * y


@case(2.0)
def class_patterns_with_inheritance(x):
    def area(shape):
        match shape:
            case Square(area=a, factor=2.0):
                return a
            case Shape(s, f):
                return s * f
            case float(v) | int(v):
                return v * 3.0
            case str():
                return x
        return 0.0

    shapes = [Square(x), Square(x, x), Shape(x, x * x), x, "", None]
    return sum([area(shape) * (i + 1) for i, shape in enumerate(shapes)])


@case(2.0)
def builtin_classes(x):
    def size(v):
        match v:
            case bool():
                return x
            case int(n):
                return n * x
            case float(f):
                return f * f
            case str(s):
                return len(s) * x
            case list([a, b]):
                return a * b
            case tuple((a, *_)):
                return a
            case dict(d):
                return d["k"] * 2.0
            case np.ndarray():
                return v.sum()
        return 0.0

    return sum(
        size(v) * (i + 1)
        for i, v in enumerate(
            [True, 3, x, "abc", [x, x * x], (x, 1), {"k": x}, np.array([x, 2.0]), None]
        )
    )


@case(2.0)
def missing_attributes(x):
    match Lazy():
        case Lazy(b=_):
            return 0.0
        case Lazy(a=k):
            return k * x


@case(2.0, leaves=[36.0])
def guards_with_side_effects(x):
    seen = []

    def check(v, answer):
        seen.append(v * len(seen))
        return answer

    match x:
        case v if check(v, False):
            return 0.0
        case v if check(v * v, v > 100.0):
            return 1.0
        case 2.0 if check(x * 3.0, True):
            return sum(seen) * x
    return 2.0


@case([2.0, 3.0])
def captures_after_a_failed_case(xs):
    a = 1.0
    match xs:
        case [a, b] if a > b:
            return a
        case [b, c]:
            return a * b + c * xs[0]


@case([2.0, [3.0, 4.0]])
@case([2.0, 3.0])
@case([[2.0], 3.0])
def nested_or_patterns(xs):
    match xs:
        case [float(a), [b, _]] | [[a], float(b)]:
            return a * b
        case [(float() | int()) as a, (float(b) | [b])]:
            return a + b * b


@case(2.0)
def as_patterns(x):
    match [x, {"k": Point(x, x * 2.0)}]:
        case [float() as v, {"k": Point(y=w) as p}] as whole:
            whole[0] = v * w
            p.x = p.x * v
            return whole[0] + p.x * w


@case([1.0, -2.0, 0.0, 3.0, 100.0, 5.0], leaves=[7.0, 16.0, 0.0, 2.0, 0.0, 0.0])
def in_a_loop(xs):
    total = 0.0
    for x in xs:
        match x:
            case 0.0:
                continue
            case 100.0:
                break
            case v if v < 0:
                total -= v * v
            case v:
                total += v
        total *= xs[0] + 1.0
    return total


@case([1.0, 2.0, 3.0])
def in_a_while_loop(xs):
    stack, total = [xs], 1.0
    while True:
        match stack:
            case []:
                return total
            case [*others, [first, *rest]]:
                total = total * first + len(others)
                stack = [*others, rest]
            case [*others, []]:
                stack = others


@case(2.0)
def an_expression_tree(x):
    def value(e):
        match e:
            case ("+", a, b):
                return value(a) + value(b)
            case ("*", a, b):
                return value(a) * value(b)
            case ("-", a):
                return -value(a)
            case "x":
                return x
            case float(k):
                return k
            case _:
                raise ValueError(e)

    return value(("+", ("*", "x", ("*", 3.0, "x")), ("-", ("*", "x", "x"))))


@case(2.0)
def the_subject_is_evaluated_once(x):
    calls = []

    def subject():
        calls.append(x * x)
        return len(calls)

    match subject():
        case 3:
            return 0.0
        case 2:
            return 1.0
        case 1 as n:
            return calls[0] * n


@case(2.0)
def the_subject_is_a_tuple_display(x):
    y = x * x
    match x, y:
        case (a, b) if a > b:
            return a
        case (a, b):
            x, y = b, a
    return x * x + y


@case(2.0)
def named_tuples(x):
    match Pair(x, x * x):
        case Pair(a=0.0):
            return 0.0
        case Pair(a, b=b):
            y = a * b
    match Pair(x, y):
        case (a, b):
            return a + b


@case(2.0)
def writes_into_what_matched(x):
    d = {"xs": [x, x * 2.0], "n": 0}
    for _ in range(3):
        match d:
            case {"xs": [a, *_] as xs, "n": n} if n < 2:
                xs.append(a * n)
                xs[0] = a * x
                d["n"] = n + 1
            case {"xs": xs}:
                return sum(xs)


@case(np.array([1.0, 2.0, 3.0]))
def an_array_is_no_sequence(a):
    match a:
        case [x, *_]:
            return x
        case np.ndarray(shape=(n,)):
            return a.sum() * n


@case("abc", 2.0)
def a_string_is_no_sequence(s, x):
    match s:
        case [*_]:
            return x
        case str() as t:
            return x * len(t)


@case(2.0)
def deques_and_ranges(x):
    match collections.deque([x, x * x]):
        case [a, b]:
            y = a * b
    match range(3):
        case [_, _, n]:
            y *= n
    return y


@case(2.0)
def default_dicts_gain_nothing(x):
    d = collections.defaultdict(float, a=x)
    match d:
        case {"b": _}:
            return 0.0
        case {"a": v}:
            return v * v + len(d)


@case(2.0)
def too_many_positional_patterns(x):
    match Point(x, x):
        case Point(a, b, c):
            return a * b * c
    return x


@case(2.0, leaves=[5.0])
def return_in_a_case_within_try(x):
    try:
        match [x, x * x]:
            case [a, b] if a / (b - 4.0) > 0:
                return a
    except ZeroDivisionError:
        match x:
            case float(v):
                return v * 5.0


@case([1.0, 2.0])
def a_starred_name_alone(xs):
    match xs:
        case [*ys]:
            ys.append(ys[0] * ys[1])
            return sum(ys) * len(xs)


@case({"a": {"b": [1.0, {"c": 2.0}]}})
def deep(d):
    match d:
        case {"a": {"b": [x, {"c": y, **more}], **others}}:
            return x * y + len(more) + len(others)


@case(2.0)
def captured_by_a_closure(x):
    match [x, x * 3.0]:
        case [a, b]:
            f = lambda: a * b  # noqa: E731
            a = a + 1.0
    return f()


@case(2.0)
def equality_of_the_users(x):
    class Near:
        def __init__(self, v):
            self.v = v

        def __eq__(self, other):
            state["asked"] = state.get("asked", 0) + 1
            return abs(self.v - other) < 0.5

        __hash__ = None

    space = types.SimpleNamespace(a=5.0, b=2.25)
    near = Near(x)
    match near:
        case space.a:
            return 0.0
        case space.b:
            return near.v * x


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()
