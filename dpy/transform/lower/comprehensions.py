"""Comprehensions become loops with variables of their own."""

from __future__ import annotations

import builtins
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

import gast

from dpy.transform.ir import Assign, Block, Call, Expr, For, If, Known, Lit, Op, Var
from dpy.transform.lower.builder import ASSIGNED, Builder, join
from dpy.transform.lower.closures import make_generator
from dpy.transform.lower.expressions import atom, condition, operands
from dpy.transform.lower.scopes import CONSUMERS
from dpy.transform.lower.targets import store

__all__ = ["as_function", "comprehension", "fresh_name", "generator_call", "store_loop_item"]

_MATH_CONSUMERS = frozenset({"fsum", "prod"})


def comprehension(b: Builder, node: Any) -> Expr:
    """A list, set or dict comprehension."""
    if isinstance(node, gast.GeneratorExp):
        return _generator(b, node)
    kind, append = {
        gast.ListComp: ("list", "append"),
        gast.SetComp: ("set", "add_to_set"),
        gast.DictComp: ("dict", "put"),
    }[type(node)]
    parts = (node.key, node.value) if isinstance(node, gast.DictComp) else (node.elt,)
    return _collect(b, node, kind, append, parts)


def _generator(b: Builder, node: Any) -> Expr:
    """A generator expression that goes on its way: a generator function, called at once."""
    if b.scope.by_node[id(node)].kind == "comprehension":
        raise b.refuse(
            "a generator expression here",
            node,
            why="what looks like a builtin that reads it is another function",
            repair="give the generator a name first, or write a list",
        )
    function = b.assign(make_generator(b, node), node)
    iterable = atom(b, node.generators[0].iter)
    items = b.assign(Call(Known(iter, "iter"), (iterable,)), node)
    return Call(function, (items,))


def _collect(b: Builder, node: Any, kind: str, append: str, parts: Sequence[Any]) -> Var:
    holder: list[Var] = []

    def begin() -> None:
        holder.append(b.assign(Op(kind, ()), node))

    def element() -> None:
        b.effect(Op(append, (holder[0], *operands(b, parts))), node)

    _loops(b, node, begin, element)
    return holder[0]


def _loops(
    b: Builder,
    node: Any,
    begin: Callable[[], None],
    element: Callable[[], None],
    exit_flag: Callable[[], str | None] = lambda: None,
) -> None:
    """Loops over the generators of `node` around what `element` emits."""
    first = node.generators[0]
    if any(generator.is_async for generator in node.generators):
        raise b.refuse(
            "an asynchronous comprehension",
            node,
            why="the reverse sweep cannot resume an event loop",
            repair="collect the items first, outside",
        )
    iterable = atom(b, first.iter)  # evaluated in the scope around
    # Then it is a local variable, which the traceback of an exception keeps.
    is_held = isinstance(node, gast.GeneratorExp) or sys.version_info < (3, 12)
    before = None if b.state is None else dict(b.state)
    b.widen([node])
    with b.comprehension(b.scope.by_node[id(node)], node):
        begin()

        def nest(i: int, items: Any) -> None:
            if i == len(node.generators):
                element()
                return
            generator = node.generators[i]
            iter_atom = items if i == 0 else atom(b, generator.iter)
            with b.block() as body:
                target = store_loop_item(b, generator.target)
                filtered(i, generator.ifs)
            fresh = None if i == 0 and is_held else fresh_name(generator.iter, iter_atom)
            loc = b.loc(generator.iter)
            b.emit(For(target, iter_atom, tuple(body), exit_flag(), loc, fresh))

        def filtered(i: int, tests: Sequence[Any]) -> None:
            if not tests:
                nest(i + 1, None)
                return
            test = condition(b, tests[0])
            with b.block() as body:
                filtered(i, tests[1:])
            b.emit(If(test, tuple(body), (), b.loc(tests[0])))

        nest(0, iterable)
    b.state = join(before, b.state)


