"""Definitions in a syntax tree, and which of them a code object was compiled from."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator, Sequence
from typing import Any

import gast

from dpy.transform.codes import all_codes, extent
from dpy.transform.snippets import Snippet

__all__ = [
    "choose", "definitions", "first_line", "inner_codes", "innermost", "is_rewritten",
    "module_imports", "name_of", "spans",
]  # fmt: skip

_COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
_UNNAMED = {
    ast.Lambda: "<lambda>", gast.Lambda: "<lambda>",
    ast.GeneratorExp: "<genexpr>", gast.GeneratorExp: "<genexpr>",
}  # fmt: skip


def module_imports(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The import statements of a module, those in its ``if`` and ``try`` blocks too."""
    for statement in body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            if getattr(statement, "module", None) != "__future__":
                yield statement
        elif isinstance(statement, (ast.If, ast.Try, ast.With, ast.For, ast.While)):
            for part in ("body", "orelse", "finalbody"):
                yield from module_imports(getattr(statement, part, ()))
            for handler in getattr(statement, "handlers", ()):
                yield from module_imports(handler.body)


def definitions(node: ast.AST, class_name: str | None) -> Iterator[Snippet]:
    """All definitions, each with the class whose body (not bases or decorators) holds it."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.GeneratorExp)):
        yield Snippet(node, class_name)
    if isinstance(node, ast.ClassDef):
        for outer in (*node.decorator_list, *node.bases, *node.keywords):
            yield from definitions(outer, class_name)
        for inner in node.body:
            yield from definitions(inner, node.name)
        return
    for child in ast.iter_child_nodes(node):
        yield from definitions(child, class_name)


def name_of(node: Any) -> str:
    """What the code object of a definition is called."""
    return _UNNAMED.get(type(node)) or str(node.name)


def first_line(node: Any) -> int:
    """The line that becomes ``co_firstlineno``: that of the first decorator."""
    decorators = getattr(node, "decorator_list", None)
    return int(min([node.lineno, *(d.lineno for d in decorators or ())]))


def choose(candidates: list[Snippet], code: types.CodeType) -> Snippet | None:
    """Of several lambdas on one line, the one whose body holds the code's positions."""
    node = innermost([definition.node for definition in candidates], code)
    for definition in candidates:
        if definition.node is node:
            return definition
    # Without columns (-X no_debug_ranges): fine if all candidates read the same.
    if candidates and len({ast.dump(definition.node) for definition in candidates}) == 1:
        return candidates[0]
    return None


def innermost(nodes: Sequence[Any], code: types.CodeType) -> Any | None:
    """The smallest of the lambda nodes whose body contains all instructions of `code`."""
    start, end = extent(code)
    if start is None or end is None:
        return None
    best: Any | None = None
    best_start = (-1, -1)
    for node in nodes:
        body = node.body if isinstance(node, (ast.Lambda, gast.Lambda)) else node
        low = (body.lineno, body.col_offset)
        high = (body.end_lineno, body.end_col_offset)
        if low <= start and end <= high and low > best_start:
            best, best_start = node, low
    return best


def spans(node: Any, code: types.CodeType) -> bool:
    """Whether the code's instructions begin and end with the body of the lambda `node`."""
    start, end = extent(code)
    body = node.body if isinstance(node, (ast.Lambda, gast.Lambda)) else node
    return (start, end) == (
        (body.lineno, body.col_offset),
        (body.end_lineno, body.end_col_offset),
    )


def inner_codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """Functions defined directly in `code`, or in its comprehensions."""
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            if constant.co_name in _COMPREHENSIONS:
                yield from inner_codes(constant)
            if constant.co_name not in _COMPREHENSIONS or constant.co_name == "<genexpr>":
                yield constant


def is_rewritten(code: types.CodeType) -> bool:
    """Whether pytest has rewritten the asserts."""
    names = (*code.co_names, *code.co_varnames)
    if any(name.startswith("@py") for name in names):
        return True
    return any(is_rewritten(inner) for inner in all_codes(code))
