"""Guards hold until something that they name has changed."""

from __future__ import annotations

from types import CellType

import numpy as np
import pytest

import dpy
from dpy.kinds import UNKNOWN, Number, kind_of
from dpy.specialise import forward_of
from dpy.specialise.guards import MISSING, Guards, cell_kind, identity_of

FACTOR = 2.0


def scaled(x: float, power: int = 1) -> float:
    return FACTOR * x**power


def test_a_global_of_another_kind_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = forward_of(scaled, (1.5,), {}, (True,), ())
    assert found.is_valid()
    monkeypatch.setitem(globals(), "FACTOR", 4.0)
    assert found.is_valid()  # another float: it is read live
    assert dpy.gradient(scaled, 1.5) == (4.0,)
    monkeypatch.setitem(globals(), "FACTOR", np.ones(2))
    assert not found.is_valid()


def test_entries_go_by_identity() -> None:
    names: dict[str, object] = {"function": len}
    guards = Guards()
    guards.entries[id(names), "function"] = names, "function", len
    guards.entries[id(names), "gone"] = names, "gone", MISSING
    assert guards.hold()
    names["gone"] = None
    assert not guards.hold()
    del names["gone"]
    names["function"] = abs
    assert not guards.hold()


def test_functions_are_noticed_when_code_or_defaults_change() -> None:
    def f(x: float, k: float = 1.0) -> float:
        return x * k

    guards = Guards()
    guards.codes[0] = identity_of(f)
    assert guards.hold()
    f.__defaults__ = (2.0,)
    assert not guards.hold()
    guards.codes[0] = identity_of(f)
    f.__code__ = (lambda x, k=1.0: x).__code__
    assert not guards.hold()


def test_cells_go_by_kind() -> None:
    cell = CellType(1.5)
    guards = Guards()
    guards.cells[0] = cell, cell_kind(cell)
    assert cell_kind(cell) == Number(float)
    cell.cell_contents = 2.5
    assert guards.hold()
    cell.cell_contents = [2.5]
    assert not guards.hold()
    del cell.cell_contents
    assert not guards.hold()
    assert cell_kind(cell) is UNKNOWN


def test_update_relies_on_both() -> None:
    names: dict[str, object] = {"scale": 2.0}
    one, other = Guards(), Guards()
    other.kinds[id(names), "scale"] = names, "scale", kind_of(2.0)
    one.update(other)
    assert one.hold()
    names["scale"] = "text"
    assert not one.hold()
