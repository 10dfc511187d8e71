"""A constructor as a function from its arguments to the fields of the new object.

``__init__`` writes to an object that nobody else has seen yet. As long as it only reads and writes
attributes of ``self``, these are as good as local variables, and the constructor is a pure function
that returns them: no accumulators are needed, and the kinds of the fields are known.

>>> from dpy.transform.ir import Assign, Function, Lit, Op, Param, Var
>>> from dpy.transform.show import show
>>> body = (Assign(None, Op("setattr", (Var("self"), Lit("r"), Var("r")))),)
>>> made = run(Function("__init__", (Param("self"), Param("r")), body), ())
>>> made.fields, print(show(made.function))
def __init__(r):
    self_r = r
    fields = (self_r,)
    return fields
(('r',), None)
"""

from __future__ import annotations

import types
import weakref
from typing import Any

from dpy.records import record, replace
from dpy.transform import ir
from dpy.transform.ir import variables
from dpy.transform.versions import Names

__all__ = ["Fields", "Maker", "made_with", "maker", "run"]


@record
class Fields:
    """The constructor without its object, and the names of the fields it returns, in order."""

    function: ir.Function
    fields: tuple[str, ...]


class _Escapes(Exception):
    """The constructor does more with ``self`` than reading and writing its attributes."""


def run(function: ir.Function, given: tuple[str, ...]) -> Fields | None:
    """Rewrite an ``__init__`` (or, with `given`, a ``__post_init__``), or None if ``self`` escapes.

    `given` are fields that a generated ``__init__`` has stored already: they become parameters.
    """
    owner = function.params[0].name
    if len(function.params) > 1 and given:
        return None
    taken = set(function.locals) | {p.name for p in function.params} | set(given)
    for s in ir.walk(function.body):
        if isinstance(s, (ir.Assign, ir.For)):
            taken.update(t for t in _targets(s) if t is not None)
    rewriter = _Rewriter(owner, Names(taken))
    start = tuple(ir.Assign(rewriter.variable(name), ir.Var(name), function.loc) for name in given)
    try:
        body = rewriter.block(function.body)
    except _Escapes:
        return None
    names = tuple(rewriter.variables)
    bound = set(map(rewriter.variable, given)) | _surely_assigned(body)
    if not all(rewriter.variable(name) in bound for name in names):
        return None
    result = rewriter.names.fresh("fields")
    items = tuple(ir.Var(rewriter.variable(name)) for name in names)
    end = ir.Assign(result, ir.Op("tuple", items), function.loc)
    params = tuple(map(ir.Param, given)) if given else function.params[1:]
    made = replace(
        function, params=params, body=(*start, *body, end), result=ir.Var(result),
        locals=function.locals | set(rewriter.variables.values()) | {result},
    )  # fmt: skip
    return Fields(made, names)


@record
class Maker:
    """The class and the attributes of what a function of `maker` makes."""

    cls: type
    fields: tuple[str, ...]


_makers: weakref.WeakKeyDictionary[Any, Maker] = weakref.WeakKeyDictionary()
_functions: dict[tuple[int, tuple[str, ...]], Any] = {}


def maker(cls: type, fields: tuple[str, ...]) -> Any:
    """A function from the values of these attributes to a new object.

    >>> class Point:
    ...     pass
    >>> vars(maker(Point, ("x", "y"))(1, 2))
    {'x': 1, 'y': 2}
    """
    function = _functions.get((id(cls), fields))
    if function is None or made_with(function).cls is not cls:  # type: ignore[union-attr]
        names = [f"value_{i}" for i in range(len(fields))]
        stores = "".join(
            f"    made.{field} = {name}\n" for field, name in zip(fields, names, strict=True)
        )
        text = f"def make({', '.join(names)}):\n    made = new(cls)\n{stores}    return made"
        namespace: dict[str, Any] = {"new": object.__new__, "cls": cls}
        exec(text, namespace)
        function = namespace["make"]
        function.__name__ = function.__qualname__ = f"new_{cls.__name__}"
        if len(_functions) >= 4096:
            _functions.clear()
        _functions[id(cls), fields] = function
        _makers[function] = Maker(cls, fields)
    return function


