"""Nested functions and lambdas: real function objects over the cells of this function."""

from __future__ import annotations

import ast
import builtins
from typing import Any

import gast

from dpy.records import replace
from dpy.transform.ir import Call, Cell, Closure, Expr, Known, Lit, Op, Star, Var
from dpy.transform.lower.builder import Builder
from dpy.transform.lower.expressions import operands
from dpy.transform.lower.scopes import annotated_in
from dpy.transform.lower.targets import store_name

__all__ = ["define", "define_class", "make_closure", "make_generator"]


def make_closure(b: Builder, node: Any) -> Closure:
    """The `Closure` of a lambda."""
    return _closure(b, node, "<lambda>", operands(b, _default_nodes(node)))


def define(b: Builder, node: Any) -> None:
    """A nested ``def`` statement: decorators, defaults, function, calls of the decorators."""
    _refuse_type_parameters(b, node)
    count = len(node.decorator_list)
    annotated = annotated_in(node)
    is_text = b.source.is_annotation_text
    places = [] if is_text else [annotation for _, annotation in annotated]
    defaults = _default_nodes(node)
    atoms = operands(b, [*node.decorator_list, *defaults, *places])
    end = count + len(defaults)
    if is_text:
        noted = [Lit(ast.unparse(gast.gast_to_ast(annotation))) for _, annotation in annotated]
    else:
        noted = [_of_starred(b, found, node) for found in atoms[end:]]
    names = [b.mangle(name) for name, _ in annotated]
    value: Expr = replace(
        _closure(b, node, node.name, atoms[count:end]),
        annotations=tuple(zip(names, noted, strict=True)),
    )
    for decorator, place in zip(
        reversed(atoms[:count]), reversed(node.decorator_list), strict=True
    ):
        value = Call(decorator, (b.atom(value, node),))
        value = b.assign(value, place)
    store_name(b, b.mangle(node.name), value, node)


def make_generator(b: Builder, node: Any) -> Closure:
    """The `Closure` of a generator expression."""
    return Closure("<genexpr>", node, _cells(b, node))


def define_class(b: Builder, node: Any) -> None:
    """A ``class`` statement: the body runs as it is."""
    _refuse_type_parameters(b, node)
    count = len(node.decorator_list)
    keywords = [keyword.value for keyword in node.keywords]
    atoms = operands(b, [*node.decorator_list, *node.bases, *keywords])
    body = b.assign(Closure(node.name, node, _cells(b, node)), node)
    bases = atoms[count : count + len(node.bases)]
    named = zip([k.arg for k in node.keywords], atoms[count + len(bases) :], strict=True)
    build = Known(builtins.__build_class__, "__build_class__")
    value: Expr = Call(build, (body, Lit(node.name), *bases), tuple(named))
    for decorator, place in zip(
        reversed(atoms[:count]), reversed(node.decorator_list), strict=True
    ):
        value = b.assign(Call(decorator, (b.atom(value, node),)), place)
    store_name(b, b.mangle(node.name), value, node)


def _refuse_type_parameters(b: Builder, node: Any) -> None:
    if getattr(node, "type_params", None):
        raise b.refuse(
            "type parameters of a function or class within a function",
            node,
            why="Python makes them in a scope of its own, which dpy has no translation for",
            repair="define it at the top level, or leave the type parameters out",
        )


def _of_starred(b: Builder, found: Any, node: Any) -> Any:
    """``*args: *Ts`` notes the only item of ``Ts``."""
    if not isinstance(found, Star):
        return found
    items = b.assign(Op("tuple", (found,)), node)
    return b.assign(Op("getitem", (items, Lit(0))), node)


def _default_nodes(node: Any) -> list[Any]:
    return [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]


def _closure(b: Builder, node: Any, code_name: str, defaults: list[Any]) -> Closure:
    pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    keywords = [b.mangle(name.id) for name, default in pairs if default is not None]
    positional, keyword = defaults[: len(node.args.defaults)], defaults[len(node.args.defaults) :]
    return Closure(
        code_name=code_name,
        node=node,
        cells=_cells(b, node),
        defaults=tuple(positional),
        kwdefaults=tuple(zip(keywords, keyword, strict=True)),
    )


def _cells(b: Builder, node: Any) -> tuple[tuple[str, Any], ...]:
    scope = b.scope.by_node[id(node)]
    cells: list[tuple[str, Any]] = []
    for name in sorted(scope.free()):
        kind, ir_name = b.resolve(name)
        if kind == "cell":
            cells.append((name, Var(ir_name)))
        elif kind == "free":
            cells.append((name, Cell(ir_name)))
    return tuple(cells)
