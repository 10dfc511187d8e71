"""IR prints as the Python that it stands for."""

from __future__ import annotations

import ast
import math
from typing import Any

import pytest

from dpy.transform.helpers import HELPERS, unpack, unpack_star
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
    Loc,
    Op,
    Param,
    Raise,
    Return,
    Star,
    Stmt,
    Var,
    While,
)
from dpy.transform.show import Namer, block_to_ast, expression_to_ast, show, to_function_ast

X, Y = Var("x"), Var("y")


def _text(statement: Stmt) -> str:
    nodes = block_to_ast((statement,), Namer())
    return "\n".join(ast.unparse(ast.fix_missing_locations(node)) for node in nodes)


EXPRESSIONS: list[tuple[Expr, str]] = [
    (X, "x"),
    (Lit(-1), "-1"),
    (Op("pow", (Lit(-2), X)), "(-2) ** x"),
    (Op("pow", (Lit(-0.0), X)), "(-0.0) ** x"),
    (Lit(float("inf")), "1e309"),
    (Lit(10**400), str(10**400)),
    (Lit(...), "..."),
    (Global("np"), "np"),
    (Free("k"), "k"),
    (Cell("k"), "cell_k"),
    (Known(math.sin, "math.sin"), "math.sin"),
    (Op("mul", (Op("add", (X, Y)), Lit(2))), "(x + y) * 2"),
    (Op("neg", (Op("pow", (X, Lit(2))),)), "-x ** 2"),
    (Op("matmul", (X, Y)), "x @ y"),
    (Op("contains", (X, Y)), "y in x"),
    (Op("not_", (Op("contains", (X, Y)),)), "y not in x"),
    (Op("is_not", (X, Lit(None))), "x is not None"),
    (Op("getattr", (X, Lit("T"))), "x.T"),
    (Op("getattr", (X, Lit("not a name"))), "getattr(x, 'not a name')"),
    (Op("getattr", (Var("cell_k"), Lit("cell_contents"))), "read_cell(cell_k, 'k')"),
    (Op("getitem", (X, Op("slice", (Lit(None), Y, Lit(None))))), "x[:y]"),
    (
        Op("getitem", (X, Op("tuple", (Lit(...), Op("slice", (X, Lit(None), Lit(2))))))),
        "x[..., x::2]",
    ),
    (Op("getitem", (X, Op("tuple", ()))), "x[()]"),
    (Op("slice", (X, Lit(None), Lit(None))), "slice(x, None, None)"),
    (Op("tuple", (X,)), "(x,)"),
    (Op("list", (Star(X), Y)), "[*x, y]"),
    (Op("set", ()), "set()"),
    (Op("set", (X,)), "{x}"),
    (Op("dict", (Lit("a"), X, Lit(...), Y)), "{'a': x, **y}"),
    (Op("format", (X, Lit("r"), Lit(">10"))), "f'{x!r:>10}'"),
    (Op("format", (X, Lit(""), Y)), "f'{x:{y}}'"),
    (Op("join", (Lit("a{"), X, Op("format", (Y, Lit(""), Lit(".2f"))))), "f'a{{{x}{y:.2f}'"),
    (Call(X, (Y, Star(X)), (("k", Lit(1)), (None, Y))), "x(y, *x, k=1, **y)"),
    (Op("iadd", (X, Y)), "iadd(x, y)"),
    (Op("unpack", (X, Lit(2))), "unpack(x, 2)"),
    (Op("import", (Lit("os"), Lit(None), Lit(0))), "import_module(globals(), 'os', None, 0)"),
    (Op("new_cell", (X,)), "new_cell(x)"),
    (Op("unbound", (Lit("k"),)), "unbound('k')"),
    (
        Closure("g", None, (("k", Var("cell_k")),), (X,), (("a", Y),)),
        "make_function(g, globals(), (x,), (('a', y),), (('k', cell_k),))",
    ),
]


@pytest.mark.parametrize(("value", "text"), EXPRESSIONS, ids=[text for _, text in EXPRESSIONS])
def test_expressions(value: Expr, text: str) -> None:
    assert ast.unparse(expression_to_ast(value, Namer())) == text


