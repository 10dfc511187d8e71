"""What inference needs of a function whatever its arguments are: found once for all signatures."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import Any

from dpy.records import record
from dpy.transform import ir
from dpy.transform.methods import direct_methods

__all__ = ["Layout", "atoms_of", "layout_of"]


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
    counts = Counter(chain.from_iterable(map(ir.reads, statements)))
    counts.update(f"{name}=" for s in statements for name in ir.targets(s))
    counts.update(ir.variables(function.result))
    return counts


def atoms_of(value: ir.Expr) -> tuple[Any, ...]:
    """The operands of an expression."""
    kind = type(value)
    if kind is ir.Op:
        return value.args  # type: ignore[union-attr]
    if isinstance(value, ir.Call):
        return (value.func, *value.args, *(a for _, a in value.kwargs))
    if isinstance(value, ir.Closure):
        return (*(a for _, a in value.cells), *value.atoms())
    return (value,)