def made_with(function: Any) -> Maker | None:
    """What a function that `maker` made makes; None for all others."""
    return _makers.get(function) if isinstance(function, types.FunctionType) else None


def _targets(s: Any) -> tuple[Any, ...]:
    return s.target if isinstance(s.target, tuple) else (s.target,)


class _Rewriter:
    def __init__(self, owner: str, names: Names) -> None:
        self.owner = owner
        self.names = names
        self.variables: dict[str, str] = {}
        self.setters: set[str] = set()
        self.objects: set[str] = set()

    def variable(self, field: str) -> str:
        """The variable that stands for a field."""
        if field not in self.variables:
            self.variables[field] = self.names.fresh(f"{self.owner}_{field}")
        return self.variables[field]

    def block(self, block: ir.Block) -> ir.Block:
        return tuple(map(self.statement, block))

    def statement(self, s: Any) -> Any:
        if isinstance(s, ir.If):
            self._check(s.test)
            return replace(s, body=self.block(s.body), orelse=self.block(s.orelse))
        if isinstance(s, ir.For):
            self._check(s.iter)
            return replace(s, body=self.block(s.body))
        if isinstance(s, ir.While):
            test_body = self.block(s.test_body)
            self._check(s.test)
            return replace(s, test_body=test_body, body=self.block(s.body))
        if isinstance(s, ir.Raise):
            self._check(s.exc)
            self._check(s.cause)
            return s
        if isinstance(s, ir.Assign):
            return self._assign(s)
        raise _Escapes  # a handler, a `with` block: an exception may leave the object half made

    def _assign(self, s: ir.Assign) -> ir.Assign:
        value = s.value
        owner = ir.Var(self.owner)
        if s.target == self.owner:
            raise _Escapes
        if isinstance(value, ir.Global) and value.name == "object" and isinstance(s.target, str):
            self.objects.add(s.target)
        if isinstance(value, ir.Op) and value.args and value.args[0] == owner:
            if value.name == "setattr":
                self._check(value.args[2])
                return replace(s, target=self.variable(value.args[1].value), value=value.args[2])
            if value.name == "getattr" and value.args[1].value in self.variables:
                return replace(s, value=ir.Var(self.variable(value.args[1].value)))
            raise _Escapes
        if isinstance(value, ir.Op) and value.name == "getattr" and isinstance(s.target, str):
            source, name = value.args
            if isinstance(source, ir.Var) and source.name in self.objects:
                if name.value == "__setattr__":
                    self.setters.add(s.target)
        if isinstance(value, ir.Call) and value.args and value.args[0] == owner:
            return self._object_setattr(s, value)
        self._check(value)
        return s

    def _object_setattr(self, s: ir.Assign, value: ir.Call) -> ir.Assign:
        """``object.__setattr__(self, "name", value)``."""
        is_setter = isinstance(value.func, ir.Var) and value.func.name in self.setters
        if not is_setter or len(value.args) != 3 or value.kwargs:
            raise _Escapes
        name = value.args[1]
        if not isinstance(name, ir.Lit):
            raise _Escapes
        self._check(value.args[2])
        return replace(s, target=self.variable(name.value), value=value.args[2])

    def _check(self, value: Any) -> None:
        if value is not None and self.owner in variables(value):
            raise _Escapes


def _surely_assigned(block: ir.Block) -> set[str]:
    """Variables that every way through the block assigns."""
    found: set[str] = set()
    for s in block:
        if isinstance(s, ir.Assign):
            found.update(t for t in _targets(s) if t is not None)
        elif isinstance(s, ir.If):
            leaves = [_ends_in_raise(b) for b in (s.body, s.orelse)]
            a, b = _surely_assigned(s.body), _surely_assigned(s.orelse)
            found |= b if leaves[0] else a if leaves[1] else a & b
    return found


def _ends_in_raise(block: ir.Block) -> bool:
    return bool(block) and isinstance(block[-1], ir.Raise)
