"""Arguments by the names of parameters, and cotangents of parameters as those of arguments."""

from __future__ import annotations

import numpy as np
import pytest

import dpy
from dpy.cotangent import ZERO
from dpy.kinds import Number, kind_of
from dpy.specialise import forward_of
from dpy.specialise.arguments import are_disjoint, give_defaults, spread


def scaled(x: float) -> float:
    return 2.0 * x


def many(x, y=2.0, *rest, key=1.0, **options):  # type: ignore[no-untyped-def]
    return x * y * key


PARAMS = [
    ("x", "positional"), ("y", "positional"), ("rest", "args"), ("key", "keyword"),
    ("options", "kwargs"),
]  # fmt: skip


def test_kinds_of_the_entry() -> None:
    assert kind_of(1.5) == Number(float)
    found = forward_of(scaled, (1.5,), {}, (True,), ())
    assert found.kinds == {"x": Number(float)}
    assert found.params == [("x", "positional")]


def test_activity_goes_by_parameter() -> None:
    found = forward_of(many, (1.0, 2.0, 3.0), {"z": 4.0}, (True, False, True), (True,))
    assert found.params == PARAMS
    assert found.key.active == {"x", "rest", "options"}
    found = forward_of(many, (1.0,), {"key": 3.0, "y": 2.0}, (True,), (False, True))
    assert found.key.active == {"x", "y"}


def test_active_defaults_count_where_the_heap_is_active() -> None:
    assert forward_of(many, (1.0,), {}, (False,), ()).key.active == frozenset()
    found = forward_of(many, (1.0,), {}, (False,), (), heap_active=True)
    assert found.key.active == {"y", "rest", "key", "options"}


def test_a_wrong_call_fails_in_pythons_words() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        forward_of(many, (), {"y": 1.0}, (), (True,))


def test_arguments_that_share_memory_get_the_careful_variant() -> None:
    def f(a: np.ndarray, b: np.ndarray) -> float:
        a[0] = b[1] * b[1]
        return b[0] * b[1]

    x = np.array([2.0, 3.0, 5.0])
    (d, _) = dpy.gradient(f, x.copy(), np.array([2.0, 3.0]))
    assert d.tolist() == [0.0, 0.0, 0.0]
    x = np.array([2.0, 3.0, 5.0])
    (_, d) = dpy.gradient(f, x[:2], x[:2])  # x1**3
    assert d.tolist() == [0.0, 27.0]
    assert not forward_of(f, (x[:2], x[1:]), {}, (True, True), ()).is_for_distinct
    assert forward_of(f, (x[:2], x[2:]), {}, (True, True), ()).is_for_distinct


def test_what_is_shared() -> None:
    x, inner = np.zeros(4), [1.0]
    assert are_disjoint([x[:2], x[2:], 1.0, "text"])
    assert not are_disjoint([x, x[2:]])
    assert not are_disjoint([{"a": inner}, (inner,)])
    assert are_disjoint([[inner, inner], [1.0]])  # within one argument does not count


def test_spread() -> None:
    d_params = (1.0, 2.0, (3.0, 4.0), 5.0, {"z": 6.0, "gone": 7.0})
    assert spread(PARAMS, d_params, 4, ("key", "z")) == (
        (1.0, 2.0, 3.0, 4.0),
        {"key": 5.0, "z": 6.0},
    )
    assert spread(PARAMS, (1.0, 2.0, (), 5.0, ZERO), 1, ("y",)) == ((1.0,), {"y": 2.0})
    assert spread(PARAMS, (1.0, 2.0, ZERO, ZERO, ZERO), 3, ()) == ((1.0, 2.0, ZERO), {})


def test_defaults_are_slots_of_the_function() -> None:
    given = []

    class Accumulators:
        def add_slot(self, obj: object, slot: object, d: object) -> None:
            given.append((obj, slot, d))

    give_defaults(many, PARAMS, (1.0, 2.0, ZERO, 5.0, ZERO), 1, (), Accumulators())
    assert given == [(many, ("default", "y"), 2.0), (many, ("default", "key"), 5.0)]
