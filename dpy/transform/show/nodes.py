"""Small nodes of Python's trees, and their places in the user's file."""

from __future__ import annotations

import ast
import math
from typing import Any

from dpy.transform.ir import Loc

__all__ = [
    "DEL", "LOAD", "STORE", "call_node", "constant", "dotted", "locate", "locate_one", "name_node",
]  # fmt: skip

LOAD, STORE, DEL = ast.Load(), ast.Store(), ast.Del()


def name_node(name: str, context: ast.expr_context = LOAD) -> ast.Name:
    """A variable."""
    return ast.Name(name, context)


def dotted(name: str) -> ast.expr:
    """A name with attributes, ``a.b.c``."""
    first, *rest = name.split(".")
    node: ast.expr = name_node(first)
    for attribute in rest:
        node = ast.Attribute(node, attribute, LOAD)
    return node


def call_node(func: ast.expr, args: list[ast.expr]) -> ast.Call:
    """A call without keywords."""
    return ast.Call(func, args, [])


def constant(value: Any) -> ast.expr:
    """A literal; negative numbers in a form that binds as they should."""
    is_negative = math.copysign(1, value) < 0 if type(value) is float else False
    if is_negative or (
        type(value) is int and value < 0
    ):  # ``(-1) ** 2`` must not print as ``-1 ** 2``
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def locate(statement: ast.stmt, loc: Loc | None) -> None:
    """Place a statement and what is below it, as far as that has no place yet."""
    if loc is None:
        return
    place = _place(loc)
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        contents = node.__dict__
        if node is not statement and "lineno" in contents:
            continue
        for value in contents.values():
            kind = type(value)
            if kind is list:
                pending += [v for v in value if isinstance(v, ast.AST)]
            elif kind is not str and isinstance(value, ast.AST) and value._fields:
                pending.append(value)
        if node._attributes:
            contents.update(place)


def _place(loc: Loc) -> dict[str, int]:
    has_end = loc.end_line is not None and loc.end_column is not None
    line, column = (loc.end_line, loc.end_column) if has_end else (loc.line, loc.column)
    assert line is not None and column is not None
    return {
        "lineno": loc.line, "col_offset": loc.column, "end_lineno": line, "end_col_offset": column
    }  # fmt: skip


def locate_one(node: ast.AST, loc: Loc | None) -> None:
    """Place a node, if it is one that has a place."""
    if loc is not None and node._attributes:
        node.__dict__.update(_place(loc))
