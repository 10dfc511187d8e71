"""``locals()``, ``vars()`` and ``dir()`` of the function that is differentiated."""

from __future__ import annotations

import math

import pytest

import dpy
from tests.programs.corpus import Case, Corpus, state

corpus = Corpus()
case = corpus.case


@case(0.7)
def read_one(x):
    a = x * 2
    return locals()["a"] * x


@case(0.7, 1.3)
def formatted(x, y):
    total = x * y
    print("{x:.2f} + {y:.2f}, {total:.3f}".format(**locals()))
    return total


@case(0.7)
def in_order(x, *rest, scale=2.0, **more):
    b = x * scale
    a = b * x
    state["names"] = list(locals())
    state["texts"] = str(locals())
    return sum(v for v in locals().values() if isinstance(v, float)) + a


@case(0.7)
def with_cells(x):
    k = x * x

    def inner(z):
        found = locals()
        state["inner"] = list(found)
        return found["k"] * found["z"]

    later = inner(x)
    state["names"] = sorted(locals())
    return later * locals()["k"]


@case(0.7)
def passed_on(x):
    def area(width, height):
        return width * height

    width = x  # noqa: F841
    height = x * x  # noqa: F841
    given = {name: value for name, value in vars().items() if name in ("width", "height")}
    return area(**given)


@case(0.7)
def names_only(x):
    y = math.sin(x)
    state["dir"] = dir()
    return y * len(dir())


@case(0.7)
def after_deletion(x):
    y = x * 2
    z = y * x
    del y
    state["names"] = list(locals())
    return z


@case(0.7)
def on_a_tape(x):
    try:
        y = x * x
        found = locals()
        return found["y"] * found["x"]
    except KeyError:
        return x


@case(0.7)
def snapshots(x):
    y = x
    before = dict(locals())
    y = x * x
    after = dict(locals())
    return before["y"] * after["y"]


@case(0.7)
def of_a_callee(x):
    def settings(rate, *, depth=2):
        return dict(locals())

    s = settings(x * 2)
    return s["rate"] * s["depth"]


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()


def test_refused_where_it_is_not_certain_what_is_assigned() -> None:
    def f(x):
        if x > 0:
            y = x  # noqa: F841
        return locals()["x"]

    with pytest.raises(dpy.UnsupportedSyntaxError, match="`locals` without a namespace"):
        dpy.gradient(f, 0.7)
