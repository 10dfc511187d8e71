"""Functions and statements of the IR as Python's own trees."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Callable
from typing import Any

from dpy.transform.ir import (
    Assign,
    Block,
    Call,
    Def,
    For,
    Function,
    If,
    Loc,
    Op,
    Raise,
    Return,
    Star,
    Stmt,
    Try,
    Var,
    While,
)
from dpy.transform.show.expressions import BINARY, expression_to_ast, index_node, is_attribute
from dpy.transform.show.namer import Namer
from dpy.transform.show.nodes import DEL, STORE, constant, locate, locate_one, name_node

__all__ = ["block_to_ast", "to_function_ast"]

_INPLACE = {f"i{name.rstrip('_')}": kind for name, kind in BINARY.items()}


def to_function_ast(function: Function, namer: Namer | None = None) -> ast.FunctionDef:
    """The function as a tree, every node located in the user's file."""
    namer = namer or Namer()
    body = block_to_ast(function.body, namer, function.loc)
    if not (function.body and isinstance(function.body[-1], Return)):
        last = Return(function.result, _last_loc(function.body) or function.loc)
        body += block_to_ast((last,), namer, function.loc)
    node = ast.FunctionDef(_identifier(function.name), _arguments(function), body, [])
    node.type_params = []  # type: ignore[attr-defined, unused-ignore]  # from Python 3.12 on
    for name in ast.walk(node.args):
        locate_one(name, function.loc)
    locate_one(node, function.loc)
    return node


def _last_loc(block: Block) -> Loc | None:
    return block[-1].loc if block else None


def _arguments(function: Function) -> ast.arguments:
    by_kind: dict[str, list[ast.arg]] = {"positional": [], "args": [], "keyword": [], "kwargs": []}
    for param in function.params:
        by_kind[param.kind].append(ast.arg(param.name))
    return ast.arguments(
        posonlyargs=[],
        args=by_kind["positional"],
        vararg=next(iter(by_kind["args"]), None),
        kwonlyargs=by_kind["keyword"],
        kw_defaults=[None] * len(by_kind["keyword"]),
        kwarg=next(iter(by_kind["kwargs"]), None),
        defaults=[],
    )


def _identifier(name: str) -> str:
    """A name that ``def`` accepts: ``<lambda>`` becomes ``lambda_``."""
    if not name.isidentifier():
        name = "".join(c for c in name if c.isalnum() or c == "_").lstrip("0123456789") or "f"
    return f"{name}_" if keyword.iskeyword(name) else name


def block_to_ast(block: Block, namer: Namer, loc: Loc | None = None) -> list[ast.stmt]:
    """The statements of a block; `loc` is for statements that have no location. May be empty."""
    nodes: list[ast.stmt] = []
    for statement in block:
        where = statement.loc or loc
        made = _statement(statement, namer, where)
        for node in made:
            locate(node, where)
        nodes += made
    return nodes


def _statement(s: Stmt, namer: Namer, loc: Loc | None) -> list[ast.stmt]:
    match s:
        case Assign():
            return _assign(s, namer)
        case If():
            return [_if(s, namer, loc)]
        case For():
            body = _loop_body(s.body, s.exit, namer, loc)
            target = _target(s.target)
            return [ast.For(target, expression_to_ast(s.iter, namer), body, [])]
        case While():
            return [_while(s, namer, loc)]
        case Raise():
            exc, cause = (
                None if part is None else expression_to_ast(part, namer)
                for part in (s.exc, s.cause)
            )
            return [ast.Raise(exc, cause)]
        case Try():
            return [_try(s, namer, loc)]
        case Return():
            return [ast.Return(expression_to_ast(s.value, namer))]
        case Def():
            return [to_function_ast(s.function, namer)]


def _if(s: If, namer: Namer, loc: Loc | None) -> ast.If:
    body, orelse = block_to_ast(s.body, namer, loc), block_to_ast(s.orelse, namer, loc)
    test = expression_to_ast(s.test, namer)
    if not body and orelse:
        return ast.If(_negated(test), orelse, [])
    return ast.If(test, body or [ast.Pass()], orelse)


def _try(s: Try, namer: Namer, loc: Loc | None) -> ast.Try:
    def block(statements: Block) -> list[ast.stmt]:
        return block_to_ast(statements, namer, loc)

    handlers = []
    if s.handler is not None:
        caught = name_node("BaseException")
        handlers.append(ast.ExceptHandler(caught, s.name, block(s.handler) or [ast.Pass()]))
    return ast.Try(block(s.body) or [ast.Pass()], handlers, block(s.orelse), block(s.final))