def as_function(node: Any) -> Any:
    """The generator function that a generator expression stands for."""
    used = {inner.id for inner in gast.walk(node) if isinstance(inner, gast.Name)}
    name = "items"
    while name in used:
        name += "_"

    def at(made: Any) -> Any:
        return gast.copy_location(made, node)

    body: Any = at(gast.Expr(at(gast.Yield(node.elt))))
    for i, generator in reversed(list(enumerate(node.generators))):
        for test in reversed(generator.ifs):
            body = at(gast.If(test, [body], []))
        source = generator.iter if i else at(gast.Name(name, gast.Load(), None, None))
        kind = gast.AsyncFor if generator.is_async else gast.For
        body = at(kind(generator.target, source, [body], [], None))
    parameter = at(gast.Name(name, gast.Param(), None, None))
    arguments = gast.arguments([parameter], [], None, [], [], None, [])
    return at(gast.FunctionDef("genexpr", arguments, [body], [], None, None, []))


def fresh_name(node: Any, iterable: Expr) -> str | None:
    """The variable of an iterable that a loop calls for in its own line."""
    is_fresh = isinstance(node, gast.Call) and isinstance(iterable, Var)
    return iterable.name if is_fresh else None  # type: ignore[union-attr]


def store_loop_item(b: Builder, target: Any) -> str:
    """The variable of a `For`; what it takes to store into other targets is emitted first."""
    if isinstance(target, gast.Name):
        kind, name = b.resolve(b.mangle(target.id))
        if kind == "local":
            b.mark(name, ASSIGNED)
            return name
    item = b.temporary()
    store(b, target, Var(item), target)
    return item


# --- generator expressions ----------------------------------------------------------------------


def generator_call(b: Builder, node: Any) -> Expr | None:
    """A call such as ``sum(f(x) for x in xs)``; None if the call is not one of these."""
    if not node.args or not isinstance(node.args[0], gast.GeneratorExp):
        return None
    generator, *others = node.args
    name = _consumer(b, node.func)
    if name is None:
        return None
    others += [keyword.value for keyword in node.keywords]
    simple = (gast.Name, gast.Constant, gast.Lambda)
    if any(not isinstance(other, simple) for other in others):
        return None
    if name in ("any", "all"):
        return _any_or_all(b, generator, name) if not others else None
    func = atom(b, node.func)
    items = _collect(b, generator, "list", "append", (generator.elt,))
    rest = operands(b, others)
    positional = len(node.args) - 1
    names = [keyword.arg for keyword in node.keywords]
    return Call(
        func,
        (items, *rest[:positional]),
        tuple(zip(names, rest[positional:], strict=True)),
    )


def _consumer(b: Builder, func: Any) -> str | None:
    """The name of the consumer that `func` stands for, if it is one."""
    names = b.source.globals
    if isinstance(func, gast.Name):
        name: str = func.id
        known = name in CONSUMERS or name in ("any", "all")
        if not known or b.resolve(name)[0] != "global":
            return None
        return name if names.get(name, getattr(builtins, name)) is getattr(builtins, name) else None
    if isinstance(func, gast.Attribute):
        owner = func.value
        if func.attr == "join" and isinstance(owner, gast.Constant) and type(owner.value) is str:
            return "join"
        if func.attr in _MATH_CONSUMERS and isinstance(owner, gast.Name):
            is_global = b.resolve(owner.id)[0] == "global"
            return func.attr if is_global and names.get(owner.id) is math else None
    return None


def _any_or_all(b: Builder, node: Any, name: str) -> Expr:
    """A loop that ends at the first item that decides."""
    holder: list[str] = []

    def begin() -> None:
        holder.append(b.assign(Lit(False), node).name)

    def element() -> None:
        test = condition(b, node.elt)
        decided: Block = (Assign(holder[0], Lit(True), b.loc(node)),)
        body: Block = decided if name == "any" else ()
        orelse: Block = () if name == "any" else decided
        b.emit(If(test, body, orelse, b.loc(node.elt)))

    _loops(b, node, begin, element, lambda: holder[0])
    return Var(holder[0]) if name == "any" else Op("not_", (Var(holder[0]),))
