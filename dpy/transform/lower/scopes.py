r"""Which scope a name belongs to: Python's rules, with comprehensions inlined.

>>> import gast
>>> tree = gast.parse("def f(x):\n  y = 1\n  return lambda z: x + y + z").body[0]
>>> scope = analyse(tree, None)
>>> sorted(scope.bound), sorted(scope.cells())
(['x', 'y'], ['x', 'y'])
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import gast

from dpy.records import made_by, struct

__all__ = [
    "COMPREHENSIONS",
    "CONSUMERS",
    "Scope",
    "analyse",
    "annotated_in",
    "mangle",
    "parameters",
]

COMPREHENSIONS = (gast.ListComp, gast.SetComp, gast.DictComp, gast.GeneratorExp)
_FUNCTIONS = (gast.FunctionDef, gast.AsyncFunctionDef, gast.Lambda)


# Callables that read all of an iterable before they do anything else with it, or for which
# reading it first makes no difference.
CONSUMERS = frozenset({"sum", "min", "max", "list", "tuple", "set", "frozenset", "dict", "sorted"})
_METHODS = frozenset({"fsum", "prod", "join"})


def mangle(name: str, class_name: str | None) -> str:
    """The private name that ``__name`` stands for inside a class.

    >>> mangle("__x", "_Point"), mangle("__init__", "Point"), mangle("__x", None)
    ('_Point__x', '__init__', '__x')
    """
    if class_name is None or not name.startswith("__") or name.endswith("__") or "." in name:
        return name
    stripped = class_name.lstrip("_")
    return f"_{stripped}{name}" if stripped else name


def parameters(arguments: Any) -> list[tuple[str, str]]:
    """``(name, kind)`` of all parameters, in the order of the signature."""
    found = [(a.id, "positional") for a in (*arguments.posonlyargs, *arguments.args)]
    if arguments.vararg is not None:
        found.append((arguments.vararg.id, "args"))
    found += [(a.id, "keyword") for a in arguments.kwonlyargs]
    if arguments.kwarg is not None:
        found.append((arguments.kwarg.id, "kwargs"))
    return found


@struct
class Scope:
    """A function, class or comprehension; `kind` is "function", "class" or "comprehension"."""

    kind: str
    node: Any
    class_name: str | None
    bound: set[str] = made_by(default_factory=set)
    uses: set[str] = made_by(default_factory=set)
    globals: set[str] = made_by(default_factory=set)
    nonlocals: set[str] = made_by(default_factory=set)
    children: list[Scope] = made_by(default_factory=list)
    by_node: dict[int, Scope] = made_by(default_factory=dict)

    def free(self) -> set[str]:
        """Names that an enclosing scope must provide (or that are global after all)."""
        inner: set[str] = set()
        for child in self.children:
            inner |= child.free()
        if self.kind == "class":
            inner.discard("__class__")
            return ((self.uses - self.bound) | inner | self.nonlocals) - self.globals
        return (((self.uses | inner) - self.bound) | self.nonlocals) - self.globals

    def captured(self) -> set[str]:
        """Names used by real closures made in this scope, its comprehensions included."""
        found: set[str] = set()
        for child in self.children:
            if child.kind == "comprehension":
                found |= child.captured() - child.bound
            else:
                found |= child.free()
        return found

    def cells(self) -> set[str]:
        """Variables of this scope that must live in cells."""
        return self.captured() & self.bound

    def names(self) -> set[str]:
        """All names used here that are not bound by a comprehension."""
        found = self.uses | self.globals | self.nonlocals
        if self.kind != "comprehension":
            found = found | self.bound
        for child in self.children:
            if child.kind == "comprehension":
                found |= child.names() - child.bound
            else:
                found |= child.free()
        return found


def analyse(
    node: Any,
    class_name: str | None,
    outer: Iterable[str] = (),
    *,
    is_annotation_text: bool = False,
) -> Scope:
    """The scope of a function or lambda; scopes of comprehensions are found in `by_node`.

    `outer` are variables of the function around: ``:=`` of a generator expression assigns these.
    Names in annotations are read unless annotations are only text.
    """
    scope = Scope("function", node, class_name, nonlocals=set(outer))
    _Analysis(scope.by_node, is_annotation_text).function(scope, node)
    return scope


def annotated_in(node: Any) -> list[tuple[str, Any]]:
    """The annotations of a function, in the order in which Python evaluates them."""
    a = node.args
    parameters = [*a.args, *a.posonlyargs, a.vararg, *a.kwonlyargs, a.kwarg]
    found = [(p.id, p.annotation) for p in parameters if p is not None and p.annotation]
    return found if node.returns is None else [*found, ("return", node.returns)]


class _Analysis(gast.NodeVisitor):  # type: ignore[misc]
    """Fills scopes; `scope` is the one being filled."""

    def __init__(self, by_node: dict[int, Scope], is_annotation_text: bool) -> None:
        self.by_node = by_node
        self.is_annotation_text = is_annotation_text
        self.scope: Scope
        self._parent: dict[int, Scope] = {}  # of comprehensions and generator expressions
        self._consumed: set[int] = set()

    def function(self, scope: Scope, node: Any) -> None:
        """Fill the scope of a function from its parameters and body."""
        self.scope = scope
        self.by_node[id(node)] = scope
        for name, _ in parameters(node.args):
            scope.bound.add(mangle(name, scope.class_name))
        body = [node.body] if isinstance(node, gast.Lambda) else node.body
        for statement in body:
            self.visit(statement)
        if "super" in scope.uses:
            scope.uses.add("__class__")
        scope.bound -= scope.globals | scope.nonlocals

    def _inside(self, kind: str, node: Any, class_name: str | None) -> tuple[Scope, Scope]:
        outer = self.scope
        inner = Scope(kind, node, class_name, by_node=outer.by_node)
        outer.children.append(inner)
        return outer, inner

    def _bind(self, name: str) -> None:
        self.scope.bound.add(mangle(name, self.scope.class_name))

    def visit_Name(self, node: Any) -> None:
        name = mangle(node.id, self.scope.class_name)
        if isinstance(node.ctx, gast.Load):
            self.scope.uses.add(name)
        else:
            self.scope.bound.add(name)

    def visit_NamedExpr(self, node: Any) -> None:
        """``:=`` binds in the function around comprehensions and generator expressions."""
        self.visit(node.value)
        name = mangle(node.target.id, self.scope.class_name)
        scope: Scope | None = self.scope
        while scope is not None:
            if scope.kind == "comprehension":
                scope.uses.add(name)
            elif isinstance(scope.node, gast.GeneratorExp):
                scope.nonlocals.add(name)
            else:
                scope.bound.add(name)
                return
            scope = self._parent.get(id(scope))

    def visit_Global(self, node: Any) -> None:
        self.scope.globals |= {mangle(name, self.scope.class_name) for name in node.names}

    def visit_Nonlocal(self, node: Any) -> None:
        self.scope.nonlocals |= {mangle(name, self.scope.class_name) for name in node.names}

    def visit_AnnAssign(self, node: Any) -> None:
        self.visit(node.target)
        if node.value is not None:
            self.visit(node.value)
        if not self.is_annotation_text:
            self.visit(node.annotation)

    def visit_FunctionDef(self, node: Any) -> None:
        self._bind(node.name)
        noted = [] if self.is_annotation_text else [found for _, found in annotated_in(node)]
        parts = (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults, *noted)
        for outer in parts:
            if outer is not None:
                self.visit(outer)
        self._nested(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: Any) -> None:
        for outer in (*node.args.defaults, *node.args.kw_defaults):
            if outer is not None:
                self.visit(outer)
        self._nested(node)

    def _nested(self, node: Any) -> None:
        outer, inner = self._inside("function", node, self.scope.class_name)
        self.function(inner, node)
        self.scope = outer

    def visit_ClassDef(self, node: Any) -> None:
        self._bind(node.name)
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(part)
        outer, inner = self._inside("class", node, node.name)
        inner.by_node[id(node)] = inner
        self.scope = inner
        for statement in node.body:
            self.visit(statement)
        inner.bound -= inner.globals | inner.nonlocals
        self.scope = outer

    def visit_ListComp(self, node: Any) -> None:
        first = node.generators[0]
        self.visit(first.iter)  # evaluated outside
        outer, inner = self._inside("comprehension", node, self.scope.class_name)
        self._parent[id(inner)] = outer
        self.by_node[id(node)] = inner
        self.scope = inner
        for generator in node.generators:
            if generator is not first:
                self.visit(generator.iter)
            self.visit(generator.target)
            for test in generator.ifs:
                self.visit(test)
        for part in (node.key, node.value) if isinstance(node, gast.DictComp) else (node.elt,):
            self.visit(part)
        self.scope = outer

    visit_SetComp = visit_DictComp = visit_ListComp

    def visit_Call(self, node: Any) -> None:
        if node.args and isinstance(node.args[0], gast.GeneratorExp) and _is_consumer(node):
            if getattr(node.func, "id", None) not in self.scope.bound:
                self._consumed.add(id(node.args[0]))
        self.generic_visit(node)

    def visit_GeneratorExp(self, node: Any) -> None:
        """One that is consumed on the spot is a loop, any other a function of its own."""
        if id(node) in self._consumed:
            self.visit_ListComp(node)
            return
        self.visit(node.generators[0].iter)
        outer, inner = self._inside("function", node, self.scope.class_name)
        self._parent[id(inner)] = outer
        inner.by_node[id(node)] = inner
        self.scope = inner
        for generator in node.generators:
            self.visit(generator.target)
            for part in (*generator.ifs, *([generator.iter] if generator.iter else [])):
                if part is not node.generators[0].iter:
                    self.visit(part)
        self.visit(node.elt)
        self.scope = outer

    def visit_Import(self, node: Any) -> None:
        for alias in node.names:
            self._bind(alias.asname or alias.name.partition(".")[0])

    visit_ImportFrom = visit_Import

    def visit_MatchAs(self, node: Any) -> None:
        if node.name is not None:
            self._bind(node.name)
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: Any) -> None:
        if node.rest is not None:
            self._bind(node.rest)
        self.generic_visit(node)


def _is_consumer(call: Any) -> bool:
    """Whether a call reads the generator expression that is its first argument, by its name."""
    others = [*call.args[1:], *(keyword.value for keyword in call.keywords)]
    if not all(isinstance(other, (gast.Name, gast.Constant, gast.Lambda)) for other in others):
        return False
    func = call.func
    if isinstance(func, gast.Name):
        return func.id in CONSUMERS or (func.id in ("any", "all") and not others)
    return isinstance(func, gast.Attribute) and func.attr in _METHODS
