"""Helpers of generated code behave as the statements that they stand for."""

from __future__ import annotations

import os.path
import types
from typing import Any

import numpy as np
import pytest

from dpy.cotangent import ZERO
from dpy.transform import helpers
from dpy.transform.helpers import HELPERS


def outcome(run: Any) -> Any:
    """The value, or the type and the message of the exception."""
    try:
        return run()
    except Exception as error:
        return type(error), str(error)


def plain_two(value: Any) -> Any:
    a, b = value
    return (a, b)


def plain_none(value: Any) -> Any:
    [] = value
    return ()


def plain_star(value: Any) -> Any:
    a, *rest, z = value
    return (a, rest, z)


VALUES = [(), (1,), (1, 2), [1, 2, 3], "ab", {"k": 1, "l": 2}, range(5), 5, None]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_unpacking_as_python_does_it(value: Any) -> None:
    assert outcome(lambda: helpers.unpack(value, 2)) == outcome(lambda: plain_two(value))
    assert outcome(lambda: helpers.unpack(value, 0)) == outcome(lambda: plain_none(value))
    found = outcome(lambda: helpers.unpack_star(value, 1, 1))
    assert found == outcome(lambda: plain_star(value))


def test_unpacking_takes_no_more_from_an_iterator_than_python_does() -> None:
    left, right = iter(range(10)), iter(range(10))
    with pytest.raises(ValueError):
        helpers.unpack(left, 2)
    with pytest.raises(ValueError):
        plain_two(right)
    assert list(left) == list(right)


def test_reads_of_unbound_variables() -> None:
    def f() -> Any:
        if not VALUES:
            x = 1
        return x

    assert outcome(lambda: helpers.unbound("x")) == outcome(f)


def test_cells() -> None:
    cell = helpers.new_cell(3)
    assert isinstance(cell, types.CellType)
    assert helpers.read_cell(cell, "x") == 3
    cell.cell_contents = 4
    assert helpers.read_cell(cell, "x") == 4
    with pytest.raises(UnboundLocalError, match="'x'"):
        helpers.read_cell(helpers.new_cell(), "x")


def test_globals() -> None:
    names: dict[str, Any] = {}
    helpers.set_global(names, "a", 1)
    assert names == {"a": 1}
    helpers.delete_global(names, "a")
    assert names == {}
    with pytest.raises(NameError, match="name 'a' is not defined"):
        helpers.delete_global(names, "a")


def test_put() -> None:
    mapping: dict[str, int] = {}
    helpers.put(mapping, "k", 1)
    assert mapping == {"k": 1}


def test_imports() -> None:
    assert helpers.import_module({}, "os.path", None, 0) is os
    assert helpers.import_module({}, "os.path", ("join",), 0) is os.path
    assert helpers.import_module({}, "os", ("path",), 0).path is os.path
    package = {"__name__": "dpy.transform.emit", "__package__": "dpy.transform"}
    assert helpers.import_module(package, "helpers", ("put",), 1) is helpers


def test_imports_that_fail() -> None:
    def plain() -> None:
        from os import no_such_name  # type: ignore[attr-defined]  # noqa: F401

    found = outcome(lambda: helpers.import_module({}, "os", ("no_such_name",), 0))
    assert found == outcome(plain)
    with pytest.raises(ModuleNotFoundError):
        helpers.import_module({}, "no_such_module_at_all", None, 0)


def test_functions_are_made_over_cells_and_globals() -> None:
    weight = 2.0

    def original(x: float, by: float = 3.0, *, plus: float = 1.0) -> float:
        """Multiply."""
        return x * by * weight + plus

    cell = helpers.new_cell(10.0)
    made = helpers.make_function(
        original.__code__, globals(), (5.0,), (("plus", 7.0),), (("weight", cell),)
    )
    assert made(1.0) == 57.0
    cell.cell_contents = 20.0
    assert made(1.0) == 107.0
    assert made.__doc__ == "Multiply."
    assert made.__qualname__ == original.__qualname__
    assert made.__module__ == __name__
    assert made.__globals__ is globals()
    without = helpers.make_function(original.__code__, {}, (), (), (("weight", cell),))
    assert without.__defaults__ is without.__kwdefaults__ is None
    assert without.__module__ == "builtins"


def test_the_table_holds_them_all() -> None:
    for name in helpers.__all__:
        if name != "HELPERS":
            assert HELPERS[name] is getattr(helpers, name)
    assert all(callable(helper) for helper in HELPERS.values())


def test_a_part_is_added_to_in_place_and_summed_where_it_was_broadcast() -> None:
    d = np.ones((2, 3))
    helpers.add_to(d[:, 1], np.array([1.0, 2.0]))
    assert d.tolist() == [[1, 2, 1], [1, 3, 1]]
    helpers.subtract_from(d[:, :1], np.ones((2, 3)))
    assert d.tolist() == [[-2, 2, 1], [-2, 3, 1]]
    helpers.add_to(d[0], ZERO)
    helpers.subtract_from(d[0], ZERO)
    helpers.add_to(d[0], 1.0)
    assert d.tolist() == [[-1, 3, 2], [-2, 3, 1]]


def test_what_was_written_last_gets_the_cotangent() -> None:
    d = np.array([1.0, 2.0, 3.0])
    assert helpers.take_at(d, [0, 0, 2]).tolist() == [0, 1, 3]
    assert d.tolist() == [0, 2, 0]
    assert helpers.take_at(d, 1) == 2 and d.tolist() == [0, 0, 0]
    assert helpers.take_at(d, [1]).tolist() == [0]


def test_a_vector_is_a_list_where_a_loop_is_long_enough() -> None:
    d = np.arange(20.0)
    assert helpers.items_of(d, 2) is d
    items = helpers.items_of(d, 3)
    assert items == d.tolist() and helpers.items_of(items, 1) is items
    again = helpers.array_of(items)
    assert again.dtype == np.float64 and np.array_equal(again, d)
    assert helpers.array_of(d) is d
