"""What inference needs of a function whatever its arguments are: found once for all signatures."""

from __future__ import annotations

from typing import Any

from dpy.records import record
from dpy.transform import ir
from dpy.transform.methods import direct_methods

__all__ = ["Layout", "atoms_of", "layout_of", "operand_names"]


@record
class Layout:
    """`uses` has how often each variable is read and, under ``x=``, how often `x` is assigned.

    `stored_globals` are those that the function assigns itself. For `direct_methods` see the module
    of that name.
    """

    function: ir.Function
    statements: tuple[ir.Stmt, ...]
    uses: dict[str, int]
    stored_globals: frozenset[Any]
    direct_methods: set[int]


_MOST_LAYOUTS = 1024
_layouts: dict[int, Layout] = {}


def layout_of(function: ir.Function) -> Layout:
    """The layout of a function; it is kept, and keeps the function alive."""
    known = _layouts.get(id(function))
    if known is None:
        statements = tuple(ir.walk(function.body))
        known = Layout(
            function, statements, _count_uses(function, statements), _stored_globals(statements),
            direct_methods(function),
        )  # fmt: skip
        if len(_layouts) >= _MOST_LAYOUTS:
            _layouts.clear()
        _layouts[id(function)] = known
    return known


def _stored_globals(statements: tuple[ir.Stmt, ...]) -> frozenset[Any]:
    return frozenset(
        s.value.args[0].value
        for s in statements
        if isinstance(s, ir.Assign)
        and isinstance(s.value, ir.Op)
        and s.value.name in ("setglobal", "delglobal")
    )


def _count_uses(function: ir.Function, statements: tuple[ir.Stmt, ...]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for s in statements:
        read: list[str] = []
        if isinstance(s, ir.Assign):
            read = operand_names(s.value)
            targets = (s.target,) if isinstance(s.target, str) else s.target or ()
            read += [f"{t}=" for t in targets]
        elif isinstance(s, (ir.If, ir.While)):
            read = operand_names(s.test)
        elif isinstance(s, ir.For):
            read = [*operand_names(s.iter), *(f"{t}=" for t in (s.target,) if isinstance(t, str))]
        for name in read:
            counts[name] = counts.get(name, 0) + 1
    for name in operand_names(function.result) if function.result is not None else ():
        counts[name] = counts.get(name, 0) + 1
    return counts


def operand_names(value: ir.Expr) -> list[str]:
    """The variables that an expression reads."""
    found = []
    for atom in atoms_of(value):
        inner = atom.value if isinstance(atom, ir.Star) else atom
        if isinstance(inner, ir.Var):
            found.append(inner.name)
    return found


def atoms_of(value: ir.Expr) -> tuple[Any, ...]:
    """The operands of an expression."""
    if isinstance(value, ir.Op):
        return value.args
    if isinstance(value, ir.Call):
        return (value.func, *value.args, *(a for _, a in value.kwargs))
    if isinstance(value, ir.Closure):
        return (*(a for _, a in value.cells), *value.defaults, *(a for _, a in value.kwdefaults))
    return (value,)
