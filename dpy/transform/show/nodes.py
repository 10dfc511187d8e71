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
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        locate_one(node, loc)
        for value in node.__dict__.copy().values():
            if isinstance(value, list):
                pending += [v for v in value if isinstance(v, ast.AST) and not _is_located(v)]
            elif isinstance(value, ast.AST) and value._fields and not _is_located(value):
                pending.append(value)


def _is_located(node: ast.AST) -> bool:
    return "lineno" in node.__dict__


def locate_one(node: ast.AST, loc: Loc | None) -> None:
    """Place a node, if it is one that has a place."""
    if loc is None or not isinstance(
        node, (ast.stmt, ast.expr, ast.arg, ast.keyword, ast.excepthandler)
    ):
        return
    node.lineno, node.col_offset = loc.line, loc.column
    if loc.end_line is not None and loc.end_column is not None:
        node.end_lineno, node.end_col_offset = loc.end_line, loc.end_column
    else:
        node.end_lineno, node.end_col_offset = loc.line, loc.column
