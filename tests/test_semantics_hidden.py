"""Values out of sight: in queues, defaults, classes, modules, proxies, logs, frames."""

from __future__ import annotations

import collections
import copy
import ctypes
import enum
import functools
import inspect
import logging
import operator
import pickle
import queue
import sys
import threading
import types
import weakref

import pytest

import dpy
from dpy.errors import DpyError
from tests.programs.corpus import Case, Corpus

corpus = Corpus()
case = corpus.case


# --- containers of the standard library -----------------------------------------------------------


@case(0.7, 1.2)
def queues(x, y):
    first, last, least = queue.Queue(), queue.LifoQueue(), queue.PriorityQueue()
    for q in (first, last):
        q.put(x * y)
        q.put(y)
    least.put((x * x, y))
    least.put((x, x * y))
    a = first.get() * last.get_nowait() ** 2
    try:
        first.get()
        first.get_nowait()
    except queue.Empty:
        a = a * x
    return a + least.get()[1] * last.get()


@case(0.7)
def heap_of_tuples(x):
    q = queue.PriorityQueue()
    for i in range(3):
        q.put((x * i, [x + i]))
    q.get()
    return q.get()[1][0] * x


@case(0.7)
def values_of_one_thread(x):
    own = threading.local()
    own.v = x * x
    own.xs = [x]
    own.xs.append(own.v)
    own.v *= x
    return own.v * own.xs[1]


class Local(threading.local):
    scale = 2.0

    def __init__(self, x):
        self.x = x * self.scale


@case(0.7)
def values_of_one_thread_with_a_class(x):
    own = Local(x)
    own.x = own.x * x
    return own.x * own.scale


@case({"a": 0.7, "b": 1.2})
def read_only_proxies(d):
    proxy = types.MappingProxyType(d)
    d["a"] = d["a"] * d["b"]
    total = proxy["a"] * proxy.get("b") + proxy.get("c", d["a"])
    for key, value in proxy.items():
        total = total + value * len(key)
    both = proxy | {"c": total}
    return both["c"] * sum(proxy.values()) * dict(proxy)["b"] * {**proxy}["a"]


class Pair(collections.abc.Mapping):
    def __init__(self, a, b):
        self.a, self.b = a, b
        self.reads = 0

    def __getitem__(self, key):
        self.reads += 1
        return {"a": self.a, "b": self.b}[key] * self.a

    def __iter__(self):
        yield "a"
        yield "b"

    def __len__(self):
        return 2


@case(0.7, 1.2)
def mappings_of_the_users(x, y):
    def take(a, b):
        return a * b * b

    pair = Pair(x, y)
    whole = {**pair, "c": x}
    listed = dict(pair)
    listed.update(pair)
    return take(**pair) * whole["b"] + listed["a"] * pair.reads


@case(0.7)
def attributes_as_keywords(x):
    point = types.SimpleNamespace(a=x * x, b=x)
    whole = {**vars(point)}
    return (lambda a, b: a * b)(**vars(point)) * whole["a"]


@case(0.7)
def tuples_in_c_containers(x):
    pairs = collections.deque([(x, x * x)])
    return operator.methodcaller("pop")(pairs)[1] * x


# --- functions, classes, modules ------------------------------------------------------------------


@case(0.7)
def defaults_that_are_read(x):
    def f(a, b=x * x, *, c=x):
        return a * b * c

    by_name = inspect.signature(f).parameters
    return f.__defaults__[0] * f.__kwdefaults__["c"] * by_name["b"].default + f(x)


@case(0.7)
def fields_of_a_partial(x):
    p = functools.partial(max, x, default=x * x)
    return p.args[0] * p.keywords["default"] * p.func(x, 0.1)


@case(0.7)
def dict_of_a_function(x):
    def f():
        return x

    f.__dict__["v"] = x * x
    return f.v * vars(f)["v"]


@case(0.7)
def attributes_of_a_class_within(x):
    class Base:
        v = 1.0

    class Derived(Base):
        pass

    Base.v = x * x
    a = Derived.v * Derived().v * vars(Base)["v"] * Base.__dict__["v"]
    Derived.v = x
    Derived.v *= x
    return a * Derived().v * Base.v


def double_of(cls):
    return 2 * cls.v


@case(0.7)
def class_within_in_a_callee(x):
    class Box:
        v = 1.0

    a = double_of(Box)
    Box.v = x * x
    return a * double_of(Box)


