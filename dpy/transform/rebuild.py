"""Run any stage: a function object from IR, over the globals and cells of the user's function.

For tests and debugging: what a stage produces must compute what the user's function computes.
"""

from __future__ import annotations

import ast
import types
from typing import Any

from dpy.transform.codes import compile_quietly
from dpy.transform.helpers import HELPERS
from dpy.transform.ir import Closure, Function
from dpy.transform.show import Namer, to_function_ast
from dpy.transform.source import Source, nested_code

__all__ = ["rebuild"]


class _Binder(Namer):
    """Binds objects to names that the function does not use."""

    def __init__(self, source: Source, used: set[str], cells: dict[str, types.CellType]) -> None:
        self.source = source
        self.used = used
        self.cells = cells
        self.bound: dict[str, Any] = {}
        self._names: dict[tuple[str, int], str] = {}

    def _bind(self, base: str, value: Any) -> ast.expr:
        key = (base, id(value))
        if key not in self._names:
            name = base.replace(".", "_").replace("<lambda>", "lambda_")
            while name in self.used:
                name += "_"
            self.used.add(name)
            self.bound[name] = value
            self._names[key] = name
        return ast.Name(self._names[key], ast.Load())

    def known(self, value: Any, name: str) -> ast.expr:
        return self._bind(name, value)

    def helper(self, name: str) -> ast.expr:
        return self._bind(name, HELPERS[name])

    def cell(self, name: str) -> ast.expr:
        return self._bind(f"cell_{name}", self.cells[name])

    def globals(self) -> ast.expr:
        return self._bind("user_globals", self.source.globals)

    def code(self, closure: Closure) -> ast.expr:
        code = nested_code(self.source, closure.node)
        return self._bind(f"{closure.code_name}_code", code)


def rebuild(function: Function, source: Source, like: types.FunctionType) -> types.FunctionType:
    """A function that runs the IR, with the defaults and cells of `like`."""
    plain = ast.walk(to_function_ast(function))
    used = {node.id for node in plain if isinstance(node, ast.Name)}
    used |= {param.name for param in function.params} | set(function.free)
    cells = dict(zip(like.__code__.co_freevars, like.__closure__ or (), strict=True))
    binder = _Binder(source, used, cells)
    inner = to_function_ast(function, binder)
    inner.name = next(n for n in ("rebuilt" + "_" * i for i in range(99)) if n not in used)
    factory = ast.parse("def factory(): pass").body[0]
    assert isinstance(factory, ast.FunctionDef)
    factory.args.args = [ast.arg(name) for name in (*binder.bound, *cells)]
    factory.body = [inner]
    module = ast.fix_missing_locations(ast.Module([factory], []))
    compiled = compile_quietly(module, function.filename)
    (outer_code,) = (c for c in compiled.co_consts if isinstance(c, types.CodeType))
    (code,) = (c for c in outer_code.co_consts if isinstance(c, types.CodeType))
    contents = {name: types.CellType(value) for name, value in binder.bound.items()} | cells
    closure = tuple(contents[name] for name in code.co_freevars)
    rebuilt = types.FunctionType(
        code.replace(co_name=like.__name__),
        like.__globals__,
        like.__name__,
        like.__defaults__,
        closure,
    )
    rebuilt.__qualname__ = like.__qualname__
    rebuilt.__kwdefaults__ = like.__kwdefaults__
    return rebuilt
