"""Stores and deletions: names, attributes, items, unpacking."""

from __future__ import annotations

from typing import Any

import gast

from dpy.transform.ir import Assign, Atom, Cell, Expr, Lit, Op, Var
from dpy.transform.lower.builder import ASSIGNED, DELETED, Builder
from dpy.transform.lower.expressions import atom, operands, read

__all__ = ["delete", "store", "store_name", "unpack"]

_CONTENTS = Lit("cell_contents")


def store_name(b: Builder, name: str, value: Expr, node: Any) -> None:
    """``name = value`` for a mangled name."""
    kind, ir_name = b.resolve(name)
    if kind == "local":
        b.emit(Assign(ir_name, value, b.loc(node)))
        b.mark(ir_name, ASSIGNED)
        return
    held = b.atom(value, node)
    if kind == "cell":
        b.effect(Op("setattr", (Var(ir_name), _CONTENTS, held)), node)
        if b.cells.get(name) == ir_name:
            b.mark(name, ASSIGNED)
    elif kind == "free":
        cell = b.assign(Cell(ir_name), node)
        b.effect(Op("setattr", (cell, _CONTENTS, held)), node)
    else:
        b.effect(Op("setglobal", (Lit(ir_name), held)), node)


def store(b: Builder, target: Any, value: Expr, node: Any) -> None:
    """``target = value``; `node` gives the place of the value."""
    if isinstance(target, gast.Name):
        store_name(b, b.mangle(target.id), value, node)
    elif isinstance(target, gast.Attribute):
        held = b.atom(value, node)
        owner = atom(b, target.value)
        b.effect(Op("setattr", (owner, Lit(b.mangle(target.attr)), held)), target)
    elif isinstance(target, gast.Subscript):
        held = b.atom(value, node)
        owner, index = operands(b, (target.value, target.slice))
        b.effect(Op("setitem", (owner, index, held)), target)
    elif isinstance(target, (gast.Tuple, gast.List)):
        unpack(b, target, b.atom(value, node), node)
    else:
        raise AssertionError(f"not a target: {type(target).__name__}")


def unpack(b: Builder, target: Any, value: Atom, node: Any) -> None:
    """``a, *b = value``."""
    elements = target.elts
    stars = [i for i, element in enumerate(elements) if isinstance(element, gast.Starred)]
    if stars:
        before, after = stars[0], len(elements) - stars[0] - 1
        parts: Expr = Op("unpack_star", (value, Lit(before), Lit(after)))
        elements = [e.value if isinstance(e, gast.Starred) else e for e in elements]
    else:
        parts = Op("unpack", (value, Lit(len(elements))))
    names = _simple_names(b, elements)
    if names:
        b.emit(Assign(names, parts, b.loc(node)))
        for name in names:
            b.mark(name, ASSIGNED)
        return
    if not elements:
        b.effect(parts, node)
        return
    temporaries = tuple(b.temporary() for _ in elements)
    b.emit(Assign(temporaries, parts, b.loc(node)))
    for element, temporary in zip(elements, temporaries, strict=True):
        store(b, element, Var(temporary), element)


def _simple_names(b: Builder, elements: list[Any]) -> tuple[str, ...] | None:
    """The variables of the targets, if all are distinct local names."""
    names = []
    for element in elements:
        if not isinstance(element, gast.Name):
            return None
        kind, name = b.resolve(b.mangle(element.id))
        if kind != "local":
            return None
        names.append(name)
    return tuple(names) if names and len(set(names)) == len(names) else None


def delete(b: Builder, target: Any) -> None:
    """``del target``."""
    if isinstance(target, gast.Name):
        _delete_name(b, b.mangle(target.id), target)
    elif isinstance(target, gast.Attribute):
        owner = atom(b, target.value)
        b.effect(Op("delattr", (owner, Lit(b.mangle(target.attr)))), target)
    elif isinstance(target, gast.Subscript):
        b.effect(Op("delitem", tuple(operands(b, (target.value, target.slice)))), target)
    else:
        for element in target.elts:
            delete(b, element)


def _delete_name(b: Builder, name: str, node: Any) -> None:
    kind, ir_name = b.resolve(name)
    if kind == "local":
        if b.bits(ir_name) != ASSIGNED:
            b.effect(read(b, name, node), node)  # raises if there is nothing to delete
        b.mark(ir_name, DELETED)
    elif kind == "global":
        b.effect(Op("delglobal", (Lit(ir_name),)), node)
    else:
        cell = Var(ir_name) if kind == "cell" else b.assign(Cell(ir_name), node)
        b.effect(read(b, name, node), node)
        b.effect(Op("delattr", (cell, _CONTENTS)), node)
        if b.cells.get(name) == ir_name:
            b.mark(name, DELETED)
