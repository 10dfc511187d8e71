"""What the passes share: reading, rewriting and classifying nodes."""

from __future__ import annotations

import operator
import re
import types
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any

from dpy.records import replace
from dpy.transform import ir
from dpy.transform.ir import reads as reads_of
from dpy.transform.ir import targets, variables

__all__ = [
    "INPLACE", "assigned", "changed_in_place", "count_reads", "expressions", "find", "is_pure",
    "is_temporary", "map_compounds", "pullback_of", "reads_of", "rewrite", "root", "size",
    "substitute", "targets", "touched", "walk", "with_pullback",
]  # fmt: skip

INPLACE = frozenset(
    "iadd isub imul itruediv ifloordiv imod ipow imatmul iand ior ixor ilshift irshift".split()
)
_CHANGES = frozenset(("add_at", "add_to", "subtract_from", "take_at"))
_TEMPORARY = re.compile(r"t_\d+")


def is_temporary(name: Any) -> bool:
    """Whether `name` is one that `lower` makes up for the value of an expression."""
    if type(name) is not str or not name.startswith("t_"):
        return False
    return _TEMPORARY.fullmatch(name) is not None


def expressions(s: ir.Stmt) -> tuple[Any, ...]:
    """The expressions of a statement itself, without those of the blocks in it."""
    kind = type(s)
    if kind is ir.Assign or kind is ir.Return:
        return (s.value,)  # type: ignore[union-attr]
    if isinstance(s, (ir.If, ir.While)):
        return (s.test,)
    if isinstance(s, ir.For):
        return (s.iter,)
    if isinstance(s, ir.Raise):
        return tuple(e for e in (s.exc, s.cause) if e is not None)
    return ()


def walk(block: Iterable[ir.Stmt]) -> Iterable[ir.Stmt]:
    """All statements, without those of nested functions."""
    return ir.walk(tuple(block))


def assigned(block: Iterable[ir.Stmt]) -> set[str]:
    """All names that a block assigns or changes in place."""
    found: set[str] = set()
    for s in block:
        if type(s) is ir.Assign:
            target = s.target
            if type(target) is str:
                found.add(target)
            elif target is not None:
                found.update(target)
            else:
                found.update(changed_in_place(s))
        elif isinstance(s, (ir.If, ir.For, ir.While)):
            found |= ir.asked(s, _assigned_in)
    return found


def _assigned_in(s: ir.If | ir.For | ir.While) -> frozenset[str]:
    return frozenset(targets(s)).union(*map(assigned, ir.blocks_of(s)))


def touched(s: ir.Stmt) -> frozenset[str]:
    """The names that a statement, or one in it, reads or assigns."""
    if isinstance(s, (ir.If, ir.For, ir.While)):
        return ir.asked(s, _touched_in)
    return frozenset((*targets(s), *reads_of(s)))


def _touched_in(s: ir.If | ir.For | ir.While) -> frozenset[str]:
    found = {*targets(s), *reads_of(s)}
    for block in ir.blocks_of(s):
        for inner in block:
            if isinstance(inner, (ir.If, ir.For, ir.While)):
                found |= ir.asked(inner, _touched_in)
            else:
                found.update(targets(inner), reads_of(inner))
    return frozenset(found)


def changed_in_place(s: ir.Stmt) -> tuple[str, ...]:
    """Arrays of cotangents that a statement changes."""
    if not isinstance(s, ir.Assign):
        return ()
    value = s.value
    if isinstance(value, ir.Call) and isinstance(value.func, ir.Known):
        changes = value.func.name in _CHANGES
    else:
        is_item = s.target is None and isinstance(value, ir.Op)
        changes = is_item and (value.name == "setitem" or value.name in INPLACE)  # type: ignore[union-attr]
    if not changes:
        return ()
    place: Any = value.args[0]  # type: ignore[union-attr]
    while isinstance(place, ir.Op) and place.name == "getitem":
        place = place.args[0]
    return (place.name,) if isinstance(place, ir.Var) else ()


