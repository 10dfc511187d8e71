"""The nodes of the IR are values, and `walk` finds every statement."""

from __future__ import annotations

import dataclasses

import pytest

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
def test_nodes_cannot_be_changed(name: str) -> None:
    node = getattr(ir, name)
    if dataclasses.is_dataclass(node):
        bare = object.__new__(node)  # type: ignore[call-overload]
        for name in (*(f.name for f in dataclasses.fields(node)), "other"):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(bare, name, 1)
        assert not hasattr(bare, "__dict__")


def test_a_known_object_is_compared_by_identity() -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise AssertionError("the user's code must not run")

        __hash__ = None  # type: ignore[assignment]

    one, two = Odd(), Odd()
    assert Known(one, "a") == Known(one, "b")
    assert Known(one, "a") != Known(two, "a")
    assert hash(Known(one, "a")) == hash(Known(one, "b"))
