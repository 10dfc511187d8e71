"""Emit IR as a Python function: a tree located in the user's file, compiled in its own namespace.

Generated code runs over the globals of the user's module, so that these are read live and at full
speed. What is dpy's own enters as free variables: nothing is put into the user's module.
"""

from __future__ import annotations

import ast
import builtins
import sys
import types
from typing import Any

from dpy.records import record, replace
from dpy.transform import ir, places
from dpy.transform.codes import compile_quietly
from dpy.transform.helpers import HELPERS
from dpy.transform.ir import variables
from dpy.transform.show import Namer, to_function_ast
from dpy.transform.source import Source, nested_code

__all__ = ["Emitted", "emit", "names_in"]

CELLS = "cells_"


@record
class Emitted:
    """A compiled function: its tree, its code, and the cells of the names that are dpy's own.

    The tree is not kept by who keeps the code: it is large, and only looked at.
    """

    tree: ast.FunctionDef | None
    code: types.CodeType
    globals: dict[str, Any]
    bound: dict[str, types.CellType]

    def without_tree(self) -> Emitted:
        """To be kept."""
        return replace(self, tree=None)

    def bind(self, function: types.FunctionType) -> types.FunctionType:
        """A function object with the defaults and the cells of the user's `function`."""
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        closure = tuple(
            types.CellType(cells) if name == CELLS else self.bound.get(name) or cells[name]
            for name in self.code.co_freevars
        )
        bound = types.FunctionType(
            self.code, self.globals, self.code.co_name, function.__defaults__, closure
        )
        bound.__kwdefaults__ = function.__kwdefaults__
        return bound


class _Binder(Namer):
    """Names for code that runs: every object that is meant becomes a free variable."""

    def __init__(self, source: Source, taken: set[str]) -> None:
        self.source = source
        self.taken = taken
        self.namespace: dict[str, Any] = {}
        self.cells: dict[str, types.CellType] = {}
        self._names: dict[int, str] = {}
        self._kept: list[Any] = []

    def _bind(self, value: Any, name: str) -> ast.expr:
        bound = self._names.get(id(value))
        if bound is None:
            bound = name
            while bound in self.taken or bound in self.namespace:
                bound += "_"
            self.namespace[bound] = value
            self._names[id(value)] = bound
            self._kept.append(value)
        return ast.Name(bound, ast.Load())

    def known(self, value: Any, name: str) -> ast.expr:
        if name in self.taken and self.source.globals.get(name, self) is value:
            return ast.Name(name, ast.Load())
        if name not in self.source.globals and getattr(builtins, name, self) is value:
            return ast.Name(name, ast.Load())
        return self._bind(value, name)

    def helper(self, name: str) -> ast.expr:
        return self._bind(HELPERS[name], name)

    def global_of(self, home: ir.Home, name: str) -> ast.expr:
        module = sys.modules.get(home.globals.get("__name__", ""))
        short = str(home.globals.get("__name__", "other")).rpartition(".")[2]
        if module is not None and vars(module) is home.globals and name in home.globals:
            return ast.Attribute(self._bind(module, short), name, ast.Load())
        owner = self._bind(home.globals, f"globals_of_{short}")
        return ast.Subscript(owner, ast.Constant(name), ast.Load())

    def free_of(self, cell: Any, name: str) -> ast.expr:
        found = self._bind(cell, name)
        assert isinstance(found, ast.Name)
        self.cells[found.id] = cell
        return found

    def cell(self, name: str) -> ast.expr:
        return ast.Subscript(ast.Name(CELLS, ast.Load()), ast.Constant(name), ast.Load())

    def globals(self) -> ast.expr:
        return self._bind(self.source.globals, "globals_")

    def code(self, closure: ir.Closure) -> ast.expr:
        code = nested_code(self.source, closure.node)
        name = "".join(c if c.isalnum() else "_" for c in closure.code_name).strip("_")
        return self._bind(code, f"{name}_code")


def emit(
    function: ir.Function, source: Source, *, as_listed: bool = False, stops: bool = False
) -> Emitted:
    """Compile a generated function of `source`.

    If `as_listed`, against its listing (see `dpy.transform.listed`); if it `stops`, with a call
    of the debugger at its beginning and at that of its pullback.
    """
    taken = names_in(function)
    binder = _Binder(source, taken)
    function, table = places.encode(function)
    tree = to_function_ast(function, binder)
    runs, filename = tree, source.filename
    if as_listed:
        from dpy.transform.listed import debugger, listed

        stop = binder.known(debugger, "debugger") if stops else None
        runs, filename = listed(tree, source.code.co_qualname, table, stop)
        table = {}
    elif table:
        runs = places.guarded(tree, binder.known(places.relocate, "relocate"))
    free = [*source.free, CELLS, *binder.namespace]
    factory = ast.FunctionDef(
        "dpy_factory",
        ast.arguments([], [ast.arg(name) for name in free], None, [], [], None, []),
        [ast.Return(ast.Name(tree.name, ast.Load()))],
        [],
    )
    if function.loc is None:
        ast.fix_missing_locations(tree)  # else every node has its place already
    ast.copy_location(factory, runs)
    ast.fix_missing_locations(factory)
    factory.body.insert(0, runs)
    module = ast.Module([factory], [])
    compiled = compile_quietly(module, filename)
    outer = next(c for c in compiled.co_consts if isinstance(c, types.CodeType))
    code = next(
        c for c in outer.co_consts if isinstance(c, types.CodeType) and c.co_name == tree.name
    )
    places.note_code(code, source.code)
    if table:
        places.register(code, table)
    bound = {
        name: binder.cells.get(name) or types.CellType(value)
        for name, value in binder.namespace.items()
    }
    return Emitted(tree, code, source.globals, bound)


def names_in(function: ir.Function) -> set[str]:
    """All names that the function uses, for its variables and for the user's globals."""
    found = {p.name for p in function.params} | set(function.free) | {function.name}

    def visit(block: ir.Block) -> None:
        for s in ir.walk(block):
            if isinstance(s, (ir.Assign, ir.For)):
                targets = s.target if isinstance(s.target, tuple) else (s.target,)
                found.update(t for t in targets if t is not None)
            if isinstance(s, ir.Assign):
                _expression_names(s.value, found)
            elif isinstance(s, ir.For):
                _expression_names(s.iter, found)
            elif isinstance(s, (ir.If, ir.While)):
                _expression_names(s.test, found)
            elif isinstance(s, ir.Return):
                _expression_names(s.value, found)
            elif isinstance(s, ir.Raise):
                _expression_names(s.exc, found)
                _expression_names(s.cause, found)
            elif isinstance(s, ir.Try) and s.name is not None:
                found.add(s.name)
            elif isinstance(s, ir.Def):
                found.add(s.function.name)
                found.update(p.name for p in s.function.params)
                visit(s.function.body)

    visit(function.body)
    _expression_names(function.result, found)
    return found


def _expression_names(value: Any, found: set[str]) -> None:
    found.update(variables(value))
    stack = [value]
    while stack:
        e = stack.pop()
        kind = type(e)
        if kind is ir.Var or kind is ir.Lit or kind is ir.Known:
            continue
        if kind is ir.Global and e.home is None or kind is ir.Free and e.cell is None:
            found.add(e.name)
        elif kind is ir.Op:
            stack += e.args
        elif kind is ir.Call:
            stack += (e.func, *e.args, *(v for _, v in e.kwargs))