def count_reads(function: ir.Function) -> Counter[str]:
    """How often each variable of a forward is read, by its pullback too."""
    statements = tuple(ir.walk(function.body))
    found = Counter(chain.from_iterable(map(reads_of, statements)))
    for s in statements:
        if type(s) is ir.Def:
            inner = count_reads(s.function)
            own = assigned(s.function.body) | {p.name for p in s.function.params}
            found.update({name: n for name, n in inner.items() if name not in own})
    found.update(variables(function.result))
    return found


def pullback_of(function: ir.Function) -> ir.Function | None:
    """The pullback that a generated forward defines."""
    for s in reversed(function.body):
        if isinstance(s, ir.Def):
            return s.function
    return None


def with_pullback(function: ir.Function, pullback: ir.Function) -> ir.Function:
    """The forward with another pullback."""
    body = tuple(
        replace(s, function=pullback) if isinstance(s, ir.Def) else s for s in function.body
    )
    return replace(function, body=body)


# --- expressions ----------------------------------------------------------------------------------


def map_compounds(e: Any, change: Callable[[Any], Any]) -> Any:
    """Rebuild an expression from the inside out, with `change` applied to what has operands."""
    kind = type(e)
    if kind is ir.Var or kind is ir.Lit or kind is ir.Known:
        return e
    if kind is ir.Op:
        args = tuple([map_compounds(a, change) for a in e.args])
        if not _same(args, e.args):
            e = ir.Op(e.name, args)
    elif kind is ir.Call:
        func = map_compounds(e.func, change)
        args = tuple([map_compounds(a, change) for a in e.args])
        kwargs = tuple([(k, map_compounds(a, change)) for k, a in e.kwargs])
        if func is not e.func or e.kwargs or not _same(args, e.args):
            e = ir.Call(func, args, kwargs)
    elif kind is ir.Star:
        e = ir.Star(map_compounds(e.value, change))
    return change(e)


