r"""The tree of a function that has no text, read back from its code.

Packages write functions with `exec`: wrappers that pass their arguments on, methods with a
signature of their own. These are short and have no loops. What is read here, statements without
loops or handlers, is compiled again; if that does not give the very same instructions, the function
counts as unreadable.

>>> namespace = {}
>>> exec("def scaled(x, k=2.0):\n    return other(x, k=k) / 3", namespace)
>>> print(ast.unparse(decompile(namespace["scaled"].__code__)))
def scaled(x, k):
    return other(x, k=k) / 3
"""

from __future__ import annotations

import ast
import types
from inspect import CO_VARARGS, CO_VARKEYWORDS
from typing import Any

from dpy.transform.codes import compile_quietly
from dpy.transform.decompile.reader import Reader
from dpy.transform.decompile.steps import Unreadable, read_steps

__all__ = ["decompile"]

_FLAGS = CO_VARARGS | CO_VARKEYWORDS


def decompile(code: types.CodeType) -> Any:
    """An `ast.FunctionDef` or `ast.Lambda` that compiles to `code`, or None."""
    try:
        steps = read_steps(code)
        reader = Reader(steps)
        body = reader.block(0, len(steps))
    except (Unreadable, IndexError):
        return None
    found: Any
    if code.co_name == "<lambda>":
        if len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None:
            return None
        found = ast.Lambda(_arguments(code), body[0].value)
        holder: ast.stmt = ast.Expr(found)
    else:
        found = holder = ast.FunctionDef(code.co_name, _arguments(code), body, [])
    for node in ast.walk(holder):
        if "lineno" in node._attributes and getattr(node, "lineno", None) is None:
            node.lineno = node.end_lineno = code.co_firstlineno  # type: ignore[attr-defined]
            node.col_offset = node.end_col_offset = 0  # type: ignore[attr-defined]
    return found if _compiles_to(holder, code) else None


def _arguments(code: types.CodeType) -> ast.arguments:
    names = [ast.arg(name) for name in code.co_varnames]
    n, only = code.co_argcount, code.co_kwonlyargcount
    keyword = names[n : n + only]
    rest = names[n + only :]
    has_rest = bool(code.co_flags & CO_VARARGS)
    vararg = rest.pop(0) if has_rest else None
    kwarg = rest.pop(0) if code.co_flags & CO_VARKEYWORDS else None
    positional = code.co_posonlyargcount
    return ast.arguments(
        names[:positional], names[positional:n], vararg, keyword, [None] * only, kwarg, []
    )


def _compiles_to(holder: ast.stmt, code: types.CodeType) -> bool:
    free = list(code.co_freevars)
    arguments = ast.arguments([], [ast.arg(name) for name in free], None, [], [], None, [])
    outer = ast.FunctionDef("outer", arguments, [holder], [])
    tree = ast.fix_missing_locations(ast.Module([outer if free else holder], []))
    try:
        found = compile_quietly(tree, code.co_filename)
    except (SyntaxError, ValueError, TypeError):
        return False
    for _ in range(2 if free else 1):
        found = next((c for c in found.co_consts if isinstance(c, types.CodeType)), None)
        if found is None:
            return False
    return _signature(found) == _signature(code) and _shape(found) == _shape(code)


def _signature(code: types.CodeType) -> tuple[Any, ...]:
    n = code.co_argcount + code.co_kwonlyargcount + (code.co_flags & _FLAGS).bit_count()
    return (
        code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & _FLAGS,
        code.co_varnames[:n], code.co_freevars, code.co_cellvars,
    )  # fmt: skip


def _shape(code: types.CodeType) -> list[Any]:
    """The instructions without their places: numbers of steps in place of offsets."""
    return [(s.name, repr(s.value), type(s.value), s.target) for s in read_steps(code)]
