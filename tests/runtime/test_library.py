"""The substitutes of library functions do what the originals do."""

from __future__ import annotations

import collections
import dataclasses
import functools
import statistics
import types
import typing

import attrs
import numpy as np
import pytest

import dpy
from dpy.runtime import library


@dataclasses.dataclass
class Inner:
    x: float
    items: list


class Pair(typing.NamedTuple):
    a: typing.Any
    b: typing.Any


@dataclasses.dataclass
class Outer:
    inner: Inner
    pair: Pair
    table: dict


def example() -> Outer:
    inner = Inner(1.0, [2.0, (3.0,)])
    return Outer(inner, Pair(inner, 4.0), collections.OrderedDict(a=inner, b=np.ones(2)))


@pytest.mark.parametrize("name", ["asdict", "astuple"])
def test_same_as_dataclasses(name: str) -> None:
    original, substitute = getattr(dataclasses, name), getattr(library, name)
    a, b = original(example()), substitute(example())
    assert repr(a) == repr(b)
    for wrong in (1.0, Outer):
        with pytest.raises(TypeError, match="should be called on dataclass instances"):
            substitute(wrong)


def test_fields() -> None:
    for of in (Outer, example(), Inner):
        assert library.fields(of) == dataclasses.fields(of)
    with pytest.raises(TypeError, match="dataclass type or instance"):
        library.fields(1.0)


def test_factories() -> None:
    pairs = library.asdict(example(), dict_factory=list)
    assert repr(pairs) == repr(dataclasses.asdict(example(), dict_factory=list))
    items = library.astuple(example(), tuple_factory=list)
    assert repr(items) == repr(dataclasses.astuple(example(), tuple_factory=list))


@attrs.frozen
class Evolving:
    a: float
    _b: float = 2.0
    c: float = attrs.field(init=False, default=3.0)


def test_evolve() -> None:
    e = Evolving(1.0)
    assert library.evolve(e, a=5.0) == attrs.evolve(e, a=5.0)
    assert library.evolve(e, b=5.0) == attrs.evolve(e, b=5.0)


def test_all_can_be_differentiated() -> None:
    def f(o):
        d = dataclasses.asdict(o)
        t = dataclasses.astuple(o)
        e = attrs.evolve(Evolving(o.inner.x), b=t[1][1])
        return d["inner"]["x"] * t[0][1][0] * e.a * e._b + d["table"]["b"].sum()

    (g,) = dpy.gradient(f, example())
    assert g.inner.x == 2 * 1.0 * 2.0 * 4.0
    assert g.inner.items[0] == 4.0
    assert g.pair.b == 2.0
    assert g.table["b"].tolist() == [1.0, 1.0]


def test_deviations() -> None:
    assert dpy.check_gradient(statistics.stdev, [0.5, 1.5, 2.0])
    assert dpy.check_gradient(statistics.pstdev, [0.5, 1.5, 2.0])
    (g,) = dpy.gradient(statistics.stdev, [1.0, 3.0])
    assert g == pytest.approx([-(0.5**0.5), 0.5**0.5])


def test_substitutes_are_known_by_name() -> None:
    assert library.SUBSTITUTES["dataclasses", "asdict"] is library.asdict
    for module, _ in library.SUBSTITUTES:
        assert __import__(module)


def test_functions_are_known_by_their_definition() -> None:
    assert library.substitute(attrs.evolve) is library.evolve
    renamed = types.FunctionType(attrs.evolve.__code__, attrs.evolve.__globals__)
    renamed.__module__, renamed.__qualname__ = "elsewhere", "Evolving.evolve"
    assert library.substitute(renamed) is library.evolve

    @functools.wraps(dataclasses.asdict)
    def wrapper(o):
        return {"x": 3.0 * o.x}

    assert library.substitute(wrapper) is None
    assert dpy.gradient(lambda o: wrapper(o)["x"], Inner(1.0, []))[0].x == 3.0