def _same(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    return all(map(operator.is_, a, b))


def substitute(e: Any, values: Mapping[str, Any]) -> Any:
    """An expression with variables replaced."""
    if not values or values.keys().isdisjoint(variables(e)):
        return e
    return _substituted(e, values)


def _substituted(e: Any, values: Mapping[str, Any]) -> Any:
    kind = type(e)
    if kind is ir.Var:
        return values.get(e.name, e)
    if kind is ir.Op:
        return ir.Op(e.name, tuple([_substituted(a, values) for a in e.args]))
    if kind is ir.Call:
        args = tuple([_substituted(a, values) for a in e.args])
        kwargs = tuple([(k, _substituted(a, values)) for k, a in e.kwargs])
        return ir.Call(_substituted(e.func, values), args, kwargs)
    if kind is ir.Star:
        return ir.Star(_substituted(e.value, values))
    if kind is ir.Closure:
        return replace(
            e,
            cells=tuple([(k, _substituted(a, values)) for k, a in e.cells]),
            defaults=tuple([_substituted(a, values) for a in e.defaults]),
            kwdefaults=tuple([(k, _substituted(a, values)) for k, a in e.kwdefaults]),
            annotations=tuple([(k, _substituted(a, values)) for k, a in e.annotations]),
        )
    return e


def rewrite(s: ir.Stmt, change: Callable[[Any], Any]) -> ir.Stmt:
    """A statement with its own expressions changed."""
    if type(s) is ir.Assign:
        value = change(s.value)
        return s if value is s.value else ir.Assign(s.target, value, s.loc)
    if isinstance(s, ir.Return):
        return replace(s, value=change(s.value))
    if isinstance(s, (ir.If, ir.While)):
        test = change(s.test)
        return s if test is s.test else replace(s, test=test)
    if isinstance(s, ir.For):
        source = change(s.iter)
        return s if source is s.iter else replace(s, iter=source)
    if isinstance(s, ir.Raise):
        exc = None if s.exc is None else change(s.exc)
        return replace(s, exc=exc, cause=None if s.cause is None else change(s.cause))
    return s


def size(e: Any) -> int:
    """The number of nodes of an expression."""
    if type(e) is ir.Var:
        return 1
    if isinstance(e, ir.Op):
        return 1 + sum(map(size, e.args))
    if isinstance(e, ir.Call):
        return 1 + size(e.func) + sum(map(size, e.args)) + sum(size(a) for _, a in e.kwargs)
    return 1


# --- what an expression does ----------------------------------------------------------------------

_PURE_OPS = frozenset(
    "add sub mul truediv floordiv mod pow matmul neg pos not_ lt le eq ne gt ge is_ is_not "
    "tuple dict slice".split()
)
_PURE_CALLS = frozenset(
    (
        "filled",
        "add",
        "project",
        "unbroadcast",
        "times",
        "conjugate",
        "slot",
        "project_written",
        "reversed",
    )
)
_PURE_MODULES = frozenset(("math", "cmath", "numpy", "dpy.adjoints.safe", "dpy.cotangent"))


def is_pure(e: Any) -> bool:
    """Whether an expression of a *pullback* may be moved or dropped."""
    if isinstance(e, (ir.Var, ir.Lit, ir.Known)):
        return True
    if isinstance(e, ir.Op):
        if e.name == "getattr":
            return (isinstance(e.args[0], ir.Var) and e.args[1] == ir.Lit("shape")) or (
                root(e) is not None
            )
        return e.name in _PURE_OPS and all(map(is_pure, e.args))
    if isinstance(e, ir.Call):
        operands = all(map(is_pure, e.args)) and all(is_pure(a) for _, a in e.kwargs)
        return operands and _is_pure_function(e.func)
    return False


def _is_pure_function(func: Any) -> bool:
    if isinstance(func, ir.Known):
        module = getattr(func.value, "__module__", None)
        return func.name in _PURE_CALLS or func.name.endswith("_partial") or module in _PURE_MODULES
    return root(func) is not None


def root(e: Any) -> Any:
    """The module of a dotted name such as ``math.cos``, if its functions have no effects."""
    while isinstance(e, ir.Op) and e.name == "getattr":
        e = e.args[0]
    if isinstance(e, ir.Known) and isinstance(e.value, types.ModuleType):
        return e if e.value.__name__ in _PURE_MODULES else None
    return None


def find(e: Any, name: str, is_harmless: Callable[[Any], bool]) -> str:
    """Where the variable `name` stands in the order of evaluation of `e`.

    ``"first"``: nothing but atoms and harmless operations are evaluated before it.
    ``"absent"``: it does not occur, and `e` is harmless. ``"late"``: neither.
    """
    if isinstance(e, ir.Var):
        return "first" if e.name == name else "absent"
    if isinstance(e, (ir.Lit, ir.Known)):
        return "absent"
    if isinstance(e, ir.Star):
        return "first" if find(e.value, name, is_harmless) == "first" else "late"
    if not isinstance(e, (ir.Op, ir.Call)):
        return "late"
    for part in _order(e):
        found = find(part, name, is_harmless)
        if found != "absent":
            return found
    is_index = isinstance(e, ir.Op) and e.name in ("slice", "tuple")  # made without any effect
    return "absent" if is_index or is_harmless(e) else "late"


def _order(e: Any) -> tuple[Any, ...]:
    """The operands in the order in which the printed Python evaluates them."""
    if isinstance(e, ir.Call):
        return (e.func, *e.args, *(a for _, a in e.kwargs))
    args: tuple[Any, ...] = e.args
    if e.name in INPLACE:  # the left operand must stay a variable
        return args[1:]
    if e.name in ("setitem", "setattr", "put"):
        return (args[-1], *args[:-1])
    if e.name == "contains":
        return args[::-1]
    if e.name in ("format", "join"):
        return (ir.Global("f-string"),)
    return args