STATEMENTS: list[tuple[Stmt, str]] = [
    (Assign("z", Op("add", (X, Y))), "z = x + y"),
    (Assign(None, Call(X)), "x()"),
    (Assign("x", Op("iadd", (X, Y))), "x += y"),
    (Assign("z", Op("iadd", (X, Y))), "z = x\nz += y"),
    (Assign("y", Op("iadd", (X, Y))), "y = iadd(x, y)"),
    (Assign("y", Op("iadd", (X, Op("neg", (Y,))))), "y = iadd(x, -y)"),
    (Assign(None, Op("iadd", (X, Y))), "iadd(x, y)"),
    (Assign(("a", "b"), Op("unpack", (X, Lit(2)))), "a, b = x"),
    (Assign(("a",), Op("unpack", (X, Lit(1)))), "a, = x"),
    (Assign(("a", "b", "c"), Op("unpack_star", (X, Lit(1), Lit(1)))), "a, *b, c = x"),
    (Assign(("a", "b"), X), "a, b = x"),
    (Assign(None, Op("setattr", (X, Lit("a"), Y))), "x.a = y"),
    (Assign(None, Op("delattr", (X, Lit("a")))), "del x.a"),
    (Assign(None, Op("setitem", (X, Op("slice", (Lit(0),) * 3), Y))), "x[0:0:0] = y"),
    (Assign(None, Op("delitem", (X, Lit(0)))), "del x[0]"),
    (Assign(None, Op("append", (X, Y))), "x.append(y)"),
    (Assign(None, Op("add_to_set", (X, Y))), "x.add(y)"),
    (Assign(None, Op("put", (X, Lit(1), Y))), "x[1] = y"),
    (Assign(None, Op("setglobal", (Lit("k"), X))), "set_global(globals(), 'k', x)"),
    (If(X, (Assign("z", Y),)), "if x:\n    z = y"),
    (If(X, (), (Assign("z", Y),)), "if not x:\n    z = y"),
    (If(Op("not_", (X,)), (), (Assign("z", Y),)), "if x:\n    z = y"),
    (If(X, (), ()), "if x:\n    pass"),
    (If(X, (Raise(),), (If(Y, (Raise(X, Y),)),)), "if x:\n    raise\nelif y:\n    raise x from y"),
    (For("i", X, ()), "for i in x:\n    pass"),
    (For(("i", "j"), X, (), "stop"), "for i, j in x:\n    if stop:\n        break"),
    (While((), X, (), None), "while x:\n    pass"),
    (
        While((Assign("t", Y),), Var("t"), (Assign("z", Y),), "stop"),
        "while True:\n    t = y\n    if not t:\n        break\n    z = y\n"
        "    if stop:\n        break",
    ),
]


@pytest.mark.parametrize(("statement", "text"), STATEMENTS, ids=[t for _, t in STATEMENTS])
def test_statements(statement: Stmt, text: str) -> None:
    assert _text(statement).replace("(a, b) =", "a, b =") == text


def test_a_generated_function() -> None:
    inner = Function("f_pullback", (Param("d"),), (Return(Op("mul", (X, Var("d")))),))
    outer = Function(
        "f_forward",
        (Param("x"), Param("rest", "args"), Param("k", "keyword"), Param("more", "kwargs")),
        (Def(inner), Return(Op("tuple", (X, Var("f_pullback"))))),
    )
    assert show(outer) == (
        "def f_forward(x, *rest, k, **more):\n\n"
        "    def f_pullback(d):\n        return x * d\n"
        "    return (x, f_pullback)"
    )


@pytest.mark.parametrize("name", ["<lambda>", "class", "1 f"])
def test_odd_names_become_identifiers(name: str) -> None:
    assert to_function_ast(Function(name, (), ())).name.isidentifier()
    compile(show(Function(name, (), ())), "text", "exec")


def test_every_node_has_a_place() -> None:
    here, there = Loc(7, 4, 7, 9), Loc(9, 8, 10, 2)
    body = (
        For(
            "i", X, (Assign("z", Op("add", (X, Op("neg", (Y,)))), there), If(X, (), ())), None, here
        ),
        While((), X, (Assign("z", Call(X, (), (("k", Y),)), None),), "z", here),
    )
    node = to_function_ast(Function("f", (Param("x"),), body, X, loc=Loc(5)))
    for inner in ast.walk(node):
        if isinstance(inner, (ast.expr, ast.stmt, ast.arg, ast.keyword)):
            assert inner.lineno in (5, 7, 9)
            assert inner.end_lineno is not None
    loop: Any = node.body[0]
    assert (loop.lineno, loop.col_offset) == (7, 4)
    assert (loop.body[0].value.lineno, loop.body[0].value.end_lineno) == (9, 10)
    compile(ast.Module([node], []), "text", "exec")


def test_helpers_unpack_with_the_errors_of_python() -> None:
    assert unpack(iter("abc"), 3) == ("a", "b", "c")
    assert unpack([], 0) == ()
    assert unpack_star("ab", 0, 0) == (["a", "b"],)
    assert unpack_star("ab", 2, 0) == ("a", "b", [])
    for value, count in ([1], 2), ([1, 2, 3], 2), ([1], 0), (5, 1):
        with pytest.raises((ValueError, TypeError)) as caught:
            unpack(value, count)
        names = "".join(f"a{i}, " for i in range(count)) or "[]"
        with pytest.raises(caught.type) as expected:
            exec(f"{names} = value", {"value": value})
        assert str(caught.value) == str(expected.value)


def test_helpers_are_what_their_names_say() -> None:
    assert all(callable(helper) for helper in HELPERS.values())
    with pytest.raises(NameError, match="'k'"):
        HELPERS["read_cell"](HELPERS["new_cell"](), "k")
    assert HELPERS["read_cell"](HELPERS["new_cell"](3), "k") == 3