def _while(s: While, namer: Namer, loc: Loc | None) -> ast.While:
    body = _loop_body(s.body, s.exit, namer, loc)
    test = expression_to_ast(s.test, namer)
    if not s.test_body:
        return ast.While(test, body, [])
    before = block_to_ast(s.test_body, namer, loc)
    leave = ast.If(_negated(test), [ast.Break()], [])
    return ast.While(constant(True), [*before, leave, *body], [])


def _loop_body(
    block: Block, exit_flag: str | None, namer: Namer, loc: Loc | None
) -> list[ast.stmt]:
    body = block_to_ast(block, namer, loc)
    if exit_flag is not None:
        body.append(ast.If(name_node(exit_flag), [ast.Break()], []))
    return body or [ast.Pass()]


def _negated(test: ast.expr) -> ast.expr:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    return ast.UnaryOp(ast.Not(), test)


def _target(target: str | tuple[str, ...]) -> ast.expr:
    if isinstance(target, tuple):
        return ast.Tuple([name_node(name, STORE) for name in target], STORE)
    return name_node(target, STORE)


def _assign(s: Assign, namer: Namer) -> list[ast.stmt]:
    value = s.value
    if isinstance(value, Op):
        if s.target is None and value.name in _EFFECTS:
            return [_EFFECTS[value.name](value, namer)]
        special = _inplace(s, value, namer) or _unpacking(s, value, namer)
        if special is not None:
            return special
    node = expression_to_ast(value, namer)
    if s.target is None:
        return [ast.Expr(node)]
    return [ast.Assign([_target(s.target)], node)]


def _inplace(s: Assign, value: Op, namer: Namer) -> list[ast.stmt] | None:
    """``x += v`` and ``x[i] += v``, where `x` is a variable."""
    if value.name not in _INPLACE:
        return None
    left, right = value.args
    if s.target is None and isinstance(left, Op) and left.name == "getitem":
        owner, index = left.args
        place = ast.Subscript(expression_to_ast(owner, namer), index_node(index, namer), STORE)
        return [ast.AugAssign(place, _INPLACE[value.name](), expression_to_ast(right, namer))]
    if not isinstance(s.target, str):
        return None
    if not isinstance(left, Var):
        return None
    update = ast.AugAssign(
        name_node(s.target, STORE), _INPLACE[value.name](), expression_to_ast(right, namer)
    )
    if left.name == s.target:
        return [update]
    if _mentions(right, s.target):
        return None
    return [ast.Assign([_target(s.target)], expression_to_ast(left, namer)), update]


def _mentions(value: Any, name: str) -> bool:
    if isinstance(value, Var):
        return value.name == name
    if isinstance(value, (Op, Call, Star)):
        return any(
            isinstance(node, ast.Name) and node.id == name
            for node in ast.walk(expression_to_ast(value, Namer()))
        )
    return False


def _unpacking(s: Assign, value: Op, namer: Namer) -> list[ast.stmt] | None:
    """``a, *b = value``."""
    if value.name not in ("unpack", "unpack_star") or not isinstance(s.target, tuple):
        return None
    targets: list[ast.expr] = [name_node(name, STORE) for name in s.target]
    if value.name == "unpack_star":
        before = value.args[1].value
        targets[before] = ast.Starred(targets[before], STORE)
    return [ast.Assign([ast.Tuple(targets, STORE)], expression_to_ast(value.args[0], namer))]


def _set_attribute(op: Op, namer: Namer) -> ast.stmt:
    owner, name, value = op.args
    if not is_attribute(name):
        return ast.Expr(expression_to_ast(op, namer))
    target = ast.Attribute(expression_to_ast(owner, namer), name.value, STORE)
    return ast.Assign([target], expression_to_ast(value, namer))


def _delete_attribute(op: Op, namer: Namer) -> ast.stmt:
    owner, name = op.args
    if not is_attribute(name):
        return ast.Expr(expression_to_ast(op, namer))
    return ast.Delete([ast.Attribute(expression_to_ast(owner, namer), name.value, DEL)])


def _set_item(op: Op, namer: Namer) -> ast.stmt:
    owner, index, value = op.args
    target = ast.Subscript(expression_to_ast(owner, namer), index_node(index, namer), STORE)
    return ast.Assign([target], expression_to_ast(value, namer))


def _delete_item(op: Op, namer: Namer) -> ast.stmt:
    owner, index = op.args
    return ast.Delete(
        [ast.Subscript(expression_to_ast(owner, namer), index_node(index, namer), DEL)]
    )


_EFFECTS: dict[str, Callable[[Op, Namer], ast.stmt]] = {
    "setattr": _set_attribute,
    "delattr": _delete_attribute,
    "setitem": _set_item,
    "put": _set_item,
    "delitem": _delete_item,
}