@case(0.7)
def class_made_by_type(x):
    cls = type("Made", (), {"v": x * x, "w": [x]})
    return cls.v * cls().v * cls.w[0]


@case(0.7)
def module_made_within(x):
    module = types.ModuleType("made")
    module.v = x * x
    vars(module)["w"] = x
    return module.v * module.__dict__["w"] * vars(module)["v"] * double_of(module)


@case(0.7)
def metaclass_that_computes(x):
    class Meta(type):
        def __getattr__(cls, name):
            return x * len(name)

        @property
        def area(cls):
            return x * x

    class Box(metaclass=Meta):
        pass

    return Box.side * Box.area


@case(0.7)
def descriptor_read_from_the_class(x):
    class Field:
        def __get__(self, obj, cls=None):
            return x * x if obj is None else x

    class Box:
        pass

    Box.field = Field()
    return Box.field * Box().field


@case(0.7)
def arguments_of_a_class_statement(x):
    seen = []

    class Base:
        def __init_subclass__(cls, size):
            seen.append(size)

    class Box(Base, size=x * x):
        pass

    return seen[0] * len(Box.__name__)


class Whole(int):
    @property
    def twice(self):
        return self.part * 2


@case(0.7)
def attributes_of_a_number(x):
    n = Whole(3)
    n.part = x * x
    return n.part * n * n.twice


class Point(ctypes.Structure):
    _fields_ = [("x", ctypes.c_double)]


@case(0.7)
def assignment_expression_in_a_generator(x):
    powers = ((last := v * x) * last for v in [1.0, 2.0])
    return next(powers) * last + sum(powers) * last


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_program(case: Case) -> None:
    case.check()


# --- what cannot be followed is refused -----------------------------------------------------------


class Recorder(logging.Handler):
    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        self.records.append(record)


def argument_of_a_log_record(x):
    recorder, log = Recorder(), logging.getLogger("hidden")
    log.addHandler(recorder)
    log.propagate = False
    log.warning("x is %s", x * x)
    log.removeHandler(recorder)
    return recorder.records[0].args[0] * x


def local_of_a_frame(x):
    v = x * x
    return sys._getframe().f_locals["v"] * v


def local_of_a_traceback(x):
    try:
        v = x * x
        raise ValueError
    except ValueError as error:
        return error.__traceback__.tb_frame.f_locals["v"] * v


def key_of_a_comparison(x):
    return functools.cmp_to_key(lambda a, b: a - b)(x * x).obj * x


def member_of_an_enumeration(x):
    return enum.Enum("Color", {"red": x * x}).red.value * x


def pickled_iterator(x):
    return next(pickle.loads(pickle.dumps(iter([x * x])))) * x


def copied_iterator(x):
    return next(copy.copy(iter([x * x]))) * x


def field_of_a_structure(x):
    point = Point()
    point.x = x * x
    return point.x * x


def structure_made_with_values(x):
    return Point(x * x).x * x


def future_of_an_event_loop(x):
    import asyncio

    loop = asyncio.new_event_loop()
    future = loop.create_future()
    future.set_result(x * x)
    loop.close()
    return future.result() * x


def finalizer(x):
    class Box:
        pass

    box = Box()
    return weakref.finalize(box, lambda v: v * v, x)() * x


REFUSED = [
    argument_of_a_log_record, local_of_a_frame, local_of_a_traceback, key_of_a_comparison,
    member_of_an_enumeration, pickled_iterator, copied_iterator, field_of_a_structure,
    structure_made_with_values, future_of_an_event_loop, finalizer,
]  # fmt: skip


@pytest.mark.parametrize("f", REFUSED, ids=lambda f: f.__name__)
def test_refused_or_right(f) -> None:
    try:
        (got,) = dpy.gradient(f, 1.5)
    except DpyError:
        return
    assert got == pytest.approx((f(1.5 + 1e-5) - f(1.5 - 1e-5)) / 2e-5, rel=1e-6)


def test_constants_of_services_stay_constants() -> None:
    log = logging.getLogger("hidden")

    def f(x: float) -> float:
        log.debug("x is %s", x)
        lock = threading.RLock()
        with lock:
            own = threading.local()
            own.v = 2.0
            return x * log.level * own.v + x

    assert dpy.gradient(f, 1.5) == (2.0 * log.level + 1.0,)
