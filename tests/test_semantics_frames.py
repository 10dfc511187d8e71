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


@case(0.7)
@case(-0.7)
def assigned_in_a_branch(x):
    first = x
    if x > 0:
        second = x * x
    third = 2.0
    found = locals()
    state["names"] = list(found)
    return found.get("second", 1.0) * found["first"] * third


@case(0.7, 0)
@case(0.7, 3)
def assigned_in_a_loop(x, n):
    options = {}
    for name in ["x", "value", "nothing"][:n]:
        value = locals().get(name)
        if value is not None:
            options[name] = value
    state["names"] = sorted(options)
    return sum(v for v in options.values() if isinstance(v, float)) * x + x


@case(0.7)
@case(-0.7)
def deleted_in_a_branch(x):
    y, z = x * x, 3.0
    if x > 0:
        del y
    state["names"] = list(locals())
    for y in []:
        pass
    return locals().get("y", x) * z


@case(0.7)
def under_a_try(x):
    try:
        y = x * x
        z = [][0]
    except IndexError as error:
        state["names"] = sorted(locals())
        w = str(error)
    state["after"] = sorted(locals())
    return locals()["y"] * len(w)


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()


def test_refused_where_cells_may_not_be_assigned() -> None:
    def f(x):
        if x > 0:
            y = x
        g = lambda: y  # noqa: E731
        return locals()["x"] * g()

    with pytest.raises(dpy.UnsupportedSyntaxError, match="`locals` without a namespace"):
        dpy.gradient(f, 0.7)
