"""Reads of what was just built: which are replaced, and which must not be."""

from __future__ import annotations

from dpy.transform import known_values, split_targets
from dpy.transform.ir import Assign, For, Function, If, Lit, Op, Param, Var
from dpy.transform.lower import lower
from dpy.transform.rebuild import rebuild
from dpy.transform.show import show
from dpy.transform.source import read_source


def shorter(function) -> str:
    return show(known_values.run(split_targets.run(lower(read_source(function))), None))


def swaps(x, y):
    x, y = y, x
    return x - y


def changes_after_it_is_stored(x):
    pair = (x, 2.0)
    x = x + 1
    return pair[0] * x


def changes_in_a_loop(x):
    pair = (x, 2.0)
    for _ in range(3):
        pair = (pair[0] * pair[1], 3.0)
    return pair[0]


def differs_by_branch(x):
    pair = (x, 2.0)
    if x > 0:
        pair = (2.0, x)
    return pair[0]


def keeps_the_tuple(x):
    pair = (x, 2.0)
    return pair[0], pair


def may_be_unbound(x):
    if x > 10:
        y = x
    pair = (x, y)
    return pair[0]


FUNCTIONS = [
    changes_after_it_is_stored, changes_in_a_loop, differs_by_branch, keeps_the_tuple,
]  # fmt: skip


def test_the_value_stays() -> None:
    for function in FUNCTIONS:
        source = read_source(function)
        made = known_values.run(split_targets.run(lower(source)), None)
        for x in (-2.0, 3.0):
            assert rebuild(made, source, function)(x) == function(x)


def test_a_tuple_that_is_taken_apart_is_not_made() -> None:
    assert "(" not in shorter(swaps).partition("\n")[2]


def test_an_error_is_not_dropped_with_the_tuple() -> None:
    assert ", y" in shorter(may_be_unbound)


def test_a_variable_that_is_assigned_in_between_is_not_read_instead() -> None:
    assert "pair[0]" in shorter(changes_after_it_is_stored)


def test_copies_of_temporaries_are_followed() -> None:
    body = (
        Assign("t_1", Var("x")),
        Assign("y", Op("add", (Var("t_1"), Lit(1)))),
        Assign("t_2", Op("tuple", (Var("y"),))),
        Assign("z", Op("getitem", (Var("t_2"), Lit(0)))),
    )
    text = show(known_values.run(Function("f", (Param("x"),), body, Var("z")), None))
    assert text.splitlines()[1:] == ["    y = x + 1", "    z = y", "    return z"]


def test_a_loop_forgets_what_it_assigns() -> None:
    read = Assign("y", Op("getitem", (Var("p"), Lit(0))))
    again = Assign("p", Op("tuple", (Var("y"),)))
    body = (Assign("p", Op("tuple", (Var("x"),))), For("i", Var("n"), (read, again)))
    function = Function("f", (Param("x"), Param("n")), body, Var("p"))
    assert known_values.run(function, None) is function


def test_a_branch_forgets_what_it_assigns() -> None:
    again = Assign("p", Op("tuple", (Lit(3),)))
    body = (
        Assign("p", Op("tuple", (Var("x"),))),
        If(Var("x"), (again,)),
        Assign("y", Op("getitem", (Var("p"), Lit(0)))),
    )
    function = Function("f", (Param("x"),), body, Var("y"))
    assert known_values.run(function, None) is function
