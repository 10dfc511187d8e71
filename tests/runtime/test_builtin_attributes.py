"""Attributes of numbers, functions, classes, modules, cells, partials and frames."""

from __future__ import annotations

import functools
import sys
import types
from fractions import Fraction
from typing import Any

import pytest

from dpy.cotangent import ZERO
from dpy.errors import NoAdjointError
from dpy.runtime import forward_run
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.builtin_attributes import NOT_THERE, read_builtin
from dpy.runtime.special_methods import behind


def back(owner: Any, name: str, d: Any) -> tuple[Any, Accumulators]:
    acc = Accumulators()
    _, pb = read_builtin(owner, name)
    return pb(d, acc), acc


def test_objects_are_not_for_here() -> None:
    assert read_builtin(types.SimpleNamespace(v=1.0), "v") is NOT_THERE


@pytest.mark.parametrize(
    ("owner", "name", "d", "expected"),
    [(1.5, "real", 2.0, 2.0), (1 + 2j, "imag", 2.0, 2j), (Fraction(3, 4), "numerator", 2.0, 8.0)],
)
def test_numbers(owner: Any, name: str, d: float, expected: Any) -> None:
    assert read_builtin(owner, name)[0] == getattr(owner, name)
    assert back(owner, name, d)[0] == expected


def test_attributes_of_a_users_number_are_those_of_an_object() -> None:
    class Whole(int):
        scale = 2.0

    n = Whole(3)
    n.part = 1.5  # type: ignore[attr-defined]
    assert read_builtin(n, "part") is NOT_THERE and read_builtin(n, "scale") is NOT_THERE
    assert read_builtin(n, "real")[0] == 3


def test_defaults_belong_to_the_parameters() -> None:
    def f(a: Any, b: float = 2.0, c: float = 3.0) -> None: ...

    assert read_builtin(f, "__defaults__")[0] == (2.0, 3.0)
    _, acc = back(f, "__defaults__", (ZERO, 1.5))
    assert acc.take_slots(f) == {("default", "c"): 1.5}


def test_attributes_of_classes_belong_to_the_class_that_has_them() -> None:
    class Base:
        v = 1.5

    class Derived(Base): ...

    _, acc = back(Derived, "v", 2.0)
    assert acc.take_slots(Base) == {"v": 2.0} and not acc.take_slots(Derived)


def test_the_dicts_of_classes_and_modules_lead_back_to_them() -> None:
    class Box:
        v = 1.5

    module = types.ModuleType("made")

    def forward():
        proxy, pb = read_builtin(Box, "__dict__")
        assert pb is None and forward_run.instance_of(behind(proxy)) is Box
        fields, _ = read_builtin(module, "__dict__")
        assert fields is module.__dict__ and forward_run.instance_of(fields) is module

    forward_run.in_run(forward)


def test_cells_and_partials() -> None:
    cell = types.CellType(1.5)
    _, acc = back(cell, "cell_contents", 2.0)
    assert acc.take_slots(cell) == {"cell_contents": 2.0}
    p = functools.partial(max, 1.5)
    assert back(p, "args", (2.0,))[0] == {"args": (2.0,)}
    assert back(p, "keywords", ZERO)[0] is ZERO


def test_variables_of_a_frame_are_out_of_sight() -> None:
    acc = Accumulators()
    v = 1.5
    variables, pb = read_builtin(sys._getframe(), "f_locals")
    assert variables["v"] == v
    pb(ZERO, acc)
    acc.add_slot(variables, "v", 2.0)
    with pytest.raises(NoAdjointError, match="f_locals"):
        pb(ZERO, acc)
