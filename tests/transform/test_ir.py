"""The nodes of the IR are values, and `walk` finds every statement."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from dpy.records import replace
from dpy.transform import ir
from dpy.transform.ir import Assign, Def, For, Function, If, Known, Lit, Raise, Var, While, walk


def statement(name: str) -> Assign:
    return Assign(name, Lit(1))


def test_walk_goes_through_every_block_outer_before_inner() -> None:
    inner = While((statement("test"),), Var("test"), (statement("inner"),))
    block = (
        If(Var("c"), (statement("then"), inner), (statement("else"),)),
        For("i", Var("xs"), (Raise(),)),
    )
    found = [getattr(s, "target", None) or type(s).__name__ for s in walk(block)]
    assert found == ["If", "then", "While", "test", "inner", "else", "i", "Raise"]


def test_walk_leaves_nested_functions_alone() -> None:
    nested = Function("g", (), (statement("x"),))
    assert [type(s) for s in walk((Def(nested),))] == [Def]


@pytest.mark.parametrize("name", [n for n in ir.__all__ if n[0].isupper()])
def test_nodes_have_their_fields_only(name: str) -> None:
    node = getattr(ir, name)
    if dataclasses.is_dataclass(node):
        assert not hasattr(object.__new__(node), "__dict__")  # type: ignore[call-overload]


def test_a_known_object_is_compared_by_identity() -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise AssertionError("the user's code must not run")

        __hash__ = None  # type: ignore[assignment]

    one, two = Odd(), Odd()
    assert Known(one, "a") == Known(one, "b")
    assert Known(one, "a") != Known(two, "a")
    assert hash(Known(one, "a")) == hash(Known(one, "b"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ir.Var("x"), ("x",)),
        (ir.Lit(1), ()),
        (ir.Known(len, "len"), ()),
        (ir.Global("x"), ()),
        (ir.Star(ir.Var("x")), ("x",)),
        (ir.Op("add", (ir.Var("x"), ir.Op("neg", (ir.Var("y"),)))), ("x", "y")),
        (
            ir.Call(ir.Var("f"), (ir.Var("a"), ir.Star(ir.Var("b"))), (("k", ir.Var("c")),)),
            ("f", "a", "b", "c"),
        ),
        (
            ir.Closure(
                "g", None, (("a", ir.Var("cell_a")),), (ir.Var("d"),), (("k", ir.Var("e")),)
            ),
            ("cell_a", "d", "e"),
        ),
    ],
)
def test_variables_of_an_expression(value: Any, expected: tuple[str, ...]) -> None:
    assert ir.variables(value) == expected
    assert ir.variables(value) == expected  # remembered


def test_what_a_new_node_reads_is_its_own() -> None:
    old = ir.Op("add", (Var("x"), Var("y")))
    assert ir.variables(old) == ("x", "y")
    new = replace(old, args=(Var("z"), Var("y")))
    assert ir.variables(new) == ("z", "y")
    assert new == ir.Op("add", (Var("z"), Var("y")))


def test_a_statement_is_asked_once() -> None:
    asked = []

    def question(s: If) -> int:
        asked.append(s)
        return len(s.body)

    s = If(Var("c"), (Assign("x", Lit(1)),))
    assert [ir.asked(s, question), ir.asked(s, question)] == [1, 1]
    other = replace(s, body=())
    assert ir.asked(other, question) == 0
    assert len(asked) == 2


def test_blocks_in_the_order_in_which_they_run() -> None:
    a, b, c, d = ((Assign(name, Lit(1)),) for name in "abcd")
    assert ir.blocks_of(If(Var("c"), a, b)) == (a, b)
    assert ir.blocks_of(For("i", Var("xs"), a)) == (a,)
    assert ir.blocks_of(While(a, Var("c"), b)) == (a, b)
    assert ir.blocks_of(ir.Try(a, "e", b, c, d)) == (a, b, c, d)
    assert ir.blocks_of(ir.Try(a)) == (a, (), (), ())
    assert ir.blocks_of(a[0]) == ()


def test_a_deep_nest_is_walked_without_recursion() -> None:
    block: ir.Block = (Assign("x", Lit(0)),)
    for _ in range(5000):
        block = (If(Var("c"), block), Assign("y", Lit(0)))
    assert sum(1 for _ in walk(block)) == 10_001
