"""A whole function: parameters, cells, body, result."""

from __future__ import annotations

import inspect
from typing import Any

import gast

from dpy.errors import UnsupportedSyntaxError
from dpy.transform.ir import Assign, Function, Lit, Op, Param, Var
from dpy.transform.lower.builder import ASSIGNED, Builder
from dpy.transform.lower.comprehensions import as_function
from dpy.transform.lower.control import result_of, statements
from dpy.transform.lower.frames import Untracked
from dpy.transform.lower.scopes import analyse, mangle, parameters
from dpy.transform.lower.statements import simple_statement
from dpy.transform.source import Source, too_deep

__all__ = ["lower"]

_SUSPENDED = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def lower(source: Source) -> Function:
    """Lower a function; `UnsupportedSyntaxError` for what is outside the language."""
    try:
        return _lower(source)
    except RecursionError:
        raise too_deep(source.code) from None


def _lower(source: Source) -> Function:
    node = source.node
    outer: tuple[str, ...] = ()
    if isinstance(node, gast.GeneratorExp):
        node, outer = as_function(node), source.free
    _refuse_suspended(source)
    scope = analyse(node, source.class_name, outer, is_annotation_text=source.is_annotation_text)
    tracked: set[str] = set()
    while True:
        try:
            return _with_scope(source, node, Builder(source, scope, sorted(tracked)))
        except Untracked as found:
            tracked.update(found.names)


def _with_scope(source: Source, node: Any, b: Builder) -> Function:
    params = tuple(
        Param(mangle(name, source.class_name), kind) for name, kind in parameters(node.args)
    )
    b.state = {param.name: ASSIGNED for param in params}
    names = {param.name for param in params}
    for name, cell in b.cells.items():
        value = (Var(name),) if name in names else ()
        b.emit(Assign(cell, Op("new_cell", value), b.loc(node)))
    for name, flag in b.tracked.items():
        b.emit(Assign(flag, Lit(name in names), b.loc(node)))
    body, doc = _body(node)
    statements(b, body, simple_statement)
    lowered, result = result_of(b, b.body())
    return Function(
        name=source.name,
        params=params,
        body=lowered,
        result=result,
        free=source.free,
        filename=source.filename,
        loc=b.loc(node),
        doc=doc,
        locals=frozenset(b.scope.bound),
    )


def _body(node: Any) -> tuple[list[Any], str | None]:
    """The statements, with a final ``return None`` if the end can be reached; the docstring."""
    if isinstance(node, gast.Lambda):
        return [gast.copy_location(gast.Return(node.body), node.body)], None
    body, doc = list(node.body), None
    first = body[0]
    if isinstance(first, gast.Expr) and isinstance(first.value, gast.Constant):
        if isinstance(first.value.value, str):
            doc = first.value.value
            body = body[1:]
    last = node.body[-1]
    return [*body, gast.copy_location(gast.Return(None), last)], doc


def _refuse_suspended(source: Source) -> None:
    if not source.code.co_flags & _SUSPENDED:
        return
    raise UnsupportedSyntaxError(
        "an asynchronous function cannot be differentiated",
        place=source.place(source.node),
        why="the reverse sweep cannot resume an event loop",
        repair="call a synchronous version",
    )
