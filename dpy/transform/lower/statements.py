"""Simple statements. Those with blocks are in `control`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gast

from dpy.transform.ir import Assign, Atom, Call, If, Known, Lit, Op, Raise, Var
from dpy.transform.lower.builder import ASSIGNED, Builder
from dpy.transform.lower.closures import define, define_class
from dpy.transform.lower.control import leave
from dpy.transform.lower.expressions import (
    BINARY,
    atom,
    condition,
    expression,
    operands,
)
from dpy.transform.lower.targets import delete, store, store_name

__all__ = ["simple_statement"]

_INPLACE = {kind: f"i{name.rstrip('_')}" for kind, name in BINARY.items()}


def simple_statement(b: Builder, node: Any) -> None:
    """Lower a statement that contains no block."""
    handler = _HANDLERS.get(type(node))
    if handler is None:
        raise _refuse(b, node)
    handler(b, node)


def _nothing(b: Builder, node: Any) -> None:
    pass


def _expression(b: Builder, node: Any) -> None:
    if isinstance(node.value, gast.Constant):
        return
    value = expression(b, node.value)
    if not isinstance(value, Lit) and not (isinstance(value, Var) and value.name in b.temporaries):
        b.effect(value, node.value)


def _assign(b: Builder, node: Any) -> None:
    if len(node.targets) == 1:
        target = node.targets[0]
        if _parallel(b, target, node.value):
            return
        if isinstance(target, gast.Name):
            _assign_name(b, target, node.value)
            return
    value = atom(b, node.value)
    if isinstance(value, Var) and value.name not in b.temporaries and len(node.targets) > 1:
        value = b.assign(value, node.value)  # a target may rebind the variable
    for target in node.targets:
        store(b, target, value, node.value)


def _assign_name(b: Builder, target: Any, value_node: Any) -> None:
    """``x = value``, without a temporary where one operation makes the value."""
    with b.block() as statements:
        value = expression(b, value_node)
        store_name(b, b.mangle(target.id), value, value_node)
    for statement in _straighten(b, statements):
        b.emit(statement)


def _straighten(b: Builder, statements: list[Any]) -> Sequence[Any]:
    """Let the branches of ``x = a if c else b`` assign to ``x`` themselves."""
    if len(statements) < 2:
        return statements
    *others, branch, last = statements
    if not (isinstance(last, Assign) and isinstance(last.value, Var) and isinstance(branch, If)):
        return statements
    temporary = last.value.name
    if temporary not in b.temporaries or not (branch.body and branch.orelse):
        return statements
    if any(isinstance(s, Assign) and s.target == temporary for s in others):
        return statements  # and/or: the temporary has a value before
    parts = []
    for part in (branch.body, branch.orelse):
        end = part[-1]
        if not isinstance(end, Assign) or end.target != temporary:
            return statements
        parts.append((*part[:-1], Assign(last.target, end.value, end.loc)))
    return (*others, If(branch.test, parts[0], parts[1], branch.loc))


def _parallel(b: Builder, target: Any, value: Any) -> bool:
    """``a, b = b, a``: no tuple is made."""
    displays = (gast.Tuple, gast.List)
    if not (isinstance(target, displays) and isinstance(value, displays)):
        return False
    elements = [*target.elts, *value.elts]
    if len(target.elts) != len(value.elts) or any(
        isinstance(e, (gast.Starred, *displays)) for e in target.elts
    ):
        return False
    if any(isinstance(e, gast.Starred) for e in elements):
        return False
    atoms = operands(b, value.elts)
    overwritten: set[str] = set()
    plain = all(isinstance(element, gast.Name) for element in target.elts)
    for i, value_atom in enumerate(atoms):
        if isinstance(value_atom, Var) and value_atom.name not in b.temporaries:
            # A target to the left rebinds the variable, or its being unbound must show first.
            name = value_atom.name
            if name in overwritten or b.bits(name) != ASSIGNED or not plain:
                atoms[i] = b.assign(value_atom, value.elts[i])
        overwritten |= _stored_names(b, target.elts[i])
    for element, value_atom in zip(target.elts, atoms, strict=True):
        store(b, element, value_atom, element)
    return True


def _stored_names(b: Builder, target: Any) -> set[str]:
    return {
        b.resolve(b.mangle(node.id))[1]
        for node in gast.walk(target)
        if isinstance(node, gast.Name) and not isinstance(node.ctx, gast.Load)
    }


def _annotated(b: Builder, node: Any) -> None:
    target = node.target
    if node.value is not None:
        if isinstance(target, gast.Name):
            _assign_name(b, target, node.value)
        else:
            store(b, target, atom(b, node.value), node.value)
    elif isinstance(target, gast.Attribute):
        b.effect(expression(b, target.value), target.value)
    elif isinstance(target, gast.Subscript):
        for part in operands(b, (target.value, target.slice)):
            b.effect(part, target)


def _augmented(b: Builder, node: Any) -> None:
    target, name = node.target, _INPLACE[type(node.op)]
    if isinstance(target, gast.Name):
        left = gast.copy_location(gast.Name(target.id, gast.Load(), None, None), target)
        old, value = operands(b, (left, node.value))
        store_name(b, b.mangle(target.id), Op(name, (old, value)), node)
        return
    if isinstance(target, gast.Attribute):
        owner = _held(b, atom(b, target.value), node.value)
        where: Any = Lit(b.mangle(target.attr))
        get, put = "getattr", "setattr"
    else:
        owner, where = operands(b, (target.value, target.slice))
        owner, where = _held(b, owner, node.value), _held(b, where, node.value)
        get, put = "getitem", "setitem"
    old = b.assign(Op(get, (owner, where)), target)
    value = atom(b, node.value)
    new = b.assign(Op(name, (old, value)), node)
    b.effect(Op(put, (owner, where, new)), target)


def _held(b: Builder, value: Atom, later: Any) -> Atom:
    """`value`, copied if it is a variable that `later` may rebind."""
    if isinstance(value, Var) and any(isinstance(n, gast.NamedExpr) for n in gast.walk(later)):
        return b.assign(value, later)
    return value


def _delete(b: Builder, node: Any) -> None:
    for target in node.targets:
        delete(b, target)


def _assert(b: Builder, node: Any) -> None:
    if not __debug__:
        return
    test = condition(b, node.test)
    state = None if b.state is None else dict(b.state)
    error = Known(AssertionError, "AssertionError")
    with b.block() as failed:
        exc: Any = error
        if node.msg is not None:
            exc = b.assign(Call(error, (atom(b, node.msg),)), node)
        b.emit(Raise(exc, None, b.loc(node)))
    b.state = state
    b.emit(If(test, (), tuple(failed), b.loc(node)))


def _raise(b: Builder, node: Any) -> None:
    parts = [part for part in (node.exc, node.cause) if part is not None]
    exc, cause = (*operands(b, parts), None, None)[:2]
    b.emit(Raise(exc, cause, b.loc(node)))


def _import(b: Builder, node: Any) -> None:
    for alias in node.names:
        module = Op("import", (Lit(alias.name), Lit(None), Lit(0)))
        if alias.asname is None:
            store_name(b, b.mangle(alias.name.partition(".")[0]), module, node)
            continue
        value: Any = module
        for part in alias.name.split(".")[1:]:
            value = Op("getattr", (b.atom(value, node), Lit(part)))
        store_name(b, b.mangle(alias.asname), value, node)


def _import_from(b: Builder, node: Any) -> None:
    names = tuple(alias.name for alias in node.names)
    fetch = Op("import", (Lit(node.module or ""), Lit(names), Lit(node.level or 0)))
    module = b.assign(fetch, node)
    for alias in node.names:
        value = Op("getattr", (module, Lit(alias.name)))
        store_name(b, b.mangle(alias.asname or alias.name), value, node)


def _refuse(b: Builder, node: Any) -> Exception:
    what, why, repair = _REFUSALS.get(
        type(node),
        (
            f"this statement ({type(node).__name__})",
            "dpy has no translation for it yet",
            "write it in simpler terms, or move it to a function with an @dpy.adjoint rule",
        ),
    )
    return b.refuse(what, node, why, repair)


_ASYNC = ("asynchronous code", "the reverse sweep cannot resume an event loop", "call it outside")
_REFUSALS: dict[type, tuple[str, str, str]] = {
    gast.AsyncWith: _ASYNC,
    gast.AsyncFor: _ASYNC,
    gast.AsyncFunctionDef: _ASYNC,
}

_HANDLERS: dict[type, Callable[[Builder, Any], None]] = {
    gast.Expr: _expression,
    gast.Assign: _assign,
    gast.AnnAssign: _annotated,
    gast.AugAssign: _augmented,
    gast.Delete: _delete,
    gast.Assert: _assert,
    gast.Raise: _raise,
    gast.Import: _import,
    gast.ImportFrom: _import_from,
    gast.FunctionDef: define,
    gast.ClassDef: define_class,
    gast.Return: leave,
    gast.Break: leave,
    gast.Continue: leave,
    gast.Pass: _nothing,
    gast.Global: _nothing,
    gast.Nonlocal: _nothing,
}
