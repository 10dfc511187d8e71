"""Well-formed IR passes; each kind of defect is found and named."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from dpy.errors import VerificationError
from dpy.transform.ir import (
    Assign,
    Call,
    Cell,
    Closure,
    Def,
    Expr,
    For,
    Free,
    Function,
    Global,
    If,
    Known,
    Lit,
    Op,
    Param,
    Raise,
    Return,
    Star,
    Stmt,
    Var,
    While,
)
from dpy.transform.verify import ARITY, verify

X, Y = Var("x"), Var("y")
SIN = Known(math.sin, "math.sin")


def _function(*body: Any, result: Any = X, **more: Any) -> Function:
    return Function("f", (Param("x"), Param("y")), tuple(body), result, **more)


GOOD: list[Stmt] = [
    Assign("z", Op("add", (X, Lit(1)))),
    Assign(None, Op("setattr", (X, Lit("a"), Y))),
    Assign(("p", "q"), Op("unpack", (X, Lit(2)))),
    Assign("z", Op("tuple", (Star(X), Y))),
    Assign("z", Call(SIN, (Star(X), Y), (("k", X), (None, Y)))),
    Assign("z", Global("math")),
    Assign("z", Op("dict", (Lit(...), X, Lit("a"), Y))),
    If(X, (Assign("z", X),), (Raise(X, Y),)),
    For("i", X, (Assign("stop", Lit(True)),), "stop"),
    For(("i", "j"), X, ()),
    While((Assign("t", Op("not_", (X,))),), Var("t"), ()),
    Raise(),
    Assign("g", Closure("g", None, (("x", X),), (Y,), (("k", Lit(1)),))),
    Def(Function("inner", (Param("d"),), (Assign("z", Op("mul", (X, Var("d")))),), Var("z"))),
]


@pytest.mark.parametrize("statement", GOOD, ids=repr)
def test_good(statement: Stmt) -> None:
    verify(_function(statement))


def test_free_variables() -> None:
    verify(_function(Assign("z", Free("k")), Assign("c", Cell("k")), free=("k",)))


def test_a_generated_function_may_nest_and_return() -> None:
    nested = Op("add", (Op("mul", (X, Y)), Call(SIN, (Global("pi"),))))
    function = _function(Assign("z", nested), Return(Op("tuple", (Var("z"), nested))))
    verify(function, nested_ok=True)
    with pytest.raises(VerificationError, match="not an atom"):
        verify(function)


BAD_EXPRESSIONS: list[tuple[Expr, str]] = [
    (Op("add", (Op("mul", (X, Y)), Y)), "not an atom"),
    (Op("add", (X, Global("y"))), "not an atom"),
    (Call(Global("sin"), (X,)), "not an atom"),
    (Call(SIN, (Op("neg", (X,)),)), "not an atom"),
    (Call(SIN, (), (("k", Free("y")),)), "not an atom"),
    (Call(SIN, (), ((3, X),)), "keyword"),  # type: ignore[arg-type]
    (Op("add", (X,)), "operands"),
    (Op("add", [X, Y]), "operands"),  # type: ignore[arg-type]
    (Op("plus", (X, Y)), "unknown operation"),
    (Op("dict", (X,)), "no value"),
    (Op("add", (Star(X), Y)), "not an atom"),
    (Op("getattr", (X, Y)), "literal"),
    (Op("unpack", (X, Lit("2"))), "literal"),
    (Op("import", (Lit("m"), Lit("n"), Lit(0))), "literal"),
    (Var("z"), "never assigned"),
    (Op("add", (X, Var("z"))), "never assigned"),
    (Free("x"), "free"),
    (Cell("x"), "free"),
    (Lit(np.ones(2)), "bad literal"),
    (Star(X), "not an expression"),
    (X.name, "not an expression"),  # type: ignore[arg-type]
    (Closure("g", None, (("x", Lit(1)),)), "not a cell"),
    (Closure("g", None, (), (Global("y"),)), "not an atom"),
]


@pytest.mark.parametrize(("value", "words"), BAD_EXPRESSIONS, ids=lambda v: repr(v)[:50])
def test_bad_expressions(value: Expr, words: str) -> None:
    with pytest.raises(VerificationError, match=words):
        verify(_function(Assign("v", value)))


BAD_STATEMENTS: list[tuple[Any, str]] = [
    (If(Op("not_", (X,)), ()), "not an atom"),
    (If(X, [Assign("z", X)]), "tuple"),  # type: ignore[arg-type]
    (If(X, (Assign("z", Var("w")),)), "never assigned"),
    (For("i", Global("xs"), ()), "not an atom"),
    (For("i", X, (), "stop"), "exit flag"),
    (While((), X, (), "stop"), "exit flag"),
    (While((), Op("not_", (X,)), ()), "not an atom"),
    (Raise(Call(SIN, (X,))), "not an atom"),
    (Assign("1x", X), "bad target"),
    (Assign(("a", "a"), X), "bad targets"),
    (Assign((), X), "bad targets"),
    (Assign(3, X), "bad target"),  # type: ignore[arg-type]
    (If(X, (Return(X),)), "last statement"),
    ("x = 1", "not a statement"),
    (Def(Function("g", (), (), Var("w"))), "never assigned"),
]


@pytest.mark.parametrize(("statement", "words"), BAD_STATEMENTS, ids=lambda v: repr(v)[:50])
def test_bad_statements(statement: Any, words: str) -> None:
    with pytest.raises(VerificationError, match=words):
        verify(_function(statement))


def test_bad_functions() -> None:
    with pytest.raises(VerificationError, match="never assigned"):
        verify(_function(result=Var("r")))
    with pytest.raises(VerificationError, match="one name"):
        verify(Function("f", (Param("x"), Param("x")), (), X))
    with pytest.raises(VerificationError, match="kind"):
        verify(Function("f", (Param("x", "odd"),), (), X))
    with pytest.raises(VerificationError, match="last"):
        verify(_function(Return(X), Return(X)))


def test_a_nested_function_does_not_leak() -> None:
    inner = Def(Function("g", (), (Assign("w", X),), Var("w")))
    with pytest.raises(VerificationError, match="'w' is read but never assigned"):
        verify(_function(inner, Assign("z", Var("w"))))


def test_the_message_shows_the_statement() -> None:
    with pytest.raises(VerificationError, match=r"f: .*\n  in: z = x \+ w"):
        verify(_function(Assign("z", Op("add", (X, Var("w"))))))


def test_every_operation_of_the_ir_is_known() -> None:
    words = (Op.__doc__ or "").replace("``", " ").replace("(", " ").split()
    assert {name for name in ARITY if name not in words} == set()
